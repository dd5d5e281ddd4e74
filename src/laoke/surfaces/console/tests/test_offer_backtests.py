"""The backtest of a whole period on its page: started, watched, stopped; its result stays and says what it is of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.jobs import progress
from laoke.foundation.jobs.models import TaskProgress
from laoke.promotions import drafts
from laoke.promotions import selectors as promotions
from laoke.promotions.backtest import jobs, running
from laoke.promotions.errors import UnknownOffer
from laoke.purchases.selectors import stores_by_code
from laoke.surfaces.console.views import offer_backtests
from tests.shop import OPENING, line

KEY = "member-week"
DOCUMENT: dict[str, Any] = {
    "name": {"zh": "会员周满减", "en": "Member week"},
    "goal": "repeat",
    "stage": "basket",
    "when": {"basket.subtotal": {"gte": 50, "basis": "discounted"}},
    "gives": [{"amount": {"discount": 5}}],
}
LATER = OPENING + timedelta(days=2)
SOLD = OPENING - timedelta(days=20)
PAGE = f"/offers/{KEY}/backtest/whole"
DAYS = {"first_day": (SOLD - timedelta(days=1)).date().isoformat(), "last_day": OPENING.date().isoformat()}


@pytest.fixture
def sold(shop):
    drafts.begin(SYSTEM, KEY, DOCUMENT, at=OPENING)
    till = shop.till(SOLD)
    till.sell("A1", shop.member(), line("wine", 2))
    till.sell("A2", shop.member(), line("rice"))


def waiting() -> list[dict[str, Any]]:
    """The arguments of the backtests that wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select args from procrastinate_jobs where task_name = 'promotions.backtest' order by id"
        )
        return [json.loads(row[0]) for row in cursor.fetchall()]


def run(arguments: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'promotions.backtest'")
    jobs.work(LATER, **{name: value for name, value in arguments.items() if name != "timestamp"})


def test_one_is_started_watched_and_found_with_the_text_it_was_about(sold, hire):
    browser = hire("operations", at=LATER)
    assert "No whole period was replayed" in browser.get(PAGE).content.decode()
    sent = browser.post(PAGE, DAYS | {"once": "b1"})
    assert (sent.status_code, sent["Location"]) == (303, PAGE)
    browser.post(PAGE, DAYS | {"once": "b1"})
    browser.post(PAGE, DAYS | {"once": "b2"})
    (asked,) = waiting()
    assert (asked["key"], asked["stores"], asked["first_day"]) == (KEY, None, DAYS["first_day"])
    entry = AuditEntry.objects.get(action="offer.backtest_started")
    assert entry.after == {**DAYS, "stores": None}
    shown = browser.get(PAGE).content.decode()
    assert "It begins as soon as a worker is free." in shown
    assert "hx-get" in shown
    run(asked)
    found = jobs.latest(KEY)
    assert found is not None
    assert found.result is not None
    report = found.result.report
    assert report is not None
    assert (report.orders, report.hit.part, report.given_minor) == (2, 2, 1000)
    page = browser.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "All 2 orders of these days" in page
    assert "For an older text" not in page
    assert f'href="{PAGE}"' in browser.get(f"/offers/{KEY}/edit").content.decode()
    drafts.save(SYSTEM, KEY, DOCUMENT | {"priority": 5}, revision=1, at=LATER)
    assert "For an older text of this offer" in browser.get(PAGE).content.decode()


def test_the_result_stays_while_another_one_runs_stops_or_breaks_off(sold, hire, monkeypatch):
    browser = hire("operations", at=LATER)
    browser.post(PAGE, DAYS)
    (asked,) = waiting()
    run(asked)
    with progress.track(
        jobs.TASK,
        0,
        LATER,
        key=KEY,
        detail={"last": jobs._kept(jobs.jobs.of(jobs.TASK, KEY)), "document": {}},
    ) as tracked:
        tracked.phase("replaying", 100, "orders")
        tracked.advance(40)
        tracked.write()
        shown = browser.get(PAGE).content.decode()
        assert "40 orders / 100 orders" in shown
        assert "All 2 orders of these days" in shown
        stopped = browser.post(f"/offers/{KEY}/backtest/stop", {})
        assert (stopped.status_code, stopped["Location"]) == (303, PAGE)
        assert TaskProgress.objects.get(name=jobs.TASK, key=KEY).stop_requested
        tracked.write()
    assert "All 2 orders of these days" in browser.get(PAGE).content.decode()
    assert AuditEntry.objects.filter(action="job.stopped").count() == 1
    assert browser.post(f"/offers/{KEY}/backtest/stop", {}).status_code == 409

    def breaks(*_args: Any, **_more: Any) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(running, "run", breaks)
    with pytest.raises(OSError, match="no disk"):
        run(asked)
    found = jobs.latest(KEY)
    assert found is not None
    assert found.state == "failed"
    assert found.result is not None
    shown = browser.get(PAGE).content.decode()
    assert "Broke off" in shown
    assert "All 2 orders of these days" in shown


def test_stores_are_chosen_and_days_without_orders_said(sold, hire):
    browser = hire("operations", at=LATER)
    page = browser.get(PAGE).content.decode()
    place = page.partition('name="places" value="')[2].partition('"')[0]
    assert place
    day = (OPENING - timedelta(days=300)).date().isoformat()
    browser.post(PAGE, {"first_day": day, "last_day": day, "places": [place]})
    (asked,) = waiting()
    assert asked["stores"]
    run(asked)
    shown = browser.get(PAGE).content.decode()
    assert "No order was placed in these days and stores." in shown


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"last_day": "2020-01-01"}, "The last day is before the first one."),
        ({"last_day": "2999-01-01"}, "These days are not over yet."),
        ({"first_day": "2019-01-01"}, "At most two years"),
        ({"first_day": "x"}, "Enter a valid date."),
        ({"places": ["store:999999"]}, "Select a valid choice"),
    ],
    ids=["order", "future", "many", "no-date", "no-store"],
)
def test_odd_days_start_nothing(sold, hire, more, says):
    browser = hire("operations", at=LATER)
    answer = browser.post(PAGE, DAYS | more)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert waiting() == []


