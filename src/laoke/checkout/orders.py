"""Committing an order: one transaction, all or nothing, once per idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings
from django.db import transaction

from laoke.checkout import (
    answers,
    catalogue,
    coupons,
    guarantee,
    holding,
    household,
    members,
    offer_answers,
    offers,
    pricing,
    programme,
)
from laoke.checkout.coupons import Presented
from laoke.checkout.earning import earned, explained, narrowed
from laoke.checkout.errors import (
    OfferStopped,
    OfferUsedUp,
    OrderExists,
    QuoteMismatch,
    TendersDoNotSum,
)
from laoke.checkout.members import FirstAnswer
from laoke.checkout.offers import Offered
from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberFacts, OrderRequest, TenderRequest
from laoke.engine import tiering
from laoke.engine.ledger import lots as lot_rules
from laoke.engine.ledger.lots import Lot, Take
from laoke.engine.pricing.plain import Price
from laoke.engine.tiering import Move
from laoke.foundation import clock, generations, sql
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.idempotency.errors import IdempotencyKeyReused
from laoke.foundation.idempotency.services import Answer
from laoke.foundation.sql import hot_cursor, raw_cursor
from laoke.kernel.errors import LaokeError
from laoke.points import earnings, holds, ledger
from laoke.points.pooling import Drawn, Pool
from laoke.promotions import publication
from laoke.purchases import shipping
from laoke.tiers import standing
from laoke.tiers.standing import State

WRITE = sql.statement("laoke.checkout", "write_order")
OPEN_LOTS = sql.statement("laoke.checkout", "open_lots")
FIRST_ANSWER = sql.statement("laoke.checkout", "first_answer")
NEXT_ORDER_ID = b"select nextval('purchases_order_id_seq')"


def commit(caller: Caller, request: OrderRequest, key: str, body: bytes, *, now: datetime) -> Answer:
    """Make an order a fact: price it, move points, judge the tier, record everything with its answer.

    Args:
        key: the caller's idempotency key; `body` the request as sent, whose fingerprint it stands for.
    Raises:
        IdempotencyKeyReused, OrderExists, ClockInFuture, ClockInPast, TendersDoNotSum, QuoteExpired,
        QuoteMismatch, InsufficientPoints and whatever `quotes.quote` raises. A refusal leaves nothing behind.
    """
    caller.require(Scope.ORDERS_WRITE)
    clock.check(request.placed_at, now)
    fingerprint = hashlib.sha256(b"order\0" + body).digest()
    who = f"{caller.kind}:{caller.id}"
    if request.basket.codes:
        # Before the transaction: guesses count for orders that are refused too.
        coupons.watch(caller, request.basket.codes, programme.current(), now)

    def once() -> Answer:
        with transaction.atomic(), raw_cursor() as cursor, hot_cursor() as hot:
            return _commit(cursor, hot, caller, who, request, key, fingerprint, now)

    try:
        return once_more(once)
    except psycopg.errors.UniqueViolation as error:
        return _lost_race(error, who, request, key, fingerprint)
    except LaokeError:
        # A twin that was quicker has used the coupon, or the last of an offer, that this one was refused.
        with raw_cursor() as cursor:
            first = first_answer(cursor, who, key)
        if first is None:
            raise
        return repeat(first, fingerprint, key)


def _commit(
    cursor: psycopg.Cursor[Any],
    hot: psycopg.Cursor[Any],
    caller: Caller,
    who: str,
    request: OrderRequest,
    key: str,
    fingerprint: bytes,
    now: datetime,
) -> Answer:
    basket, at = request.basket, request.placed_at
    promise = guarantee.read(request.quote, basket, now) if request.quote else None
    facts: MemberFacts | None = None
    locked: members.Locked | None = None
    pool: Pool | None = None
    if basket.member is None:
        if first := first_answer(cursor, who, key):
            return repeat(first, fingerprint, key)
        newest = generations.current(generations.PROGRAMME)
        rules = programme.at_version(promise.programme_version if promise else newest)
        data = catalogue.known(generations.current(generations.CATALOGUE))
    else:
        rules, locked, pool = _lock(cursor, hot, request, promise, who, key, now)
        if locked.first_answer:
            return repeat(locked.first_answer, fingerprint, key)
        facts, newest = locked.facts, locked.programme
        data = catalogue.known(locked.catalogue)
    held = holding.named(basket.points_hold, facts.member_id if facts else None, now)
    if facts and held:
        facts = replace(facts, available=facts.available + held.points)
    if pool and (facts is None or facts.member_id != pool.buyer.member_id):
        pool = None
    shared = (pool.points, pool.people) if pool else (0, 0)
    if facts and pool:
        facts = replace(facts, pooled=shared[0])
    resolved = narrowed(pricing.resolve(basket, data, promise.unit_prices if promise else None), rules)
    caller.require_store(resolved.store.id, resolved.store.code)
    order_id = locked.order_id if locked else _next_order_id(cursor)
    found = _offered(cursor, request, resolved, rules, facts, order_id, promise, now)
    _refuse_stopped(found, rules, newest)
    priced_at = promise.priced_at if promise else at
    counted = earned(
        cursor,
        basket,
        resolved,
        found,
        rules,
        facts,
        at=priced_at,
        placed_at=at,
        now=now,
        tenders=request.tenders,
    )
    if promise and promise.earning != counted.promise:
        raise QuoteMismatch("What the purchase earns has changed since; ask for a new quote")
    price, extra = counted.price, counted.extra
    shipping_off = offers.shipping_off(found)
    for_shipping = basket.shipping.fee_minor - shipping_off if basket.shipping else 0
    tenders = _tenders(request.tenders, price, for_shipping)
    drawn = household.draw(pool, facts, price, order_id, at, now)
    used = sum(take.points for take in drawn.takes)
    takes = _takes(cursor, facts, price, at, rules, held, drawn)
    terms, zone = rules.points.terms, settings.LAOKE.zone
    pending = terms.pending_until(at, zone)
    repaid = min(facts.debt, price.points_earned) if facts and pending is None else 0
    if held:
        holds.capture_for_order(held.hold_id, order_id, min(held.points, price.points_redeemed), now)
    judged = _judge(rules, facts, price, at)
    activity_after, move = judged.activity, judged.move
    later = _later(rules, facts, judged, price, at)
    last = later[-1].move if later else move
    tier = last.to_tier if last else facts.tier if facts else None
    if facts and held:
        facts = replace(facts, available=facts.available - held.lost(price.points_redeemed, at))
    answer = _answer(
        order_id,
        request,
        price,
        rules,
        resolved,
        facts,
        activity_after,
        tier,
        last,
        repaid,
        shipping_off,
        pending,
        used,
    )
    answer["earning"] = explained(counted, rules)
    answer["offers"] = offer_answers.given(found, rules, extra)
    answer["codes_rejected"] = offer_answers.codes_rejected(found, basket.codes, rules)
    answer["coupons"] = offer_answers.coupons_used(found, rules)
    granted = offers.grant_coupons(order_id, facts, found, rules, now)
    answer["coupons_issued"], answer["coupons_missing"] = coupons.grants_answer(granted)
    answer["household"] = household.answer(caller, *shared, used, drawn.givers)
    text = orjson.dumps(answer)
    WRITE.run(
        cursor,
        {
            "order_id": order_id,
            "order_no": request.order_no,
            "member_id": facts.member_id if facts else None,
            "store_id": resolved.store.id,
            "channel_id": resolved.channel_id,
            "placed_at": at,
            "biz_date": at.astimezone(settings.LAOKE.zone).date(),
            "currency": basket.currency,
            "items_minor": price.items_minor,
            "discount_minor": price.discount_minor,
            "total_minor": price.total_minor,
            "points_minor": price.points_minor,
            "paid_minor": price.paid_minor,
            "points_redeemed": price.points_redeemed,
            "points_earned": price.points_earned,
            "earn_base_minor": price.earn_base_minor,
            "delivery_status": request.delivery_status,
            "source": "api",
            "programme_version": rules.version,
            "recorded_at": now,
            "line_no": [line.line_no for line in price.lines],
            "product_id": [line.product_id for line in price.lines],
            "quantity_milli": [line.quantity_milli for line in price.lines],
            "unit_price_minor": [line.unit_price_minor for line in price.lines],
            "line_gross_minor": [line.gross_minor for line in price.lines],
            "line_discount_minor": [line.discount_minor for line in price.lines],
            "line_net_minor": [line.net_minor for line in price.lines],
            "line_points_minor": [line.points_minor for line in price.lines],
            "line_earn_base_minor": [line.earn_base_minor for line in price.lines],
            "tender_kind": [tender.kind for tender in tenders],
            "tender_minor": [tender.amount_minor for tender in tenders],
            "tender_reference": [tender.reference for tender in tenders],
            "take_lot": [take.lot_id for take in takes],
            "take_points": [take.points for take in takes],
            "available_at": pending,
            "expires_at": terms.validity.ends(at, zone),
            "repaid": repaid,
            "new_tier": move.to_tier if move else None,
            "old_tier": facts.tier if facts else "",
            "tier_at": judged.moved_at,
            **judged.columns,
            "tier_cause": move.cause if move else None,
            "tier_reasons": orjson.dumps([found.as_json() for found in move.findings]).decode()
            if move
            else None,
            **_events(order_id, request, price, resolved, facts, judged, rules.ladder),
            "caller": who,
            "key": key,
            "fingerprint": fingerprint,
            "answer": text.decode(),
        },
    )
    if facts and later:
        _lift(facts, judged, later, rules.ladder, now)
    if facts and terms.validity.renewed and (price.points_earned or price.points_redeemed):
        ledger.renew(facts.member_id, terms, at)
    if basket.shipping:
        shipping.record(cursor, order_id, *basket.shipping, shipping_off)
    if kept := counted.of_order(order_id):
        earnings.record(cursor, kept)
    offers.write(cursor, order_id, facts.member_id if facts else None, found, rules, at, priced_at, extra)
    return Answer(201, text, first=True)


def _offered(
    cursor: psycopg.Cursor[Any],
    request: OrderRequest,
    resolved: pricing.Resolved,
    rules: Programme,
    facts: MemberFacts | None,
    order_id: int,
    promise: guarantee.Guarantee | None,
    now: datetime,
) -> Offered | None:
    """What the offers give, with what has limits counted and coupons used. A quoted order has the offers of the instant
    of its quote.

    Raises:
        OfferUsedUp: a quoted offer has nothing left. Without a quote the order is priced without it.
        CouponsRefused: a quoted coupon cannot be used any more. Without a quote the order is priced without it.
        QuoteMismatch: offers give something else than was quoted, since something else is known of the member.
    """
    at = promise.priced_at if promise else request.placed_at
    used_up: frozenset[str] = frozenset()
    lost: dict[int, str] = {}
    presented = Presented(resolved.store.id, request.order_no, now)
    while True:
        found = offers.offered(
            cursor,
            request.basket,
            resolved.store,
            resolved.products,
            resolved.lines,
            rules,
            facts,
            at,
            presented,
            used_up=used_up,
            lost=lost,
        )
        short, gone = _take(cursor, order_id, found, rules, facts, request.placed_at, at, presented)
        if not short and not gone:
            break
        if promise and short:
            raise OfferUsedUp(short)
        if promise and found:
            coupons.refuse(request.basket.codes, found.facts.coupons, gone)
        used_up |= frozenset(short)
        lost |= gone
    if promise and found:
        refused = {
            fact.number: fact.refused
            for fact in found.facts.coupons.values()
            if fact.refused is not None and fact.number in promise.coupons
        }
        coupons.refuse(request.basket.codes, found.facts.coupons, refused)
    given = (offers.promise(found), offers.coupon_ids(found))
    if promise and (promise.offers, promise.coupons) != given:
        if missed := offers.used_up(found):
            raise OfferUsedUp(missed)
        raise QuoteMismatch("What offers give to this basket has changed since; ask for a new quote")
    return found


def _take(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    found: Offered | None,
    rules: Programme,
    facts: MemberFacts | None,
    placed_at: datetime,
    at: datetime,
    presented: Presented,
) -> tuple[list[str], dict[int, str]]:
    """Count what has limits and use the coupons; or neither, and what stood against it."""
    if found is None or not found.priced.coupons:
        return offers.count(cursor, order_id, found, rules, placed_at), {}
    member_id = facts.member_id if facts else None
    try:
        with transaction.atomic():
            short = offers.count(cursor, order_id, found, rules, placed_at)
            gone = (
                {} if short else offers.use_coupons(cursor, order_id, member_id, found, rules, at, presented)
            )
            if short or gone:
                raise _Undone
    except _Undone:
        pass
    return short, gone


class _Undone(Exception):
    """What was counted is not, after all."""


def _refuse_stopped(found: Offered | None, rules: Programme, newest: int) -> None:
    """An offer that was stopped in an emergency is not given any more, whoever was quoted it.

    Raises:
        OfferStopped
    """
    if found is None or rules.version == newest:
        return
    stopped = publication.stopped(newest)
    gone = [deal.ready.offer.key for deal in found.priced.given if deal.ready.offer.key in stopped]
    if gone:
        raise OfferStopped(gone)


def _lock(
    cursor: psycopg.Cursor[Any],
    hot: psycopg.Cursor[Any],
    request: OrderRequest,
    promise: guarantee.Guarantee | None,
    who: str,
    key: str,
    now: datetime,
) -> tuple[Programme, members.Locked, Pool | None]:
    """Lock the member under the rules that hold: those of the quote, or those in force; where points of a household can
    be spent, those who share theirs first, in the order of all numbers."""
    member = request.basket.member
    assert member is not None
    rules = programme.at_version(promise.programme_version if promise else _last_seen())
    pool = household.lock(cursor, hot, request.basket, rules, request.placed_at, now)
    locked = members.lock(cursor, member, rules, request.placed_at, now, who, key)
    if promise is None and locked.programme != rules.version:
        _remember(locked.programme)
        rules = programme.at_version(locked.programme)
        pool = household.lock(cursor, hot, request.basket, rules, request.placed_at, now)
        locked = members.lock(cursor, member, rules, request.placed_at, now, who, key)
    return rules, locked, pool


_seen_version: int | None = None


def _last_seen() -> int:
    """The programme version this process saw last: a guess that the locking read confirms or corrects."""
    global _seen_version
    if _seen_version is None:
        _seen_version = generations.current(generations.PROGRAMME)
    return _seen_version


def _remember(version: int) -> None:
    global _seen_version
    _seen_version = version


def _tenders(asked: Sequence[TenderRequest], price: Price, for_shipping: int) -> list[TenderRequest]:
    """The means of payment, points included; without any given, the money part is one unnamed tender."""
    money = list(asked)
    due = price.paid_minor + for_shipping
    if not money and due:
        money = [TenderRequest("unspecified", due)]
    given = sum(tender.amount_minor for tender in money)
    if given != due or any(tender.amount_minor < 0 for tender in money):
        raise TendersDoNotSum(
            f"{due} is to be paid with money, the payments sum to {given}",
            payable_minor=due,
            given_minor=given,
        )
    if price.points_minor:
        money.append(TenderRequest("points", price.points_minor))
    return money


def _takes(
    cursor: psycopg.Cursor[Any],
    facts: MemberFacts | None,
    price: Price,
    at: datetime,
    rules: Programme,
    held: holding.Held | None,
    drawn: Drawn,
) -> tuple[Take, ...]:
    """Which lots the points come from: what was set aside for the order first, then in the order of use, then what
    others of the household gave."""
    if facts is None or not price.points_redeemed:
        return ()
    aside = held.takes(price.points_redeemed) if held else ()
    left = price.points_redeemed - sum(take.points for take in (*aside, *drawn.takes))
    if not left:
        return aside + drawn.takes
    OPEN_LOTS.run(cursor, {"member_id": facts.member_id, "at": at})
    lots = [Lot(*row) for row in cursor.fetchall()]
    order = rules.points.terms.order_of_use
    others = {take.lot_id for take in drawn.takes}
    own = lot_rules.plan_redemption([lot for lot in lots if lot.id not in others], left, at, order)
    return holding.together(aside, own) + drawn.takes


class _Judged(NamedTuple):
    """What a purchase does to the tier: the activity with it, and the standing where it changed."""

    activity: dict[tiering.Window, tiering.Activity]
    move: Move | None = None
    after: State | None = None

    @property
    def moved_at(self) -> datetime | None:
        """When the tier changed."""
        return self.after.since if self.after and self.move else None

    @property
    def columns(self) -> dict[str, object]:
        """The standing as it is written; all null where it stays as it is."""
        here = self.after.standing if self.after else None
        return {
            "stands": here is not None,
            "period_date": here.period if here else None,
            "valid_until": here.valid_until if here else None,
            "extended_from": self.after.extended_from if self.after else None,
            "due_date": self.after.due if self.after else None,
        }


def _judge(rules: Programme, facts: MemberFacts | None, price: Price, at: datetime) -> _Judged:
    """The member's activity with this purchase, and what it does to the standing."""
    if facts is None or facts.stand is None:
        return _Judged({})
    counts = 1 if price.total_minor else 0
    purchase = price.paid_minor, counts, price.points_earned
    after = {window: activity.plus(*purchase) for window, activity in facts.activity.items()}
    before = facts.stand
    found = after
    if before.standing.valid_until is not None and not facts.late:
        found = after | standing.own_activity(facts.member_id, rules.ladder, before.standing, purchase, at)
    moved_at = max(at, before.since)
    zone = settings.LAOKE.zone
    day = moved_at.astimezone(zone).date()
    verdict = tiering.after_deed(rules.ladder, before.standing, found, day, late=facts.late)
    if verdict.standing == before.standing:
        return _Judged(after)
    bought = at.astimezone(zone).date() if counts else None
    due = standing.due(rules.ladder, verdict.standing, bought)
    moved = moved_at if verdict.move else None
    return _Judged(after, verdict.move, before.after(verdict.standing, moved_at=moved, due=due))


