"""What offers gave: to one order, and to one member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import Caller, Scope
from laoke.promotions import selectors
from laoke.promotions.selectors import UseRow
from laoke.surfaces.console.naming import Named

MOST = 8


@dataclass(frozen=True, slots=True)
class OfferGiven:
    """What an offer gave to an order. `lines` are (line number, minor units), `gifts` (SKU, pieces), `points` those it
    added; `opens`: whether the account may look at the offer itself."""

    key: str
    name: Named
    order_id: int
    at: datetime
    minor: int
    returned_minor: int
    lines: tuple[tuple[int, int], ...]
    gifts: tuple[tuple[str, int], ...]
    undone: bool
    opens: bool
    points: int


def to_order(caller: Caller, order_id: int) -> tuple[OfferGiven, ...]:
    """What offers gave to an order the caller may see."""
    return _told(caller, selectors.uses_of_order(order_id))


def to_member(caller: Caller, member_id: int) -> tuple[OfferGiven, ...]:
    """What offers gave to a member last, in every store."""
    return _told(caller, selectors.uses_of_member(member_id, limit=MOST))


def _told(caller: Caller, uses: Sequence[UseRow]) -> tuple[OfferGiven, ...]:
    names = selectors.names({use.key for use in uses}) if uses else {}
    opens = Scope.PROGRAMME_READ in caller.scopes
    return tuple(
        OfferGiven(
            use.key,
            Named(*names.get(use.key, (use.key, use.key))),
            use.order_id,
            use.used_at,
            use.amount_minor,
            use.returned_minor,
            tuple(sorted((int(number), minor) for number, minor in use.lines.items())),
            tuple(sorted(use.gifts.items())),
            use.undone_at is not None,
            opens,
            sum(use.points.values()),
        )
        for use in uses
    )
