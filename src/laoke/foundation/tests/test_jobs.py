"""Background tasks: declared once, scheduled in the shop's zone, brought back when their worker dies."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.testing import InMemoryConnector

from laoke.foundation.jobs import configure, declare, progress, selectors, services
from laoke.foundation.jobs.models import TaskProgress
from laoke.foundation.jobs.stopping import STOPPING, Interrupted

T0 = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def declared():
    """Tasks declared within a test, forgotten after it."""
    before = dict(declare._declared)
    tasks = dict(app.tasks)
    periodic = dict(app.periodic_registry.periodic_tasks)
    yield
    for kept, was in (
        (declare._declared, before),
        (app.tasks, tasks),
        (app.periodic_registry.periodic_tasks, periodic),
    ):
        kept.clear()
        kept.update(was)


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("select task_name, status::text, attempts, args from procrastinate_jobs order by id")
        return cursor.fetchall()


@pytest.mark.usefixtures("declared")
class TestDeclaring:
    def test_a_schedule_is_read_in_the_shops_zone_also_when_clocks_change(self):
        @declare.task("test.nightly", at="30 3 * * *")
        def nightly(at: datetime) -> None: ...

        own = App(connector=InMemoryConnector())
        configure.register(own, nightly, ZoneInfo("Europe/Berlin"))
        (periodic,) = own.periodic_registry.periodic_tasks.values()
        moments = []
        moment = datetime(2026, 3, 27, 12, tzinfo=UTC).timestamp()
        for _ in range(3):
            moment = periodic.croniter.get_next(ret_type=float, start_time=moment)
            moments.append(datetime.fromtimestamp(moment, UTC))
        assert moments == [
            datetime(2026, 3, 28, 2, 30, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            datetime(2026, 3, 30, 1, 30, tzinfo=UTC),
        ]

    def test_a_run_gets_its_instant_and_arguments(self):
        seen = []

        @declare.task("test.work")
        def work(at: datetime, store_id: int) -> None:
            seen.append((at, store_id))

        work(T0, store_id=3)
        own = App(connector=InMemoryConnector())
        configure.register(own, work, ZoneInfo("Asia/Shanghai"))
        own.tasks["test.work"](timestamp=T0.timestamp(), store_id=4)
        assert seen == [(T0, 3), (T0, 4)]
        with pytest.raises(ValueError, match=r"already is a task named test\.work"):
            declare.task("test.work")(lambda at: None)

    @pytest.mark.django_db
    def test_deferring_is_part_of_the_transaction_and_waits_once_per_arguments(self):
        @declare.task("test.work")
        def work(at: datetime, store_id: int) -> None: ...

        configure.register(app, work, ZoneInfo("Asia/Shanghai"))
        assert work.defer(T0, store_id=3)
        assert not work.defer(T0 + timedelta(minutes=1), store_id=3)
        assert work.defer(T0, store_id=4)
        with connection.cursor() as cursor:
            cursor.execute("update procrastinate_jobs set status = 'doing' where args->>'store_id' = '3'")
        assert work.defer(T0 + timedelta(minutes=2), store_id=3)
        assert [(name, status) for name, status, *_ in jobs()] == [
            ("test.work", "doing"),
            ("test.work", "todo"),
            ("test.work", "todo"),
        ]

    def test_pauses_double_and_interruption_is_no_failure(self):
        retry = configure.Retry(tries=3)

        class Job:
            attempts = 0

        now = datetime.now(UTC)
        decisions = []
        for Job.attempts in range(3):
            decision = retry.get_retry_decision(exception=ValueError(), job=Job)
            decisions.append(decision and round((decision.retry_at - now).total_seconds()))
        assert decisions == [10, 20, None]
        Job.attempts = 50
        assert retry.get_retry_decision(exception=Interrupted(), job=Job) is not None


def test_the_housekeeping_is_scheduled():
    schedules = {
        name: (task.cron, str(task.zone)) for (name, _), task in app.periodic_registry.periodic_tasks.items()
    }
    assert schedules["foundation.sweep-stalled"] == ("* * * * *", settings.LAOKE.time_zone)
    assert schedules["foundation.purge"] == ("10 3 * * *", settings.LAOKE.time_zone)
    # The sweep must be able to run while a sweep of a killed worker still counts as running.
    assert app.tasks["foundation.sweep-stalled"].lock is None
    assert app.tasks["foundation.purge"].lock == "foundation.purge"


@pytest.mark.django_db
class TestSweeping:
    def add(self, worker_heard: datetime | None, attempts: int = 0, name: str = "foundation.purge") -> None:
        with connection.cursor() as cursor:
            worker = None
            if worker_heard:
                cursor.execute(
                    "insert into procrastinate_workers (last_heartbeat) values (%s) returning id",
                    [worker_heard],
                )
                (worker,) = cursor.fetchone()
            cursor.execute(
                "insert into procrastinate_jobs (queue_name, task_name, lock, args, status, attempts, worker_id)"
                " values ('default', %s, %s, '{}', 'doing', %s, %s)",
                [name, f"{name}{worker}{attempts}", attempts, worker],
            )

    def test_what_ran_in_a_silent_worker_runs_again(self):
        self.add(T0 - timedelta(seconds=31), name="a")
        self.add(T0 - timedelta(seconds=29), name="b")
        self.add(None, name="c")
        assert services.sweep_stalled(T0) == 2
        assert [job[:3] for job in jobs()] == [("a", "todo", 1), ("b", "doing", 0), ("c", "todo", 1)]
        assert services.sweep_stalled(T0) == 0

    def test_a_task_that_ends_its_worker_every_time_is_given_up(self):
        self.add(None, attempts=4, name="bomb")
        assert services.sweep_stalled(T0) == 0
        assert [job[:3] for job in jobs()] == [("bomb", "failed", 5)]

    def test_ended_jobs_are_deleted_when_old(self):
        self.add(None, name="old")
        self.add(None, attempts=1, name="young")
        self.add(None, attempts=2, name="running")
        with connection.cursor() as cursor:
            cursor.execute("update procrastinate_jobs set status = 'succeeded' where task_name <> 'running'")
            cursor.execute(
                "update procrastinate_events set at = case when job_id = "
                "(select id from procrastinate_jobs where task_name = 'old') then %s::timestamptz else %s end",
                [T0 - timedelta(days=8), T0],
            )
        assert services.purge_ended(T0, batch=1) == 1
        assert [job[0] for job in jobs()] == ["young", "running"]


@pytest.mark.django_db
class TestProgress:
    def test_it_is_shown_and_ends(self, monkeypatch):
        monkeypatch.setattr(progress, "_WRITE_EVERY", 0.0)
        with progress.track("import.orders", 400, T0, key="may.csv", unit="rows") as work:
            work.advance(100)
            time.sleep(0.01)
            work.advance(100)
            (shown,) = selectors.recent()
            assert (shown.done, shown.total, shown.unit, shown.state) == (200, 400, "rows", "running")
            assert shown.rate > 0
            assert shown.seconds_left == pytest.approx(200 / shown.rate)
            work.advance(200)
        shown = selectors.of("import.orders", "may.csv")
        assert (shown.done, shown.state, shown.seconds_left) == (400, "done", None)
        assert shown.finished_at > T0

    def test_writing_is_bounded_however_often_it_advances(self, django_assert_max_num_queries):
        with django_assert_max_num_queries(12), progress.track("work", 100_000, T0) as work:
            for _ in range(100_000):
                work.advance()
        assert selectors.of("work").done == 100_000

    def test_a_person_can_stop_it(self, monkeypatch):
        monkeypatch.setattr(progress, "_WRITE_EVERY", 0.0)
        assert not progress.request_stop("work")
        with progress.track("work", 10, T0) as work:
            assert not work.stop_requested
            assert progress.request_stop("work")
            assert work.stop_requested
        assert selectors.of("work").state == "stopped"
        # The next run starts fresh in the same row.
        with progress.track("work", 10, T0) as work:
            assert not work.stop_requested
        assert TaskProgress.objects.count() == 1

    def test_a_failure_is_shown_as_one(self):
        with pytest.raises(ZeroDivisionError), progress.track("work", 10, T0):
            _ = 1 / 0
        assert selectors.of("work").state == "failed"

    def test_work_told_to_end_with_its_process_is_run_again(self):
        STOPPING.set()
        try:
            with pytest.raises(Interrupted), progress.track("work", 10, T0) as work:
                assert work.stop_requested
            # Work that did not look was not interrupted.
            with progress.track("whole", 10, T0) as work:
                work.advance(10)
        finally:
            STOPPING.clear()
        assert selectors.of("work").state == "stopped"
        assert selectors.of("whole").state == "done"
