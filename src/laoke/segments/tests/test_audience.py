"""Both readings of a condition say the same of every member: the Python predicate and the SQL for all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from laoke.checkout import programme
from laoke.checkout.replay import Player, Sale, SaleLine
from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree
from laoke.engine.conditions.predicates import predicate
from laoke.engine.conditions.vocabulary import Kind
from laoke.foundation.access import SYSTEM
from laoke.foundation.sql import hot_cursor, raw_cursor
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput
from laoke.segments import audience, birthdays, one
from laoke.segments.attributes import HOMES

# A Tuesday; the week runs from 9 to 15 March.
NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
WORDS = ("baker", "runner", "basic", "silver", "core", "S1", "S2", "east", "pos", "f", "zh", "2026-03-01")


@pytest.fixture
def crowd(db) -> dict[int, dict[str, object]]:
    """Members of every sort, with what is known of each."""
    purchases.save_regions(SYSTEM, {"east": ("华东", "East")}, at=NOW)
    stores = purchases.save_stores(
        SYSTEM, [StoreInput("S1", "一店", region="east"), StoreInput("S2", "二店")], at=NOW
    )
    channel = purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=NOW)["pos"]
    rice = purchases.save_products(SYSTEM, [ProductInput("rice", "大米", 100_000)], at=NOW)["rice"]
    born = (date(1990, 3, 9), date(1991, 3, 16), date(1992, 2, 29), None)
    ids, sales = [], []
    for number in range(12):
        member = members.register(
            caller=SYSTEM,
            at=NOW - timedelta(days=number * 3),
            identities=[IdentityInput("phone", f"138000000{number:02d}")],
            birth_date=born[number % 4],
            gender=("", "f", "m")[number % 3],
            language="zh" if number % 2 else "",
            home_store_id=(None, stores["S1"], stores["S2"])[number % 3],
            channel_id=channel if number % 4 else None,
            tags=(("baker",), ("baker", "runner"), ())[number % 3],
        )
        ids.append(member)
        for order in range(number % 4):
            at = NOW - timedelta(days=order * 5 + 1)
            line = SaleLine(rice, 1000, 100_000, 100_000, 0, 100_000)
            sales.append(Sale(f"{member}-{order}", stores["S1"], channel, member, at, [line]))
    sales.sort(key=lambda sale: sale.placed_at)
    Player(programme.current(), settings.LAOKE.zone, "CNY", source="import", now=NOW).play(sales)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into segments_memberfeatures (member_id, as_of, frequency, monetary_minor, orders_total, "
            "annual_minor, annual_repurchases, rule_rfm, class_rfm, rule_value, class_value) "
            "select id, '2026-03-09', 1, 1, 1, 1, 0, '', 'core', '', 'basic' from members_member where id %% 2 = 0",
            [],
        )
    with raw_cursor() as raw:
        return {member: one.known(raw, member, frozenset(HOMES), NOW, settings.LAOKE.zone) for member in ids}


def leaf(name: str) -> st.SearchStrategy[Tree]:
    """Any question about an attribute, with values that some members have."""
    attribute = HOMES[name].attribute
    value: st.SearchStrategy = {
        Kind.NUMBER: st.integers(-1, 40),
        Kind.FLAG: st.booleans(),
    }.get(attribute.kind, st.sampled_from(WORDS))

    def question(op: Op) -> st.SearchStrategy[Tree]:
        if op is Op.EXISTS:
            return st.booleans().map(lambda wanted: Is(name, op, wanted))
        if op in (Op.IN, Op.NOT_IN, Op.HAS_ALL):
            return st.frozensets(value, min_size=1, max_size=3).map(lambda wanted: Is(name, op, wanted))
        return value.map(lambda wanted: Is(name, op, wanted))

    return st.sampled_from(attribute.ops).flatmap(question)


TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(sorted(HOMES)).flatmap(leaf),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=5,
)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=TREES)
def test_the_sql_finds_exactly_those_the_predicate_holds_for(crowd, tree: Tree):
    holds = predicate(tree, lambda leaf: lambda facts: facts.get(leaf.attribute))
    found = audience.audience(tree, NOW, settings.LAOKE.zone)
    with hot_cursor() as cursor:
        rows = cursor.execute(found.text, found.values).fetchall()
    expected = {member for member, facts in crowd.items() if holds(facts)}
    assert {row[0] for row in rows} == expected
    assert len(rows) == len(expected)
    assert audience.count(tree, NOW, settings.LAOKE.zone) == len(expected)


def test_every_question_about_every_attribute_is_understood_by_the_database(crowd):
    wanted = {Kind.NUMBER: 1, Kind.FLAG: True}
    for name, home in HOMES.items():
        for op in home.attribute.ops:
            value: object = True if op is Op.EXISTS else wanted.get(home.attribute.kind, "x")
            if op in (Op.IN, Op.NOT_IN, Op.HAS_ALL):
                value = frozenset({value})
            audience.count(Is(name, op, value), NOW, settings.LAOKE.zone)


def test_what_is_known_of_one_member(crowd):
    told = list(crowd.values())
    assert told[1] == {
        "member.known": True,
        "member.tier": "basic",
        "member.tag": frozenset({"baker", "runner"}),
        "member.orders": 1,
        "member.days_since_registration": 3,
        "member.days_since_last_order": 1,
        "member.birthday_week": False,
        "member.birthday_month": 3,
        "member.registered_on": "2026-03-07",
        "member.channel": "pos",
        "member.store": "S1",
        "member.region": "east",
        "member.gender": "f",
        "member.language": "zh",
        **({"member.class": "core", "member.value_class": "basic"} if list(crowd)[1] % 2 == 0 else {}),
    }
    assert told[0]["member.birthday_week"] is True
    assert "member.birthday_week" not in told[3]
    with raw_cursor() as raw:
        assert one.known(raw, -1, frozenset({"member.orders"}), NOW, settings.LAOKE.zone) == {}
        assert one.known(raw, next(iter(crowd)), frozenset({"store.code"}), NOW, settings.LAOKE.zone) == {}


def test_conditions_about_something_else_are_refused(crowd):
    tree = All((Is("member.orders", Op.GTE, 1), Is("basket.subtotal", Op.GTE, 100)))
    with pytest.raises(audience.NotAboutMembers):
        audience.audience(tree, NOW, settings.LAOKE.zone)
    # The part that speaks of members says who could take part at all.
    assert audience.about_members(tree) == All((Is("member.orders", Op.GTE, 1),))


@pytest.mark.parametrize(
    ("mmdd", "today", "falls"),
    [
        (309, date(2026, 3, 10), True),
        (315, date(2026, 3, 10), True),
        (316, date(2026, 3, 10), False),
        (308, date(2026, 3, 10), False),
        (101, date(2025, 12, 31), True),
        (1231, date(2026, 1, 1), True),
        (229, date(2026, 2, 24), True),
        (229, date(2028, 2, 29), True),
        (229, date(2028, 2, 23), False),
        (229, date(2026, 3, 3), False),
    ],
)
def test_birthdays_of_a_week(mmdd: int, today: date, falls: bool):
    assert birthdays.in_week(mmdd, today) is falls
