"""Giving a member another card or phone, and taking one away."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.vault import vault
from laoke.members import events, locks
from laoke.members.errors import IdentityTaken, LastIdentity
from laoke.members.models import Identity
from laoke.members.normal.identities import normalise
from laoke.members.sealing import seal_identity
from laoke.members.types import IdentityInput, MemberId


@transaction.atomic
def add_identity(*, caller: Caller, member_id: MemberId, identity: IdentityInput, at: datetime) -> int:
    """Give the member one more identity; one the member has already is left as it is.

    Returns:
        The identity's id.
    Raises:
        IdentityTaken: it belongs to another member.
        BadPhone, BadCardNumber, BadEmail, BadExternalId, BadIdentifier, UnknownMember, MemberMerged, MemberErased,
        MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    normal = normalise(identity.kind, identity.value, identity.issuer, settings.LAOKE.country)
    sealed = seal_identity(normal, vault())
    member = locks.for_edit(member_id)
    row, added = Identity.objects.get_or_create(
        blind_index=sealed.blind_index,
        kind=sealed.kind,
        issuer=sealed.issuer,
        defaults={
            "member": member,
            "tail_index": sealed.tail_index,
            "value_sealed": sealed.value_sealed,
            "value_masked": sealed.value_masked,
            "added_at": at,
        },
    )
    if row.member_id != member_id:
        raise IdentityTaken(sealed.kind.value, row.member_id)
    if added:
        _tell(caller, "member.identity_added", events.IDENTITY_ADDED, member_id, sealed.kind.value, at)
    return row.pk


@transaction.atomic
def remove_identity(*, caller: Caller, member_id: MemberId, identity_id: int, at: datetime) -> bool:
    """Take an identity from a member, by the id that `selectors.profile` shows.

    Returns:
        Whether the member had it; a repeat answers False.
    Raises:
        LastIdentity: the member would be left without any.
        UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    locks.for_edit(member_id)
    rows = {row.pk: row for row in Identity.objects.filter(member_id=member_id)}
    if identity_id not in rows:
        return False
    if len(rows) == 1:
        raise LastIdentity(member_id)
    rows[identity_id].delete()
    kind = rows[identity_id].kind
    _tell(caller, "member.identity_removed", events.IDENTITY_REMOVED, member_id, kind, at)
    return True


def _tell(caller: Caller, action: str, topic: str, member_id: MemberId, kind: str, at: datetime) -> None:
    audit.record(caller, action, "member", member_id, at=at, after={"kind": kind})
    outbox.add(topic, {"member_id": member_id, "kind": kind}, at=at, member_id=member_id)
