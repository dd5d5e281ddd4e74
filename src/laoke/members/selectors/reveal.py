"""The one look at personal data in clear, field by field or several at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.vault import vault
from laoke.members.errors import BadMemberField, MemberErased, UnknownMember
from laoke.members.models import Identity, Member
from laoke.members.normal.person import checked_reason
from laoke.members.sealing import BIRTH_DATE, NAME, identity_purpose
from laoke.members.types import IdentityKind, MemberId, MemberStatus

REVEALABLE = ("name", "birth_date", *IdentityKind.values)


# Durable: were this part of a larger transaction that is rolled back later, the look would leave no trace.
@transaction.atomic(durable=True)
def reveal(*, caller: Caller, member_id: MemberId, field: str, reason: str, at: datetime) -> tuple[str, ...]:
    """Show a field in clear and write down who looked, even when there was nothing to see.

    Args:
        field: one of REVEALABLE.
    Returns:
        The values, oldest first; a member may have several phones. A birth date is in ISO form.
    Raises:
        MissingScope, ReasonMissing, BadMemberField, UnknownMember, MemberErased; RuntimeError when called within
        another transaction.
    """
    member, why = _checked(caller, member_id, (field,), reason)
    audit.record(caller, "member.revealed", "member", member_id, at=at, after={"field": field}, reason=why)
    return _values(member, field)


@transaction.atomic(durable=True)
def reveal_fields(
    *, caller: Caller, member_id: MemberId, fields: Sequence[str], reason: str, at: datetime
) -> dict[str, tuple[str, ...]]:
    """Show several fields in clear, as `reveal` does one; one entry in the audit trail names them all.

    Returns:
        The values of each field, oldest first.
    Raises:
        as `reveal`.
    """
    member, why = _checked(caller, member_id, fields, reason)
    told = {"fields": list(fields)}
    audit.record(caller, "member.revealed", "member", member_id, at=at, after=told, reason=why)
    return {field: _values(member, field) for field in fields}


def _checked(caller: Caller, member_id: MemberId, fields: Sequence[str], reason: str) -> tuple[Member, str]:
    caller.require(Scope.MEMBERS_REVEAL)
    why = checked_reason(reason)
    for field in fields:
        if field not in REVEALABLE:
            raise BadMemberField(field, _("is none of %(known)s") % {"known": ", ".join(REVEALABLE)})
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise UnknownMember
    if member.status == MemberStatus.ERASED:
        raise MemberErased(member_id)
    return member, why


def _values(member: Member, field: str) -> tuple[str, ...]:
    box = vault()
    if field == "name":
        return (box.unseal(member.name_sealed, NAME),) if member.name_sealed else ()
    if field == "birth_date":
        sealed = member.birth_date_sealed
        return (box.unseal(sealed, BIRTH_DATE),) if sealed else ()
    rows = Identity.objects.filter(member_id=member.pk, kind=field).order_by(*Identity.PRIMARY_FIRST)
    return tuple(box.unseal(row.value_sealed, identity_purpose(field)) for row in rows)
