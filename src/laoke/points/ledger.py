"""Moving points of one locked account: each method plans with the engine and records postings.

The hot path of a sale writes its postings within its own statement (checkout/sql/write_order.sql); everything
else that moves a member's points goes through here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings

from laoke.engine.ledger import lots as rules
from laoke.engine.ledger.lots import ClawbackPlan, Lot, Take
from laoke.engine.ledger.terms import Terms
from laoke.foundation import sql
from laoke.foundation.sql import hot_cursor
from laoke.points import policy

OPEN = (
    "select id, accrued_at, expires_at, remaining, order_id, available_at, held from points_lot "
    "where member_id = %s and remaining > 0 and expires_at "
)
SPENT = (
    "select p.lot_id, -p.points, l.accrued_at, l.expires_at, l.remaining, l.order_id, l.available_at, l.held, "
    "l.member_id from points_posting p join points_lot l on l.id = p.lot_id where p.kind = 'redemption' and "
)
OWED_SINCE = "select max(at) from points_posting where member_id = %s and lot_id is null and points < 0"
LAPSED = sql.load("laoke.points", "lapsed_lots")
LAPSED_OF_LOTS = sql.load("laoke.points", "lapsed_of_lots")
RELEASE = sql.load("laoke.points", "release_hold")


@dataclass(frozen=True, slots=True)
class Cause:
    """What a movement is recorded with."""

    at: datetime
    recorded_at: datetime
    order_id: int | None = None
    return_id: int | None = None
    note: str = ""
    spending_id: int | None = None
    transfer_id: int | None = None
    party: str = ""


class LockedAccount:
    """One member's account, locked until the running transaction ends, with its open lots in memory.

    Build it by `lock`. `close` writes the account row; without it nothing of the totals is saved.
    """

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        member_id: int,
        status: str,
        terms: Terms,
        debt: int,
        held: int,
        lots: Iterable[Lot],
    ) -> None:
        self._cursor = cursor
        self.member_id = member_id
        self.status = status
        self.terms = terms
        self.debt = debt
        self.held = held
        self.lots = {lot.id: lot for lot in lots}
        self._others: dict[int, int] = {}
        self._balance = self._debt = self._held = self._earned = self._redeemed = self._expired = 0

    def available(self, at: datetime) -> int:
        """Points that can be spent at `at`."""
        return rules.available(self.lots.values(), at)

    def plan(self, points: int, at: datetime) -> tuple[Take, ...]:
        """Which lots so many points are taken from, in the order of use.

        Raises:
            InsufficientPoints
        """
        return rules.plan_redemption(self.lots.values(), points, at, self.terms.order_of_use)

    def accrue(
        self,
        points: int,
        expires_at: datetime,
        kind: str,
        origin: str,
        cause: Cause,
        accrued_at: datetime | None = None,
        *,
        available_at: datetime | None = None,
        carried_from: int | None = None,
        earned_by: int | None = None,
        repays: bool = True,
    ) -> int:
        """Add a lot, pending until `available_at`; returns its id. The account's debt is repaid from it.

        Args:
            earned_by: the order that earned the points, where that is not the cause: its return takes them first.
            repays: false for points that go on at once.
        """
        born = accrued_at or cause.at
        order_id = cause.order_id if kind == "accrual" else earned_by
        row = self._cursor.execute(
            "insert into points_lot (member_id, origin, order_id, carried_from_id, accrued_at, available_at, "
            "expires_at, points, remaining) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            (
                self.member_id,
                origin,
                order_id,
                carried_from,
                born,
                available_at,
                expires_at,
                points,
                points,
            ),
        ).fetchone()
        assert row is not None
        lot_id = int(row[0])
        self.lots[lot_id] = Lot(lot_id, born, expires_at, points, order_id, available_at)
        self._post(kind, points, lot_id, cause)
        if kind in ("accrual", "adjustment"):
            self._earned += points
        if repays:
            self.repay(cause)
        if kind == "accrual":
            self._renew(cause.at)
        return lot_id

    def hand_on(self, points: int, home: Lot, cause: Cause) -> None:
        """Points given back that another member had given: they come, and go on to where they are at home. Where their
        lot has ended they are points of grace from here on."""
        ended = home.expires_at <= cause.at
        lot_id = self.accrue(
            points,
            self.terms.grace_ends(cause.at, settings.LAOKE.zone) if ended else home.expires_at,
            "restoration",
            "restore" if ended else "pool",
            cause,
            cause.at if ended else home.accrued_at,
            carried_from=home.id,
            repays=False,
        )
        self.take([Take(lot_id, points)], "transfer", cause)
        self._redeemed -= points

    def take(self, takes: Iterable[Take], kind: str, cause: Cause) -> None:
        """Take points from lots."""
        for take in takes:
            self._move(take.lot_id, -take.points, kind, cause)
            if kind == "redemption":
                self._redeemed += take.points
            elif kind == "adjustment":
                self._earned -= take.points
        if kind == "redemption":
            self._renew(cause.at)

    def clawback(self, order_id: int, points: int, cause: Cause) -> int:
        """Take back points an order earned, from its lots first; returns how many became debt.

        Raises:
            InsufficientPoints: the terms forbid to take back what is not there.
        """
        own = [lot for lot in self.lots.values() if lot.order_id == order_id]
        if sum(lot.free for lot in own if lot.expires_at > cause.at) < points:
            rows = self._cursor.execute(LAPSED, {"order": order_id, "member": self.member_id, "at": cause.at})
            self._find_lapsed(rows.fetchall(), cause)
            own = [lot for lot in self.lots.values() if lot.order_id == order_id]
        return self._take_back({lot.id for lot in own}, points, "clawback", cause, self.terms).debt

    def take_back(
        self,
        own: Collection[int],
        points: int,
        cause: Cause,
        kind: str = "clawback",
        terms: Terms | None = None,
    ) -> ClawbackPlan:
        """Take back the points that made the lots `own`, from these first.

        Args:
            terms: other ones than the account's.
        Raises:
            InsufficientPoints: the terms forbid to take back what is not there.
        """
        free = sum(
            self.lots[each].free
            for each in own
            if each in self.lots and self.lots[each].expires_at > cause.at
        )
        if free < points:
            values = {"lots": list(own), "member": self.member_id, "at": cause.at}
            self._find_lapsed(self._cursor.execute(LAPSED_OF_LOTS, values).fetchall(), cause)
        return self._take_back(own, points, kind, cause, terms or self.terms)

    def restore(
        self, spent: list[tuple[Take, Lot, int]], points: int, cause: Cause, kind: str = "restoration"
    ) -> int:
        """Give back redeemed points to the lots they came from; returns how many came anew, since theirs had expired.

        Args:
            spent: what the redemption took and has not given back, in order of use: take, lot, its member.
                A lot of another member (the two were merged since) comes back as a lot here with its old expiry.
        """
        lots = {lot.id: lot for _, lot, _ in spent}
        owner = {lot.id: member_id for _, lot, member_id in spent}
        plan = rules.plan_restoration([take for take, _, _ in spent], lots, points, cause.at)
        for give in plan.gives:
            lot = lots[give.lot_id]
            if owner[lot.id] == self.member_id:
                self.lots.setdefault(lot.id, lot)
                self._move(lot.id, give.points, kind, cause)
            else:
                earned_by = int(lot.order_id) if lot.order_id else None
                born, ends = lot.accrued_at, lot.expires_at
                self.accrue(give.points, ends, kind, "restore", cause, born, earned_by=earned_by)
        if plan.fresh:
            expires_at = self.terms.grace_ends(cause.at, settings.LAOKE.zone)
            self.accrue(plan.fresh, expires_at, kind, "restore", cause)
        if kind == "restoration":
            self._redeemed -= points
        self.repay(cause)
        return plan.fresh

    def repay(self, cause: Cause) -> None:
        """Settle the debt from what is available."""
        left = min(self.debt, self.available(cause.at))
        if not left:
            return
        for take in self.plan(left, cause.at):
            self._move(take.lot_id, -take.points, "repayment", cause)
        self._post("repayment", left, None, cause)
        self.debt -= left
        self._debt -= left

    def set_aside(self, hold_id: int, takes: Iterable[Take]) -> None:
        """Set points of lots aside in a hold."""
        for take in takes:
            self._cursor.execute(
                "insert into points_holdpart (hold_id, lot_id, points) values (%s, %s, %s)",
                (hold_id, take.lot_id, take.points),
            )
            self._cursor.execute(
                "update points_lot set held = held + %s where id = %s", (take.points, take.lot_id)
            )
            lot = self.lots[take.lot_id]
            self.lots[lot.id] = replace(lot, held=lot.held + take.points)
            self._hold(take.points)

    def release(self, hold_id: int, state: str, at: datetime) -> tuple[Take, ...]:
        """End a hold: its points are free again; in a lot that has ended the next sweep takes them. Their lots are in
        memory from then on, ended or not.

        Returns:
            Which lots they were in, in the order of use.
        """
        rows = self._cursor.execute(RELEASE, {"hold": hold_id, "state": state, "at": at}).fetchall()
        for points, *lot in rows:
            self.lots[lot[0]] = Lot(*lot)
            self._hold(-points)
        return tuple(Take(row[1], row[0]) for row in rows)

    def settle(self, now: datetime) -> None:
        """What the clock has brought: holds that end, pending points that come and repay a debt, each in its time."""
        if self.debt:
            self._load_ended(now)
        if self.held:
            due = self._cursor.execute(
                "select id, until from points_hold where member_id = %s and state = 'open' and until <= %s "
                "order by until, id",
                (self.member_id, now),
            ).fetchall()
            for hold_id, until in due:
                self._repay_from_pending(until, now)
                self.release(hold_id, "expired", until)
                self.repay(Cause(at=until, recorded_at=now))
        self._repay_from_pending(now, now)
        if self._held or self._debt:
            self.close()

    def expire(self, at: datetime, now: datetime) -> list[int]:
        """Empty the lots in memory whose time is over, but for what is set aside; answers with the points of each."""
        ended = [lot for lot in self.lots.values() if lot.expires_at <= at and lot.free]
        for lot in ended:
            cause = Cause(
                at=lot.expires_at, recorded_at=now, order_id=int(lot.order_id) if lot.order_id else None
            )
            self._move(lot.id, -lot.free, "expiry", cause)
            self._expired += lot.free
        return [lot.free for lot in ended]

    def close(self) -> None:
        """Write the account row."""
        self._cursor.execute(
            "update points_account set balance = balance + %s, debt = debt + %s, held = held + %s, "
            "earned_total = earned_total + %s, redeemed_total = redeemed_total + %s, "
            "expired_total = expired_total + %s, version = version + 1 where member_id = %s",
            (
                self._balance,
                self._debt,
                self._held,
                self._earned,
                self._redeemed,
                self._expired,
                self.member_id,
            ),
        )
        self._balance = self._debt = self._held = self._earned = self._redeemed = self._expired = 0

    def _repay_from_pending(self, until: datetime, now: datetime) -> None:
        """Repay the debt from points that have become available by `until`, as of when they did.

        Only what came after the debt arose: what had been there was taken then, or had ended.
        """
        if not self.debt:
            return
        come = {lot.available_at for lot in self.lots.values() if lot.available_at}
        row = self._cursor.execute(OWED_SINCE, (self.member_id,)).fetchone() if come else None
        for moment in sorted(come):
            if row and row[0] < moment <= until:
                self.repay(Cause(at=moment, recorded_at=now))

    def _load_ended(self, now: datetime) -> None:
        """Load lots whose time is over: what came of them before may have to repay a debt."""
        for row in self._cursor.execute(OPEN + "<= %s", (self.member_id, now)).fetchall():
            self.lots.setdefault(row[0], Lot(*row))

    def _hold(self, points: int) -> None:
        self.held += points
        self._held += points

    def _renew(self, at: datetime) -> None:
        """The account was used: where the terms say so, its open lots live on."""
        if not self.terms.validity.renewed:
            return
        renew(self.member_id, self.terms, at)
        ends = self.terms.validity.ends(at, settings.LAOKE.zone)
        for lot in list(self.lots.values()):
            if lot.remaining and at < lot.expires_at < ends:
                self.lots[lot.id] = replace(lot, expires_at=ends)

    def _find_lapsed(self, rows: Sequence[tuple[Any, ...]], cause: Cause) -> None:
        """Load lots whose points expired unspent; what is due and not swept yet is booked as the sweep would."""
        for lot_id, accrued_at, expires_at, remaining, held, lapsed, order_id, owner in rows:
            if owner != self.member_id:
                self._others[lot_id] = owner
            due = remaining - held if expires_at <= cause.at else 0
            lot = Lot(lot_id, accrued_at, expires_at, remaining, order_id, held=held, lapsed=lapsed + due)
            self.lots[lot_id] = lot
            if due:
                swept = Cause(at=expires_at, recorded_at=cause.recorded_at, order_id=order_id)
                self._move(lot_id, -due, "expiry", swept)
                self._expired += due

    def _take_back(
        self, own: Collection[int], points: int, kind: str, cause: Cause, terms: Terms
    ) -> ClawbackPlan:
        """What expired unspent is taken back from there: the expiry is undone, and the same points taken back."""
        plan = rules.plan_taking_back(self.lots.values(), own, points, cause.at, terms, self.debt)
        for take in plan.lapsed:
            self._post("expiry", take.points, take.lot_id, cause)
            self._post(kind, -take.points, take.lot_id, cause)
            self._expired -= take.points
            if take.lot_id in self._others:
                self._book_for(self._others[take.lot_id], take.points)
        self.take(plan.takes, kind, cause)
        if plan.debt:
            self._post(kind, -plan.debt, None, cause)
            self.debt += plan.debt
            self._debt += plan.debt
        if kind == "clawback":
            self._earned -= points - plan.waived
        return plan

    def _book_for(self, member_id: int, points: int) -> None:
        """Points that had expired with a member merged since are taken back in the totals of that member."""
        self._cursor.execute(
            "update points_account set expired_total = expired_total - %s, earned_total = earned_total - %s, "
            "version = version + 1 where member_id = %s",
            (points, points, member_id),
        )
        self._expired += points
        self._earned += points

    def _move(self, lot_id: int, points: int, kind: str, cause: Cause) -> None:
        self._cursor.execute(
            "update points_lot set remaining = remaining + %s where id = %s", (points, lot_id)
        )
        self.lots[lot_id] = replace(self.lots[lot_id], remaining=self.lots[lot_id].remaining + points)
        self._post(kind, points, lot_id, cause)

    def _post(self, kind: str, points: int, lot_id: int | None, cause: Cause) -> None:
        self._cursor.execute(
            "insert into points_posting (member_id, kind, points, lot_id, order_id, return_id, spending_id, "
            "transfer_id, at, recorded_at, note, party) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                self._others.get(lot_id, self.member_id) if lot_id else self.member_id,
                kind,
                points,
                lot_id,
                cause.order_id,
                cause.return_id,
                cause.spending_id,
                cause.transfer_id,
                cause.at,
                cause.recorded_at,
                cause.note,
                cause.party if kind in ("redemption", "restoration") else "",
            ),
        )
        self._balance += points


def lock(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    at: datetime,
    terms: Terms | None = None,
    *,
    now: datetime | None = None,
) -> LockedAccount:
    """Lock an account, load its lots that are open and have not expired at `at`, and bring it up to `now`.

    The lots are read by a statement of their own, after the lock was had: they cannot be out of date.

    Args:
        terms: of the account; those in force unless given.
        now: where `at` lies before it: the clock has brought what it has, however late an order is told.
    Raises:
        LookupError: there is no such account.
    """
    row = cursor.execute(
        # The member first: a merge or an erasure locks in this order too, and must not run between.
        "select m.status, a.debt, a.held from members_member m join points_account a on a.member_id = m.id "
        "where m.id = %s for key share of m for no key update of a",
        (member_id,),
    ).fetchone()
    if row is None:
        raise LookupError(f"member {member_id} has no account")
    status, debt, held = row
    lots = cursor.execute(OPEN + "> %s", (member_id, at)).fetchall()
    terms = terms or policy.in_force().terms
    account = LockedAccount(cursor, member_id, status, terms, debt, held, [Lot(*lot) for lot in lots])
    account.settle(max(at, now or at))
    return account


def renew(member_id: int, terms: Terms, at: datetime) -> None:
    """An account was used whose points live on with that: its open lots end later."""
    with hot_cursor() as cursor:
        ends = terms.validity.ends(at, settings.LAOKE.zone)
        cursor.execute(
            "update points_lot set expires_at = %s "
            "where member_id = %s and remaining > 0 and expires_at > %s and expires_at < %s",
            (ends, member_id, at, ends),
        )


def spent_by_order(cursor: psycopg.Cursor[Any], order_id: int, restored: int) -> list[tuple[Take, Lot, int]]:
    """What an order's redemption took, in order of use, less the `restored` points given back last-used first."""
    return _spent(cursor.execute(SPENT + "p.order_id = %s order by p.id", (order_id,)).fetchall(), restored)


def spent_by_spending(cursor: psycopg.Cursor[Any], spending_id: int) -> list[tuple[Take, Lot, int]]:
    """What a spending outside an order took, in order of use."""
    return _spent(cursor.execute(SPENT + "p.spending_id = %s order by p.id", (spending_id,)).fetchall(), 0)


def _spent(rows: Sequence[tuple[Any, ...]], restored: int) -> list[tuple[Take, Lot, int]]:
    spent: list[tuple[Take, Lot, int]] = []
    left = restored
    for lot_id, points, *facts, owner in reversed(rows):
        gone = min(left, points)
        left -= gone
        if points > gone:
            spent.append((Take(lot_id, points - gone), Lot(lot_id, *facts), owner))
    spent.reverse()
    return spent
