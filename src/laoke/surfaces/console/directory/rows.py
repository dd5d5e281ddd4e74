"""What the list shows of each member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.directory.vocabulary import TierWord, Vocabulary
from laoke.surfaces.console.labels import CLASSES_RFM, CLASSES_VALUE, STATUSES
from laoke.surfaces.console.naming import Named


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member, masked. What was not counted yet is None: a member without a night since registering.

    `spend_minor` is a year's net sales; `scores` are recency, frequency and amount, None for who never bought.
    """

    id: int
    name: str
    status: str
    status_label: Any
    joined_at: datetime
    store: Named
    card: str
    phone: str
    tier: TierWord
    points: int
    last_date: date | None
    days_since: int | None
    spend_minor: int | None
    scores: tuple[int, int, int] | None
    class_rfm: Any
    class_value: Any
    tags: tuple[str, ...]
    language: str
    birthday: tuple[int, int] | None

    @property
    def initial(self) -> str:
        """The letter of the round picture."""
        return self.name[:1].strip("*")


def lines(
    ids: Sequence[int], words: Vocabulary, since: datetime | None, today: date
) -> tuple[MemberLine, ...]:
    """The members of these ids, in their order."""
    if not ids:
        return ()
    with hot_cursor() as cursor:
        cursor.execute(
            load("laoke.surfaces.console", "directory_rows"),
            {"ids": list(ids), "since": since},
        )
        return tuple(_line(row, words, today) for row in cursor)


def _line(row: tuple[Any, ...], words: Vocabulary, today: date) -> MemberLine:
    (
        member_id, name, status, joined_at, store, store_en, card, phone, tier, points, last_date, annual,
        r, f, m, class_rfm, class_value, tags, language, mmdd,
    ) = row  # fmt: skip
    return MemberLine(
        id=member_id,
        name=name,
        status=status,
        status_label=STATUSES[status],
        joined_at=joined_at,
        store=Named(store or "", store_en or store or ""),
        card=card or "",
        phone=phone or "",
        tier=words.tier(tier or ""),
        points=points,
        last_date=last_date,
        days_since=None if last_date is None else (today - last_date).days,
        spend_minor=annual,
        scores=(r, f, m) if r and f and m else None,
        class_rfm=CLASSES_RFM[class_rfm][0] if class_rfm in CLASSES_RFM else None,
        class_value=CLASSES_VALUE[class_value][0] if class_value in CLASSES_VALUE else None,
        tags=tuple(tags or ()),
        language=language,
        birthday=divmod(mmdd, 100) if mmdd else None,
    )
