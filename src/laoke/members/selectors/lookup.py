"""From an identifier to the member it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.errors import LaokeError
from laoke.members.errors import BadIdentifier, MemberErased, UnknownMember
from laoke.members.models import Member
from laoke.members.sealing import identity_key
from laoke.members.types import Identifier, IdentityKey, IdentityKind, MemberId, MemberRef, MemberStatus

_LARGEST_ID = 2**63 - 1
_MANY = 10_000


def find(kind: str, value: str, issuer: str = "") -> MemberId | None:
    """Whose identity this is; None when nobody's. Raises as `sealing.identity_key` for values that cannot be one."""
    key = identity_key(kind, value, issuer)
    with hot_cursor() as cursor:
        cursor.execute(
            "select member_id from members_identity where blind_index = %s and kind = %s and issuer = %s",
            [key.blind_index, key.kind.value, key.issuer],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def find_many(
    kind: str, values: Iterable[str], issuer: str = ""
) -> tuple[dict[str, MemberId], dict[str, LaokeError]]:
    """Whose identities these are, thousands at a time; those of nobody are missing from the answer.

    Returns:
        Members by value as given, and why a value cannot be an identity of this kind.
    """
    refused: dict[str, LaokeError] = {}
    keys: dict[str, IdentityKey] = {}
    for value in values:
        try:
            keys[value] = identity_key(kind, value, issuer)
        except LaokeError as error:
            refused[value] = error
    owners = owners_of(keys.values())
    return {value: owners[key] for value, key in keys.items() if key in owners}, refused


def owners_of(keys: Iterable[IdentityKey]) -> dict[IdentityKey, MemberId]:
    """Whose these identities are, thousands at a time; those of nobody are missing from the answer."""
    found: dict[IdentityKey, MemberId] = {}
    every = list(keys)
    for start in range(0, len(every), _MANY):
        part = {(key.blind_index, key.kind.value, key.issuer): key for key in every[start : start + _MANY]}
        with hot_cursor() as cursor:
            cursor.execute(
                "select blind_index, kind, issuer, member_id from members_identity "
                "where blind_index = any(%s::bytea[])",
                [[key.blind_index for key in part.values()]],
            )
            for index, kind, issuer, member_id in cursor:
                if key := part.get((bytes(index), kind, issuer)):
                    found[key] = member_id
    return found


def resolve(identifier: Identifier) -> MemberRef:
    """The member an API caller means: {"card": ...}, {"phone": ...}, {"member_id": ...}, {"wechat_openid": ...,
    "issuer": ...}. Merged members resolve to the kept one, blocked ones say so in their status.

    Raises:
        UnknownMember: nobody.
        MemberErased: a member id whose person was erased.
        BadIdentifier, BadPhone, BadCardNumber, BadEmail, BadExternalId: an identifier that cannot be one.
    """
    names = [name for name in identifier if name != "issuer"]
    known = ["member_id", *IdentityKind.values]
    if len(names) != 1 or names[0] not in known:
        raise BadIdentifier(", ".join(known))
    (name,) = names
    if name == "member_id":
        if "issuer" in identifier:
            raise BadIdentifier(", ".join(known))
        member_id = _member_id(identifier["member_id"])
    else:
        found = find(name, str(identifier[name]), str(identifier.get("issuer", "")))
        if found is None:
            raise UnknownMember
        member_id = found
    ref = _end_of_chain(member_id)
    if ref is None:
        raise UnknownMember
    if ref.status == MemberStatus.ERASED:
        raise MemberErased(ref.id)
    return ref


def kept_id(member_id: MemberId) -> MemberId:
    """The member that has what this one had: itself unless merged.

    Raises:
        UnknownMember.
    """
    ref = _end_of_chain(member_id)
    if ref is None:
        raise UnknownMember
    return ref.id


def registered_at(member_ids: Iterable[MemberId]) -> dict[MemberId, datetime]:
    """When each of these members registered; unknown ids are missing from the answer."""
    return dict(Member.objects.filter(pk__in=list(member_ids)).values_list("pk", "registered_at"))


def _end_of_chain(member_id: MemberId) -> MemberRef | None:
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.members", "end_of_chain"), [member_id])
        row = cursor.fetchone()
    return MemberRef(row[0], MemberStatus(row[1]), row[2]) if row else None


def _member_id(raw: str | int) -> MemberId:
    text = str(raw)
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= _LARGEST_ID):
        raise UnknownMember
    return int(text)
