"""Personal data as columns: sealed, indexed and masked. The only place that names the purposes of the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from laoke.foundation.vault import Vault, vault
from laoke.members.normal import names
from laoke.members.normal.identities import NormalIdentity, normalise
from laoke.members.normal.masking import mask_name
from laoke.members.types import IdentityKey, IdentityKind

NAME = "member.name"
BIRTH_DATE = "member.birth_date"
_NAME_WHOLE = "member.name.whole"
_NAME_PART = "member.name.part"
_PHONE_TAIL = "identity.phone.tail"


def identity_purpose(kind: str) -> str:
    """The purpose identities of a kind are sealed and indexed for."""
    return f"identity.{kind}"


@dataclass(frozen=True, slots=True)
class SealedIdentity:
    """The columns of one identity that hold or hide personal data."""

    kind: IdentityKind
    issuer: str
    blind_index: bytes
    tail_index: bytes | None
    value_sealed: bytes
    value_masked: str

    @property
    def key(self) -> tuple[bytes, str, str]:
        """What is unique among all identities."""
        return self.blind_index, self.kind.value, self.issuer


@dataclass(frozen=True, slots=True)
class SealedName:
    """The columns of a name; all empty when there is none."""

    sealed: bytes | None
    masked: str
    tokens: list[int]


def seal_identity(identity: NormalIdentity, box: Vault) -> SealedIdentity:
    """Seal and index a normalised identity."""
    purpose = identity_purpose(identity.kind.value)
    return SealedIdentity(
        identity.kind,
        identity.issuer,
        box.blind(identity.value, purpose),
        tail_index(identity.tail, box) if identity.tail else None,
        box.seal(identity.value, purpose),
        identity.masked,
    )


def identity_key(kind: str, value: str, issuer: str = "") -> IdentityKey:
    """Where to look for an identity; raises as `normalise` does."""
    identity = normalise(kind, value, issuer, settings.LAOKE.country)
    index = vault().blind(identity.value, identity_purpose(identity.kind.value))
    return IdentityKey(identity.kind, identity.issuer, index)


def tail_index(digits: str, box: Vault) -> bytes:
    """Blind index of the last four digits of a phone."""
    return box.blind(digits, _PHONE_TAIL)


def seal_name(name: str, box: Vault) -> SealedName:
    """Seal, mask and tokenise a cleaned name."""
    if not name:
        return SealedName(None, "", [])
    tokens = {box.token(piece, _NAME_PART) for piece in names.parts(name)}
    tokens.add(box.token(names.whole(name), _NAME_WHOLE))
    return SealedName(box.seal(name, NAME), mask_name(name), sorted(tokens))


def search_tokens(text: str, box: Vault) -> list[int]:
    """Tokens that a name holding `text` has all of; the whole name where `text` has no searchable part."""
    if pieces := names.query_parts(text):
        return sorted(box.token(piece, _NAME_PART) for piece in pieces)
    return [box.token(names.whole(text), _NAME_WHOLE)]


def seal_birth_date(day: date | None, box: Vault) -> bytes | None:
    """Seal a day in ISO form."""
    return None if day is None else box.seal(day.isoformat(), BIRTH_DATE)
