"""The metrics: worked by hand on a small shop, and held against a count in plain Python on random ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.insight.lake import CLASSES, INTERACTIONS, LOTS, MEMBERS, ORDERS, TIER_MOVES
from laoke.insight.metrics.catalogue import (
    BY_CODE,
    METRICS,
    Better,
    Reach,
    Unit,
    high_value_tiers,
)
from laoke.insight.metrics.compute import ALL_STORES, Stopped, compute_metrics, kept_days
from laoke.insight.metrics.facts import (
    DAY_ZERO,
    classes_of,
    lots_of,
    orders_of,
    people_of,
    purchases_of,
    standings_of,
)
from laoke.insight.metrics.measures import MEASURES
from laoke.insight.tests.conftest import _table

AS_OF = date(2026, 6, 30)
TIERS = ("basic", "silver", "gold", "diamond")
NORTH, SOUTH = 7, 8


def day(ago: int) -> date:
    return AS_OF - timedelta(days=ago)


@pytest.fixture(scope="module")
def lake_of(session):
    """A lake of rows: orders (member, store, day, net), members (id, registered, status, home),
    moves (member, day, tier), lots (member, expires, remaining), classes (member, rfm, value)."""

    def lake(orders=(), members=(), moves=(), lots=(), classes=()):
        full = [
            (number, member, store, 1, datetime.combine(on, time(12), tzinfo=UTC).replace(tzinfo=None), on, 12,
             "CNY", net, net, "done")
            for number, (member, store, on, net) in enumerate(orders)
        ]  # fmt: skip
        tables = {
            "orders": _table(session, ORDERS, full),
            "members": _table(session, MEMBERS, members),
            "tier_moves": _table(
                session, TIER_MOVES, [(member, n, on, tier) for n, (member, on, tier) in enumerate(moves)]
            ),
            "lots": _table(session, LOTS, lots),
            "classes": _table(session, CLASSES, classes),
        }
        return SimpleNamespace(
            session=session, **{name: lambda table=table: table for name, table in tables.items()}
        )

    return lake


def figures(lake, tiers=TIERS, **more):
    found = compute_metrics(lake, as_of=AS_OF, tiers=tiers, **more)
    rows = found.figures.to_pyarrow().to_pylist()
    lake.session.drop_table(found.figures.get_name(), force=True)
    table = {
        (row["metric"], row["part"], row["store_id"], DAY_ZERO + timedelta(days=row["day"])): (
            row["numerator"],
            row["denominator"],
        )
        for row in rows
    }
    assert len(table) == len(rows)
    return table


# Ann is at home in the north and was made gold 100 days ago, Bo in the south; Cy has no home store; Di is blocked and
# still counted, Ed is erased and is not; somebody anonymous buys as well.
MEMBER_ROWS = [
    (1, day(300), "active", NORTH),
    (2, day(200), "active", SOUTH),
    (3, day(20), "active", None),
    (4, day(400), "blocked", NORTH),
    (5, day(400), "erased", NORTH),
]
ORDER_ROWS = [
    # member, store, day, net
    (1, NORTH, day(120), 1_000),  # before the window
    (1, SOUTH, day(89), 2_000),  # the first day of the window of 90
    (1, SOUTH, day(31), 3_000),
    (2, SOUTH, day(90), 4_000),  # the day before the window
    (2, SOUTH, day(29), 5_000),  # the first day of the window of 30
    (3, NORTH, day(10), 600),
    (3, NORTH, day(10), 70),  # a second purchase on one day counts
    (4, NORTH, day(5), 0),  # returned in full: none
    (5, NORTH, day(4), 8_000),
    (None, SOUTH, day(0), 90),
    (1, NORTH, AS_OF + timedelta(days=1), 7_777),  # not yet
]
MOVE_ROWS = [(1, day(300), "basic"), (1, day(100), "gold"), (4, day(150), "diamond"), (4, day(50), "basic")]

GOLDEN = """
    # metric             part      store  numerator  denominator
    repurchase_90        -         all    2          3      # Ann and Cy; of Ann, Bo and Cy
    repurchase_90        -         north  1          1      # Ann bought twice, though in the south
    repurchase_90        -         south  0          1
    high_value_share     -         all    5000       10670
    high_value_share     -         north  5000       5000
    high_value_share     -         south  0          5000
    high_value_churn     -         all    1          2      # 90 days ago Ann was gold and Di diamond; Di has not bought
    high_value_churn     -         north  1          2
    monthly_active       -         all    2          4      # Bo and Cy
    monthly_active       -         north  0          2
    monthly_active       -         south  1          1
    members              -         all    4          -
    members              -         north  2          -
    members              -         south  1          -
    new_members_30       -         all    1          -
    sales_30             -         all    13760      -      # by the store of the order, Ed and the stranger too
    sales_30             -         north  8670       -
    sales_30             -         south  5090       -
    sales_before_30      -         all    3000       -
    sales_before_30      -         south  3000       -
    tier_members         basic     all    3          -
    tier_members         basic     north  1          -
    tier_members         basic     south  1          -
    tier_members         gold      all    1          -
    tier_members         gold      north  1          -
    tier_sales_90        basic     all    5670       -
    tier_sales_90        basic     south  5000       -
    tier_sales_90        gold      all    5000       -
    tier_sales_90        gold      north  5000       -
    class_rfm            new       all    1          -
    class_rfm            dormant   all    1          -
    class_rfm            dormant   north  1          -
    class_value          basic     all    2          -
    class_value          basic     north  1          -
    points_open          -         all    350        -
    points_open          -         north  350        -
    points_holders       -         all    1          -
    points_holders       -         north  1          -
    points_expiring      -         all    250        -
    points_expiring      -         north  250        -
    expiring_holders     -         all    1          -
    expiring_holders     -         north  1          -
    selling_days         -         all    3          -
    selling_days         -         north  2          -
    selling_days         -         south  1          -
