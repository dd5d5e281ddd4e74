"""An offer goes into the form and comes back; what the form cannot show comes back too."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.promotions import publication
from laoke.promotions.documents.offers import Fault, read_offer
from laoke.promotions.language import language
from laoke.surfaces.console.offers import form
from laoke.surfaces.console.offers.form import Shop

ROOT = Path(__file__).parents[5]
EXAMPLES: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "offers.yaml").read_text(encoding="utf-8"))[
    "offers"
]
NAME = {"zh": "满减", "en": "Off"}
BASE: dict[str, Any] = {
    "name": NAME,
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"amount": {"discount": "5.00"}}],
}
# One document for everything an offer can say.
LONG: dict[str, Any] = BASE | {
    "bearer": "supplier",
    "priority": -3,
    "starts": "2026-12-05",
    "ends": "2026-12-12T23:59:00+08:00",
    "channels": ["pos", "mini"],
    "codes": ["DEC12", "双十二"],
    "coupons": ["thanks-10"],
    "group": "g",
    "exclusive_set": "s",
    "exclusive": True,
    "once_per_line": True,
    "limits": {
        "in_total": 100,
        "per_member": 2,
        "per_member_a_day": 1,
        "members_only": True,
        "budget": "180000.00",
        "on_exceed": "clip",
        "pacing": "even",
        "alarm_at": [50, 90],
    },
    "when": {
        "all": [
            {"member.tier": {"not_in": ["plain", "silver"]}},
            {"member.known": {"eq": True}},
            {"member.birthday_week": {"eq": False}},
            {"member.class": {"exists": False}},
            {"member.tag": {"has_all": ["a", "b"]}},
            {"member.orders": {"in": [0, 3]}},
            {"moment.time": {"gte": "18:30"}},
            {"moment.date": {"lt": "2026-12-12"}},
            {
                "basket.subtotal": {
                    "gte": "199.00",
                    "of": {
                        "all": [
                            {"product.category": {"in": ["household"]}},
                            {"line.unit_price": {"gt": "1.00"}},
                        ]
                    },
                    "basis": "discounted",
                    "count_non_discountable": True,
                }
            },
            {"basket.subtotal": {"lt": "999.00", "basis": "original"}},
            {"any": [{"moment.day": {"eq": 10}}, {"not": {"store.code": {"eq": "S1"}}}]},
        ]
    },
    "gives": [
        {
            "percent": {
                "percent": "12.5",
                "of": {"product.category": {"in": ["milk"]}},
                "allocation": "across",
                "max_quantity": 3,
                "max": "20.00",
                "share_max": "sequential",
                "rounded_per": "unit",
            }
        },
        {"amount": {"discount": "3.00", "allocation": "each", "per": "line", "max_quantity": 2}},
        {"fixed_price": {"price": "0.10", "of": {"product.tag": {"in": ["sample"]}}, "max_quantity": 1}},
        {"member_price": {"prices": {"A-1": "5.00", "B": "6.50"}, "max_quantity": 9}},
        {
            "tiered": {
                "steps": [
                    {"reaching": "100.00", "discount": "20.00"},
                    {"reaching": "200.00", "discount": "50.00"},
                ],
                "of": {"product.brand": {"eq": "X"}},
                "measured": {"any": [{"product.sku": {"eq": "1"}}]},
                "basis": "original",
                "per_line": True,
            }
        },
        {"tiered": {"steps": [{"quantity": 2, "percent": "10"}, {"quantity": 3, "percent": "20"}]}},
        {"every": {"reaching": "100.00", "discount": "10.00", "max_times": 5, "basis": "original"}},
        {"nth": {"n": 2, "percent": "50", "order": "cheapest_first", "repeat": False, "by_line": True}},
        {
            "buy_get": {
                "buy": {"quantity": 5, "of": {"product.category": {"in": ["formula"]}}},
                "get": {"of": {"not": {"product.sku": {"eq": "x"}}}},
                "discount": "1.00",
                "repeat": False,
                "max_get_units": 2,
                "buy_pick": "basket",
                "get_pick": "dearest_first",
            }
        },
        {
            "bundle": {
                "parts": [{"quantity": 2}, {"of": {"product.sku": {"in": ["a", "b"]}}}],
                "price": "99.00",
            }
        },
    ],
}


def back(document: dict[str, Any]) -> dict[str, Any]:
    """What comes back when nothing is changed."""
    shown = form.show(document, Shop())
    return form.read(shown.fields(), document, language(), Shop())


def anew(document: dict[str, Any]) -> dict[str, Any]:
    """What the fields alone say, without the words of before."""
    return form.read(form.show(document, Shop()).fields(), {}, language(), Shop())


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_example_comes_back_as_it_was_written(key: str) -> None:
    assert back(EXAMPLES[key]) == EXAMPLES[key]
    # And its fields alone mean the same offer.
    alone, written = (read_offer(each, language()) for each in (anew(EXAMPLES[key]), EXAMPLES[key]))
    assert alone.when == written.when
    assert [_spelt(each) for each in alone.gives] == [_spelt(each) for each in written.gives]
    assert alone.limits == written.limits


def _spelt(gives: Any) -> Any:
    return gives.model_dump(mode="json", context=language())


def test_everything_an_offer_can_say_has_a_field_or_is_kept() -> None:
    assert back(LONG) == LONG
    fields = form.show(LONG, Shop()).fields()
    kept = {name for name in fields if name.endswith(".kept")}
    # `any` and `not` are kept, and nothing else.
    assert kept == {"when.10.kept", "gives.4.tiered.measured.0.kept", "gives.8.buy_get.get.of.0.kept"}


def test_what_is_published_comes_back_to_the_letter_from_the_fields_alone() -> None:
    written = publication.written(read_offer(LONG, language()))
    assert anew(written) == written


@pytest.mark.parametrize(
    "odd",
    [
        {"codes": 5},
        {"codes": ["a,b"]},
        {"limits": {"budget": "x", "unheard_of": 1}},
        {"limits": []},
        {"when": "what"},
        {"when": {"all": []}},
        {"when": {"member.tier": {}}},
        {"when": {"no.such": 1}},
        {"when": {"member.orders": "3"}},
        {"gives": []},
        {"gives": "all"},
        {"gives": [{}]},
        {"gives": [5]},
        {"gives": [{"percent": {"percent": "5", "of": {}}}]},
        {"gives": [{"percent": {"percent": {"a": 1}}}]},
        {"gives": [{"unheard_of": {}}]},
        {"gives": [{"amount": {"discount": 5, "unheard_of": 1}}]},
        {"gives": [{"tiered": {"steps": [{"reaching": 1, "quantity": 2}]}}]},
        {"name": "x"},
        {"goal": 7},
        {"starts": "2026-12-05T00:00:01+08:00"},
        {"starts": "next week"},
        {"starts": 5},
        {"unheard_of": {"deep": [1, None, "x"]}},
        {"priority": "high"},
        {"exclusive": "yes"},
    ],
)
def test_what_no_field_can_show_is_kept(odd: dict[str, Any]) -> None:
    document = BASE | odd
    assert back(document) == document


def test_nothing_at_all_stays_unfinished() -> None:
    once = back({})
    assert back(once) == once
    with pytest.raises(Fault):
        read_offer(once, language())


def test_a_changed_field_changes_only_its_part() -> None:
    fields = form.show(LONG, Shop()).fields()
    fields["offer.limits.per_member"] = ["3"]
    fields["gives.0.percent.percent"] = ["15"]
    changed = form.read(fields, LONG, language(), Shop())
    expected = deepcopy(LONG)
    expected["limits"]["per_member"] = 3
    expected["gives"][0]["percent"]["percent"] = "15"
    assert changed == expected


def test_an_instant_is_shown_in_the_zone_of_the_shop_and_a_time_makes_one() -> None:
    fields = form.show(LONG, Shop()).fields()
    assert (fields["offer.starts"], fields["offer.starts.time"]) == (["2026-12-05"], [""])
    assert (fields["offer.ends"], fields["offer.ends.time"]) == (["2026-12-12"], ["23:59"])
    fields["offer.starts.time"] = ["08:00"]
    assert form.read(fields, LONG, language(), Shop())["starts"] == "2026-12-05T08:00:00+08:00"


def test_switching_between_money_and_percent_keeps_the_number() -> None:
    document = BASE | {"gives": [{"buy_get": {"buy": {}, "get": {}, "percent": "50"}}]}
    fields = form.show(document, Shop()).fields()
    fields["gives.0.buy_get.off"] = ["discount"]
    assert form.read(fields, document, language(), Shop())["gives"][0]["buy_get"]["discount"] == "50"


def test_rows_are_added_moved_and_taken_away() -> None:
    fields = form.show(LONG, Shop()).fields()
    grown = form.read(form.add(fields, "when", "member.region"), LONG, language(), Shop())
    assert grown["when"]["all"][-1] == {"member.region": {"in": []}}
    assert grown["when"]["all"][:-1] == LONG["when"]["all"]
    grown = form.read(form.add(fields, "gives.4.tiered.steps", ""), LONG, language(), Shop())
    assert len(grown["gives"][4]["tiered"]["steps"]) == 3
    grown = form.read(form.add(fields, "gives.1.amount.of", "product.sku"), LONG, language(), Shop())
    assert grown["gives"][1]["amount"]["of"] == {"product.sku": {"in": []}}
    moved = form.read(form.move(fields, "gives.1", -1), LONG, language(), Shop())
    assert moved["gives"] == [LONG["gives"][1], LONG["gives"][0], *LONG["gives"][2:]]
    assert form.read(form.move(fields, "gives.0", -1), LONG, language(), Shop()) == LONG
    shorter = form.read(form.remove(fields, "gives.0"), LONG, language(), Shop())
    assert shorter["gives"] == LONG["gives"][1:]
    shorter = form.read(form.remove(fields, "when.10"), LONG, language(), Shop())
    assert shorter["when"]["all"] == LONG["when"]["all"][:10]


def test_an_empty_sheet_takes_its_first_effect() -> None:
    document = BASE | {"gives": []}
    fields = form.show(document, Shop()).fields()
    assert not any(name.startswith("kept.") for name in fields)
    grown = form.read(form.add(fields, "gives", "nth"), document, language(), Shop())
    assert grown["gives"] == [{"nth": {"n": "", "percent": ""}}]


@pytest.mark.parametrize("kind", Shop().kinds())
def test_every_kind_of_effect_can_be_added_and_comes_back(kind: str) -> None:
    fields = form.add(form.show(BASE, Shop()).fields(), "gives", kind)
    document = form.read(fields, BASE, language(), Shop())
    assert list(document["gives"][1]) == [kind]
    assert back(document) == document


plain = st.none() | st.booleans() | st.integers(-5, 10**6) | st.text(max_size=12)
trees = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
odd_parts = st.dictionaries(
    st.sampled_from([*LONG, "kept", "x"]),
    trees | st.sampled_from([LONG[name] for name in LONG]),
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(odd_parts)
def test_whatever_stands_in_a_draft_comes_back_or_settles(document: dict[str, Any]) -> None:
    """Texts that nobody can publish are shown too; what is read once stays so. A code named twice is one code."""
    once = back(document)
    assert back(once) == once
    for name, value in document.items():
        if name not in ("name", "limits", "gives", "when") and value not in (None, "", [], {}):
            assert once[name] in (value, _each_once(value))


def _each_once(value: Any) -> Any:
    plain = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return list(dict.fromkeys(value)) if plain else value


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.text(max_size=20), st.lists(st.text(max_size=20), min_size=1, max_size=2), max_size=8)
)
def test_no_form_that_is_sent_breaks_the_reading(fields: dict[str, list[str]]) -> None:
    form.read(fields, LONG, language(), Shop())
