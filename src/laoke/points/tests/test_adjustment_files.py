"""Adjustments from a file: what each row does, that a repeat changes nothing, and that it equals one by one."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM, Caller, MissingScope, OutsideStores
from laoke.foundation.models import AuditEntry, OutboxMessage
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import services
from laoke.points.adjustments.checks import CHECKS
from laoke.points.adjustments.errors import BadFile
from laoke.points.adjustments.files import Refused, Row, adjust
from laoke.points.adjustments.models import AdjustmentRow
from laoke.points.checks import CHECKS as LEDGER
from laoke.points.models import Account, Lot, Posting

T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


class Looking:
    """Looks on; stops after so many rows."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.done, self.phases, self._stop_after = 0, [], stop_after

    @property
    def stop_requested(self) -> bool:
        return self._stop_after is not None and self.done >= self._stop_after

    def phase(self, name, total=0):
        self.phases.append((name, total))
        self.done = 0

    def advance(self, count):
        self.done += count


@pytest.fixture(autouse=True)
def books():
    yield
    assert [found for found in checks.run((*CHECKS, *LEDGER)) if found.broken] == []


def people(count, first=88008000):
    return [
        members.register(caller=SYSTEM, at=T0, identities=[IdentityInput("card", str(first + number))])
        for number in range(count)
    ]


def book(rows, *, name="march.csv", by="member_id", at=T0, watch=None, **more):
    lines = [Row(2 + place, *(str(cell) for cell in row)) for place, row in enumerate(rows)]
    return adjust(SYSTEM, name, lines, by=by, at=at, watch=watch or Looking(), **more)


def balances():
    return dict(Account.objects.values_list("member_id", "balance"))


def test_each_row_gives_or_takes_with_its_reason_and_one_event():
    one, two = people(2)
    services.apply(SYSTEM, two, 30, "补发", at=T0 - timedelta(days=1))
    watch = Looking()
    done = book([(one, 50, "春节补偿"), (two, -20, "录错"), (one, " +7", "春节补偿")], watch=watch)
    assert (done.rows, done.booked, done.known, done.points, done.refused) == (3, 3, 0, 37, [])
    assert balances() == {one: 57, two: 10}
    assert watch.phases == [("reading", 0), ("booking", 3)]
    posted = Posting.objects.filter(at=T0).order_by("id").values_list("member_id", "points", "note", "kind")
    assert sorted(posted) == sorted(
        [
            (one, 50, "春节补偿", "adjustment"),
            (one, 7, "春节补偿", "adjustment"),
            (two, -20, "录错", "adjustment"),
        ]
    )
    # As an adjustment one by one: to the end of the day a year later in Shanghai.
    assert set(Lot.objects.filter(member_id=one).values_list("origin", "expires_at")) == {
        ("adjustment", datetime(2027, 3, 10, 16, tzinfo=UTC))
    }
    told = OutboxMessage.objects.filter(topic="points.adjusted", occurred_at=T0).order_by("id")
    assert sorted((each.payload["points"], each.payload["points_available"]) for each in told) == [
        (-20, 10),
        (7, 57),
        (50, 50),
    ]
    entry = AuditEntry.objects.get(action="points.adjusted_many")
    assert entry.after == {"rows": 3, "points": 37, "name": "march.csv"}


def test_a_repeat_changes_nothing_and_a_mended_file_books_what_is_new():
    one, two = people(2)
    rows = [(one, 50, "补发"), (one, 50, "补发"), (two, -5, "录错"), (two, "x", "录错"), (9**9, 5, "补发")]
    first = book(rows)
    assert (first.booked, first.refused) == (
        2,
        [Refused(4, "short"), Refused(5, "points"), Refused(6, "unknown")],
    )
    before = balances(), Posting.objects.count(), OutboxMessage.objects.count(), AuditEntry.objects.count()
    again = book(list(reversed(rows)))
    assert (again.booked, again.known, len(again.refused)) == (0, 2, 3)
    assert (
        balances(), Posting.objects.count(), OutboxMessage.objects.count(), AuditEntry.objects.count(),
    ) == before  # fmt: skip
    mended = book(
        [(two, 5, "补发"), (one, 50, "补发"), (one, 50, "补发"), (two, -5, "录错"), (one, 50, "补发")]
    )
    assert (mended.booked, mended.known, mended.refused) == (3, 2, [])
    assert balances() == {one: 150, two: 0}
    # Under another name it is another file.
    assert book([(one, 50, "补发")], name="april.csv").booked == 1


def test_a_run_that_was_stopped_goes_on_and_a_row_taken_out_of_the_file_is_not_booked():
    crowd = people(10)
    rows = [(member, 10 + place, "补发") for place, member in enumerate(crowd)]
    first = book(rows, batch=3, watch=Looking(stop_after=4))
    assert (first.booked, first.stopped) == (6, True)
    second = book(rows[:-1], batch=3)
    assert (second.booked, second.known, second.stopped) == (3, 6, False)
    assert balances() == {member: 10 + place for place, member in enumerate(crowd[:-1])} | {crowd[-1]: 0}


class Breaking(Looking):
    """The process dies behind the first batch."""

    def advance(self, count):
        if self.phases[-1][0] == "booking":
            raise OSError


