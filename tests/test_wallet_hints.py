"""Quotes name the coupon in the member's wallet that would save most; nothing is used by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from laoke.benefits.coupons import wallet
from laoke.checkout import wallet_hints
from laoke.foundation.access import SYSTEM
from tests.coupon_shop import NAME, give, offer, publish, template
from tests.shop import OPENING, broken, everything, line

OFFERS: dict[str, Any] = {
    "ten": offer({"percent": {"percent": 10}}, coupons=["ten"]),
    "less_20": offer(
        {"amount": {"discount": 20}}, coupons=["less-20"], when={"basket.subtotal": {"gte": 50}}
    ),
    "thanks": offer(
        {"coupon": {"template": "less-20"}}, stage="basket", when={"basket.subtotal": {"gte": 10_000}}
    ),
}
TWENTY = template(name={"zh": "满50减20", "en": "20 off from 50"})


@pytest.fixture
def shop(shop):
    publish({"less-20": TWENTY, "ten": template(), "idle": template()}, **OFFERS)
    return shop


def hint(reply: Any) -> dict[str, Any] | None:
    found = [each for each in reply["hints"] if each["code"] == "coupon_in_wallet"]
    assert len(found) <= 1
    return found[0] if found else None


def test_the_coupon_that_saves_most_on_this_basket_is_named_and_not_used(shop):
    member, till = shop.member(), shop.till()
    assert hint(till.quote(member, line("rice"))) is None
    ten, twenty = give(member, "ten"), give(member, "less-20")
    give(member, "idle")
    before = everything()
    # 69.90: a tenth is 6.99, the other takes 20.00 off.
    quoted = till.quote(member, line("rice"))
    found = hint(quoted)
    assert found is not None
    assert (quoted["total_minor"], quoted["offers"], quoted["coupons"]) == (6990, [], [])
    assert found["says"] == {
        "zh": "钱包里的“满50减20”券可再省20元，需要时请出示",
        "en": "“20 off from 50” in the wallet would save ¥20 more; present it to use it",
    }
    assert (found["template"], found["name"], found["discount_minor"]) == ("less-20", TWENTY["name"], 2000)
    assert everything() == before
    assert twenty not in str(quoted.json)
    # What is said is what it does.
    assert till.quote(member, line("rice"), codes=[twenty])["total_minor"] == 6990 - found["discount_minor"]
    # 500.00: a tenth is more. 12.50: below 50 only the tenth does something. A name that ends so is said once.
    for sku, saves in (("wine", 5000), ("milk", 125)):
        found = hint(till.quote(member, line(sku)))
        assert found is not None
        assert (found["template"], found["discount_minor"]) == ("ten", saves)
        assert found["says"]["zh"].startswith(f"钱包里的“{NAME['zh']}”可再省")
    # Nothing is said to somebody else, to nobody, or where one is presented; an order uses none by itself.
    assert hint(till.quote(shop.member(), line("wine"))) is None
    assert hint(till.quote(None, line("wine"))) is None
    assert hint(till.quote(member, line("wine"), codes=[ten])) is None
    sold = till.sell("A", member, line("wine"), quote=till.quote(member, line("wine"))["quote"])
    assert (sold["total_minor"], sold["coupons"]) == (50000, [])
    assert broken() == {}


def test_only_coupons_that_can_be_used_are_named(shop):
    member, till = shop.member(), shop.till()
    code = give(member, "ten")
    number = hint(till.quote(member, line("wine")))["coupon_id"]  # type: ignore[index]
    assert hint(till.later(days=8).quote(member, line("wine"))) is None
    till = shop.till()
    till.sell("A", member, line("wine"), codes=[code])
    assert hint(till.quote(member, line("wine"))) is None
    give(member, "ten")
    number = hint(till.quote(member, line("wine")))["coupon_id"]  # type: ignore[index]
    wallet.revoke(SYSTEM, number, reason="发错了", at=OPENING)
    assert hint(till.quote(member, line("wine"))) is None


def test_a_used_up_offer_makes_no_hint(shop):
    member, till = shop.member(), shop.till()
    publish({"ten": template()}, ten=OFFERS["ten"] | {"limits": {"in_total": 1}})
    first = give(member, "ten")
    give(member, "ten")
    assert hint(till.quote(member, line("wine"))) is not None
    till.sell("A", member, line("wine"), codes=[first])
    assert hint(till.quote(member, line("wine"))) is None


def test_a_large_wallet_is_not_tried_through(shop, monkeypatch):
    """Of each template the first, and of so many templates; whoever has no coupon costs one look, most shops none."""
    keys = [f"t{n}" for n in range(8)]
    publish(
        {key: template(valid={"days": 3 + n}) for n, key in enumerate(keys)},
        **{f"of_{key}": offer({"amount": {"discount": 1 + n}}, coupons=[key]) for n, key in enumerate(keys)},
    )
    member, poor, till = shop.member(), shop.member(), shop.till()
    for key in keys:
        give(member, key)
        give(member, key)
    tried = []
    with_coupon = wallet_hints.offers.with_coupon

    def watched(*arguments):
        tried.append(arguments[2].template)
        return with_coupon(*arguments)

    monkeypatch.setattr(wallet_hints.offers, "with_coupon", watched)
    found = hint(till.quote(member, line("wine")))
    assert tried == keys[: wallet_hints.MOST_TRIED]
    assert found is not None
    assert (found["template"], found["discount_minor"]) == ("t4", 500)
    tried.clear()
    with CaptureQueriesContext(connection) as with_offers_for_coupons:
        assert hint(till.quote(poor, line("wine"))) is None
    publish(
        {"t0": template()}, plain=offer({"amount": {"discount": 1}}, when={"basket.subtotal": {"gte": 50}})
    )
    till.quote(poor, line("wine"))
    with CaptureQueriesContext(connection) as without:
        till.quote(poor, line("wine"))
    assert tried == []
    assert not [each for each in without.captured_queries if "benefits_coupon" in each["sql"]]
    assert len(with_offers_for_coupons) - len(without) <= 1
