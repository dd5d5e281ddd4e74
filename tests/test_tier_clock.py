"""Tiers that last for a period, from the document to the till, the night, returns and late orders."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import jsonschema_rs
import psycopg
import pytest
from django.conf import settings
from django.utils import translation

from laoke.checkout import programme
from laoke.checkout.programme_schema import schema
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.foundation.jobs import selectors as jobs
from laoke.members import services as members
from laoke.surfaces.cli.account import account
from laoke.surfaces.cli.explained import explained
from laoke.surfaces.cli.programme import _ladder
from laoke.surfaces.console.selectors.ladder import differences, ladder_page
from laoke.tiers import clock
from laoke.tiers import ladder as ladders
from laoke.tiers.review import review
from laoke.tiers.schemas import LadderOut, StandOut
from laoke.tiers.selectors import stand
from laoke.tiers.tasks import bring_by_the_clock
from tests.shop import OPENING, POINTS, broken, line, tier

YEAR = {"months": 12, "grace_days": 7}
SIX_IN_THE_YEAR = {"months": 3, "needs": [{"metric": "purchases", "window": "period", "at_least": 6}]}


def rungs(gold: dict[str, Any] | None = None, **rules: Any) -> dict[str, Any]:
    """Gold asks for 1,000 yuan in three months, silver for 500."""
    silver, gold = (
        {
            "code": code,
            "name_zh": zh,
            "name_en": en,
            "needs": [{"metric": "spend", "months": 3, "at_least": money}],
            **more,
        }
        for code, zh, en, money, more in (
            ("silver", "银卡", "Silver", 50_000, {}),
            ("gold", "金卡", "Gold", 100_000, gold or {}),
        )
    )
    basic = {"code": "basic", "name_zh": "普通会员", "name_en": "Member"}
    return {"tiers": [basic, silver, gold], "review": "never", **rules}


def hold(document, at=OPENING):
    programme.apply(SYSTEM, {"points": POINTS, "ladder": document}, at=at)


def on(day: str, hour: int = 4) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")


def lasting(member, at=OPENING):
    found = stand(member, at).lasting
    return found.valid_until, found.extended


def moves(member):
    return [(move.to_tier, move.cause) for move in reversed(stand(member, OPENING).history)][1:]


@pytest.fixture
def golden(shop):
    """A member in gold since 10 March 2026, for a year; six purchases more make it three months longer."""
    hold(rungs({"validity": YEAR | {"extension": SIX_IN_THE_YEAR}}, fall="at_period_end"))
    member = shop.member()
    shop.till().sell("G", member, line("wine", 2))
    return member


def test_a_period_is_judged_after_its_grace(golden):
    assert lasting(golden) == (date(2027, 3, 10), False)
    clock.run(at=on("2027-03-17"))
    assert tier(golden) == "gold"
    assert clock.run(at=on("2027-03-18")) == clock.Run(1, 1)
    assert moves(golden) == [("gold", "threshold_reached"), ("basic", "period_downgraded")]
    assert clock.run(at=on("2027-03-18")) == clock.Run(0, 0)
    assert broken() == {}


def test_who_still_meets_the_criteria_has_another_period(shop, golden):
    shop.till(on("2027-02-01")).sell("A", golden, line("wine", 2))
    bring_by_the_clock(on("2027-03-18"))
    assert (tier(golden), lasting(golden)) == ("gold", (date(2028, 3, 10), False))
    found = jobs.of("tiers.clock")
    assert (found.done, found.detail) == (1, {"moved": 0})


def test_six_purchases_in_the_year_make_it_three_months_longer(shop, golden):
    sold = []
    for number in range(6):
        assert lasting(golden) == (date(2027, 3, 10), False)
        till = shop.till(on("2026-05-01") + timedelta(days=number))
        sold.append(till.sell(f"A{number}", golden, line("milk")))
    assert lasting(golden) == (date(2027, 6, 10), True)
    with translation.override("zh-hans"):
        said = explained(account(golden, OPENING, entries=1, orders=1), settings.LAOKE.zone, "zh-hans")
    assert "有效期至 2027-06-10（已延保）" in said
    # One of the six comes back: it was not longer after all.
    shop.till(on("2026-06-01")).take_back(sold[2]["order_id"])
    assert lasting(golden) == (date(2027, 3, 10), False)
    assert broken() == {}


def test_the_till_comes_before_the_night(shop, golden):
    """A purchase on the day finds the tier as it is, whether or not the worker has run."""
    at = on("2027-03-18", 1)
    quote = shop.till(at).quote(golden, line("milk"))
    assert quote["member"]["tier"] == "basic"
    assert shop.till(at).sell("A", golden, line("milk"))["member"]["tier"] == "basic"
    assert clock.run(at=at) == clock.Run(0, 0)


def test_without_a_purchase_a_tier_is_lost(shop):
    hold(rungs({"inactive_days": 30}, fall="never"))
    member = shop.member()
    shop.till().sell("G", member, line("wine", 2))
    later = shop.till(on("2026-03-30")).sell("A", member, line("milk"))
    clock.run(at=on("2026-04-09"))
    assert tier(member) == "gold"
    clock.run(at=on("2026-04-28"))
    assert tier(member) == "gold"
    # Without that purchase it was lost on 9 April.
    shop.till(on("2026-04-28")).take_back(later["order_id"])
    assert tier(member) == "silver"
    assert moves(member)[-1] == ("silver", "inactivity_downgraded")
    assert broken() == {}


def test_down_at_once_with_a_return_and_with_a_purchase(shop):
    hold(rungs(fall="at_once"))
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("wine"))
    sold = till.sell("B", member, line("wine"))
    assert tier(member) == "gold"
    till.take_back(sold["order_id"])
    assert tier(member) == "silver"
    assert shop.till(on("2026-07-01")).sell("C", member, line("milk"))["member"]["tier"] == "basic"
    assert moves(member)[-1] == ("basic", "immediate_downgrade")


def test_up_at_a_review(shop):
    hold(rungs(upgrade="at_review", review="monthly"))
    member, ladder = shop.member(), ladders.parse(rungs(upgrade="at_review", review="monthly"))
    assert shop.till().sell("A", member, line("wine", 2))["member"]["tier"] == "basic"
    assert review(ladder, date(2026, 4, 1), now=on("2026-04-01")).moved == {member: "gold"}
    assert moves(member) == [("gold", "review_upgraded")]
    assert review(ladder, date(2026, 4, 1), now=on("2026-04-01")).judged == 0


def test_an_order_that_comes_late_is_counted_for_those_after_it(shop):
    """The same day included: what was bought at noon makes the purchase of one o'clock reach gold."""
    hold(rungs())
    member = shop.member()
    at = OPENING + timedelta(hours=1)
    assert shop.till(at).sell("A", member, line("wine"))["member"]["tier"] == "silver"
    late = shop.till(at + timedelta(minutes=5)).sell("B", member, line("wine"), placed_at=OPENING)
    assert (late["member"]["tier_before"], late["member"]["tier"]) == ("silver", "gold")
    assert moves(member) == [("silver", "threshold_reached"), ("gold", "threshold_reached")]
    shop.till(at + timedelta(hours=1)).take_back(late["order_id"])
    assert tier(member) == "silver"
    assert broken() == {}


