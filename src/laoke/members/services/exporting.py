"""Everything kept of one person, in clear, for that person to read."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.vault import vault
from laoke.members import followers, persons
from laoke.members.errors import UnknownMember
from laoke.members.locks import require_alive
from laoke.members.models import ConsentEvent, HouseholdMember, Identity, Member, MemberTag, Merge
from laoke.members.normal.person import checked_reason
from laoke.members.sealing import identity_purpose
from laoke.members.services.profiles import current
from laoke.members.types import MemberId


def require_export(caller: Caller) -> None:
    """Raise MissingScope or OutsideStores unless the caller may export persons.

    What a person may ask for by law is everything, and everything holds the orders of all stores.
    """
    caller.require(Scope.MEMBERS_REVEAL)
    caller.require_whole_shop(
        _(
            "A person's data are exported whole, with the orders of all stores. This key or account is limited to "
            "stores; ask somebody who is not."
        )
    )


# Durable for the same reason as `reveal`.
@transaction.atomic(durable=True)
def export_person(
    *, caller: Caller, member_id: MemberId, at: datetime, reason: str = "request of the person"
) -> dict[str, object]:
    """Everything this and the modules above keep of a person, as JSON, audited.

    Returns:
        {"member_id", "exported_at", "members": [the member, then rows merged into it, each {"member_id", "profile",
        "identities", "tags", "consents", "household", "modules": {follower: ...}}], "merges": [...]}
    Raises:
        UnknownMember, MemberMerged, MemberErased, ReasonMissing, MissingScope; OutsideStores: a caller limited to
        stores; RuntimeError when called within another transaction.
    """
    require_export(caller)
    why = checked_reason(reason)
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise UnknownMember
    require_alive(member)
    ids = persons.rows_of(member_id)
    merges = Merge.objects.filter(kept__in=ids, gone__in=ids).order_by("pk")
    audit.record(caller, "member.exported", "member", member_id, at=at, after={"members": ids}, reason=why)
    return {
        "member_id": member_id,
        "exported_at": at.isoformat(),
        "members": [
            _row(row) for row in sorted(Member.objects.filter(pk__in=ids), key=lambda row: ids.index(row.pk))
        ],
        "merges": [
            {
                "kept_id": row.kept_id,
                "gone_id": row.gone_id,
                "at": row.at.isoformat(),
                "reason": row.reason,
                "undone_at": row.undone_at and row.undone_at.isoformat(),
            }
            for row in merges
        ],
    }


def _row(member: Member) -> dict[str, object]:
    box = vault()
    birth_date = current(member, "birth_date")
    return {
        "member_id": member.pk,
        "profile": {
            "status": str(member.status),
            "name": current(member, "name"),
            "birth_date": str(birth_date) if birth_date else None,
            "gender": member.gender,
            "language": member.language,
            "registered_at": member.registered_at.isoformat(),
            "home_store_id": member.home_store_id,
            "registered_channel_id": member.registered_channel_id,
            "updated_at": member.updated_at.isoformat(),
        },
        "identities": [
            {
                "kind": row.kind,
                "issuer": row.issuer,
                "value": box.unseal(row.value_sealed, identity_purpose(row.kind)),
                "added_at": row.added_at.isoformat(),
            }
            for row in Identity.objects.filter(member=member).order_by("added_at", "pk")
        ],
        "tags": [
            {"tag": row.tag, "source": row.source, "added_at": row.added_at.isoformat()}
            for row in MemberTag.objects.filter(member=member).order_by("added_at", "tag")
        ],
        "consents": [
            {
                "channel": row.channel,
                "purpose": row.purpose,
                "granted": row.granted,
                "at": row.at.isoformat(),
                "source": row.source,
            }
            for row in ConsentEvent.objects.filter(member=member).order_by("at", "pk")
        ],
        "household": _household(member),
        "modules": {follower.name: dict(follower.export(member.pk)) for follower in followers.registered()},
    }


def _household(member: Member) -> dict[str, object] | None:
    """Where the member lives; with whom is the others' own affair."""
    row = HouseholdMember.objects.filter(member=member).first()
    if row is None:
        return None
    return {
        "household_id": row.household_id,
        "joined_at": row.joined_at.isoformat(),
        "shares_points": row.shares_points,
    }
