"""The audit trail as the page and its export show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.foundation.audit import selectors
from laoke.foundation.audit.selectors import Entry, Wanted
from laoke.surfaces.console.actions import ACTIONS, ACTORS, OBJECTS
from laoke.surfaces.console.selectors.store_pages import turned
from laoke.surfaces.console.trail import NOTHING, Change, Reader, object_of

PAGE = 50
_MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the log is narrowed to; empty: anything. Days are those of the shop's zone, both included."""

    who: str = ""
    action: str = ""
    kind: str = ""
    id: str = ""
    since: str = ""
    until: str = ""

    def __bool__(self) -> bool:
        return bool(self.who or self.action or self.kind or self.id or self.since or self.until)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry in words. `more`: so many changes are not shown."""

    id: int
    at: datetime
    actor: str
    actor_kind: str
    actor_words: Any
    action: str
    words: Any
    object_kind: str
    object_words: Any
    object_id: str
    object_name: str
    path: str
    reason: str
    changes: tuple[Change, ...]
    more: int


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the log, newest first, with what the filter offers. `misread`: a day that is none."""

    filter: AuditFilter
    misread: bool
    rows: tuple[AuditLine, ...]
    actors: tuple[str, ...]
    actions: tuple[tuple[str, Any], ...]
    kinds: tuple[tuple[str, Any], ...]
    before: str | None
    after: str | None


def audit_page(caller: Caller, asked: AuditFilter, after: str | None, before: str | None) -> AuditPage:
    """A page of the log.

    Raises:
        MissingScope, BadCursor
    """
    wanted, misread = _wanted(asked)
    back = paging.read(before, paging.instant, paging.number)
    mark = paging.read(after, paging.instant, paging.number) if back is None else None
    if back is not None:
        above = selectors.entries_above(caller, wanted, limit=PAGE + 1, above=(back[0], back[1]))
        found = above[::-1]
    else:
        below = None if mark is None else (mark[0], mark[1])
        found = selectors.entries(caller, wanted, limit=PAGE + 1, below=below)
    reader = Reader(caller)
    rows, newer, older = turned(found, PAGE, back=back is not None, started=mark is not None)
    return AuditPage(
        filter=asked,
        misread=misread,
        rows=tuple(_line(row, reader) for row in rows),
        actors=tuple(selectors.actors()),
        actions=tuple(sorted(ACTIONS.items(), key=lambda item: str(item[1]))),
        kinds=tuple(sorted(OBJECTS.items(), key=lambda item: str(item[1]))),
        before=paging.write(rows[0].at, rows[0].id) if newer and rows else None,
        after=paging.write(rows[-1].at, rows[-1].id) if older and rows else None,
    )


def audit_rows(caller: Caller, asked: AuditFilter) -> Iterator[list[str]]:
    """The log as rows of text for a file, the head first; a batch of entries in memory at a time.

    Raises:
        MissingScope: at once.
    """
    wanted, _misread = _wanted(asked)
    # The language of the page is over when the file is written.
    language = translation.get_language() or settings.LANGUAGE_CODE
    head = [
        pgettext("of an entry", "Number"),
        _("Time"),
        _("Kind of actor"),
        _("Who"),
        _("Action"),
        _("Action, code"),
        _("Kind of object"),
        _("Object"),
        _("Reason"),
        _("What changed"),
        _("Before, JSON"),
        _("After, JSON"),
    ]
    entries, reader = selectors.every(caller, wanted), Reader(caller)

    def rows() -> Iterator[list[str]]:
        yield head
        for entry in entries:
            with translation.override(language):
                yield _row(entry, reader)

    return rows()


def _row(entry: Entry, reader: Reader) -> list[str]:
    return [
        str(entry.id),
        entry.at.astimezone(settings.LAOKE.zone).isoformat(timespec="seconds"),
        str(ACTORS.get(entry.actor_kind, entry.actor_kind)),
        entry.actor,
        str(ACTIONS.get(entry.action, entry.action)),
        entry.action,
        str(OBJECTS.get(entry.object_kind, entry.object_kind)),
        entry.object_id,
        entry.reason,
        "; ".join(_told(change) for change in reader.changes(entry)),
        _json(entry.before),
        _json(entry.after),
    ]


def _told(change: Change) -> str:
    """ "Role: Analyst → Finance": as a line of a file says it."""
    if change.before is None or change.after is None:
        return f"{change.label}{_(': ')}{change.after or change.before or NOTHING}"
    return f"{change.label}{_(': ')}{change.before} → {change.after}"


def _wanted(asked: AuditFilter) -> tuple[Wanted, bool]:
    since, until = _day(asked.since), _day(asked.until)
    misread = bool(asked.since and since is None) or bool(asked.until and until is None)
    zone = settings.LAOKE.zone
    return Wanted(
        actor=asked.who or None,
        action=asked.action or None,
        object_kind=asked.kind or None,
        object_id=asked.id or None,
        since=None if since is None else datetime.combine(since, time.min, zone),
        until=None if until is None else datetime.combine(until + timedelta(days=1), time.min, zone),
    ), misread


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The day after it has to exist, and to be one the database can hold in any zone.
    return day if 1 < day.year < 9999 else None


def _line(entry: Entry, reader: Reader) -> AuditLine:
    changes = list(reader.changes(entry))
    return AuditLine(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        actor_kind=entry.actor_kind,
        actor_words=ACTORS.get(entry.actor_kind, entry.actor_kind),
        action=entry.action,
        words=ACTIONS.get(entry.action, entry.action),
        object_kind=entry.object_kind,
        object_words=OBJECTS.get(entry.object_kind, entry.object_kind),
        object_id=entry.object_id,
        object_name=object_of(entry.object_kind, entry.object_id),
        path=f"/members/{entry.object_id}"
        if entry.object_kind == "member" and entry.object_id.isdigit()
        else "",
        reason=entry.reason,
        changes=tuple(changes[:_MOST_CHANGES]),
        more=max(0, len(changes) - _MOST_CHANGES),
    )


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()
