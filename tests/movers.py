"""Members of the small shop who moved on the ladder in two quarters, for the tests of what is counted of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.tiers.review import review
from tests.shop import OPENING, Shop, line

# 13 August 2026 in Shanghai: the columns are the ends of March and June, and yesterday.
NOW = datetime(2026, 8, 13, 1, tzinfo=UTC)
DAYS = (date(2026, 3, 31), date(2026, 6, 30), date(2026, 8, 12))
_WINE = ("wine", 1)
# What each bought on which days. A bottle of wine is 500 yuan: silver. Gold takes three purchases and 2,000 yuan in
# three months; by 13 August `purchase` lacks one purchase, `spend` 277.80 yuan, `both` one purchase and 290.30 yuan,
# `lost` all.
_BOUGHT: dict[str, dict[tuple[int, int], tuple[tuple[str, int], ...]]] = {
    "idle": {},
    "silver": {(3, 20): (_WINE,)},
    "erased": {(3, 20): (_WINE,)},
    "merged": {(3, 20): (_WINE,)},
    "purchase": {(5, 5): (_WINE,), (6, 1): (("wine", 2),), (6, 2): (("wine", 2),)},
    "spend": {(5, 5): (_WINE,), (6, 1): (("wine", 3),), (6, 2): (("rice", 3),), (6, 3): (("milk", 1),)},
    "both": {(5, 5): (_WINE,), (6, 1): (("wine", 3),), (6, 2): (("rice", 3),)},
    "lost": {(4, 10): (("wine", 2),), (4, 11): (_WINE,), (4, 12): (_WINE,)},
    "late": {},
}
_STORE_TWO = ("silver", "spend", "lost", "late")
# Everything they paid, in minor units.
PAID = 3 * 50_000 + 250_000 + 222_220 + 220_970 + 200_000


def on(month: int, day: int) -> datetime:
    """Noon in the shop."""
    return datetime(2026, month, day, 4, tzinfo=UTC)


def settle_in(shop: Shop) -> dict[str, int]:
    """Register them and sell to them; one is erased in May, one merged into another in July. Their numbers by name."""
    found: dict[str, int] = {}
    for name, bought in _BOUGHT.items():
        found[name] = members.register(
            caller=SYSTEM,
            at=on(7, 20) if name == "late" else OPENING,
            identities=[IdentityInput("card", f"HL-{name}")],
            name=name,
            home_store_id=shop.stores["S2" if name in _STORE_TWO else "S1"],
        )
        for (month, day), lines in bought.items():
            goods = [line(sku, quantity) for sku, quantity in lines]
            shop.till(on(month, day)).sell(f"{name}-{month}-{day}", found[name], *goods)
    review(programme.current().ladder, date(2026, 7, 1), now=on(7, 1))
    members.erase_person(caller=SYSTEM, member_id=found["erased"], reason="asked", at=on(5, 1))
    members.merge(
        caller=SYSTEM, kept_id=found["idle"], gone_id=found["merged"], reason="one person", at=on(7, 5)
    )
    return found
