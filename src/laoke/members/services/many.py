"""The same small change to many members: one lock, one write, one event each.

What one member refuses does not hold up the others: it is told beside what was changed. The caller writes down in
the audit trail what was asked for; a block is written down for each member besides, as `block` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import events
from laoke.members.errors import MemberErased, MemberMerged, UnknownMember
from laoke.members.models import MemberTag
from laoke.members.normal.person import checked_reason, checked_source, checked_tag
from laoke.members.types import MemberId, MemberStatus


@dataclass(frozen=True, slots=True)
class Changed:
    """Members that were changed, ascending, and the code of the refusal for each that could not be.

    Members that were as asked already stand in neither.
    """

    ids: tuple[MemberId, ...]
    refused: Mapping[MemberId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TagThatWas:
    """A tag as it was on a member before it was taken off."""

    member_id: MemberId
    source: str
    added_at: datetime


@transaction.atomic
def tag_many(
    *, caller: Caller, member_ids: Iterable[MemberId], tag: str, at: datetime, source: str = "staff"
) -> Changed:
    """Put one word on many members, thousands at a time.

    Raises:
        BadTag, BadMemberField, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    word, known_source = checked_tag(tag), checked_source(source)
    alive, refused = _locked(member_ids)
    with hot_cursor() as cursor:
        cursor.execute(
            "insert into members_membertag (member_id, tag, source, added_at) "
            "select id, %s, %s, %s from unnest(%s::bigint[]) as wanted (id) "
            "on conflict (member_id, tag) do nothing returning member_id",
            (word, known_source, at, list(alive)),
        )
        new = sorted(row[0] for row in cursor)
    _tell_tagged(new, word, known_source, at)
    return Changed(tuple(new), refused)


@transaction.atomic
def untag_many(
    *,
    caller: Caller,
    member_ids: Iterable[MemberId],
    tag: str,
    at: datetime,
    put_on_at: datetime | None = None,
) -> tuple[Changed, tuple[TagThatWas, ...]]:
    """Take one word off many members; also gives the tags as they were, so that `retag_many` can put them back.

    Args:
        put_on_at: only tags put on at this instant, to take back what was done then and nothing later.
    Raises:
        BadTag, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    word = checked_tag(tag)
    alive, refused = _locked(member_ids)
    with hot_cursor() as cursor:
        cursor.execute(
            "delete from members_membertag where member_id = any(%s::bigint[]) and tag = %s "
            "and added_at = coalesce(%s, added_at) returning member_id, source, added_at",
            (list(alive), word, put_on_at),
        )
        were = tuple(sorted((TagThatWas(*row) for row in cursor), key=lambda was: was.member_id))
    gone = tuple(was.member_id for was in were)
    outbox.add_many(
        events.UNTAGGED,
        [(member_id, {"member_id": member_id, "tags": [word]}) for member_id in gone],
        at=at,
    )
    return Changed(gone, refused), were


@transaction.atomic
def retag_many(*, caller: Caller, tag: str, were: Sequence[TagThatWas], at: datetime) -> Changed:
    """Put tags back as they were, with their source and date; those on a member again by now stay as they are.

    Raises:
        BadTag, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    word = checked_tag(tag)
    alive, refused = _locked(was.member_id for was in were)
    back = MemberTag.objects.filter(member_id__in=alive, tag=word).values_list("member_id", flat=True)
    there = set(back)
    new = [was for was in were if was.member_id in alive and was.member_id not in there]
    MemberTag.objects.bulk_create(
        MemberTag(member_id=was.member_id, tag=word, source=was.source, added_at=was.added_at) for was in new
    )
    ids = tuple(sorted(was.member_id for was in new))
    outbox.add_many(
        events.TAGGED,
        [(was.member_id, {"member_id": was.member_id, "tags": [word], "source": was.source}) for was in new],
        at=at,
    )
    return Changed(ids, refused)


@transaction.atomic
def block_many(*, caller: Caller, member_ids: Iterable[MemberId], reason: str, at: datetime) -> Changed:
    """Block many members for one reason.

    Raises:
        ReasonMissing, MissingScope.
    """
    return _set_status(caller, member_ids, MemberStatus.BLOCKED, events.BLOCKED, reason, at)


@transaction.atomic
def unblock_many(*, caller: Caller, member_ids: Iterable[MemberId], reason: str, at: datetime) -> Changed:
    """Lift the block of many members; as `block_many`."""
    return _set_status(caller, member_ids, MemberStatus.ACTIVE, events.UNBLOCKED, reason, at)


def _set_status(
    caller: Caller,
    member_ids: Iterable[MemberId],
    status: MemberStatus,
    topic: str,
    reason: str,
    at: datetime,
) -> Changed:
    caller.require(Scope.MEMBERS_WRITE)
    why = checked_reason(reason)
    alive, refused = _locked(member_ids)
    differing = [member_id for member_id, before in alive.items() if before != status.value]
    with hot_cursor() as cursor:
        cursor.execute(
            "update members_member set status = %s, version = version + 1, updated_at = %s "
            "where id = any(%s::bigint[]) returning id, version",
            (status.value, at, differing),
        )
        versions = dict(cursor.fetchall())
    changed = tuple(sorted(versions))
    audit.record_many(
        caller,
        topic,
        "member",
        [(member_id, {"status": alive[member_id]}, {"status": status.value}) for member_id in changed],
        at=at,
        reason=why,
    )
    outbox.add_many(
        topic,
        [(one, {"member_id": one, "version": versions[one]}) for one in changed],
        at=at,
    )
    return Changed(changed, refused)


def _tell_tagged(member_ids: Sequence[MemberId], word: str, source: str, at: datetime) -> None:
    outbox.add_many(
        events.TAGGED,
        [(one, {"member_id": one, "tags": [word], "source": source}) for one in member_ids],
        at=at,
    )


def _locked(member_ids: Iterable[MemberId]) -> tuple[dict[MemberId, str], dict[MemberId, str]]:
    """Lock members in ascending order, as `locks.for_edit` does one: the living with their status, and the rest
    with the code of the refusal."""
    wanted = sorted(set(member_ids))
    with hot_cursor() as cursor:
        cursor.execute(
            "select id, status from members_member where id = any(%s::bigint[]) order by id for no key update",
            (wanted,),
        )
        found: dict[MemberId, str] = dict(cursor.fetchall())
    refusals = {MemberStatus.MERGED: MemberMerged.code, MemberStatus.ERASED: MemberErased.code}
    refused = {one: UnknownMember.code for one in wanted if one not in found}
    refused |= {one: refusals[MemberStatus(s)] for one, s in found.items() if MemberStatus(s) in refusals}
    return {one: status for one, status in found.items() if one not in refused}, refused