class _Lifted(NamedTuple):
    """An upgrade that a purchase made earlier brings only now that it is known."""

    move: Move
    at: datetime
    order_id: int | None


def _later(
    rules: Programme, facts: MemberFacts | None, judged: _Judged, price: Price, at: datetime
) -> list[_Lifted]:
    """What a purchase that comes late does to the judging of those made after it: they may reach more."""
    if facts is None or facts.stand is None or not facts.late:
        return []
    bought = tiering.Bought(at, price.paid_minor, bool(price.total_minor), price.points_earned)
    tier = judged.move.to_tier if judged.move else facts.tier
    with hot_cursor() as cursor:
        orders = standing.orders_after(cursor, facts.member_id, rules.ladder, at, facts.stand.standing.joined)
    return [
        _Lifted(*step)
        for step in standing.lifted(rules.ladder, tier, orders, bought, facts.stand.standing.joined)
    ]


def _lift(
    facts: MemberFacts, judged: _Judged, later: Sequence[_Lifted], ladder: tiering.Ladder, now: datetime
) -> None:
    since = judged.moved_at or facts.tier_since
    with hot_cursor() as cursor:
        for step in later:
            standing.move_member(
                cursor,
                facts.member_id,
                step.move,
                ladder=ladder,
                at=max(step.at, since),
                recorded_at=now,
                order_id=step.order_id,
            )


