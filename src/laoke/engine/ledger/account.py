"""One member's account in memory: lots, holds, debts, and every movement between it and the other side of the books."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from enum import StrEnum

from laoke.engine.ledger import lots as plans
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.lots import ClawbackPlan, Lot, Take
from laoke.engine.ledger.terms import NEVER, Restoration, Terms

# The other side of a movement. Also `partner:<code>` and `charity:<code>`.
PROGRAMME = "programme"
REDEMPTION = "redemption"
EXPIRY = "expiry"
TRANSFER = "transfer"  # between members, or between a lot and the debt: sums to zero

# What is due at the same moment comes in this order.
_EXPIRY, _RELEASE, _ARRIVAL = range(3)


class Kind(StrEnum):
    """Why points move."""

    ACCRUAL = "accrual"
    REDEMPTION = "redemption"
    EXPIRY = "expiry"
    CLAWBACK = "clawback"
    RESTORATION = "restoration"
    REPAYMENT = "repayment"
    ADJUSTMENT = "adjustment"
    TRANSFER = "transfer"
    CANCELLATION = "cancellation"
    FORFEIT = "forfeit"
    MERGE = "merge"


class State(StrEnum):
    """Whether an account takes part."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class HoldState(StrEnum):
    """What became of points set aside."""

    OPEN = "open"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Movement:
    """A double entry: points into a member's lot, or out of it, and as many the other way for `contra`.

    Without a lot it moves the debt: points below zero make it larger.
    """

    member: str
    lot_id: int | None
    points: int
    kind: Kind
    contra: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Points set aside: which lots they are in, and what of them is only promised by the overdraft."""

    points: int
    parts: tuple[Take, ...]
    borrowed: int
    expires_at: datetime
    order: str | None
    state: HoldState = HoldState.OPEN


@dataclass(frozen=True, slots=True)
class Spend:
    """Points that left for `contra`: from which lots, in the order of use, and what is still owed of them.

    `parts` and `owed` hold what has not come back. A debt repaid later names the lot that repaid it.
    """

    points: int
    parts: tuple[Take, ...]
    owed: int
    contra: str
    order: str | None = None
    counted: bool = True
    undone: bool = False

    @property
    def out(self) -> int:
        """Points that have not come back."""
        return sum(each.points for each in self.parts) + self.owed


@dataclass(frozen=True, slots=True)
class Grown:
    """How a lot began: with how many points, and how many of these were taken back, withdrawn or given up since."""

    points: int
    earned: bool
    received: bool = False
    taken: int = 0
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Debt:
    """Points owed, and the spending that made them (none: taken back)."""

    points: int
    cause: str | None = None


@dataclass(slots=True)
class Account:
    """What a member has. The values it holds are never changed, only replaced: `copy` is cheap."""

    member: str
    terms: Terms
    zone: tzinfo
    journal: list[Movement]
    state: State = State.ACTIVE
    lots: dict[int, Lot] = field(default_factory=dict)
    grown: dict[int, Grown] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    spends: dict[str, Spend] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    debts: tuple[Debt, ...] = ()
    spent: int = 0
    expired: int = 0

    def copy(self) -> Account:
        """As it is now."""
        return replace(
            self,
            lots=dict(self.lots),
            grown=dict(self.grown),
            holds=dict(self.holds),
            spends=dict(self.spends),
            refunded=dict(self.refunded),
        )

    @property
    def debt(self) -> int:
        """Points owed."""
        return sum(debt.points for debt in self.debts)

    @property
    def held(self) -> int:
        """Points set aside."""
        return sum(hold.points for hold in self.holds.values() if hold.state is HoldState.OPEN)

    @property
    def earned(self) -> int:
        """Points that earnings began with, those withdrawn left out."""
        return sum(each.points for each in self.grown.values() if each.earned and not each.cancelled)

    def available(self, at: datetime) -> int:
        """What can be spent at `at`; below zero when points are owed."""
        promised = sum(hold.borrowed for hold in self.holds.values() if hold.state is HoldState.OPEN)
        return plans.available(self.lots.values(), at) - self.debt - promised

    def pending(self, at: datetime) -> int:
        """What is there but cannot be spent yet."""
        return sum(lot.free for lot in self.lots.values() if lot.is_pending(at) and lot.expires_at > at)

    def settle(self, at: datetime) -> None:
        """Bring the account to `at`: expiries, holds that end and pending points, each in its time; then debts."""
        while (due := self._next_due(at)) is not None:
            moment = due[0]
            while due is not None and due[0] <= moment:
                self._come_due(due)
                due = self._next_due(moment)
            self._repay(moment)
        self._repay(at)

    def add(self, lot: Lot, grown: Grown, kind: Kind, contra: str, cause: str, at: datetime) -> None:
        """A new lot."""
        self.lots[lot.id] = replace(lot, remaining=0)
        self.grown[lot.id] = grown
        self._move(lot.id, lot.remaining, kind, contra, cause, at)

    def spend(self, key: str, points: int, at: datetime, kind: Kind, record: Spend) -> Spend:
        """Take points in the order of use; what is missing is owed, as far as the overdraft goes.

        Raises:
            InsufficientPoints: more than there is and the overdraft allows.
        """
        takes, left = self._reach(points, at)
        for take in takes:
            self._move(take.lot_id, -take.points, kind, record.contra, key, at)
        self._owe(left, kind, record.contra, key, at, key)
        return self._spent(key, replace(record, points=points, parts=takes, owed=left))

    def reserve(self, key: str, points: int, at: datetime, expires_at: datetime, order: str | None) -> None:
        """Set points aside. Raises as `spend` does."""
        takes, left = self._reach(points, at)
        for take in takes:
            self._set_aside(take, 1)
        self.holds[key] = Hold(points, takes, left, expires_at, order)

    def capture(self, key: str, hold_key: str, points: int, at: datetime) -> None:
        """Spend points set aside, those of the first lots first, and release the rest."""
        hold = self.holds[hold_key]
        kept = plans.less(hold.parts, max(0, hold.points - hold.borrowed - points))
        owed = points - sum(take.points for take in kept)
        self.release(hold_key, HoldState.CAPTURED)
        for take in kept:
            self._move(take.lot_id, -take.points, Kind.REDEMPTION, REDEMPTION, key, at)
        self._owe(owed, Kind.REDEMPTION, REDEMPTION, key, at, key)
        self._spent(key, Spend(points, kept, owed, REDEMPTION, hold.order))

    def release(self, hold_key: str, state: HoldState) -> None:
        """Points set aside are free again; in a lot that has ended they are lost with the next `settle`."""
        hold = self.holds[hold_key]
        for take in hold.parts:
            self._set_aside(take, -1)
        self.holds[hold_key] = replace(hold, state=state)

    def give_back(self, key: str, points: int, restoration: Restoration, cause: str, at: datetime) -> int:
        """Give back what a spending took, last used first: what is owed still, then to the lots.

        Returns:
            How many of the points have to come in a new lot.
        """
        spend = self.spends[key]
        unpaid = min(points, spend.owed)
        if unpaid:
            self._forgive(key, unpaid)
            self._journal(None, unpaid, Kind.RESTORATION, spend.contra, cause, at)
        plan = plans.plan_restoration(spend.parts, self.lots, points - unpaid, at, restoration)
        for give in (*plan.gives, *plan.lost):
            self._move(give.lot_id, give.points, Kind.RESTORATION, spend.contra, cause, at)
        self.spends[key] = replace(
            spend, parts=plans.less(spend.parts, points - unpaid), owed=spend.owed - unpaid
        )
        if spend.counted:
            self.spent -= points
        return plan.fresh

    def take_back(
        self,
        own: Collection[int],
        points: int,
        terms: Terms,
        kind: Kind,
        contra: str,
        cause: str,
        at: datetime,
    ) -> ClawbackPlan:
        """Take back the points that made lots.

        Raises:
            InsufficientPoints: the terms forbid to take back what is not there.
        """
        plan = plans.plan_taking_back(self.lots.values(), own, points, at, terms, self.debt)
        for take in plan.lapsed:
            self._move(take.lot_id, take.points, Kind.EXPIRY, EXPIRY, cause, at)
            self.lots[take.lot_id] = replace(
                self.lots[take.lot_id], lapsed=self.lots[take.lot_id].lapsed - take.points
            )
            self.expired -= take.points
        for take in (*plan.lapsed, *plan.takes):
            self._move(take.lot_id, -take.points, kind, contra, cause, at)
        self._owe(plan.debt, kind, contra, cause, at, None)
        left = points
        for lot_id in sorted(own):
            grown = self.grown[lot_id]
            share = min(left, grown.points - grown.taken)
            self.grown[lot_id] = replace(grown, taken=grown.taken + share)
            left -= share
        return plan

    def empty(self, lot_ids: Iterable[int], kind: Kind, contra: str, cause: str, at: datetime) -> int:
        """Take what is free of lots, pending or not; answers with how many points that was."""
        gone = 0
        for lot_id in list(lot_ids):
            points = self.lots[lot_id].free
            self._move(lot_id, -points, kind, contra, cause, at)
            gone += points
        return gone

    def end(self, lot_id: int, at: datetime) -> int:
        """A lot expires now, whatever its date; answers with how many points that was."""
        lot = self.lots[lot_id]
        self.lots[lot_id] = replace(lot, expires_at=min(at, lot.expires_at))
        self._expire(lot_id, at)
        return lot.free

    def renew(self, at: datetime) -> None:
        """The account was used: where the terms say so, its points live on. What comes back later has its old end."""
        if not self.terms.validity.renewed:
            return
        ends = self.terms.validity.ends(at, self.zone)
        for lot in list(self.lots.values()):
            if lot.remaining and at < lot.expires_at < min(ends, NEVER):
                self.lots[lot.id] = replace(lot, expires_at=ends)

    def hand_over(self, other: Account, cause: str, at: datetime) -> int:
        """Everything belongs to another member from here on: lots, debt, holds and what happened; nothing stays."""
        moved = 0
        for lot in self.lots.values():
            self._journal(lot.id, -lot.remaining, Kind.MERGE, TRANSFER, cause, at)
            other._journal(lot.id, lot.remaining, Kind.MERGE, TRANSFER, cause, at)
            moved += lot.free
        self._journal(None, self.debt, Kind.MERGE, TRANSFER, cause, at)
        other._journal(None, -self.debt, Kind.MERGE, TRANSFER, cause, at)
        other.lots |= self.lots
        other.grown |= self.grown
        other.holds |= self.holds
        other.spends |= self.spends
        other.refunded |= self.refunded
        self.lots, self.grown, self.holds, self.spends, self.refunded = {}, {}, {}, {}, {}
        other.debts, self.debts = (*other.debts, *self.debts), ()
        other.spent, self.spent = other.spent + self.spent, 0
        other.expired, self.expired = other.expired + self.expired, 0
        return moved

    def _come_due(self, due: tuple[datetime, int, int | str]) -> None:
        moment, step, what = due
        if isinstance(what, str):
            self.release(what, HoldState.EXPIRED)
        elif step == _EXPIRY:
            self._expire(what, moment)
        else:
            self.lots[what] = replace(self.lots[what], available_at=None)

    def _next_due(self, at: datetime) -> tuple[datetime, int, int | str] | None:
        due: list[tuple[datetime, int, int | str]] = []
        for lot in self.lots.values():
            if lot.free > 0 and lot.expires_at <= at:
                due.append((lot.expires_at, _EXPIRY, lot.id))
            if lot.available_at is not None and lot.available_at <= at:
                due.append((lot.available_at, _ARRIVAL, lot.id))
        for key, hold in self.holds.items():
            if hold.state is HoldState.OPEN and hold.expires_at <= at:
                due.append((hold.expires_at, _RELEASE, key))
        return min(due, key=lambda each: each[:2], default=None)

    def _reach(self, points: int, at: datetime) -> tuple[tuple[Take, ...], int]:
        there = self.available(at)
        limit = self.terms.overdraft
        if points and limit is not None and points > there + limit:
            raise InsufficientPoints(wanted=points, available=max(there, 0))
        return plans.take(plans.in_order_of_use(self.lots.values(), at, self.terms.order_of_use), points)

    def _spent(self, key: str, spend: Spend) -> Spend:
        self.spends[key] = spend
        if spend.counted:
            self.spent += spend.points
        return spend

    def _owe(self, points: int, kind: Kind, contra: str, cause: str, at: datetime, spend: str | None) -> None:
        if points:
            self.debts = (*self.debts, Debt(points, spend))
            self._journal(None, -points, kind, contra, cause, at)

    def _forgive(self, key: str, points: int) -> None:
        kept = []
        for debt in self.debts:
            less = min(points, debt.points) if debt.cause == key else 0
            points -= less
            if debt.points > less:
                kept.append(replace(debt, points=debt.points - less))
        self.debts = tuple(kept)

    def _repay(self, at: datetime) -> None:
        """The oldest debt first, from what is available; then what holds were only promised."""
        while self.debts:
            debt = self.debts[0]
            takes, left = self._usable(debt.points, at)
            for take in takes:
                self._move(take.lot_id, -take.points, Kind.REPAYMENT, TRANSFER, "repayment", at)
                self._journal(None, take.points, Kind.REPAYMENT, TRANSFER, "repayment", at)
            if debt.cause is not None:
                spend = self.spends[debt.cause]
                parts = (*spend.parts, *takes)
                self.spends[debt.cause] = replace(spend, parts=parts, owed=spend.owed - debt.points + left)
            self.debts = ((replace(debt, points=left),) if left else ()) + self.debts[1:]
            if left:
                return
        for key, hold in self.holds.items():
            if hold.state is HoldState.OPEN and hold.borrowed:
                takes, left = self._usable(hold.borrowed, at)
                for take in takes:
                    self._set_aside(take, 1)
                self.holds[key] = replace(hold, parts=(*hold.parts, *takes), borrowed=left)

    def _usable(self, points: int, at: datetime) -> tuple[tuple[Take, ...], int]:
        return plans.take(plans.in_order_of_use(self.lots.values(), at, self.terms.order_of_use), points)

    def _set_aside(self, take: Take, sign: int) -> None:
        lot = self.lots[take.lot_id]
        self.lots[lot.id] = replace(lot, held=lot.held + sign * take.points)

    def _expire(self, lot_id: int, at: datetime) -> None:
        lot = self.lots[lot_id]
        points = lot.free
        self.lots[lot_id] = replace(lot, lapsed=lot.lapsed + points)
        self.expired += points
        self._move(lot_id, -points, Kind.EXPIRY, EXPIRY, "expiry", at)

    def _move(self, lot_id: int, points: int, kind: Kind, contra: str, cause: str, at: datetime) -> None:
        lot = self.lots[lot_id]
        self.lots[lot_id] = replace(lot, remaining=lot.remaining + points)
        self._journal(lot_id, points, kind, contra, cause, at)

    def _journal(
        self, lot_id: int | None, points: int, kind: Kind, contra: str, cause: str, at: datetime
    ) -> None:
        if points:
            self.journal.append(Movement(self.member, lot_id, points, kind, contra, cause, at))
