"""`examples/benefits.yaml`: what the library for four tiers gives, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from laoke.benefits.library import entitlements, granting, publication, seen, selectors, using
from laoke.benefits.library.errors import BenefitRefused
from laoke.benefits.mall import selectors as mall
from laoke.benefits.mall import services as ordering
from laoke.benefits.strategies.partner_code import pool
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.foundation.models import OutboxMessage
from laoke.kernel.errors import LaokeError
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import selectors as points
from laoke.points import services as point_services
from laoke.surfaces.demo.loader import PROGRAMME
from tests import shop as shops
from tests.benefit_shop import at_tier
from tests.shop import OPENING, Shop, broken

AT = OPENING
EXAMPLE: dict[str, Any] = yaml.safe_load(Path("examples/benefits.yaml").read_text())


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    shop = shops.open_shop()
    programme.apply(SYSTEM, {"ladder": PROGRAMME["ladder"], **EXAMPLE}, at=AT)
    yield shop
    assert not broken()
    shops.forget()


@pytest.fixture
def people(shop):
    """One member of each tier."""
    found = {}
    for tier in ("basic", "silver", "gold", "diamond"):
        found[tier] = shop.member()
        if tier != "basic":
            at_tier(found[tier], tier)
    return found


def times(member, benefit, most=20):
    """How often it can be used before it is refused, and why then."""
    for used in range(most):
        try:
            using.use(SYSTEM, member, benefit, at=AT)
        except BenefitRefused as refusal:
            return used, [reason["code"] for reason in refusal.reasons]
    return most, []


def test_what_each_tier_has(people):
    """R28, R31, R32: newcomers' and category coupons, delivery, desks, 7 and 15 days, salon, check-up, new articles."""
    can = {
        tier: {row.benefit.key for row in entitlements.of(member, AT).rows if row.verdict.usable}
        for tier, member in people.items()
    }
    assert can["basic"] == {"returns"}
    assert can["silver"] - can["basic"] == {"fresh-coupon", "parking"}
    assert can["gold"] - can["silver"] == {"delivery", "support"}
    assert can["diamond"] - can["gold"] == {
        "priority", "manager", "pickup", "warranty", "new-first", "salon", "check-up",
    }  # fmt: skip
    days = {
        tier: entitlements.of(member, AT).of("returns").verdict.share.amount
        for tier, member in people.items()
    }
    assert days == {"basic": 7, "silver": 7, "gold": 15, "diamond": 15}
    assert times(people["gold"], "delivery") == (4, ["used_up"])
    assert times(people["diamond"], "delivery") == (8, ["used_up"])
    assert times(people["diamond"], "salon") == (1, ["used_up"])
    assert times(people["diamond"], "check-up") == (1, ["used_up"])
    assert times(people["diamond"], "support") == (20, [])
    assert times(people["silver"], "salon") == (0, ["tier"])


def test_occasions(people):
    """R28, R30: a coupon for joining, points for the birthday by tier, a gift given out by hand."""
    granting.joined(people["basic"], at=AT)
    assert times(people["basic"], "welcome") == (1, ["used_up"])
    born = {
        tier: members.register(
            caller=SYSTEM,
            at=AT,
            identities=[IdentityInput("phone", f"1390000002{number}")],
            birth_date=date(1990, 3, 17),
        )
        for number, tier in enumerate(("basic", "silver", "gold", "diamond"))
    }
    for tier in ("silver", "gold", "diamond"):
        at_tier(born[tier], tier)
    # Three of them are on a tier that has it; the days before count.
    assert granting.birthdays(AT.date(), now=AT) == 3
    for tier, member in born.items():
        worth = {"basic": None, "silver": 100, "gold": 200, "diamond": 500}[tier]
        if worth is None:
            assert times(member, "birthday")[0] == 0
        else:
            using.use(SYSTEM, member, "birthday", at=AT)
            assert points.account(member, AT).available == worth
    assert times(people["diamond"], "thanks") == (0, ["not_granted"])


