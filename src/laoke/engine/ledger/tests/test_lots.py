"""Lots: what is spent, taken back, restored. Stories first, then what holds for every account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.lots import (
    Lot,
    Take,
    available,
    plan_clawback,
    plan_redemption,
    plan_restoration,
)
from laoke.engine.ledger.terms import Shortage, Terms
from laoke.engine.policy import BadPolicy, PointsPolicy, SpendRule

T0 = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def lot(number, days_left, points, order=None, age=10):
    return Lot(number, T0 - age * DAY, T0 + days_left * DAY, points, order)


def test_what_expires_soonest_goes_first():
    lots = [lot(1, 90, 100), lot(2, 30, 40), lot(3, 60, 50)]
    assert plan_redemption(lots, 80, T0) == (Take(2, 40), Take(3, 40))


def test_of_lots_that_expire_together_the_older_goes_first_then_the_smaller_number():
    lots = [lot(3, 30, 10, age=5), lot(1, 30, 10, age=5), lot(2, 30, 10, age=9)]
    assert plan_redemption(lots, 25, T0) == (Take(2, 10), Take(1, 10), Take(3, 5))


def test_expired_points_cannot_be_spent_not_even_unswept():
    lots = [lot(1, -1, 500), lot(2, 0, 500), lot(3, 1, 20)]
    assert available(lots, T0) == 20
    with pytest.raises(InsufficientPoints) as refused:
        plan_redemption(lots, 21, T0)
    assert refused.value.extensions == {"wanted": 21, "available": 20}


def test_a_return_takes_from_its_own_lot_first():
    lots = [lot(1, 10, 100, order=7), lot(2, 300, 60, order=8)]
    plan = plan_clawback(lots, 8, 90, T0, Terms())
    assert plan.takes == (Take(2, 60), Take(1, 30))
    assert (plan.debt, plan.waived) == (0, 0)


@pytest.mark.parametrize(("shortage", "debt", "waived"), [(Shortage.RECOVER, 70, 0), (Shortage.WAIVE, 0, 70)])
def test_points_already_spent_become_debt_or_are_waived(shortage, debt, waived):
    plan = plan_clawback(
        [lot(1, 10, 30, order=8)], 8, 100, T0, Terms(shortage=shortage, expired_counts=False)
    )
    assert (plan.takes, plan.debt, plan.waived) == ((Take(1, 30),), debt, waived)


def test_points_come_back_to_the_lots_they_came_from_last_used_first():
    lots = {1: lot(1, 10, 0), 2: lot(2, 30, 5)}
    plan = plan_restoration([Take(1, 40), Take(2, 20)], lots, 30, T0)
    assert (plan.gives, plan.fresh) == ((Take(2, 20), Take(1, 10)), 0)


def test_points_of_a_lot_that_has_expired_meanwhile_come_back_fresh():
    lots = {1: lot(1, -3, 0), 2: lot(2, 30, 0)}
    plan = plan_restoration([Take(1, 40), Take(2, 20)], lots, 60, T0)
    assert (plan.gives, plan.fresh) == ((Take(2, 20),), 40)


def test_a_year_of_validity_ends_with_the_same_day_of_next_year():
    zone = ZoneInfo("Asia/Shanghai")
    # 00:30 on 11 March in Shanghai.
    ends = PointsPolicy().terms.validity.ends(datetime(2026, 3, 10, 16, 30, tzinfo=UTC), zone)
    assert ends == datetime(2027, 3, 11, 16, 0, tzinfo=UTC)


def test_a_step_must_be_worth_whole_minor_units():
    with pytest.raises(BadPolicy, match="fraction of a minor unit"):
        PointsPolicy(spend=SpendRule(points=3, worth_minor=100, step=1))


def test_the_plans_example_gives_ten_percent_back():
    policy = PointsPolicy(spend=SpendRule(points=100, worth_minor=1000, step=100))
    assert (policy.give_back.numerator, policy.give_back.denominator) == (1, 10)


lots_of_an_account = st.lists(
    st.builds(
        lot, st.integers(1, 10**6), st.integers(-5, 400), st.integers(0, 500), st.sampled_from([None, 7, 8])
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(lots_of_an_account, st.integers(1, 3000))
def test_a_redemption_never_invents_points(lots, wanted):
    held = available(lots, T0)
    if wanted > held:
        with pytest.raises(InsufficientPoints):
            plan_redemption(lots, wanted, T0)
        return
    takes = plan_redemption(lots, wanted, T0)
    by_id = {each.id: each for each in lots}
    assert sum(take.points for take in takes) == wanted
    assert all(0 < take.points <= by_id[take.lot_id].remaining for take in takes)
    assert all(by_id[take.lot_id].expires_at > T0 for take in takes)
    assert len({take.lot_id for take in takes}) == len(takes)


@given(lots_of_an_account, st.integers(1, 3000), st.sampled_from([Shortage.RECOVER, Shortage.WAIVE]))
def test_a_clawback_accounts_for_every_point(lots, wanted, shortage):
    plan = plan_clawback(lots, 7, wanted, T0, Terms(shortage=shortage, expired_counts=False))
    by_id = {each.id: each for each in lots}
    assert sum(take.points for take in plan.takes) + plan.debt + plan.waived == wanted
    assert all(0 < take.points <= by_id[take.lot_id].remaining for take in plan.takes)
    if plan.debt or plan.waived:
        assert sum(take.points for take in plan.takes) == available(lots, T0)


@given(lots_of_an_account, st.integers(1, 3000), st.data())
def test_spending_and_restoring_in_parts_ends_where_it_began(lots, wanted, data):
    wanted = min(wanted, available(lots, T0))
    if not wanted:
        return
    spent = list(plan_redemption(lots, wanted, T0))
    after = {each.id: each.remaining for each in lots}
    for take in spent:
        after[take.lot_id] -= take.points
    by_id = {each.id: each for each in lots}
    left = wanted
    for last in (False, False, True):
        part = left if last else data.draw(st.integers(1, left))
        plan = plan_restoration(spent, by_id, part, T0)
        assert plan.fresh == 0
        for give in plan.gives:
            after[give.lot_id] += give.points
            index = next(i for i, take in enumerate(spent) if take.lot_id == give.lot_id)
            rest = spent[index].points - give.points
            spent[index : index + 1] = [Take(give.lot_id, rest)] if rest else []
        left -= part
        if not left:
            break
    assert after == {each.id: each.remaining for each in lots}