def _next_order_id(cursor: psycopg.Cursor[Any]) -> int:
    cursor.execute(NEXT_ORDER_ID, prepare=True)
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _answer(
    order_id: int,
    request: OrderRequest,
    price: Price,
    rules: Programme,
    resolved: pricing.Resolved,
    facts: MemberFacts | None,
    activity: dict[tiering.Window, tiering.Activity],
    tier: str | None,
    move: Move | None,
    repaid: int,
    shipping_off: int,
    pending: datetime | None,
    used: int,
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "order_id": order_id,
        "order_no": request.order_no,
        "store": resolved.store.code,
        "placed_at": request.placed_at,
        "programme_version": rules.version,
        "lines": answers.lines(price, resolved.products),
        **answers.totals(price, request.basket.shipping, shipping_off),
        "points_redeemed": price.points_redeemed,
        "points_earned": price.points_earned,
        "points_usable_from": answers.usable_from(pending, price.points_earned),
        "member": None,
    }
    if facts is not None and tier is not None:
        after = MemberFacts(
            facts.member_id, facts.available, facts.debt, tier, facts.tier_since, activity, facts.version
        )
        answer["member"] = {
            "member_id": facts.member_id,
            "points_available": facts.available
            - (price.points_redeemed - used)
            + (0 if pending else price.points_earned - repaid),
            "tier": tier,
            "tier_before": facts.tier if move else None,
            "progress": answers.progress(rules, tier, after),
        }
    return answer


