"""Two readings of one truth: DuckDB over relations, and plain Python over lists, for random shops."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laoke.insight.rfm.compute import compute_rfm
from laoke.insight.rfm.explain import explain
from laoke.insight.rfm.features import MemberFeatures
from laoke.insight.rfm.policy import (
    FixedScores,
    QuintileScores,
    RfmPolicy,
    Ties,
    ValueClassPolicy,
    ValueThresholds,
)
from laoke.kernel.calendar import add_months

AS_OF = date(2026, 3, 31)
MEMBER_IDS = range(1, 12)

# Half of the days stand at the edge of a window below: bounds are where two readings part.
edges = st.sampled_from([-1, 0, 1, 7, 8, 9, 10, 29, 30, 31, 58, 59, 60])
days = (edges | st.integers(-3, 75)).map(lambda back: AS_OF - timedelta(days=back))
# Few distinct values, so that ties are the rule and every threshold is met, missed and hit exactly.
status = st.sampled_from([*["active"] * 9, "closed"])
order = st.tuples(st.none() | st.sampled_from(MEMBER_IDS), days, st.sampled_from([0, 1, 500, 1000, 5000]))
# The number first: lists left to themselves stay near five, and a fifth of five members says little.
orders = st.integers(0, 60).flatmap(lambda n: st.lists(order, min_size=n, max_size=n))
members = st.integers(1, len(MEMBER_IDS)).flatmap(
    lambda n: st.fixed_dictionaries({i: st.tuples(days, status) for i in MEMBER_IDS[:n]})
)
interactions = st.none() | st.lists(st.tuples(st.sampled_from(MEMBER_IDS), days), min_size=8, max_size=20)
ties = st.sampled_from(Ties)
quintiles = st.builds(QuintileScores, ties, ties, ties)
fixed = st.just(FixedScores((40, 20, 10, 5), (1, 2, 3, 5), (1, 1000, 2000, 6000)))
rfm_policies = st.builds(
    RfmPolicy,
    window_days=st.sampled_from([8, 30, 60]),
    scoring=quintiles | quintiles | quintiles | fixed,
    near_score=st.integers(2, 5),
    near_within_days=st.sampled_from([0, 7]),
    mid_score=st.integers(2, 3),
    high_score=st.integers(4, 5),
    new_within_days=st.sampled_from([1, 10]),
)
value_policies = st.builds(
    ValueClassPolicy,
    window_days=st.sampled_from([30, 60]),
    core=st.just(ValueThresholds(6000, 3, 2)),
    potential=st.just(ValueThresholds(2000, 2, 1)),
    basic=st.just(ValueThresholds(1000, 1)),
    dormant_after_months=st.just(1),
    interaction_months=st.integers(1, 2),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(orders, members, interactions, rfm_policies, value_policies)
def test_the_relational_and_the_python_reading_agree_on_every_member(
    orders_of, members_of, interactions_of, orders, members, interactions, rfm, value
):
    result = compute_rfm(
        orders_of(orders),
        members_of([(i, registered, status) for i, (registered, status) in members.items()]),
        None if interactions is None else interactions_of(interactions),
        as_of=AS_OF,
        rfm=rfm,
        value=value,
    )
    rows = result.features.order_by("member_id").to_pyarrow().to_pylist()
    assert rows == python_reading(orders, members, interactions, rfm, value)
    assert (
        sum(g.members for g in result.groups_rfm) == sum(g.members for g in result.groups_value) == len(rows)
    )
    in_grid = sum(cell.members for cell in result.grid)
    assert in_grid + result.members_without_purchase == result.members == len(rows)
    for row in rows:
        if row["orders_total"]:
            assert row["r_score"] == result.breakpoints.r_score(row["recency_days"])
            assert row["f_score"] == result.breakpoints.f_score(row["frequency"])
            assert row["m_score"] == result.breakpoints.m_score(row["monetary_minor"])


def python_reading(orders, members, interactions, rfm, value):
    """The method said once more, with loops and sorted lists, and the classes by `explain`."""
    raw = {}
    for member_id, (_, status) in members.items():
        if status == "active":
            mine = sorted(
                (day, net) for who, day, net in orders if who == member_id and net > 0 and day <= AS_OF
            )
            raw[member_id] = mine
    window = {i: [(d, n) for d, n in mine if (AS_OF - d).days < rfm.window_days] for i, mine in raw.items()}
    year = {
        i: [(k, n) for k, (d, n) in enumerate(mine) if (AS_OF - d).days < value.window_days]
        for i, mine in raw.items()
    }
    recency = {i: (AS_OF - mine[-1][0]).days for i, mine in raw.items() if mine}
    frequency = {i: len(window[i]) for i in recency}
    monetary = {i: sum(n for _, n in window[i]) for i in recency}
    active_buyers = [i for i in recency if window[i]]

    def scores(values, low_is_best, tie_rule, fixed):
        if fixed is not None:
            return {
                i: 1 + sum(v <= edge if low_is_best else v >= edge for edge in fixed)
                for i, v in values.items()
            }
        row = sorted((values[i] for i in active_buyers), reverse=low_is_best)
        place = {}
        for at, v in enumerate(row):
            if tie_rule is Ties.UPPER or v not in place:
                place[v] = at
        return {i: 1 + 5 * place[v] // len(row) if i in active_buyers else 1 for i, v in values.items()}

    s, fixed = rfm.scoring, isinstance(rfm.scoring, FixedScores)
    r = scores(recency, True, None if fixed else s.recency, s.recency_days_at_most if fixed else None)
    f = scores(frequency, False, None if fixed else s.frequency, s.frequency_at_least if fixed else None)
    m = scores(monetary, False, None if fixed else s.monetary, s.monetary_minor_at_least if fixed else None)
    after = add_months(AS_OF, -value.interaction_months)
    rows = []
    for i, mine in sorted(raw.items()):
        features = MemberFeatures(
            member_id=i,
            as_of=AS_OF,
            registered_date=members[i][0],
            recency_days=recency.get(i),
            frequency=frequency.get(i, 0),
            monetary_minor=monetary.get(i, 0),
            orders_total=len(mine),
            first_purchase_date=mine[0][0] if mine else None,
            last_purchase_date=mine[-1][0] if mine else None,
            r_score=r.get(i),
            f_score=f.get(i),
            m_score=m.get(i),
            annual_minor=sum(n for _, n in year[i]),
            annual_repurchases=sum(k > 0 for k, _ in year[i]),
            interactions=None
            if interactions is None
            else sum(who == i and after < day <= AS_OF for who, day in interactions),
        )
        by_rfm, by_value = explain(features, rfm), explain(features, value)
        rows.append(
            asdict(features)
            | {"rule_rfm": by_rfm.rule, "class_rfm": by_rfm.outcome}
            | {"rule_value": by_value.rule, "class_value": by_value.outcome}
        )
    return rows
