"""What is missing to the next tier, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime

from laoke.engine.tiering import (
    AllOf,
    AnyOf,
    Criterion,
    Deed,
    History,
    Ladder,
    Metric,
    Span,
    Tier,
    Upgrade,
    Ways,
    Window,
    progress,
)

QUARTER = Window(months=3)
YEAR = Window(span=Span.CALENDAR_YEAR)
NOW = datetime(2026, 5, 19, 12, tzinfo=UTC)
BASIC = Tier("basic", "普通会员", "Member")


def seen(ladder, deeds, current="basic"):
    history = History(deeds)

    def lasts(need):
        return history.lasts(need, need.window.start(NOW, UTC), NOW, UTC)

    starts = [(window, window.start(NOW, UTC)) for window in ladder.windows]
    return progress(ladder, current, history.facts(starts, NOW), NOW.date(), lasts)


def bought(month, day, yuan):
    return Deed(datetime(2026, month, day, 12, tzinfo=UTC), yuan * 100, 1)


def gold(*needs):
    return Ladder((BASIC, Tier("gold", "金卡会员", "Gold", needs)))


THREE_AND_2000 = gold(Criterion(Metric.PURCHASES, QUARTER, 3), Criterion(Metric.SPEND, QUARTER, 2000_00))


def test_360_yuan_and_one_purchase_within_twelve_days():
    found = seen(THREE_AND_2000, [bought(2, 28, 640), bought(4, 2, 1000)])
    assert [(lack.metric.value, lack.missing) for lack in found.missing] == [
        ("purchases", 1),
        ("spend", 360_00),
    ]
    # Three months before 31 May is 28 February: the first purchase counts for twelve days more.
    assert found.until == date(2026, 5, 31)


def test_what_is_more_than_enough_may_lose_some():
    found = seen(THREE_AND_2000, [bought(2, 20, 10), bought(3, 1, 1990), bought(3, 2, 9), bought(3, 3, 9)])
    assert found.missing == ()
    assert found.until == date(2026, 6, 1)
    few = seen(THREE_AND_2000, [bought(2, 20, 0), bought(3, 1, 2000)])
    assert [lack.metric.value for lack in few.missing] == ["purchases"]
    assert few.until == date(2026, 5, 20)  # the second purchase is one of those that count


def test_who_did_nothing_loses_nothing():
    found = seen(THREE_AND_2000, [])
    assert (len(found.missing), found.until) == (2, None)


def test_the_year_ends_for_everybody():
    found = seen(gold(Criterion(Metric.SPEND, YEAR, 2000_00)), [])
    assert found.until == date(2026, 12, 31)


def test_alternatives_are_named_as_such():
    ladder = gold(
        Criterion(Metric.SPEND, YEAR, 100_00),
        AnyOf(
            (
                Criterion(Metric.PURCHASES, YEAR, 5),
                AllOf(
                    (Criterion(Metric.PURCHASES, YEAR, 2), Criterion(Metric.INTERACTIONS, YEAR, 3, "share"))
                ),
            )
        ),
    )
    found = seen(ladder, [bought(3, 1, 100)])
    (ways,) = found.missing
    assert isinstance(ways, Ways)
    assert [[(lack.kind, lack.missing) for lack in way] for way in ways.ways] == [
        [("", 4)],
        [("", 1), ("share", 3)],
    ]


def test_a_tier_that_waits_for_the_review_has_nothing_missing():
    ladder = Ladder(THREE_AND_2000.tiers, upgrade=Upgrade.AT_REVIEW)
    found = seen(ladder, [bought(5, 1, 1000), bought(5, 2, 1000), bought(5, 3, 1)])
    assert (found.missing, found.until) == ((), date(2026, 6, 30))


def test_there_is_nothing_above_the_top():
    assert seen(THREE_AND_2000, [], "gold") is None
