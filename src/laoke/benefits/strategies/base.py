"""What every kind of benefit is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import psycopg
from pydantic import BaseModel, ConfigDict

from laoke.foundation.access import Caller


class Terms(BaseModel):
    """What a document says of a kind of benefit: no field that is not declared, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Unit(StrEnum):
    """What is counted when a benefit is used."""

    TIME = "time"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    PIECE = "piece"
    SEAT = "seat"
    POINT = "point"
    COUPON = "coupon"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A use under way, its member locked: so many units, each worth `amount`."""

    caller: Caller
    cursor: psycopg.Cursor[Any]
    use_id: int
    member_id: int
    benefit: str
    name: str
    units: int
    amount: int
    at: datetime


class Strategy(Protocol):
    """A kind of benefit. What `deliver` returns is kept with the use as JSON, and given to `take_back`."""

    def unit(self, terms: Any) -> Unit:
        """What its quota counts."""

    def stock(self, terms: Any) -> int | None:
        """How many there are for all members together; None: it is not counted here."""

    def deliver(self, terms: Any, use: Delivery) -> dict[str, Any]:
        """Bring what was promised.

        Raises:
            BenefitRefused: there is nothing left to bring.
        """

    def take_back(self, terms: Any, use: Delivery, outcome: dict[str, Any]) -> None:
        """Take it back.

        Raises:
            CannotUndo: it was spent meanwhile, or cannot be given twice.
        """


class Plain:
    """A kind that only has to be written down."""

    def stock(self, terms: Any) -> int | None:
        """It is not counted."""
        return None

    def deliver(self, terms: Any, use: Delivery) -> dict[str, Any]:
        """The use is all there is to it."""
        return {}

    def take_back(self, terms: Any, use: Delivery, outcome: dict[str, Any]) -> None:
        """Nothing beside the use."""
