"""Identities in the one form they are compared in, whatever was typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

import phonenumbers

from laoke.members.errors import BadCardNumber, BadEmail, BadExternalId, BadIdentifier, BadPhone
from laoke.members.normal.masking import mask_code, mask_email, mask_phone
from laoke.members.types import IdentityKind

LONGEST_CARD = 40
SHORTEST_CARD = 4
LONGEST_EMAIL = 254
LONGEST_EXTERNAL_ID = 128
LONGEST_ISSUER = 40
TAIL_DIGITS = 4
# More than any way of writing an identity needs; what is longer is refused before work is spent on it.
_LONGEST_RAW = 500
_LONGEST_RAW_PHONE = 60

_EMAIL = re.compile(
    r'[^\s@"(),:;<>\[\]\\\x00-\x1f\x7f]{1,64}'
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])"
)
_WITH_ISSUER = {IdentityKind.WECHAT_OPENID, IdentityKind.WECHAT_UNIONID, IdentityKind.SHOP_ACCOUNT}


@dataclass(frozen=True, slots=True)
class NormalIdentity:
    """An identity ready to be sealed and indexed. `tail` is the last four digits of a phone, else ""."""

    kind: IdentityKind
    issuer: str
    value: str = field(repr=False)
    masked: str
    tail: str = field(default="", repr=False)


def normalise(kind: str, value: str, issuer: str, country: str) -> NormalIdentity:
    """Bring an identity into its one form.

    Args:
        country: ISO 3166 code of where numbers without a country code belong.
    Raises:
        BadIdentifier: no such kind.
        BadPhone, BadCardNumber, BadEmail, BadExternalId: a value that cannot be one, or a misplaced issuer.
    """
    try:
        known = IdentityKind(kind)
    except ValueError:
        raise BadIdentifier(", ".join(IdentityKind.values)) from None
    if issuer and (known not in _WITH_ISSUER or not _is_opaque(issuer, LONGEST_ISSUER)):
        raise BadExternalId(known.value)
    if known is IdentityKind.PHONE:
        return _phone(value, country)
    if known is IdentityKind.CARD:
        card = normal_card(value)
        return NormalIdentity(known, "", card, mask_code(card))
    if known is IdentityKind.EMAIL:
        email = normal_email(value)
        return NormalIdentity(known, "", email, mask_email(email))
    if not _is_opaque(value, LONGEST_EXTERNAL_ID):
        raise BadExternalId(known.value)
    return NormalIdentity(known, issuer, value, mask_code(value))


def normal_card(raw: str) -> str:
    """Trimmed, half-width and upper case, so that a scanned and a typed number are the same."""
    if len(raw) <= _LONGEST_RAW:
        # Normalised twice: the capitals of a few letters are not in the form their small letters are.
        upper = unicodedata.normalize("NFKC", raw).strip().upper()
        card = unicodedata.normalize("NFKC", upper)
        if SHORTEST_CARD <= len(card) <= LONGEST_CARD and card.isprintable():
            return card
    raise BadCardNumber(len(raw))


def normal_email(raw: str) -> str:
    """Trimmed and lower case. Mailboxes could tell cases apart, but none in use does."""
    if len(raw) <= _LONGEST_RAW:
        email = unicodedata.normalize("NFC", unicodedata.normalize("NFC", raw).strip().lower())
        if len(email) <= LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email):
            return email
    raise BadEmail


def _phone(raw: str, country: str) -> NormalIdentity:
    """E.164. An extension is dropped: it is no way to recognise or reach a member."""
    if len(raw) > _LONGEST_RAW_PHONE:
        raise BadPhone(len(raw), country)
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        raise BadPhone(len(raw), country) from None
    if not phonenumbers.is_valid_number(number):
        raise BadPhone(len(raw), country)
    national = phonenumbers.national_significant_number(number)
    at_home = number.country_code == phonenumbers.country_code_for_region(country)
    return NormalIdentity(
        IdentityKind.PHONE,
        "",
        f"+{number.country_code}{national}",
        mask_phone(national, "" if at_home else f"+{number.country_code}"),
        national[-TAIL_DIGITS:],
    )


def _is_opaque(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and not any(
        unicodedata.category(letter) in {"Cc", "Cs"} for letter in text
    )
