"""Reading offers: the list, one offer with its versions, its draft, what it gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.money import parse_minor
from laoke.promotions.days import summed_up_until
from laoke.promotions.differences import Difference as Difference
from laoke.promotions.differences import difference as difference
from laoke.promotions.errors import UnknownOffer
from laoke.promotions.models import OPEN_STATES, OfferDraft, OfferDraftRevision, OfferUse, OfferVersion
from laoke.promotions.states import OfferState, state_of, window
from laoke.promotions.uninterrupted import uninterrupted


@dataclass(frozen=True, slots=True)
class Draft:
    """The open draft of an offer, with the text that holds.

    `revision` is what `drafts.save` wants to hear; `base_version` the publication it began from, None for a new offer.
    """

    key: str
    document: Mapping[str, Any]
    revision: int
    base_version: int | None
    state: str
    begun_at: datetime
    begun_by: str
    changed_at: datetime
    changed_by: str
    submitted_at: datetime | None
    submitted_by: str
    decided_at: datetime | None
    decided_by: str
    note: str
    can_undo: bool
    can_redo: bool


@dataclass(frozen=True, slots=True)
class DraftText:
    """A text somebody saved. `holds` is true of the one that the draft shows now; `before` the text it changed."""

    revision: int
    before: int | None
    document: Mapping[str, Any]
    made_at: datetime
    made_by: str
    holds: bool


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer in the list and the calendar. What an unfinished draft does not say is empty or None.

    `uses` and `spent_minor` are net of returns. `version` is that of the newest publication, None for one never
    published; `draft` the state of an open draft.
    """

    key: str
    name_zh: str
    name_en: str
    state: OfferState
    goal: str
    bearer: str
    stage: str
    starts: datetime | None
    ends: datetime | None
    codes: int
    in_total: int | None
    uses: int
    budget_minor: int | None
    spent_minor: int
    used_up: bool
    version: int | None
    changed_at: datetime
    changed_by: str
    draft: str | None

    def runs_in(self, first: datetime, last: datetime) -> bool:
        """Whether its window meets the one from `first` to `last`, both included."""
        return (self.starts is None or self.starts <= last) and (self.ends is None or self.ends >= first)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """An offer as published once. `document` is None where it ended."""

    version: int
    document: Mapping[str, Any] | None
    stopped: bool
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Uses of an offer and what they gave, net of returns."""

    uses: int
    minor: int


@dataclass(frozen=True, slots=True)
class SpentOn:
    """What an offer gave on a day: uses, the money it took off, and what of that came back since."""

    day: date
    uses: int
    minor: int
    returned_minor: int


@dataclass(frozen=True, slots=True)
class UseRow:
    """What an offer gave to one order. `lines` are minor units by line number, `gifts` pieces by SKU, `points` more
    points by line number.
    """

    id: int
    key: str
    order_id: int
    member_id: int | None
    amount_minor: int
    returned_minor: int
    lines: Mapping[str, int]
    gifts: Mapping[str, int]
    used_at: datetime
    undone_at: datetime | None
    points: Mapping[str, int]


def offers(
    at: datetime,
    *,
    states: Iterable[OfferState] = (),
    goals: Iterable[str] = (),
    bearers: Iterable[str] = (),
    stages: Iterable[str] = (),
    text: str = "",
    between: tuple[datetime, datetime] | None = None,
) -> tuple[OfferRow, ...]:
    """Every offer and every draft of a new one, the newest change first.

    Args:
        states, goals, bearers, stages: any of these; empty: all.
        text: a part of the key or of a name.
        between: only those whose window meets this one.
    """
    found = _rows(at)
    some_states, some_goals, some_bearers, some_stages = map(frozenset, (states, goals, bearers, stages))
    text = text.strip().casefold()
    return tuple(
        row
        for row in sorted(found, key=lambda row: (row.changed_at, row.key), reverse=True)
        if (not some_states or row.state in some_states)
        and (not some_goals or row.goal in some_goals)
        and (not some_bearers or row.bearer in some_bearers)
        and (not some_stages or row.stage in some_stages)
        and (not text or any(text in each.casefold() for each in (row.key, row.name_zh, row.name_en)))
        and (between is None or row.runs_in(*between))
    )


def offer(key: str, at: datetime) -> OfferRow:
    """One offer, or the draft of a new one.

    Raises:
        UnknownOffer
    """
    found = _rows(at, key)
    if not found:
        raise UnknownOffer(key)
    return found[0]


def versions(key: str) -> tuple[VersionRow, ...]:
    """An offer as it was published again and again, the newest first."""
    rows = OfferVersion.objects.filter(key=key).order_by("-programme_version")
    return tuple(
        VersionRow(row.programme_version, row.document, row.stopped, row.published_at, row.published_by)
        for row in rows
    )


def draft(key: str) -> Draft | None:
    """The open draft of an offer."""
    row = OfferDraft.objects.filter(key=key, state__in=OPEN_STATES).first()
    return None if row is None else draft_of(row)


def draft_texts(key: str) -> tuple[DraftText, ...]:
    """Every text of the open draft, the newest first; empty when there is none."""
    rows = OfferDraftRevision.objects.filter(draft__key=key, draft__state__in=OPEN_STATES)
    return tuple(
        DraftText(
            row.revision,
            row.before,
            row.document,
            row.made_at,
            row.made_by,
            row.revision == row.draft.content,
        )
        for row in rows.select_related("draft").order_by("-revision")
    )


def draft_of(row: OfferDraft) -> Draft:
    """A draft as others see it."""
    text = row.texts.get(revision=row.content)
    return Draft(
        row.key,
        text.document,
        row.revision,
        row.base_version,
        str(row.state),
        row.begun_at,
        row.begun_by,
        row.changed_at,
        row.changed_by,
        row.submitted_at,
        row.submitted_by,
        row.decided_at,
        row.decided_by,
        row.note,
        can_undo=text.before is not None,
        can_redo=row.texts.filter(before=row.content).exists(),
    )


def spent(keys: Sequence[str] | None = None) -> dict[str, Spent]:
    """Uses and money of offers, net of returns; all offers when no keys are given.

    Exact for offers with limits. Of the others what came back today of earlier days is taken off in the night.
    """
    wanted = {"keys": None if keys is None else list(keys), "since": summed_up_until()}
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.promotions", "spent"), wanted).fetchall()
    return {key: Spent(uses, minor) for key, uses, minor in rows}


def days(key: str, first: date, last: date) -> tuple[SpentOn, ...]:
    """What an offer gave on each day from `first` to `last` on which it was used, in order."""
    wanted = {"key": key, "first": first, "last": last, "since": summed_up_until()}
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.promotions", "days"), wanted).fetchall()
    return tuple(SpentOn(*row) for row in rows)


def uses(key: str, *, before: int | None = None, limit: int = 50) -> tuple[UseRow, ...]:
    """The uses of an offer, the newest first; `before` is the id of the last one of the page before."""
    rows = OfferUse.objects.filter(key=key)
    if before is not None:
        last = OfferUse.objects.filter(pk=before).values_list("used_at", flat=True).first()
        if last is None:
            return ()
        rows = rows.filter(used_at__lte=last).exclude(used_at=last, pk__gte=before)
    return tuple(_use(row) for row in rows.order_by("-used_at", "-pk")[:limit])


def uses_of_order(order_id: int) -> tuple[UseRow, ...]:
    """What offers gave to an order."""
    return tuple(_use(row) for row in OfferUse.objects.filter(order_id=order_id).order_by("pk"))


def uses_of_member(member_id: int, *, limit: int = 50) -> tuple[UseRow, ...]:
    """What a member got from offers, the newest first."""
    rows = OfferUse.objects.filter(member_id=member_id).order_by("-used_at", "-pk")[:limit]
    return tuple(_use(row) for row in rows)


def names(keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """What offers are called or were last called, Chinese and English."""
    return {row.key: _names(row.document or {}) for row in _last_texts(list(keys))}


def _last_texts(keys: Sequence[str]) -> Iterable[OfferVersion]:
    if not keys:
        return ()
    rows = OfferVersion.objects.filter(key__in=keys, document__isnull=False)
    return rows.order_by("key", "-programme_version").distinct("key")


def _use(row: OfferUse) -> UseRow:
    return UseRow(
        row.pk,
        row.key,
        row.order_id,
        row.member_id,
        row.amount_minor,
        row.returned_minor,
        row.lines,
        row.gifts,
        row.used_at,
        row.undone_at,
        row.points,
    )


@uninterrupted()
def _rows(at: datetime, key: str | None = None) -> list[OfferRow]:
    """Every offer, or one, with what stands in its newest text."""
    wanted: dict[str, Any] = {} if key is None else {"key": key}
    newest = OfferVersion.objects.filter(**wanted).order_by("key", "-programme_version").distinct("key")
    published = {row.key: row for row in newest}
    # An offer that has ended is still called what it was.
    ended = [key for key, row in published.items() if row.document is None]
    texts = {key: row.document for key, row in published.items() if row.document is not None}
    texts |= {row.key: row.document for row in _last_texts(ended)}
    open_drafts = {
        row.key: row for row in OfferDraft.objects.filter(state__in=OPEN_STATES, **wanted).order_by("id")
    }
    new = [row for row in open_drafts.values() if row.key not in published]
    drafted = {
        each.draft_id: each.document
        for each in OfferDraftRevision.objects.filter(
            draft__in=new, revision__in={row.content for row in new}
        ).select_related("draft")
        if each.revision == each.draft.content
    }
    given = spent(None if key is None else [key])
    rows = []
    for name, row in published.items():
        waiting = open_drafts.get(name)
        state = state_of(row.document, stopped=row.stopped, at=at, zone=settings.LAOKE.zone)
        rows.append(
            _row(
                name,
                texts.get(name, {}),
                state,
                given.get(name, Spent(0, 0)),
                row.programme_version,
                row.published_at,
                row.published_by,
                None if waiting is None else str(waiting.state),
            )
        )
    for each in new:
        state = OfferState.REVIEW if each.state == "review" else OfferState.DRAFT
        rows.append(
            _row(
                each.key,
                drafted.get(each.pk, {}),
                state,
                Spent(0, 0),
                None,
                each.changed_at,
                each.changed_by,
                str(each.state),
            )
        )
    return rows


def _row(
    key: str,
    document: Mapping[str, Any],
    state: OfferState,
    given: Spent,
    version: int | None,
    changed_at: datetime,
    changed_by: str,
    draft_state: str | None,
) -> OfferRow:
    zh, en = _names(document)
    limits = document.get("limits")
    limits = limits if isinstance(limits, Mapping) else {}
    in_total = limits.get("in_total")
    in_total = in_total if isinstance(in_total, int) else None
    budget = _minor(limits.get("budget"))
    codes = document.get("codes")
    starts, ends = window(document, settings.LAOKE.zone)
    return OfferRow(
        key,
        zh,
        en,
        state,
        _text(document.get("goal")),
        _text(document.get("bearer", "store")),
        _text(document.get("stage")),
        starts,
        ends,
        len(codes) if isinstance(codes, list) else 0,
        in_total,
        given.uses,
        budget,
        given.minor,
        (in_total is not None and given.uses >= in_total) or (budget is not None and given.minor >= budget),
        version,
        changed_at,
        changed_by,
        draft_state,
    )


def _names(document: Mapping[str, Any]) -> tuple[str, str]:
    name = document.get("name")
    if not isinstance(name, Mapping):
        return "", ""
    return _text(name.get("zh")), _text(name.get("en"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _minor(value: object) -> int | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        return parse_minor(str(value), settings.LAOKE.currency)
    except ValueError:
        return None
