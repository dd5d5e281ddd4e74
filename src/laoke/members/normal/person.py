"""The smaller fields of a person, and the words staff write about them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from django.utils.translation import gettext as _

from laoke.members.errors import BadConsent, BadMemberField, BadTag, ReasonMissing
from laoke.members.types import ConsentChannel, ConsentPurpose

FIRST_BIRTH_YEAR = 1900
GENDERS = ("", "m", "f")
LONGEST_TAG = 40
LONGEST_SOURCE = 40
LONGEST_REASON = 300
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


def checked_birth_date(day: date | None, today: date) -> date | None:
    """The date itself when somebody alive today may have been born on it."""
    if day is None:
        return None
    if isinstance(day, datetime) or not (day.year >= FIRST_BIRTH_YEAR and day <= today):
        raise BadMemberField("birth_date", _("takes a calendar day from 1900 to today"))
    return day


def mmdd(day: date | None) -> int | None:
    """Month * 100 + day."""
    return None if day is None else day.month * 100 + day.day


def checked_gender(gender: str | None) -> str:
    """m, f or empty for unknown or unsaid."""
    if (gender or "") not in GENDERS:
        raise BadMemberField("gender", _("takes m, f or nothing"))
    return gender or ""


def checked_language(language: str | None) -> str:
    """A language tag (BCP 47) of at most ten characters in lower case, or empty."""
    lowered = (language or "").lower()
    if lowered and (len(lowered) > 10 or not _LANGUAGE.fullmatch(lowered)):
        raise BadMemberField("language", _("takes a language tag such as zh-hans or en"))
    return lowered


def checked_tag(raw: str) -> str:
    """Trimmed, NFC, printable."""
    tag = unicodedata.normalize("NFC", raw).strip()
    if not (1 <= len(tag) <= LONGEST_TAG and tag.isprintable()):
        raise BadTag
    return tag


def checked_tags(raw: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Each tag once, in order."""
    return tuple(dict.fromkeys(checked_tag(tag) for tag in raw))


def checked_source(raw: str) -> str:
    """Where a tag or a consent came from: 1 to 40 printable characters."""
    if not (1 <= len(raw) <= LONGEST_SOURCE and raw.isprintable()):
        raise BadMemberField("source", _("takes 1 to 40 printable characters"))
    return raw


def checked_reason(raw: str) -> str:
    """A reason of 2 to 300 characters."""
    reason = " ".join(raw.split())
    if not (2 <= len(reason) <= LONGEST_REASON and reason.isprintable()):
        raise ReasonMissing
    return reason


def checked_consent(channel: str, purpose: str) -> tuple[ConsentChannel, ConsentPurpose]:
    """Known words only."""
    try:
        return ConsentChannel(channel), ConsentPurpose(purpose)
    except ValueError:
        known = ", ".join(ConsentChannel.values), ", ".join(ConsentPurpose.values)
        raise BadConsent(*known) from None