def test_who_had_the_tier_before_has_a_first_period_from_the_next_night_on(shop):
    hold(rungs())
    member = shop.member()
    shop.till().sell("A", member, line("wine", 2))
    hold(rungs({"validity": {"days": 30}}, fall="at_period_end"), at=on("2026-08-01"))
    assert clock.run(at=on("2026-08-02")) == clock.Run(1, 0)
    assert (tier(member), lasting(member)) == ("gold", (date(2026, 9, 1), False))
    assert clock.run(at=on("2026-09-02")) == clock.Run(1, 1)
    assert tier(member) == "basic"


def test_a_run_that_was_stopped_goes_on(shop):
    hold(rungs({"validity": {"days": 30}}, fall="at_period_end"))
    people = [shop.member() for _ in range(3)]
    for number, member in enumerate(people):
        shop.till().sell(f"A{number}", member, line("wine", 2))
    at = on("2026-09-01")
    assert clock.run(at=at, batch=2, advance=lambda done: False) == clock.Run(2, 2)
    assert clock.run(at=at, batch=2) == clock.Run(1, 1)
    assert [tier(member) for member in people] == ["basic"] * 3


def test_a_merge_takes_the_longer_period_with_the_tier_and_gives_it_back(shop, golden):
    other = shop.member()
    shop.till(on("2026-04-01")).sell("A", other, line("wine", 2))
    merge = members.merge(caller=SYSTEM, kept_id=other, gone_id=golden, reason="同一人", at=on("2026-05-01"))
    assert lasting(other) == (date(2027, 4, 1), False)
    members.unmerge(caller=SYSTEM, merge_id=merge, at=on("2026-05-02"))
    assert (lasting(golden), lasting(other)) == ((date(2027, 3, 10), False), (date(2027, 4, 1), False))
    assert broken() == {}


