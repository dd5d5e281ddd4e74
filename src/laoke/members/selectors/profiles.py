"""One member, masked."""

from __future__ import annotations

from collections.abc import Iterable

from laoke.members.errors import UnknownMember
from laoke.members.models import Identity, Member, MemberTag
from laoke.members.selectors.consents import consents
from laoke.members.types import IdentityKind, IdentityView, MemberId, MemberStatus, Profile, Tag


def profile(member_id: MemberId) -> Profile:
    """Everything about a member that needs no reveal. A merged row is shown as it is: see `merged_into`.

    Raises:
        UnknownMember.
    """
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise UnknownMember
    return Profile(
        id=member.pk,
        status=MemberStatus(member.status),
        merged_into=member.merged_into_id,
        name_masked=member.name_masked,
        birthday=divmod(member.birthday_mmdd, 100) if member.birthday_mmdd else None,
        gender=member.gender,
        language=member.language,
        registered_at=member.registered_at,
        registered_date=member.registered_date,
        home_store_id=member.home_store_id,
        registered_channel_id=member.registered_channel_id,
        updated_at=member.updated_at,
        version=member.version,
        identities=tuple(
            IdentityView(row.pk, IdentityKind(row.kind), row.issuer, row.value_masked, row.added_at)
            for row in Identity.objects.filter(member_id=member_id).order_by(*Identity.PRIMARY_FIRST)
        ),
        tags=tuple(
            Tag(row.tag, row.source, row.added_at)
            for row in MemberTag.objects.filter(member_id=member_id).order_by("added_at", "tag")
        ),
        consents=consents(member_id),
    )


def masked_names(member_ids: Iterable[MemberId]) -> dict[MemberId, str]:
    """The masked names of these members; "" for those without one. Unknown ids are missing from the answer."""
    return dict(Member.objects.filter(pk__in=list(member_ids)).values_list("pk", "name_masked"))
