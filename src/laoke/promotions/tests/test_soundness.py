"""A programme is examined as a whole: what can never apply, gives everything away or has no bound is told by place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from laoke.engine.conditions.documents import Language
from laoke.foundation.access import SYSTEM
from laoke.promotions import drafts, policy, publication
from laoke.promotions.documents.files import read_file
from laoke.promotions.documents.offers import Fault, read_offer
from laoke.promotions.soundness.examine import examine, examine_one
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.soundness.references import Declared
from laoke.promotions.vocabulary import VOCABULARY

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "offers.yaml"
ZONE = timezone(timedelta(hours=8))
LANGUAGE = Language(VOCABULARY, "CNY")
SUNDAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
ABOVE = {"food": frozenset({"food"}), "tea": frozenset({"tea", "food"}), "soap": frozenset({"soap"})}


def examined(
    offers: Mapping[str, Any], pricing: Mapping[str, Any] | None = None, known: frozenset[str] | None = None
) -> Findings:
    return examine(
        {key: read_offer(document, LANGUAGE) for key, document in offers.items()},
        policy.parse(pricing or {}),
        Declared(frozenset({"basic", "gold"}), frozenset({"thanks"})),
        lambda kind, texts: texts if known is None else texts & known,
        ABOVE,
        give_back=Fraction(1, 100),
        currency="CNY",
        zone=ZONE,
        at=SUNDAY,
    )


def offer(*gives: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": {"zh": "名", "en": "Name"}, "goal": "repeat", "stage": "basket", "gives": gives, **more}


def shown(found: list[tuple[tuple[str | int, ...], str]]) -> list[tuple[str, str]]:
    return [(".".join(map(str, place)), says) for place, says in found]


TENTH = {"percent": {"percent": 10}}
OVER_20 = {"basket.subtotal": {"gte": 20}}


class TestWindows:
    @pytest.mark.parametrize(
        ("more", "place"),
        [
            (
                {"when": {"all": [{"moment.weekday": "mon"}, {"moment.weekday": "tue"}]}},
                "when.moment.weekday",
            ),
            ({"when": {"member.orders": {"gte": 5, "lt": 3}}}, "when.member.orders"),
            ({"when": {"basket.channel": "app"}, "channels": ["store"]}, "when.basket.channel"),
            # Saturday and Sunday only, and a Monday is asked for.
            ({"when": {"moment.weekday": "mon"}, "starts": "2026-11-28", "ends": "2026-11-29"}, "when"),
            ({"when": {"moment.day": 31, "moment.month": [2, 4]}}, "when"),
            ({"when": {"moment.weekend_of_month": 6}}, "when"),
            ({"when": {"moment.weekend_of_month": 1, "moment.weekday": "wed"}}, "when"),
        ],
    )
    def test_what_can_never_hold_is_refused(self, more, place):
        found = examined({"never": offer(TENTH, **more)})
        assert [where for where, _ in shown(found.faults)] == [f"offers.never.{place}"]

    @pytest.mark.parametrize(
        "when",
        [
            {"moment.day": 29, "moment.month": 2, "moment.weekday": "sun"},
            {"any": [{"moment.weekday": "mon"}, {"moment.weekday": "tue"}]},
            {"not": {"moment.weekday": "mon"}},
            {"moment.time": {"gte": "18:00", "lt": "20:00"}, "moment.date": "2027-01-01"},
        ],
    )
    def test_what_may_hold_one_day_is_not(self, when):
        assert examined({"some-day": offer(TENTH, when=when)}).faults == []

    def test_a_window_that_has_that_day(self):
        offers = {
            "monday": offer(
                TENTH, when={"moment.weekday": "mon"}, starts="2026-11-28", ends="2026-11-30T09:00+08:00"
            )
        }
        assert examined(offers).faults == []

    def test_no_article_can_be_of_two_brands(self):
        target = {"all": [{"product.brand": "a"}, {"product.brand": "b"}]}
        found = examined({"none": offer({"percent": {"percent": 5, "of": target}})})
        assert shown(found.faults) == [
            ("offers.none.gives", "no article is like this: product.brand contradicts itself")
        ]

    def test_what_is_over_is_only_mentioned(self):
        found = examined({"old": offer(TENTH, ends="2026-11-21", when={"member.orders": {"lt": 0}})})
        assert (found.faults, shown(found.warnings)) == ([], [("offers.old.ends", "is over already")])


def full(stage: str = "basket", **more: Any) -> dict[str, Any]:
    return offer({"percent": {"percent": 100}}, **{"stage": stage, **more})


def orig(discount: int, reaching: int, **more: Any) -> dict[str, Any]:
    """满减 on the amount before discounts."""
    return offer({"amount": {"discount": discount}}, when={"basket.subtotal": {"gte": reaching}}, **more)


class TestStacks:
    def test_one_offer_that_takes_everything(self):
        says = "takes everything off any basket: set a budget, or say in pricing.guards what has to be left"
        assert shown(examined({"all": full()}).faults) == [("offers.all", says)]

    @pytest.mark.parametrize("guards", [{"line_share": 90}, {"basket_share": 99.5}])
    def test_a_guard_bounds_it(self, guards):
        assert examined({"all": full()}, {"guards": guards}).faults == []

    def test_so_does_a_budget(self):
        assert examined({"all": full(limits={"budget": 1000})}).faults == []

    def test_free_pieces_of_a_counted_number_are_no_stack(self):
        offers = {"sample": offer({"percent": {"percent": 100, "max_quantity": 1}}, when=OVER_20)}
        assert examined(offers).faults == []

    def test_shares_of_what_is_left_leave_something(self):
        assert examined({f"half-{n}": offer({"percent": {"percent": 50}}) for n in range(5)}).faults == []

    def test_shares_of_the_original_price_do_not(self):
        offers = {name: offer({"percent": {"percent": 40}}) for name in ("a", "b", "c")}
        found = examined(offers, {"policies": {"percent_base": "original"}})
        assert [where for where, _ in shown(found.faults)] == ["offers.c"]
        assert found.faults[0][1].startswith("together with a, b takes everything off any basket: put them")

    def test_amounts_that_begin_at_one_threshold(self):
        found = examined({"a": orig(60, 100), "b": orig(50, 100)})
        assert [where for where, _ in shown(found.faults)] == ["offers.b"]
        assert found.faults[0][1].startswith("together with a takes everything off a basket of 100.00: ")

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            # Never at the same time, place or for the same shopper.
            ({"ends": "2026-11-30"}, {"starts": "2026-12-01"}),
            ({"channels": ["app"]}, {"channels": ["store"]}),
            ({"exclusive_set": "one"}, {"exclusive_set": "one"}),
            ({"group": "one"}, {"group": "one"}),
            ({"exclusive": True}, {}),
            ({"once_per_line": True}, {"once_per_line": True}),
        ],
    )
    def test_what_never_meets_is_no_stack(self, a, b):
        assert examined({"a": orig(60, 100, **a), "b": orig(50, 100, **b)}).faults == []

    def test_what_meets_on_one_day_is(self):
        offers = {"a": orig(60, 100, ends="2026-12-01"), "b": orig(50, 100, starts="2026-12-01")}
        assert len(examined(offers).faults) == 1

    def test_conditions_that_contradict_keep_offers_apart(self):
        for one, other in (
            ({"moment.weekday": "mon"}, {"moment.weekday": "wed"}),
            ({"member.tier": "gold"}, {"member.tier": "basic"}),
            ({"member.orders": 0}, {"member.orders": {"gte": 1}}),
        ):
            asked = {"basket.subtotal": {"gte": 100}}
            offers = {
                "a": orig(60, 100) | {"when": asked | one},
                "b": orig(50, 100) | {"when": asked | other},
            }
            assert examined(offers).faults == []

    @pytest.mark.parametrize(("one", "other", "many"), [("tea", "soap", 0), ("tea", "food", 1)])
    def test_articles_that_are_apart_do_too(self, one, other, many):
        offers = {
            name: offer({"percent": {"percent": 60, "of": {"product.category": category}}})
            for name, category in (("a", one), ("b", other))
        }
        assert len(examined(offers, {"policies": {"percent_base": "original"}}).faults) == many

    def test_thresholds_on_what_is_left_leave_something(self):
        left = {"basket.subtotal": {"gte": 100, "basis": "discounted"}}
        offers = {
            name: offer({"amount": {"discount": amount}}, when=left)
            for name, amount in (("a", 60), ("b", 50), ("c", 90))
        }
        assert examined(offers).faults == []

    def test_a_flat_amount_takes_small_baskets_and_is_no_stack(self):
        offers = {
            "tenth": offer(TENTH, stage="item"),
            "five": offer({"amount": {"discount": 5}}),
            "from-4": orig(1, 4),
        }
        assert examined(offers).faults == []

    def test_the_fewest_offers_are_named(self):
        offers = {"x": orig(5, 100), "a": orig(60, 100), "y": orig(5, 100), "b": orig(50, 100)}
        found = examined(offers)
        assert ("offers.b", "together with a takes everything off a basket of 100.00: ") in [
            (where, says[: says.index(":") + 2]) for where, says in shown(found.faults)
        ]
        assert not any("x" in says.split(" takes")[0] for _, says in found.faults if "a takes" in says)

    def test_too_many_to_prove_are_said_to_be(self, monkeypatch):
        monkeypatch.setattr("laoke.promotions.soundness.stacks.MOST_LOOKED_AT", 10)
        found = examined({f"o{n}": orig(60, 100) for n in range(20)})
        assert shown(found.warnings)[-1] == (
            "offers",
            "too many offers may meet to prove that they leave something",
        )


class TestEndless:
    @pytest.mark.parametrize(
        ("document", "place"),
        [
            (offer({"gift": {"skus": ["toy"]}}), "gives.0.gift"),
            (offer({"coupon": {"template": "thanks"}}), "gives.0.coupon"),
            (
                offer({"buy_get": {"buy": {"of": {"product.sku": "pen"}}, "get": {}, "percent": 100}}),
                "gives.0.buy_get.get",
            ),
        ],
    )
    def test_what_has_no_bound_is_refused(self, document, place):
        assert [where for where, _ in shown(examined({"free": document}).faults)] == [f"offers.free.{place}"]

    @pytest.mark.parametrize(
        "more",
        [{"when": OVER_20}, {"codes": ["TOY"]}, {"limits": {"in_total": 100}}, {"limits": {"per_member": 1}}],
    )
    def test_any_bound_will_do(self, more):
        assert examined({"toy": offer({"gift": {"skus": ["toy"]}}, **more)}).faults == []

    def test_an_amount_without_a_threshold_is_mentioned(self):
        found = examined({"five": offer({"amount": {"discount": 5}})})
        assert (found.faults, [where for where, _ in shown(found.warnings)]) == (
            [],
            ["offers.five.gives.0.amount"],
        )
        assert "whoever buys for 5.00 or less pays nothing" in found.warnings[0][1]

    def test_points_have_a_bound_and_no_budget(self):
        bonus = offer({"points": {"bonus": 50}})
        assert [where for where, _ in shown(examined({"a": bonus}).faults)] == [
            "offers.a.gives.0.points.bonus"
        ]
        double = offer({"points": {"factor": 2}}, limits={"budget": 100})
        assert [where for where, _ in shown(examined({"a": double}).faults)] == ["offers.a.limits.budget"]
        assert examined({"a": offer({"points": {"factor": 2}})}).faults == []

    def test_points_that_pay_for_themselves(self):
        twenty = offer({"points": {"factor": 20}}, {"points": {"factor": 5}})
        assert shown(examined({"a": twenty}).faults) == [
            ("offers.a.gives.1.points.factor", "100 % of what is paid would come back in points")
        ]
        both = {"a": offer({"points": {"factor": 20}}), "b": offer({"points": {"factor": 5}})}
        found = examined(both)
        assert (found.faults, [where for where, _ in shown(found.warnings)]) == (
            [],
            ["offers.b.gives.0.points.factor"],
        )


class TestNames:
    def test_a_code_calls_one_offer_of_a_stage(self):
        offers = {
            "a": offer(TENTH, codes=["SPRING", "spring"]),
            "b": offer(TENTH, codes=["Spring"]),
            "c": offer(TENTH, codes=["Spring"], stage="tier"),
        }
        assert shown(examined(offers).faults) == [
            ("offers.a.codes.1", "'spring' stands here twice"),
            ("offers.b.codes.0", "'Spring' is a code of a too, in the same stage basket"),
        ]
        exact = {"policies": {"codes_case_sensitive": True}}
        assert [where for where, _ in shown(examined(offers, exact).faults)] == []

    def test_sets_and_groups_that_choose_between_nothing_are_mentioned(self):
        offers = {
            "a": offer(TENTH, exclusive_set="alone"),
            "b": offer(TENTH, group="apart"),
            "c": offer(TENTH, group="apart", stage="item"),
            "d": offer(TENTH, group="two", exclusive_set="two"),
            "e": offer(TENTH, group="two", exclusive_set="two"),
        }
        assert [where for where, _ in shown(examined(offers).warnings)] == [
            "offers.a.exclusive_set",
            "offers.b.group",
            "offers.c.group",
            "offers.e.group",
        ]


class TestReferences:
    def test_words_nobody_knows(self):
        offers = {
            "a": offer(
                {"gift": {"skus": ["toy", "ball"]}},
                {"coupon": {"template": "thanks"}},
                {"coupon": {"template": "thankz"}},
                {"percent": {"percent": 5, "of": {"product.category": {"in": ["tea", "beer"]}}}},
                when={
                    "any": [
                        {"member.tier": "platinum"},
                        {"store.code": ["s1", "s2"]},
                        {"member.tier": "gold"},
                    ]
                },
                channels=["app"],
            )
        }
        pricing = {"guards": {"margins": {"wine": 10}}}
        found = examined(offers, pricing, frozenset({"toy", "tea", "s1", "app"}))
        assert shown(found.faults) == [
            (
                "offers.a.gives.2.coupon.template",
                "there is no coupon template 'thankz'; known are thanks",
            )
        ]
        assert shown(found.warnings) == [
            ("offers.a.when.any.0.member.tier", "there is no tier 'platinum' yet"),
            ("offers.a.when.any.1.store.code", "there is no store 's2' yet"),
            ("offers.a.gives.0.gift.skus.1", "there is no article with the SKU 'ball' yet"),
            ("offers.a.gives.3.percent.of.product.category", "there is no category 'beer' yet"),
            ("pricing.guards.margins.wine", "there is no category 'wine' yet"),
        ]


def test_a_place_is_found_in_the_file():
    text = (
        "offers:\n  a:\n    name: {zh: 名, en: Name}\n    goal: repeat\n    stage: basket\n"
        "    when:\n      moment.weekday: mon\n      moment.day: 31\n      moment.month: 2\n"
        "    gives:\n      - gift:\n          skus: [toy]\n"
    )
    file = read_file(text)
    found = examined(file.document["offers"], known=frozenset())
    assert [(file.line_of(place), place[-1]) for place, _ in found.faults] == [(6, "when")]
    assert [(file.line_of(place), place[-2:]) for place, _ in found.warnings] == [(12, ("skus", 0))]


def test_the_shipped_examples_are_sound():
    documents = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    offers = {key: read_offer(document, LANGUAGE) for key, document in documents["offers"].items()}
    found = examine(
        offers,
        policy.parse(documents.get("pricing", {})),
        Declared(frozenset(), frozenset(documents["coupons"])),
        lambda kind, texts: texts,
        {},
        give_back=Fraction(1, 100),
        currency="CNY",
        zone=ZONE,
        at=SUNDAY,
    )
    assert found.faults == []


def test_thousands_of_offers_are_examined_in_time():
    offers = {
        f"o{n}": offer({"percent": {"percent": 10, "of": {"product.sku": f"sku-{n}"}}}) for n in range(2_000)
    }
    documents = {key: read_offer(document, LANGUAGE) for key, document in offers.items()}
    began = datetime.now(UTC)
    found = examine(
        documents,
        policy.parse({"policies": {"percent_base": "original"}}),
        Declared(frozenset(), frozenset()),
        lambda kind, texts: texts,
        {},
        give_back=Fraction(1, 100),
        currency="CNY",
        zone=ZONE,
        at=SUNDAY,
    )
    assert datetime.now(UTC) - began < timedelta(seconds=10)
    assert found.faults == []


def test_one_offer_is_held_against_the_others():
    offers = {"a": orig(60, 100), "x": full(), "b": orig(50, 100, codes=["TWICE"])}
    documents = {key: read_offer(document, LANGUAGE) for key, document in offers.items()}

    def one(key: str, document: dict[str, Any]) -> list[tuple[str, str]]:
        others = {name: each for name, each in documents.items() if name != key}
        found = examine_one(
            key,
            others | {key: read_offer(document, LANGUAGE)},
            policy.parse({}),
            Declared(frozenset(), frozenset()),
            lambda kind, texts: texts,
            ABOVE,
            give_back=Fraction(1, 100),
            currency="CNY",
            zone=ZONE,
            at=SUNDAY,
        )
        return shown(found.faults)

    # What is wrong with x alone is not told of others.
    assert one("new", offer(TENTH)) == []
    assert [says.split(" takes")[0] for _, says in one("a", orig(60, 100))] == ["together with b"]
    assert one("a", orig(40, 100)) == []
    assert one("c", offer(TENTH, codes=["twice"])) == [
        ("offers.c.codes.0", "'twice' is a code of b too, in the same stage basket")
    ]
    assert [place for place, _ in one("never", offer(TENTH, when={"member.orders": {"lt": 0}}))] == [
        "offers.never.when.member.orders"
    ]


@pytest.mark.django_db
def test_an_unsound_draft_is_not_handed_in():
    both = {"a": orig(60, 100)}
    publication.publish(
        SYSTEM, {key: read_offer(document, LANGUAGE) for key, document in both.items()}, at=SUNDAY
    )
    begun = drafts.begin(SYSTEM, "b", orig(50, 100), at=SUNDAY)
    with pytest.raises(Fault, match="together with a takes everything off"):
        drafts.submit(SYSTEM, "b", at=SUNDAY)
    assert drafts.faults("b", orig(50, 100)) == []
    assert [place for place, _ in drafts.faults("b", orig(50, 100), at=SUNDAY)] == [()]
    drafts.save(SYSTEM, "b", orig(30, 100), revision=begun.revision, at=SUNDAY)
    drafts.submit(SYSTEM, "b", at=SUNDAY)
    drafts.approve(SYSTEM, "b", at=SUNDAY)
