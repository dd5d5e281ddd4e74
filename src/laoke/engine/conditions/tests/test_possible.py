"""What is called impossible is: held against every value there is."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree
from laoke.engine.conditions.possible import apart, impossible, narrowings, ways
from laoke.engine.conditions.predicates import predicate
from laoke.engine.conditions.vocabulary import Attribute, Kind, Vocabulary

VOCABULARY = Vocabulary(
    [
        Attribute("moment.weekday", Kind.TEXT, "", "", choices=("mon", "tue", "wed")),
        Attribute("moment.time", Kind.TIME, "", ""),
        Attribute("moment.date", Kind.DATE, "", ""),
        Attribute("member.orders", Kind.NUMBER, "", ""),
        Attribute("member.tier", Kind.TEXT, "", ""),
        Attribute("member.known", Kind.FLAG, "", ""),
        Attribute("member.tag", Kind.TEXT, "", "", several=True),
        Attribute("basket.quantity", Kind.NUMBER, "", "", narrows=True),
    ]
)
WEEKDAYS = [Is("moment.weekday", Op.EQ, day) for day in ("mon", "tue", "wed")]


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        (All((WEEKDAYS[0], WEEKDAYS[1])), "moment.weekday"),
        (All(tuple(Not(each) for each in WEEKDAYS)), "moment.weekday"),
        (Is("moment.weekday", Op.NOT_IN, frozenset({"mon", "tue", "wed"})), "moment.weekday"),
        (All((Is("member.orders", Op.GT, 3), Is("member.orders", Op.LT, 4))), "member.orders"),
        (Is("member.orders", Op.LT, 0), "member.orders"),
        (All((Is("member.tier", Op.EQ, "gold"), Is("member.tier", Op.EXISTS, False))), "member.tier"),
        (
            All(
                (
                    Is("member.tag", Op.HAS_ALL, frozenset({"a", "b"})),
                    Is("member.tag", Op.NOT_IN, frozenset({"b"})),
                )
            ),
            "member.tag",
        ),
        (
            All((Is("moment.date", Op.GTE, "2026-12-02"), Is("moment.date", Op.LT, "2026-12-02"))),
            "moment.date",
        ),
        (All((Is("moment.time", Op.GTE, 1200), Is("moment.time", Op.LT, 600))), "moment.time"),
        (
            All((Is("basket.quantity", Op.GTE, 2), Not(Is("basket.quantity", Op.GT, 1)))),
            "basket.quantity",
        ),
        (AnyOf((All((WEEKDAYS[0], WEEKDAYS[1])), All((WEEKDAYS[1], WEEKDAYS[2])))), "moment.weekday"),
    ],
)
def test_what_cannot_hold_is_named(tree: Tree, name: str) -> None:
    assert impossible(tree, VOCABULARY) == name


@pytest.mark.parametrize(
    "tree",
    [
        AnyOf((WEEKDAYS[0], WEEKDAYS[1])),
        All((Is("member.orders", Op.GT, 3), Is("member.orders", Op.LT, 5))),
        # Of a stranger no number of orders is known: neither comparison holds, so both contraries do.
        All((Not(Is("member.orders", Op.GT, 3)), Not(Is("member.orders", Op.LTE, 3)))),
        All((Is("member.tag", Op.IN, frozenset({"a"})), Is("member.tag", Op.IN, frozenset({"b"})))),
        # Of other articles.
        All(
            (
                Is("basket.quantity", Op.GTE, 2, Is("product.sku", Op.EQ, "a")),
                Is("basket.quantity", Op.LT, 2, Is("product.sku", Op.EQ, "b")),
            )
        ),
        All(),
    ],
)
def test_what_may_hold_is_left_alone(tree: Tree) -> None:
    assert impossible(tree, VOCABULARY) is None


def test_two_trees_that_never_meet() -> None:
    assert apart(WEEKDAYS[0], WEEKDAYS[1], VOCABULARY)
    assert not apart(WEEKDAYS[0], Is("member.tier", Op.EQ, "gold"), VOCABULARY)


def test_a_tree_with_too_many_ways_counts_as_possible() -> None:
    either = AnyOf((Is("member.orders", Op.LT, 0), Is("member.orders", Op.LT, 0)))
    assert ways(All((either,) * 9)) is None
    assert impossible(All((either,) * 9), VOCABULARY) is None


def test_narrowing_trees_are_found_wherever_they_stand() -> None:
    of = Is("product.sku", Op.EQ, "a")
    leaf = Is("basket.quantity", Op.GTE, 1, of)
    assert list(narrowings(All((Not(leaf), AnyOf((leaf,)))))) == [of, of]


VALUES: dict[str, list[Any]] = {
    "moment.weekday": ["mon", "tue", "wed"],
    "member.orders": [None, *range(5)],
    "member.tier": [None, "gold", "basic", "other"],
    "member.tag": [
        None,
        frozenset(),
        frozenset({"a"}),
        frozenset({"b"}),
        frozenset({"a", "b"}),
        frozenset({"c"}),
    ],
    "basket.quantity": list(range(5)),
}


def _leaf(name: str) -> st.SearchStrategy[Is]:
    if name == "member.tag":
        op = st.sampled_from([Op.IN, Op.NOT_IN, Op.HAS_ALL])
        values = st.sampled_from([frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b"})])
        return st.one_of(
            st.builds(Is, st.just(name), op, values),
            st.builds(Is, st.just(name), st.just(Op.EXISTS), st.booleans()),
        )
    if name in ("member.orders", "basket.quantity"):
        return st.one_of(
            st.builds(
                Is,
                st.just(name),
                st.sampled_from([Op.EQ, Op.NE, Op.GT, Op.GTE, Op.LT, Op.LTE]),
                st.integers(0, 4),
            ),
            st.builds(Is, st.just(name), st.just(Op.EXISTS), st.booleans()),
        )
    known = [value for value in VALUES[name] if value not in (None, "other")]
    return st.one_of(
        st.builds(Is, st.just(name), st.sampled_from([Op.EQ, Op.NE]), st.sampled_from(known)),
        st.builds(
            Is,
            st.just(name),
            st.sampled_from([Op.IN, Op.NOT_IN]),
            st.frozensets(st.sampled_from(known), min_size=1),
        ),
    )


LEAVES = st.one_of(*[_leaf(name) for name in VALUES])
TREES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: All(tuple(parts)), st.lists(inner, min_size=1, max_size=4)),
        st.builds(lambda parts: AnyOf(tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_impossible_means_no_value_holds(tree: Tree) -> None:
    if impossible(tree, VOCABULARY) is None:
        return
    holds = predicate(tree, lambda leaf: lambda values: values[leaf.attribute])
    for chosen in product(*VALUES.values()):
        assert not holds(dict(zip(VALUES, chosen, strict=True)))