def _events(
    order_id: int,
    request: OrderRequest,
    price: Price,
    resolved: pricing.Resolved,
    facts: MemberFacts | None,
    judged: _Judged,
    ladder: tiering.Ladder,
) -> dict[str, str | None]:
    """The events as JSON, by the parameter of the write that takes them."""
    member_id = facts.member_id if facts else None
    committed = {
        "order_id": order_id,
        "order_no": request.order_no,
        "member_id": member_id,
        "store": resolved.store.code,
        "channel": request.basket.channel,
        "placed_at": request.placed_at,
        "total_minor": price.total_minor,
        "paid_minor": price.paid_minor,
        "points_redeemed": price.points_redeemed,
        "points_earned": price.points_earned,
    }
    events: dict[str, str | None] = {
        "order_committed": orjson.dumps(committed).decode(),
        "tier_changed": None,
    }
    if facts and judged.move and judged.after:
        until = judged.after.standing.valid_until
        changed = standing.telling(ladder, facts.member_id, judged.move, until, order_id)
        events["tier_changed"] = orjson.dumps(changed).decode()
    return events


def first_answer(cursor: psycopg.Cursor[Any], who: str, key: str) -> FirstAnswer | None:
    """What was answered under this key before, if anything."""
    FIRST_ANSWER.run(cursor, {"caller": who, "key": key})
    row = cursor.fetchone()
    return FirstAnswer(bytes(row[0]), row[1], row[2]) if row else None


def repeat(first: FirstAnswer, fingerprint: bytes, key: str) -> Answer:
    """The first answer again, to the letter.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
    """
    if first.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return Answer(first.status, first.answer.encode(), first=False)


def _lost_race(
    error: psycopg.errors.UniqueViolation, who: str, request: OrderRequest, key: str, fingerprint: bytes
) -> Answer:
    """A twin was quicker: give its answer. Or the store's number is taken by another order."""
    with raw_cursor() as cursor:
        first = first_answer(cursor, who, key)
    if first is not None:
        return repeat(first, fingerprint, key)
    if error.diag.constraint_name == "order_once_per_store":
        raise OrderExists(
            f"Store {request.basket.store} has an order with this number already", order_no=request.order_no
        ) from None
    raise error
