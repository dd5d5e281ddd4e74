"""Ladders that count what members do beside buying: check-ins, surveys, referrals, and the points these earn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from laoke.checkout import programme
from laoke.engine import tiering
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.foundation.sql import hot_cursor
from laoke.members import services as members
from laoke.points.activities import referrals
from laoke.promotions.documents.offers import Fault
from laoke.surfaces.cli.account import account
from laoke.surfaces.cli.explained import explained
from laoke.surfaces.cli.programme import _ladder
from laoke.surfaces.console import trail
from laoke.surfaces.console.selectors.ladder import ladder_page
from laoke.surfaces.console.selectors.member.cards import tier_card
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.templatetags.figures import needs_sentence
from laoke.tiers import following, preview, standing
from laoke.tiers import ladder as ladders
from laoke.tiers.judging import Bench
from laoke.tiers.models import TierChange
from laoke.tiers.selectors import stand
from tests.shop import OPENING, POINTS, broken, line, tier
from tests.test_activities import tell, undo

DAY = timedelta(days=1)
CHECKS = {"metric": "interactions", "kind": "check_in", "months": 1, "at_least": 3}
ANY = {"metric": "interactions", "window": "lifetime", "at_least": 3}
EARNED = {"metric": "points_earned", "months": 3, "at_least": 500}
KINDS = {
    "check_in": {"points": 2, "times": {"day": 1}, "streak": {"days": 3, "bonus": 20}},
    "survey": {"points": 0},
    "visit": {"name": {"zh": "到店", "en": "Visit"}, "points": 1},
    "referral": {"points": 600, "friend_points": 500, "least_order_minor": 1},
}
BASIC = {"code": "basic", "name_zh": "普通会员", "name_en": "Member"}


def rungs(*needs: dict[str, Any], **more: Any) -> dict[str, Any]:
    gold = {"code": "gold", "name_zh": "金卡", "name_en": "Gold", "needs": list(needs)}
    return {"tiers": [BASIC, gold | more.pop("gold", {})], "review": "quarterly", **more}


def hold(*needs: dict[str, Any], at=OPENING, **more: Any) -> tiering.Ladder:
    document = {"points": POINTS, "ladder": rungs(*needs, **more), "activities": {"kinds": KINDS}}
    programme.apply(SYSTEM, document, at=at)
    return programme.current().ladder


def check_in(shop, member, days):
    return [tell(shop, member, "check_in", OPENING + day * DAY)["event_id"] for day in days]


def moves(member: int) -> list[tuple[str, str, str]]:
    rows = TierChange.objects.filter(member_id=member).order_by("id")[1:]
    return list(rows.values_list("from_tier", "to_tier", "cause"))


def test_a_check_in_lifts_at_once_and_undone_it_is_taken_back(shop):
    hold(CHECKS)
    member = shop.member()
    check_in(shop, member, [0, 0, 1])  # the second of a day is past its limit and does not count
    assert tier(member) == "basic"
    assert stand(member, OPENING + DAY).progress.says["zh"] == "再每日签到 1 次，30 天内可升级为金卡"
    (third,) = check_in(shop, member, [2])
    assert tier(member) == "gold"
    undo(shop, third, OPENING + 3 * DAY)
    assert moves(member) == [
        ("basic", "gold", "threshold_reached"),
        ("gold", "basic", "undone_downgraded"),
    ]
    assert broken() == {}


def test_one_told_late_lifts_as_of_the_one_that_came_after_it(shop):
    hold(CHECKS)
    member = shop.member()
    check_in(shop, member, [0, 2])
    tell(shop, member, "check_in", OPENING + DAY, now=OPENING + 4 * DAY)
    (lifted,) = TierChange.objects.filter(member_id=member, to_tier="gold")
    assert (lifted.at, lifted.cause) == (OPENING + 2 * DAY, "threshold_reached")
    assert broken() == {}


def test_mixed_with_purchases_and_points(shop):
    """Surveys pay nothing and count; a purchase and three acts of any kind, or 500 points of whatever."""
    bought = {"metric": "purchases", "months": 3, "at_least": 1}
    hold({"any": [{"all": [bought, ANY]}, EARNED]})
    member, other, till = shop.member(), shop.member(), shop.till(OPENING + 5 * DAY)
    for kind in ("survey", "visit", "survey"):
        tell(shop, member, kind, OPENING)
    assert tier(member) == "basic"
    assert till.sell("A", member, line("milk"))["member"]["tier"] == "gold"
    tell(shop, other, "visit", OPENING)
    order = till.sell("B", other, line("wine"))
    assert order["member"]["tier"] == "gold"
    till.take_back(order["order_id"])
    assert tier(other) == "basic"
    assert broken() == {}


def test_a_referral_counts_while_the_friend_s_order_stands(shop):
    hold(EARNED)
    member, friend, till = shop.member(), shop.member(), shop.till()
    tell(shop, member, "referral", friend_id=friend)
    order = till.sell("A", friend, line("milk"))
    referrals.judge(friend, at=OPENING)
    assert (tier(member), tier(friend)) == ("gold", "gold")
    till.take_back(order["order_id"])
    referrals.judge(friend, at=OPENING)
    assert (tier(member), tier(friend)) == ("basic", "basic")
    assert broken() == {}


def test_what_days_in_a_row_lost_does_not_count(shop):
    """The day in the middle takes the bonus of the last with it: 24 points, where it earned 2."""
    ladder = hold(EARNED | {"at_least": 26})
    member = shop.member()
    _, middle, _ = check_in(shop, member, [0, 1, 2])
    assert tier(member) == "gold"
    undo(shop, middle, OPENING + 3 * DAY)
    assert tier(member) == "basic"
    with hot_cursor() as cursor:
        (facts,) = standing.facts(cursor, ladder, member, OPENING + 3 * DAY).values()
    assert facts.points_earned == 4
    assert broken() == {}


def test_it_keeps_a_tier_and_makes_it_last_longer(shop):
    period = {"metric": "interactions", "window": "period", "at_least": 2}
    lasting = {"validity": {"months": 1, "keep": [period], "extension": {"months": 1, "needs": [period]}}}
    hold(ANY | {"at_least": 1}, gold=lasting, fall="at_period_end")
    member = shop.member()
    tell(shop, member, "visit", OPENING)
    until = stand(member, OPENING).lasting.valid_until
    events = [tell(shop, member, "survey", OPENING + day * DAY)["event_id"] for day in (1, 2)]
    longer = stand(member, OPENING + 2 * DAY).lasting.valid_until
    assert longer > until
    undo(shop, events[0], OPENING + 2 * DAY)
    assert (stand(member, OPENING + 2 * DAY).lasting.valid_until, tier(member)) == (until, "gold")
    assert broken() == {}


def test_many_at_once_are_judged_as_one_by_one(shop):
    needs = {"any": [CHECKS | {"window": "membership_year"}, ANY | {"window": "calendar_quarter"}, EARNED]}
    del needs["any"][0]["months"]
    ladder = hold(needs, {"metric": "purchases", "window": "lifetime", "at_least": 1})
    people = [shop.member(at=OPENING - days * DAY) for days in (0, 300, 360)]
    for number, member in enumerate(people):
        check_in(shop, member, range(number, 4))
        tell(shop, member, "visit", OPENING + DAY)
        shop.till().sell(f"{number}", member, line("wine", number + 1))
    gold = ladder.tiers[1]
    for at in (OPENING, OPENING + 3 * DAY, OPENING + 30 * DAY, OPENING + 90 * DAY):
        bench = Bench.at(ladder, at, at - 9 * DAY)
        with hot_cursor() as cursor:
            many = bench.numbers(cursor, people)
            for member in people:
                alone = standing.facts(cursor, ladder, member, at)
                assert tiering.findings(gold, bench.facts(many.get(member))) == tiering.findings(gold, alone)
                assert bench.judge("basic", "", many.get(member)) == tiering.review(ladder, "basic", alone)


def test_who_checked_in_since_a_preview_is_judged_anew(shop):
    hold(ANY | {"at_least": 50})
    member, other = shop.member(), shop.member()
    check_in(shop, member, [0, 1])
    check_in(shop, other, [0, 1, 2])
    at = OPENING + 2 * DAY
    found = preview.make(SYSTEM, ladders.parse(rungs(ANY)), at=at)
    tell(shop, member, "visit", at, now=at + timedelta(hours=1))
    preview.apply(SYSTEM, found.number, at=at + timedelta(hours=2))
    assert (tier(member), tier(other)) == ("gold", "gold")
    assert broken() == {}


def test_a_merge_that_undoes_a_referral_keeps_the_better_tier(shop):
    """The friend turns out to be the same person: the tier that its own purchase had reached is the member's."""
    hold({"metric": "points_earned", "months": 3, "at_least": 1000}, fall="at_once")
    member, friend = shop.member(), shop.member()
    tell(shop, member, "referral", friend_id=friend)
    shop.till().sell("A", friend, line("wine", 2))
    referrals.judge(friend, at=OPENING)
    assert (tier(member), tier(friend)) == ("basic", "gold")
    members.merge(caller=SYSTEM, kept_id=member, gone_id=friend, reason="same person", at=OPENING + DAY)
    assert (tier(member), tier(friend)) == ("gold", "basic")
    assert moves(friend) == [("basic", "gold", "threshold_reached"), ("gold", "basic", "merged")]
    assert broken() == {}


