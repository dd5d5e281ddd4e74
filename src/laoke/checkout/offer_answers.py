"""What a quote and an order say of offers: given, refused and why, hints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laoke.checkout import coupons, naming
from laoke.checkout.offers import Offered, by_line
from laoke.checkout.programme import Programme
from laoke.engine.pricing.eligibility import Rejected
from laoke.promotions import words


def given(
    found: Offered | None, rules: Programme, extra: Mapping[str, Mapping[str, int]]
) -> list[dict[str, Any]]:
    """The offers given, as plain JSON values; `extra` are the points each added, by line number."""
    return [
        {
            "offer": deal.ready.offer.key,
            "name": _name(rules, deal.ready.offer.key),
            "amount_minor": deal.amount,
            "shipping_minor": sum(deal.deliveries),
            "lines": [
                {"line_no": int(line_no), "amount_minor": amount}
                for line_no, amount in (by_line(found, deal) if found else {}).items()
            ],
            "points": sum(extra.get(deal.ready.offer.key, {}).values()),
            "points_by_line": [
                {"line_no": int(line_no), "points": points}
                for line_no, points in extra.get(deal.ready.offer.key, {}).items()
            ],
            "coupons": [
                {
                    "template": each.template,
                    "name": coupons.name(rules, each.template),
                    "quantity": each.quantity,
                }
                for each in deal.grants
            ],
            "gifts": [
                {"sku": gift.sku or None, "quantity": gift.quantity, "choices": list(gift.choices)}
                for gift in deal.gifts
            ],
        }
        for deal in (found.priced.given if found else ())
    ]


def refused(found: Offered | None, rules: Programme) -> list[dict[str, Any]]:
    """The offers that concern the basket and were not given, with the first reason."""
    if found is None or not found.priced.refused:
        return []
    return [
        {
            "offer": each.ready.offer.key,
            "name": _name(rules, each.ready.offer.key),
            "reason": each.code,
            "says": naming.refusal(rules, each),
        }
        for each in found.priced.refused
    ]


def codes_rejected(found: Offered | None, codes: tuple[str, ...], rules: Programme) -> list[dict[str, Any]]:
    """The codes that brought nothing, each with its place among those entered; of a coupon's code only the end. Where
    there are no offers no code is known."""
    if found is None:
        return [
            {
                "code": coupons.shown(code, {}, unknown=True),
                "place": codes.index(code),
                "reason": "unknown_code",
                "says": words.CODES["unknown_code"]._asdict(),
            }
            for code in dict.fromkeys(codes)
        ]
    if not found.priced.rejected_codes:
        return []
    telling, documents = naming.telling(rules), rules.offers.documents
    return [
        {
            "code": coupons.shown(each.code, found.facts.coupons, unknown=each.reason == "unknown_code"),
            "place": _place(each, codes),
            "reason": each.reason,
            "says": words.code(each, documents, telling)._asdict(),
        }
        for each in found.priced.rejected_codes
    ]


def _place(rejected: Rejected, codes: tuple[str, ...]) -> int:
    first = codes.index(rejected.code)
    if rejected.reason == "already_applied" and rejected.code in codes[first + 1 :]:
        return codes.index(rejected.code, first + 1)
    return first


def coupons_used(found: Offered | None, rules: Programme) -> list[dict[str, Any]]:
    """The coupons the offers are for."""
    if found is None:
        return []
    return coupons.used_answer(found.priced, found.basket.codes, found.facts.coupons, rules)


def hints(found: Offered | None, rules: Programme) -> list[dict[str, Any]]:
    """How little more would bring how much."""
    if found is None or not found.priced.hints:
        return []
    telling = naming.telling(rules)
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
            "points": hint.gain.points,
            "points_times": None if hint.gain.times is None else f"{float(hint.gain.times):g}",
            "says": words.hint(hint, telling)._asdict(),
        }
        for hint in found.priced.hints
    ]


def _name(rules: Programme, key: str) -> dict[str, str]:
    name = rules.offers.documents[key].name
    return {"zh": name.zh, "en": name.en}
