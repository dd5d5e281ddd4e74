"""Adjustments on the pages: asked for above the limit, let pass or refused by somebody else, listed."""

from __future__ import annotations

import pytest
from django.db import transaction

from laoke.foundation.access import SYSTEM
from laoke.foundation.outbox import dispatch
from laoke.points import services as points
from laoke.points.adjustments import limits
from laoke.points.adjustments.models import Adjustment
from laoke.points.models import Posting
from laoke.surfaces.console import handlers
from laoke.surfaces.console.notices import selectors as notices
from tests import shop as shops
from tests.shop import OPENING

QUEUE = "/points/adjustments"


@pytest.fixture
def li(shop):
    """A member; customer service may give 500 at once and 600 a day."""
    rules = {"limits": {"customer_service": {"each": 500, "per_day": 600}}}
    with transaction.atomic():
        limits.publish(SYSTEM, limits.parse(rules), at=OPENING)
    return shop.member()


def form(points, **more):
    return {"points": str(points), "why": "promised", "note": "活动 3-08", "once": f"o{points}", **more}


def asked(browser, member, points=5000):
    browser.post(f"/members/{member}/points", form(points, review="1"))
    return Adjustment.objects.latest("id").pk


class TestAsking:
    def test_above_the_limit_the_form_says_so_and_asks_for_it(self, hire, li):
        clerk = hire("customer_service")
        path = f"/members/{li}/points"
        part = clerk.post(f"{path}/preview", form(501)).content.decode()
        assert "Alone you may adjust at most 500 points at once" in part
        assert 'name="review"' in part
        assert 'name="review"' not in clerk.post(f"{path}/preview", form(500)).content.decode()
        refused = clerk.post(path, form(501))
        assert refused.status_code == 403
        assert 'name="review"' in refused.content.decode()
        assert Posting.objects.count() == Adjustment.objects.count() == 0
        done = clerk.post(path, form(501, review="1"))
        assert (done.status_code, done.headers["Location"]) == (303, f"/members/{li}")
        # The back button and a double click ask once.
        clerk.post(path, form(501, review="1"))
        row = Adjustment.objects.get()
        assert (row.member_id, row.points, row.state) == (li, 501, "waiting")
        assert row.reason == "Promised in a campaign: 活动 3-08"
        assert Posting.objects.count() == 0

    def test_what_is_left_of_the_day_counts(self, hire, li):
        clerk = hire("customer_service")
        clerk.post(f"/members/{li}/points", form(400))
        page = clerk.get(QUEUE).content.decode()
        assert "Alone you may adjust up to 500 points at once.</p>" in page
        assert "Today 200 of 600 points are left." in page
        assert clerk.post(f"/members/{li}/points", form(201)).status_code == 403

    def test_who_has_no_limit_sees_none(self, hire, li):
        owner = hire()
        assert "Alone you may" not in owner.get(QUEUE).content.decode()
        assert 'name="review"' not in owner.post(f"/members/{li}/points/preview", form(9999)).content.decode()


