"""The two class systems: every combination has one class, and each default threshold is where the plans put it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from laoke.insight.errors import InvalidClassPolicy
from laoke.insight.rfm.explain import Statement, explain
from laoke.insight.rfm.features import MemberFeatures
from laoke.insight.rfm.policy import FixedScores, RfmPolicy, ValueClassPolicy, ValueThresholds
from laoke.insight.rfm.rules import Rule

AS_OF = date(2026, 6, 30)


def member(
    *, recency=10, first=200, r=3, f=3, m=3, spend=0, repurchases=0, interactions=None, registered=300
):
    """A member who has bought; `recency`, `first` and `registered` are days before AS_OF."""
    return MemberFeatures(
        member_id=1,
        as_of=AS_OF,
        registered_date=AS_OF - timedelta(days=registered),
        recency_days=recency,
        frequency=repurchases + 1,
        monetary_minor=spend,
        orders_total=repurchases + 1,
        first_purchase_date=AS_OF - timedelta(days=first),
        last_purchase_date=AS_OF - timedelta(days=recency),
        r_score=r,
        f_score=f,
        m_score=m,
        annual_minor=spend,
        annual_repurchases=repurchases,
        interactions=interactions,
    )


def stranger(*, registered=300, interactions=None):
    """A member who has never bought."""
    return replace(
        member(registered=registered, interactions=interactions),
        recency_days=None,
        frequency=0,
        orders_total=0,
        first_purchase_date=None,
        last_purchase_date=None,
        r_score=None,
        f_score=None,
        m_score=None,
    )


R11 = """
    # recency  first  R F M   rule              class
    10         200    5 5 5   near-high-high    high_value
    10         200    3 4 4   near-high-high    high_value
    10         20     5 4 4   near-high-high    high_value    # a newcomer who buys like the best is one of them
    10         200    5 3 4   near-mid-mid      potential
    10         200    3 3 3   near-mid-mid      potential
    10         200    5 5 2   near-often-small  potential
    10         200    5 1 3   near-seldom-large potential
    10         200    5 1 1   near-low-low      potential     # buys, but is not new
    10         29     5 1 1   new-low-low       new
    10         30     5 1 1   near-low-low      potential     # day 30 is no longer within 30 days
    29         29     1 2 2   new-low-low       new           # in a weekly shop 29 days are long, but still new
    10         10     5 1 5   near-seldom-large potential     # a large first order: worth more than a welcome
    30         200    1 5 5   near-high-high    high_value    # within 30 days is near, whatever the score
    31         200    2 5 5   far-high-high     dormant       # first on the list to win back
    31         200    2 3 5   far-between       dormant
    31         200    1 1 1   far-low-low       dormant
    400        900    1 1 1   far-low-low       dormant
"""
R12 = """
    # spend    repurchases  recency  interactions  rule          class
    500000     4            10       -             core          core
    499999     4            10       -             potential     potential
    500000     3            10       -             potential     potential
    200000     2            10       -             potential     potential
    199999     9            10       -             basic         basic
    900000     1            10       -             basic         basic
    50000      1            10       -             basic         basic
    49999      1            10       -             active-small  basic       # small, but bought within six months
    50000      0            10       -             active-small  basic
    50000      0            180      -             active-small  basic       # last purchase 2026-01-01
    50000      0            181      -             active-small  basic       # 2025-12-31: 2025-12-30 is six months
    50000      0            182      -             silent        dormant
    500000     4            200      -             core          core        # R12 judges core by the year alone
    500000     4            10       6             core          core        # two a month over three months
    500000     4            10       5             potential     potential
    500000     4            10       2             basic         basic
    40000      0            200      0             silent        dormant
    40000      0            200      1             active-small  basic       # R12: dormant has no interaction