def test_an_unfinished_draft_starts_nothing(sold, hire):
    drafts.save(SYSTEM, KEY, DOCUMENT | {"gives": []}, revision=1, at=LATER)
    browser = hire("operations", at=LATER)
    assert browser.post(PAGE, DAYS).status_code == 422
    assert "not finished yet" in browser.get(PAGE).content.decode()
    assert waiting() == []


def test_readers_look_and_start_nothing(sold, hire):
    run({"key": KEY, "document": promotions.draft(KEY).document, "stores": None, "by": "staff", **DAYS})
    browser = hire("analyst", at=LATER)
    assert "All 2 orders of these days" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, DAYS).status_code == 403
    assert browser.post(f"/offers/{KEY}/backtest/stop", {}).status_code == 403
    assert waiting() == []
    assert browser.get("/offers/none/backtest/whole").status_code == UnknownOffer.status


def test_results_of_other_stores_are_not_shown(sold, hire):
    document = promotions.draft(KEY).document
    run({"key": KEY, "document": document, "stores": None, "by": "staff", **DAYS})
    limited = replace(SYSTEM, stores=frozenset({stores_by_code()["S1"].id}))
    assert offer_backtests.may_see(SYSTEM, jobs.latest(KEY).tried)
    assert not offer_backtests.may_see(limited, jobs.latest(KEY).tried)
    run({"key": KEY, "document": document, "stores": ["S1"], "by": "staff", **DAYS})
    assert offer_backtests.may_see(limited, jobs.latest(KEY).tried)


def test_the_days_are_those_of_the_task(sold):
    run({"key": KEY, "document": promotions.draft(KEY).document, "stores": ["S1"], "by": "w", **DAYS})
    found = jobs.latest(KEY)
    assert found is not None
    assert found.tried == jobs.Tried(
        DOCUMENT,
        date.fromisoformat(DAYS["first_day"]),
        date.fromisoformat(DAYS["last_day"]),
        ("S1",),
        "w",
    )
