"""RFM over relations: windows, ties, refusals; exact values."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from laoke.insight.errors import InvalidClassPolicy, LakeContradiction, LakeSchemaMismatch
from laoke.insight.rfm.breakpoints import Breakpoints
from laoke.insight.rfm.compute import GridCell, Group, compute_rfm
from laoke.insight.rfm.policy import FixedScores, QuintileScores, RfmPolicy, Ties, ValueClassPolicy

AS_OF = date(2026, 6, 30)


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def people(*ids: int, registered: int = 400, status: str = "active"):
    return [(i, ago(registered), status) for i in ids]


def by_member(result):
    return {row["member_id"]: row for row in result.features.to_pyarrow().to_pylist()}


# The worked example of docs/explanation/rfm.md: (member, days ago, yuan).
EXAMPLE = [
    (1, 2, 300), (1, 30, 200), (1, 60, 400), (1, 90, 100),
    (2, 2, 90), (2, 45, 80), (2, 100, 30),
    (3, 12, 120),
    (4, 80, 700), (4, 150, 500), (4, 200, 300), (4, 250, 200),
    (5, 200, 60),
    (6, 500, 250),
]  # fmt: skip


def test_the_worked_example(orders_of, members_of):
    result = compute_rfm(
        orders_of([(who, ago(days), yuan * 100) for who, days, yuan in EXAMPLE]),
        members_of([*people(1, 2, 4, 5, 6, 7), *people(3, registered=12)]),
        as_of=AS_OF,
    )
    columns = ("recency_days", "frequency", "monetary_minor", "r_score", "f_score", "m_score")
    assert {
        i: (*[row[c] for c in columns], row["rule_rfm"], row["class_rfm"], row["rule_value"])
        for i, row in by_member(result).items()
    } == {
        1: (2, 4, 1000_00, 5, 4, 4, "near-high-high", "high_value", "basic"),
        2: (2, 3, 200_00, 5, 3, 3, "near-mid-mid", "potential", "active-small"),
        3: (12, 1, 120_00, 3, 1, 2, "new-low-low", "new", "active-small"),
        4: (80, 4, 1700_00, 2, 4, 5, "far-high-high", "dormant", "basic"),
        5: (200, 1, 60_00, 1, 1, 1, "far-low-low", "dormant", "silent"),
        6: (500, 0, 0, 1, 1, 1, "far-low-low", "dormant", "silent"),
        7: (None, 0, 0, None, None, None, "never-bought", "dormant", "never-bought"),
    }
    assert result.breakpoints == Breakpoints(
        (80, 12, 2, 2), (3, 3, 4, None), (120_00, 200_00, 1000_00, 1700_00)
    )
    assert (result.members, result.members_without_purchase) == (7, 1)
    assert [cell for cell in result.grid if cell.members] == [
        GridCell(1, 1, 2, 60_00),
        GridCell(2, 4, 1, 1700_00),
        GridCell(3, 1, 1, 120_00),
        GridCell(5, 3, 1, 200_00),
        GridCell(5, 4, 1, 1000_00),
    ]
    assert len(result.grid) == 25
    assert result.groups_rfm == (
        Group("high_value", "near-high-high", 1, 1000_00),
        Group("potential", "near-mid-mid", 1, 200_00),
        Group("dormant", "far-low-low", 2, 60_00),
        Group("dormant", "far-high-high", 1, 1700_00),
        Group("dormant", "never-bought", 1, 0),
        Group("new", "new-low-low", 1, 120_00),
    )
    assert result.interactions_evaluated is False


def test_the_window_ends_with_as_of_and_holds_window_days(orders_of, members_of):
    orders = [(1, ago(0), 1), (1, ago(9), 2), (1, ago(10), 4), (1, AS_OF + timedelta(days=1), 8)]
    result = compute_rfm(
        orders_of(orders),
        members_of(people(1)),
        as_of=AS_OF,
        rfm=RfmPolicy(window_days=10),
        value=ValueClassPolicy(window_days=9),
    )
    row = by_member(result)[1]
    assert (row["recency_days"], row["frequency"], row["monetary_minor"], row["orders_total"]) == (0, 2, 3, 3)
    assert (row["annual_minor"], row["annual_repurchases"]) == (1, 1)
    assert (row["first_purchase_date"], row["last_purchase_date"]) == (ago(10), AS_OF)


def test_the_first_purchase_ever_is_no_repurchase(orders_of, members_of):
    orders = [
        (1, ago(5), 1),
        (1, ago(6), 1),
        (2, ago(5), 1),
        (2, ago(6), 1),
        (2, ago(900), 1),
        (3, ago(900), 1),
    ]
    result = compute_rfm(orders_of(orders), members_of(people(1, 2, 3)), as_of=AS_OF)
    assert {i: row["annual_repurchases"] for i, row in by_member(result).items()} == {1: 1, 2: 2, 3: 0}


def test_returned_anonymous_and_inactive_do_not_count(orders_of, members_of):
    orders = [(1, ago(1), 0), (1, ago(2), 700), (None, ago(1), 900), (2, ago(1), 500)]
    result = compute_rfm(
        orders_of(orders), members_of([*people(1), *people(2, status="erased")]), as_of=AS_OF
    )
    rows = by_member(result)
    assert list(rows) == [1]
    assert (rows[1]["recency_days"], rows[1]["frequency"], rows[1]["monetary_minor"]) == (2, 1, 700)


def test_equal_values_score_equally_on_the_side_the_policy_names(orders_of, members_of):
    # Frequencies 1 1 1 1 1 1 2 2 3 4: the six ones span places 0 to 5, that is fifths 1 to 3.
    counts = {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 2, 8: 2, 9: 3, 10: 4}
    orders = [(i, ago(5), 100) for i, n in counts.items() for _ in range(n)]

    def f_scores(ties):
        policy = RfmPolicy(scoring=QuintileScores(frequency=ties))
        result = compute_rfm(orders_of(orders), members_of(people(*counts)), as_of=AS_OF, rfm=policy)
        return result.breakpoints.frequency_at_least, {
            counts[i]: r["f_score"] for i, r in by_member(result).items()
        }

    assert f_scores(Ties.LOWER) == ((2, 2, 2, 3), {1: 1, 2: 4, 3: 5, 4: 5})
    assert f_scores(Ties.UPPER) == ((1, 1, 2, 3), {1: 3, 2: 4, 3: 5, 4: 5})


def test_fixed_breakpoints_apply_as_written(orders_of, members_of):
    policy = RfmPolicy(scoring=FixedScores((90, 60, 30, 7), (2, 3, 5, 8), (100, 500, 1000, 5000)))
    orders = [(1, ago(7), 5000), (2, ago(8), 499), (2, ago(9), 1), (3, ago(91), 99)]
    result = compute_rfm(orders_of(orders), members_of(people(1, 2, 3)), as_of=AS_OF, rfm=policy)
    scores = {i: (r["r_score"], r["f_score"], r["m_score"]) for i, r in by_member(result).items()}
    assert scores == {1: (5, 1, 5), 2: (4, 2, 3), 3: (1, 1, 1)}
    assert result.breakpoints == Breakpoints((90, 60, 30, 7), (2, 3, 5, 8), (100, 500, 1000, 5000))


def test_a_shop_without_orders_or_without_members_has_an_answer(orders_of, members_of):
    unsold = compute_rfm(orders_of([]), members_of(people(1)), as_of=AS_OF)
    assert by_member(unsold)[1]["class_rfm"] == "dormant"
    assert unsold.breakpoints == Breakpoints(*[(None,) * 4] * 3)
    empty = compute_rfm(orders_of([(1, ago(1), 5)]), members_of([]), as_of=AS_OF)
    assert (empty.members, empty.groups_rfm, sum(c.members for c in empty.grid)) == (0, (), 0)


def test_sums_beyond_32_bits_stay_whole(orders_of, members_of):
    result = compute_rfm(orders_of([(1, ago(1), 10**13)] * 3), members_of(people(1)), as_of=AS_OF)
    assert by_member(result)[1]["monetary_minor"] == 3 * 10**13
    assert result.features.schema()["monetary_minor"].is_int64()


def test_two_results_of_one_session_live_side_by_side(orders_of, members_of):
    first = compute_rfm(orders_of([(1, ago(1), 5)]), members_of(people(1)), as_of=AS_OF)
    second = compute_rfm(orders_of([(1, ago(1), 7)]), members_of(people(1)), as_of=AS_OF)
    assert (by_member(first)[1]["monetary_minor"], by_member(second)[1]["monetary_minor"]) == (5, 7)


def test_contradictions_are_refused(orders_of, members_of):
    orders, members = orders_of([(1, ago(1), 5, "USD")]), members_of(people(1))
    with pytest.raises(LakeContradiction, match="Orders are in USD, the class thresholds in CNY"):
        compute_rfm(orders, members, as_of=AS_OF)
    with pytest.raises(InvalidClassPolicy, match="USD"):
        compute_rfm(orders, members, as_of=AS_OF, rfm=RfmPolicy(currency="USD"))
    with pytest.raises(LakeContradiction, match="1 members are listed more than once"):
        compute_rfm(orders_of([]), members_of(people(1, 1, 2)), as_of=AS_OF)
    with pytest.raises(LakeSchemaMismatch, match="net_minor is missing"):
        compute_rfm(orders.drop("net_minor"), members, as_of=AS_OF)
