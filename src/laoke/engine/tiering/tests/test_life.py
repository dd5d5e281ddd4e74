"""A member's way on the ladder: validity, extension, inactivity, tiers that were not earned."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import (
    AllOf,
    AnyOf,
    Basis,
    Criterion,
    Deed,
    Downgrade,
    Extension,
    Fall,
    How,
    Ladder,
    Life,
    Metric,
    Span,
    Term,
    Tier,
    Upgrade,
    Validity,
    Window,
)

EVER = Window(span=Span.LIFETIME)
PERIOD = Window(span=Span.PERIOD)
YEAR = Window(span=Span.CALENDAR_YEAR)


def spend(yuan, window=EVER):
    return Criterion(Metric.SPEND, window, yuan * 100)


def orders(count, window=EVER):
    return Criterion(Metric.PURCHASES, window, count)


def tier(code, *needs, **more):
    return Tier(code, code, code, needs, **more)


def ladder(*tiers, **more):
    return Ladder((Tier("basic", "普通会员", "Member"), *tiers), **more)


def at(day):
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def live(rungs, joined="2025-01-01"):
    return Life(rungs, UTC, at(joined))


def bought(life, day, yuan=0):
    life.did(Deed(at(day), spend_minor=yuan * 100, purchases=1))
    return life.standing


def stands(life, day):
    life.come_to(at(day))
    standing = life.standing
    until = standing.valid_until.isoformat() if standing.valid_until else None
    return standing.tier, standing.cause, until


MIXED = ladder(
    tier(
        "silver", AnyOf((spend(500), AllOf((orders(2), Criterion(Metric.INTERACTIONS, EVER, 3, "check_in")))))
    ),
    tier("gold", spend(2000), orders(3)),
)


def test_a_tier_by_spend_or_by_visits_and_check_ins():
    life = live(MIXED)
    bought(life, "2025-02-01", 10)
    bought(life, "2025-02-02", 10)
    for day in (3, 4, 5):
        life.did(Deed(at(f"2025-02-0{day}"), interaction="share"))
    assert life.standing.tier == "basic"
    for day in (6, 7, 8):
        assert life.standing.tier == "basic"
        life.did(Deed(at(f"2025-02-0{day}"), interaction="check_in"))
    assert life.standing.tier == "silver"
    by_spend = live(MIXED)
    assert bought(by_spend, "2025-02-01", 500).tier == "silver"


PERIODIC = {
    "one step": (Downgrade.ONE_STEP, ("silver", "period_downgraded", "2027-03-02")),
    "to what is earned": (Downgrade.TO_QUALIFIED, ("basic", "period_downgraded", None)),
}


@pytest.mark.parametrize(("how_far", "then"), PERIODIC.values(), ids=PERIODIC.keys())
def test_a_year_that_was_not_repeated_ends_the_tier(how_far, then):
    year = Validity(Term.FIXED, months=12, basis=Basis.PERIOD)
    life = live(
        ladder(
            tier("silver", spend(500), validity=year),
            tier("gold", spend(2000), validity=year),
            downgrade=how_far,
            fall=Fall.AT_PERIOD_END,
        )
    )
    bought(life, "2025-03-01", 2000)
    assert stands(life, "2026-03-01") == ("gold", "threshold_reached", "2026-03-01")
    assert stands(life, "2026-03-02") == then


GOLD_FOR_A_YEAR = Validity(
    Term.NEXT_YEAR_END,
    grace_days=15,
    keep=(spend(1500, YEAR),),
    extension=Extension((orders(6, PERIOD),), 3),
)
EXTENDED = ladder(tier("gold", spend(2000, YEAR), validity=GOLD_FOR_A_YEAR), fall=Fall.AT_PERIOD_END)


def test_six_repurchases_make_gold_last_three_months_longer_once():
    life = live(EXTENDED)
    bought(life, "2025-03-01", 2000)
    for day in range(2, 7):
        bought(life, f"2025-03-0{day}")
    assert stands(life, "2025-03-06") == ("gold", "threshold_reached", "2026-12-31")
    bought(life, "2025-03-07")
    assert stands(life, "2025-03-07") == ("gold", "extended", "2027-03-31")
    bought(life, "2025-03-08")
    assert stands(life, "2027-04-15") == ("gold", "extended", "2027-03-31")
    assert stands(life, "2027-04-16") == ("basic", "period_downgraded", None)


def test_what_keeps_a_tier_may_be_less_than_what_reaches_it():
    life = live(EXTENDED)
    bought(life, "2025-03-01", 2000)
    bought(life, "2027-01-10", 1500)  # within the days of grace
    assert stands(life, "2027-01-16") == ("gold", "retained", "2027-12-31")


def test_periods_that_nobody_looked_at_are_judged_one_after_the_other():
    life = live(EXTENDED)
    bought(life, "2025-03-01", 2000)
    bought(life, "2026-03-01", 0)
    assert stands(life, "2035-01-01") == ("basic", "period_downgraded", None)
    assert [step.day for step in life.steps][-1] == date(2027, 1, 16)


DIAMOND = ladder(
    tier("gold", spend(2000)), tier("diamond", spend(9000), inactive_days=180), downgrade=Downgrade.ONE_STEP
)


def test_diamond_without_a_purchase_falls_and_comes_back_with_one():
    life = live(DIAMOND)
    bought(life, "2025-01-01", 9000)
    assert stands(life, "2025-06-29") == ("diamond", "threshold_reached", None)
    assert stands(life, "2025-06-30") == ("gold", "inactivity_downgraded", None)
    life.reviewed(at("2025-07-01"))
    assert life.standing.tier == "gold"
    assert bought(life, "2025-07-02", 1).tier == "diamond"


def test_a_trial_ends_where_it_began():
    life = live(EXTENDED)
    life.assigned("gold", at("2025-05-01"), how=How.TRIAL, until=date(2025, 5, 30))
    assert stands(life, "2025-05-30")[:2] == ("gold", "trial_assigned")
    assert stands(life, "2025-05-31") == ("basic", "trial_expired", None)


def test_what_is_earned_during_a_trial_stays():
    life = live(ladder(tier("silver", spend(500)), tier("gold", spend(2000))))
    life.assigned("silver", at("2025-05-01"), how=How.INVITATION, until=date(2025, 5, 30))
    bought(life, "2025-05-10", 2000)
    assert stands(life, "2025-05-31")[:2] == ("gold", "invitation_expired")


def test_a_trial_lowers_nobody_and_gives_no_longer_period():
    life = live(EXTENDED)
    bought(life, "2025-03-01", 2000)
    life.assigned("gold", at("2026-05-01"), how=How.TRIAL, until=date(2026, 5, 30))
    assert stands(life, "2026-05-31") == ("gold", "trial_expired", "2026-12-31")


def test_two_trials_end_where_the_first_began():
    life = live(ladder(tier("silver", spend(500)), tier("gold", spend(2000))))
    bought(life, "2025-02-01", 600)
    life.assigned("gold", at("2025-05-01"), how=How.TRIAL, until=date(2025, 5, 30))
    life.assigned("gold", at("2025-05-20"), how=How.BOUGHT, until=date(2025, 6, 30))
    assert stands(life, "2025-06-30")[0] == "gold"
    assert stands(life, "2025-07-01")[:2] == ("silver", "bought_expired")


def test_a_tier_set_by_hand_is_a_floor_and_may_be_lower():
    life = live(ladder(tier("silver", spend(500)), tier("gold", spend(2000)), fall=Fall.AT_ONCE))
    bought(life, "2025-02-01", 2500)
    life.assigned("silver", at("2025-02-02"))
    assert life.standing.tier == "silver"
    life.did(Deed(at("2025-02-03"), spend_minor=-2500_00), returned=True)
    assert life.standing.tier == "silver"
    life.unassigned(at("2025-02-04"))
    assert (life.standing.tier, life.standing.cause) == ("basic", "manual_removed")
    life.unassigned(at("2025-02-05"))
    assert life.standing.cause == "manual_removed"


REFUSED = [("platinum", None, "no tier"), ("gold", date(2025, 1, 31), "has passed")]


@pytest.mark.parametrize(("code", "until", "words"), REFUSED, ids=["unknown tier", "day gone by"])
def test_what_cannot_be_assigned_changes_nothing(code, until, words):
    life = live(EXTENDED)
    before = life.standing
    with pytest.raises(BadPolicy, match=words):
        life.assigned(code, at("2025-02-01"), until=until)
    assert life.standing == before


def test_who_rises_at_reviews_only_waits_for_one():
    life = live(ladder(tier("gold", spend(2000)), upgrade=Upgrade.AT_REVIEW))
    assert bought(life, "2025-02-10", 2000).tier == "basic"
    life.reviewed(at("2025-03-01"))
    assert (life.standing.tier, life.standing.cause) == ("gold", "review_upgraded")


BROKEN = [
    ((tier("gold", AnyOf(())),), "needs at least one"),
    ((tier("gold", spend(1), validity=Validity(Term.FIXED)),), "a validity is"),
    ((tier("gold", spend(1), validity=Validity(Term.YEAR_END, days=1)),), "a validity is"),
    ((tier("gold", spend(1), validity=Validity(Term.YEAR_END, keep=(spend(0),))),), "above zero"),
    ((tier("gold", spend(1), inactive_days=-1),), "below zero"),
    ((tier("gold", Criterion(Metric.SPEND, EVER, 1, "check_in")),), "have a kind"),
]


@pytest.mark.parametrize(("tiers", "words"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_ladders_that_cannot_be(tiers, words):
    with pytest.raises(BadPolicy, match=words):
        ladder(*tiers)


def test_the_lowest_tier_cannot_be_lost():
    with pytest.raises(BadPolicy, match="cannot be lost"):
        Ladder((Tier("basic", "", "", inactive_days=3),))
