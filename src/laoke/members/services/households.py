"""Who lives together: households are formed, joined and left; what a member shares is that member's word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.members import events, locks
from laoke.members.errors import (
    HouseholdFull,
    HouseholdTaken,
    HouseholdTooSmall,
    UnknownHousehold,
    UnknownMember,
)
from laoke.members.models import Household, HouseholdMember, Member
from laoke.members.types import HouseholdId, MemberId

MOST = 8


@transaction.atomic
def form_household(*, caller: Caller, member_ids: Sequence[MemberId], at: datetime) -> HouseholdId:
    """Put two to eight members into one household. A repeat answers with the household they are in.

    Raises:
        HouseholdTooSmall, HouseholdFull, UnknownMember, MemberMerged, MemberErased, MissingScope.
        HouseholdTaken: one of them lives in a household already, and not all of them in the same.
    """
    caller.require(Scope.MEMBERS_WRITE)
    ids = sorted(set(member_ids))
    if len(ids) < 2:
        raise HouseholdTooSmall
    if len(ids) > MOST:
        raise HouseholdFull(MOST)
    for member in _lock(ids):
        locks.require_alive(member)
    there = HouseholdMember.objects.filter(member__in=ids).order_by("member")
    if len({row.household_id for row in there}) == 1 and len(there) == len(ids):
        return there[0].household_id
    if there:
        raise HouseholdTaken(there[0].member_id, there[0].household_id)
    household = Household.objects.create(formed_at=at)
    for member_id in ids:
        _put(caller, household.pk, member_id, at)
    return household.pk


@transaction.atomic
def join_household(*, caller: Caller, household_id: HouseholdId, member_id: MemberId, at: datetime) -> bool:
    """Put one more member into a household.

    Returns:
        Whether the member is new there; a repeat answers False.
    Raises:
        UnknownHousehold: nobody lives there; HouseholdTaken, HouseholdFull, UnknownMember, MemberMerged, MemberErased,
        MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    locks.for_edit(member_id)
    lives = HouseholdMember.objects.filter(member=member_id).first()
    if lives is not None and lives.household_id == household_id:
        return False
    # The household after its members: nobody locks in another order.
    if not Household.objects.select_for_update().filter(pk=household_id).exists():
        raise UnknownHousehold(household_id)
    number = HouseholdMember.objects.filter(household=household_id).count()
    if number == 0:
        raise UnknownHousehold(household_id)
    if lives is not None:
        raise HouseholdTaken(member_id, lives.household_id)
    if number >= MOST:
        raise HouseholdFull(MOST)
    _put(caller, household_id, member_id, at)
    return True


@transaction.atomic
def leave_household(*, caller: Caller, member_id: MemberId, at: datetime) -> bool:
    """Take a member out of the household.

    Returns:
        Whether the member lived in one; a repeat answers False.
    Raises:
        UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    locks.for_edit(member_id)
    row = HouseholdMember.objects.filter(member=member_id).first()
    if row is None:
        return False
    row.delete()
    detail = {"household_id": row.household_id}
    audit.record(caller, "member.household_left", "member", member_id, at=at, before=detail)
    outbox.add(events.HOUSEHOLD_LEFT, {"member_id": member_id, **detail}, at=at, member_id=member_id)
    return True


@transaction.atomic
def share_points(*, caller: Caller, member_id: MemberId, shares: bool, at: datetime) -> bool:
    """Record whether a member lets the others of the household spend their points.

    Returns:
        Whether this changed anything.
    Raises:
        UnknownHousehold: the member lives in none; UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    locks.for_edit(member_id)
    row = HouseholdMember.objects.filter(member=member_id).first()
    if row is None:
        raise UnknownHousehold(None)
    if row.shares_points == shares:
        return False
    row.shares_points = shares
    row.save(update_fields=["shares_points"])
    audit.record(
        caller,
        "member.household_sharing",
        "member",
        member_id,
        at=at,
        before={"shares_points": not shares},
        after={"shares_points": shares},
    )
    return True


def carry(kept_id: MemberId, gone_id: MemberId) -> dict[str, object]:
    """For a merge, both rows locked: the kept member lives where the other one did, unless they live somewhere already.

    Returns:
        What `bring_back` needs: {} or {"household", "shares_points", "joined_at", "carried"}.
    """
    row = HouseholdMember.objects.filter(member=gone_id).first()
    if row is None:
        return {}
    row.delete()
    carried = not HouseholdMember.objects.filter(member=kept_id).exists()
    if carried:
        # What a person shares is said for one membership, not for the other: it is asked for again.
        HouseholdMember.objects.create(
            member_id=kept_id, household_id=row.household_id, joined_at=row.joined_at
        )
    return {
        "household": row.household_id,
        "shares_points": row.shares_points,
        "joined_at": row.joined_at.isoformat(),
        "carried": carried,
    }


def bring_back(kept_id: MemberId, gone_id: MemberId, moved: dict[str, object]) -> None:
    """For the undoing of a merge, both rows locked: the member lives again where they lived, if there is room."""
    if not moved:
        return
    household_id = int(str(moved["household"]))
    Household.objects.select_for_update().get(pk=household_id)
    if moved["carried"]:
        HouseholdMember.objects.filter(member=kept_id, household=household_id).delete()
    if HouseholdMember.objects.filter(household=household_id).count() < MOST:
        HouseholdMember.objects.create(
            member_id=gone_id,
            household_id=household_id,
            joined_at=datetime.fromisoformat(str(moved["joined_at"])),
            shares_points=bool(moved["shares_points"]),
        )


def forget(member_ids: Sequence[MemberId]) -> None:
    """For an erasure: whoever is nobody any more lives nowhere."""
    HouseholdMember.objects.filter(member__in=list(member_ids)).delete()


def _lock(ids: Sequence[MemberId]) -> list[Member]:
    """Lock members for editing, in the order of their numbers."""
    rows = list(Member.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    if len(rows) < len(ids):
        raise UnknownMember
    return rows


def _put(caller: Caller, household_id: HouseholdId, member_id: MemberId, at: datetime) -> None:
    HouseholdMember.objects.create(household_id=household_id, member_id=member_id, joined_at=at)
    detail = {"household_id": household_id}
    audit.record(caller, "member.household_joined", "member", member_id, at=at, after=detail)
    outbox.add(events.HOUSEHOLD_JOINED, {"member_id": member_id, **detail}, at=at, member_id=member_id)
