"""Trees as documents: what reads, what is refused and where, and that writing gives the same tree again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree
from laoke.engine.conditions.documents import DEEPEST, BadCondition, Language
from laoke.engine.conditions.vocabulary import Attribute, Kind, Vocabulary

LANGUAGE = Language(
    Vocabulary(
        [
            Attribute(
                "basket.subtotal",
                Kind.MONEY,
                "商品金额",
                "Goods",
                narrows=True,
                options={"basis": ("original", "discounted")},
            ),
            Attribute("product.category", Kind.TEXT, "品类", "Category", several=True),
            Attribute("product.sku", Kind.TEXT, "商品", "Article"),
            Attribute("member.tier", Kind.TEXT, "等级", "Tier"),
            Attribute("member.orders", Kind.NUMBER, "订单数", "Orders"),
            Attribute("member.known", Kind.FLAG, "会员", "Member"),
            Attribute("moment.weekday", Kind.TEXT, "星期", "Weekday", choices=("mon", "tue")),
            Attribute("moment.time", Kind.TIME, "时间", "Time"),
            Attribute("moment.date", Kind.DATE, "日期", "Date"),
        ]
    ),
    "CNY",
)
MILK = Is("product.category", Op.IN, frozenset({"milk"}))


@pytest.mark.parametrize(
    ("document", "tree"),
    [
        ({"member.tier": "gold"}, Is("member.tier", Op.EQ, "gold")),
        ({"member.tier": ["gold", "silver"]}, Is("member.tier", Op.IN, frozenset({"gold", "silver"}))),
        ({"product.category": "milk"}, MILK),
        ({"basket.subtotal": {"gte": "99.90"}}, Is("basket.subtotal", Op.GTE, 9990)),
        ({"basket.subtotal": {"gte": 100}}, Is("basket.subtotal", Op.GTE, 10000)),
        (
            {"basket.subtotal": {"gte": 100.5, "of": {"product.category": "milk"}, "basis": "discounted"}},
            Is("basket.subtotal", Op.GTE, 10050, MILK, frozenset({("basis", "discounted")})),
        ),
        (
            {"member.orders": {"gte": 1, "lt": 5}},
            All((Is("member.orders", Op.GTE, 1), Is("member.orders", Op.LT, 5))),
        ),
        (
            {"member.known": True, "moment.time": {"gte": "18:30"}},
            All((Is("member.known", Op.EQ, True), Is("moment.time", Op.GTE, 1110))),
        ),
        (
            {"any": [{"moment.weekday": "mon"}, {"not": {"member.tier": "gold"}}]},
            AnyOf((Is("moment.weekday", Op.EQ, "mon"), Not(Is("member.tier", Op.EQ, "gold")))),
        ),
        ({"moment.date": {"gte": "2026-11-22"}}, Is("moment.date", Op.GTE, "2026-11-22")),
        ({"member.tier": {"exists": False}}, Is("member.tier", Op.EXISTS, False)),
        ({"product.sku": 4711}, Is("product.sku", Op.EQ, "4711")),
    ],
)
def test_a_document_reads_as_a_tree_and_the_tree_writes_one_that_reads_the_same(
    document: Any, tree: Tree
) -> None:
    assert LANGUAGE.read(document) == tree
    assert LANGUAGE.read(LANGUAGE.write(tree)) == tree


@pytest.mark.parametrize(
    ("document", "at", "says"),
    [
        ({}, [], "takes attributes"),
        ("gold", [], "takes attributes"),
        ({"member.teir": "gold"}, ["member.teir"], "known are member.known, member.orders, member.tier"),
        ({"all": {"member.tier": "gold"}}, ["all"], "takes a list"),
        (
            {"all": [{"member.tier": "gold"}, {"member.orders": "many"}]},
            ["all", 1, "member.orders", "eq"],
            "number",
        ),
        ({"member.orders": 1.5}, ["member.orders", "eq"], "is no whole number"),
        ({"member.orders": True}, ["member.orders", "eq"], "is no whole number"),
        ({"member.known": 1}, ["member.known", "eq"], "is no true or false"),
        ({"basket.subtotal": {"gte": "9.999"}}, ["basket.subtotal", "gte"], "is no amount of money"),
        ({"basket.subtotal": {"gte": "lots"}}, ["basket.subtotal", "gte"], "is no amount of money"),
        ({"basket.subtotal": {"in": [1]}}, ["basket.subtotal", "in"], "is compared by eq, ne, gt"),
        ({"basket.subtotal": {"of": {"product.sku": "1"}}}, ["basket.subtotal"], "says not what"),
        (
            {"basket.subtotal": {"gte": 1, "basis": "net"}},
            ["basket.subtotal", "basis"],
            "takes original, discounted",
        ),
        (
            {"basket.subtotal": {"gte": 1, "of": {"member.tier": "x"}}},
            ["basket.subtotal", "of", "member.tier"],
            "no attr",
        ),
        (
            {"member.orders": {"gte": 1, "of": {"product.sku": "1"}}},
            ["member.orders", "of"],
            "counts no lines",
        ),
        ({"moment.weekday": "someday"}, ["moment.weekday", "eq"], "is not one of mon, tue"),
        ({"moment.weekday": []}, ["moment.weekday", "in"], "at least one"),
        ({"moment.time": {"gte": "25:00"}}, ["moment.time", "gte"], "time like 18:30"),
        ({"moment.date": {"gte": "2026-02-30"}}, ["moment.date", "gte"], "date like 2026-11-22"),
        ({"member.tier": {"exists": "yes"}}, ["member.tier", "exists"], "true or false"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(document: Any, at: list[Any], says: str) -> None:
    with pytest.raises(BadCondition) as refused:
        LANGUAGE.read(document)
    assert refused.value.extensions["at"] == at
    assert says in refused.value.detail


def test_a_tree_deeper_than_anybodys_rule_is_refused() -> None:
    document: Any = {"member.tier": "gold"}
    for _ in range(50):
        document = {"not": document}
    with pytest.raises(BadCondition, match="levels deep"):
        LANGUAGE.read(document)


LEAVES = st.one_of(
    st.builds(Is, st.just("member.tier"), st.sampled_from([Op.EQ, Op.NE]), st.text("abc", min_size=1)),
    st.builds(Is, st.just("member.orders"), st.sampled_from([Op.GT, Op.LTE]), st.integers(0, 99)),
    st.builds(
        Is, st.just("basket.subtotal"), st.just(Op.GTE), st.integers(0, 10**6), st.sampled_from([None, MILK])
    ),
    st.builds(
        Is,
        st.just("product.category"),
        st.just(Op.HAS_ALL),
        st.frozensets(st.text("xy", min_size=1), min_size=1),
    ),
    st.builds(Is, st.just("moment.time"), st.just(Op.LT), st.integers(0, 1439)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: All(tuple(parts)), st.lists(inner, max_size=3)),
        st.builds(lambda parts: AnyOf(tuple(parts)), st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)


@given(TREES)
def test_every_tree_comes_back_from_its_document(tree: Tree) -> None:

    def depth(part: Tree) -> int:
        match part:
            case Not(inner):
                return 1 + depth(inner)
            case All(parts) | AnyOf(parts):
                return 1 + max((depth(each) for each in parts), default=0)
            case _:
                return 0

    if depth(tree) < DEEPEST:
        assert LANGUAGE.read(LANGUAGE.write(tree)) == tree
