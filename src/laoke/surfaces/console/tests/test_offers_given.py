"""What offers gave stands with the order and with the member: money, and points beside it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from tests.shop import OPENING, line

OFFERS = {
    "double": {
        "name": {"zh": "双倍积分", "en": "Double points"},
        "goal": "repeat",
        "stage": "tier",
        "gives": [{"points": {"factor": 2}}],
    },
    "less-20": {
        "name": {"zh": "满100减20", "en": "20 off 100"},
        "goal": "repeat",
        "stage": "basket",
        "when": {"basket.subtotal": {"gte": 100, "basis": "discounted"}},
        "gives": [{"amount": {"discount": 20}}],
    },
}


def words(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_points_of_offers_stand_beside_money(shop, hire):
    programme.apply(SYSTEM, {"offers": OFFERS}, at=OPENING)
    member, till = shop.member(), shop.till()
    sold = till.sell("A", member, line("rice", 2))
    # 139.80 less 20 earns 119 points; twice the exact 119.80 are 239.
    assert (sold["total_minor"], sold["points_earned"]) == (11980, 239)
    browser = hire("operations", at=OPENING + timedelta(days=1))
    order = words(browser.get(f"/orders/{sold['order_id']}").content.decode())
    assert "Double points -- +120 points --" in order
    assert "20 off 100 #1 −" in order
    assert "+120 points" in words(browser.get(f"/members/{member}").content.decode())
    chinese = hire("owner", language="zh-hans", at=OPENING + timedelta(days=1))
    assert "+120 积分" in words(chinese.get(f"/orders/{sold['order_id']}").content.decode())
