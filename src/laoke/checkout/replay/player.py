"""The replay: decides each event with the engine, as the till does, and writes whole batches at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

import orjson
import psycopg
from django.db import transaction

from laoke.checkout.errors import HouseholdNotReplayed
from laoke.checkout.programme import Programme
from laoke.checkout.replay import writing
from laoke.checkout.replay.earning import PastEarning
from laoke.checkout.replay.events import GiveBackEvent, Sale
from laoke.checkout.replay.sold import SoldBook, SoldRecord
from laoke.checkout.replay.state import LotState, MemberState, Purchase, WindowCalendar, load
from laoke.engine import tiering
from laoke.engine.ledger import lots as lot_rules
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.terms import Shortage
from laoke.engine.policy import Household
from laoke.engine.pricing import plain as pricing
from laoke.engine.pricing.purchase import Earned
from laoke.engine.returning import GiveBack, ReturnRefused, give_back
from laoke.engine.tiering import Bought, History
from laoke.engine.tiering.windows import BEGINNING
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.kernel.errors import LaokeError
from laoke.members import selectors as members
from laoke.points.activities import selectors as activities
from laoke.points.ledger import LAPSED
from laoke.tiers import clock, standing
from laoke.tiers.review import review

Event = Sale | GiveBackEvent


class UnknownSale(LaokeError):
    """A return names an order that is not in the history."""

    code, status, title = "unknown-order", 404, "There is no such order"


@dataclass(slots=True)
class Played:
    """What became of the events played so far."""

    sales: int = 0
    returns: int = 0
    lines: int = 0
    known: int = 0  # were in the database already
    reviewed: int = 0
    refused: list[tuple[Event, LaokeError]] = field(default_factory=list)


class Player:
    """Plays events in date order. One player holds what it knows of members between batches.

    Events of one `play` call must not lie before those of the call before, or tiers would be judged by orders
    that had not happened; orders older than what a member already has are played, judged as of their own time.
    """

    def __init__(
        self,
        rules: Programme,
        zone: tzinfo,
        currency: str,
        *,
        source: str,
        now: datetime,
        remember: int = 50_000,
        reviewed_until: date | None = None,
    ) -> None:
        """Begin a replay.

        Args:
            reviewed_until: the day up to which an earlier run of the same history has come; the reviews after it
                are held before the first event, as they would have been without the interruption.
        """
        self._rules = rules
        self._zone = zone
        self._currency = currency
        self._source = source
        self._now = now
        self._remember = remember
        self._calendar = WindowCalendar(rules.ladder, rules.points, zone)
        self._earning = None if rules.earning is None else PastEarning(rules.earning, zone, currency, now)
        self._members: OrderedDict[int, MemberState] = OrderedDict()
        self._review_from = reviewed_until
        self.played = Played()

    def play(self, events: Sequence[Event]) -> None:
        """Play a batch: one transaction, or several where a review day lies between the events."""
        if not events:
            return
        start = 0
        for day in self._review_days(events):
            at = start_of_day(day, self._zone)
            end = start
            while end < len(events) and _instant(events[end]) < at:
                end += 1
            self._play(events[start:end])
            self._review(day)
            start = end
        self._play(events[start:])

    def review_until(self, at: datetime) -> None:
        """Hold the reviews that lie between the last event and `at`."""
        until = at.astimezone(self._zone).date()
        if self._review_from is None:
            return
        for day in tiering.reviews_between(self._rules.ladder, self._review_from, until):
            self._review(day)
        self._review_from = until

    def _review_days(self, events: Sequence[Event]) -> Sequence[date]:
        first, last = (self._calendar.day(_instant(event)) for event in (events[0], events[-1]))
        after = self._review_from or first - timedelta(days=1)
        self._review_from = max(last, after)
        return tiering.reviews_between(self._rules.ladder, after, last)

    def _review(self, day: date) -> None:
        done = review(self._rules.ladder, day, now=self._now)
        self.played.reviewed += done.judged
        for member_id in done.moved:
            self._members.pop(member_id, None)  # read afresh when it is needed

    def _play(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            with transaction.atomic(), hot_cursor() as cursor:
                batch = _Batch(self, cursor, events)
                batch.play()
        except BaseException:
            # What memory holds was not written: forget it, the next batch reads afresh.
            self._members.clear()
            raise
        batch.count()
        while len(self._members) > self._remember:
            self._members.popitem(last=False)


class _Batch:
    """The events of one transaction."""

    def __init__(self, player: Player, cursor: psycopg.Cursor[Any], events: Sequence[Event]) -> None:
        self.player = player
        self.cursor = cursor
        self.rules = player._rules
        self.calendar = player._calendar
        self.sold = SoldBook(cursor, events)
        self.events = [event for event in events if not self.sold.knows(event)]
        self.rows = writing.Rows(now=player._now, source=player._source, currency=player._currency)
        self.refused: list[tuple[Event, LaokeError]] = []
        self.known = len(events) - len(self.events)
        self.sales = self.returns = 0
        self.members: dict[int, MemberState] = {}

    def play(self) -> None:
        """Decide every event, then write all that followed."""
        if not self.events:
            return
        self.members = self._lock_members(_instant(self.events[0]))
        if self.player._earning is not None:
            self.player._earning.prepare(self.events)
        sales = sum(isinstance(event, Sale) for event in self.events)
        self.order_ids = writing.reserve(self.cursor, "purchases_order_id_seq", sales)
        self.return_ids = writing.reserve(
            self.cursor, "purchases_orderreturn_id_seq", len(self.events) - sales
        )
        # A sale makes at most one lot; a return at most one a lot it restores, plus one for the expired.
        self.lot_ids = writing.LotIds(self.cursor, sales)
        for event in self.events:
            try:
                if isinstance(event, Sale):
                    self._sell(event)
                else:
                    self._take_back(event)
            except LaokeError as error:
                if isinstance(event, Sale) and not isinstance(error, HouseholdNotReplayed):
                    raise
                self.refused.append((event, error))
        self.rows.write(self.cursor, self.sold, self.members.values())
        for state in self.members.values():
            state.written()

    def count(self) -> None:
        """Add up what was committed."""
        played = self.player.played
        played.sales += self.sales
        played.returns += self.returns
        played.lines += self.rows.line_count
        played.known += self.known
        played.refused.extend(self.refused)

    def _lock_members(self, at: datetime) -> dict[int, MemberState]:
        ids = {event.member_id for event in self.events if isinstance(event, Sale) and event.member_id}
        ids |= self.sold.member_ids()
        held = self.player._members
        self.cursor.execute(
            "select a.member_id, a.version, s.tier from members_member m "
            "join points_account a on a.member_id = m.id join tiers_standing s on s.member_id = m.id "
            "where m.id = any(%s) order by m.id for key share of m for no key update of a",
            (list(ids),),
        )
        current = {row[0]: (row[1], row[2]) for row in self.cursor}
        # A return judges the tier again as of its order: the windows before that order are needed too.
        oldest = self._reach(min([at, *self.sold.placed()]))
        stale = [
            member_id
            for member_id in ids
            if (state := held.get(member_id)) is None
            or (state.version, state.tier) != current.get(member_id)
            or state.horizon > self._reach(self.sold.placed_by(member_id, at))
        ]
        if stale:
            held.update(load(self.cursor, stale, self.rules.ladder, oldest, at))
        if self.rules.ladder.counts_acts:
            for member_id in ids:
                held[member_id].acts = []
            for member_id, act in activities.acts(self.cursor, ids, BEGINNING, standing.END):
                held[member_id].acts.append(standing.done(act))
        for member_id in ids:
            held.move_to_end(member_id)
            held[member_id].forget_before(oldest)
        return {member_id: held[member_id] for member_id in ids}

    def _reach(self, at: datetime) -> datetime:
        """The earliest instant that a window ending at `at` reaches."""
        rules = self.player._earning
        first = at if rules is None else rules.reach(at)
        return min(first, self.calendar.reach(at))

    def _sell(self, sale: Sale) -> None:
        rules, at = self.rules, sale.placed_at
        state = self.members.get(sale.member_id) if sale.member_id else None
        self._bring(state, at)
        self._settle_debt(state, at)
        net = [line.net_minor for line in sale.lines]
        total = sum(net)
        redeemed = self._usable_wish(sale, total, state)
        settled, earned = self._settle(sale, net, state, redeemed)
        order_id = next(self.order_ids)
        record = SoldRecord.of_sale(order_id, sale, total, redeemed, settled)
        record.keeps_lines = self.sold.wants(record)
        self.sold.add(record)
        self.rows.sale(sale, record, settled, earned, self.calendar.day(at), rules.version)
        self.sales += 1
        if state is None:
            return
        if redeemed:
            for take in self._plan(state, redeemed, at):
                self._move(state, take.lot_id, -take.points, "redemption", at, order_id)
                record.spent.append(take)
            state.redeemed_delta += redeemed
        if settled.points_earned:
            expires_at = self.calendar.expiry(at)
            pending = rules.points.terms.pending_until(at, self.player._zone)
            self._accrue(
                state,
                settled.points_earned,
                expires_at,
                at,
                "accrual",
                "order",
                at,
                order_id,
                available_at=pending,
            )
            state.earned_delta += settled.points_earned
        if redeemed or settled.points_earned:
            self._renew(state, at)
        state.purchases.append(
            Purchase(order_id, at, total - settled.points_minor, total, settled.points_earned)
        )
        self._judge(state, state.purchases[-1])

    def _settle(
        self, sale: Sale, net: Sequence[int], state: MemberState | None, redeemed: int
    ) -> tuple[pricing.Settlement, Earned | None]:
        """What points settle and what the rest earns; with the rules that gave it, where there are some."""
        points, rules = self.rules.points, self.player._earning
        if rules is None or state is None:
            earns = [line.earns_points and state is not None for line in sale.lines]
            return pricing.settle(net, earns, points, redeemed), None
        unearning = rules.unearning(sale, sum(net) - points.worth(redeemed))
        settled = pricing.settle(net, [rules.earns(line) for line in sale.lines], points, redeemed, unearning)
        earned = rules.earned(sale, state, settled)
        return settled._replace(points_earned=earned.points), earned

    def _usable_wish(self, sale: Sale, total: int, state: MemberState | None) -> int:
        if not sale.points_wish or state is None:
            return 0
        available = lot_rules.available([lot.facts() for lot in state.lots.values()], sale.placed_at)
        available = max(0, available - state.debt)
        usable, _ = pricing.usable_points(total, self.rules.points, available)
        step = self.rules.points.spend.step
        wish = sale.points_wish // step * step
        if wish > usable and self.rules.points.household is Household.POOL and not state.debt:
            most, _ = pricing.usable_points(total, self.rules.points, wish)
            if most > usable and members.sharing(state.member_id):
                raise HouseholdNotReplayed(
                    "More points were wanted than the member had of their own, and who shared theirs then is not known"
                )
        return min(wish, usable)

    def _take_back(self, event: GiveBackEvent) -> None:
        record = self.sold.find(event)
        if record is None:
            raise UnknownSale(f"There is no order {event.order_no[:64]!r} in this store")
        if event.returned_at < record.placed_at:
            raise ReturnRefused("The return lies before the purchase", reason="before_purchase")
        plan = give_back(record.order(), record.sold_lines(), event.lines)
        if plan.points_restored and record.pooled:
            raise HouseholdNotReplayed(
                "The order took points of others of the household: only the till gives them back to whom they are of"
            )
        state = self.members.get(record.member_id) if record.member_id else None
        self._bring(state, event.returned_at)
        self._settle_debt(state, event.returned_at)
        self._refuse_short(state, record.order_id, plan, event.returned_at)
        return_id = next(self.return_ids)
        record.apply(plan)
        self.rows.give_back(event, record, plan, return_id, self.calendar.day(event.returned_at))
        self.returns += 1
        if state is None:
            return
        self._return_points(state, record, plan.points_restored, plan.clawback, event, return_id)
        for purchase in state.purchases:
            if purchase.order_id == record.order_id:
                purchase.spend_minor -= plan.refunded_minor
                purchase.left_minor -= plan.returned_minor
                purchase.points -= plan.clawback
        self._withdraw(state, event.returned_at, record, plan)
        if self.rules.ladder.timed:
            shorter = clock.without_extension(
                self.rules.ladder, state.stand, self._bought(state, event.returned_at), event.returned_at
            )
            state.moved = state.moved or shorter is not state.stand
            state.stand = shorter
            self._bring(state, event.returned_at, whatever=True)

    def _return_points(
        self,
        state: MemberState,
        record: SoldRecord,
        restored: int,
        clawback: int,
        event: GiveBackEvent,
        return_id: int,
    ) -> None:
        at, order_id = event.returned_at, record.order_id
        if restored:
            spent = record.take_spent(restored)
            lots = self._lots_of(state, [take.lot_id for take in spent])
            plan = lot_rules.plan_restoration(spent, lots, restored, at)
            for give in plan.gives:
                if give.lot_id in state.lots:
                    self._move(state, give.lot_id, give.points, "restoration", at, order_id, return_id)
                else:
                    # The lot is of a member merged into this one: it comes back as a lot here, as old as it was.
                    old = lots[give.lot_id]
                    self._accrue(
                        state,
                        give.points,
                        old.expires_at,
                        old.accrued_at,
                        "restoration",
                        "restore",
                        at,
                        order_id,
                        return_id,
                        earned_by=old.order_id,
                    )
            if plan.fresh:
                expires_at = self.rules.points.terms.grace_ends(at, self.player._zone)
                self._accrue(
                    state, plan.fresh, expires_at, at, "restoration", "restore", at, order_id, return_id
                )
            state.redeemed_delta -= restored
            self._repay(state, at, order_id, return_id)
        if clawback:
            own = sum(
                lot.remaining - lot.held
                for lot in state.lots.values()
                if lot.order_id == order_id and lot.expires_at > at
            )
            if own < clawback:
                self._find_lapsed(state, order_id, at)
            lots_now = [lot.facts() for lot in state.lots.values()]
            taken = lot_rules.plan_clawback(
                lots_now, order_id, clawback, at, self.rules.points.terms, state.debt
            )
            for take in taken.lapsed:
                self._post(state, "expiry", take.points, take.lot_id, at, order_id, return_id)
                self._post(state, "clawback", -take.points, take.lot_id, at, order_id, return_id)
                state.lots[take.lot_id].lapsed = (state.lots[take.lot_id].lapsed or 0) - take.points
                state.expired_delta -= take.points
                if take.lot_id in state.others:
                    self._book_for(state, state.others[take.lot_id], take.points)
            for take in taken.takes:
                self._move(state, take.lot_id, -take.points, "clawback", at, order_id, return_id)
            if taken.debt:
                self._owe(state, taken.debt, "clawback", at, order_id, return_id)
            state.earned_delta -= clawback - taken.waived

    def _find_lapsed(self, state: MemberState, order_id: int, at: datetime) -> None:
        """See laoke.points.ledger: what of an order's points expired, with what is due booked as the sweep would."""
        self.cursor.execute(LAPSED, {"order": order_id, "member": state.member_id, "at": at})
        for lot_id, accrued_at, expires_at, remaining, held, lapsed, _, owner in self.cursor:
            if owner != state.member_id:
                state.others[lot_id] = owner
            lot = state.lots.setdefault(
                lot_id, LotState(lot_id, accrued_at, expires_at, remaining, order_id, held=held)
            )
            if lot.lapsed is None:
                lot.lapsed = lapsed
        for lot in state.lots.values():
            if lot.order_id == order_id and lot.expires_at <= at and lot.remaining > lot.held:
                due = lot.remaining - lot.held
                self._move(state, lot.id, -due, "expiry", lot.expires_at, order_id)
                lot.lapsed = (lot.lapsed or 0) + due
                state.expired_delta += due

    def _book_for(self, state: MemberState, owner: int, points: int) -> None:
        """See laoke.points.ledger: they are taken back in the totals of the member merged into this one."""
        self.cursor.execute(
            "update points_account set expired_total = expired_total - %s, earned_total = earned_total - %s, "
            "version = version + 1 where member_id = %s",
            (points, points, owner),
        )
        state.expired_delta += points
        state.earned_delta += points

    def _lots_of(self, state: MemberState, lot_ids: Sequence[int]) -> dict[int, lot_rules.Lot]:
        """Lots by id; those fully spent and forgotten since are read back, and remembered if they are the member's."""
        lots = {lot_id: state.lots[lot_id].facts() for lot_id in lot_ids if lot_id in state.lots}
        self.cursor.execute(
            "select member_id, id, accrued_at, expires_at, remaining, order_id, available_at, held "
            "from points_lot where id = any(%s)",
            ([lot_id for lot_id in lot_ids if lot_id not in lots],),
        )
        for row in self.cursor:
            lot = LotState(*row[1:])
            lots[lot.id] = lot.facts()
            if row[0] == state.member_id:
                state.lots[lot.id] = lot
        return lots

    def _accrue(
        self,
        state: MemberState,
        points: int,
        expires_at: datetime,
        accrued_at: datetime,
        kind: str,
        origin: str,
        at: datetime,
        order_id: int,
        return_id: int | None = None,
        *,
        available_at: datetime | None = None,
        earned_by: int | str | None = None,
    ) -> None:
        made_by = order_id if kind == "accrual" else int(earned_by) if earned_by else None
        lot = LotState(self.lot_ids.next(), accrued_at, expires_at, points, made_by, available_at)
        state.lots[lot.id] = lot
        self.rows.lot(state.member_id, lot, points, origin)
        self._post(state, kind, points, lot.id, at, order_id, return_id)
        if state.debt:
            self._repay(state, at, order_id, return_id)

    def _settle_debt(self, state: MemberState | None, at: datetime) -> None:
        """See LockedAccount.settle: points that were pending and have come repay what is owed, as of when they came."""
        if state is None or not state.debt or state.owed_since is None:
            return
        come = {lot.available_at for lot in state.lots.values() if lot.available_at}
        for moment in sorted(come):
            if state.owed_since < moment <= at:
                self._repay(state, moment, None, None)

    def _renew(self, state: MemberState, at: datetime) -> None:
        """The account was used: where the terms say so, its open lots live on."""
        if not self.rules.points.terms.validity.renewed:
            return
        ends = self.calendar.expiry(at)
        for lot in state.lots.values():
            if lot.remaining and at < lot.expires_at < ends:
                lot.expires_at = ends
                state.touched_lots.add(lot.id)

    def _refuse_short(self, state: MemberState | None, order_id: int, plan: GiveBack, at: datetime) -> None:
        """Where nothing may be owed a return is refused whose points are not there any more.

        Raises:
            InsufficientPoints
        """
        if state is None or self.rules.points.terms.shortage is not Shortage.FORBID:
            return
        own = [lot.facts() for lot in state.lots.values() if lot.order_id == order_id]
        there = sum(lot.free for lot in own if lot.is_pending(at) and lot.expires_at > at)
        there += lot_rules.available([lot.facts() for lot in state.lots.values()], at) + plan.points_restored
        if there - state.debt < plan.clawback:
            there += self._lapsed(state, order_id, at)
        if there - state.debt < plan.clawback:
            raise InsufficientPoints(wanted=plan.clawback, available=max(0, there - state.debt))

    def _lapsed(self, state: MemberState, order_id: int, at: datetime) -> int:
        """What of an order's points expired unspent."""
        self.cursor.execute(LAPSED, {"order": order_id, "member": state.member_id, "at": at})
        lapsed = {row[0]: row[5] + (row[3] - row[4] if row[2] <= at else 0) for row in self.cursor}
        for lot in state.lots.values():
            if lot.order_id == order_id and (lot.id in lapsed or lot.expires_at <= at):
                due = lot.remaining - lot.held if lot.expires_at <= at else 0
                known = lot.lapsed if lot.lapsed is not None else lapsed.get(lot.id, due) - due
                lapsed[lot.id] = known + due
        return sum(lapsed.values())

    def _repay(self, state: MemberState, at: datetime, order_id: int | None, return_id: int | None) -> None:
        left = min(state.debt, lot_rules.available([lot.facts() for lot in state.lots.values()], at))
        if not left:
            return
        for take in self._plan(state, left, at):
            self._move(state, take.lot_id, -take.points, "repayment", at, order_id, return_id)
        self._owe(state, -left, "repayment", at, order_id, return_id)

    def _plan(self, state: MemberState, points: int, at: datetime) -> Sequence[lot_rules.Take]:
        order = self.rules.points.terms.order_of_use
        return lot_rules.plan_redemption([lot.facts() for lot in state.lots.values()], points, at, order)

    def _owe(
        self,
        state: MemberState,
        points: int,
        kind: str,
        at: datetime,
        order_id: int | None,
        return_id: int | None,
    ) -> None:
        state.debt += points
        state.debt_delta += points
        if points > 0:
            state.owed_since = max(at, state.owed_since or at)
        self._post(state, kind, -points, None, at, order_id, return_id)

    def _move(
        self,
        state: MemberState,
        lot_id: int,
        points: int,
        kind: str,
        at: datetime,
        order_id: int | None,
        return_id: int | None = None,
    ) -> None:
        state.lots[lot_id].remaining += points
        state.touched_lots.add(lot_id)
        self._post(state, kind, points, lot_id, at, order_id, return_id)

    def _post(
        self,
        state: MemberState,
        kind: str,
        points: int,
        lot_id: int | None,
        at: datetime,
        order_id: int | None,
        return_id: int | None,
    ) -> None:
        state.balance_delta += points
        owner = state.others.get(lot_id, state.member_id) if lot_id else state.member_id
        self.rows.posting(owner, kind, points, lot_id, order_id, return_id, at)

    def _bring(self, state: MemberState | None, at: datetime, *, whatever: bool = False) -> None:
        """See laoke.tiers.clock: what the clock has brought to the member's standing by the day of `at`."""
        today = self.calendar.day(at)
        if state is None or not (whatever or (state.stand.due is not None and state.stand.due <= today)):
            return
        ladder = self.rules.ladder

        def last() -> date | None:
            if not any(tier.inactive_days for tier in ladder.tiers):
                return None
            kept = [bought for bought in self._bought(state, at)(BEGINNING) if bought.kept]
            return self.calendar.day(kept[-1].at) if kept else None

        brought = clock.bring(ladder, state.stand, today, self._bought(state, at), last)
        state.moved = state.moved or brought.state != state.stand
        state.stand = brought.state
        for change in brought.changes:
            self._record(state, change.move, change.at, change.at, None)

    def _bought(self, state: MemberState, at: datetime) -> clock.Purchases:
        """What is left of the purchases from an instant on until the end of the day of `at`, in order of time."""
        until = start_of_day(self.calendar.day(at) + timedelta(days=1), self.player._zone)

        def since(start: datetime) -> list[Bought]:
            found = self._history(state, start).values()
            did = [purchase.bought for purchase in found] + [act for act in state.acts if act.at >= start]
            return sorted(each for each in did if each.at < until)

        return since

    def _judge(self, state: MemberState, purchase: Purchase) -> None:
        """As the till does right after a purchase; one that comes late may lift those made after it."""
        ladder, at, zone = self.rules.ladder, purchase.at, self.player._zone
        late = any(other.at > at for other in state.purchases) or any(act.at > at for act in state.acts)
        before, facts = state.stand, state.activity(self.calendar, at)
        validity = ladder.tier(state.tier).validity
        if before.standing.valid_until and validity and validity.extension and not late:
            own = [window for window in ladder.all_windows if window.of_tier]
            starts = [(window, window.start(at, zone, before.standing.anchors)) for window in own]
            did = self._bought(state, at)(min([at, *(start for _, start in starts)]))
            found = History(bought.deed for bought in did).facts(starts, at)
            facts = facts | dict(found)
        moved_at = max(at, before.since)
        verdict = tiering.after_deed(ladder, before.standing, facts, self.calendar.day(moved_at), late=late)
        if verdict.standing != before.standing:
            day = self.calendar.day(at) if purchase.left_minor else None
            due = standing.due(ladder, verdict.standing, day)
            moved = moved_at if verdict.move else None
            state.stand, state.moved = before.after(verdict.standing, moved_at=moved, due=due), True
            if verdict.move:
                self._record(state, verdict.move, moved_at, at, purchase.order_id)
        if late:
            self._lift(state, purchase)

    def _lift(self, state: MemberState, late: Purchase) -> None:
        joined = state.stand.standing.joined
        first = min([late.at, *(start for _, start in self.calendar.starts(late.at, joined))])
        orders = [
            standing.Order(order_id, purchase.bought)
            for order_id, purchase in self._history(state, first).items()
            if order_id != late.order_id
        ]
        others = standing.in_order([*orders, *(standing.Order(0, act) for act in state.acts)])
        for move, at, order_id in standing.lifted(self.rules.ladder, state.tier, others, late.bought, joined):
            self._climb(state, move, max(at, state.since), at, order_id)

    def _climb(
        self, state: MemberState, move: tiering.Move, at: datetime, judged_at: datetime, order_id: int | None
    ) -> None:
        """Move a member, and begin what begins with the tier."""
        day = self.calendar.day(at)
        here = tiering.stand_on(self.rules.ladder, state.stand.standing, move.to_tier, day, move.cause)
        kept = (
            [bought.at for bought in self._bought(state, at)(BEGINNING) if bought.kept]
            if (move.to_tier in self.rules.ladder.timed)
            else []
        )
        due = standing.due(self.rules.ladder, here, self.calendar.day(kept[-1]) if kept else None)
        state.stand, state.moved = state.stand.after(here, moved_at=at, due=due), True
        self._record(state, move, at, judged_at, order_id)

    def _record(
        self,
        state: MemberState,
        move: tiering.Move,
        at: datetime,
        judged_at: datetime,
        order_id: int | None,
    ) -> None:
        if move.cause in tiering.CLIMBING:
            state.climb.insert(0, tiering.Climb(move.from_tier, move.cause, judged_at))
        else:
            state.ground_at, state.climb = at, []
        reasons = orjson.dumps([found.as_json() for found in move.findings]).decode()
        self.rows.tier_change(state.member_id, move, at, reasons, order_id)

    def _withdraw(self, state: MemberState, at: datetime, record: SoldRecord, plan: GiveBack) -> None:
        ladder, floor = self.rules.ladder, state.stand.standing.floor
        fallen = None
        if ladder.fall is tiering.Fall.AT_ONCE:
            facts = state.activity(self.calendar, at)
            fallen = tiering.fall(ladder, state.tier, facts, "return_downgraded", floor)
        moves = [move for move in (fallen, self._back(state, record, plan)) if move]
        if moves:
            move = min(moves, key=lambda move: ladder.rank(move.to_tier))
            self._climb(state, move, at, at, record.order_id)

    def _back(self, state: MemberState, record: SoldRecord, plan: GiveBack) -> tiering.Move | None:
        if not state.climb:
            return None
        path = tiering.Path(state.ground_at, state.climb)
        starts = partial(self.calendar.starts, joined=state.stand.standing.joined)
        history = self._history(state, standing.reach(path, starts))
        if record.order_id not in history:  # older than anything the tier rests on
            return None
        left = history.pop(record.order_id)
        after = left.bought
        before = Bought(
            record.placed_at,
            after.spend_minor + plan.refunded_minor,
            left.left_minor + plan.returned_minor > 0,
            after.points + plan.clawback,
        )
        others = [*(purchase.bought for purchase in history.values()), *state.acts]
        floor = state.stand.standing.floor
        return tiering.withdraw(self.rules.ladder, state.tier, path, others, (before, after), starts, floor)

    def _history(self, state: MemberState, since: datetime) -> dict[int, Purchase]:
        """Purchases since an instant by order. What memory has dropped is read back."""
        history: dict[int, Purchase] = {}
        if since < state.horizon:
            self.cursor.execute(
                "select id, placed_at, paid_minor - refunded_minor, total_minor - returned_minor, "
                "points_earned - points_clawed_back from purchases_order "
                "where member_id = %s and placed_at >= %s and placed_at < %s",
                (state.member_id, since, state.horizon),
            )
            history = {row[0]: Purchase(*row) for row in self.cursor}
        for purchase in state.purchases:
            if purchase.at >= since:
                history[purchase.order_id] = purchase
        return history


def _instant(event: Event) -> datetime:
    return event.placed_at if isinstance(event, Sale) else event.returned_at
