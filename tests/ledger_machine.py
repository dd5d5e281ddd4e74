"""Commands in any order, on the services with their database and on the model of coins: both say the same.

The model (`laoke.engine.ledger.tests.coins`) shares nothing with the services: every point is a coin, time goes day by
day. Here it learns what only the services do: what comes home of a gift is what has not expired, and people who live
together spend each other's points.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from laoke.checkout import orders, programme, returns
from laoke.checkout.types import (
    BasketRequest,
    LineRequest,
    MemberKey,
    OrderRequest,
    ReturnLineRequest,
    ReturnRequest,
)
from laoke.engine.ledger.terms import Received, Restoration, Shortage
from laoke.engine.ledger.tests.coins import Coin, Model, No, Slip, Use
from laoke.foundation.access import SYSTEM
from laoke.foundation.idempotency.services import Command
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.kernel.errors import LaokeError
from laoke.members import services as members
from laoke.points import holds, ledger, policy, redeeming, selectors, services, transfers
from laoke.points.errors import HoldEnded
from laoke.points.expiry import expire
from laoke.points.models import Lot
from tests import shop as shops
from tests.shop import Shop

DAY = timedelta(days=1)
FIRST = date(2026, 3, 10)
# One bottle of milk earns a point, and a point pays a bottle: shares of orders are small whole numbers.
BOTTLE = shops.PRICES["milk"]
EARN = {"points": 1, "per_minor": BOTTLE, "rounding": "down"}
SPEND = {"points": 1, "worth_minor": BOTTLE, "step": 1, "max_percent": 100}

few = st.integers(1, 12)
many = st.integers(1, 40)
which = st.integers(0, 9)
terms = st.fixed_dictionaries(
    {
        "earn": st.just(EARN),
        "spend": st.just(SPEND),
        "valid_months": st.sampled_from([1, 2]),
        "expires": st.sampled_from(["rolling", "rolling", "year_end"]),
        "order_of_use": st.sampled_from(["expiry", "age"]),
        "pending_days": st.sampled_from([0, 0, 2, 35]),
        "shortfall": st.sampled_from(["debt", "debt", "floor", "waive", "forbid"]),
        "debt_limit": st.integers(0, 6),
        "grace_days": st.integers(1, 4),
        "transfers": st.sampled_from(["keep", "restart"]),
        "household": st.sampled_from(["off", "pool", "pool"]),
    }
)


class Coins(Model):
    """The model with the calendar of a programme, and gifts and households as the services know them."""

    def __init__(self, terms, zone):
        super().__init__(terms, None)
        self.zone, self.tick, self.given = zone, 0, {}
        # Who lives together and shares, in the order of their numbers.
        self.home: list[str] = []

    @property
    def at(self):
        return start_of_day(FIRST + self.today * DAY, self.zone) + timedelta(seconds=self.tick)

    def day_of(self, instant):
        return (instant.astimezone(self.zone).date() - FIRST).days

    def _ends(self):
        return self.day_of(self.terms.validity.ends(self.at, self.zone))

    def _mint(self, who, name, points, *, born=None, **more):
        super()._mint(who, name, points, born=(self.today, self.tick) if born is None else born, **more)

    def transfer(self, name, giver, receiver, points):
        if giver == receiver:
            raise No("transfer-to-self")
        self._use(giver, name, points, counted=False)
        pieces: dict[str, list[Coin]] = {}
        for coin in self.uses[name].things:
            pieces.setdefault(coin.batch.name, []).append(coin)
        for i, coins in enumerate(pieces.values(), start=1):
            old = coins[0].batch
            keep = self.terms.received is Received.KEEP
            ends, born = (old.ends, old.born) if keep else (self._ends(), None)
            self._mint(receiver, f"{name}/{i}", len(coins), ends=ends, born=born, earned=False, received=True)
        self.given[name] = list(pieces.values())
        self._tidy()

    def take_home(self, name, giver, receiver, of, force):
        if giver == receiver:
            raise No("transfer-to-self")
        use = self.uses[of]
        if use.undone:
            raise No("transfer-undone")
        own = [self.batches[f"{of}/{i}"] for i, _ in enumerate(self.given[of], start=1)]
        home: list[Coin] = []
        for batch, coins in zip(own, self.given[of], strict=True):
            lapsed = sum(coin.batch is batch and coin.state == "lapsed" for coin in self.coins)
            home += coins[: len(coins) - lapsed]
        line = [coin for coin in self.usable(receiver) if coin.batch in own]
        line += [coin for coin in self.usable(receiver) if coin.batch not in own]
        if len(line) < len(home) and not force:
            raise No("insufficient-points")
        for coin in line[: len(home)]:
            coin.state = "gone"
        self._owe(receiver, len(home) - len(line))
        anew = 0
        for coin in home:
            ended = coin.batch.ends <= self.today
            coin.state, anew = ("gone", anew + 1) if ended else ("free", anew)
        use.undone = True
        self._anew(giver, name, anew, Restoration.GRACE)
        self._tidy()

    def spend_at_home(self, name, who, points, order=None):
        """One's own points, then those of the others that end soonest."""
        owing = {slip.owner for slip in self.slips}
        own = self.usable(who)[:points]
        others = [
            (coin.batch.ends, place, coin.batch.born, coin.batch.seq, coin)
            for place, giver in enumerate(self.home)
            if giver != who and not owing & {giver, who}
            for coin in self.usable(giver)
        ]
        coins = own + [each[-1] for each in sorted(others, key=lambda each: each[:-1])][: points - len(own)]
        if who in owing or len(coins) < points:
            raise No("insufficient-points")
        for coin in coins:
            coin.state = "spent"
        self.uses[name] = Use(who, order, points, list(coins))
        self.spent[who] = self.spent.get(who, 0) + points
        self._tidy()

    def _return(self, use, points, restoration):
        """Points of others go back to them, whether their lots are there still or not."""
        coins = [thing for thing in use.things if isinstance(thing, Coin)][::-1]
        others = [coin for coin in coins[:points] if coin.owner != use.owner]
        anew = super()._return(use, points, restoration)
        for giver in dict.fromkeys(coin.owner for coin in others):
            gone = sum(coin.owner == giver and coin.state == "gone" for coin in others)
            self._anew(giver, f"home{len(self.batches)}", gone, restoration)
            anew -= gone
        return anew

    def _owe(self, who, points):
        self.slips += [Slip(who, None) for _ in range(points)]

    def attempt(self, name, *args):
        """As the model's, without a copy of everything where a refusal comes before anything has changed."""
        if name == "refund" and self.terms.shortage is Shortage.FORBID:
            return super().attempt(name, *args)
        try:
            getattr(self, name)(*args)
        except No as no:
            return str(no)
        return None


