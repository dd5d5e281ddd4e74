"""Coupons on the trip of an order: what codes stand for, using them with the order, coupons that come with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from laoke.benefits.coupons import codes, guesses, issuing, use
from laoke.benefits.coupons.errors import CouponsRefused
from laoke.benefits.coupons.issuing import Grant, Granted
from laoke.benefits.coupons.use import At, Back, Use
from laoke.checkout.programme import Programme
from laoke.engine.pricing.board import CouponFact
from laoke.engine.pricing.priced import Priced
from laoke.foundation.access import Caller


class Presented(NamedTuple):
    """Where coupons are presented; `at` is the instant the price is for, `now` the clock."""

    store_id: int
    order_no: str | None
    now: datetime


def watch(caller: Caller, entered: Sequence[str], rules: Programme, at: datetime) -> None:
    """Have guesses counted: codes that are neither of a coupon nor of an offer, be it one that has ended. An announced
    code goes on to be entered for weeks, by many at one till or shop.

    Raises:
        TooManyGuesses
    """
    ever = rules.offers.ever_codes
    guesses.watch(
        caller, [text for text in _not_of_offers(entered, rules) if text.casefold() not in ever], at
    )


def known(
    cursor: psycopg.Cursor[Any],
    entered: Sequence[str],
    rules: Programme,
    member_id: int | None,
    at: datetime,
    presented: Presented,
    lost: Mapping[int, str],
) -> dict[str, CouponFact]:
    """The coupons of the entered codes; codes of offers go first.

    Args:
        lost: coupons that cannot be used any more, found when they were to be.
    """
    asked = _not_of_offers(entered, rules)
    if not asked:
        return {}
    where = At(member_id, presented.store_id, presented.order_no, at, presented.now)
    found = use.known(cursor, asked, rules.coupons, where)
    return {
        text: CouponFact(fact.number, fact.template, lost.get(fact.number, fact.refused))
        for text, fact in found.items()
    }


def uses(priced: Priced) -> list[Use]:
    """The coupons a price spends."""
    amounts = {deal.ready: deal.amount for deal in priced.given}
    return [
        Use(
            each.number,
            [ready.offer.key for ready in each.offers],
            sum(amounts[ready] for ready in each.offers),
        )
        for each in priced.coupons
    ]


def refuse(entered: Sequence[str], coupons: Mapping[str, CouponFact], lost: Mapping[int, str]) -> None:
    """Refuse an order whose quote had coupons that are lost now.

    Raises:
        CouponsRefused
    """
    told = [
        (place, text, lost[coupons[text].number])
        for place, text in enumerate(entered)
        if text in coupons and coupons[text].number in lost
    ]
    if told:
        raise CouponsRefused(told)


def grants(priced: Priced) -> list[Grant]:
    """The coupons that come with an order."""
    return [
        Grant(deal.ready.offer.key, template, quantity)
        for deal in priced.given
        for template, quantity in deal.granted.items()
    ]


def grant(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    member_id: int | None,
    priced: Priced,
    rules: Programme,
    now: datetime,
) -> list[Granted]:
    """Issue the coupons that come with an order."""
    wanted = grants(priced)
    if member_id is None or not wanted:
        return []
    return issuing.grant(cursor, order_id, member_id, wanted, rules.coupons, rules.version, now)


def used_answer(
    priced: Priced | None, entered: Sequence[str], coupons: Mapping[str, CouponFact], rules: Programme
) -> list[dict[str, Any]]:
    """The coupons an order uses, as plain JSON values; codes by their place and end."""
    spent = {each.coupon_id: each for each in (uses(priced) if priced else ())}
    found = []
    for place, text in enumerate(entered):
        fact = coupons.get(text)
        each = None if fact is None else spent.pop(fact.number, None)
        if fact is not None and each is not None:
            found.append(
                {
                    "coupon_id": each.coupon_id,
                    "place": place,
                    "code": shown(text, coupons),
                    "template": fact.template,
                    "name": name(rules, fact.template),
                    "offers": list(each.offers),
                    "amount_minor": each.amount_minor,
                }
            )
    return found


def grants_answer(granted: Sequence[Granted]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The coupons that were issued with an order, and those that were not, with the reason."""
    issued = [
        {
            "coupon_id": made.coupon_id,
            "template": each.grant.template,
            "offer": each.grant.offer,
            "valid_from": made.valid_from,
            "valid_until": made.valid_until,
        }
        for each in granted
        for made in each.coupons
    ]
    missing = [
        {
            "template": each.grant.template,
            "offer": each.grant.offer,
            "quantity": each.grant.quantity,
            "reason": each.reason,
        }
        for each in granted
        if each.reason is not None
    ]
    return issued, missing


def back_answer(back: Sequence[Back]) -> list[dict[str, Any]]:
    """What became of coupons with a return."""
    return [{"coupon_id": each.coupon_id, "template": each.template, "became": each.became} for each in back]


def shown(text: str, coupons: Mapping[str, CouponFact], *, unknown: bool = False) -> str:
    """A code as answers show it. They are kept with the order, so that of a coupon is not shown whole, nor one that
    nobody knows and that is as long: with one wrong character it is nearly a code."""
    plain = codes.plain(text)
    secret = text in coupons or (unknown and len(plain) > codes.SHORTEST)
    return codes.masked(plain) if secret else text


def name(rules: Programme, template: str) -> dict[str, str]:
    """What a template is called."""
    document = rules.coupons.documents.get(template)
    return (
        {"zh": template, "en": template}
        if document is None
        else {"zh": document.name.zh, "en": document.name.en}
    )


def _not_of_offers(entered: Sequence[str], rules: Programme) -> list[str]:
    compiled = rules.offers.compiled
    if compiled is None:
        return list(entered)
    return [text for text in entered if not compiled.with_code(compiled.code(text))]
