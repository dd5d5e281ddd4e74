"""What is given for points, as a document: the field `mall` of the section `benefits`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from laoke.benefits.coupons.documents import Document, Moment, Words

Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Amount = Annotated[int, Field(strict=True, ge=0, le=10**12)]
FundCode = Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,40}$")]


class Goods(Document):
    """A thing, collected at a store within `keep_days` of being ready; `sku` is its article, if it has one."""

    sku: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    keep_days: Annotated[int, Field(strict=True, ge=1, le=90)] = 14


class Service(Document):
    """A service, shown at the desk with the order's number."""


class Coupon(Document):
    """Coupons of a template, `each` for one order."""

    template: Annotated[str, Field(min_length=1, max_length=64)]
    each: Annotated[int, Field(strict=True, ge=1, le=20)] = 1


class Seat(Document):
    """A seat at an event; `at` and `place` are for people."""

    at: Moment | None = None
    place: Words | None = None


class Charity(Document):
    """A donation to a fund: for each the shop gives `gives_minor`; `goal_minor` is what the fund shall reach."""

    fund: FundCode
    gives_minor: Amount
    goal_minor: Annotated[int, Field(strict=True, ge=1, le=10**12)] | None = None


class ItemKind(StrEnum):
    """What an item is."""

    GOODS = "goods"
    SERVICE = "service"
    COUPON = "coupon"
    SEAT = "seat"
    CHARITY = "charity"


class ItemDocument(Document):
    """Something for points: what it is (exactly one of the kinds), what it costs, how many there are, who may."""

    name: Words
    about: Words | None = None
    goods: Goods | None = None
    service: Service | None = None
    coupon: Coupon | None = None
    seat: Seat | None = None
    charity: Charity | None = None
    points: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    cash_minor: Amount = 0
    stock: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] | None = None
    per_member: Count | None = None
    tiers: (
        Annotated[tuple[Annotated[str, Field(min_length=1, max_length=20)], ...], Field(min_length=1)] | None
    ) = None
    when: dict[str, Any] | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    cost_minor: Amount = 0

    @model_validator(mode="after")
    def _fits(self) -> ItemDocument:
        if sum(getattr(self, kind) is not None for kind in ItemKind) != 1:
            raise ValueError(f"takes exactly one of {', '.join(ItemKind)}")
        if self.cash_minor and self.goods is None:
            raise ValueError("cash_minor is for goods: it is paid where they are collected")
        if self.cost_minor and self.charity is not None:
            raise ValueError("a donation costs what it gives: gives_minor")
        return self

    @property
    def kind(self) -> ItemKind:
        """What it is."""
        return next(kind for kind in ItemKind if getattr(self, kind) is not None)
