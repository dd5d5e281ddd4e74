"""Lots of points: which are spent, taken back, restored and expired. Pure planning, nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from laoke.engine.policy import PointsPolicy, Shortfall
from laoke.kernel.calendar import add_months, start_of_day
from laoke.kernel.errors import LaokeError


class InsufficientPoints(LaokeError):
    """The member asked to redeem more points than the account holds."""

    code, status, title = "insufficient-points", 409, "Not enough points"

    def __init__(self, *, wanted: int, available: int) -> None:
        super().__init__(f"{wanted} points wanted, {available} available", wanted=wanted, available=available)


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one accrual that expire together. `id` orders lots made at the same instant."""

    id: int
    accrued_at: datetime
    expires_at: datetime
    remaining: int
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """Points taken from, or given back to, one lot."""

    lot_id: int
    points: int


@dataclass(frozen=True, slots=True)
class ClawbackPlan:
    """What a return takes back: from which lots, how much becomes debt, how much is waived."""

    takes: tuple[Take, ...]
    debt: int
    waived: int


@dataclass(frozen=True, slots=True)
class RestorationPlan:
    """What a return gives back: into which lots, and how much as a new lot because its old one has expired."""

    gives: tuple[Take, ...]
    fresh: int


def expiry(accrued_at: datetime, policy: PointsPolicy, zone: tzinfo) -> datetime:
    """The first instant at which points earned at `accrued_at` can no longer be used."""
    day = accrued_at.astimezone(zone).date()
    return start_of_day(add_months(day, policy.valid_months) + timedelta(days=1), zone)


def grace_expiry(at: datetime, policy: PointsPolicy, zone: tzinfo) -> datetime:
    """Expiry of a lot made anew at `at` because the old one had expired."""
    return start_of_day(at.astimezone(zone).date() + timedelta(days=policy.grace_days + 1), zone)


def available(lots: Iterable[Lot], at: datetime) -> int:
    """Points that can be spent at `at`."""
    return sum(lot.remaining for lot in lots if lot.expires_at > at)


def in_order_of_use(lots: Iterable[Lot], at: datetime) -> list[Lot]:
    """Lots usable at `at`: what expires soonest goes first; ties by date of earning, then by creation."""
    live = [lot for lot in lots if lot.remaining > 0 and lot.expires_at > at]
    return sorted(live, key=lambda lot: (lot.expires_at, lot.accrued_at, lot.id))


def plan_redemption(lots: Iterable[Lot], wanted: int, at: datetime) -> tuple[Take, ...]:
    """Spend `wanted` points, the soonest to expire first.

    Raises:
        InsufficientPoints: the usable lots hold less than `wanted`.
    """
    takes, left = _take(in_order_of_use(lots, at), wanted)
    if left:
        raise InsufficientPoints(wanted=wanted, available=wanted - left)
    return takes


def plan_clawback(
    lots: Iterable[Lot], order_id: int, wanted: int, at: datetime, shortfall: Shortfall
) -> ClawbackPlan:
    """Take back `wanted` points earned by an order: from its own lots first, then in order of use.

    Expired lots are never touched, whether the nightly sweep has emptied them yet or not: the plan must not
    depend on when the sweep ran.
    """
    usable = in_order_of_use(lots, at)
    own = [lot for lot in usable if lot.order_id == order_id]
    others = [lot for lot in usable if lot.order_id != order_id]
    takes, left = _take([*own, *others], wanted)
    if shortfall is Shortfall.WAIVE:
        return ClawbackPlan(takes, debt=0, waived=left)
    return ClawbackPlan(takes, debt=left, waived=0)


def plan_restoration(
    spent: Sequence[Take], lots: Mapping[int, Lot], wanted: int, at: datetime
) -> RestorationPlan:
    """Give back `wanted` points of a redemption to the lots they came from, last used first.

    Args:
        spent: what the redemption took and has not given back yet, in the order of use.
        lots: those lots by id, to see which have expired meanwhile.
    Raises:
        ValueError: more wanted than the redemption still holds (a caller's mistake, not a member's).
    """
    gives: list[Take] = []
    fresh, left = 0, wanted
    for take in reversed(spent):
        points = min(left, take.points)
        if not points:
            continue
        left -= points
        if lots[take.lot_id].expires_at > at:
            gives.append(Take(take.lot_id, points))
        else:
            fresh += points
    if left:
        raise ValueError(f"{wanted} points to restore, {wanted - left} were spent")
    return RestorationPlan(tuple(gives), fresh)


def _take(lots: Iterable[Lot], wanted: int) -> tuple[tuple[Take, ...], int]:
    takes, left = [], wanted
    for lot in lots:
        if not left:
            break
        points = min(left, lot.remaining)
        takes.append(Take(lot.id, points))
        left -= points
    return tuple(takes), left
