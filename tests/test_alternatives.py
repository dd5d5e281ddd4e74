"""Ladders with alternatives, 2,000 yuan or three purchases and 800 yuan: document, till and words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import jsonschema_rs
import pytest
from django.conf import settings
from django.utils import translation

from laoke.checkout import programme, programme_schema
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.surfaces.cli.programme import _ladder
from laoke.surfaces.console import trail
from laoke.surfaces.console.selectors.ladder import asked
from laoke.surfaces.console.templatetags.figures import needs_sentence
from laoke.tiers import ladder as ladders
from laoke.tiers.review import review
from laoke.tiers.schemas import LadderOut
from laoke.tiers.selectors import stand
from tests.shop import OPENING, POINTS, broken, line, tier

VALIDATOR = jsonschema_rs.Draft202012Validator(programme_schema.schema())
SPENT = {"metric": "spend", "months": 3, "at_least": 200_000}
OFTEN = [
    {"metric": "purchases", "months": 3, "at_least": 3},
    {"metric": "spend", "months": 3, "at_least": 80_000},
]
ONCE = {"metric": "purchases", "months": 12, "at_least": 1}
NEEDS: list[Any] = [ONCE, {"any": [SPENT, {"all": OFTEN}]}]


def rungs(needs: Any = NEEDS) -> dict[str, Any]:
    gold = {"code": "gold", "name_zh": "金卡", "name_en": "Gold", "needs": needs}
    return {
        "tiers": [{"code": "basic", "name_zh": "普通会员", "name_en": "Member"}, gold],
        "review": "quarterly",
    }


def hold(at=OPENING):
    programme.apply(SYSTEM, {"points": POINTS, "ladder": rungs()}, at=at)
    return ladders.parse(rungs())


def test_one_way_is_enough(shop):
    hold()
    till = shop.till()
    much, often, neither = shop.member(), shop.member(), shop.member()
    assert till.sell("A", much, line("wine", 4))["member"]["tier"] == "gold"
    for number in range(2):
        till.sell(f"B{number}", often, line("wine"))
        till.sell(f"C{number}", neither, line("rice"))
    assert tier(often) == "basic"
    last = till.sell("B2", often, line("rice"))
    assert (tier(often), tier(neither)) == ("gold", "basic")
    till.take_back(last["order_id"])
    assert tier(often) == "basic"
    assert broken() == {}


def test_a_review_takes_what_no_way_holds_any_more(shop):
    ladder = hold()
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("wine", 4))
    for day, then in (("2026-04-01", "gold"), ("2026-07-01", "basic")):
        review(ladder, date.fromisoformat(day), now=datetime.fromisoformat(f"{day}T04:00:00+00:00"))
        assert tier(member) == then
    assert broken() == {}


def test_the_way_up_names_the_alternatives(shop):
    hold()
    member, till = shop.member(), shop.till()
    answer = till.sell("A", member, line("wine"))
    found = stand(member, OPENING).progress
    assert found is not None
    assert found.says == {
        "zh": "再消费 1500 元或购物 2 次、消费 300 元，92 天内可升级为金卡",
        "en": "¥1,500 more spent or 2 more purchases and ¥300 more spent within 92 days for Gold",
    }
    told = [(need["metric"], need["at_least"], need["missing"], need["group"]) for need in found.needs]
    assert told == [
        ("purchases", 1, 0, None),
        ("spend", 200_000, 150_000, 1),
        ("purchases", 3, 2, 1),
        ("spend", 80_000, 30_000, 1),
    ]
    at_the_till = answer["member"]["progress"]["needs"]
    assert [
        (need["metric"], need["at_least"], need["missing"], need["group"]) for need in at_the_till
    ] == told


def test_a_document_is_read_and_written_back():
    document = rungs()
    ladder = ladders.parse(document)
    assert ladders.to_document(ladder)["tiers"][1]["needs"] == NEEDS
    assert ladders.parse(ladders.to_document(ladder)) == ladder
    assert VALIDATOR.is_valid({"ladder": document})
    shown = LadderOut.of(ladder).model_dump(exclude_none=True)["tiers"][1]["needs"]
    assert shown == NEEDS


@pytest.mark.parametrize(
    ("needs", "place"),
    [
        ([{"any": []}], "ladder.tiers[1].needs[0].any"),
        ([{"any": SPENT}], "ladder.tiers[1].needs[0].any"),
        ([{"any": [SPENT], "metric": "spend"}], "ladder.tiers[1].needs[0]"),
        ([{"all": OFTEN}], "ladder.tiers[1].needs[0]"),
        ([{"any": [{"any": [SPENT]}]}], "ladder.tiers[1].needs[0].any[0]"),
        ([{"any": [{"all": [{"all": OFTEN}]}]}], "ladder.tiers[1].needs[0].any[0].all[0]"),
        ([{"any": [SPENT | {"at_least": 0}]}], "tiers.gold"),
        ([{"any": [SPENT | {"metric": "smiles"}]}], "ladder.tiers[1].needs[0].any[0].metric"),
    ],
    ids=["none", "no-list", "both", "all-outside", "any-in-any", "all-in-all", "nothing-asked", "unknown"],
)
def test_a_document_that_cannot_be_is_refused_with_its_place(needs, place):
    with pytest.raises(BadPolicy) as refused:
        ladders.parse(rungs(needs))
    assert str(refused.value.extensions["field"]).startswith(place)
    zero = str(refused.value.extensions["field"]) == "tiers.gold"  # what contradicts itself no schema sees
    assert VALIDATOR.is_valid({"ladder": rungs(needs)}) == zero


def test_it_is_written_as_people_say_it():
    ladder = ladders.parse(rungs())
    shown = asked(ladder.tiers[1])
    with translation.override("en"):
        assert needs_sentence(shown) == (
            "1 purchase within 12 months and (¥2,000 paid within 3 months or 3 purchases and ¥800 paid within 3 months)"
        )
        assert trail._needs(NEEDS) == needs_sentence(shown)
    with translation.override("zh-hans"):
        assert needs_sentence(shown) == (
            "近 12 个月内消费满 1 次并且（近 3 个月内实付满 ¥2,000 或 近 3 个月内消费满 3 次并且实付满 ¥800）"
        )
    told = list(_ladder(ladder, settings.LAOKE.currency))
    assert told[-1].endswith(
        "1 purchase in 12 months and (2000.00 CNY in 3 months or 3 purchases in 3 months and 800.00 CNY in 3 months)"
    )
