"""The outbox: at least once, in batches, one bad message does not hold the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from laoke.foundation.access import SYSTEM
from laoke.foundation.models import AuditEntry, Generation, OutboxMessage
from laoke.foundation.outbox import dispatch, registry, selectors, services
from laoke.foundation.outbox.schedule import MAX_ATTEMPTS, pause_after

T0 = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


@contextmanager
def listening(handler: registry.Handler, topic: str = "test.happened") -> Iterator[None]:
    registry.subscribe(topic, "the-test", handler)
    try:
        yield
    finally:
        registry.unsubscribe(topic, "the-test")


def write(count: int, topic: str = "test.happened", at: datetime = T0) -> list[int]:
    for number in range(count):
        services.add(topic, {"number": number}, at=at, member_id=7)
    return list(OutboxMessage.objects.order_by("id").values_list("id", flat=True))[-count:]


@pytest.mark.django_db
def test_handlers_see_the_event_in_order_and_once():
    ids = write(3)
    seen = []
    with listening(lambda event, at: seen.append((event, at))):
        assert dispatch.dispatch_batch(T0) == 3
        assert dispatch.dispatch_batch(T0 + timedelta(hours=1)) == 0
    assert [(event.id, event.payload, at) for event, at in seen] == [
        (ids[0], {"number": 0}, T0),
        (ids[1], {"number": 1}, T0),
        (ids[2], {"number": 2}, T0),
    ]
    first = seen[0][0]
    assert (first.topic, first.member_id, first.occurred_at) == ("test.happened", 7, T0)
    assert set(OutboxMessage.objects.values_list("done_at", flat=True)) == {T0}


@pytest.mark.django_db
def test_one_bad_message_waits_and_the_others_pass():
    ids = write(3)
    seen = []

    def handler(event: registry.Event, at: datetime) -> None:
        Generation.objects.create(name=f"event-{event.payload['number']}", number=1)
        if event.payload["number"] == 1:
            raise RuntimeError("the neighbour is away")
        seen.append(event.payload["number"])

    with listening(handler):
        assert dispatch.dispatch_batch(T0) == 3
    assert seen == [0, 2]
    # What the failed handler wrote before it failed is gone.
    assert list(Generation.objects.order_by("name").values_list("name", flat=True)) == ["event-0", "event-2"]
    bad = OutboxMessage.objects.get(pk=ids[1])
    assert (bad.attempts, bad.last_error, bad.done_at, bad.failed_at) == (1, "RuntimeError", None, None)
    assert bad.available_at == T0 + pause_after(1, ids[1])
    assert selectors.backlog(T0) == selectors.Backlog(waiting=0, postponed=1, failed=0, oldest_seconds=0.0)


@pytest.mark.django_db
def test_every_handler_of_a_topic_and_those_of_every_topic():
    write(1)
    seen = []
    registry.subscribe("test.happened", "second", lambda event, at: seen.append("second"))
    with (
        listening(lambda event, at: seen.append("every"), registry.EVERY_TOPIC),
        listening(lambda event, at: seen.append("first")),
    ):
        dispatch.dispatch_batch(T0)
        with pytest.raises(ValueError, match="already has a handler named second"):
            registry.subscribe("test.happened", "second", lambda event, at: None)
    registry.unsubscribe("test.happened", "second")
    assert sorted(seen[:2]) == ["first", "second"]
    assert seen[2:] == ["every"]


@pytest.mark.django_db
def test_pauses_double_and_the_last_failure_is_kept_visible():
    (message_id,) = write(1)

    def handler(event: registry.Event, at: datetime) -> None:
        raise RuntimeError

    at = T0
    with listening(handler):
        for attempt in range(1, MAX_ATTEMPTS + 1):
            assert dispatch.dispatch_batch(at) == 1
            assert dispatch.dispatch_batch(at) == 0
            at += pause_after(attempt, message_id)
        assert dispatch.dispatch_batch(at) == 0
    assert [round(pause_after(n, 0).total_seconds() / pause_after(1, 0).total_seconds()) for n in (2, 3)] == [
        2,
        4,
    ]
    (failed,) = selectors.failed()
    assert (failed.id, failed.attempts, failed.last_error) == (message_id, 12, "RuntimeError")

    assert services.retry_failed(SYSTEM, [message_id], at=at) == 1
    assert AuditEntry.objects.get().action == "outbox.retried"
    seen = []
    with listening(lambda event, at: seen.append(event.id)):
        assert dispatch.dispatch_batch(at) == 1
    assert seen == [message_id]


@pytest.mark.django_db
def test_a_refusal_at_the_end_of_the_transaction_blames_one_message_only():
    ids = write(3)

    def handler(event: registry.Event, at: datetime) -> None:
        # A deferred check speaks only when the whole transaction commits.
        if event.payload["number"] == 2:
            OutboxMessage.objects.filter(pk=event.id).update(available_at=at)  # the lease is lost

    with listening(handler):
        dispatch.dispatch_batch(T0)
    done = dict(OutboxMessage.objects.values_list("id", "done_at"))
    assert [done[message_id] for message_id in ids] == [T0, T0, None]


@pytest.mark.django_db
def test_a_message_that_ends_its_worker_every_time_is_given_up_unseen():
    (message_id,) = write(1)
    OutboxMessage.objects.update(attempts=MAX_ATTEMPTS)
    seen = []
    with listening(lambda event, at: seen.append(event)):
        dispatch.dispatch_batch(T0)
    assert seen == []
    (failed,) = selectors.failed()
    assert (failed.id, failed.last_error) == (message_id, "WorkerDied")


@pytest.mark.django_db
def test_stopping_gives_back_what_was_not_begun():
    write(3)
    stop = threading.Event()
    stop.set()
    with listening(lambda event, at: None):
        assert dispatch.dispatch_batch(T0, stop=stop) == 3
    assert set(OutboxMessage.objects.values_list("attempts", "available_at", "done_at")) == {(0, T0, None)}


@pytest.mark.django_db
def test_purge_takes_old_done_messages_only():
    old, young, failed = write(3)
    OutboxMessage.objects.filter(pk=old).update(done_at=T0 - timedelta(days=8))
    OutboxMessage.objects.filter(pk=young).update(done_at=T0 - timedelta(days=6))
    OutboxMessage.objects.filter(pk=failed).update(failed_at=T0 - timedelta(days=60))
    assert dispatch.purge(T0, batch=1) == 1
    assert list(OutboxMessage.objects.order_by("id").values_list("id", flat=True)) == [young, failed]


@pytest.mark.django_db(transaction=True)
def test_dispatchers_side_by_side_share_the_work_and_act_once():
    with transaction.atomic():
        write(400)
    lock = threading.Lock()
    seen: list[int] = []
    workers: set[str] = set()

    def handler(event: registry.Event, at: datetime) -> None:
        with lock:
            seen.append(event.payload["number"])
            workers.add(threading.current_thread().name)

    def work() -> None:
        barrier.wait()
        while dispatch.dispatch_batch(T0, 20):
            pass
        connection.close()

    barrier = threading.Barrier(4)
    with listening(handler):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(seen) == list(range(400))
    assert len(workers) > 1
    assert OutboxMessage.objects.filter(done_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_message_cut_off_with_its_connection_comes_back_after_the_lease():
    with transaction.atomic():
        write(2)
    entered, cut = threading.Event(), threading.Event()

    def handler(event: registry.Event, at: datetime) -> None:
        Generation.objects.create(name=f"event-{event.payload['number']}", number=1)
        entered.set()
        cut.wait(5)

    def work() -> None:
        dispatch.dispatch_batch(T0)
        connection.close()

    with listening(handler):
        thread = threading.Thread(target=work)
        thread.start()
        assert entered.wait(5)
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'"
            )
            assert cursor.fetchall() == [(True,)]
        cut.set()
        thread.join(5)
        # The next message was handled on a new connection; nothing of the first was kept.
        assert list(events_written()) == ["event-1"]
        assert dispatch.dispatch_batch(T0 + timedelta(seconds=59)) == 0
        assert dispatch.dispatch_batch(T0 + timedelta(seconds=60)) == 1
    assert list(events_written()) == ["event-0", "event-1"]


@pytest.mark.django_db(transaction=True)
def test_a_dispatcher_that_lost_its_lease_leaves_nothing_behind():
    with transaction.atomic():
        write(1)
    entered, go_on = threading.Event(), threading.Event()
    counts: list[int] = []

    def handler(event: registry.Event, at: datetime) -> None:
        if not entered.is_set():
            entered.set()
            go_on.wait(5)
        Generation.objects.create(name=f"event-{threading.current_thread().name}", number=1)

    def slow() -> None:
        counts.append(dispatch.dispatch_batch(T0))
        connection.close()

    with listening(handler):
        thread = threading.Thread(target=slow, name="slow")
        thread.start()
        assert entered.wait(5)
        assert dispatch.dispatch_batch(T0 + timedelta(seconds=61)) == 1
        go_on.set()
        thread.join(5)
    assert list(events_written()) == ["event-MainThread"]
    message = OutboxMessage.objects.get()
    assert (message.done_at, message.attempts) == (T0 + timedelta(seconds=61), 2)


@pytest.mark.django_db(transaction=True)
def test_two_thousand_messages_a_second():
    with transaction.atomic():
        write(1000)
    seen = []
    with listening(lambda event, at: seen.append(event.id)):
        begun = time.perf_counter()
        while dispatch.dispatch_batch(T0):
            pass

        rate = 1000 / (time.perf_counter() - begun)
    assert len(seen) == 1000
    assert rate > 500, "the goal is 2,000; a quarter of it allows for a busy machine"


@pytest.mark.django_db(transaction=True)
def test_the_loop_outlives_the_loss_of_its_connection():
    stop = threading.Event()
    seen: list[int] = []
    with listening(lambda event, at: seen.append(event.payload["number"])):
        thread = threading.Thread(target=dispatch.loop, args=(stop,), kwargs={"idle": 0.02})
        thread.start()
        try:
            with transaction.atomic():
                write(1)
            wait_until(lambda: seen == [0])
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )
            with transaction.atomic():
                write(2)
            wait_until(lambda: seen == [0, 0, 1])
        finally:
            stop.set()
            thread.join(5)
    assert not thread.is_alive()


def events_written():
    return Generation.objects.filter(name__startswith="event").order_by("name").values_list("name", flat=True)


def wait_until(condition, seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