def test_what_was_committed_before_a_run_broke_off_is_known_to_the_next():
    rows = [(member, 5, "补发") for member in people(6)]
    with pytest.raises(OSError):
        book(rows, batch=2, watch=Breaking())
    assert sum(balances().values()) == 10
    assert book(rows, batch=2).known == 2
    assert sum(balances().values()) == 30


def test_a_dry_run_lists_what_would_be_refused_and_books_nothing():
    one, two, three = people(3)
    services.apply(SYSTEM, two, 30, "补发", at=T0)
    Posting.objects.create(member_id=three, kind="clawback", points=-20, at=T0, recorded_at=T0)
    Account.objects.filter(pk=three).update(debt=20, balance=-20, earned_total=-20)
    rows = [
        (two, -20, "录错"), (two, -11, "录错"), (two, 1, "补发"), (two, -11, "录错"), (one, 0, "补发"),
        (one, 1, " "), ("abc", 1, "补发"), (three, 25, "补发"), (three, -6, "录错"), (three, -5, "录错"),
    ]  # fmt: skip
    before = balances()
    told = book(rows, dry_run=True)
    assert (balances(), AdjustmentRow.objects.count()) == (before, 0)
    refused = [
        Refused(3, "short"), Refused(6, "points"), Refused(7, "reason"), Refused(8, "member"),
        Refused(10, "short"),
    ]  # fmt: skip
    assert told.refused == refused
    assert book(rows).refused == refused


def test_members_are_named_by_card_too_and_merged_ones_are_followed():
    kept, gone, erased = people(3)
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="one person", at=T0)
    members.erase_person(caller=SYSTEM, member_id=erased, reason="asked for", at=T0)
    done = book([(88008000, 5, "补发"), (88008001, 7, "补发"), ("no card", 1, "补发")], by="card")
    assert (done.booked, done.refused) == (2, [Refused(4, "unknown")])
    done = book([(gone, 11, "补发"), (erased, 1, "补发")], name="by number")
    assert (done.booked, done.refused) == (1, [Refused(3, "erased")])
    assert balances()[kept] == 23


def test_what_was_booked_for_a_member_who_was_merged_since_is_known():
    kept, gone = people(2)
    rows = [(kept, 5, "补发"), (gone, 5, "补发"), (gone, 6, "补发")]
    assert book(rows).booked == 3
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="one person", at=T0)
    again = book(rows)
    assert (again.booked, again.known, balances()[kept]) == (0, 3, 16)


def test_who_may(monkeypatch):
    with pytest.raises(MissingScope):
        adjust(Caller("staff", 1, "x", frozenset()), "a", [], by="card", at=T0, watch=Looking())
    with pytest.raises(OutsideStores):
        adjust(
            Caller("staff", 1, "x", SYSTEM.scopes, frozenset({1})), "a", [], by="card", at=T0, watch=Looking()
        )
    for name in ("", "x" * 121, "a\nb"):
        with pytest.raises(BadFile):
            book([], name=name)


@pytest.mark.parametrize("seed", range(6))
def test_as_many_one_by_one(seed):
    """The same rows through the statements of the batch and through the ledger: same accounts, lots and postings."""
    chance = random.Random(seed)
    ones, others = people(12), people(12, 99008000)
    twin = dict(zip(ones, others, strict=True))
    for member in ones:
        for _ in range(chance.randrange(4)):
            points, days = chance.randrange(1, 60), chance.randrange(1, 400)
            for each in (member, twin[member]):
                services.move(each, points, "before", at=T0 - timedelta(days=days))
        if chance.random() < 0.3:
            for each in (member, twin[member]):
                Posting.objects.create(member_id=each, kind="clawback", points=-15, at=T0, recorded_at=T0)
                row = Account.objects.get(pk=each)
                row.debt, row.balance, row.earned_total = 15, row.balance - 15, row.earned_total - 15
                row.save()
    rows = [
        (chance.choice(ones), chance.choice((5, 40, -3, -30)), f"reason {chance.randrange(3)}")
        for _ in range(60)
    ]
    done = book(rows, batch=chance.choice((1, 7, 100)))
    # The file is booked by member; one by one in the same order.
    short = 0
    for member, points, why in sorted(rows, key=lambda row: row[0]):
        try:
            services.move(twin[member], points, why, at=T0)
        except InsufficientPoints:
            short += 1
    assert len(done.refused) == short
    back = {other: one for one, other in twin.items()}
    with connection.cursor() as cursor:
        cursor.execute("select * from points_account where member_id = any(%s) order by member_id", [ones])
        columns = [column.name for column in cursor.description]
        here = cursor.fetchall()
        cursor.execute("select * from points_account where member_id = any(%s) order by member_id", [others])
        there = [(back[row[0]], *row[1:]) for row in cursor.fetchall()]
    version = columns.index("version")
    assert [row[:version] + row[version + 1 :] for row in here] == [
        row[:version] + row[version + 1 :] for row in there
    ]
    for table, fields in (
        (Lot, ("origin", "accrued_at", "expires_at", "points", "remaining")),
        (Posting, ("kind", "points", "at", "note", "contra", "lot__expires_at")),
    ):
        ours = sorted(map(str, table.objects.filter(member_id__in=ones).values_list("member_id", *fields)))
        theirs = sorted(
            str((back[row[0]], *row[1:]))
            for row in table.objects.filter(member_id__in=others).values_list("member_id", *fields)
        )
        assert ours == theirs
