"""What the tests of members share: a clerk, a clock, a way to see everything that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from laoke.foundation.access import Caller, Scope
from laoke.members import followers, services
from laoke.members.tests.spelling import identity

TABLES = (
    "members_member",
    "members_identity",
    "members_consentevent",
    "members_membertag",
    "members_householdmember",
    "members_household",
    "members_merge",
    "foundation_auditentry",
    "foundation_outboxmessage",
)


class RecordingFollower:
    """Keeps what it was told, and moves a number of things per member, as a module above would."""

    name = "recorder"

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.things: dict[int, int] = {}
        self.fails = False

    def registered(self, member_ids, at):
        self._heard("registered", tuple(member_ids), at)

    def merge(self, kept_id, gone_id, at):
        self._heard("merge", kept_id, gone_id, at)
        moved = self.things.pop(gone_id, 0)
        self.things[kept_id] = self.things.get(kept_id, 0) + moved
        return {"things": moved}

    def unmerge(self, kept_id, gone_id, moved, at):
        self._heard("unmerge", kept_id, gone_id, moved, at)
        self.things[kept_id] -= moved["things"]
        self.things[gone_id] = moved["things"]

    def export(self, member_id):
        return {"things": self.things.get(member_id, 0)}

    def erase(self, member_id, at):
        self._heard("erase", member_id, at)

    def _heard(self, *call: object) -> None:
        self.calls.append(call)
        if self.fails:
            raise RuntimeError("the follower cannot")


@pytest.fixture
def clerk() -> Caller:
    """Somebody who may do everything with members."""
    return Caller("staff", 7, "林晓雯", frozenset(scope.value for scope in Scope))


@pytest.fixture
def stranger() -> Caller:
    """Somebody known who may do nothing."""
    return Caller("apikey", 9, "till 3", frozenset())


@pytest.fixture
def t0() -> datetime:
    return datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.fixture
def follower(monkeypatch: pytest.MonkeyPatch) -> RecordingFollower:
    """The only follower there is during the test."""
    recorder = RecordingFollower()
    monkeypatch.setattr(followers, "_followers", {})
    followers.register(recorder)
    return recorder


@pytest.fixture
def join(clerk, t0, follower):
    """Register a member: `join("card:HL058213", "phone:13800136217", name="陈雨桐")`."""

    def join_one(*identities: str, at: datetime = t0, **more: Any) -> int:
        return services.register(
            caller=clerk, at=at, identities=[identity(each) for each in identities], **more
        )

    return join_one


@pytest.fixture
def everything():
    """A function that reads every row of every table this module writes to."""

    def read() -> dict[str, list[tuple[object, ...]]]:
        stored = {}
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"select * from {table} order by {table}::text")
                stored[table] = cursor.fetchall()
        return stored

    return read


@pytest.fixture
def committed(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Real commits, seen by other connections; swept away afterwards although facts refuse to be deleted."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute("begin")
                cursor.execute("set local session_replication_role = replica")
                for table in TABLES:
                    cursor.execute(f"delete from {table}")
                cursor.execute("commit")
            connection.close()
