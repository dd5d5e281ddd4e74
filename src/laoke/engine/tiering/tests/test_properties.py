"""What must hold of every ladder and every life on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.engine.tiering import (
    AnyOf,
    Basis,
    Bought,
    Climb,
    Criterion,
    Deed,
    Downgrade,
    Fall,
    History,
    How,
    Ladder,
    Life,
    Metric,
    Path,
    Span,
    Term,
    Tier,
    Upgrade,
    Validity,
    Window,
    at_review,
    qualified,
    upgrade,
    withdraw,
)

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
SHARED = [
    Window(months=3),
    Window(days=45),
    Window(days=60, span=Span.LAST_DAYS),
    Window(span=Span.CALENDAR_MONTH),
    Window(span=Span.CALENDAR_QUARTER),
    Window(span=Span.CALENDAR_YEAR),
    Window(span=Span.LIFETIME),
]
OWN = [Window(span=Span.MEMBERSHIP_YEAR), Window(span=Span.SINCE_TIER), Window(span=Span.PERIOD)]


@st.composite
def ladders(draw, windows=tuple(SHARED + OWN), lasting=False, **fixed):
    """Three tiers above the lowest; each asks for more than the one below in the same windows."""
    spend, count = draw(st.sampled_from(windows)), draw(st.sampled_from(windows))
    either = draw(st.booleans())
    validity = (
        None
        if lasting
        else draw(
            st.sampled_from(
                [
                    None,
                    Validity(Term.FIXED, days=40, grace_days=5),
                    Validity(Term.FIXED, months=2, basis=Basis.PERIOD),
                    Validity(Term.YEAR_END),
                    Validity(Term.NEXT_YEAR_END, grace_days=31),
                ]
            )
        )
    )
    tiers = [Tier("t0", "", "")]
    for rank in (1, 2, 3):
        needs = (Criterion(Metric.SPEND, spend, rank * 100), Criterion(Metric.PURCHASES, count, rank))
        tiers.append(Tier(f"t{rank}", "", "", (AnyOf(needs),) if either else needs, validity))
    rules = {
        "downgrade": draw(st.sampled_from(Downgrade)),
        "upgrade": draw(st.sampled_from(Upgrade)),
        "fall": draw(st.sampled_from(Fall)),
    } | fixed
    return Ladder(tuple(tiers), **rules)


deeds = st.tuples(st.integers(0, 30), st.integers(0, 250))
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), deeds),
        st.tuples(st.just("review"), st.tuples(st.integers(0, 60), st.just(0))),
        st.tuples(st.just("assign"), st.tuples(st.integers(0, 20), st.integers(0, 3))),
        st.tuples(st.just("unassign"), st.tuples(st.integers(0, 20), st.just(0))),
        st.tuples(st.just("trial"), st.tuples(st.integers(0, 20), st.integers(0, 3))),
    ),
    max_size=14,
)


def play(ladder, told, *, look_daily):
    life, at = Life(ladder, UTC, START), START
    for what, (wait, number) in told:
        for _ in range(wait):
            at += timedelta(days=1)
            if look_daily:
                life.come_to(at)
        match what:
            case "buy":
                life.did(Deed(at, spend_minor=number, purchases=1))
            case "review":
                life.reviewed(at)
            case "assign":
                life.assigned(f"t{number}", at)
            case "unassign":
                life.unassigned(at)
            case "trial":
                life.assigned(f"t{number}", at, how=How.TRIAL, until=at.date() + timedelta(days=10))
    life.come_to(at + timedelta(days=500))
    return life


@settings(max_examples=150, deadline=None)
@given(ladders(), happenings)
def test_a_replay_from_facts_is_where_the_life_lived_day_by_day_is(ladder, told):
    daily, replayed = play(ladder, told, look_daily=True), play(ladder, told, look_daily=False)
    assert replayed.standing == daily.standing
    assert replayed.steps == daily.steps


@settings(max_examples=150, deadline=None)
@given(ladders(fall=Fall.AT_REVIEW, downgrade=Downgrade.TO_QUALIFIED), happenings)
def test_reviewing_twice_moves_nobody_the_second_time(ladder, told):
    """By the windows that are everybody's: one that begins with the tier begins anew after a move."""
    if any(window.of_member for window in ladder.all_windows):
        return
    life = play(ladder, told, look_daily=False)
    at = START + timedelta(days=2000)
    life.reviewed(at)
    once = life.standing
    assert at_review(ladder, once, life.facts(at), at.date()).move is None
    life.reviewed(at)
    assert (life.standing.tier, life.standing.since) == (once.tier, once.since)


@settings(max_examples=200, deadline=None)
@given(
    ladders(tuple(SHARED), lasting=True),
    st.lists(deeds, max_size=12),
    st.integers(0, 12),
    st.integers(0, 400),
)
def test_one_purchase_more_never_reaches_less(ladder, told, place, money):
    def reached(extra):
        at, done = START, []
        for number, (wait, spent) in enumerate(told):
            at += timedelta(days=wait)
            done.append(Deed(at, spent, 1))
            if extra and number == place:
                done.append(Deed(at, money, 1))
        starts = [(window, window.start(at, UTC)) for window in ladder.windows]
        return ladder.rank(qualified(ladder, History(done).facts(starts, at)).code)

    assert reached(extra=True) >= reached(extra=False)


def climbed(ladder, purchases):
    """The path that purchases lead to, judged one by one as the till does."""
    current, climb = ladder.lowest.code, []
    for number, bought in enumerate(purchases):
        history = History(each.deed for each in purchases[: number + 1])
        starts = [(window, window.start(bought.at, UTC)) for window in ladder.windows]
        if move := upgrade(ladder, current, history.facts(starts, bought.at)):
            climb.insert(0, Climb(current, move.cause, bought.at))
            current = move.to_tier
    return current, Path(None, climb)


@settings(max_examples=200, deadline=None)
@given(
    ladders(tuple(SHARED), lasting=True, upgrade=Upgrade.AT_ONCE),
    st.lists(deeds, min_size=1, max_size=10),
    st.integers(0, 9),
)
def test_bought_and_brought_back_is_as_never_bought(ladder, told, which):
    at, purchases = START, []
    for wait, spent in told:
        at += timedelta(days=wait, minutes=1)
        purchases.append(Bought(at, spent, True))
    which %= len(purchases)
    others = purchases[:which] + purchases[which + 1 :]
    current, path = climbed(ladder, purchases)
    before = purchases[which]

    def starts(instant):
        return [(window, window.start(instant, UTC)) for window in ladder.windows]

    move = withdraw(ladder, current, path, others, (before, Bought(before.at, 0, False)), starts)
    never, _ = climbed(ladder, others)
    assert (move.to_tier if move else current) == never


def test_events_of_one_day_count_in_the_order_they_happened():
    ladder = Ladder(
        (Tier("t0", "", ""), Tier("t1", "", "", (Criterion(Metric.SPEND, Window(span=Span.LIFETIME), 100),))),
        upgrade=Upgrade.AT_REVIEW,
    )
    first, second = Life(ladder, UTC, START), Life(ladder, UTC, START)
    first.did(Deed(START, 100, 1))
    first.reviewed(START)
    second.reviewed(START)
    second.did(Deed(START, 100, 1))
    assert (first.standing.tier, second.standing.tier) == ("t1", "t0")
    assert first.standing.since == date(2024, 1, 1)
