"""What a basket would cost and bring, without changing anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings

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
    wallet_hints,
)
from laoke.checkout.coupons import Presented
from laoke.checkout.earning import earned, explained, narrowed
from laoke.checkout.guarantee import VALID_FOR, Guarantee
from laoke.checkout.offers import Offered
from laoke.checkout.types import BasketRequest, MemberFacts
from laoke.engine.reasons import Reason
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import raw_cursor
from laoke.promotions import words

# The programme and catalogue this process saw last; a read tells when they have moved on.
_seen = {"programme": -1}


def quote(caller: Caller, basket: BasketRequest, *, at: datetime) -> dict[str, Any]:
    """Price a basket; the answer holds for 15 minutes when its `quote` is sent with the order.

    Raises:
        UnknownMember, MemberNotActive, UnknownStore, UnknownChannel, UnknownProduct, WrongCurrency,
        TooManyLines, BadBasket, PointsRefused, OutsideStores
    """
    caller.require(Scope.QUOTES)
    rules, facts, data = _read(basket, at)
    if basket.codes:
        coupons.watch(caller, basket.codes, rules, at)
    resolved = narrowed(pricing.resolve(basket, data), rules)
    caller.require_store(resolved.store.id, resolved.store.code)
    others = household.shared(rules, facts, at)
    if facts and others:
        facts = replace(facts, pooled=others.points)
    presented = Presented(resolved.store.id, basket.order_no, at)
    with raw_cursor() as cursor:
        found = _offers(cursor, basket, resolved, rules, facts, at, presented)
        counted = earned(cursor, basket, resolved, found, rules, facts, at=at, placed_at=at, now=at)
    price = counted.price
    unit_prices = tuple(line.unit_price_minor for line in resolved.lines)
    note = Guarantee(
        rules.version, at, unit_prices, offers.promise(found), offers.coupon_ids(found), counted.promise
    )
    answer: dict[str, Any] = {
        "quote": guarantee.issue(basket, note),
        "programme_version": rules.version,
        "priced_at": at,
        "valid_until": at + VALID_FOR,
        "lines": answers.lines(price, resolved.products),
        **answers.totals(price, basket.shipping, offers.shipping_off(found)),
        "offers": offer_answers.given(found, rules, counted.extra),
        "offers_refused": offer_answers.refused(found, rules),
        "codes_rejected": offer_answers.codes_rejected(found, basket.codes, rules),
        "coupons": offer_answers.coupons_used(found, rules),
        "points_to_earn": price.points_earned,
        "points_usable_from": answers.usable_from(
            rules.points.terms.pending_until(at, settings.LAOKE.zone), price.points_earned
        ),
        "earning": explained(counted, rules),
        "points_usable": price.points_usable,
        "points_usable_minor": rules.points.worth(price.points_usable),
        "points_to_redeem": price.points_redeemed,
        "reasons": [reason.as_json() for reason in (*price.reasons, *_unearning(rules, facts))],
        "hints": [
            *offer_answers.hints(found, rules),
            *wallet_hints.best(found, rules, facts, at, presented),
            *(_hints(price.earn_base_minor, rules) if facts else []),
        ],
        "household": None,
        "member": None,
    }
    if others:
        used = household.beyond(facts, price)
        answer["household"] = household.quoted(caller, others, used)
    if facts is not None:
        answer["member"] = {
            "member_id": facts.member_id,
            "tier": facts.tier,
            "points_available": facts.available,
            "progress": answers.progress(rules, facts.tier, facts),
        }
    return answer


def _offers(
    cursor: psycopg.Cursor[Any],
    basket: BasketRequest,
    resolved: pricing.Resolved,
    rules: programme.Programme,
    facts: MemberFacts | None,
    at: datetime,
    presented: Presented,
) -> Offered | None:
    if rules.offers.compiled is None:
        return None
    return offers.offered(
        cursor,
        basket,
        resolved.store,
        resolved.products,
        resolved.lines,
        rules,
        facts,
        at,
        presented,
    )


def _read(
    basket: BasketRequest, at: datetime
) -> tuple[programme.Programme, MemberFacts | None, catalogue.Known]:
    if basket.member is None:
        rules = programme.current()
        return rules, None, catalogue.known(generations.current(generations.CATALOGUE))
    with raw_cursor() as cursor:
        if _seen["programme"] < 0:
            _seen["programme"] = programme.current().version
        rules = programme.at_version(_seen["programme"])
        found = members.read(cursor, basket.member, rules, at)
        if found.programme != rules.version:
            _seen["programme"] = found.programme
            rules = programme.at_version(found.programme)
            found = members.read(cursor, basket.member, rules, at)
    facts = found.facts
    if held := holding.named(basket.points_hold, facts.member_id, at):
        facts = replace(facts, available=facts.available + held.points)
    return rules, facts, catalogue.known(found.catalogue)


def _unearning(rules: programme.Programme, facts: MemberFacts | None) -> tuple[Reason, ...]:
    """Points to earn are told before it is known how the basket is paid."""
    if facts is None or rules.earning is None or not rules.earning.document.without_tenders:
        return ()
    return (Reason("tenders_earn_nothing", {"tenders": list(rules.earning.document.without_tenders)}),)


def _hints(base_minor: int, rules: programme.Programme) -> list[dict[str, object]]:
    """How little more would earn the next point, where points come in steps worth mentioning."""
    earn = rules.points.earn
    missing = -base_minor % earn.per_minor
    if not earn.points or earn.per_minor < 1000 or not missing:
        return []
    hint = Reason("spend_more_to_earn", {"missing_minor": missing, "points": earn.points})
    says = words.points_hint(missing, earn.points, settings.LAOKE.currency)
    return [hint.as_json() | {"says": says._asdict()}]
