"""Points of people who live together: whose are used when one of them spends more than they have. Pure planning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.lots import Lot
from laoke.engine.ledger.terms import NEVER


@dataclass(frozen=True, slots=True)
class Draw:
    """Points that one member gives from one lot."""

    member_id: int
    lot: Lot
    points: int


def plan_pooling(givers: Mapping[int, Iterable[Lot]], wanted: int, at: datetime) -> tuple[Draw, ...]:
    """Take `wanted` points from the lots of several members: those that end soonest first, of whomever they are; of
    lots that end together those of the lower member number, then the older.

    Raises:
        InsufficientPoints: the usable lots of all of them hold less.
    """
    usable = [(member, lot) for member, lots in givers.items() for lot in lots if lot.is_usable(at)]
    usable.sort(key=lambda each: (min(each[1].expires_at, NEVER), each[0], each[1].accrued_at, each[1].id))
    draws, left = [], wanted
    for member, lot in usable:
        if not left:
            break
        points = min(left, lot.free)
        draws.append(Draw(member, lot, points))
        left -= points
    if left:
        raise InsufficientPoints(wanted=wanted, available=wanted - left)
    return tuple(draws)
