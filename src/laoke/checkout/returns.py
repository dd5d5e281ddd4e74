"""Taking goods back: money, points and tier go back exactly, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.conf import settings
from django.db import transaction

from laoke.benefits.coupons import use as coupon_use
from laoke.checkout import catalogue, coupons, kept, members, programme
from laoke.checkout.errors import ReturnExists, UnknownOrder
from laoke.checkout.orders import first_answer, repeat
from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberKey, ReturnRequest
from laoke.engine.refunds import RefundPolicy
from laoke.engine.returning import GiveBack, ReturnRefused, SoldLine, SoldOrder, give_back
from laoke.foundation import clock, generations, sql
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.idempotency.services import Answer
from laoke.foundation.sql import hot_cursor, raw_cursor
from laoke.kernel.quantity import format_milli
from laoke.points import earnings, ledger, pooling
from laoke.points.ledger import Cause, LockedAccount
from laoke.promotions import services as promotions
from laoke.promotions.services import Back, Returned, Use
from laoke.purchases import shipping
from laoke.tiers import clock as tiers_clock
from laoke.tiers import standing

WRITE = sql.statement("laoke.checkout", "write_return")


def take_back(caller: Caller, request: ReturnRequest, key: str, body: bytes, *, now: datetime) -> Answer:
    """Record a return of some or all of an order.

    The points the goods earned are taken back, points spent on them come back to their lots, and a tier that
    only these goods had reached is withdrawn. Money is for the till to give back: the answer says how much.

    Raises:
        UnknownOrder, ReturnRefused, ReturnExists, ClockInFuture, ClockInPast, UnknownStore, OutsideStores,
        IdempotencyKeyReused. A refusal leaves nothing behind.
    """
    caller.require(Scope.RETURNS_WRITE)
    clock.check(request.returned_at, now)
    fingerprint = hashlib.sha256(b"return\0%d\0" % request.order_id + body).digest()
    who = f"{caller.kind}:{caller.id}"

    def once() -> Answer:
        with transaction.atomic(), hot_cursor() as cursor, raw_cursor() as raw:
            return _take_back(cursor, raw, caller, who, request, key, fingerprint, now)

    try:
        return once_more(once)
    except psycopg.errors.UniqueViolation as error:
        with raw_cursor() as raw:
            first = first_answer(raw, who, key)
        if first is not None:
            return repeat(first, fingerprint, key)
        if error.diag.constraint_name == "return_once_per_order":
            raise ReturnExists(
                "The order has a return with this number already", return_no=request.return_no
            ) from None
        raise


def _take_back(
    cursor: psycopg.Cursor[Any],
    raw: psycopg.RawCursor[Any],
    caller: Caller,
    who: str,
    request: ReturnRequest,
    key: str,
    fingerprint: bytes,
    now: datetime,
) -> Answer:
    rules = programme.current()
    account, givers = _lock_accounts(cursor, request, rules, now)
    order, placed_at, store_id, store_code, order_no, version = _lock_order(cursor, request.order_id)
    # Under the lock of the order: one of nobody has no other that a twin waits for.
    if first := first_answer(raw, who, key):
        return repeat(first, fingerprint, key)
    caller.require_store(store_id, store_code)
    if request.store is not None:
        data = catalogue.known(generations.current(generations.CATALOGUE))
        receiving = catalogue.store(data, request.store)
        caller.require_store(receiving.id, receiving.code)
        store_id, store_code = receiving.id, receiving.code
    if request.returned_at < placed_at:
        raise ReturnRefused("The return lies before the purchase", reason="before_purchase")
    uses = promotions.uses_of(cursor, request.order_id)
    lines = _lines(cursor, request.order_id, uses, _earned(cursor, request.order_id, version))
    terms = _Terms(cursor, request.order_id, version, lines, uses)
    plan = give_back(order, lines, _wanted(request), terms.policy, terms.price_of_kept)
    return_id = _next_return_id(cursor)
    cause = Cause(
        at=request.returned_at,
        recorded_at=now,
        order_id=request.order_id,
        return_id=return_id,
        note=request.reason,
    )
    debt, others = _move_points(cursor, account, givers, plan, order, cause) if account else (0, 0)
    answer: dict[str, Any] = {
        "return_id": return_id,
        "return_no": request.return_no,
        "order_id": request.order_id,
        "order_no": order_no,
        "store": store_code,
        "returned_at": request.returned_at,
        "lines": [
            {
                "line_no": line.line_no,
                "quantity": format_milli(line.quantity_milli),
                "returned_minor": line.returned_minor,
            }
            for line in plan.lines
        ],
        "returned_minor": plan.returned_minor,
        "refund_minor": plan.refunded_minor,
        "shipping_refund_minor": 0,
        "points_restored": plan.points_restored,
        "points_restored_to_others": others,
        "points_clawed_back": plan.clawback,
        "points_debt": debt,
        "left_minor": order.total_minor - order.returned_minor - plan.returned_minor,
        "member": None,
    }
    _apply_to_order(cursor, request, plan)
    back = terms.back(order, _returned(lines, plan), plan)
    due = promotions.take_back(cursor, request.order_id, uses, back, request.returned_at)
    answer["coupons"] = _coupons_back(cursor, request, uses, back, rules, caller, now)
    if back.everything:
        answer["shipping_refund_minor"] = shipping.give_back(cursor, request.order_id)
    answer["refund_policy"] = terms.policy.value
    answer["gifts_due"] = [
        {"offer": gift.key, "sku": gift.sku or None, "quantity": gift.quantity} for gift in due
    ]
    if account is not None:
        answer["member"] = _member_after(cursor, raw, account, rules, request, plan, now)
    event = {name: answer[name] for name in ("return_id", "return_no", "order_id", "order_no", "store")} | {
        "member_id": account.member_id if account else None,
        "returned_minor": plan.returned_minor,
        "refunded_minor": plan.refunded_minor,
        "points_restored": plan.points_restored,
        "points_clawed_back": plan.clawback,
    }
    text = orjson.dumps(answer)
    WRITE.run(
        raw,
        {
            "return_id": return_id,
            "return_no": request.return_no,
            "order_id": request.order_id,
            "member_id": account.member_id if account else None,
            "store_id": store_id,
            "returned_at": request.returned_at,
            "biz_date": request.returned_at.astimezone(settings.LAOKE.zone).date(),
            "returned_minor": plan.returned_minor,
            "refunded_minor": plan.refunded_minor,
            "points_restored": plan.points_restored,
            "points_clawed_back": plan.clawback,
            "reason": request.reason,
            "recorded_at": now,
            "line_no": [line.line_no for line in plan.lines],
            "quantity_milli": [line.quantity_milli for line in plan.lines],
            "line_minor": [line.returned_minor for line in plan.lines],
            "event_payload": orjson.dumps(event).decode(),
            "caller": who,
            "key": key,
            "fingerprint": fingerprint,
            "answer": text.decode(),
        },
    )
    return Answer(201, text, first=True)


def _coupons_back(
    cursor: psycopg.Cursor[Any],
    request: ReturnRequest,
    uses: Sequence[Use],
    back: Back,
    rules: Programme,
    caller: Caller,
    now: datetime,
) -> list[dict[str, Any]]:
    """Coupons that come back, or are taken back: the last of what offers gave is back, or what is kept earns fewer."""
    if not uses:
        return []
    after = promotions.uses_of(cursor, request.order_id)
    still = back.still or {}
    found = coupon_use.take_back(
        cursor,
        request.order_id,
        {use.key for use in after if use.is_over},
        {use.key: still[use.key].coupons for use in after if not use.is_over and use.key in still},
        rules.coupons,
        actor=caller.label,
        at=request.returned_at,
        now=now,
    )
    return coupons.back_answer(found)


def _lock_accounts(
    cursor: psycopg.Cursor[Any], request: ReturnRequest, rules: Programme, now: datetime
) -> tuple[LockedAccount | None, Mapping[int, LockedAccount]]:
    """Lock the account of the order's member, with those of the people whose points it took. A merge may move the order
    while the lock is waited for."""
    while True:
        row = cursor.execute(
            "select member_id, case when points_redeemed > 0 then array(select distinct p.member_id "
            "from points_posting p where p.order_id = o.id and p.return_id is null and p.kind = 'transfer' "
            "and p.points < 0) end from purchases_order o where id = %s",
            (request.order_id,),
        ).fetchone()
        if row is None:
            raise UnknownOrder(f"There is no order {request.order_id}", order_id=request.order_id)
        if row[0] is None:
            return None, {}
        terms = rules.points.terms
        account, givers = pooling.lock_givers(
            cursor, row[0], row[1] or (), request.returned_at, terms, now=now
        )
        again = cursor.execute(
            "select o.member_id, s.due_date from purchases_order o "
            "left join tiers_standing s using (member_id) where o.id = %s",
            (request.order_id,),
        ).fetchone()
        if again is not None and again[0] == row[0]:
            today = request.returned_at.astimezone(settings.LAOKE.zone).date()
            if again[1] is not None and again[1] <= today:
                tiers_clock.settle(cursor, row[0], rules.ladder, today, now)
            return account, givers


def _lock_order(cursor: psycopg.Cursor[Any], order_id: int) -> tuple[SoldOrder, datetime, int, str, str, int]:
    row = cursor.execute(
        "select o.total_minor, o.points_minor, o.points_redeemed, o.points_earned, o.earn_base_minor, "
        "o.returned_minor, o.refunded_minor, o.points_restored, o.points_clawed_back, "
        "o.placed_at, o.store_id, s.code, o.order_no, o.programme_version "
        "from purchases_order o join purchases_store s on s.id = o.store_id where o.id = %s for update of o",
        (order_id,),
        prepare=True,
    ).fetchone()
    assert row is not None
    return SoldOrder(*row[:9]), row[9], row[10], row[11], row[12], row[13]


def _earned(cursor: psycopg.Cursor[Any], order_id: int, version: int) -> Mapping[int, int]:
    """Points by line number that rules of earning gave; none where all lines earned at one rate."""
    if programme.at_version(version).earning is None:
        return {}
    return earnings.of_orders(cursor, [order_id]).get(order_id, {})


def _lines(
    cursor: psycopg.Cursor[Any], order_id: int, uses: Sequence[Use], earned: Mapping[int, int]
) -> list[SoldLine]:
    """The lines as sold; what they were before offers is what was paid for them and what offers took off."""
    rows = cursor.execute(
        "select line_no, quantity_milli, net_minor, earn_base_minor, returned_milli, returned_minor "
        "from purchases_orderline where order_id = %s order by line_no",
        (order_id,),
        prepare=True,
    ).fetchall()
    return [
        SoldLine(
            line_no,
            milli,
            net,
            base,
            back_milli,
            back,
            net + sum(use.lines.get(str(line_no), 0) for use in uses),
            sum(use.points.get(str(line_no), 0) for use in uses) + earned.get(line_no, 0),
        )
        for line_no, milli, net, base, back_milli, back in rows
    ]


class _Terms:
    """How the discounts of one order are treated: as the programme declared when it was sold.

    Where no offer gave anything every line is worth what was paid for it, whatever was declared.
    """

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        order_id: int,
        version: int,
        lines: Sequence[SoldLine],
        uses: Sequence[Use],
    ) -> None:
        rules = programme.at_version(version)
        self.policy = rules.pricing.refund if uses else RefundPolicy.KEEP_THE_DEAL
        self._order = None
        if self.policy is RefundPolicy.REPRICE_KEPT:
            self._order = kept.Order(cursor, order_id, rules, lines)

    def price_of_kept(self, left: Mapping[int, int]) -> int:
        """What is kept costs, in thousandths by line number."""
        assert self._order is not None
        return self._order.keeping(left).total_minor

    def back(self, order: SoldOrder, lines: Sequence[Returned], plan: GiveBack) -> Back:
        """What has come back with this return."""
        still = None
        if self._order is not None:
            left = {line.line_no: line.quantity_milli - line.returned_milli for line in lines}
            still = self._order.keeping(left).by_offer
        value = order.returned_minor + plan.returned_minor
        return Back(self.policy, lines, value, order.total_minor, still)


def _returned(lines: list[SoldLine], plan: GiveBack) -> list[Returned]:
    """The lines with what has come back of them, this return included."""
    now = {line.line_no: line.quantity_milli for line in plan.lines}
    return [
        Returned(line.line_no, line.quantity_milli, line.returned_milli + now.get(line.line_no, 0))
        for line in lines
    ]


def _wanted(request: ReturnRequest) -> dict[int, int] | None:
    if request.lines is None:
        return None
    wanted: dict[int, int] = {}
    for line in request.lines:
        if line.line_no in wanted:
            raise ReturnRefused(
                f"Line {line.line_no} is named twice", reason="named_twice", line_no=line.line_no
            )
        wanted[line.line_no] = line.quantity_milli
    return wanted


def _move_points(
    cursor: psycopg.Cursor[Any],
    account: LockedAccount,
    givers: Mapping[int, LockedAccount],
    plan: GiveBack,
    order: SoldOrder,
    cause: Cause,
) -> tuple[int, int]:
    """Restore, then claw back; returns the points that became debt, and those restored to others of the household."""
    debt = others = 0
    if plan.points_restored:
        assert cause.order_id is not None
        spent = ledger.spent_by_order(cursor, cause.order_id, order.points_restored)
        others = pooling.restore(cursor, account, givers, spent, plan.points_restored, cause).others
    if plan.clawback:
        assert cause.order_id is not None
        debt = account.clawback(cause.order_id, plan.clawback, cause)
    account.close()
    return debt, others


def _apply_to_order(cursor: psycopg.Cursor[Any], request: ReturnRequest, plan: GiveBack) -> None:
    """Add the return up on the order and its lines, before the tier is judged by what is left."""
    cursor.execute(
        "update purchases_orderline sold set returned_milli = sold.returned_milli + line.milli, "
        "returned_minor = sold.returned_minor + line.minor "
        "from unnest(%s::smallint[], %s::bigint[], %s::bigint[]) as line (line_no, milli, minor) "
        "where sold.order_id = %s and sold.line_no = line.line_no",
        (
            [line.line_no for line in plan.lines],
            [line.quantity_milli for line in plan.lines],
            [line.returned_minor for line in plan.lines],
            request.order_id,
        ),
    )
    cursor.execute(
        "update purchases_order set returned_minor = returned_minor + %s, refunded_minor = refunded_minor + %s, "
        "returned_earn_base_minor = returned_earn_base_minor + %s, points_restored = points_restored + %s, "
        "points_clawed_back = points_clawed_back + %s where id = %s",
        (
            plan.returned_minor,
            plan.refunded_minor,
            plan.earn_base_minor,
            plan.points_restored,
            plan.clawback,
            request.order_id,
        ),
    )


def _member_after(
    cursor: psycopg.Cursor[Any],
    raw: psycopg.RawCursor[Any],
    account: LockedAccount,
    rules: Programme,
    request: ReturnRequest,
    plan: GiveBack,
    now: datetime,
) -> dict[str, Any]:
    move = standing.after_return(
        cursor,
        account.member_id,
        rules.ladder,
        request.order_id,
        refunded_minor=plan.refunded_minor,
        returned_minor=plan.returned_minor,
        clawed_back=plan.clawback,
        zone=settings.LAOKE.zone,
        at=request.returned_at,
    )
    if move is not None:
        standing.move_member(
            cursor,
            account.member_id,
            move,
            ladder=rules.ladder,
            at=request.returned_at,
            recorded_at=now,
            order_id=request.order_id,
        )
    tiers_clock.after_return(cursor, account.member_id, rules.ladder, request.returned_at, now)
    facts = members.read_any(raw, MemberKey(account.member_id), rules, request.returned_at).facts
    return {
        "member_id": account.member_id,
        "points_available": facts.available,
        "tier": facts.tier,
        "tier_before": move.from_tier if move else None,
    }


def _next_return_id(cursor: psycopg.Cursor[Any]) -> int:
    row = cursor.execute("select nextval('purchases_orderreturn_id_seq')", prepare=True).fetchone()
    assert row is not None
    return int(row[0])
