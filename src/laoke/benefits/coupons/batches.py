"""Issuing to many: who gets one is written down first, then everybody gets theirs, in the order of their place.

A chunk is one transaction: the coupons, what became of each member, and how far the batch has come. A run that is
killed leaves whole chunks; the next one goes on behind the last. So each member gets theirs exactly once, however often
it is begun again, and the database refuses a second coupon of the same number in the batch besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from django.db import transaction

from laoke.benefits import events
from laoke.benefits.coupons import limits, making, templates
from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.coupons.errors import (
    BatchMoved,
    CannotIssue,
    TooManyRecipients,
    UnknownBatch,
)
from laoke.benefits.coupons.issuing import MOST_BY_HAND
from laoke.benefits.coupons.making import Wanted
from laoke.benefits.models import CouponBatch
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor

MOST_CODES = 1_000_000
MOST_MEMBERS = 5_000_000
CHUNK = 5000
TASK = "coupons.issue"

_UNDER_WAY = (CouponBatch.WAITING, CouponBatch.GATHERING, CouponBatch.ISSUING)


class Query(NamedTuple):
    """Members to be found by the database: a query that gives their ids, with named parameters."""

    text: str
    values: Mapping[str, Any]


# What a module above knows of choosing members: from a condition as written, and an instant, to a query.
Audience = Callable[[Mapping[str, Any], datetime], Query]
_audience: list[Audience] = []


def find_audiences_by(audience: Audience) -> None:
    """Tell how conditions choose members; called once by the module that knows, when it is set up."""
    _audience[:] = [audience]


def audience_query(condition: Mapping[str, Any], at: datetime) -> Query:
    """The members for whom a condition holds at an instant.

    Raises:
        What the reader of conditions raises for one that cannot be used.
    """
    return _audience[0](condition, at)


def to_members(
    caller: Caller,
    template: str,
    member_ids: Iterable[int],
    *,
    each: int = 1,
    name: str = "",
    at: datetime,
    later: Callable[[int], object],
) -> CouponBatch:
    """Ask for coupons for these members; one named twice gets them once. `later(batch id)` leaves it to a worker.

    Raises:
        MissingScope, OutsideStores, UnknownTemplate, CannotIssue, TooManyRecipients.
    """
    wanted = sorted(set(member_ids))
    if not wanted or not 1 <= each <= MOST_BY_HAND:
        raise CannotIssue("for_nobody")
    if len(wanted) > MOST_MEMBERS:
        raise TooManyRecipients(MOST_MEMBERS)
    with transaction.atomic():
        batch = _ask(caller, template, "members", {}, each, name, at)
        with (
            hot_cursor() as cursor,
            cursor.copy(
                "copy benefits_couponrecipient (batch_id, place, member_id, refused) from stdin"
            ) as copy,
        ):
            for place, member_id in enumerate(wanted, start=1):
                copy.write_row((batch.pk, place, member_id, ""))
        batch.recipients, batch.state = len(wanted), CouponBatch.ISSUING
        batch.save()
        later(batch.pk)
    return batch


def to_audience(
    caller: Caller,
    template: str,
    condition: Mapping[str, Any],
    *,
    each: int = 1,
    name: str = "",
    at: datetime,
    later: Callable[[int], object],
) -> CouponBatch:
    """Ask for coupons for all members a condition holds for; who they are is found when a worker begins.

    Raises:
        MissingScope, OutsideStores, UnknownTemplate, CannotIssue, and what a condition that cannot be used raises.
    """
    if not 1 <= each <= MOST_BY_HAND:
        raise CannotIssue("for_nobody")
    audience_query(condition, at)
    with transaction.atomic():
        batch = _ask(caller, template, "audience", {"when": dict(condition)}, each, name, at)
        later(batch.pk)
    return batch


def of_codes(
    caller: Caller, template: str, count: int, *, name: str = "", at: datetime, later: Callable[[int], object]
) -> CouponBatch:
    """Ask for so many codes in nobody's wallet: for print, partners, or, of a shared template, one for each channel.

    Raises:
        MissingScope, OutsideStores, UnknownTemplate, CannotIssue, TooManyRecipients.
    """
    if count < 1:
        raise CannotIssue("for_nobody")
    if count > MOST_CODES:
        raise TooManyRecipients(MOST_CODES)
    with transaction.atomic():
        batch = _ask(caller, template, "codes", {}, count, name, at)
        batch.recipients, batch.state = count, CouponBatch.ISSUING
        batch.save()
        later(batch.pk)
    return batch


def run(batch_id: int, now: Callable[[], datetime], advance: Callable[[int], bool]) -> CouponBatch | None:
    """Do what is left of a batch, chunk by chunk; None when there is nothing to do.

    Args:
        advance: told after each chunk how many places it had; says whether to go on.
    """
    while True:
        batch, done = once_more(lambda: _chunk(batch_id, now()))
        if done is None or batch is None:
            return batch
        if not advance(done) or batch.state not in _UNDER_WAY:
            return batch


@transaction.atomic
def _chunk(batch_id: int, at: datetime) -> tuple[CouponBatch | None, int | None]:
    """One chunk of a batch and how many places it had; None where there is nothing to do."""
    batch = CouponBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None or batch.state not in _UNDER_WAY:
        return batch, None
    done = _step(batch, at)
    batch.save()
    return batch, done


def stop(caller: Caller, batch_id: int, *, at: datetime) -> CouponBatch:
    """End a batch before its end: what was issued stays. Acts behind the chunk that is under way.

    Raises:
        MissingScope, UnknownBatch.
        BatchMoved: it has ended.
    """
    caller.require(Scope.COUPONS_ISSUE)
    # The worker holds the row for the length of a chunk; whoever asks may wait for it.
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state not in _UNDER_WAY:
            raise BatchMoved(batch.state)
        _end(batch, CouponBatch.STOPPED, at)
        audit.record(
            caller, "coupon_batch.stopped", "coupon_batch", batch_id, at=at, after={"issued": batch.issued}
        )
    return batch


def halt(batch_id: int, at: datetime) -> None:
    """End a run that somebody stopped on the page of all jobs."""
    with transaction.atomic():
        batch = CouponBatch.objects.select_for_update().filter(pk=batch_id, state__in=_UNDER_WAY).first()
        if batch is not None:
            _end(batch, CouponBatch.STOPPED, at)


def resume(caller: Caller, batch_id: int, *, at: datetime, later: Callable[[int], object]) -> CouponBatch:
    """Go on with a batch that was stopped, or whose worker is gone for good.

    Raises:
        MissingScope, UnknownBatch, UnknownTemplate, CannotIssue.
        BatchMoved: it is done.
    """
    caller.require(Scope.COUPONS_ISSUE)
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state == CouponBatch.DONE:
            raise BatchMoved(batch.state)
        making.issuable(templates.current().get(batch.template), at)
        if batch.state == CouponBatch.STOPPED:
            gathered = batch.recipients > 0 or batch.kind != "audience"
            batch.state = CouponBatch.ISSUING if gathered else CouponBatch.WAITING
            batch.ended_at = None
            batch.save()
            audit.record(
                caller,
                "coupon_batch.resumed",
                "coupon_batch",
                batch_id,
                at=at,
                after={"issued": batch.issued},
            )
        later(batch_id)
    return batch


def size_of(batch_id: int) -> int:
    """How many places a batch has, 0 while nobody knows."""
    return CouponBatch.objects.filter(pk=batch_id).values_list("recipients", flat=True).first() or 0


def _ask(
    caller: Caller,
    template: str,
    kind: str,
    source: dict[str, Any],
    each: int,
    name: str,
    at: datetime,
) -> CouponBatch:
    caller.require(Scope.COUPONS_ISSUE)
    caller.require_whole_shop()
    document = templates.current().get(template)
    if document.shared and kind != "codes":
        raise CannotIssue("shared")
    making.issuable(document, at)
    batch = CouponBatch.objects.create(
        template=template,
        name=name[:120],
        kind=kind,
        source=source,
        each=each,
        asked_at=at,
        actor=caller.label,
        actor_kind=caller.kind,
        actor_id=caller.id,
    )
    audit.record(
        caller,
        "coupon_batch.asked",
        "coupon_batch",
        batch.pk,
        at=at,
        after={"template": template, "kind": kind, "each": each},
    )
    return batch


def _step(batch: CouponBatch, now: datetime) -> int:
    """One chunk of a locked batch; returns its places."""
    version = generations.current(generations.PROGRAMME)
    document = templates.at_version(version).documents.get(batch.template)
    if document is None or not _still_issuable(document, now):
        # Ended while it ran: what is left is not issued any more.
        _end(batch, CouponBatch.STOPPED, now)
        return 0
    if batch.state == CouponBatch.WAITING:
        batch.state = CouponBatch.GATHERING
        return 0
    if batch.state == CouponBatch.GATHERING:
        _gather(batch)
        batch.state = CouponBatch.ISSUING
        return 0
    with hot_cursor() as cursor:
        limits.begin(cursor)
        if batch.kind == "codes":
            places, issued = _issue_codes(cursor, batch, document, version, now)
            refused = places - issued
        else:
            places, issued, refused = _issue(cursor, batch, document, version, now)
    batch.position += places
    batch.issued += issued
    batch.refused += refused
    if batch.position >= batch.recipients:
        _end(batch, CouponBatch.DONE, now)
    return places


def _still_issuable(document: TemplateDocument, now: datetime) -> bool:
    try:
        making.issuable(document, now)
    except CannotIssue:
        return False
    return True


def _gather(batch: CouponBatch) -> None:
    query = audience_query(batch.source["when"], batch.asked_at)
    with hot_cursor() as cursor:
        cursor.execute(
            "insert into benefits_couponrecipient (batch_id, place, member_id, refused) "  # noqa: S608 -- our own words
            f"select %(batch_id)s, row_number() over (order by found.id), found.id, '' "
            f"from ({query.text}) found",
            {**query.values, "batch_id": batch.pk},
        )
        batch.recipients = cursor.rowcount


def _issue(
    cursor: psycopg.Cursor[Any],
    batch: CouponBatch,
    document: TemplateDocument,
    version: int,
    now: datetime,
) -> tuple[int, int, int]:
    rows = cursor.execute(
        "select place, member_id from benefits_couponrecipient "
        "where batch_id = %s and place > %s order by place limit %s",
        (batch.pk, batch.position, CHUNK),
    ).fetchall()
    place_of = {member_id: place for place, member_id in rows}
    # Locked, in the order of their number: who is merged or erased meanwhile waits for the coupons.
    active = [
        row[0]
        for row in cursor.execute(
            "select id from members_member where id = any(%s) and status = 'active' order by id for key share",
            (list(place_of),),
        ).fetchall()
    ]
    admitted = limits.admit(cursor, batch.template, active, batch.each)
    wanted = [
        Wanted(member_id, batch_id=batch.pk, serial=(place_of[member_id] - 1) * batch.each + nth, nth=nth)
        for member_id in admitted.members
        for nth in range(1, batch.each + 1)
    ]
    making.make(cursor, batch.template, document, version, wanted, by=batch.actor, at=now)
    known = set(active)
    refused = {member_id: "member_not_active" for member_id in place_of if member_id not in known}
    refused |= admitted.refused
    _note_refused(cursor, batch.pk, place_of, refused)
    return len(rows), len(wanted), len(refused)


def _note_refused(
    cursor: psycopg.Cursor[Any], batch_id: int, place_of: Mapping[int, int], refused: Mapping[int, str]
) -> None:
    if refused:
        cursor.execute(
            "update benefits_couponrecipient r set refused = told.reason "
            "from unnest(%s::bigint[], %s::text[]) as told (place, reason) "
            "where r.batch_id = %s and r.place = told.place",
            ([place_of[member_id] for member_id in refused], list(refused.values()), batch_id),
        )


def _issue_codes(
    cursor: psycopg.Cursor[Any],
    batch: CouponBatch,
    document: TemplateDocument,
    version: int,
    now: datetime,
) -> tuple[int, int]:
    places = min(CHUNK, batch.recipients - batch.position)
    fitting = limits.admit_codes(cursor, batch.template, places)
    wanted: Sequence[Wanted] = [
        Wanted(batch_id=batch.pk, serial=batch.position + number) for number in range(1, fitting + 1)
    ]
    making.make(cursor, batch.template, document, version, wanted, by=batch.actor, at=now)
    return places, fitting


def _end(batch: CouponBatch, state: str, at: datetime) -> None:
    batch.state, batch.ended_at = state, at
    batch.save()
    outbox.add(
        events.BATCH_ENDED,
        {
            "batch_id": batch.pk,
            "template": batch.template,
            "state": state,
            "issued": batch.issued,
            "refused": batch.refused,
        },
        at=at,
    )


def _locked(batch_id: int) -> CouponBatch:
    batch = CouponBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise UnknownBatch
    return batch
