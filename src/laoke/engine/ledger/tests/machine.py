"""Commands in any order, on the books and on the model of coins: after each, both say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from laoke.engine.ledger.book import Book, by_contra
from laoke.engine.ledger.errors import InsufficientPoints, LedgerRefused
from laoke.engine.ledger.terms import (
    Forever,
    OrderOfUse,
    Received,
    Restoration,
    Shortage,
    Span,
    Terms,
)
from laoke.engine.ledger.tests.coins import Model
from laoke.kernel.rounding import Rounding

T0 = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE = ("an", "bo", "cai", "du")
WHOLE = 7

people = st.sampled_from(PEOPLE)
few = st.integers(1, 12)
days = st.integers(1, 6)
roundings = st.sampled_from([Rounding.DOWN, Rounding.HALF_UP, Rounding.UP])

terms = st.builds(
    Terms,
    order_of_use=st.sampled_from(OrderOfUse),
    overdraft=st.sampled_from([0, 0, 5, None]),
    shortage=st.sampled_from(Shortage),
    floor=st.integers(0, 6),
    expired_counts=st.booleans(),
    clawback_rounding=roundings,
    restores=st.sampled_from([True, True, False]),
    restoration=st.sampled_from(Restoration),
    restoration_rounding=roundings,
    undone=st.sampled_from([Restoration.ORIGINAL, Restoration.GRACE]),
    grace_days=st.integers(1, 4),
    received=st.sampled_from(Received),
)


class Ledgers(RuleBasedStateMachine):
    """Four members, small numbers, short lives: everything meets everything."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.today = 0
        self.undoable: list[str] = []
        self.holds: list[str] = []
        self.done: dict[str, tuple] = {}

    @initialize(terms=terms, days=st.sampled_from([None, 3, 8]))
    def begin(self, terms, days):
        validity = Forever() if days is None else Span(days * DAY)
        changed = {name: getattr(terms, name) for name in Terms.__dataclass_fields__} | {"validity": validity}
        self.model = Model(terms, days)
        self.book = Book(Terms(**changed), UTC)

    @property
    def at(self):
        return T0 + self.today * DAY

    def key(self):
        self.count += 1
        return f"x{self.count}"

    def both(self, command, *args, model=None, **extra):
        """Carry out a command on both; answers with its key, None if it was refused by both."""
        word = None
        before = len(self.book.journal)
        try:
            getattr(self.book, command)(*args, at=self.at, **extra)
        except InsufficientPoints:
            word = "insufficient_points"
        except LedgerRefused as refused:
            word = refused.reason
        assert self.model.attempt(command, *(args if model is None else model)) == word
        if word:
            assert len(self.book.journal) == before
            return None
        if args and str(args[0]).startswith("x") and command not in ("unlock", "cancel", "expire_lot"):
            self.done[args[0]] = (command, args, extra)
        return args[0]

    def can_undo(self, key):
        if key:
            self.undoable.append(key)

    @rule(who=people, points=few)
    def earn(self, who, points):
        self.can_undo(self.both("earn", self.key(), who, points))

    @rule(who=people, points=few, wait=days)
    def earn_later(self, who, points, wait):
        key = self.key()
        extra = {"available_at": self.at + wait * DAY}
        self.can_undo(self.both("earn", key, who, points, model=(key, who, points, wait), **extra))

    @rule(who=people, points=few, lasts=st.integers(0, 6))
    def earn_for_some_days(self, who, points, lasts):
        key = self.key()
        extra = {"expires_at": self.at + lasts * DAY}
        self.can_undo(self.both("earn", key, who, points, model=(key, who, points, 0, lasts), **extra))

    @rule(who=people, points=few, order=st.integers(1, 2), wait=st.integers(0, 3))
    def earn_with_an_order(self, who, points, order, wait):
        key, order = self.key(), f"{who}/{order}"
        extra = {"order": order, "available_at": self.at + wait * DAY}
        model = (key, who, points, wait, None, order)
        self.can_undo(self.both("earn", key, who, points, model=model, **extra))

    @rule(who=people, points=few)
    def spend(self, who, points):
        self.can_undo(self.both("spend", self.key(), who, points))

    @rule(who=people, points=few)
    def spend_what_there_is(self, who, points):
        key = self.key()
        self.can_undo(self.both("spend", key, who, points, model=(key, who, points, True), clip=True))

    @rule(who=people, points=few, order=st.integers(1, 2))
    def spend_on_an_order(self, who, points, order):
        key, order = self.key(), f"{who}/{order}"
        model = (key, who, points, False, order)
        self.can_undo(self.both("spend", key, who, points, model=model, order=order))

    @rule(who=people, points=few, contra=st.sampled_from(["partner:cafe", "charity:library"]))
    def spend_elsewhere(self, who, points, contra):
        key = self.key()
        self.can_undo(self.both("spend", key, who, points, model=(key, who, points), contra=contra))

    @rule(who=people, points=few)
    def give_by_hand(self, who, points):
        self.can_undo(self.both("adjust", self.key(), who, points))

    @rule(who=people, points=few)
    def take_by_hand(self, who, points):
        self.can_undo(self.both("adjust", self.key(), who, -points))

    @rule(who=people, points=few)
    def set_aside(self, who, points):
        if key := self.both("reserve", self.key(), who, points):
            self.holds.append(key)

    @rule(who=people, points=few, lasts=days, order=st.integers(1, 2))
    def set_aside_for_an_order(self, who, points, lasts, order):
        key, order = self.key(), f"{who}/{order}"
        extra = {"expires_at": self.at + lasts * DAY, "order": order}
        if self.both("reserve", key, who, points, model=(key, who, points, lasts, order), **extra):
            self.holds.append(key)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def capture(self, data):
        hold = data.draw(st.sampled_from(self.holds))
        self.can_undo(self.both("capture", self.key(), hold))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), points=st.integers(0, 12))
    def capture_a_part(self, data, points):
        hold, key = data.draw(st.sampled_from(self.holds)), self.key()
        self.can_undo(self.both("capture", key, hold, model=(key, hold, points), points=points))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def void(self, data):
        self.both("void", self.key(), data.draw(st.sampled_from(self.holds)))

    @rule(giver=people, receiver=people, points=few)
    def transfer(self, giver, receiver, points):
        self.can_undo(self.both("transfer", self.key(), giver, receiver, points))

    @precondition(lambda self: self.model.batches)
    @rule(data=st.data(), command=st.sampled_from(["unlock", "cancel", "expire_lot"]))
    def one_lot(self, data, command):
        self.both(command, data.draw(st.sampled_from(list(self.model.batches))))

    @rule(who=people, sure=st.integers(0, 3))
    def reset(self, who, sure):
        if not sure:
            self.both("reset", who)

    @rule(who=people, whose=people, order=st.integers(1, 2), amount=st.integers(0, WHOLE))
    def refund(self, who, whose, order, amount):
        self.both("refund", self.key(), who, f"{whose}/{order}", amount, WHOLE)

    @rule(who=people, order=st.integers(1, 2))
    def refund_the_rest(self, who, order):
        order = f"{who}/{order}"
        left = WHOLE - self.model.back.get((who, order), 0)
        self.both("refund", self.key(), who, order, left, WHOLE)

    @precondition(lambda self: self.undoable)
    @rule(data=st.data(), force=st.booleans())
    def revert(self, data, force):
        key, of = self.key(), data.draw(st.sampled_from(self.undoable))
        self.both("revert", key, of, model=(key, of, force), force=force)

    @rule(who=people, sure=st.integers(0, 3))
    def suspend(self, who, sure):
        if not sure:
            self.both("suspend", who)

    @rule(who=people)
    def activate(self, who):
        self.both("activate", who)

    @rule(who=people, sure=st.integers(0, 5))
    def close(self, who, sure):
        if not sure:
            self.both("close", who)

    @rule(kept=people, gone=people, sure=st.integers(0, 2))
    def merge(self, kept, gone, sure):
        if not sure:
            self.both("merge", self.key(), kept, gone)

    @precondition(lambda self: self.done)
    @rule(data=st.data(), other=st.booleans())
    def come_again(self, data, other):
        """The same command once more, or another one with its key."""
        command, args, extra = self.done[data.draw(st.sampled_from(list(self.done)))]
        before = len(self.book.journal)
        if other:
            word = None
            try:
                self.book.adjust(args[0], "an", 999, at=self.at)
            except LedgerRefused as refused:
                word = refused.reason
            assert word == "duplicate_conflict"
        else:
            assert getattr(self.book, command)(*args, at=self.at, **extra).replayed
        assert len(self.book.journal) == before

    @rule(who=people, points=few)
    def all_or_nothing(self, who, points):
        """Earning and then spending more than there is, as a whole: nothing has happened."""
        first, second = self.key(), self.key()
        before = len(self.book.journal)
        try:
            with self.book.whole():
                self.book.earn(first, who, points, at=self.at)
                self.book.capture(second, "never set aside", at=self.at)
        except LedgerRefused:
            assert len(self.book.journal) == before
            return
        raise AssertionError("nothing was set aside")

    @rule(length=st.integers(1, 4))
    def days_pass(self, length):
        self.today += length
        self.model.pass_days(length)
        self.book.advance(self.at)

    @invariant()
    def both_say_the_same(self):
        for who in PEOPLE:
            account = self.book.account(who, self.at)
            found = {
                "available": account.available(self.at),
                "pending": account.pending(self.at),
                "held": account.held,
                "spent": account.spent,
                "expired": account.expired,
                "earned": account.earned,
            }
            assert found == self.model.numbers(who), who
        for name in self.model.batches:
            lot = self.book.lot(name)
            assert lot is not None
            assert lot.free == self.model.free_of(name), name

    def teardown(self):
        """The books balance: the movements of each lot make what remains of it, all accounts together make nothing."""
        lots: dict[int, int] = {}
        debts: dict[str, int] = {}
        for movement in self.book.journal if hasattr(self, "book") else ():
            if movement.lot_id is None:
                debts[movement.member] = debts.get(movement.member, 0) - movement.points
            else:
                lots[movement.lot_id] = lots.get(movement.lot_id, 0) + movement.points
        if not hasattr(self, "book"):
            return
        for who in self.book.members:
            account = self.book.account(who, self.at)
            assert account.debt == debts.get(who, 0)
            for lot in account.lots.values():
                assert lot.remaining == lots.get(lot.id, 0)
                assert 0 <= lot.held <= lot.remaining
        contra = by_contra(self.book.journal)
        assert contra.get("transfer", 0) == 0
        assert sum(movement.points for movement in self.book.journal) + sum(contra.values()) == 0