class TestDeciding:
    def test_let_pass_it_is_booked_once(self, hire, li):
        clerk, boss = hire("customer_service"), hire("finance")
        number = asked(clerk, li)
        page = boss.get(QUEUE).content.decode()
        assert "+5,000" in page
        assert f"{QUEUE}/{number}/approve" in page
        shown = boss.get(f"{QUEUE}/{number}/approve").content.decode()
        assert "Promised in a campaign" in shown
        assert 'name="review"' not in shown
        for _ in range(2):
            assert boss.post(f"{QUEUE}/{number}/approve", {"once": "x"}).status_code == 303
        assert shops.account(li)["balance"] == 5000
        assert boss.post(f"{QUEUE}/{number}/approve", {"once": "y"}).status_code == 409
        assert Posting.objects.count() == 1
        done = boss.get(f"{QUEUE}?which=done").content.decode()
        assert "Booked" in done
        assert "finance-1" in done
        assert "Nothing waits" in boss.get(QUEUE).content.decode()

    def test_refused_with_a_reason_that_who_asked_reads(self, hire, li):
        clerk, boss = hire("customer_service"), hire("finance")
        number = asked(clerk, li)
        path = f"{QUEUE}/{number}/refuse"
        assert boss.post(path, {"note": ""}).status_code == 422
        assert boss.post(path, {"note": "小票不符"}).status_code == 303
        assert "Refused: 小票不符" in clerk.get(f"{QUEUE}?which=done").content.decode()
        assert Posting.objects.count() == 0

    def test_nobody_lets_their_own_pass_and_only_who_asked_takes_it_back(self, hire, li):
        clerk, both = hire("customer_service"), hire("operations")
        number = asked(clerk, li)
        with transaction.atomic():
            limits.publish(SYSTEM, limits.parse({"limits": {"operations": {"each": 0}}}), at=OPENING)
        own = asked(both, li, 7)
        page = both.get(QUEUE).content.decode()
        assert f"{QUEUE}/{own}/approve" not in page
        assert f"{QUEUE}/{own}/withdraw" in page
        assert both.post(f"{QUEUE}/{own}/approve", {}).status_code == 403
        assert both.post(f"{QUEUE}/{number}/withdraw", {}).status_code == 404
        assert both.post(f"{QUEUE}/{own}/withdraw", {}).status_code == 303
        assert clerk.post(f"{QUEUE}/{number}/approve", {}).status_code == 403
        assert set(Adjustment.objects.values_list("pk", "state")) == {(own, "withdrawn"), (number, "waiting")}

    def test_points_that_are_gone_are_said_and_the_request_waits(self, hire, li):
        points.apply(SYSTEM, li, 900, "补偿", at=OPENING)
        clerk, boss = hire("customer_service"), hire("finance")
        number = asked(clerk, li, -900)
        points.apply(SYSTEM, li, -100, "录错", at=OPENING)
        answer = boss.post(f"{QUEUE}/{number}/approve", {})
        assert answer.status_code == 409
        assert "Only 800 points can be taken." in answer.content.decode()
        assert Adjustment.objects.get(pk=number).state == "waiting"


class TestTelling:
    def test_who_may_decide_hears_of_it_and_who_asked_of_the_decision(self, hire, li):
        clerk, boss, both = hire("customer_service"), hire("finance"), hire("operations")
        first, second = asked(clerk, li), asked(clerk, li, 6000)
        handlers.register()
        dispatch.dispatch_batch(OPENING)
        mine = [told.text for told in notices.newest(int(boss.session["_auth_user_id"]))]
        assert mine == [
            f"customer_service-1 asks for +6,000 points for member {li}: they need your decision.",
            f"customer_service-1 asks for +5,000 points for member {li}: they need your decision.",
        ]
        boss.post(f"{QUEUE}/{first}/approve", {})
        boss.post(f"{QUEUE}/{second}/refuse", {"note": "no receipt"})
        dispatch.dispatch_batch(OPENING)
        told = [told.text for told in notices.newest(int(clerk.session["_auth_user_id"]))]
        assert sorted(told) == [
            f"Your adjustment of +5,000 points for member {li} was approved.",
            f"Your adjustment of +6,000 points for member {li} was refused: no receipt",
        ]
        assert len(notices.newest(int(both.session["_auth_user_id"]))) == 2


def test_the_queue_in_chinese_and_in_pages(hire, li, statements):
    clerk = hire("customer_service", language="zh-hans")
    for number in range(51):
        asked(clerk, li, 1000 + number)
    clerk.get(QUEUE)  # the toast of the last one
    with statements() as sent:
        page = clerk.get(QUEUE).content.decode()
    assert len(sent) <= 12
    assert "待复核" in page
    assert "+1,049" in page
    assert "+1,050" not in page
    after = page.partition("after=")[2].partition('"')[0]
    rest = clerk.get(f"{QUEUE}?after={after}").content.decode()
    assert "+1,050" in rest
    assert clerk.get(f"{QUEUE}?after=x").status_code == 400
