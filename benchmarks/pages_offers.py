"""Offers and coupons for the benchmark of pages: what a chain has after a year of promotions.

Three hundred offers, forty of them live, two million uses of them on its orders, a coupon template and one coupon of it
for every member, issued by the job that a shop would use; a fifth of the coupons is used. Made once into a kept shop.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg

TEMPLATE = "spring"
OFFERS, LIVE = 300, 40
USES = 2_000_000
_GOALS = ("acquire", "repeat", "cross_sell")
_STAGES = ("item", "basket", "member")


def promote(connection: psycopg.Connection[Any], at: datetime, tell: Callable[[str], None]) -> None:
    """Publish, issue and use; a shop that has it all is left as it is."""
    if connection.execute("select 1 from benefits_couponuse limit 1").fetchone():
        return
    tell(f"{OFFERS} offers")
    _publish(at)
    connection.execute("truncate promotions_offeruse")
    tell(f"uses of offers {USES:,}")
    connection.execute(
        "insert into promotions_offeruse (key, order_id, member_id, programme_version, amount_minor, lines, gifts, "
        "used_at, used_date, counted, returned_minor) "
        "select 'offer-' || id %% %(offers)s, id, member_id, programme_version, 500, '{}', '{}', placed_at, biz_date, "
        "false, 0 from purchases_order where member_id is not null order by id desc limit %(uses)s",
        {"offers": OFFERS, "uses": USES},
    )
    connection.commit()
    tell("a coupon for everybody")
    _issue(at)
    connection.execute(
        "with used as (update benefits_coupon c set state = 'used', used_order_id = o.id, used_at = o.placed_at "
        "from (select distinct on (member_id) id, member_id, placed_at from purchases_order where member_id %% 5 = 0 "
        "order by member_id, id) o where o.member_id = c.member_id and c.template = %(template)s "
        "returning c.id, c.used_order_id, c.member_id, c.used_at) "
        "insert into benefits_couponuse (coupon_id, template, shared, order_id, member_id, offers, amount_minor, "
        "used_at) select id, %(template)s, false, used_order_id, member_id, '[\"offer-1\"]', 500, used_at from used",
        {"template": TEMPLATE},
    )
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze promotions_offeruse, benefits_coupon, benefits_couponuse")
    connection.autocommit = False


def _key(number: int) -> str:
    return f"offer-{number}"


def _publish(at: datetime) -> None:
    from laoke.checkout import programme
    from laoke.foundation.access import SYSTEM

    offers: dict[str, Any] = {}
    for number in range(OFFERS):
        begins = at - timedelta(days=OFFERS - number)
        ends = at + timedelta(days=30) if number >= OFFERS - LIVE else begins + timedelta(days=14)
        offers[_key(number)] = {
            "name": {"zh": f"第{number}档满减", "en": f"Offer {number}"},
            "goal": _GOALS[number % len(_GOALS)],
            "stage": "basket",
            "starts": begins.date().isoformat(),
            "ends": ends.date().isoformat(),
            "when": {"member.known": True, "basket.subtotal": {"gte": 100 + number, "basis": "discounted"}},
            "gives": [{"amount": {"discount": 5}}],
            "limits": {"budget": 1_000_000},
        }
    template = {
        "name": {"zh": "春季券", "en": "Spring coupon"},
        "terms": {"zh": "全场通用，不找零", "en": "For everything; no change is given"},
        "valid": {"days": 3000},
    }
    there = programme.to_document(programme.current())
    sections = {
        "offers": there.get("offers", {}) | offers,
        "coupons": there.get("coupons", {}) | {TEMPLATE: template},
    }
    programme.apply(SYSTEM, sections, at=at - timedelta(days=1))


def _issue(at: datetime) -> None:
    from laoke.benefits.coupons import batches
    from laoke.foundation.access import SYSTEM

    batch = batches.to_audience(
        SYSTEM, TEMPLATE, {"member.known": True}, name="spring", at=at, later=lambda _: None
    )
    batches.run(batch.pk, lambda: at, lambda _: True)