"""


def table(text):
    return [line.split("#")[0].split() for line in text.splitlines() if line.split("#")[0].strip()]


@pytest.mark.parametrize("row", table(R11), ids="-".join)
def test_r11(row):
    recency, first, r, f, m = map(int, row[:5])
    found = explain(member(recency=recency, first=first, r=r, f=f, m=m), RfmPolicy())
    assert [found.rule, found.outcome] == row[5:]


@pytest.mark.parametrize("row", table(R12), ids="-".join)
def test_r12(row):
    spend, repurchases, recency = map(int, row[:3])
    interactions = None if row[3] == "-" else int(row[3])
    person = member(
        spend=spend, repurchases=repurchases, recency=recency, first=300, interactions=interactions
    )
    found = explain(person, ValueClassPolicy())
    assert [found.rule, found.outcome] == row[4:]
    assert found.interactions_evaluated is (interactions is not None)


@pytest.mark.parametrize(
    ("person", "rfm", "value"),
    [
        (stranger(registered=29), ("registered-recently", "new"), ("never-bought", "dormant")),
        (stranger(registered=30), ("never-bought", "dormant"), ("never-bought", "dormant")),
        (stranger(interactions=0), ("never-bought", "dormant"), ("never-bought", "dormant")),
        (stranger(interactions=1), ("never-bought", "dormant"), ("active-small", "basic")),
        (replace(stranger(), registered_date=None), ("never-bought", "dormant"), ("never-bought", "dormant")),
    ],
)
def test_members_who_never_bought(person, rfm, value):
    by_rfm, by_value = explain(person, RfmPolicy()), explain(person, ValueClassPolicy())
    assert (by_rfm.rule, by_rfm.outcome) == rfm
    assert (by_value.rule, by_value.outcome) == value


def takers(rules: tuple[Rule, ...], person: MemberFeatures) -> list[Rule]:
    return [rule for rule in rules if rule.holds(person.measures())]


def test_every_combination_of_scores_and_dates_meets_a_rule_of_r11():
    """Also the last rule's own conditions hold for whoever reaches it: nobody falls through, nobody is misnamed."""
    policies = [
        RfmPolicy(),
        RfmPolicy(near_score=5, mid_score=2, high_score=5, near_within_days=0, new_within_days=1),
    ]
    used = set()
    for policy, recency, first, r, f, m in product(
        policies, (0, 1, 29, 30, 31, 400), (0, 29, 30, 400), *[range(1, 6)] * 3
    ):
        person = member(recency=recency, first=max(first, recency), r=r, f=f, m=m)
        first_taker = takers(policy.rules(AS_OF), person)[0]
        assert explain(person, policy).rule == first_taker.name
        used.add(first_taker.name)
    never = {"registered-recently", "never-bought"}
    assert used == {rule.name for rule in RfmPolicy().rules(AS_OF)} - never


def test_every_combination_of_thresholds_meets_a_rule_of_r12():
    used = set()
    for spend, repurchases, recency, interactions in product(
        (1, 49_999, 50_000, 200_000, 500_000), range(6), (0, 181, 182, 400), (None, 0, 1, 3, 6)
    ):
        person = member(
            spend=spend, repurchases=repurchases, recency=recency, first=500, interactions=interactions
        )
        policy = ValueClassPolicy()
        first_taker = takers(policy.rules(AS_OF, interactions=interactions is not None), person)[0]
        assert explain(person, policy).rule == first_taker.name
        used.add(first_taker.name)
    assert used == {rule.name for rule in ValueClassPolicy().rules(AS_OF, interactions=True)} - {
        "never-bought"
    }


def test_an_explanation_names_values_thresholds_and_what_was_missing():
    found = explain(member(recency=200, first=400, r=1, f=4, m=2), RfmPolicy())
    assert (found.outcome, found.rule) == ("dormant", "far-between")
    assert found.because == (
        Statement("r_score", 1, None, 2, True),
        Statement("recency_days", 200, 31, None, True),
    )
    best = next(passed for passed in found.passed_over if passed.rule == "near-high-high")
    assert best.unmet == (
        Statement("r_score", 1, 3, None, False),
        Statement("recency_days", 200, None, 30, False),
        Statement("m_score", 2, 4, None, False),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: RfmPolicy(currency="yuan"),
        lambda: RfmPolicy(window_days=0),
        lambda: RfmPolicy(window_days=36500),
        lambda: RfmPolicy(near_score=1),
        lambda: RfmPolicy(mid_score=4),
        lambda: RfmPolicy(high_score=6),
        lambda: RfmPolicy(new_within_days=0),
        lambda: ValueClassPolicy(basic=ValueThresholds(2000_00, 1)),
        lambda: ValueClassPolicy(potential=ValueThresholds(2000_00, 5)),
        lambda: ValueClassPolicy(basic=ValueThresholds(0, 0)),
        lambda: ValueClassPolicy(basic=ValueThresholds(500_00, -1)),
        lambda: ValueClassPolicy(dormant_after_months=0),
        lambda: FixedScores((30, 60, 90, 180), (2, 3, 4, 6), (100, 200, 300, 400)),
        lambda: FixedScores((180, 90, 60, -1), (2, 3, 4, 6), (100, 200, 300, 400)),
        lambda: FixedScores((180, 90, 60, 30), (0, 3, 4, 6), (100, 200, 300, 400)),
        lambda: FixedScores((180, 90, 60, 30), (2, 3, 4, 6), (100, 200, 200, 400)),
    ],
)
def test_impossible_thresholds_are_refused(wrong):
    with pytest.raises(InvalidClassPolicy) as refusal:
        wrong()
    assert refusal.value.code == "invalid-class-policy"
    assert refusal.value.detail.endswith(".")
