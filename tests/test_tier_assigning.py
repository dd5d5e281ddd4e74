"""Tiers that were not earned: trials, invitations, set by hand; what comes after, and what returns can take."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from typer.testing import CliRunner

from laoke.checkout import programme
from laoke.engine.tiering import How
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, MissingScope, Role
from laoke.members import services as members
from laoke.surfaces.cli.main import app
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.selectors.member.timeline import timeline_of
from laoke.tiers import assigning, clock
from laoke.tiers import ladder as ladders
from laoke.tiers.errors import TierNotAssigned
from laoke.tiers.review import review
from laoke.tiers.selectors import stand
from tests.shop import LADDER, OPENING, POINTS, broken, line, tier

ASSOCIATE = Caller("staff", 7, "staff:7", frozenset(ROLE_SCOPES[Role.ASSOCIATE]))
TODAY = date(2026, 3, 10)
ENDS = TODAY + timedelta(days=29)
AFTER = OPENING + timedelta(days=30)


def give(member, code="gold", how=How.TRIAL, until=ENDS, at=OPENING):
    return assigning.assign(SYSTEM, member, code, how=how, until=until, reason="开业", at=at)


def moves(member):
    return [(move.to_tier, move.cause) for move in reversed(stand(member, OPENING).history)][1:]


def told(member) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select payload::text from foundation_outboxmessage where topic = 'tier.changed' and member_id = %s "
            "order by id",
            [member],
        )
        return [orjson.loads(row[0]) for row in cursor.fetchall()]


def test_a_trial_of_thirty_days_and_back(shop):
    member = shop.member()
    assert give(member) == assigning.Assignment(member, "gold", True)
    assert give(member) == assigning.Assignment(member, "gold", False)
    clock.run(at=AFTER - timedelta(days=1))
    assert tier(member) == "gold"
    assert clock.run(at=AFTER) == clock.Run(1, 1)
    assert moves(member) == [("gold", "trial_assigned"), ("basic", "trial_expired")]
    up, down = told(member)
    assert (up["up"], up["until"], down["up"]) == (True, "2026-04-08", False)
    with pytest.raises(TierNotAssigned) as refused:
        give(member, until=date(2026, 12, 31), at=AFTER)
    assert refused.value.extensions == {"reason": "tried_before"}
    assert broken() == {}


def test_who_earns_it_meanwhile_keeps_it_until_the_goods_come_back(shop):
    member, till = shop.member(), shop.till(OPENING + timedelta(days=3))
    give(member)
    for number in range(2):
        till.sell(f"A{number}", member, line("milk"))
    sold = till.sell("B", member, line("wine", 4))
    assert sold["member"]["tier_before"] is None
    # The till comes before the night.
    assert shop.till(AFTER).sell("C", member, line("milk"))["member"]["tier"] == "gold"
    assert moves(member) == [
        ("gold", "trial_assigned"),
        ("basic", "trial_expired"),
        ("gold", "threshold_reached"),
    ]
    assert [(event["cause"], event["up"]) for event in told(member)] == [
        ("trial_assigned", True),
        ("threshold_reached", True),
    ]
    shop.till(AFTER).take_back(sold["order_id"])
    assert tier(member) == "basic"
    assert broken() == {}


def test_nothing_lowers_below_an_invitation_and_what_is_better_stays(shop):
    member = shop.member()
    give(member, "silver", How.INVITATION, None)
    review(ladders.parse(LADDER), date(2026, 4, 1), now=OPENING + timedelta(days=22))
    assert tier(member) == "silver"
    sold = shop.till().sell("A", member, line("wine", 1))
    shop.till().take_back(sold["order_id"])
    assert tier(member) == "silver"
    assert assigning.remove(SYSTEM, member, reason="zurück", at=OPENING) == assigning.Assignment(
        member, "basic", True
    )
    with pytest.raises(TierNotAssigned) as refused:
        assigning.remove(SYSTEM, member, reason="again", at=OPENING)
    assert refused.value.extensions == {"reason": "nothing_assigned"}
    assert moves(member) == [("silver", "invitation_assigned"), ("basic", "invitation_removed")]
    assert broken() == {}


def test_by_hand_a_tier_is_set_down_too(shop):
    member = shop.member()
    shop.till().sell("A", member, line("wine", 1))
    assert give(member, "basic", How.MANUAL, None).tier == "basic"
    assert shop.till().sell("B", member, line("milk"))["member"]["tier"] == "silver"
    assert broken() == {}


def test_what_is_refused(shop):
    member = shop.member()
    refused = [
        ("unknown_tier", {"code": "platinum"}),
        ("day_passed", {"until": TODAY - timedelta(days=1)}),
        ("no_end", {"until": None}),
        ("not_higher", {"code": "basic"}),
    ]
    for reason, asked in refused:
        with pytest.raises(TierNotAssigned) as caught:
            give(member, **asked)
        assert caught.value.extensions["reason"] == reason
    give(member)
    with pytest.raises(TierNotAssigned) as caught:
        give(member, "gold", How.INVITATION, None)
    assert caught.value.extensions["reason"] == "assigned_otherwise"
    members.block(caller=SYSTEM, member_id=member, reason="停用", at=OPENING)
    with pytest.raises(TierNotAssigned) as caught:
        assigning.remove(SYSTEM, member, reason="误发", at=OPENING)
    assert caught.value.extensions["reason"] == "member_not_active"
    with pytest.raises(MissingScope):
        assigning.remove(ASSOCIATE, member, reason="误发", at=OPENING)
    assert moves(member) == [("gold", "trial_assigned")]


def test_the_trial_s_period_does_not_outlive_it(shop):
    """Silver has a year; three weeks of gold on trial, and the year goes on as it was."""
    silver = LADDER["tiers"][1] | {"validity": {"months": 12}}
    tiers = [LADDER["tiers"][0], silver, LADDER["tiers"][2] | {"validity": {"days": 10}}]
    programme.apply(
        SYSTEM, {"points": POINTS, "ladder": {"tiers": tiers, "fall": "at_period_end"}}, at=OPENING
    )
    member = shop.member()
    shop.till().sell("A", member, line("wine"))
    give(member, until=TODAY + timedelta(days=20))
    assert stand(member, OPENING).lasting.valid_until is None
    clock.run(at=OPENING + timedelta(days=15))
    assert tier(member) == "gold"
    clock.run(at=OPENING + timedelta(days=21))
    found = stand(member, OPENING)
    assert (found.tier, found.lasting.valid_until, found.lasting.assigned) == (
        "silver",
        date(2027, 3, 10),
        None,
    )
    assert broken() == {}


def test_a_merge_carries_what_was_given_and_its_undoing_gives_it_back(shop):
    kept, gone = shop.member(), shop.member()
    give(gone)
    merge = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一人", at=OPENING)
    found = stand(kept, OPENING)
    assert (found.tier, found.lasting.how, found.lasting.assigned_until) == ("gold", "trial", ENDS)
    members.unmerge(caller=SYSTEM, merge_id=merge, at=OPENING)
    assert (tier(kept), tier(gone)) == ("basic", "gold")
    clock.run(at=AFTER)
    assert (tier(kept), tier(gone)) == ("basic", "basic")
    assert broken() == {}


def test_over_http(shop):
    member, till = shop.member(), shop.till()
    body = {"tier": "gold", "how": "trial", "reason": "开业"}
    given = till._post(f"/v1/members/{member}/tier", body, {})
    assert (given.status, given["tier"], given["lasting"]["assigned_until"]) == (200, "gold", "2026-04-08")
    assert till._post(f"/v1/members/{member}/tier", body, {})["changed"] is False
    assert till._post(f"/v1/members/{member}/tier", body | {"how": "bought"}, {}).status == 422
    taken = till._post(f"/v1/members/{member}/tier/remove", {"reason": "误发"}, {})
    assert (taken["tier"], taken["lasting"]["how"]) == ("basic", None)
    assert till._post(f"/v1/members/{member}/tier/remove", {"reason": "误发"}, {}).code == "tier-not-assigned"


def test_on_the_command_line(shop):
    member = shop.member()
    given = ["tiers", "assign", str(member), "gold", "--reason", "开业", "--how"]
    done = CliRunner().invoke(app, [*given, "trial", "--json"])
    assert (done.exit_code, orjson.loads(done.stdout)["tier"]) == (0, "gold")
    done = CliRunner().invoke(app, ["tiers", "remove", str(member), "--reason", "误发"])
    assert done.stdout == f"Member {member} has nothing any more; the tier is basic.\n"
    assert CliRunner().invoke(app, [*given, "bought"]).exit_code == 2


def test_the_member_s_page_says_who_gave_it_and_how_long(shop):
    member = shop.member()
    give(member)
    events = timeline_of(SYSTEM, programme.current(), state_of(SYSTEM, member, OPENING)).events
    assert [event.told for event in events if event.note == "开业"] == ["体验 · 2026-04-08"]
