"""Identities in the one form they are compared in, whatever was typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

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
_NEVER = re.compile(r"(?!)")
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
    home = _home(country)
    if home.is_plain_mobile(raw):
        country_code, national = home.country_code, raw
    else:
        country_code, national = parse_phone(raw, country)
    return NormalIdentity(
        IdentityKind.PHONE,
        "",
        f"+{country_code}{national}",
        mask_phone(national, "" if country_code == home.country_code else f"+{country_code}"),
        national[-TAIL_DIGITS:],
    )


def parse_phone(raw: str, country: str) -> tuple[int, str]:
    """Country code and national number of a valid number, however it is written."""
    if len(raw) > _LONGEST_RAW_PHONE:
        raise BadPhone(len(raw), country)
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        raise BadPhone(len(raw), country) from None
    if not phonenumbers.is_valid_number(number) or number.country_code is None:
        raise BadPhone(len(raw), country)
    return number.country_code, phonenumbers.national_significant_number(number)


@dataclass(frozen=True, slots=True)
class _Home:
    """What tells a mobile number of one country that is written as bare digits.

    Nearly every number of an import is one, and the full parser takes fifteen times as long.
    """

    country_code: int
    mobile: re.Pattern[str]
    prefix: re.Pattern[str]

    def is_plain_mobile(self, raw: str) -> bool:
        """Whether the full parser would find the digits themselves: nothing to strip, and valid."""
        return raw.isascii() and self.mobile.fullmatch(raw) is not None and self.prefix.match(raw) is None


@lru_cache(maxsize=8)
def _home(country: str) -> _Home:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if metadata is None or metadata.mobile is None:
        return _Home(0, _NEVER, _NEVER)
    prefixes = ["0", metadata.international_prefix, metadata.national_prefix_for_parsing]
    return _Home(
        phonenumbers.country_code_for_region(country),
        re.compile(metadata.mobile.national_number_pattern or _NEVER.pattern),
        re.compile("|".join(f"(?:{prefix})" for prefix in prefixes if prefix)),
    )


def _is_opaque(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and not any(
        unicodedata.category(letter) in {"Cc", "Cs"} for letter in text
    )
