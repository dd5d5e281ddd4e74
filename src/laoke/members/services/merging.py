"""Two members turn out to be one person: everything goes to the kept one, with what it takes to undo it.

The row that goes keeps its own fields and points at the kept one. `Merge.moved` holds ids, words of tags and names of
fields, so that `unmerging` can put every piece back:

    {"gone_status": "active", "identities": [id, ...],
     "tags": [{"tag", "source", "added_at", "was_new"}, ...], "filled": [field, ...],
     "consents": [{"channel", "purpose", "event", "before"}, ...], "household": {...}, "followers": {name: {...}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.members import events, followers, locks
from laoke.members.errors import BlockedUnlike, MergeWithSelf, UnknownMember
from laoke.members.models import ConsentEvent, Identity, Member, MemberTag, Merge
from laoke.members.normal.person import checked_reason
from laoke.members.selectors.consents import consents
from laoke.members.services import households
from laoke.members.services.consents import newest
from laoke.members.services.profiles import FIELDS, assign, current, touch
from laoke.members.types import MemberId, MemberStatus, MergeId

UNDO_DAYS = 30


def merge(*, caller: Caller, kept_id: MemberId, gone_id: MemberId, reason: str, at: datetime) -> MergeId:
    """Merge `gone_id` into `kept_id`. A repeat answers with the merge that was made.

    Identities and tags move, and of several phones or cards the one shown stays one of the kept member's own; of two
    answers about the same consent the newer one holds; fields the kept member lacks are filled from the other and
    never overwritten; the household of the other one is the kept member's, who lived in none; the followers move what
    the modules above keep.

    Raises:
        MergeWithSelf, UnknownMember, MemberErased, BlockedUnlike, ReasonMissing, MissingScope.
        MemberMerged: one of the two was merged into somebody else already.
    """
    caller.require(Scope.MEMBERS_MERGE)
    why = checked_reason(reason)
    if kept_id == gone_id:
        raise MergeWithSelf(kept_id)
    return once_more(lambda: _merge(caller, kept_id, gone_id, why, at))


def require_alike(statuses: Mapping[MemberId, str]) -> None:
    """Refuse to merge two living members of whom one is blocked: raises BlockedUnlike, which names that one."""
    if len(set(statuses.values())) > 1:
        raise BlockedUnlike(next(one for one, status in statuses.items() if status == MemberStatus.BLOCKED))


@transaction.atomic
def _merge(caller: Caller, kept_id: MemberId, gone_id: MemberId, why: str, at: datetime) -> MergeId:
    rows = locks.exclusively([kept_id, gone_id])
    if len(rows) < 2:
        raise UnknownMember
    kept, gone = rows[kept_id], rows[gone_id]
    if gone.status == MemberStatus.MERGED and gone.merged_into_id == kept_id:
        return Merge.objects.get(kept=kept, gone=gone, undone_at=None).pk
    locks.require_alive(kept)
    locks.require_alive(gone)
    require_alike({kept_id: kept.status, gone_id: gone.status})

    moved: dict[str, object] = {
        "gone_status": str(gone.status),
        "identities": _move_identities(kept_id, gone_id),
        "tags": _move_tags(kept_id, gone_id),
        "filled": _fill_gaps(kept, gone),
        "consents": _carry_consents(kept_id, gone_id, caller.label[:120], at),
        "household": households.carry(kept_id, gone_id),
    }
    gone.status, gone.merged_into = MemberStatus.MERGED, kept
    touch(kept, at)
    touch(gone, at)
    moved["followers"] = {
        follower.name: dict(follower.merge(kept_id, gone_id, at)) for follower in followers.registered()
    }
    made = Merge.objects.create(
        kept=kept,
        gone=gone,
        at=at,
        by=caller.label[:120],
        reason=why,
        undo_until=at + timedelta(days=UNDO_DAYS),
        moved=moved,
    )
    detail = {"gone_id": gone_id, "merge_id": made.pk}
    audit.record(caller, "member.merged", "member", kept_id, at=at, after=detail, reason=why)
    outbox.add(events.MERGED, {"member_id": kept_id, **detail}, at=at, member_id=kept_id)
    return made.pk


def _move_identities(kept_id: MemberId, gone_id: MemberId) -> list[int]:
    ids = list(Identity.objects.filter(member_id=gone_id).order_by("pk").values_list("pk", flat=True))
    Identity.objects.filter(pk__in=ids).update(member_id=kept_id, carried=F("carried") + 1)
    return ids


def _move_tags(kept_id: MemberId, gone_id: MemberId) -> list[dict[str, object]]:
    rows = list(MemberTag.objects.filter(member_id=gone_id).order_by("tag"))
    had = set(MemberTag.objects.filter(member_id=kept_id).values_list("tag", flat=True))
    MemberTag.objects.filter(member_id=gone_id).delete()
    put_tags(kept_id, (row for row in rows if row.tag not in had))
    return [
        {
            "tag": row.tag,
            "source": row.source,
            "added_at": row.added_at.isoformat(),
            "was_new": row.tag not in had,
        }
        for row in rows
    ]


def put_tags(member_id: MemberId, rows: Iterable[MemberTag]) -> None:
    """Write tags as they are onto a member; one that is there already stays."""
    MemberTag.objects.bulk_create(
        [
            MemberTag(member_id=member_id, tag=row.tag, source=row.source, added_at=row.added_at)
            for row in rows
        ],
        ignore_conflicts=True,
    )


def _fill_gaps(kept: Member, gone: Member) -> list[str]:
    filled = []
    for field in FIELDS:
        value = current(gone, field)
        if value and not current(kept, field):
            assign(kept, field, value)
            filled.append(field)
    return filled


def _carry_consents(kept_id: MemberId, gone_id: MemberId, by: str, at: datetime) -> list[dict[str, object]]:
    carried: list[dict[str, object]] = []
    for theirs in consents(gone_id):
        ours = newest(kept_id, theirs.channel, theirs.purpose)
        if ours is not None and ours.at >= theirs.at:
            continue
        event = ConsentEvent.objects.create(
            member_id=kept_id,
            channel=theirs.channel,
            purpose=theirs.purpose,
            granted=theirs.granted,
            # An imported answer may lie after this moment; it must not fall behind the one it outdid.
            at=max(at, theirs.at),
            source="merge",
            recorded_by=by,
        )
        carried.append(
            {
                "channel": theirs.channel.value,
                "purpose": theirs.purpose.value,
                "event": event.pk,
                "before": None if ours is None else ours.granted,
            }
        )
    return carried
