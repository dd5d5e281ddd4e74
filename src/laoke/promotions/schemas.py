"""What the endpoints of offers take and give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from laoke.foundation.web.fields import In, Text, example
from laoke.promotions.selectors import OfferRow, VersionRow
from laoke.promotions.states import OfferState

_DOCUMENT = {
    "name": {"zh": "会员周一九折", "en": "Members' Monday"},
    "goal": "repeat",
    "stage": "basket",
    "when": {"member.known": True, "moment.weekday": "mon"},
    "gives": [{"percent": {"percent": "10"}}],
}


class OfferNameOut(BaseModel):
    """What it is called."""

    zh: str = Field(examples=["会员周一九折"])
    en: str = Field(examples=["Members' Monday"])


class OfferStandOut(BaseModel):
    """An offer, where it stands, and what it has given. Uses and money are net of returns."""

    offer: str = Field(examples=["members-monday"])
    name: OfferNameOut
    state: OfferState = Field(
        examples=["live"],
        description="scheduled, live, paused, stopped (in an emergency) or ended",
    )
    goal: str = Field(examples=["repeat"])
    bearer: str = Field(examples=["store"])
    stage: str = Field(examples=["basket"])
    starts: datetime | None = Field(examples=["2026-03-01T00:00:00+08:00"])
    ends: datetime | None = Field(examples=[None])
    in_total: int | None = Field(examples=[None], description="how many uses there are in all")
    uses: int = Field(examples=[412])
    budget_minor: int | None = Field(examples=[2_000_000])
    spent_minor: int = Field(examples=[618_000])
    used_up: bool
    version: int = Field(examples=[7], description="the programme version it was published with last")

    @classmethod
    def of(cls, row: OfferRow) -> OfferStandOut:
        """From the selector's type."""
        return cls(**_told(row))


class OffersOut(BaseModel):
    """A page of offers, by key."""

    offers: list[OfferStandOut]
    after: str | None = Field(examples=[None], description="mark of the next page; null: this is the last")


class OfferVersionOut(BaseModel):
    """One publication of an offer. `document` is null where it ended."""

    version: int = Field(examples=[7])
    document: dict[str, Any] | None = Field(examples=[_DOCUMENT])
    stopped: bool = Field(examples=[False])
    published_at: datetime = Field(examples=["2026-03-10T12:00:00+08:00"])
    published_by: str = Field(examples=["li"])


class OfferShownOut(OfferStandOut):
    """An offer with every publication, the newest first."""

    versions: list[OfferVersionOut]

    @classmethod
    def with_versions(cls, row: OfferRow, versions: Iterable[VersionRow]) -> OfferShownOut:
        """From the selectors' types."""
        return cls(
            **_told(row),
            versions=[
                OfferVersionOut(
                    version=each.version,
                    document=None if each.document is None else dict(each.document),
                    stopped=each.stopped,
                    published_at=each.published_at,
                    published_by=each.published_by,
                )
                for each in versions
            ],
        )


class OfferReasonIn(In):
    """Why; it goes into the audit trail."""

    model_config = example(reason="restocking")

    reason: Annotated[Text, Field(max_length=300)] = ""


class OfferStopIn(In):
    """Why; it goes into the audit trail."""

    model_config = example(reason="the wrong price went out")

    reason: Annotated[Text, Field(min_length=2, max_length=300)]


def _told(row: OfferRow) -> dict[str, Any]:
    return {
        "offer": row.key,
        "name": {"zh": row.name_zh, "en": row.name_en},
        "state": row.state,
        "goal": row.goal,
        "bearer": row.bearer,
        "stage": row.stage,
        "starts": row.starts,
        "ends": row.ends,
        "in_total": row.in_total,
        "uses": row.uses,
        "budget_minor": row.budget_minor,
        "spent_minor": row.spent_minor,
        "used_up": row.used_up,
        "version": row.version,
    }
