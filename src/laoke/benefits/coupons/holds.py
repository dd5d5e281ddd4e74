"""Holding coupons for an order that is not paid yet: nobody else can use them until it is, or the time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from laoke.benefits.coupons import templates, use
from laoke.benefits.coupons.errors import CouponsRefused
from laoke.benefits.coupons.use import At
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.sql import hot_cursor, raw_cursor

MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Held:
    """Coupons held for one order, by the codes as they were given; shared codes need no hold."""

    coupons: dict[str, int]
    until: datetime


def hold(
    caller: Caller,
    entered: Sequence[str],
    store_id: int,
    store_code: str,
    order_no: str,
    minutes: int,
    *,
    member_id: int | None = None,
    at: datetime,
) -> Held:
    """Hold coupons for the order that a store will record under this number: all of them or none.

    A repeat holds them anew from now. The hold ends with its time, with `release`, or with the order itself.

    Args:
        member_id: who buys; coupons in another wallet are refused.
    Raises:
        MissingScope, OutsideStores.
        CouponsRefused: with the reason of each that cannot be held.
    """
    caller.require(Scope.ORDERS_WRITE)
    caller.require_store(store_id, store_code)
    until = at + timedelta(minutes=minutes)

    def once() -> Held:
        with transaction.atomic(), raw_cursor() as raw, hot_cursor() as cursor:
            in_force = templates.current()
            where = At(member_id, store_id, order_no, at, at)
            facts = use.known(raw, entered, in_force, where)
            refused = {text: "unknown_code" for text in entered if text not in facts}
            # Under lock: somebody may be using one of them this moment.
            locked = {row.id: row for row in use.lock(raw, {fact.number for fact in facts.values()})}
            for text, fact in facts.items():
                row = locked.get(fact.number)
                reason = fact.refused if row is None else use.refusal(row, in_force, where)
                if reason is not None:
                    refused[text] = reason
            if refused:
                raise CouponsRefused(
                    [(place, text, refused[text]) for place, text in enumerate(entered) if text in refused]
                )
            cursor.execute(
                "update benefits_coupon set held_store_id = %s, held_order_no = %s, held_until = %s where id = any(%s)",
                (store_id, order_no, until, list(locked)),
            )
            return Held({text: fact.number for text, fact in facts.items()}, until)

    return once_more(once)


def release(caller: Caller, store_id: int, store_code: str, order_no: str) -> int:
    """Let go of what is held for an order; returns how many coupons. A repeat finds none.

    Raises:
        MissingScope, OutsideStores
    """
    caller.require(Scope.ORDERS_WRITE)
    caller.require_store(store_id, store_code)
    with transaction.atomic(), hot_cursor() as cursor:
        return cursor.execute(
            "update benefits_coupon set held_store_id = null, held_order_no = '', held_until = null "
            "where id in (select id from benefits_coupon where held_store_id = %s and held_order_no = %s "
            "and held_until is not null order by id for update)",
            (store_id, order_no),
        ).rowcount