class Services(RuleBasedStateMachine):
    """Three members who buy bottles of milk: everything meets everything."""

    shop: Shop

    def __init__(self):
        super().__init__()
        self.scope = transaction.atomic()
        self.scope.__enter__()
        self.count = 0
        self.ids: dict[str, int] = {}
        self.sold: list[dict[str, Any]] = []
        self.held: dict[str, int] = {}
        self.spent: list[tuple[str, Any, str]] = []
        self.gifts: list[tuple[str, int, str, str]] = []
        self.sent: list[Any] = []
        self.into: dict[str, str] = {}
        self.carried_out: Counter[str] = Counter()
        self.pools = False

    @initialize(document=terms)
    def begin(self, document):
        shops.forget()
        programme.apply(SYSTEM, {"points": document}, at=shops.OPENING - DAY)
        self.terms = policy.in_force().terms
        self.model = Coins(self.terms, django_settings.LAOKE.zone)
        for who in ("an", "bo", "cai"):
            self.ids[who] = self.shop.member(at=self.at)
            for number in (7, 0, 23):
                self.model.pass_days(1)
                self.give_by_hand(who=len(self.ids) - 1, points=number + 5)
        self.pools = document["household"] == "pool"
        if self.pools:
            people = list(self.ids.values())
            members.form_household(caller=SYSTEM, member_ids=people, at=self.at)
            for member_id in people:
                members.share_points(caller=SYSTEM, member_id=member_id, shares=True, at=self.at)
            self.model.home = list(self.ids)

    @property
    def at(self):
        return self.model.at

    @property
    def living(self):
        return [who for who in self.ids if who not in self.into]

    def person(self, number):
        return self.living[number % len(self.living)]

    def now(self, who):
        """Whose it is after the merges."""
        while who in self.into:
            who = self.into[who]
        return who

    def key(self):
        self.count += 1
        self.model.tick += 1
        return f"x{self.count}"

    def both(self, act, command, *args):
        """Carry out a command on both; answers with what the services say, None if both refuse."""
        said, word = None, None
        before = self.movements()
        try:
            with transaction.atomic():
                said = act()
        except LaokeError as refused:
            word = refused.code
        mine = self.model.attempt(command, *args)
        mine = mine and mine.replace("insufficient_points", "insufficient-points")
        short = {"insufficient-points", "points-owed", "points-refused"}
        assert word == mine or {word, mine} <= short, (word, mine)
        self.carried_out[f"{command} refused" if word else command] += 1
        if word:
            assert self.movements() == before
        else:
            self.sent.append(act)
        return None if word else (said or True)

    def movements(self):
        with connection.cursor() as cursor:
            cursor.execute("select count(*), coalesce(sum(points), 0) from points_posting")
            return cursor.fetchone()

    def order(self, number, key, who, wish, at, hold=None):
        member = MemberKey(self.ids[who])
        lines = (LineRequest("milk", number * 1000, None, 0),)
        basket = BasketRequest("S1", "pos", "CNY", lines, member, wish, points_hold=hold)
        return orders.commit(SYSTEM, OrderRequest(key, basket, at), key, b"", now=at)

    def find(self, order_no):
        with connection.cursor() as cursor:
            cursor.execute(
                "select id, points_earned, points_redeemed from purchases_order where order_no = %s",
                [order_no],
            )
            return cursor.fetchone()

    def earn(self, key, who, number, paid):
        """What an order earns: a point for each bottle that was not paid with points."""
        order_id, earned, redeemed = self.find(key)
        assert (earned, redeemed) == (number - paid, paid)
        if earned:
            wait = self.terms.pending_days
            assert self.model.attempt("earn", key, who, earned, wait, None, key) is None
        self.sold.append({"no": key, "id": order_id, "who": who, "left": number, "of": number, "returns": 0})

    @rule(who=which, number=many)
    def buy(self, who, number):
        key, who, at = self.key(), self.person(who), self.at
        act = lambda: self.order(number, key, who, 0, at)  # noqa: E731
        act()
        self.sent.append(act)
        self.earn(key, who, number, 0)

    @rule(who=which, number=few, wish=few)
    def buy_with_points(self, who, number, wish):
        key, who, at = self.key(), self.person(who), self.at
        wish = min(wish, number)
        act = lambda: self.order(number, key, who, wish, at)  # noqa: E731
        command = ("spend_at_home", f"{key}/paid", who, wish, key)
        if not self.pools:
            command = ("spend", f"{key}/paid", who, wish, False, key)
        if self.both(act, *command):
            self.earn(key, who, number, wish)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), number=few, part=st.booleans())
    def buy_with_points_set_aside(self, data, number, part):
        key, hold, at = self.key(), data.draw(st.sampled_from(sorted(self.held))), self.at
        use = self.model.holds[hold]
        if use.hold != "open":
            return
        points = min(use.size, number)
        if part:
            points = max(1, points - 1)
        who = use.owner
        act = lambda: self.order(number, key, who, points, at, self.held[hold])  # noqa: E731
        act()
        self.sent.append(act)
        self.carried_out["order captures"] += 1
        assert self.model.attempt("capture", f"{key}/paid", hold, points) is None
        self.model.uses[f"{key}/paid"].order = key
        self.earn(key, who, number, points)

    @precondition(lambda self: any(sale["left"] for sale in self.sold))
    @rule(data=st.data(), number=few, everything=st.booleans())
    def bring_back(self, data, number, everything):
        sale = data.draw(st.sampled_from([sale for sale in self.sold if sale["left"]]))
        key, number = self.key(), sale["left"] if everything else min(number, sale["left"])
        lines = None if everything else (ReturnLineRequest(1, number * 1000),)
        request = ReturnRequest(key, sale["id"], self.at, lines)
        who = self.now(sale["who"])
        act = lambda at=self.at: returns.take_back(SYSTEM, request, key, b"", now=at)  # noqa: E731
        if self.both(act, "refund", key, who, sale["no"], number, sale["of"]):
            sale["left"] -= number

    @rule(who=which, points=few, days=st.integers(1, 7))
    def set_aside(self, who, points, days):
        key, who, at = self.key(), self.person(who), self.at
        act = lambda: holds.reserve(SYSTEM, self.ids[who], points, key, days * 1440, Command(key, ()), at=at)  # noqa: E731
        if self.both(act, "reserve", key, who, points, days):
            self.held[key] = holds.of_member(self.ids[who], at=at, after=None, limit=1)[0][0].hold_id

    def open_hold(self, data):
        """One of the holds, most often one that is open."""
        names = [name for name in self.held if self.model.holds[name].hold == "open"] or list(self.held)
        return data.draw(st.sampled_from(names))

    def end_hold(self, name, act, command, *args):
        if self.model.holds[name].hold == "open":
            return self.both(act, command, *args)
        before = self.movements()
        with pytest.raises(HoldEnded):
            act()
        assert self.movements() == before
        return None

    @precondition(lambda self: self.held)
    @rule(data=st.data(), points=st.none() | few)
    def capture(self, data, points):
        key, name, at = self.key(), self.open_hold(data), self.at
        points = points and min(points, self.model.holds[name].size)
        act = lambda: holds.capture(SYSTEM, self.held[name], Command(key, ()), points=points, at=at)  # noqa: E731
        if self.end_hold(name, act, "capture", key, name, points):
            self.spent.append((key, redeeming.Sink.HOLD, str(self.held[name])))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def void(self, data):
        key, name, at = self.key(), self.open_hold(data), self.at
        act = lambda: holds.void(SYSTEM, self.held[name], Command(key, ()), at=at)  # noqa: E731
        self.end_hold(name, act, "void", key, name)

    @rule(who=which, points=few, party=st.sampled_from(["", "charity:library", "partner:cafe"]))
    def spend(self, who, points, party):
        key, who, at = self.key(), self.person(who), self.at
        sink = redeeming.Sink.CHARITY if party else redeeming.Sink.MALL
        act = lambda: redeeming.spend(  # noqa: E731
            SYSTEM, self.ids[who], points, sink=sink, reference=key, party=party, at=at
        )
        if self.both(act, "spend", key, who, points):
            self.spent.append((key, sink, key))

    @precondition(lambda self: self.pools)
    @rule(who=which, points=many)
    def spend_from_the_household(self, who, points):
        key, who, at = self.key(), self.person(who), self.at
        sink = redeeming.Sink.MALL
        act = lambda: redeeming.spend(  # noqa: E731
            SYSTEM, self.ids[who], points, sink=sink, reference=key, at=at, household=True
        )
        if self.both(act, "spend_at_home", key, who, points):
            self.spent.append((key, sink, key))

    @precondition(lambda self: self.pools)
    @rule(who=which, shares=st.booleans())
    def share(self, who, shares):
        who = self.person(who)
        members.share_points(caller=SYSTEM, member_id=self.ids[who], shares=shares, at=self.at)
        home = {*self.model.home, who} if shares else {*self.model.home} - {who}
        self.model.home = [each for each in self.ids if each in home]

    @precondition(lambda self: self.spent)
    @rule(data=st.data())
    def undo_spending(self, data):
        key, at = self.key(), self.at
        of, sink, reference = data.draw(st.sampled_from(self.spent))
        act = lambda: redeeming.undo(SYSTEM, sink=sink, reference=reference, at=at)  # noqa: E731
        if self.model.uses[of].undone:
            before = self.movements()
            assert not act().first
            assert self.movements() == before
        else:
            self.both(act, "revert", key, of)

    @rule(who=which, points=many)
    def give_by_hand(self, who, points):
        key, who, at = self.key(), self.person(who), self.at
        act = lambda: services.adjust(  # noqa: E731
            SYSTEM, self.ids[who], points, "goodwill", Command(key, (b"%d" % points,)), at=at
        )
        self.both(act, "adjust", key, who, points)

    @rule(who=which, points=few)
    def take_by_hand(self, who, points):
        key, who, at = self.key(), self.person(who), self.at
        act = lambda: services.adjust(  # noqa: E731
            SYSTEM, self.ids[who], -points, "mistake", Command(key, (b"%d" % points,)), at=at
        )
        self.both(act, "adjust", key, who, -points)

    @rule(giver=which, receiver=which, points=few)
    def transfer(self, giver, receiver, points):
        key, giver, receiver, at = self.key(), self.person(giver), self.person(receiver), self.at
        act = lambda: transfers.give(  # noqa: E731
            SYSTEM, self.ids[giver], self.ids[receiver], points, "", Command(key, ()), at=at
        )
        if self.both(act, "transfer", key, giver, receiver, points):
            made = transfers.of_member(self.ids[giver], after=None, limit=1)[0][0].transfer_id
            self.gifts.append((key, made, giver, receiver))

    @precondition(lambda self: self.gifts)
    @rule(data=st.data(), force=st.booleans())
    def take_transfer_back(self, data, force):
        key, at = self.key(), self.at
        of, number, giver, receiver = data.draw(st.sampled_from(self.gifts))
        act = lambda: transfers.undo(SYSTEM, number, "mistake", Command(key, ()), force=force, at=at)  # noqa: E731
        self.both(act, "take_home", key, self.now(giver), self.now(receiver), of, force)

    @precondition(lambda self: len(self.living) > 1)
    @rule(kept=which, gone=which, sure=st.integers(0, 2))
    def merge(self, kept, gone, sure):
        kept, gone = self.person(kept), self.person(gone)
        if sure or kept == gone:
            return
        key = self.key()
        members.merge(
            caller=SYSTEM, kept_id=self.ids[kept], gone_id=self.ids[gone], reason="one person", at=self.at
        )
        assert self.model.attempt("merge", key, kept, gone) is None
        self.into[gone] = kept
        self.model.home = [each for each in self.model.home if each != gone]
        self.carried_out["merge"] += 1

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def come_again(self, data):
        """A command that was carried out comes once more, by a bad line: nothing moves."""
        act = data.draw(st.sampled_from(self.sent))
        before = self.movements()
        act()
        assert self.movements() == before

    @rule(days=st.sampled_from([1, 1, 2, 3, 4, 7]))
    def days_pass(self, days):
        self.model.pass_days(days)

    @rule(sure=st.integers(0, 5))
    def a_month_passes(self, sure):
        if not sure:
            self.model.pass_days(32)

    @rule()
    def holds_end(self):
        """The task comes by."""
        holds.expire(at=self.at)

    @rule()
    def sweep(self):
        """The task comes by: from then on the totals say what expired."""
        holds.expire(at=self.at)
        expire(at=self.at, now=self.at)
        self.look_closely()
        expired, redeemed = 0, 0
        for member_id in self.ids.values():
            row = shops.account(member_id)
            expired, redeemed = expired + row["expired_total"], redeemed + row["redeemed_total"]
        assert redeemed == sum(self.model.spent.values())
        assert expired == sum(coin.state == "lapsed" for coin in self.model.coins)

    def look_closely(self):
        """Lot by lot: when earned, when it ends, what is free of it and what is set aside."""
        for who in self.living:
            with hot_cursor() as cursor:
                ledger.lock(cursor, self.ids[who], self.at)
            found: dict[Any, list[int]] = {}
            rows = Lot.objects.filter(member_id=self.ids[who], remaining__gt=0, expires_at__gt=self.at)
            for lot in rows:
                sums = found.setdefault((lot.accrued_at, self.model.day_of(lot.expires_at)), [0, 0])
                sums[0], sums[1] = sums[0] + lot.remaining - lot.held, sums[1] + lot.held
            said: dict[Any, list[int]] = {}
            for coin in self.model.coins:
                batch = coin.batch
                if coin.owner == who and coin.state in ("free", "held") and batch.ends > self.model.today:
                    day, tick = batch.born
                    born = start_of_day(FIRST + day * DAY, self.model.zone) + timedelta(seconds=tick)
                    said.setdefault((born, batch.ends), [0, 0])[coin.state == "held"] += 1
            assert found == said, who

    @invariant()
    def both_say_the_same(self):
        if not hasattr(self, "model"):
            return
        for who in self.living:
            account = selectors.account(self.ids[who], self.at)
            found = (account.available, account.debt, account.pending)
            free = self.model.mine(who)
            pending = sum(coin.batch.usable > self.model.today for coin in free)
            debt = sum(slip.owner == who for slip in self.model.slips)
            assert found == (self.model.available(who) + debt, debt, pending), who

    def teardown(self):
        try:
            if hasattr(self, "model"):
                self.look_closely()
                assert shops.broken() == {}
        finally:
            transaction.set_rollback(True)
            self.scope.__exit__(None, None, None)
            shops.forget()
