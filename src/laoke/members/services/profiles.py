"""Changing what is known of a member, and filling in what is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import cast

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.vault import vault
from laoke.members import events, locks
from laoke.members.errors import BadMemberField, MemberChanged
from laoke.members.models import Member
from laoke.members.normal.names import clean_name
from laoke.members.normal.person import checked_birth_date, checked_gender, checked_language, mmdd
from laoke.members.sealing import BIRTH_DATE, NAME, seal_birth_date, seal_name
from laoke.members.types import MemberId, ProfileChanges

FIELDS = ("name", "birth_date", "gender", "language", "home_store_id")


@transaction.atomic
def update(
    *, caller: Caller, member_id: MemberId, changes: ProfileChanges, expected_version: int, at: datetime
) -> int:
    """Set fields of a member that nobody changed since the caller read it.

    A repeat finds everything as asked and changes nothing, whatever version it expects.

    Returns:
        The member's version now.
    Raises:
        MemberChanged: the member is at another version than expected.
        BadMemberField, BadName, UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    wanted = _checked(changes, at)
    member = locks.for_edit(member_id)
    differing = {field: value for field, value in wanted.items() if current(member, field) != value}
    if not differing:
        return member.version
    if member.version != expected_version:
        raise MemberChanged(member_id, member.version, member.updated_at)
    _save(caller, member, differing, at)
    return member.version


@transaction.atomic
def complete(*, caller: Caller, member_id: MemberId, known: ProfileChanges, at: datetime) -> tuple[str, ...]:
    """Fill fields that are still empty; what is there stays. So it needs no version and can be repeated.

    Returns:
        The names of the fields filled, sorted.
    Raises:
        BadMemberField, BadName, UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    wanted = _checked(known, at)
    member = locks.for_edit(member_id)
    gaps = {field: value for field, value in wanted.items() if value and not current(member, field)}
    if gaps:
        _save(caller, member, gaps, at)
    return tuple(sorted(gaps))


def current(member: Member, field: str) -> object:
    """A field's value in clear; "" or None when empty."""
    if field == "name":
        return vault().unseal(member.name_sealed, NAME) if member.name_sealed else ""
    if field == "birth_date":
        sealed = member.birth_date_sealed
        return date.fromisoformat(vault().unseal(sealed, BIRTH_DATE)) if sealed else None
    return getattr(member, field)


def assign(member: Member, field: str, value: object) -> None:
    """Set a checked value on the row, with everything that is derived from it."""
    if field == "name":
        name = seal_name(cast(str, value), vault())
        member.name_sealed, member.name_masked, member.name_tokens = name.sealed, name.masked, name.tokens
    elif field == "birth_date":
        day = cast("date | None", value)
        member.birth_date_sealed, member.birthday_mmdd = seal_birth_date(day, vault()), mmdd(day)
    else:
        setattr(member, field, value)


def empty(field: str) -> object:
    """What `field` holds when nothing is known."""
    return None if field in ("birth_date", "home_store_id") else ""


def touch(member: Member, at: datetime) -> None:
    """Save the row as its next version."""
    member.version += 1
    member.updated_at = at
    member.save()


def _checked(changes: ProfileChanges, at: datetime) -> dict[str, object]:
    given: Mapping[str, object] = cast("Mapping[str, object]", changes)
    for field in given:
        if field not in FIELDS:
            raise BadMemberField(field, _("is none of %(known)s") % {"known": ", ".join(FIELDS)})
    checked: dict[str, object] = {}
    if "name" in changes:
        checked["name"] = clean_name(changes["name"])
    if "birth_date" in changes:
        today = at.astimezone(settings.LAOKE.zone).date()
        checked["birth_date"] = checked_birth_date(changes["birth_date"], today)
    if "gender" in changes:
        checked["gender"] = checked_gender(changes["gender"])
    if "language" in changes:
        checked["language"] = checked_language(changes["language"])
    if "home_store_id" in changes:
        checked["home_store_id"] = changes["home_store_id"]
    return checked


def _save(caller: Caller, member: Member, values: Mapping[str, object], at: datetime) -> None:
    for field, value in values.items():
        assign(member, field, value)
    touch(member, at)
    fields = sorted(values)
    audit.record(caller, "member.updated", "member", member.pk, at=at, after={"fields": fields})
    payload = {"member_id": member.pk, "fields": fields, "version": member.version}
    outbox.add(events.UPDATED, payload, at=at, member_id=member.pk)
