"""Finding members by whatever somebody at the counter or on the telephone says."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.vault import vault
from laoke.kernel.errors import LaokeError
from laoke.members.errors import BadCursor
from laoke.members.models import Identity
from laoke.members.normal.identities import TAIL_DIGITS, normalise
from laoke.members.normal.names import LONGEST_NAME
from laoke.members.sealing import identity_purpose, search_tokens, tail_index
from laoke.members.types import IdentityKind, MemberId, MemberRow, MemberStatus, SearchPage

MOST_ROWS = 200
_LONGEST_ID = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARK = re.compile(r"(-?[0-9]{1,18})_([0-9]{1,18})", re.ASCII)
_ANY_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Query:
    """What a text may mean; every meaning is tried. None stands for "cannot mean this"."""

    indexes: list[bytes] | None
    tail: bytes | None
    tokens: list[int] | None
    member_id: MemberId | None


def search(text: str, *, limit: int = 50, after: str | None = None) -> SearchPage:
    """Active and blocked members that the text may mean, newest registration first; all of them for an empty text.

    Understood are a whole phone number, its last four digits, a card number, an e-mail address, a member id, a
    whole name, and parts of a name: two or more neighbouring characters of a Chinese, Japanese, Korean or Thai
    name, whole words of others; letter case and Latin accents do not matter.

    Args:
        limit: 1 to 200.
        after: the mark of the page before.
    Raises:
        BadCursor.
    """
    at, after_id = _read_mark(after)
    most = max(1, min(limit, MOST_ROWS))
    values: dict[str, Any] = {"after_at": at, "after_id": after_id, "limit": most + 1}
    # Halves of surrogate pairs cannot be hashed and are in no name.
    if stripped := text.encode("utf-8", "ignore").decode().strip():
        query = understand(stripped)
        values |= {
            "indexes": query.indexes,
            "tail": query.tail,
            "tokens": query.tokens,
            "member_id": query.member_id,
        }
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.members", "search" if stripped else "newest"), values)
        rows = cursor.fetchall()
    page = rows[:most]
    phones = _masked([row[0] for row in page], IdentityKind.PHONE)
    cards = _masked([row[0] for row in page], IdentityKind.CARD)
    return SearchPage(
        tuple(
            MemberRow(
                member_id,
                MemberStatus(status),
                name,
                phones[member_id],
                cards[member_id],
                registered_at,
                store,
            )
            for member_id, status, name, registered_at, store in page
        ),
        _write_mark(page[-1][3], page[-1][0]) if len(rows) > most else None,
    )


def understand(text: str) -> Query:
    """Every way to read a search text."""
    box = vault()
    indexes = []
    for kind in (IdentityKind.PHONE, IdentityKind.CARD, IdentityKind.EMAIL):
        try:
            value = normalise(kind, text, "", settings.LAOKE.country).value
        except LaokeError:
            continue
        indexes.append(box.blind(value, identity_purpose(kind.value)))
    digits = text if text.isascii() and text.isdigit() else ""
    named = len(text) <= LONGEST_NAME and (_ANY_LETTER.search(text) or not text.isascii())
    return Query(
        indexes or None,
        tail_index(digits, box) if len(digits) == TAIL_DIGITS else None,
        search_tokens(text, box) if named else None,
        int(digits) if digits and len(digits) <= _LONGEST_ID else None,
    )


def _masked(member_ids: list[MemberId], kind: IdentityKind) -> defaultdict[MemberId, tuple[str, ...]]:
    rows = Identity.objects.filter(member_id__in=member_ids, kind=kind).order_by(*Identity.PRIMARY_FIRST)
    masked: defaultdict[MemberId, tuple[str, ...]] = defaultdict(tuple)
    for member_id, value in rows.values_list("member_id", "value_masked"):
        masked[member_id] += (value,)
    return masked


def _write_mark(at: datetime, member_id: MemberId) -> str:
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}_{member_id}"


def _read_mark(mark: str | None) -> tuple[datetime | None, MemberId | None]:
    if mark is None:
        return None, None
    read = _MARK.fullmatch(mark)
    if read is None:
        raise BadCursor
    try:
        return _EPOCH + timedelta(microseconds=int(read[1])), int(read[2])
    except OverflowError:
        raise BadCursor from None
