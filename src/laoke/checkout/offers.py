"""Offers at the till: what they may know, what they give, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.conf import settings

from laoke.checkout.programme import Programme
from laoke.checkout.types import BasketRequest, MemberFacts
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Basket, Line
from laoke.engine.pricing.board import Facts, Uses
from laoke.engine.pricing.deals import Deal
from laoke.engine.pricing.plain import BasketLine
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.foundation import sql
from laoke.promotions import counters
from laoke.promotions.moments import in_birthday_week
from laoke.purchases.types import ProductFacts, StoreFacts

FACTS = sql.statement("laoke.checkout", "offer_facts")
USUAL = sql.statement("laoke.checkout", "usual_articles")
WRITE_USES = sql.statement("laoke.checkout", "write_uses")

# Attributes that are read of a member only when an offer asks for one of them.
_MEMBER = frozenset(
    {
        "member.class",
        "member.tag",
        "member.orders",
        "member.days_since_registration",
        "member.days_since_last_order",
        "member.birthday_week",
        "member.uses",
    }
)
USUAL_LIST = "usual"
MOST_HINTS = 3
_LIMITS = frozenset({"usage_limit_reached", "member_limit_reached", "budget_exhausted"})
# More than any limit: an offer that another till has used up meanwhile.
_ALL = Uses(total=2**62, spent_minor=2**62)


def priced(
    cursor: psycopg.Cursor[Any],
    basket: BasketRequest,
    store: StoreFacts,
    products: list[ProductFacts],
    lines: list[BasketLine],
    rules: Programme,
    member: MemberFacts | None,
    at: datetime,
    *,
    used_up: frozenset[str] = frozenset(),
) -> Priced | None:
    """What the offers in force give to a basket; None when there are none.

    Args:
        cursor: a raw cursor; asked only for what the offers of this programme want to know.
        used_up: offers that have nothing left, found when they were counted.
    Raises:
        BadBasket
    """
    programme = rules.offers.compiled
    if programme is None:
        return None
    facts = _facts(cursor, store, rules, member, at)
    asked = Basket(
        tuple(
            Line(
                line.line_no,
                product.article,
                line.quantity_milli,
                line.unit_price_minor,
                line.discount_minor,
                cost_minor=product.cost_minor,
                earns_points=line.earns_points,
            )
            for line, product in zip(lines, products, strict=True)
        ),
        codes=basket.codes,
        channel=basket.channel,
        currency=basket.currency,
        gift_choices=dict(basket.gift_choices),
    )
    known = dict.fromkeys(used_up, _ALL)
    while True:
        uses = dict(facts.uses)
        for key, count in known.items():
            mine = uses.get(key, Uses())
            uses[key] = Uses(mine.by_member, mine.by_member_today, count.total, count.spent_minor)
        found = price(
            asked,
            programme,
            Facts(facts.known, facts.is_member, facts.lists, uses),
            at,
            most_hints=MOST_HINTS,
        )
        # Counters are asked for only of the offers that would be given: most baskets meet none with a limit.
        unknown = {deal.ready.offer.key for deal in found.given} & rules.offers.limited - known.keys()
        if not unknown:
            return found
        known |= dict.fromkeys(unknown, Uses()) | counters.used(cursor, unknown)


def discounts(found: Priced | None, lines: list[BasketLine]) -> list[BasketLine]:
    """The lines with what offers take off them."""
    if found is None or not found.given:
        return lines
    return [
        BasketLine(
            line.line_no,
            line.product_id,
            line.quantity_milli,
            line.unit_price_minor,
            after.discount_minor,
            line.earns_points,
        )
        for line, after in zip(lines, found.lines, strict=True)
    ]


def total(found: Priced | None) -> int:
    """What the offers take off together."""
    return sum(deal.amount for deal in found.given) if found else 0


def used_up(found: Priced | None) -> list[str]:
    """Offers that would have been given had they not reached a limit."""
    return [each.ready.offer.key for each in (found.refused if found else ()) if each.code in _LIMITS]


def count(cursor: psycopg.Cursor[Any], order_id: int, found: Priced | None, rules: Programme) -> list[str]:
    """Count what has limits; or nothing, and the keys of offers with too little left."""
    if found is None:
        return []
    wanted = [
        counters.Taken(deal.ready.offer.key, deal.amount)
        for deal in found.given
        if deal.ready.offer.key in rules.offers.limited
    ]
    return counters.take(cursor, order_id, wanted) if wanted else []


def write_uses(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    member_id: int | None,
    found: Priced | None,
    rules: Programme,
    at: datetime,
) -> None:
    """Record what each offer gave to an order."""
    if found is None or not found.given:
        return
    given = found.given
    WRITE_USES.run(
        cursor,
        {
            "order_id": order_id,
            "member_id": member_id,
            "programme_version": rules.version,
            "used_at": at,
            "used_date": at.astimezone(settings.LAOKE.zone).date(),
            "key": [deal.ready.offer.key for deal in given],
            "amount_minor": [deal.amount for deal in given],
            "lines": [_json(_by_line(found, deal)) for deal in given],
            "gifts": [_json({gift.sku: gift.quantity for gift in deal.gifts}) for deal in given],
            "counted": [deal.ready.offer.key in rules.offers.limited for deal in given],
        },
    )


def answer(found: Priced | None, rules: Programme) -> list[dict[str, Any]]:
    """The offers given, as plain JSON values."""
    return [
        {
            "offer": deal.ready.offer.key,
            "name": _name(rules, deal.ready.offer.key),
            "amount_minor": deal.amount,
            "lines": [
                {"line_no": int(line_no), "amount_minor": amount}
                for line_no, amount in _by_line(found, deal).items()
            ],
            "gifts": [
                {"sku": gift.sku or None, "quantity": gift.quantity, "choices": list(gift.choices)}
                for gift in deal.gifts
            ],
        }
        for deal in (found.given if found else ())
    ]


def answer_refused(found: Priced | None, rules: Programme) -> list[dict[str, Any]]:
    """The offers that concern the basket and were not given, with the first reason."""
    return [
        {
            "offer": each.ready.offer.key,
            "name": _name(rules, each.ready.offer.key),
            "reason": each.code,
        }
        for each in (found.refused if found else ())
    ]


def answer_codes(found: Priced | None, codes: tuple[str, ...]) -> list[dict[str, str]]:
    """The codes that brought nothing. Where there are no offers no code is known."""
    if found is None:
        return [{"code": code, "reason": "unknown_code"} for code in dict.fromkeys(codes)]
    return [{"code": each.code, "reason": each.reason} for each in found.rejected_codes]


def answer_hints(found: Priced | None, rules: Programme) -> list[dict[str, Any]]:
    """How little more would bring how much."""
    return [
        {
            "code": "buy_more_for_offer",
            "offer": hint.ready.offer.key,
            "name": _name(rules, hint.ready.offer.key),
            "missing_minor": hint.missing_minor,
            "missing_units": hint.missing_units,
            "discount_minor": hint.gain.minor,
            "percent": None if hint.gain.share is None else f"{float(hint.gain.share * 100):g}",
            "gifts": list(hint.gain.skus),
        }
        for hint in (found.hints if found else ())
    ]


def _facts(
    cursor: psycopg.Cursor[Any], store: StoreFacts, rules: Programme, member: MemberFacts | None, at: datetime
) -> Facts:
    zone = settings.LAOKE.zone
    known: dict[str, Any] = {**moment_facts(at, zone), "store.code": store.code}
    if member is None:
        return Facts(known)
    known["member.tier"] = member.tier
    asks = rules.offers.asks
    uses: dict[str, Uses] = {}
    if not asks.isdisjoint(_MEMBER):
        today = at.astimezone(zone).date()
        FACTS.run(cursor, {"member_id": member.member_id, "at": at, "today": today})
        row = cursor.fetchone()
        assert row is not None
        registered, birthday, orders, last, tags, rfm, used = row
        known["member.days_since_registration"] = (today - registered).days
        known["member.orders"] = orders
        known["member.tag"] = frozenset(tags)
        if rfm is not None:
            known["member.class"] = rfm
        if last is not None:
            known["member.days_since_last_order"] = (today - last).days
        if birthday is not None:
            known["member.birthday_week"] = in_birthday_week(birthday, today)
        uses = {
            key: Uses(by_member=total, by_member_today=days)
            for key, (total, days) in orjson.loads(used or b"{}").items()
        }
    lists: Mapping[str, frozenset[str]] = {}
    if "product.personal_list" in asks:
        USUAL.run(cursor, {"member_id": member.member_id, "at": at})
        lists = {USUAL_LIST: frozenset(row[0] for row in cursor.fetchall())}
    return Facts(known, is_member=True, lists=lists, uses=uses)


def _by_line(found: Priced | None, deal: Deal) -> dict[str, int]:
    lines = found.lines if found else ()
    return {str(line.line_no): amount for line, amount in zip(lines, deal.lines, strict=True) if amount}


def _name(rules: Programme, key: str) -> dict[str, str]:
    name = rules.offers.documents[key].name
    return {"zh": name.zh, "en": name.en}


def _json(value: Mapping[str, int]) -> str:
    return orjson.dumps(value).decode()
