"""Modules above judge members by what they did beside buying: tiers do. They learn of it while the account is locked.

This module may not import them, so each registers a watcher in its `AppConfig.ready`. It is called within the
transaction, after the event and its points were written: when it raises, nothing happened at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, Protocol

import psycopg


class Act(NamedTuple):
    """One event as tiers count it: see sql/acts.sql. `kind` is empty where only its points count."""

    event_id: int
    at: datetime
    kind: str
    points: int


class Watcher(Protocol):
    """What a module does when something counts, or counts no more."""

    def counted(
        self, cursor: psycopg.Cursor[Any], member_id: int, act: Act, at: datetime, now: datetime
    ) -> None:
        """A member's act counts, judged as of `at`; recorded at `now`."""

    def uncounted(
        self, cursor: psycopg.Cursor[Any], member_id: int, before: Act, after: Act, now: datetime
    ) -> None:
        """What a member did counts no more, or less: how it counted, and how it does now."""


_watchers: list[Watcher] = []


def register(watcher: Watcher) -> None:
    """Add a watcher."""
    _watchers.append(watcher)


def counted(cursor: psycopg.Cursor[Any], member_id: int, act: Act, *, at: datetime, now: datetime) -> None:
    """Tell that a member's act counts."""
    for watcher in _watchers:
        watcher.counted(cursor, member_id, act, at, now)


def uncounted(cursor: psycopg.Cursor[Any], member_id: int, before: Act, after: Act, *, now: datetime) -> None:
    """Tell that an act counts no more, or less."""
    for watcher in _watchers:
        watcher.uncounted(cursor, member_id, before, after, now)