def test_two_histories_together_and_apart(shop):
    ladder = hold(ANY)
    kept, gone = shop.member(), shop.member()
    check_in(shop, kept, [0])
    events = check_in(shop, gone, [0, 1])
    at = OPENING + 2 * DAY
    assert following.after_merge(ladder, (kept, "basic"), (gone, "basic"), at) == "gold"
    merged = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="same person", at=at)
    assert tier(kept) == "gold"
    apart = {"kept_tier": "basic", "gone_tier": "basic"}
    assert following.after_unmerge(ladder, (kept, gone), apart, [], at, events) == ("basic", "basic")
    members.unmerge(caller=SYSTEM, merge_id=merged, at=at)
    assert (tier(kept), tier(gone)) == ("basic", "basic")
    assert broken() == {}


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (
            {"metric": "purchases", "kind": "check_in", "months": 1, "at_least": 1},
            "only interactions have a kind",
        ),
        (CHECKS | {"kind": ""}, r"needs\[0\].kind: takes a kind"),
    ],
    ids=["of purchases", "empty"],
)
def test_kinds_that_cannot_be(need, said):
    with pytest.raises(BadPolicy, match=said):
        ladders.parse(rungs(need))


def test_a_kind_there_is_none_of_is_refused(shop):
    with pytest.raises(Fault) as refused:
        hold(CHECKS | {"kind": "dance"})
    assert refused.value.faults == [(("ladder", "tiers", "gold"), "there are no events of the kind dance")]
    ladder = hold(CHECKS)
    assert ladders.parse(ladders.to_document(ladder)) == ladder