def test_a_ladder_with_a_clock_costs_the_till_no_statement_more(shop, monkeypatch):
    ran = []
    for cursor in (psycopg.Cursor, psycopg.RawCursor):
        whole = cursor.execute
        monkeypatch.setattr(
            cursor, "execute", lambda *told, whole=whole, **more: ran.append(told[1]) or whole(*told, **more)
        )

    def statements(number: str) -> int:
        ran.clear()
        shop.till().sell(number, member, line("milk"))
        return len(ran)

    member = shop.member()
    shop.till().sell("A", member, line("wine", 2))
    plain = statements("B")
    hold(rungs({"validity": YEAR, "inactive_days": 90}, fall="at_period_end"))
    statements("C")
    assert statements("D") == plain


READ = [
    ({"validity": {"months": 12, "grace_days": 7}}, {}),
    ({"validity": {"days": 400, "basis": "period"}, "inactive_days": 90}, {"fall": "at_once"}),
    ({"validity": {"ends": "next_year_end", "extension": SIX_IN_THE_YEAR}}, {"fall": "at_period_end"}),
    (
        {
            "validity": {
                "months": 6,
                "keep": [{"any": [{"metric": "spend", "window": "period", "at_least": 9}]}],
            }
        },
        {"fall": "never", "upgrade": "at_review", "review": "monthly"},
    ),
]


@pytest.mark.parametrize(("gold", "rules"), READ, ids=["months", "days", "a year", "kept by something else"])
def test_a_document_is_read_and_written_back(gold, rules):
    document = rungs(gold, **rules)
    assert jsonschema_rs.Draft202012Validator(schema()).is_valid({"ladder": document})
    ladder = ladders.parse(document)
    assert ladders.parse(ladders.to_document(ladder)) == ladder
    assert LadderOut.of(ladder).tiers[2].inactive_days == gold.get("inactive_days", 0)


def test_an_old_document_means_what_it_did_and_is_written_as_it_was():
    document = rungs() | {"downgrade": "to_qualified"}
    document["tiers"][0]["needs"] = []
    assert ladders.to_document(ladders.parse(document)) == document


REFUSED = [
    ({"validity": {"months": 12, "days": 3}}, {}, "months or days"),
    ({"validity": {}}, {}, "months or days"),
    ({"validity": {"months": -1}}, {}, r"validity.months: takes a whole number"),
    ({"validity": {"months": 12, "keep": []}}, {}, "keep: takes a list of criteria"),
    ({"validity": {"months": 12, "extension": {"months": 3}}}, {}, "extension: takes criteria"),
    ({"needs": [{"metric": "spend", "window": "period", "at_least": 1}]}, {}, r"window: takes one of"),
    ({}, {"fall": "at_period_end"}, "no tier has a validity"),
    ({}, {"upgrade": "at_review"}, "never reviews"),
    ({"inactive_days": True}, {}, "inactive_days: takes a whole number"),
]


@pytest.mark.parametrize(("gold", "rules", "words"), REFUSED, ids=[str(number) for number in range(9)])
def test_what_cannot_be(gold, rules, words):
    with pytest.raises(BadPolicy, match=words):
        ladders.parse(rungs(gold, **rules))


def test_people_read_it_in_words(shop, golden):
    ladder = ladders.parse(
        rungs({"validity": YEAR | {"extension": SIX_IN_THE_YEAR}, "inactive_days": 180}, fall="at_period_end")
    )
    text = "\n".join(_ladder(ladder, "CNY"))
    assert "never, down at the end of a period and its grace, down to what is earned; up at once" in text
    assert (
        "    lasts 12 months, with 7 days of grace\n    3 months longer with 6 purchases in its period\n"
        in text
    )
    assert "lost after 180 days without a purchase" in text
    page = ladder_page(SYSTEM, OPENING)
    assert [said.zh for said in page.rungs[0].lasts] == [
        "有效期 12 个月，宽限期 7 天",
        "有效期内购物满 6 次，延保 3 个月",
    ]
    assert page.falls.zh == "有效期和宽限期满仍未达到保级条件时降级，降至仍符合条件的最高等级"
    changes = list(differences(ladders.parse(rungs()), ladder))
    assert [change.kind for change in changes] == ["told", "told"]
    found = StandOut.of(stand(golden, OPENING)).lasting
    assert (found.valid_until, found.judged_on, found.how) == (date(2027, 3, 10), date(2027, 3, 18), None)


def test_night_and_day_are_the_same(golden):
    """03:35 in Shanghai on 18 March is still the 17th in Greenwich."""
    clock.run(at=datetime(2027, 3, 17, 15, 59, tzinfo=UTC))
    assert tier(golden) == "gold"
    clock.run(at=datetime(2027, 3, 17, 19, 35, tzinfo=UTC))
    assert tier(golden) == "basic"
