"""Paid memberships: the tier comes with the money and goes with it, to the day and to the fen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest
from typer.testing import CliRunner

from laoke.benefits.library import using
from laoke.benefits.library.models import BenefitGrant
from laoke.checkout import programme
from laoke.checkout.replay.events import Sale, SaleLine
from laoke.checkout.replay.player import Player
from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import How
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, MissingScope, Role
from laoke.foundation.models import OutboxMessage
from laoke.foundation.outbox import dispatch
from laoke.members import services as members
from laoke.promotions.documents.offers import Fault
from laoke.surfaces.cli.main import app
from laoke.tiers import assigning, clock
from laoke.tiers.errors import TierNotAssigned
from laoke.tiers.memberships import notices, refunds, selectors, services
from laoke.tiers.memberships.errors import MembershipRefused, UnknownMembership, UnknownPlan
from laoke.tiers.memberships.records import Notice, Paid
from tests.benefit_shop import BENEFITS
from tests.shop import LADDER, OPENING, PRICES, broken, line, tier

SHANGHAI = ZoneInfo("Asia/Shanghai")
GOLD = {
    "name": {"zh": "金卡年费会员", "en": "Gold for a year"},
    "tier": "gold",
    "price_minor": 36500,
    "months": 12,
    "trial": {"days": 14},
    "grace_days": 7,
    "refund": {"full_days": 7, "less_benefits": True},
}
PLANS = {
    "gold-year": GOLD,
    "black-year": GOLD | {"tier": "black", "price_minor": 73000, "trial": {"days": 3, "price_minor": 100}},
    "silver-month": {
        "name": {"zh": "银卡月费会员", "en": "Silver for a month"},
        "tier": "silver",
        "price_minor": 3000,
        "days": 30,
        "refund": {"then": "nothing"},
    },
    "old": GOLD | {"on_sale": False},
}


def on(day, hour=12):
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI).astimezone(
        UTC
    ) + timedelta(hours=hour)


@pytest.fixture
def member(shop):
    """Somebody in a shop with plans."""
    programme.apply(SYSTEM, {"ladder": LADDER, "memberships": {"plans": PLANS}}, at=OPENING)
    return shop.member()


def sell(member, plan="gold-year", minor=36500, reference="WX-1", at=OPENING, paid_at=None, **more):
    return services.start(SYSTEM, member, plan, Notice(minor, reference, paid_at), at=at, **more)


def renew(number, reference="WX-2", at=OPENING, paid_at=None, minor=36500):
    return services.renew(SYSTEM, number, Notice(minor, reference, paid_at), at=at)


def give_up(number, reference="RF-1", at=OPENING, **more):
    return refunds.give_up(SYSTEM, number, reference, reason="会员申请", at=at, **more)


def refused(call, *args, **more):
    with pytest.raises(MembershipRefused) as caught:
        call(*args, **more)
    return caught.value.extensions


def told(topic):
    return [message.payload for message in OutboxMessage.objects.filter(topic=topic).order_by("id")]


def days(found):
    return [(each.first.isoformat(), each.last.isoformat()) for each in found.payments]


def test_the_tier_comes_and_ends_on_the_day(member):
    paid = sell(member)
    assert (paid.until, paid.through, tier(member)) == (date(2027, 3, 9), date(2027, 3, 16), "gold")
    clock.run(at=on("2027-03-16"))
    assert (tier(member), selectors.running(member).state) == ("gold", "running")
    assert broken() == {}
    clock.run(at=on("2027-03-17"))
    clock.run(at=on("2027-03-17"))
    assert (tier(member), selectors.one(paid.membership_id).state) == ("basic", "ended")
    assert [each["cause"] for each in told("membership.ended")] == ["ended"]
    assert broken() == {}


def test_the_till_comes_before_the_night(shop, member):
    paid = sell(member)
    stopped = services.cancel(SYSTEM, paid.membership_id, at=on("2026-05-01"))
    assert stopped.through == date(2027, 3, 9)
    assert services.cancel(SYSTEM, paid.membership_id, at=on("2026-05-02")).first is False
    shop.till(on("2027-03-10", 9)).sell("A", member, line("milk"))
    assert (tier(member), selectors.one(paid.membership_id).state) == ("basic", "ended")
    assert [each["until"] for each in told("membership.cancelled")] == ["2027-03-09"]
    assert broken() == {}


def test_what_is_earned_stands_beside_it(shop, member):
    paid = sell(member)
    shop.till().sell("A", member, line("wine"))
    assert tier(member) == "gold"
    give_up(paid.membership_id)
    assert tier(member) == "silver"
    other = shop.member()
    shop.till().sell("B", other, line("wine", 40))
    lower = sell(other, reference="WX-9")
    assert (tier(other), lower.tier) == ("black", "gold")
    give_up(lower.membership_id, "RF-9")
    assert tier(other) == "black"
    assert broken() == {}


def test_a_payment_told_twice_is_one(shop, member):
    paid = sell(member)
    assert sell(member, at=OPENING + timedelta(minutes=1)) == Paid(
        **{name: getattr(paid, name) for name in paid.__slots__} | {"first": False}
    )
    other = shop.member()
    for call in (
        lambda: sell(member, minor=36400),
        lambda: sell(other),
        lambda: renew(paid.membership_id, "WX-1"),
        lambda: sell(member, "silver-month"),
    ):
        assert refused(call) == {"reason": "reference_taken"}
    assert refused(sell, member, reference="WX-3") == {"reason": "running"}
    assert len(told("membership.started")) == len(selectors.one(paid.membership_id).payments) == 1
    again = renew(paid.membership_id)
    assert renew(paid.membership_id).until == again.until == date(2028, 3, 9)
    assert broken() == {}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"plan": "old"}, "not_on_sale"),
        ({"plan": "silver-month", "trial": True}, "no_trial"),
        ({"paid_at": on("2026-03-11")}, "in_future"),
        ({"paid_at": on("2025-12-07")}, "too_late"),
        ({"plan": "silver-month", "paid_at": on("2026-02-08")}, "too_late"),
    ],
)
def test_what_is_refused(member, asked, reason):
    assert refused(sell, member, **asked)["reason"] == reason
    assert (tier(member), selectors.of_member(member)) == ("basic", [])


def test_who_is_refused(shop, member):
    with pytest.raises(UnknownPlan):
        sell(member, "platinum")
    with pytest.raises(UnknownMembership):
        give_up(1)
    finance = Caller("staff", 7, "staff:7", frozenset(ROLE_SCOPES[Role.FINANCE]))
    associate = Caller("staff", 8, "staff:8", frozenset(ROLE_SCOPES[Role.ASSOCIATE]))
    with pytest.raises(MissingScope):
        services.start(finance, member, "gold-year", Notice(1, "WX"), at=OPENING)
    paid = services.start(associate, member, "gold-year", Notice(36500, "WX-1"), at=OPENING)
    with pytest.raises(MissingScope):
        refunds.give_up(associate, paid.membership_id, "RF", reason="误操作", at=OPENING)
    # Set by hand stays; lent for nothing gives way, and does not come back.
    by_hand, lent = shop.member(), shop.member()
    assigning.assign(SYSTEM, by_hand, "silver", how=How.MANUAL, until=None, reason="误操作", at=OPENING)
    with pytest.raises(TierNotAssigned) as caught:
        sell(by_hand, reference="WX-2")
    assert caught.value.extensions["reason"] == "assigned_otherwise"
    assigning.assign(SYSTEM, lent, "gold", how=How.INVITATION, until=None, reason="误操作", at=OPENING)
    third = sell(lent, reference="WX-3")
    with pytest.raises(TierNotAssigned):
        assigning.remove(SYSTEM, lent, reason="误操作", at=OPENING)
    give_up(third.membership_id)
    assert tier(lent) == "basic"
    assert broken() == {}


@pytest.mark.parametrize(
    ("at", "paid_at", "until"),
    [
        ("2027-03-01", None, "2028-03-09"),  # running
        ("2027-03-12", None, "2028-03-09"),  # in the days of grace
        ("2027-03-20", "2027-03-15", "2028-03-09"),  # told after the clock had ended it
        ("2027-03-20", "2027-03-18", "2028-03-17"),  # paid after it: from the payment on
        ("2027-06-01", None, "2028-05-31"),
    ],
)
def test_renewed(member, at, paid_at, until):
    paid = sell(member)
    services.cancel(SYSTEM, paid.membership_id, at=OPENING)
    renew(paid.membership_id, "WX-0", at=OPENING)  # not cancelled any more
    give_up(paid.membership_id)
    paid = sell(member, reference="WX-7")
    for day in ("2027-03-10", at):
        clock.run(at=on(day))
    found = renew(paid.membership_id, at=on(at), paid_at=paid_at and on(paid_at))
    assert (found.until.isoformat(), tier(member), found.state) == (until, "gold", "running")
    clock.run(at=on("2028-07-01"))
    assert tier(member) == "basic"
    assert broken() == {}


def test_what_was_given_up_is_not_renewed(member):
    paid = sell(member)
    give_up(paid.membership_id)
    assert refused(renew, paid.membership_id) == {"reason": "ended", "state": "refunded"}
    assert refused(services.cancel, SYSTEM, paid.membership_id, at=OPENING)["reason"] == "ended"
    far = sell(member, reference="WX-5")
    for number in range(9):
        renew(far.membership_id, f"N{number}")
    assert refused(renew, far.membership_id, "N9")["reason"] == "too_far"


def test_a_trial_is_had_once_and_goes_on_with_a_payment(shop, member):
    tried = sell(member, minor=0, trial=True)
    assert (tried.until, tried.through, tier(member)) == (date(2026, 3, 23), date(2026, 3, 23), "gold")
    assert refunds.refund_now(tried.membership_id, OPENING).reason == "free"
    went_on = renew(tried.membership_id, at=on("2026-03-20"))
    assert (went_on.trial, went_on.until) == (False, date(2027, 3, 23))
    give_up(went_on.membership_id, at=on("2026-03-21"))
    assert refused(sell, member, "black-year", 100, "WX-4", trial=True)["reason"] == "tried_before"
    other = shop.member()
    sell(other, minor=0, reference="WX-5", trial=True)
    clock.run(at=on("2026-03-24"))
    assert tier(other) == "basic"
    shop.till(on("2026-03-25")).sell("A", other, line("wine", 40))
    third = shop.member()
    shop.till().sell("B", third, line("wine", 40))
    assert refused(sell, third, minor=0, reference="WX-6", trial=True)["reason"] == "not_higher"
    assert broken() == {}


def test_the_gift_comes_with_the_money_and_goes_with_it(shop, member):
    programme.apply(
        SYSTEM,
        {
            "benefits": {"library": {key: BENEFITS["library"][key] for key in ("gold-box", "parking")}},
        },
        at=OPENING,
    )

    def gifts():
        import laoke.tiers.handlers
        import laoke.tiers.memberships.handlers  # noqa: F401 -- as a worker imports them

        dispatch.dispatch_batch(on("2026-04-01"))
        return BenefitGrant.objects.filter(revoked_at=None).count()

    tried = sell(member, minor=0, trial=True)
    assert gifts() == 0
    renew(tried.membership_id, at=on("2026-03-11"))
    assert gifts() == 1
    using.use(SYSTEM, member, "parking", 2, at=on("2026-03-25"))
    found = refunds.refund_now(tried.membership_id, on("2026-03-25"))
    # Paid for 24 March on; two days are used, and two hours of parking at five yuan.
    assert (found.minor, found.benefits_minor, found.unused) == (36300 - 1000, 1000, 363)
    done = give_up(tried.membership_id, at=on("2026-03-25"))
    assert (done.refund_minor, gifts(), tier(member)) == (found.minor, 0, "basic")
    assert broken() == {}


@pytest.mark.parametrize(
    ("day", "minor"),
    [
        ("2026-03-10", 36500),
        ("2026-03-16", 36500),
        ("2026-03-17", 35700),
        ("2026-06-17", 26500),
        ("2027-03-08", 100),
    ],
)
def test_given_up(member, day, minor):
    paid = sell(member)
    found = refunds.refund_now(paid.membership_id, on(day))
    assert found.minor == minor
    assert refused(give_up, paid.membership_id, at=on(day), expected_minor=minor + 1) == {
        "reason": "amount",
        "refund_minor": minor,
    }
    done = give_up(paid.membership_id, at=on(day), expected_minor=minor)
    again = give_up(paid.membership_id, at=on(day), expected_minor=minor)
    assert (done.refund_minor, done.first, again.refund_minor, again.first) == (minor, True, minor, False)
    assert (tier(member), selectors.one(paid.membership_id).state) == ("basic", "refunded")
    assert [each["refund_minor"] for each in told("membership.refunded")] == [minor]
    assert refused(give_up, paid.membership_id, "RF-2", at=on(day)) == {
        "reason": "nothing_back",
        "why": "over",
        "refund_minor": 0,
    }
    assert broken() == {}


@pytest.mark.parametrize(
    ("plan", "day", "why"),
    [("gold-year", "2027-03-09", "over"), ("silver-month", "2026-03-10", "no_refunds")],
)
def test_nothing_comes_back(member, plan, day, why):
    paid = sell(member, plan, 3000)
    assert refused(give_up, paid.membership_id, at=on(day))["why"] == why
    assert selectors.running(member).refunded_minor == 0


def test_everything_comes_back_once(member):
    """Bought, used for six days, given back, bought again: the second time by the day."""
    give_up(sell(member).membership_id, at=on("2026-03-15"))
    second = sell(member, reference="WX-2", at=on("2026-03-16"))
    assert refunds.refund_now(second.membership_id, on("2026-03-21")).minor == 36500 - 600


def test_upgraded(member):
    paid = sell(member)
    day = on("2026-06-17")
    asked = services.upgrade_now(paid.membership_id, "black-year", day)
    assert (asked.price_minor, asked.credit_minor, asked.due_minor) == (73000, 26500, 46500)

    def change(minor=46500, plan="black-year"):
        return services.upgrade(SYSTEM, paid.membership_id, plan, Notice(minor, "UP-1"), at=day)

    assert refused(change, 46400) == {"reason": "amount", "due_minor": 46500}
    assert refused(change, 3000, "silver-month")["reason"] == "not_dearer"
    assert refused(change, 36500, "old")["reason"] == "not_on_sale"
    done = change()
    assert (done.until, tier(member), change().first) == (date(2027, 6, 16), "black", False)
    old, new = (selectors.one(number) for number in (paid.membership_id, done.membership_id))
    assert (old.state, new.state, new.payments[0].credit_minor) == ("upgraded", "running", 26500)
    assert [each["from_plan"] for each in told("membership.started")] == [None, "gold-year"]
    # What is worth 730 yuan in all comes back by the day: never more than was paid.
    assert refunds.refund_now(new.membership_id, on("2026-07-17")).minor == 73000 * 334 // 365
    assert give_up(new.membership_id, at=day).refund_minor == 73000
    assert tier(member) == "basic"
    assert broken() == {}


def test_two_cards_of_one_person_come_together_and_apart(shop, member):
    other = shop.member()
    gold, black = sell(member), sell(other, "black-year", 73000, "WX-2", on("2026-03-10"))
    merge = members.merge(caller=SYSTEM, kept_id=member, gone_id=other, reason="同一人", at=on("2026-03-11"))
    found = {each.membership_id: each for each in selectors.of_member(member)}
    # 363 days of gold at a yuan are 181 of black at two.
    assert days(found[black.membership_id]) == [("2026-03-10", "2027-03-09"), ("2027-03-10", "2027-09-06")]
    assert (found[gold.membership_id].state, tier(member)) == ("merged", "black")
    assert broken() == {}
    members.unmerge(caller=SYSTEM, merge_id=merge, at=on("2026-03-12"))
    assert (tier(member), tier(other)) == ("gold", "black")
    assert [each.until for each in map(selectors.running, (member, other))] == [date(2027, 3, 9)] * 2
    assert broken() == {}


def test_a_merge_brings_the_membership_along_and_what_was_renewed_since_stays(shop, member):
    other, third = shop.member(), shop.member()
    paid = sell(other)
    assigning.assign(SYSTEM, member, "silver", how=How.MANUAL, until=None, reason="误操作", at=OPENING)
    first = members.merge(caller=SYSTEM, kept_id=member, gone_id=other, reason="同一人", at=on("2026-03-11"))
    assert (selectors.running(member).membership_id, tier(member)) == (paid.membership_id, "gold")
    assert broken() == {}
    members.unmerge(caller=SYSTEM, merge_id=first, at=on("2026-03-12"))
    assert (tier(member), tier(other), selectors.running(member)) == ("silver", "gold", None)
    sell(third, reference="WX-3")
    second = members.merge(caller=SYSTEM, kept_id=other, gone_id=third, reason="同一人", at=on("2026-03-12"))
    renew(selectors.running(other).membership_id, at=on("2026-03-13"))
    members.unmerge(caller=SYSTEM, merge_id=second, at=on("2026-03-14"))
    assert (selectors.running(third), tier(third)) == (None, "basic")
    assert broken() == {}


def test_it_ends_with_the_person(member):
    paid = sell(member)
    members.erase_person(caller=SYSTEM, member_id=member, reason="本人申请", at=on("2026-03-11"))
    assert (selectors.one(paid.membership_id).state, tier(member)) == ("erased", "basic")
    assert broken() == {}


def test_the_end_is_told_ahead_once_for_each_stage(member):
    paid = sell(member)
    nights = [on("2027-02-01") + timedelta(days=number) for number in range(60)]
    for night in nights[:37]:
        notices.tell(at=night)
        notices.tell(at=night)
    assert [(each["until"], each["days"]) for each in told("membership.ending")] == [
        ("2027-03-09", 30),
        ("2027-03-09", 7),
        ("2027-03-09", 1),
    ]
    renew(paid.membership_id, at=nights[36])
    for night in nights[36:]:
        notices.tell(at=night)
    assert len(told("membership.ending")) == 3
    assert notices.tell(at=on("2028-03-05")) == 1
    assert told("membership.ending")[-1]["days"] == 4


def test_played_history_ends_it_as_the_till_does(shop, member):
    lived, played = member, shop.member()
    for who, reference in ((lived, "WX-1"), (played, "WX-2")):
        sell(who, reference=reference)
    at = on("2027-04-01")
    shop.till(at).sell("A", lived, line("milk"))
    bought = SaleLine(shop.products["milk"], 1000, PRICES["milk"], PRICES["milk"], 0, PRICES["milk"], True)
    sale = Sale("B", shop.stores["S1"], shop.channels["pos"], played, at, [bought], points_wish=0)
    Player(programme.current(), SHANGHAI, "CNY", source="import", now=at).play([sale])
    one, two = (selectors.of_member(who)[0] for who in (lived, played))
    assert (
        (one.state, one.ended_at, tier(lived))
        == (two.state, two.ended_at, tier(played))
        == (
            "ended",
            on("2027-03-17", 0),
            "basic",
        )
    )
    assert broken() == {}


def test_the_document_is_read_and_written_back(member):
    written = programme.to_document(programme.current())["memberships"]
    assert written["plans"]["gold-year"]["refund"] == {
        "full_days": 7,
        "then": "pro_rata",
        "rounding": "down",
        "less_benefits": True,
    }
    assert programme.plan({"memberships": written}, at=OPENING).changed == ()
    assert list(written["plans"]) == ["silver-month", "gold-year", "old", "black-year"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"tier": "platinum"}, "tier"),
        ({"tier": "basic"}, "tier"),
        ({"price_minor": -1}, "price_minor"),
        ({"days": 3}, "months"),
        ({"months": 0}, "months"),
        ({"trial": {}}, "trial.days"),
        ({"refund": {"then": "later"}}, "refund.then"),
        ({"refund": {"full": 7}}, "refund.full"),
        ({"on_sale": 1}, "on_sale"),
    ],
)
def test_what_cannot_be(shop, more, place):
    with pytest.raises((BadPolicy, Fault)) as caught:
        programme.apply(
            SYSTEM, {"ladder": LADDER, "memberships": {"plans": {"gold-year": GOLD | more}}}, at=OPENING
        )
    ((at, _words),) = programme.faults_of(caught.value)
    assert ".".join(map(str, at)) == f"memberships.plans.gold-year.{place}"


def test_over_http(shop, member):
    till = shop.till()
    body = {"member_id": member, "plan": "gold-year", "paid_minor": 36500, "reference": "WX-1"}
    first = till._post("/v1/memberships", body, {})
    assert (first.status, first["until"], first["first"]) == (201, "2027-03-09", True)
    number = first["membership_id"]
    assert till._post("/v1/memberships", body, {})["first"] is False
    other = till._post("/v1/memberships", body | {"reference": "WX-2"}, {})
    assert (other.status, other.code, other["reason"]) == (409, "membership-refused", "running")
    path = f"/v1/memberships/{number}"
    assert (
        till._post(f"{path}/renew", {"paid_minor": 36500, "reference": "WX-3"}, {})["until"] == "2028-03-09"
    )
    assert till._post(f"{path}/cancel", {}, {})["through"] == "2028-03-09"
    done = till._post(f"{path}/refund", {"reference": "RF-1", "reason": "会员申请"}, {})
    assert (done.status, done["refund_minor"], done["unused_days"]) == (200, 73000, 730)


def test_on_the_command_line(shop, member):
    def run(*words):
        return CliRunner().invoke(app, ["memberships", *map(str, words)])

    done = run("sell", member, "gold-year", "--paid", 36500, "--reference", "WX-1", "--json")
    assert done.exit_code == 0, done.output
    number = orjson.loads(done.stdout)["membership_id"]
    assert "gold-year" in run("plans").stdout
    assert "running" in run("show", member).stdout
    assert "¥730" in run("upgrade", number, "black-year").stdout
    assert run("refund", number).stdout.startswith("¥365 would come back for 36")
    back = run("refund", number, "--reference", "RF-1", "--reason", "误操作")
    assert back.stdout == f"Membership {number} has ended; ¥365 come back.\n"
    assert run("sell", member, "gold-year", "--paid", 1, "--reference", "x" * 65).exit_code == 2


def test_how_plans_go(shop, member):
    give_up(sell(member).membership_id, at=on("2026-03-17"))
    sell(shop.member(), minor=0, reference="WX-2", trial=True, at=on("2026-03-18"))
    rows = {row.code: row for row in selectors.plan_rows(on("2026-03-20"))}
    gold = rows["gold-year"]
    assert (gold.running, gold.trials, gold.ending, gold.given_up) == (1, 1, 1, 1)
    assert (gold.paid_minor, gold.refunded_minor, rows["old"].running) == (36500, 35700, 0)
    assert [
        (row.month.isoformat(), row.paid_minor, row.refunded_minor)
        for row in selectors.months(on("2026-03-20"), 2)
    ] == [
        ("2026-02-01", 0, 0),
        ("2026-03-01", 36500, 35700),
    ]
    page, more = selectors.page(limit=1)
    assert (page[0].trial, len(selectors.page(after=more)[0])) == (True, 1)
    assert [each.state for each in selectors.page(state="refunded")[0]] == ["refunded"]
