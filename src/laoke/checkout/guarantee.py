"""The quote's guarantee: a signed note of what was priced, under which rules, and until when it holds.

The note travels with the till instead of lying in a table: a quote stays a pure read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson
from django.conf import settings

from laoke.checkout.errors import QuoteExpired, QuoteMismatch
from laoke.checkout.types import BasketRequest

VALID_FOR = timedelta(minutes=15)


class Guarantee(NamedTuple):
    """What a quote promised. `offers` stands for what each offer gives, `coupons` are the coupons they are for,
    `earning` the rules of earning that held."""

    programme_version: int
    priced_at: datetime
    unit_prices: tuple[int, ...]
    offers: str = ""
    coupons: tuple[int, ...] = ()
    earning: str = ""


def issue(basket: BasketRequest, guarantee: Guarantee) -> str:
    """Sign what was promised for this basket."""
    body = orjson.dumps(
        [
            guarantee.programme_version,
            int(guarantee.priced_at.timestamp() * 1_000_000),
            guarantee.unit_prices,
            _fingerprint(basket),
            guarantee.offers,
            *([guarantee.coupons] if guarantee.coupons or guarantee.earning else []),
            *([guarantee.earning] if guarantee.earning else []),
        ]
    )
    return f"{_text(body)}.{_text(_signature(body))}"


def read(note: str, basket: BasketRequest, now: datetime) -> Guarantee:
    """Check a note against the basket that is to be committed.

    Raises:
        QuoteMismatch: not signed here, or for another basket.
        QuoteExpired: older than the guarantee.
    """
    try:
        body_text, _, signature_text = note.partition(".")
        body, signature = _bytes(body_text), _bytes(signature_text)
    except ValueError:
        raise QuoteMismatch("The quote is not one of ours") from None
    if not hmac.compare_digest(signature, _signature(body)):
        raise QuoteMismatch("The quote is not one of ours")
    version, micros, prices, fingerprint, *more = orjson.loads(body)
    offers = more[0] if more else ""
    coupons = more[1] if len(more) > 1 else ()
    earning = more[2] if len(more) > 2 else ""
    priced_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
    if now > priced_at + VALID_FOR:
        raise QuoteExpired("The quote was valid for 15 minutes; ask for a new one")
    if fingerprint != _fingerprint(basket):
        raise QuoteMismatch("The order differs from the basket that was quoted; ask for a new quote")
    return Guarantee(version, priced_at, tuple(prices), offers, tuple(coupons), earning)


def _fingerprint(basket: BasketRequest) -> str:
    """Everything a price depends on, apart from the rules. Points are left out: the till asks for the usable
    points first and redeems them with the commit."""
    member = basket.member
    parts = [
        basket.store,
        basket.channel,
        basket.currency,
        None if member is None else [member.member_id, member.kind, (member.blind_index or b"").hex()],
        [
            [line.sku, line.quantity_milli, line.unit_price_minor, line.discount_minor]
            for line in basket.lines
        ],
        *([basket.codes, basket.gift_choices] if basket.codes or basket.gift_choices else []),
        *(basket.shipping or ()),
    ]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]


def _signature(body: bytes) -> bytes:
    return hmac.digest(f"quote:{settings.SECRET_KEY}".encode(), body, "sha256")[:16]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
