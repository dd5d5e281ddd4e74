"""A ladder looked at before it holds: who would move, and that exactly those do; many judged as one is judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from typer.testing import CliRunner

from laoke.checkout import programme
from laoke.engine import tiering
from laoke.engine.tiering import Activity
from laoke.foundation.access import SYSTEM, Caller
from laoke.foundation.sql import hot_cursor
from laoke.kernel.errors import LaokeError
from laoke.promotions.documents.offers import Fault
from laoke.purchases import selectors as purchases
from laoke.surfaces.cli.main import app
from laoke.tiers import flows, preview, standing
from laoke.tiers import ladder as ladders
from laoke.tiers.judging import Bench
from laoke.tiers.models import Standing, TierChange
from tests.shop import LADDER, OPENING, broken, line, tier

ZONE = ZoneInfo("Asia/Shanghai")
LATER = OPENING + timedelta(days=40)
SILVER, GOLD = LADDER["tiers"][1], LADDER["tiers"][2]
# A rung between silver and gold, and gold for 1,800 yuan with two purchases, or for any 4,000.
MIXED = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        SILVER,
        SILVER
        | {
            "code": "rose",
            "name_zh": "玫瑰卡",
            "name_en": "Rose",
            "needs": [{"metric": "spend", "months": 3, "at_least": 100_000}],
        },
        GOLD
        | {
            "needs": [
                {
                    "any": [
                        {
                            "all": [
                                {"metric": "purchases", "window": "calendar_quarter", "at_least": 2},
                                {"metric": "spend", "months": 3, "at_least": 180_000},
                            ]
                        },
                        {"metric": "spend", "window": "lifetime", "at_least": 400_000},
                    ]
                }
            ]
        },
    ]
}


@pytest.fixture
def members(shop) -> dict[str, int]:
    """By what they bought: bottles of wine at 500 yuan, in one purchase or in two."""
    found = {name: shop.member() for name in ("none", "one", "two", "four", "twice", "eight")}
    buys = {"one": [1], "two": [2], "four": [4], "twice": [2, 2], "eight": [8]}
    for name, bottles in buys.items():
        for day, quantity in enumerate(bottles):
            till = shop.till(OPENING + timedelta(days=day))
            till.sell(f"{name}-{day}", found[name], line("wine", quantity))
    return found


def moves(after: int) -> set[tuple[int, str, str]]:
    rows = TierChange.objects.filter(id__gt=after)
    return set(rows.values_list("member_id", "from_tier", "to_tier"))


def newest() -> int:
    return TierChange.objects.order_by("-id").values_list("id", flat=True)[0]


def planned(found: preview.Preview) -> set[tuple[int, str, str]]:
    return {
        (member, cell.from_tier, cell.to_tier)
        for cell in found.cells
        if cell.from_tier != cell.to_tier
        for member in preview.sample(found.number, cell.from_tier, cell.to_tier)
    }


def made(document: dict[str, Any], at: datetime = LATER) -> preview.Preview:
    found = preview.make(SYSTEM, ladders.parse(document), at=at)
    assert found is not None
    return found


def test_applying_moves_exactly_whom_the_preview_moves(members):
    before = {name: tier(member) for name, member in members.items()}
    assert before == {
        "none": "basic",
        "one": "silver",
        "two": "silver",
        "four": "silver",
        "twice": "silver",
        "eight": "silver",
    }
    found = made(MIXED)
    assert {name: tier(member) for name, member in members.items()} == before
    assert planned(found) == {
        (members["two"], "silver", "rose"),
        (members["four"], "silver", "rose"),
        (members["twice"], "silver", "rose"),
        (members["eight"], "silver", "gold"),
    }
    assert (found.judged, found.up, found.down, found.spend_minor) == (6, 4, 0, 900_000)
    assert [(each.code, each.before, each.after) for each in found.tiers] == [
        ("basic", 1, 1),
        ("silver", 5, 1),
        ("rose", 0, 3),
        ("gold", 0, 1),
    ]
    last = newest()
    done = preview.apply(SYSTEM, found.number, at=LATER + timedelta(hours=5))
    assert moves(last) == planned(found)
    assert done.outcomes == {"as_previewed": 4, "otherwise": 0, "stayed": 0}
    assert ladders.to_document(programme.current().ladder)["tiers"][2]["code"] == "rose"
    again = preview.apply(SYSTEM, found.number, at=LATER + timedelta(days=9))
    assert (again.state, moves(last)) == ("applied", planned(found))
    assert broken() == {}


def test_a_stopped_run_goes_on_and_comes_to_the_same(members, monkeypatch):
    monkeypatch.setattr(preview, "MOVED_AT_ONCE", 1)
    found, last = made(MIXED), newest()
    stopped = preview.apply(SYSTEM, found.number, at=LATER, advance=lambda count: False)
    assert (stopped.state, len(moves(last)), preview.to_apply(found.number)) == ("applying", 1, 3)
    resumed = preview.rejudge(SYSTEM, at=LATER)
    assert resumed is not None
    assert (resumed.number, resumed.state, moves(last)) == (found.number, "applied", planned(found))


def test_who_bought_or_returned_since_is_judged_as_of_now(shop, members):
    order = shop.till(OPENING).sell("more", members["none"], line("wine", 2))["order_id"]
    found, last = made(MIXED), newest()
    now = LATER + timedelta(hours=3)
    shop.till(now).sell("since", members["one"], line("wine", 2))
    shop.till(now).take_back(order)
    done = preview.apply(SYSTEM, found.number, at=now)
    moved = moves(last)
    assert (members["one"], "silver", "rose") in moved - planned(found)
    assert tier(members["none"]) == "basic"
    assert planned(found) - moved == {(members["none"], "silver", "rose")}
    assert done.outcomes == {"as_previewed": 4, "otherwise": 1, "stayed": 1}
    assert broken() == {}


def test_an_order_of_before_that_comes_late_is_judged_with_the_others(shop, members):
    """Recorded after the preview, placed before it: it counts as if the preview had known it."""
    found, last = made(MIXED), newest()
    now = LATER + timedelta(hours=3)
    shop.till(now).sell("late", members["one"], line("wine"), placed_at=OPENING)
    preview.apply(SYSTEM, found.number, at=now)
    assert moves(last) == planned(found) | {(members["one"], "silver", "rose")}
    assert planned(made(MIXED, now)) == set()


@pytest.mark.parametrize("reason", ["ladder", "age", "members"])
def test_an_outdated_preview_moves_nobody(shop, members, reason, monkeypatch):
    found, at = made(MIXED), LATER + timedelta(hours=3)
    if reason == "ladder":
        programme.apply(SYSTEM, {"ladder": LADDER | {"review": "monthly"}}, at=LATER)
    elif reason == "age":
        at = LATER + timedelta(days=7, minutes=1)
    else:
        monkeypatch.setattr(preview, "FEW", 0)
        shop.till(at).sell("since", members["one"], line("wine", 2))
    last, version = newest(), programme.current().version
    with pytest.raises(LaokeError) as refused:
        preview.apply(SYSTEM, found.number, at=at)
    assert (refused.value.code, refused.value.extensions["reason"]) == ("tier-preview-outdated", reason)
    assert (moves(last), programme.current().version) == (set(), version)
    assert preview.of(found.number).state == "ready"


def test_a_ladder_that_no_longer_fits_the_benefits_is_not_applied(members):
    """A budget for gold is published while the ladder without gold is looked at: it is looked at again, and refused."""
    shown = made(LADDER | {"tiers": LADDER["tiers"][:2]})
    asked: list[int] = []

    def check(ladder: tiering.Ladder) -> None:
        asked.append(programme.plan_ladder(ladder, at=LATER).before.version)
        if len(asked) == 1:
            programme.apply(SYSTEM, {"benefits": {"budgets": {"gold": {"per_year_minor": 500}}}}, at=LATER)

    before = newest()
    with pytest.raises(Fault) as refused:
        preview.apply(SYSTEM, shown.number, at=LATER, check=check)
    assert refused.value.faults == [(("benefits", "budgets", "gold"), "there is no tier gold")]
    assert (len(asked), preview.of(shown.number).state) == (1, "ready")
    assert moves(before) == set()
    assert programme.current().ladder == ladders.parse(LADDER)


def test_judging_everybody_again_moves_those_a_new_ladder_lifts_and_then_nobody(members):
    programme.apply(SYSTEM, {"ladder": MIXED}, at=LATER)
    last = newest()
    first = preview.rejudge(SYSTEM, at=LATER)
    assert first is not None
    assert (first.judged, len(moves(last)), first.outcomes["as_previewed"]) == (6, 4, 4)
    again = preview.rejudge(SYSTEM, at=LATER + timedelta(minutes=1))
    assert again is not None
    assert (again.up, again.down, len(moves(last))) == (0, 0, 4)


def test_benefits_cost_what_members_of_each_tier_used(members):
    """Five silver members used benefits of 1,000 yuan in twelve months; one of them would be silver no more."""
    dearer = [LADDER["tiers"][0], SILVER | {"needs": [{"metric": "spend", "months": 3, "at_least": 60_000}]}]
    assert made(LADDER | {"tiers": dearer}).cost_minor is None
    with hot_cursor() as cursor:
        cursor.execute(
            "insert into benefits_benefituse (member_id, benefit, units, amount, tier, cost_minor, budget_starts, "
            "reference, outcome, used_at, used_by, undone_by, undone_why) "
            "select %s, 'tea', 1, 1, 'silver', cost, '2026-01-01', '', '{}', %s, '', '', '' "
            "from unnest(array[60000, 40000]) cost",
            (members["two"], LATER - timedelta(days=3)),
        )
    found = made(LADDER | {"tiers": dearer})
    assert [(each.code, each.before, each.after, each.benefit_minor) for each in found.tiers] == [
        ("basic", 1, 2, 0),
        ("silver", 5, 4, 20_000),
    ]
    assert (found.up, found.down, found.spend_minor, found.cost_minor) == (0, 1, 50_000, -20_000)


def test_what_the_rules_make_is_told_from_what_would_come_anyway(members):
    """A hundred days later nobody has bought enough any more, whatever the rules: easier ones keep some."""
    later = OPENING + timedelta(days=100)
    shop_of_later = {"metric": "purchases", "window": "lifetime", "at_least": 2}
    easier = LADDER | {
        "tiers": [LADDER["tiers"][0], SILVER | {"needs": [{"any": [SILVER["needs"][0], shop_of_later]}]}]
    }
    found = made(easier, later)
    assert [(each.code, each.before, each.unchanged, each.after) for each in found.tiers][:2] == [
        ("basic", 1, 6, 5),
        ("silver", 5, 0, 1),
    ]
    same = made(LADDER, later)
    assert all(each.unchanged == each.after for each in same.tiers)


def test_a_rung_that_is_gone_leaves_nobody_behind(members):
    programme.apply(SYSTEM, {"ladder": MIXED}, at=LATER)
    preview.rejudge(SYSTEM, at=LATER)
    bare = MIXED | {"tiers": [MIXED["tiers"][0], MIXED["tiers"][3]]}
    found = made(bare, LATER + timedelta(days=1))
    assert {(cell.from_tier, cell.to_tier, cell.members) for cell in found.cells} == {
        ("basic", "basic", 1),
        ("silver", "basic", 1),
        ("rose", "basic", 3),
        ("gold", "gold", 1),
    }
    preview.apply(SYSTEM, found.number, at=LATER + timedelta(days=1))
    assert set(Standing.objects.values_list("tier", flat=True)) == {"basic", "gold"}
    assert broken() == {}


def test_who_came_to_a_tier_today_is_not_lowered_on_it(members):
    steep = LADDER | {
        "tiers": [LADDER["tiers"][0], SILVER | {"needs": [{"metric": "spend", "days": 1, "at_least": 1}]}]
    }
    assert made(steep, OPENING + timedelta(days=30)).down == 5
    Standing.objects.filter(member_id=members["one"]).update(since=OPENING + timedelta(days=30))
    assert made(steep, OPENING + timedelta(days=30)).down == 4


def test_it_takes_the_right_and_a_number(db):
    nobody = Caller("staff", 1, "clerk", frozenset())
    for refused in (
        lambda: preview.make(nobody, ladders.DEFAULT, at=LATER),
        lambda: preview.apply(nobody, 1, at=LATER),
    ):
        with pytest.raises(LaokeError, match="programme:write"):
            refused()
    with pytest.raises(LaokeError) as unknown:
        preview.of(99)
    assert unknown.value.code == "unknown-tier-preview"


WINDOWS = ("membership_year", "calendar_quarter", "lifetime")
BUYS = st.lists(st.tuples(st.integers(0, 250), st.sampled_from([1, 2, 3])), min_size=0, max_size=6)


@bounds(max_examples=12, deadline=None)
@given(st.lists(BUYS, min_size=1, max_size=4), st.integers(0, 250), st.sampled_from(["", "rose", "gold"]))
def test_many_are_judged_as_one_is(histories, day, floor):
    """The numbers of a batch are those of each member alone, and so is the move."""
    ladder = ladders.parse(MIXED)
    at = datetime(2026, 3, 10, tzinfo=UTC) + timedelta(days=day)
    bench = Bench.before(ladder, at)
    for history in histories:
        numbers = [0] * (2 * len(ladder.windows))
        for after, bottles in history:
            placed = datetime(2026, 3, 10, tzinfo=UTC) + timedelta(days=after)
            for place, window in enumerate(ladder.windows):
                if window.start_before(at, ZONE) <= placed < at:
                    numbers[2 * place] += bottles * 50_000
                    numbers[2 * place + 1] += 1
        facts = {
            window: Activity(numbers[2 * place], numbers[2 * place + 1])
            for place, window in enumerate(ladder.windows)
        }
        for rung in ladder.tiers:
            one = tiering.review(ladder, rung.code, facts, floor or None)
            for _ in range(2):  # the second answer comes from what is kept of the first
                assert bench.judge(rung.code, floor, numbers) == one


def test_the_numbers_of_many_are_those_of_each(members):
    ladder = ladders.parse(MIXED)
    for at in (OPENING, LATER, LATER + timedelta(days=60), LATER + timedelta(days=400)):
        bench = Bench.at(ladder, at)
        starts = [window.start(at, ZONE) for window in ladder.windows]
        with hot_cursor() as cursor:
            many = bench.numbers(cursor, list(members.values()))
            for member in members.values():
                one = purchases.activity(cursor, member, starts, at)
                assert [*many.get(member, (0, 0) * len(starts))] == [each for pair in one for each in pair]


def test_years_of_the_membership_are_those_of_each(shop):
    """Also of somebody born to the shop on 29 February, on the anniversary itself and beside other instants."""
    days = [datetime(2024, 2, 29, 5, tzinfo=UTC), OPENING - timedelta(days=200), OPENING]
    found = [shop.member(at=day) for day in days]
    for number, member in enumerate(found):
        for month in (-5, -1, 0, 2, 11):
            at = max(OPENING + timedelta(days=30 * month), days[number])
            shop.till(at).sell(f"{number}-{month}", member, line("wine", month + 6), placed_at=at)
    year = {"metric": "spend", "window": "membership_year", "at_least": 100_000}
    for needs in ([year], [year, {"metric": "purchases", "months": 3, "at_least": 2}]):
        ladder = ladders.parse(LADDER | {"tiers": [LADDER["tiers"][0], SILVER | {"needs": needs}]})
        for at in (OPENING, datetime(2027, 2, 28, 4, tzinfo=UTC), OPENING + timedelta(days=364)):
            bench, also = Bench.at(ladder, at), Bench.at(ladder, at, at - timedelta(days=100))
            with hot_cursor() as cursor:
                many, more = bench.numbers(cursor, found), also.numbers(cursor, found)
                for member in found:
                    alone = standing.facts(cursor, ladder, member, at)
                    assert bench.facts(many.get(member)) == alone
                    assert also.facts(more.get(member)) == alone
                    ((spend, _),) = purchases.activity(cursor, member, [at - timedelta(days=100)], at)
                    assert (more.get(member) or (0, 0))[-2] == spend


def test_points_earned_are_those_of_each(shop):
    """As one by one, so many at once: without what a return took back, in a year of the membership too."""
    found = [shop.member(at=OPENING - timedelta(days=day)) for day in (0, 200)]
    for number, member in enumerate(found):
        for month in range(4):
            at = OPENING + timedelta(days=30 * month)
            order = shop.till(at).sell(f"{number}-{month}", member, line("wine", month + number + 1))
            if month == 2:
                shop.till(at).take_back(order["order_id"], "R1", (1, "1"))
    needs = [
        {"metric": "spend", "window": "membership_year", "at_least": 100_000},
        {"any": [{"metric": "points_earned", "window": window, "at_least": 1_900} for window in WINDOWS]},
    ]
    ladder = ladders.parse(LADDER | {"tiers": [LADDER["tiers"][0], SILVER | {"needs": needs}]})
    silver = ladder.tiers[1]
    for at in (OPENING, OPENING + timedelta(days=100), OPENING + timedelta(days=280)):
        bench = Bench.at(ladder, at, at - timedelta(days=100))
        with hot_cursor() as cursor:
            many = bench.numbers(cursor, found)
            alone = [standing.facts(cursor, ladder, member, at) for member in found]
            for member, facts in zip(found, alone, strict=True):
                numbers = many.get(member)
                assert tiering.findings(silver, bench.facts(numbers)) == tiering.findings(silver, facts)
                assert bench.judge("basic", "", numbers) == tiering.review(ladder, "basic", facts)
                ((spend, _),) = purchases.activity(cursor, member, [at - timedelta(days=100)], at)
                assert (numbers or (0, 0))[-2] == spend
    year = tiering.Window(span=tiering.Span.MEMBERSHIP_YEAR)
    assert [facts[year].points_earned for facts in alone] == [4_500, 0]


def test_where_members_went_between_two_days_and_who_falls_next(members):
    first, second = OPENING.date(), LATER.date()
    preview.apply(SYSTEM, made(MIXED).number, at=LATER)
    found = flows.between(first - timedelta(days=1), second)
    assert found.flows == (("", "basic", 1), ("", "silver", 1), ("", "rose", 3), ("", "gold", 1))
    found = flows.between(first, second)
    assert found.flows == (
        ("basic", "basic", 1),
        ("silver", "silver", 1),
        ("silver", "rose", 3),
        ("silver", "gold", 1),
    )
    assert [tuple(each) for each in found.tiers] == [
        ("basic", 1, 1, 0, 1, 0, 0, 0),
        ("silver", 5, 1, 0, 1, 0, 0, 0),
        ("rose", 0, 3, 3, 0, 0, 0, 0),
        ("gold", 0, 1, 1, 0, 0, 0, 0),
    ]
    soon = flows.endangered(LATER, days=30)
    assert (soon.day, soon.flows, soon.members) == (None, (), ())
    danger = flows.endangered(LATER, days=90, most=2)
    assert (str(danger.day), danger.judged) == ("2026-07-01", 5)
    assert danger.flows == (("silver", "basic", 1), ("rose", "basic", 3))
    one, two = danger.members
    assert (one.member_id, [lack.missing for lack in one.missing]) == (members["one"], [50_000])
    assert (two.member_id, [lack.missing for lack in two.missing]) == (members["two"], [100_000])


def test_the_commands_show_and_do_it(members, tmp_path):
    file = tmp_path / "ladder.yaml"
    file.write_text(orjson.dumps({"ladder": MIXED}).decode(), encoding="utf-8")
    run = CliRunner().invoke
    shown = orjson.loads(run(app, ["tiers", "preview", str(file), "--json"]).stdout)
    assert (shown["state"], shown["judged"], {each["code"] for each in shown["tiers"]}) == (
        "ready",
        6,
        {"basic", "silver", "rose", "gold"},
    )
    done = run(app, ["tiers", "apply", str(shown["number"])])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        f"{shown['up'] + shown['down']:,} members moved as previewed, 0 otherwise, 0 of those judged anew stayed.",
    )
    again = run(app, ["tiers", "rejudge"])
    assert (again.exit_code, "0 members moved as previewed" in again.stdout) == (0, True)
    assert "tier" in run(app, ["tiers", "flows", "--from", "2026-03-10"]).stdout
    assert run(app, ["tiers", "endangered", "--days", "366"]).exit_code == 0
    assert run(app, ["tiers", "apply", "99"]).exit_code != 0
    file.write_text("points: {}", encoding="utf-8")
    assert run(app, ["tiers", "preview", str(file)]).exit_code != 0
