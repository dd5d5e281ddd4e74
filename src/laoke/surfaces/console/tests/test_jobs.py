"""The page of jobs: what runs, what runs by itself, what was given up, and what a person may do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from laoke.foundation.jobs import progress, selectors, services
from laoke.foundation.jobs.declare import declared_tasks
from laoke.surfaces.console.selectors.jobs import NAMES, NIGHTLY
from tests.shop import OPENING

pytestmark = pytest.mark.django_db


def jobs() -> list[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select task_name, status::text, attempts from procrastinate_jobs order by id")
        return cursor.fetchall()


def audited() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select actor, action, object_id from foundation_auditentry where object_kind = 'job' order by id"
        )
        return cursor.fetchall()


def given_up(error: BaseException) -> int:
    """A run that was given up after its last try."""
    job_id = app.configure_task("points.expire", allow_unknown=False).defer(timestamp=OPENING.timestamp())
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing', attempts = 4 where id = %s", [job_id])
        cursor.execute("update procrastinate_jobs set status = 'failed' where id = %s", [job_id])
    services.note_failure(job_id, "points.expire", error, timezone.now())
    return job_id


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_task_has_words_and_a_next_run(hire, language):
    page = hire("owner", language=language).get("/jobs").content.decode()
    for task in declared_tasks():
        assert task.name in NAMES, f"{task.name} needs a name in selectors/jobs.py"
        assert f">{task.name}<" not in page
    assert "2026-03-11 03:30" in page  # points, the night after the opening at noon of the tenth
    assert set(NIGHTLY) <= {task.name for task in declared_tasks() if task.schedule}


@pytest.mark.parametrize(
    ("role", "looks", "acts"),
    [
        ("owner", 200, True), ("operations", 200, True), ("auditor", 200, False), ("analyst", 200, False),
        ("finance", 200, False), ("store_manager", 403, False), ("associate", 403, False),
        ("customer_service", 403, False),
    ],
)  # fmt: skip
def test_who_looks_and_who_acts(hire, role, looks, acts):
    browser = hire(role)
    job_id = given_up(ValueError("x"))
    answer = browser.get("/jobs")
    assert answer.status_code == looks
    assert ('action="/jobs/' in answer.content.decode()) is acts
    assert ('href="/jobs/run/' in answer.content.decode()) is acts
    for path in ("/jobs/run/points.expire", f"/jobs/{job_id}/retry"):
        assert browser.post(path).status_code == (303 if acts else 403)
    assert [status for _name, status, _tries in jobs()] == (["todo", "todo"] if acts else ["failed"])
    assert bool(audited()) is acts


def test_running_now_says_what_follows_and_queues_one_run(hire):
    browser = hire("operations")
    assert "This cannot be undone" in browser.get("/jobs/run/points.expire").content.decode()
    for _click in range(2):
        assert browser.post("/jobs/run/points.expire", {"once": "a"}).status_code == 303
    assert jobs() == [("points.expire", "todo", 0)]
    browser.post("/jobs/run/points.expire", {"once": "b"})
    assert jobs() == [("points.expire", "todo", 0)]
    assert "waits already" in browser.get("/jobs").content.decode()
    assert audited() == [("operations-1", "job.started", "points.expire")]


@pytest.mark.parametrize("name", ["foundation.purge", "imports.work", "nothing", "<b>"])
def test_other_tasks_are_not_run_by_hand(hire, name):
    browser = hire("owner")
    assert browser.get(f"/jobs/run/{name}").status_code == 404
    assert browser.post(f"/jobs/run/{name}").status_code == 404
    assert jobs() == []


def test_a_given_up_run_shows_its_error_without_personal_data_and_is_tried_again_once(hire):
    browser = hire("owner")
    job_id = given_up(ValueError("cannot parse <13812345678> of zhang@example.com"))
    page = browser.get("/jobs").content.decode()
    assert "ValueError: cannot parse &lt;[hidden]&gt; of [hidden]" in page
    assert "1 given up" in page
    assert browser.post(f"/jobs/{job_id}/retry", {"once": "a"}).status_code == 303
    assert browser.post(f"/jobs/{job_id}/retry", {"once": "a"}).status_code == 303  # the double click
    assert jobs() == [("points.expire", "todo", 5)]
    assert audited() == [("owner-1", "job.retried", "points.expire")]
    answer = browser.post(f"/jobs/{job_id}/retry", {"once": "b"})
    assert answer.status_code == 409
    assert "This run was not given up" in answer.content.decode()
    assert browser.post("/jobs/99999999/retry").status_code == 409


def test_long_work_is_shown_and_stopped(hire):
    browser = hire("operations")
    now = timezone.now()
    with progress.track("points.expire", 1000, now - timedelta(seconds=10), unit="lots") as work:
        work.done = 250
        work._begun -= 10
        work.write()
        page = browser.get("/jobs").content.decode()
        assert "250 lots of points / 1,000 lots of points" in page
        assert 'hx-trigger="every 2s"' in page
        assert browser.post("/jobs/stop", {"name": "points.expire", "key": ""}).status_code == 303
        work.write()
        assert work.stop_requested
    assert audited() == [("operations-1", "job.stopped", "points.expire")]
    page = browser.get("/jobs").content.decode()
    assert "Stopped" in page
    assert browser.post("/jobs/stop", {"name": "points.expire", "key": ""}).status_code == 409
    assert browser.post("/jobs/stop", {"name": "\x00" * 10_000, "key": "🎉"}).status_code == 409


def test_work_that_was_not_heard_of_says_so(hire):
    with progress.track("tiers.review", 10, timezone.now() - timedelta(minutes=5), unit="members"):
        page = hire("owner").get("/jobs").content.decode()
    assert "Nothing was heard for a while" in page


def test_phases_are_counted_each_from_nothing(db):
    with progress.track("imports.work", 0, OPENING, key="1") as work:
        work.phase("reading", 2000, "bytes")
        work.advance(1000)
        work.phase("orders", 50, "orders")
        work.advance(10)
        work.write()
        found = selectors.of("imports.work", "1")
    assert found is not None
    assert (found.done, found.total, found.unit, found.detail["phase"]) == (10, 50, "orders", "orders")


def test_put_off_work_is_run_again(db):
    from laoke.foundation.jobs.stopping import Interrupted

    with pytest.raises(Interrupted), progress.track("imports.work", 0, OPENING, key="1") as work:
        work.put_off()
    found = selectors.of("imports.work", "1")
    assert found is not None
    assert found.state == "stopped"


def test_the_books_are_checked_and_the_outcome_is_told(hire):
    from laoke.checkout.tasks import check

    check(OPENING)
    assert "Everything holds." in hire("owner").get("/jobs").content.decode()


def test_failures_are_forgotten_with_their_jobs(hire):
    given_up(ValueError("x"))
    services.purge_ended(timezone.now() + timedelta(days=8))
    assert jobs() == []
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from foundation_taskfailure")
        assert cursor.fetchone() == (0,)


def test_the_page_asks_few_statements(hire, statements):
    browser = hire("owner")
    given_up(ValueError("x"))
    with statements() as sent:
        browser.get("/jobs")
    assert len(sent) <= 12, sent
    part = browser.get("/jobs", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="jobs"')


@pytest.mark.parametrize("how", ["limited", "narrowed", "whole"])
def test_figures_of_the_whole_shop_are_for_whoever_sees_it(shop, hire, how):
    with progress.track("points.expire", 3, OPENING, unit="lots") as work:
        work.advance(3)
        work.detail["points"] = 987_654
    with progress.track("segments.recompute", 54_321, OPENING, key="now", unit="members") as work:
        store = shop.stores["S1"]
        browser = hire("analyst", store_ids=[store]) if how == "limited" else hire("analyst")
        if how == "narrowed":
            browser.post("/place", {"place": f"store:{store}"})
        page = browser.get("/jobs").content.decode()
    assert "Expire points" in page
    assert "Done" in page
    whole = how == "whole"
    for figure in ("987,654", "54,321"):
        assert (figure in page) is whole
    assert ("of the whole shop and left out here" in page) is not whole
