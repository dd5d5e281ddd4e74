"""Commands that act once per key, marks of pages, clocks of others."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from laoke.foundation import clock, paging
from laoke.foundation.access import SYSTEM, Caller
from laoke.foundation.clock import ClockInFuture, ClockInPast
from laoke.foundation.idempotency import services
from laoke.foundation.idempotency.errors import IdempotencyKeyReused
from laoke.foundation.idempotency.services import Command, once
from laoke.foundation.models import AuditEntry, CommandRecord
from laoke.foundation.paging import BadCursor

T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
COMMAND = Command("k1", (b"adjust", b"1042", b'{"points": 5}'))
OTHER = Caller("apikey", 7, "till", frozenset())


def written(number: int = 1):
    """A command that leaves a row and answers with a number."""
    AuditEntry.objects.create(at=T0, actor_kind="system", actor_id=0, actor="x", action="x", object_kind="x")
    return {"number": number}


def refused():
    """A command that writes and is refused after all."""
    written()
    raise LookupError


@pytest.mark.django_db
class TestOnce:
    def test_a_repeat_gets_the_first_answer_to_the_letter_and_acts_no_more(self):
        first = once(SYSTEM, COMMAND, lambda: written(1), at=T0)
        again = once(SYSTEM, COMMAND, lambda: written(2), at=T0)
        assert first == (201, b'{"number":1}', True)
        assert again == (201, b'{"number":1}', False)
        assert AuditEntry.objects.count() == 1

    @pytest.mark.parametrize(
        "request_parts",
        [
            (b"adjust", b"1042", b'{"points": 6}'),
            (b"adjust", b"1043", b'{"points": 5}'),
            (b"adjust1042", b'{"points": 5}'),
            (b"adjust", b'1042{"points": 5}', b""),
        ],
    )
    def test_the_same_key_for_another_request_is_refused(self, request_parts):
        once(SYSTEM, COMMAND, written, at=T0)
        with pytest.raises(IdempotencyKeyReused):
            once(SYSTEM, Command("k1", request_parts), written, at=T0)
        assert AuditEntry.objects.count() == 1

    def test_a_refusal_leaves_no_record_and_the_key_free(self):
        with pytest.raises(LookupError):
            once(SYSTEM, COMMAND, refused, at=T0)
        assert (AuditEntry.objects.count(), CommandRecord.objects.count()) == (0, 0)
        assert once(SYSTEM, COMMAND, written, at=T0).first

    def test_keys_belong_to_their_caller(self):
        assert once(SYSTEM, COMMAND, written, at=T0).first
        assert once(OTHER, COMMAND, written, at=T0).first

    def test_old_answers_are_deleted_in_batches(self):
        for number in range(5):
            command = Command(f"k{number}", (b"x",))
            once(SYSTEM, command, written, at=T0 + timedelta(days=number))
        assert services.purge(T0 + timedelta(days=33), batch=2) == 3
        assert sorted(CommandRecord.objects.values_list("key", flat=True)) == ["k3", "k4"]


@pytest.mark.django_db(transaction=True)
def test_of_twins_one_acts_and_the_other_waits_for_its_answer():
    acting, answers = threading.Event(), []

    def slowly():
        acting.set()
        threading.Event().wait(0.2)
        return written()

    def twin(run):
        answers.append(once(SYSTEM, COMMAND, run, at=T0))
        connection.close()

    first = threading.Thread(target=twin, args=[slowly])
    first.start()
    assert acting.wait(5)
    second = threading.Thread(target=twin, args=[lambda: written(2)])
    second.start()
    first.join()
    second.join()
    assert sorted(answers) == [(201, b'{"number":1}', False), (201, b'{"number":1}', True)]
    assert AuditEntry.objects.count() == 1


class TestPaging:
    def test_a_mark_leads_back_to_its_key(self):
        mark = paging.write(T0, 88213)
        assert paging.read(mark, paging.instant, paging.number) == (T0, 88213)
        assert paging.read(paging.write("S/001"), paging.text) == ("S/001",)
        assert paging.read(None, paging.text) is None

    @pytest.mark.parametrize(
        "mark",
        [
            "",
            "x",
            "=",
            "W10",
            "bnVsbA",
            "WzFd",
            "WyJTMDAxIiwxXQ",
            "é",
            "\0",
            "W" * 2000,
            paging.write("a\0b"),
        ],
    )
    def test_what_no_page_gave_out_is_refused(self, mark):
        with pytest.raises(BadCursor):
            paging.read(mark, paging.text)

    @pytest.mark.parametrize("key", [(-1,), (True,), ("7",), (2**63,), (1, 2)])
    def test_a_number_is_an_id(self, key):
        with pytest.raises(BadCursor):
            paging.read(paging.write(*key), paging.number)

    def test_an_instant_has_its_time_zone(self):
        with pytest.raises(BadCursor):
            paging.read(paging.write("2026-03-10T00:00:00"), paging.instant)

    def test_the_last_page_has_no_mark(self):
        assert paging.cut([1, 2], 2, str) == ([1, 2], None)
        assert paging.cut([1, 2, 3], 2, str) == ([1, 2], "2")


class TestClock:
    @pytest.mark.parametrize("drift", [timedelta(), timedelta(minutes=5), timedelta(days=-10_000)])
    def test_clocks_drift(self, drift):
        clock.check(T0 + drift, T0)

    def test_clocks_are_wrong(self):
        with pytest.raises(ClockInFuture):
            clock.check(T0 + timedelta(minutes=5, microseconds=1), T0)
        with pytest.raises(ClockInPast):
            clock.check(datetime(1989, 12, 31, 23, 59, tzinfo=UTC), T0)
