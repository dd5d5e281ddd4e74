"""The books of all members: every command whole or not at all, once however often it comes, with its reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from laoke.engine.ledger.account import (
    PROGRAMME,
    REDEMPTION,
    TRANSFER,
    Account,
    Grown,
    Hold,
    HoldState,
    Kind,
    Movement,
    Spend,
    State,
)
from laoke.engine.ledger.errors import LedgerRefused
from laoke.engine.ledger.lots import ClawbackPlan, Lot
from laoke.engine.ledger.terms import NEVER, Received, Restoration, Shortage, Terms
from laoke.engine.reasons import Reason
from laoke.kernel.rounding import Rounding, round_ratio


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: points really moved, and why not others. `replayed`: it was done before, nothing changed."""

    points: int = 0
    reasons: tuple[Reason, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was carried out, to know it again and to undo it."""

    content: tuple[object, ...]
    outcome: Outcome


class Book:
    """Accounts of one programme. A command that is refused changes nothing and leaves no trace.

    Commands have a `key`: the same key with the same content, whenever, is recognised and changes nothing; with other
    content it is refused (`duplicate_conflict`). Time never runs backwards for an account.
    """

    def __init__(self, terms: Terms, zone: tzinfo) -> None:
        self.terms = terms
        self.zone = zone
        self.journal: list[Movement] = []
        self._accounts: dict[str, Account] = {}
        self._lots: dict[str, tuple[str, int]] = {}
        self._done: dict[str, Done] = {}
        self._next = 1
        self._saved: dict[str, Account | None] | None = None
        self._undo: list[Callable[[], object]] = []

    @property
    def members(self) -> Sequence[str]:
        """Members with an account."""
        return list(self._accounts)

    def account(self, member: str, at: datetime) -> Account:
        """A member's account at `at`, for reading; an empty one for somebody unknown."""
        if member not in self._accounts:
            return self._new(member)
        self._accounts[member].settle(at)
        return self._accounts[member]

    def lot(self, name: str) -> Lot | None:
        """A lot by its name."""
        if name not in self._lots:
            return None
        member, lot_id = self._lots[name]
        return self._accounts[member].lots[lot_id]

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Commands within are carried out together: when one is refused, none has happened."""
        if self._saved is not None:
            yield
            return
        self._saved, self._undo, entries = {}, [], len(self.journal)
        try:
            yield
        except BaseException:
            for member, before in self._saved.items():
                if before is None:
                    del self._accounts[member]
                else:
                    self._accounts[member] = before
            for undo in reversed(self._undo):
                undo()
            del self.journal[entries:]
            raise
        finally:
            self._saved = None

    def open(self, name: str, member: str, points: int, at: datetime, expires_at: datetime = NEVER) -> None:
        """Points a member has from before."""
        with self.whole():
            account = self._touch(member, at)
            self._grow(account, name, points, at, expires_at, Grown(points, earned=False), Kind.ADJUSTMENT)

    def earn(
        self,
        key: str,
        member: str,
        points: int,
        *,
        at: datetime,
        available_at: datetime | None = None,
        expires_at: datetime | None = None,
        order: str | None = None,
    ) -> Outcome:
        """Points earned, in a lot of their own; usable from `available_at` or as the terms say."""

        def act() -> Outcome:
            account = self._active(member, at)
            ends = expires_at or self.terms.validity.ends(at, self.zone)
            usable = available_at or self.terms.available_at(at, self.zone)
            grown = Grown(points, earned=True)
            self._grow(account, key, points, at, ends, grown, Kind.ACCRUAL, order=order, usable=usable)
            account.renew(at)
            return self._settled(Outcome(points), at, account)

        return self._once(key, ("earn", member, points, available_at, expires_at, order), points, act)

    def spend(
        self,
        key: str,
        member: str,
        points: int,
        *,
        at: datetime,
        clip: bool = False,
        order: str | None = None,
        contra: str = REDEMPTION,
    ) -> Outcome:
        """Spend points, with a partner or a charity too; with `clip` at most what there is."""

        def act() -> Outcome:
            account = self._active(member, at)
            wanted = min(points, max(0, account.available(at))) if clip else points
            account.spend(key, wanted, at, Kind.REDEMPTION, Spend(wanted, (), 0, contra, order))
            account.renew(at)
            why = (Reason("clipped", {"wanted": points, "taken": wanted}),) if wanted < points else ()
            return self._settled(Outcome(wanted, why), at, account)

        return self._once(key, ("spend", member, points, clip, order, contra), points, act)

    def adjust(self, key: str, member: str, points: int, *, at: datetime) -> Outcome:
        """Points given by hand, in a lot of their own, or taken when negative."""

        def act() -> Outcome:
            account = self._active(member, at)
            if points < 0:
                account.spend(
                    key, -points, at, Kind.ADJUSTMENT, Spend(-points, (), 0, PROGRAMME, counted=False)
                )
            else:
                ends = self.terms.validity.ends(at, self.zone)
                self._grow(
                    account, key, points, at, ends, Grown(points, earned=False), Kind.ADJUSTMENT, usable=at
                )
            return self._settled(Outcome(abs(points)), at, account)

        return self._once(key, ("adjust", member, points), abs(points), act)

    def reserve(
        self,
        key: str,
        member: str,
        points: int,
        *,
        at: datetime,
        expires_at: datetime | None = None,
        order: str | None = None,
    ) -> Outcome:
        """Set points aside for an order that is not paid yet."""

        def act() -> Outcome:
            account = self._active(member, at)
            account.reserve(key, points, at, expires_at or NEVER, order)
            return self._settled(Outcome(points), at, account)

        return self._once(key, ("reserve", member, points, expires_at, order), points, act)

    def capture(
        self, key: str | None, reservation: str, *, at: datetime, points: int | None = None
    ) -> Outcome:
        """Spend points set aside, all or some; the rest is free again."""

        def act() -> Outcome:
            account, hold = self._open_hold(reservation, at)
            wanted = hold.points if points is None else points
            if wanted > hold.points:
                raise LedgerRefused(
                    "exceeds_reservation", f"{hold.points} points are set aside, not {wanted}"
                )
            account.capture(key or f"{reservation}/capture", reservation, wanted, at)
            account.renew(at)
            return self._settled(Outcome(wanted), at, account)

        return self._once(key, ("capture", reservation, points), points or 0, act)

    def void(self, key: str | None, reservation: str, *, at: datetime) -> Outcome:
        """Points set aside are free again."""

        def act() -> Outcome:
            account, hold = self._open_hold(reservation, at)
            account.release(reservation, HoldState.VOIDED)
            return self._settled(Outcome(hold.points), at, account)

        return self._once(key, ("void", reservation), 0, act)

    def transfer(self, key: str, giver: str, receiver: str, points: int, *, at: datetime) -> Outcome:
        """Points go from one member to another, lot by lot."""

        def act() -> Outcome:
            if giver == receiver:
                raise LedgerRefused("invalid_transfer", "Nobody gives points to themselves")
            source, target = self._active(giver, at), self._active(receiver, at)
            record = Spend(points, (), 0, TRANSFER, counted=False)
            spend = source.spend(key, points, at, Kind.TRANSFER, record)
            fresh = self.terms.validity.ends(at, self.zone)
            pieces = [(source.lots[take.lot_id], take.points) for take in spend.parts]
            born = [(lot.accrued_at, lot.expires_at, taken) for lot, taken in pieces]
            if self.terms.received is Received.RESTART:
                born = [(at, fresh, taken) for _, _, taken in born]
            if spend.owed:
                born.append((at, fresh, spend.owed))
            for i, (accrued_at, ends, taken) in enumerate(born, start=1):
                grown = Grown(taken, earned=False, received=True)
                self._grow(
                    target, f"{key}/{i}", taken, at, ends, grown, Kind.TRANSFER, TRANSFER, born=accrued_at
                )
            return self._settled(Outcome(points), at, source, target)

        return self._once(key, ("transfer", giver, receiver, points), points, act)

    def unlock(self, lot_name: str, *, at: datetime) -> Outcome:
        """Pending points are available now."""
        with self.whole():
            account, lot = self._lot(lot_name, at)
            points = lot.free if lot.is_pending(at) else 0
            account.lots[lot.id] = replace(lot, available_at=None)
            return self._settled(Outcome(points), at, account)

    def cancel(self, lot_name: str, *, at: datetime) -> Outcome:
        """Withdraw what remains of an earned lot, as if it had never been earned."""
        with self.whole():
            account, lot = self._lot(lot_name, at)
            grown = account.grown[lot.id]
            if grown.received or grown.cancelled:
                raise LedgerRefused(
                    "not_cancellable", "Points received, or withdrawn before, are not withdrawn"
                )
            account.grown[lot.id] = replace(grown, cancelled=True)
            gone = account.empty([lot.id], Kind.CANCELLATION, PROGRAMME, lot_name, at)
            return self._settled(Outcome(gone), at, account)

    def expire_lot(self, lot_name: str, *, at: datetime) -> Outcome:
        """A lot expires now."""
        with self.whole():
            account, lot = self._lot(lot_name, at)
            return self._settled(Outcome(account.end(lot.id, at)), at, account)

    def reset(self, member: str, *, at: datetime) -> Outcome:
        """All lots expire now, pending ones too."""
        with self.whole():
            account = self._touch(member, at)
            gone = sum(account.end(lot_id, at) for lot_id in list(account.lots))
            return self._settled(Outcome(gone), at, account)

    def refund(
        self, key: str, member: str, order: str, amount: int, order_amount: int, *, at: datetime
    ) -> Outcome:
        """A part of an order is paid back: points spent on it come back, then points earned by it are taken back."""

        def act() -> Outcome:
            account = self._touch(member, at)
            self._refuse_closed(account)
            back = account.refunded.get(order, 0) + amount
            if back > order_amount:
                raise LedgerRefused("exceeds_order", "More would be paid back than the order cost")
            account.refunded[order] = back
            reasons = list(self._restore(account, key, order, back, order_amount, at))
            plan = self._claw_back(account, key, order, back, order_amount, at)
            reasons += _why(plan)
            taken = sum(take.points for take in (*plan.takes, *plan.lapsed)) + plan.debt
            return self._settled(Outcome(taken, tuple(reasons)), at, account)

        return self._once(key, ("refund", member, order, amount, order_amount), amount, act)

    def revert(self, key: str, of: str, *, at: datetime, force: bool = False) -> Outcome:
        """Undo an earning, an adjustment, a spending, a capture or a transfer; `force` may leave a debt."""

        def act() -> Outcome:
            done = self._done.get(of)
            if done is None:
                raise LedgerRefused("unknown_operation", f"There is no operation {of}")
            name, *rest = done.content
            if name == "transfer":
                return self._take_home(key, of, str(rest[0]), str(rest[1]), force, at)
            member, lot_id = self._lots.get(of, (None, 0))
            if name in ("earn", "adjust") and member is not None:
                return self._unearn(key, member, lot_id, force, at)
            holder = next((each for each in self._accounts.values() if of in each.spends), None)
            if holder is None:
                raise LedgerRefused("unknown_operation", f"The operation {of} is not one that can be undone")
            return self._unspend(key, of, holder.member, at)

        return self._once(key, ("revert", of, force), 0, act)

    def suspend(self, member: str, *, at: datetime) -> Outcome:
        """No earning, spending, setting aside, adjusting or transfer until `activate`."""
        return self._turn(member, State.SUSPENDED, at)

    def activate(self, member: str, *, at: datetime) -> Outcome:
        """The account takes part again."""
        return self._turn(member, State.ACTIVE, at)

    def close(self, member: str, *, at: datetime) -> Outcome:
        """The account ends; what is left of it is forfeited."""
        with self.whole():
            account = self._touch(member, at)
            self._refuse_closed(account)
            self._release_all(account)
            account.settle(at)
            gone = account.empty(account.lots, Kind.FORFEIT, PROGRAMME, "close", at)
            account.state = State.CLOSED
            return Outcome(gone)

    def merge(self, key: str, kept: str, gone: str, *, at: datetime) -> Outcome:
        """Two memberships are one person's: the second is closed, all it has goes over."""

        def act() -> Outcome:
            if kept == gone:
                raise LedgerRefused("invalid_transfer", "An account cannot be merged with itself")
            target, source = self._active(kept, at), self._touch(gone, at)
            self._refuse_closed(source)
            gone_lots = {name: place for name, place in self._lots.items() if place[0] == gone}
            self._lots |= {name: (kept, lot_id) for name, (_, lot_id) in gone_lots.items()}
            self._undo.append(lambda: self._lots.update(gone_lots))
            moved = source.hand_over(target, key, at)
            source.state = State.CLOSED
            return self._settled(Outcome(moved), at, target)

        return self._once(key, ("merge", kept, gone), 0, act)

    def advance(self, at: datetime) -> None:
        """Bring every account to `at`."""
        for account in self._accounts.values():
            account.settle(at)

    def _restore(
        self, account: Account, key: str, order: str, back: int, order_amount: int, at: datetime
    ) -> Iterator[Reason]:
        spends = [
            (name, spend)
            for name, spend in account.spends.items()
            if spend.order == order and spend.counted and not spend.undone
        ]
        if not self.terms.restores or not spends:
            return
        whole, out = sum(spend.points for _, spend in spends), sum(spend.out for _, spend in spends)
        due = _share(whole, back, order_amount, self.terms.restoration_rounding) - (whole - out)
        left = max(0, due)
        fresh: dict[str, int] = defaultdict(int)
        for name, spend in reversed(spends):
            points = min(left, spend.out)
            if points:
                fresh[spend.contra] += account.give_back(name, points, self.terms.restoration, key, at)
                left -= points
        for i, (contra, points) in enumerate(fresh.items(), start=1):
            name = key if i == 1 else f"{key}/{i}"
            self._anew(account, name, points, self.terms.restoration, contra, at)
        account.settle(at)
        if due > 0:
            yield Reason("restored", {"points": due})
        if anew := sum(fresh.values()):
            yield Reason("restored_in_a_new_lot", {"points": anew})

    def _claw_back(
        self, account: Account, key: str, order: str, back: int, order_amount: int, at: datetime
    ) -> ClawbackPlan:
        own = {
            lot_id: grown
            for lot_id, grown in account.grown.items()
            if grown.earned and not grown.cancelled and account.lots[lot_id].order_id == order
        }
        whole = sum(grown.points for grown in own.values())
        due = _share(whole, back, order_amount, self.terms.clawback_rounding)
        due = max(0, due - sum(grown.taken for grown in own.values()))
        return account.take_back(own, due, self.terms, Kind.CLAWBACK, PROGRAMME, key, at)

    def _take_home(self, key: str, of: str, giver: str, receiver: str, force: bool, at: datetime) -> Outcome:
        source, target = self._touch(giver, at), self._touch(receiver, at)
        self._refuse_closed(source, target)
        spend = source.spends[of]
        _refuse_undone(spend.undone)
        own = [lot_id for name, (_, lot_id) in self._lots.items() if name.rpartition("/")[0] == of]
        terms = self._undoing(force)
        plan = target.take_back(own, spend.points, terms, Kind.TRANSFER, TRANSFER, key, at)
        for lot_id in own:
            target.grown[lot_id] = replace(target.grown[lot_id], cancelled=True)
        fresh = source.give_back(of, spend.out, self.terms.undone, key, at)
        self._anew(source, key, fresh, self.terms.undone, TRANSFER, at)
        source.spends[of] = replace(source.spends[of], undone=True)
        return self._settled(Outcome(spend.points, _why(plan)), at, source, target)

    def _unearn(self, key: str, member: str, lot_id: int, force: bool, at: datetime) -> Outcome:
        account = self._touch(member, at)
        self._refuse_closed(account)
        grown = account.grown[lot_id]
        _refuse_undone(grown.cancelled)
        due = grown.points - grown.taken
        plan = account.take_back([lot_id], due, self._undoing(force), Kind.CLAWBACK, PROGRAMME, key, at)
        account.grown[lot_id] = replace(account.grown[lot_id], cancelled=True)
        return self._settled(Outcome(due, _why(plan)), at, account)

    def _unspend(self, key: str, of: str, member: str, at: datetime) -> Outcome:
        account = self._touch(member, at)
        self._refuse_closed(account)
        spend = account.spends[of]
        _refuse_undone(spend.undone)
        points = spend.out
        fresh = account.give_back(of, points, self.terms.undone, key, at)
        self._anew(account, key, fresh, self.terms.undone, spend.contra, at)
        account.spends[of] = replace(account.spends[of], undone=True)
        return self._settled(Outcome(points), at, account)

    def _undoing(self, force: bool) -> Terms:
        return replace(self.terms, shortage=Shortage.RECOVER if force else Shortage.FORBID)

    def _anew(
        self, account: Account, key: str, points: int, restoration: Restoration, contra: str, at: datetime
    ) -> None:
        if not points:
            return
        if restoration is Restoration.GRACE:
            ends = self.terms.grace_ends(at, self.zone)
        else:
            ends = self.terms.validity.ends(at, self.zone)
        self._grow(account, key, points, at, ends, Grown(points, earned=False), Kind.RESTORATION, contra)

    def _grow(
        self,
        account: Account,
        name: str,
        points: int,
        at: datetime,
        ends: datetime,
        grown: Grown,
        kind: Kind,
        contra: str = PROGRAMME,
        *,
        order: str | None = None,
        usable: datetime | None = None,
        born: datetime | None = None,
    ) -> None:
        if name in self._lots:
            raise LedgerRefused("duplicate_conflict", f"There is a lot {name} already")
        later = usable if usable is not None and usable > at else None
        lot = Lot(self._next, born or at, ends, points, order, later)
        self._next += 1
        self._lots[name] = (account.member, lot.id)
        self._undo.append(lambda: self._lots.pop(name))
        account.add(lot, grown, kind, contra, name, at)

    def _once(
        self, key: str | None, content: tuple[object, ...], points: int, act: Callable[[], Outcome]
    ) -> Outcome:
        if key is not None and key in self._done:
            before = self._done[key]
            if before.content != content:
                raise LedgerRefused("duplicate_conflict", f"{key} was something else before")
            return replace(before.outcome, replayed=True)
        if points < 0:
            raise LedgerRefused("invalid_amount", "Points and amounts are not negative")
        with self.whole():
            outcome = act()
            if key is not None:
                self._done[key] = Done(content, outcome)
                self._undo.append(lambda: self._done.pop(key))
        return outcome

    def _turn(self, member: str, state: State, at: datetime) -> Outcome:
        with self.whole():
            account = self._touch(member, at)
            self._refuse_closed(account)
            account.state = state
            return Outcome()

    def _settled(self, outcome: Outcome, at: datetime, *accounts: Account) -> Outcome:
        for account in accounts:
            account.settle(at)
        return outcome

    def _release_all(self, account: Account) -> None:
        for key, hold in list(account.holds.items()):
            if hold.state is HoldState.OPEN:
                account.release(key, HoldState.VOIDED)

    def _open_hold(self, key: str, at: datetime) -> tuple[Account, Hold]:
        member = next((each.member for each in self._accounts.values() if key in each.holds), None)
        if member is None:
            raise LedgerRefused("unknown_reservation", f"Nothing is set aside as {key}")
        account = self._touch(member, at)
        hold = account.holds[key]
        if hold.state is not HoldState.OPEN:
            word = {HoldState.CAPTURED: "closed", HoldState.VOIDED: "voided"}.get(hold.state, "expired")
            raise LedgerRefused(f"reservation_{word}", f"What was set aside as {key} is {word}")
        return account, hold

    def _lot(self, name: str, at: datetime) -> tuple[Account, Lot]:
        if name not in self._lots:
            raise LedgerRefused("unknown_lot", f"There is no lot {name}")
        member, lot_id = self._lots[name]
        account = self._touch(member, at)
        return account, account.lots[lot_id]

    def _active(self, member: str, at: datetime) -> Account:
        account = self._touch(member, at)
        if account.state is not State.ACTIVE:
            raise LedgerRefused("account_inactive", f"The account is {account.state}")
        return account

    def _refuse_closed(self, *accounts: Account) -> None:
        if any(account.state is State.CLOSED for account in accounts):
            raise LedgerRefused("account_inactive", "The account is closed")

    def _touch(self, member: str, at: datetime) -> Account:
        """An account to be changed, at `at`; as it was before is kept until the command is done."""
        assert self._saved is not None
        before = self._accounts.get(member)
        if member not in self._saved:
            self._saved[member] = before.copy() if before else None
        account = before or self._accounts.setdefault(member, self._new(member))
        account.settle(at)
        return account

    def _new(self, member: str) -> Account:
        return Account(member, self.terms, self.zone, self.journal)


def _share(whole: int, back: int, total: int, mode: Rounding) -> int:
    """What of the whole belongs to all that was paid back so far."""
    return whole if back >= total else round_ratio(whole * back, total, mode)


def _refuse_undone(undone: bool) -> None:
    if undone:
        raise LedgerRefused("already_reversed", "It was undone before")


def _why(plan: ClawbackPlan) -> tuple[Reason, ...]:
    lapsed = sum(take.points for take in plan.lapsed)
    found = {"expired_before": lapsed, "owed_from_now": plan.debt, "given_up": plan.waived}
    return tuple(Reason(code, {"points": points}) for code, points in found.items() if points)


def by_contra(journal: Sequence[Movement]) -> dict[str, int]:
    """What each account of the other side holds: with those of the members it sums to zero."""
    sums: dict[str, int] = defaultdict(int)
    for movement in journal:
        sums[movement.contra] -= movement.points
    return dict(sums)
