"""Undoing a merge: every piece goes back to whom it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.members import events, followers, locks
from laoke.members.errors import LaterMergeFirst, MemberErased, UndoTooLate, UnknownMerge
from laoke.members.models import ConsentEvent, Identity, Member, MemberTag, Merge
from laoke.members.services import households
from laoke.members.services.consents import newest
from laoke.members.services.merging import put_tags
from laoke.members.services.profiles import assign, current, empty, touch
from laoke.members.types import ConsentChannel, ConsentPurpose, MemberId, MemberStatus, MergeId


@dataclass(frozen=True, slots=True)
class ComesBack:
    """What undoing a merge would do by the rules of this module.

    Tags are word, source, when it was put on, and whether the kept member has it from the merge only. `answers` holds,
    by the event that carried an answer over, what the kept member had answered before. What the modules above moved is
    in `followers`, in their own words.
    """

    gone_status: str
    identities: frozenset[int]
    tags: tuple[tuple[str, str, datetime, bool], ...]
    emptied: tuple[str, ...]
    answers: Mapping[int, bool]
    followers: Mapping[str, Mapping[str, Any]]


def comes_back(*, caller: Caller, merge_id: MergeId, at: datetime) -> ComesBack | None:
    """What `unmerge` would do now, by the same rules, without a lock; None when it was undone already.

    Raises as `unmerge`.
    """
    caller.require(Scope.MEMBERS_MERGE)
    made = Merge.objects.select_related("kept", "gone").filter(pk=merge_id).first()
    if made is None:
        raise UnknownMerge(merge_id)
    if made.undone_at is not None:
        return None
    _require_undoable(made, made.gone, at)
    moved: dict[str, Any] = made.moved
    return ComesBack(
        gone_status=moved["gone_status"],
        identities=frozenset(moved["identities"]),
        tags=tuple((row.tag, row.source, row.added_at, was_new) for row, was_new in _tags(moved["tags"])),
        emptied=tuple(_not_own(made.kept, made.gone, moved["filled"])),
        answers={each["event"]: bool(each["before"]) for each in moved["consents"]},
        followers=moved["followers"],
    )


def unmerge(*, caller: Caller, merge_id: MergeId, at: datetime) -> bool:
    """Undo a merge within 30 days. What was added to the kept member since then stays with it.

    Merges of the same members are undone in reverse order, each one standing on those before.

    Returns:
        Whether this call undid it; a repeat answers False.
    Raises:
        UnknownMerge, UndoTooLate, MemberErased, MissingScope.
        LaterMergeFirst: names the merge to undo before.
    """
    caller.require(Scope.MEMBERS_MERGE)
    return once_more(lambda: _unmerge(caller, merge_id, at))


@transaction.atomic
def _unmerge(caller: Caller, merge_id: MergeId, at: datetime) -> bool:
    made = Merge.objects.filter(pk=merge_id).first()
    if made is None:
        raise UnknownMerge(merge_id)
    rows = locks.exclusively([made.kept_id, made.gone_id])
    made.refresh_from_db()
    kept, gone = rows[made.kept_id], rows[made.gone_id]
    if made.undone_at is not None:
        return False
    _require_undoable(made, gone, at)

    moved: dict[str, Any] = made.moved
    Identity.objects.filter(pk__in=moved["identities"], member_id=kept.pk).update(
        member_id=gone.pk, carried=F("carried") - 1
    )
    _return_tags(kept.pk, gone.pk, moved["tags"])
    for field in _not_own(kept, gone, moved["filled"]):
        assign(kept, field, empty(field))
    _return_consents(kept.pk, moved["consents"], caller.label[:120], at)
    # Merges made before there were households know of none.
    households.bring_back(kept.pk, gone.pk, moved.get("household", {}))
    gone.status, gone.merged_into = MemberStatus(moved["gone_status"]), None
    touch(kept, at)
    touch(gone, at)
    for follower in followers.registered():
        if follower.name in moved["followers"]:
            follower.unmerge(kept.pk, gone.pk, moved["followers"][follower.name], at)
    made.undone_at, made.undone_by = at, caller.label[:120]
    made.save(update_fields=["undone_at", "undone_by"])
    detail = {"gone_id": gone.pk, "merge_id": merge_id}
    audit.record(caller, "member.unmerged", "member", kept.pk, at=at, after=detail)
    outbox.add(events.UNMERGED, {"member_id": kept.pk, **detail}, at=at, member_id=kept.pk)
    return True


def _require_undoable(made: Merge, gone: Member, at: datetime) -> None:
    if gone.status == MemberStatus.ERASED:
        raise MemberErased(gone.pk)
    if at > made.undo_until:
        raise UndoTooLate(made.pk, made.undo_until)
    both = [made.kept_id, made.gone_id]
    later = Merge.objects.filter(Q(kept__in=both) | Q(gone__in=both), pk__gt=made.pk, undone_at=None)
    if (last := later.order_by("-pk").first()) is not None:
        raise LaterMergeFirst(made.pk, last.pk)


def _tags(moved: Iterable[Mapping[str, Any]]) -> list[tuple[MemberTag, bool]]:
    """The tags that went over, and whether the kept member has each from the merge only."""
    return [
        (
            MemberTag(
                tag=each["tag"], source=each["source"], added_at=datetime.fromisoformat(each["added_at"])
            ),
            bool(each["was_new"]),
        )
        for each in moved
    ]


def _return_tags(kept_id: MemberId, gone_id: MemberId, moved: list[dict[str, Any]]) -> None:
    rows = _tags(moved)
    put_tags(gone_id, (row for row, _ in rows))
    for row, was_new in rows:
        if was_new:
            # One taken off and put on again since the merge has another date: it is the kept member's own.
            MemberTag.objects.filter(member_id=kept_id, tag=row.tag, added_at=row.added_at).delete()


def _not_own(kept: Member, gone: Member, filled: Iterable[str]) -> list[str]:
    """Fields the kept member has from the merge only. One changed since is its own by now."""
    return [field for field in filled if current(kept, field) == current(gone, field)]


def _return_consents(kept_id: MemberId, carried: list[dict[str, Any]], by: str, at: datetime) -> None:
    """Answer again as before the merge, unless the member has answered since. Nobody asked means no."""
    for each in carried:
        channel, purpose = ConsentChannel(each["channel"]), ConsentPurpose(each["purpose"])
        holds = newest(kept_id, channel, purpose)
        if holds is None or holds.pk != each["event"]:
            continue
        ConsentEvent.objects.create(
            member_id=kept_id,
            channel=channel,
            purpose=purpose,
            granted=bool(each["before"]),
            at=max(at, holds.at),
            source="unmerge",
            recorded_by=by,
        )