"""
STORES = {"all": ALL_STORES, "north": NORTH, "south": SOUTH}


def golden():
    rows = {}
    for line in GOLDEN.strip().splitlines()[1:]:
        metric, part, store, above, below = line.split("#")[0].split()
        key = (metric, "" if part == "-" else part, STORES[store], AS_OF)
        rows[key] = (int(above), None if below == "-" else int(below))
    return rows


def test_a_small_shop_worked_by_hand(lake_of):
    lake = lake_of(
        ORDER_ROWS,
        MEMBER_ROWS,
        MOVE_ROWS,
        lots=[
            (1, AS_OF, 999),  # expired: the day is the first it cannot be spent
            (1, AS_OF + timedelta(days=1), 100),
            (1, AS_OF + timedelta(days=45), 150),
            (1, AS_OF + timedelta(days=46), 100),
            (5, AS_OF + timedelta(days=9), 5_000),
        ],
        classes=[(1, "dormant", "basic"), (3, "new", "basic"), (5, "new", "core")],
    )
    found = figures(lake)
    assert {key: value for key, value in found.items() if key[3] == AS_OF} == golden()
    # Yesterday: Ann's second purchase was 88 days old as well, Bo's 90 days old one still counted.
    assert found["repurchase_90", "", ALL_STORES, day(1)] == (3, 3)
    assert found["monthly_active", "", ALL_STORES, day(2)] == (3, 4)
    # A share that needs 90 days of orders is given from the 90th on, a sum from the first.
    first_sunday = min(key[3] for key in found if key[0] == "sales_30")
    assert min(key[3] for key in found if key[0] == "repurchase_90") == day(31)
    assert first_sunday == date(2026, 3, 8)


def test_a_shop_that_has_not_sold(lake_of):
    found = figures(lake_of(members=MEMBER_ROWS))
    assert found["members", "", ALL_STORES, AS_OF] == (4, None)
    assert {key[0] for key in found} == {"members", "new_members_30", "tier_members"}


def test_no_high_value_tier_no_high_value_metrics(lake_of):
    found = figures(lake_of(ORDER_ROWS, MEMBER_ROWS, MOVE_ROWS), tiers=("basic",))
    assert found["high_value_share", "", ALL_STORES, AS_OF] == (0, 10670)
    assert ("high_value_churn", "", ALL_STORES, AS_OF) not in found
    assert found["tier_members", "basic", ALL_STORES, AS_OF] == (4, None)


def test_it_ends_between_steps_when_asked_and_leaves_nothing(lake_of):
    lake = lake_of(ORDER_ROWS, MEMBER_ROWS, MOVE_ROWS)
    before = kept_tables(lake.session)
    steps = []

    def until_third(step):
        steps.append(step)
        return len(steps) < 3

    with pytest.raises(Stopped):
        compute_metrics(lake, as_of=AS_OF, tiers=TIERS, go_on=until_third)
    assert len(steps) == 3
    assert kept_tables(lake.session) == before


def kept_tables(session):
    """Tables besides the views that Ibis makes of rows handed to it and drops when they are collected."""
    return {name for name in session.list_tables() if "memtable" not in name}


@pytest.mark.parametrize(
    ("rungs", "expected"), [(1, ()), (2, ("b",)), (3, ("c",)), (4, ("c", "d")), (6, ("e", "f"))]
)
def test_high_value_tiers(rungs, expected):
    assert high_value_tiers(tuple("abcdef"[:rungs])) == expected


def test_the_days_that_are_kept():
    days = kept_days(AS_OF, date(2020, 1, 1))
    assert days[-60:] == tuple(day(ago) for ago in reversed(range(60)))
    assert all(each.weekday() == 6 for each in days[:-60])
    assert days[0] == date(2024, 6, 30)
    assert kept_days(AS_OF, day(2)) == (day(2), day(1), AS_OF)
    assert kept_days(AS_OF, None) == (AS_OF,)
    assert kept_days(AS_OF, AS_OF + timedelta(days=9)) == (AS_OF,)


def test_every_metric_is_whole():
    assert len(BY_CODE) == len(METRICS)
    for metric in METRICS:
        assert metric.numerator in MEASURES
        assert metric.denominator is None or metric.denominator in MEASURES
        assert (metric.unit is Unit.SHARE) == (metric.denominator is not None)
        for words in (metric.name, metric.definition):
            assert words.zh
            assert words.en
    used = {each.numerator for each in METRICS} | {each.denominator for each in METRICS}
    assert used - {None} == set(MEASURES)
    assert [metric.code for metric in METRICS if metric.better is Better.LOWER] == ["high_value_churn"]
    assert not BY_CODE["tier_members"].may_have_target


def test_the_expressions_are_no_dialect_of_their_own():
    orders, members, moves, lots, classes = (
        ibis.table(dict(relation.columns), name=relation.name)
        for relation in (ORDERS, MEMBERS, TIER_MOVES, LOTS, CLASSES)
    )
    kept = orders_of(orders, AS_OF)
    people = people_of(members, kept)
    facts = SimpleNamespace(
        people=people,
        purchases=purchases_of(kept, people),
        orders=kept,
        standings=standings_of(moves, people, TIERS),
        lots=lots_of(lots, people, AS_OF),
        classes=classes_of(classes, people),
        high_value=("gold", "diamond"),
        as_of=9_000,
    )
    for measure in MEASURES.values():
        sql = ibis.to_sql(measure(facts), dialect="pyspark")
        assert "/" not in sql, "no division: engines disagree on it"
    assert INTERACTIONS.name not in sql


days_ago = st.integers(min_value=0, max_value=260).map(day)
stores = st.sampled_from([NORTH, SOUTH])
member_ids = st.integers(min_value=1, max_value=6)
worlds = st.fixed_dictionaries(
    {
        "orders": st.lists(
            st.tuples(st.none() | member_ids, stores, days_ago, st.sampled_from([0, 1, 30, 500])), max_size=30
        ),
        "members": st.lists(
            st.tuples(
                member_ids,
                days_ago,
                st.sampled_from(["active", "active", "blocked", "merged"]),
                st.none() | stores,
            ),
            max_size=6,
            unique_by=lambda row: row[0],
        ),
        "moves": st.lists(
            st.tuples(member_ids, days_ago, st.sampled_from([*TIERS, "bronze"])), max_size=10
        ).map(lambda moves: sorted(moves, key=lambda move: move[1])),
    }
)


def counted_again(world):
    """The metrics by their definitions, day for day, member for member."""
    bought = defaultdict(list)
    for member, store, on, net in world["orders"]:
        if net > 0:
            bought[member].append((on, store, net))
    first = min((on for rows in bought.values() for on, _, _ in rows), default=None)
    people = {
        number: (min([registered, *(on for on, _, _ in bought[number])]), home)
        for number, registered, status, home in world["members"]
        if status in ("active", "blocked")
    }

    def tier_on(member, on):
        moves = [tier for mover, moved_on, tier in world["moves"] if mover == member and moved_on <= on]
        return moves[-1] if moves and moves[-1] in TIERS else "basic"

    def spent(member, on, window, skip=0):
        return [
            net
            for at, _, net in bought[member]
            if on - timedelta(days=window + skip) < at <= on - timedelta(days=skip)
        ]

    def high(member, on):
        return tier_on(member, on) in ("gold", "diamond")

    table = {}
    for on in kept_days(AS_OF, first):
        for store in (ALL_STORES, NORTH, SOUTH):
            here = [who for who, (_, home) in people.items() if store in (ALL_STORES, home)]
            there = [who for who in here if people[who][0] <= on]
            before = on - timedelta(days=90)
            old_high = [who for who in here if high(who, before)]
            enough = {days: first is not None and (on - first).days >= days - 1 for days in (30, 90)}
            sales = [
                net
                for rows in bought.values()
                for at, place, net in rows
                if store in (ALL_STORES, place) and on - timedelta(days=30) < at <= on
            ]
            total = sum(sum(spent(who, on, 90)) for who in here)
            rows = {
                ("members", ""): (len(there), None),
                ("new_members_30", ""): (sum((on - people[who][0]).days < 30 for who in there), None),
                ("sales_30", ""): (sum(sales), None),
                ("high_value_share", ""): (
                    sum(sum(spent(who, on, 90)) for who in here if high(who, on)),
                    total,
                ),
            }
            if enough[90]:
                rows["repurchase_90", ""] = (
                    sum(len(spent(who, on, 90)) >= 2 for who in here),
                    sum(len(spent(who, on, 90)) >= 1 for who in here),
                )
                rows["high_value_churn", ""] = (
                    sum(not spent(who, on, 90) for who in old_high),
                    len(old_high),
                )
            if enough[30]:
                rows["monthly_active", ""] = (sum(bool(spent(who, on, 30)) for who in here), len(there))
            for tier in TIERS:
                held = [who for who in here if tier_on(who, on) == tier]
                rows["tier_members", tier] = (len([who for who in held if who in there]), None)
                rows["tier_sales_90", tier] = (sum(sum(spent(who, on, 90)) for who in held), None)
            for (metric, part), (above, below) in rows.items():
                table[metric, part, store, on] = (above, below)
    return table


HISTORY = {metric.code for metric in METRICS if metric.reach is Reach.HISTORY} - {"sales_before_30"}


# Each example compiles and runs some forty queries; a dozen of shops with thirty orders each say enough.
@settings(max_examples=12)
@given(world=worlds)
def test_they_equal_a_count_in_plain_python(lake_of, world):
    found = {key: value for key, value in figures(lake_of(**world)).items() if key[0] in HISTORY}
    expected = counted_again(world)
    for key, value in expected.items():  # nothing over nothing has no row
        assert found.get(key, (0, None if value[1] is None else 0)) == value, key
    assert set(found) <= set(expected)


def test_figures_of_stores_add_up_when_everybody_has_a_home(lake_of):
    members = [(number, on, status, home or NORTH) for number, on, status, home in MEMBER_ROWS]
    found = figures(lake_of(ORDER_ROWS, members, MOVE_ROWS))
    for (metric, part, store, on), value in found.items():
        if store != ALL_STORES or metric == "selling_days":
            continue
        parts = [found.get((metric, part, each, on), (0, 0)) for each in (NORTH, SOUTH)]
        assert sum(above for above, _ in parts) == value[0], (metric, on)
        if value[1] is not None:
            assert sum(below for _, below in parts) == value[1], (metric, on)