def test_experiences_by_preference_and_partners(shop, people):
    """R29, R33: a lecture for whoever is tagged; codes of another brand, one each a quarter, two for the highest."""
    assert times(people["gold"], "parenting") == (0, ["condition"])
    members.tag(caller=SYSTEM, member_id=people["gold"], tags=["母婴"], at=AT)
    assert times(people["gold"], "parenting") == (1, ["used_up"])
    assert times(people["gold"], "coffee") == (0, ["none_left"])
    pool.load(SYSTEM, "coffee", "2026", [f"C{number}" for number in range(9)], AT + timedelta(days=90), at=AT)
    assert times(people["gold"], "coffee") == (1, ["used_up"])
    assert times(people["diamond"], "coffee") == (2, ["used_up"])
    settled = pool.settle(SYSTEM, "coffee", AT + timedelta(hours=1), at=AT + timedelta(hours=2))
    assert settled is not None
    assert (settled.codes, settled.amount_minor) == (3, 3600)


def test_higher_tiers_never_have_less(shop):
    """R34: taking delivery from the highest is refused with its place; nothing was published."""
    worse = deepcopy(EXAMPLE["benefits"])
    del worse["library"]["delivery"]["tiers"]["diamond"]
    with pytest.raises(LaokeError, match=r"delivery\.tiers: diamond has less of it than gold"):
        programme.apply(SYSTEM, {"benefits": worse}, at=AT)
    assert "diamond" in publication.in_force().benefits["delivery"].document.tiers


def test_the_budget_of_a_tier_is_not_overrun_by_more_than_two_percent(people):
    """R34: 60 yuan take ten deliveries at 6; somebody is told with the ninth (54 of 60), the eleventh is refused."""
    section = EXAMPLE["benefits"] | {"budgets": {"diamond": {"per_year_minor": 6_000}}}
    programme.apply(SYSTEM, {"benefits": section}, at=AT)
    assert times(people["diamond"], "delivery") == (8, ["used_up"])
    assert not OutboxMessage.objects.filter(topic="benefit.budget_alarm").exists()
    second = members.register(caller=SYSTEM, at=AT, identities=[IdentityInput("phone", "13900000031")])
    at_tier(second, "diamond")
    assert times(second, "delivery") == (2, ["budget"])
    told = [
        message.payload["stage"] for message in OutboxMessage.objects.filter(topic="benefit.budget_alarm")
    ]
    assert told == ["alarm", "reached"]
    row = next(row for row in selectors.budget_rows(AT) if row.tier == "diamond")
    assert (row.spent_minor, row.most_minor) == (6_000, 6_120)


def test_changes_are_announced_and_it_is_known_who_saw_them(people):
    """R35, R36: a new benefit is an event of its own; who was shown it is counted, and who used it."""
    OutboxMessage.objects.all().delete()
    more = deepcopy(EXAMPLE["benefits"])
    more["library"]["tasting"] = {
        "name": {"zh": "新品试吃", "en": "Tasting"},
        "experience": {"seats": 20},
        "everybody": {"quota": 1},
    }
    programme.apply(SYSTEM, {"benefits": more}, at=AT)
    (told,) = OutboxMessage.objects.filter(topic="benefit.published")
    assert told.payload["benefit"] == "tasting"
    for tier in ("basic", "silver", "gold"):
        seen.note(SYSTEM, people[tier], ["tasting"], at=AT)
    using.use(SYSTEM, people["gold"], "tasting", at=AT)
    row = next(row for row in selectors.rows(AT, AT) if row.benefit.key == "tasting")
    assert (row.seen_by, row.users, row.uses, row.taken) == (3, 1, 1, 1)


def test_what_points_buy(shop, people):
    """R41: goods with a rest in cash, a coupon, a seat of gold and above, 100 points for the village library."""
    member = people["basic"]
    point_services.apply(SYSTEM, member, 2_000, "gift", at=AT)
    ordering.order(SYSTEM, member, "basket", store_id=shop.stores["S1"], at=AT)
    ordering.order(SYSTEM, member, "ten-off", at=AT)
    ordering.order(SYSTEM, member, "library", 4, at=AT)
    assert points.account(member, AT).available == 0
    rows = {row.item.key: row for row in mall.item_rows()}
    assert rows["basket"].left == 29
    assert rows["library"].raised_minor == 400
    assert mall.of_member(member)[0][-1].cash_minor == 1_990
