"""What the endpoints of points take and give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from laoke.foundation.web.fields import In, Text, example
from laoke.points.selectors import Points
from laoke.points.services import LARGEST


class AdjustmentIn(In):
    """Points to give, or to take when negative, and why. The member may ask for the reason: write it for them."""

    model_config = example(points=50, reason="补发：3月8日活动积分未到账")

    points: Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)]
    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class AdjustedOut(BaseModel):
    """The account after the adjustment."""

    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[50])
    points_available: int = Field(examples=[58])
    points_debt: int = Field(examples=[0])


class LotOut(BaseModel):
    """Points of one accrual that expire together: usable before `expires_at`."""

    lot_id: int = Field(examples=[90211])
    origin: str = Field(examples=["order"])
    order_id: int | None = Field(examples=[88213])
    accrued_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    expires_at: datetime = Field(examples=["2027-03-10T16:00:00Z"])
    points: int = Field(examples=[8], description="as accrued")
    remaining: int = Field(examples=[8])


class PointsOut(BaseModel):
    """A member's points now. Lots come in the order of use; the first 500 of `lots_open` are shown."""

    member_id: int = Field(examples=[1042])
    balance: int = Field(examples=[8], description="sum of all postings")
    available: int = Field(examples=[8])
    debt: int = Field(examples=[0])
    earned_total: int = Field(examples=[8])
    redeemed_total: int = Field(examples=[0])
    expired_total: int = Field(examples=[0])
    expiring_soon: int = Field(examples=[0], description="of the available ones, until `expiring_until`")
    expiring_until: datetime = Field(examples=["2026-04-09T04:00:00Z"])
    lots_open: int = Field(examples=[1])
    lots: list[LotOut]

    @classmethod
    def of(cls, points: Points) -> PointsOut:
        """From the module's own type."""
        return cls.model_validate(asdict(points))


class PostingOut(BaseModel):
    """One movement of points: accrual, redemption, expiry, clawback, restoration, repayment, adjustment, merge."""

    posting_id: int = Field(examples=[120441])
    kind: str = Field(examples=["accrual"])
    contra: str = Field(
        examples=["programme"],
        description="where as many points move the other way: programme, redemption, expiry, or transfer (another "
        "member, or the member's own debt)",
    )
    points: int = Field(examples=[8])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T04:00:01Z"])
    lot_id: int | None = Field(examples=[90211])
    order_id: int | None = Field(examples=[88213])
    return_id: int | None = Field(examples=[None])
    note: str = Field(examples=[""])


class PostingsOut(BaseModel):
    """A page of movements, the one recorded last first. `after` opens the next page."""

    postings: list[PostingOut]
    after: str | None = Field(examples=["WzEyMDQ0MV0"])
