"""What the endpoints of adjustments above a limit take and give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from laoke.foundation.web.fields import In, Text, example
from laoke.points.adjustments.selectors import AdjustmentView
from laoke.points.schemas import AdjustmentIn


class RefusalIn(In):
    """Why a request is not let pass. Whoever asked reads it."""

    model_config = example(note="小票已于3月9日补过")

    note: Annotated[Text, Field(min_length=2, max_length=200)]


class AskIn(AdjustmentIn):
    """Points to give, or to take when negative, and why; more than the caller may give or take alone."""

    model_config = example(points=5000, reason="补发：3月8日活动积分未到账")


class AskedOut(BaseModel):
    """The request that waits for a second person, until when."""

    adjustment_id: int = Field(examples=[31])
    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[5000])
    open_until: datetime = Field(examples=["2026-03-17T04:00:00Z"])


class DecidedOut(BaseModel):
    """What became of a request."""

    adjustment_id: int = Field(examples=[31])
    state: str = Field(examples=["refused"])


class AdjustmentOut(BaseModel):
    """One adjustment by hand. Of one made at once `open_until` is null and both persons are the same."""

    adjustment_id: int = Field(examples=[31])
    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[5000])
    reason: str = Field(examples=["补发：3月8日活动积分未到账"])
    state: str = Field(examples=["waiting"], description="waiting, booked, refused, withdrawn, lapsed")
    asked_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    asked_by: str = Field(examples=["li"])
    open_until: datetime | None = Field(examples=["2026-03-17T04:00:00Z"])
    decided_at: datetime | None = Field(examples=[None])
    decided_by: str = Field(examples=[""])
    note: str = Field(examples=[""])
    own: bool = Field(examples=[False], description="whether the caller asked for it")

    @classmethod
    def of(cls, found: AdjustmentView) -> AdjustmentOut:
        """From the module's own type."""
        return cls.model_validate(asdict(found))


class AdjustmentsOut(BaseModel):
    """A page of adjustments. `after` opens the next one."""

    adjustments: list[AdjustmentOut]
    after: str | None = Field(examples=[None])