def test_people_read_it_in_words(shop):
    checks = CHECKS | {"months": 3}
    visits = checks | {"kind": "visit"}
    ladder = hold(checks, visits, ANY, gold={"validity": {"months": 1, "keep": [ANY]}})
    told = "\n".join(_ladder(ladder, "CNY"))
    assert "3 times Check-in in 3 months and 3 times Visit in 3 months and 3 interactions in all" in told
    assert "kept by 3 interactions in all" in told
    member = shop.member()
    for at in range(3):
        for kind in ("check_in", "visit"):
            tell(shop, member, kind, OPENING + at * DAY)
    at = OPENING + 3 * DAY
    with translation.override("zh-hans"):
        sentence = needs_sentence(ladder_page(SYSTEM, at).rungs[0].needs)
        assert sentence == "近 3 个月内每日签到满 3 次并且到店满 3 次并且整个会员期内互动满 3 次"
        assert trail._needs([visits]) == "近 3 个月内到店满 3 次"
        said = explained(account(member, at, entries=1, orders=1), settings.LAOKE.zone, "zh-hans")
        assert "内到店 3 / 3 次" in said
        card = tier_card(programme.current(), state_of(SYSTEM, shop.member(), at))
        shown = render_to_string("console/member/_progress.html", {"tier": card})
        assert "次到店" in shown
        assert ">每日签到 <" in shown
