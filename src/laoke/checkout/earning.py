"""Points of a purchase: by the rules of the programme, with what offers add to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from laoke.checkout import offer_facts, offers, pricing
from laoke.checkout.offers import Offered
from laoke.checkout.programme import Programme
from laoke.checkout.types import BasketRequest, MemberFacts, TenderRequest
from laoke.engine.extra_points import at_rate, extra_points
from laoke.engine.pricing.board import Facts
from laoke.engine.pricing.plain import Price
from laoke.engine.pricing.purchase import BASE, PurchaseRules
from laoke.foundation import sql
from laoke.kernel.calendar import add_months, start_of_day
from laoke.points.earnings import OrderEarned
from laoke.promotions import earning
from laoke.segments import one

SO_FAR = sql.statement("laoke.checkout", "earned_so_far")

# Counted over all orders there are, also those made since a quote: an order is the first only once.
COUNTED = frozenset({"member.orders", "member.days_since_last_order"})


class Earned(NamedTuple):
    """A price with all its points.

    Args:
        extra: points that offers add, by offer and line number, as text.
        rules: what each rule gave, in order; without `extra`.
        lines: what the rules gave to each line, in order; None where all lines earn at one rate.
        promise: which rules held, as the guarantee of a quote says it.
    """

    price: Price
    extra: Mapping[str, Mapping[str, int]]
    rules: Sequence[tuple[str, int]]
    lines: Sequence[int] | None = None
    promise: str = ""

    def of_order(self, order_id: int) -> OrderEarned | None:
        """What is kept of it with an order; None: nothing has to be."""
        if self.lines is None or not self.price.points_earned:
            return None
        numbers = [line.line_no for line in self.price.lines]
        return OrderEarned(order_id, dict(zip(numbers, self.lines, strict=True)), self.rules)


def narrowed(resolved: pricing.Resolved, rules: Programme) -> pricing.Resolved:
    """The basket with the articles marked that earn nothing."""
    if rules.earning is None or rules.earning.document.without is None:
        return resolved
    earns = rules.earning.rules.earns
    lines = [
        replace(line, earns_points=line.earns_points and earns(product.article))
        for line, product in zip(resolved.lines, resolved.products, strict=True)
    ]
    return resolved._replace(lines=lines)


def earned(
    cursor: psycopg.Cursor[Any],
    basket: BasketRequest,
    resolved: pricing.Resolved,
    found: Offered | None,
    rules: Programme,
    member: MemberFacts | None,
    *,
    at: datetime,
    placed_at: datetime,
    now: datetime,
    tenders: Sequence[TenderRequest] = (),
) -> Earned:
    """Price a basket and count its points.

    Args:
        cursor: a raw cursor; asked only where the rules want to know more than was read with the member.
        resolved: as `narrowed` gives it.
        at: the instant the price is for; `placed_at` that of the order, whose day and month the caps are of; `now` the
            one up to which other orders count.
        tenders: how it is paid, as far as known.
    Raises:
        BadBasket, PointsRefused
    """
    lines = offers.discounts(found, resolved.lines)
    told = rules.earning
    unearning = 0
    if told is not None and tenders:
        without = told.rules.terms.tenders
        unearning = sum(tender.amount_minor for tender in tenders if tender.kind in without)
    price = pricing.priced(basket, lines, rules, member, max(0, unearning))
    giving = [deal for deal in (found.priced.given if found else ()) if deal.earns]
    bases = [line.earn_base_minor for line in price.lines]
    if told is None or member is None:
        base = [(BASE, price.points_earned)] if price.points_earned else []
        if not giving:
            return Earned(price, {}, base)
        rate = rules.points.earn
        added = extra_points(at_rate(bases, rate), [deal.earns for deal in giving], bases, rate.rounding)
        more = sum(sum(each.values()) for each in added)
        price = replace(price, points_earned=price.points_earned + more)
        return Earned(price, _by_offer(price, giving, added), base)
    facts = _facts(cursor, resolved, found, rules, member, at, now)
    left = _left(cursor, told.rules, member, placed_at)
    asked = offers.basket_of(basket, resolved.products, resolved.lines)
    taken = [line.discount_minor for line in price.lines]
    counted = told.rules.earned(asked, facts, taken, bases, [deal.earns for deal in giving], left)
    price = replace(price, points_earned=counted.points)
    return Earned(
        price,
        _by_offer(price, giving, counted.extra),
        counted.rules,
        counted.lines,
        ",".join(key for key in counted.held if key != BASE),
    )


def explained(found: Earned, rules: Programme) -> list[dict[str, Any]]:
    """What each rule gave, as plain JSON values; with the points of offers they sum to those of the purchase."""
    return [
        {"rule": key, "name": dict(earning.name_of(rules.earning, key)), "points": points}
        for key, points in found.rules
    ]


def _by_offer(
    price: Price, giving: Sequence[Any], added: Sequence[Mapping[int, int]]
) -> dict[str, dict[str, int]]:
    return {
        deal.ready.offer.key: {str(price.lines[i].line_no): points for i, points in lines.items()}
        for deal, lines in zip(giving, added, strict=True)
    }


def _facts(
    cursor: psycopg.Cursor[Any],
    resolved: pricing.Resolved,
    found: Offered | None,
    rules: Programme,
    member: MemberFacts,
    at: datetime,
    now: datetime,
) -> Facts:
    assert rules.earning is not None
    facts = found.facts if found else offer_facts.known(cursor, resolved.store, rules, member, at)
    counted = rules.earning.asks & COUNTED
    if not counted or now <= at:
        return facts
    fresh = one.known(cursor, member.member_id, counted, at, settings.LAOKE.zone, counted_until=now)
    others = {name: value for name, value in facts.known.items() if name not in counted}
    return replace(facts, known=others | fresh)


def _left(cursor: psycopg.Cursor[Any], rules: PurchaseRules, member: MemberFacts, at: datetime) -> int | None:
    """What the caps of the day and the month leave to this member."""
    caps = rules.terms.caps
    if not caps.over_time:
        return None
    zone = settings.LAOKE.zone
    day = at.astimezone(zone).date()
    month = day.replace(day=1)
    bounds = {
        "day_starts": start_of_day(day, zone),
        "day_ends": start_of_day(day + timedelta(days=1), zone),
        "month_starts": start_of_day(month, zone),
        "month_ends": start_of_day(add_months(month, 1), zone),
    }
    SO_FAR.run(cursor, {"member_id": member.member_id, **bounds})
    row = cursor.fetchone()
    assert row is not None
    return caps.left(*row)
