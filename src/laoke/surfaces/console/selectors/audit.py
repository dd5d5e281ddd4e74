"""The audit trail as the page and its export show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.foundation.audit import selectors
from laoke.foundation.audit.selectors import Entry, Wanted
from laoke.surfaces.console.actions import ACTIONS, ACTORS, FIELDS, OBJECTS
from laoke.surfaces.console.selectors.store_pages import turned
from laoke.surfaces.console.templatetags.figures import money

PAGE = 50
_MOST_CHANGES = 100
_LONGEST = 300


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
class Change:
    """One value before and after; None where there is none. `known` says whether the label is words or a code."""

    label: str
    known: bool
    before: str | None
    after: str | None


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
    rows, newer, older = turned(found, PAGE, back=back is not None, started=mark is not None)
    return AuditPage(
        filter=asked,
        misread=misread,
        rows=tuple(_line(row) for row in rows),
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
    # Words now: the language of the page is over when the file is written.
    actions = {code: str(words) for code, words in ACTIONS.items()}
    head = [
        _("Number"),
        _("Time"),
        _("Kind of actor"),
        _("Who"),
        _("Action"),
        _("Action, code"),
        _("Kind of object"),
        _("Object"),
        _("Reason"),
        _("Before"),
        _("After"),
    ]
    entries = selectors.every(caller, wanted)

    def rows() -> Iterator[list[str]]:
        yield head
        for entry in entries:
            yield [
                str(entry.id),
                entry.at.astimezone(settings.LAOKE.zone).isoformat(timespec="seconds"),
                entry.actor_kind,
                entry.actor,
                actions.get(entry.action, entry.action),
                entry.action,
                entry.object_kind,
                entry.object_id,
                entry.reason,
                _json(entry.before),
                _json(entry.after),
            ]

    return rows()


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


def _line(entry: Entry) -> AuditLine:
    changes = list(_changes(entry.before, entry.after))
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
        path=f"/members/{entry.object_id}"
        if entry.object_kind == "member" and entry.object_id.isdigit()
        else "",
        reason=entry.reason,
        changes=tuple(changes[:_MOST_CHANGES]),
        more=max(0, len(changes) - _MOST_CHANGES),
    )


def _changes(before: Any, after: Any) -> Iterator[Change]:
    """Each value that is another one afterwards; with nothing before, each value there is."""
    old, new = (dict(_flat(value)) for value in (before, after))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path, _NOTHING) != new.get(path, _NOTHING):
            name = path.rpartition(".")[2]
            known = path in FIELDS
            yield Change(
                str(FIELDS[path]) if known else path,
                known,
                _text(name, old[path]) if path in old else None,
                _text(name, new[path]) if path in new else None,
            )


_NOTHING = object()


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a document with their places: tiers[1].needs[0].at_least."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{place}]")
    elif value is not None or path:
        yield path, value


def _text(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_minor") and isinstance(value, int):
        return money(value)
    text = _(", ").join(str(each) for each in value) if isinstance(value, list) else str(value)
    text = text or "–"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()
