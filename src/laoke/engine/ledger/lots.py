"""Lots of points: which are spent, taken back and restored. Pure planning, nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.terms import NEVER, OrderOfUse, Restoration, Shortage, Terms


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one cause that expire together. `id` orders lots made at the same instant.

    Points are pending until `available_at`. `held` of what remains is set aside for unpaid orders. `lapsed` points
    expired unspent.
    """

    id: int
    accrued_at: datetime
    expires_at: datetime
    remaining: int
    order_id: int | str | None = None
    available_at: datetime | None = None
    held: int = 0
    lapsed: int = 0

    @property
    def free(self) -> int:
        """What remains and is not set aside."""
        return self.remaining - self.held

    def is_pending(self, at: datetime) -> bool:
        """Whether its time has not come yet."""
        return self.available_at is not None and self.available_at > at

    def is_usable(self, at: datetime) -> bool:
        """Whether something of it can be spent."""
        return self.free > 0 and self.expires_at > at and not self.is_pending(at)


@dataclass(frozen=True, slots=True)
class Take:
    """Points taken from, or given back to, one lot."""

    lot_id: int
    points: int


@dataclass(frozen=True, slots=True)
class ClawbackPlan:
    """What a return takes back: from which lots, how much had expired, becomes debt, is waived.

    `lapsed` names points that were booked as expired: the expiry is taken back and they are clawed back instead.
    """

    takes: tuple[Take, ...]
    debt: int
    waived: int
    lapsed: tuple[Take, ...] = ()


@dataclass(frozen=True, slots=True)
class RestorationPlan:
    """What a return gives back: into which lots, how much in a new lot, and into which lots whose time is over."""

    gives: tuple[Take, ...]
    fresh: int
    lost: tuple[Take, ...] = ()


def available(lots: Iterable[Lot], at: datetime) -> int:
    """Points that can be spent at `at`."""
    return sum(lot.free for lot in lots if lot.is_usable(at))


def in_order_of_use(lots: Iterable[Lot], at: datetime, order: OrderOfUse = OrderOfUse.EXPIRY) -> list[Lot]:
    """Lots usable at `at` as the terms order them; ties by date of earning, then by creation."""
    return _ordered((lot for lot in lots if lot.is_usable(at)), order)


def plan_redemption(
    lots: Iterable[Lot], wanted: int, at: datetime, order: OrderOfUse = OrderOfUse.EXPIRY
) -> tuple[Take, ...]:
    """Spend, or set aside, `wanted` points in the order of use.

    Raises:
        InsufficientPoints: the usable lots hold less than `wanted`.
    """
    takes, left = take(in_order_of_use(lots, at, order), wanted)
    if left:
        raise InsufficientPoints(wanted=wanted, available=wanted - left)
    return takes


def plan_clawback(
    lots: Iterable[Lot], order_id: int | str, wanted: int, at: datetime, terms: Terms, owed: int = 0
) -> ClawbackPlan:
    """Take back `wanted` points earned by an order: `plan_taking_back` with the lots of the order as its own."""
    held = list(lots)
    own = [lot.id for lot in held if lot.order_id == order_id]
    return plan_taking_back(held, own, wanted, at, terms, owed)


def plan_taking_back(
    lots: Iterable[Lot], own: Collection[int], wanted: int, at: datetime, terms: Terms, owed: int = 0
) -> ClawbackPlan:
    """Take back `wanted` points that made the lots `own`.

    What is pending of them goes first, then what is usable, then other lots in the order of use. What of them expired
    unspent counts as taken back before other lots are touched, if the terms say so: the caller has booked every expiry
    that was due for them.

    Args:
        owed: the account's debt, for terms with a floor.
    Raises:
        InsufficientPoints: the terms forbid to take back what is not there.
    """
    held = list(lots)
    mine = [lot for lot in held if lot.id in own]
    pending = [lot for lot in mine if lot.free > 0 and lot.expires_at > at and lot.is_pending(at)]
    usable = in_order_of_use(held, at, terms.order_of_use)
    first = _ordered(pending, terms.order_of_use) + [lot for lot in usable if lot.id in own]
    takes, left = take(first, wanted)
    lapsed: tuple[Take, ...] = ()
    if terms.expired_counts:
        lapsed, left = _lapsed(mine, left)
    others, left = take((lot for lot in usable if lot.id not in own), left)
    if left and terms.shortage is Shortage.FORBID:
        raise InsufficientPoints(wanted=wanted, available=wanted - left)
    debt = _owed(left, owed, terms)
    return ClawbackPlan(takes + others, debt, left - debt, lapsed)


def plan_restoration(
    spent: Sequence[Take],
    lots: Mapping[int, Lot],
    wanted: int,
    at: datetime,
    restoration: Restoration = Restoration.GRACE,
) -> RestorationPlan:
    """Give back `wanted` points of a redemption to the lots they came from, last used first.

    Args:
        spent: what the redemption took and has not given back yet, in the order of use.
        lots: those lots by id, to see which have expired meanwhile.
    Raises:
        ValueError: more wanted than the redemption still holds (a caller's mistake, not a member's).
    """
    gives: list[Take] = []
    lost: list[Take] = []
    fresh, left = 0, wanted
    for each in reversed(spent):
        points = min(left, each.points)
        if not points:
            continue
        left -= points
        if restoration is Restoration.NEW:
            fresh += points
        elif lots[each.lot_id].expires_at > at:
            gives.append(Take(each.lot_id, points))
        elif restoration is Restoration.GRACE:
            fresh += points
        else:
            lost.append(Take(each.lot_id, points))
    if left:
        raise ValueError(f"{wanted} points to restore, {wanted - left} were spent")
    return RestorationPlan(tuple(gives), fresh, tuple(lost))


def less(takes: Sequence[Take], points: int) -> tuple[Take, ...]:
    """What is left of a redemption's takes when `points` of it were given back, last used first."""
    kept, gone = [], points
    for each in reversed(takes):
        back = min(gone, each.points)
        gone -= back
        if each.points > back:
            kept.append(Take(each.lot_id, each.points - back))
    return tuple(reversed(kept))


def take(lots: Iterable[Lot], wanted: int) -> tuple[tuple[Take, ...], int]:
    """Take from lots one after the other what is free of them; also answers with what they lack."""
    takes, left = [], wanted
    for lot in lots:
        if not left:
            break
        points = min(left, lot.free)
        takes.append(Take(lot.id, points))
        left -= points
    return tuple(takes), left


def _ordered(lots: Iterable[Lot], order: OrderOfUse) -> list[Lot]:
    if order is OrderOfUse.AGE:
        return sorted(lots, key=lambda lot: (lot.accrued_at, lot.id))
    return sorted(lots, key=lambda lot: (min(lot.expires_at, NEVER), lot.accrued_at, lot.id))


def _lapsed(lots: Iterable[Lot], wanted: int) -> tuple[tuple[Take, ...], int]:
    takes, left = [], wanted
    for lot in lots:
        points = min(left, lot.lapsed)
        if points:
            takes.append(Take(lot.id, points))
            left -= points
    return tuple(takes), left


def _owed(left: int, owed: int, terms: Terms) -> int:
    if terms.shortage is Shortage.RECOVER:
        return left
    if terms.shortage is Shortage.FLOOR:
        return min(left, max(0, terms.floor - owed))
    return 0
