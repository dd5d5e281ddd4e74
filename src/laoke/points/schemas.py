"""What the endpoints of points take and give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from laoke.foundation.web.fields import Id, In, Text, example
from laoke.points.holds import MOST_MINUTES
from laoke.points.redeeming import LONGEST_REFERENCE
from laoke.points.selectors import Points
from laoke.points.services import LARGEST
from laoke.points.transfers import LONGEST_NOTE


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
    held: int = Field(examples=[0], description="of what remains, set aside in holds")
    available_at: datetime | None = Field(examples=[None], description="pending until then")


class ComingOut(BaseModel):
    """Points that are there and can be used from `available_at` on."""

    available_at: datetime = Field(examples=["2026-03-17T16:00:00Z"])
    points: int = Field(examples=[8])


class PointsOut(BaseModel):
    """A member's points now. Lots come in the order of use; the first 500 of `lots_open` are shown."""

    member_id: int = Field(examples=[1042])
    balance: int = Field(examples=[8], description="sum of all postings")
    available: int = Field(examples=[8], description="what can be spent now")
    held: int = Field(examples=[0], description="set aside for purchases that are not paid yet")
    pending: int = Field(examples=[0], description="there, but to be used only later: `coming` says when")
    coming: list[ComingOut]
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
    """One movement of points: accrual, redemption, expiry, clawback, restoration, repayment, adjustment, merge,
    transfer."""

    posting_id: int = Field(examples=[120441])
    kind: str = Field(examples=["accrual"])
    contra: str = Field(
        examples=["programme"],
        description="where as many points move the other way: programme, redemption, expiry, transfer (another "
        "member, or the member's own debt), or who got them: `charity:<code>`, `partner:<code>`",
    )
    points: int = Field(examples=[8])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T04:00:01Z"])
    lot_id: int | None = Field(examples=[90211])
    order_id: int | None = Field(examples=[88213])
    return_id: int | None = Field(examples=[None])
    spending_id: int | None = Field(examples=[None], description="points spent outside an order")
    transfer_id: int | None = Field(examples=[None], description="points given to another member, or by one")
    note: str = Field(examples=[""])


class PostingsOut(BaseModel):
    """A page of movements, the one recorded last first. `after` opens the next page."""

    postings: list[PostingOut]
    after: str | None = Field(examples=["WzEyMDQ0MV0"])


class HoldIn(In):
    """Points to set aside for so many minutes. `reference` is shown to the member: an order's number says most."""

    model_config = example(member_id=1042, points=200, reference="S001-20260310-0131", minutes=30)

    member_id: Id
    points: Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
    reference: Annotated[Text, Field(min_length=1, max_length=LONGEST_REFERENCE)]
    minutes: Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES)] = 30


class HeldOut(BaseModel):
    """Points set aside."""

    hold_id: int = Field(examples=[731])
    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[200])
    until: datetime = Field(examples=["2026-03-10T04:30:00Z"])
    points_available: int = Field(examples=[58])


class CaptureIn(In):
    """How many of the points are spent; all unless given."""

    model_config = example(points=120)

    points: Annotated[int, Field(strict=True, ge=1, le=LARGEST)] | None = None


class CapturedOut(BaseModel):
    """Points that were set aside and are spent now."""

    hold_id: int = Field(examples=[731])
    member_id: int = Field(examples=[1042])
    spending_id: int = Field(examples=[55])
    points: int = Field(examples=[120])
    points_available: int = Field(examples=[138])


class VoidedOut(BaseModel):
    """Points that were set aside and are free again."""

    hold_id: int = Field(examples=[731])
    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[200])
    points_available: int = Field(examples=[258])


class HoldOut(BaseModel):
    """Points set aside, and what became of them: `open`, `captured`, `voided`, or `expired` when the time was over."""

    hold_id: int = Field(examples=[731])
    member_id: int = Field(examples=[1042])
    reference: str = Field(examples=["S001-20260310-0131"])
    points: int = Field(examples=[200])
    state: str = Field(examples=["open"])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    until: datetime = Field(examples=["2026-03-10T04:30:00Z"])
    ended_at: datetime | None = Field(examples=[None])
    captured: int = Field(examples=[0], description="points of it that were spent")
    order_id: int | None = Field(examples=[None], description="the order that spent them")


class HoldsOut(BaseModel):
    """A page of holds, the newest first. `after` opens the next page."""

    holds: list[HoldOut]
    after: str | None = Field(examples=["WzEyMDQ0MV0"])


class TransferIn(In):
    """Points to give to another member. The receiver reads the note."""

    model_config = example(giver_id=1042, receiver_id=1077, points=200, note="生日快乐")

    giver_id: Id
    receiver_id: Id
    points: Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
    note: Annotated[Text, Field(max_length=LONGEST_NOTE)] = ""


class TransferredOut(BaseModel):
    """Points given to another member; `points_available` is what the giver can spend now."""

    transfer_id: int = Field(examples=[412])
    giver_id: int = Field(examples=[1042])
    receiver_id: int = Field(examples=[1077])
    points: int = Field(examples=[200])
    points_available: int = Field(examples=[58])


class TransferOut(BaseModel):
    """Points one member gave to another."""

    transfer_id: int = Field(examples=[412])
    giver_id: int = Field(examples=[1042])
    receiver_id: int = Field(examples=[1077])
    points: int = Field(examples=[200])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    note: str = Field(examples=["生日快乐"])
    undone_at: datetime | None = Field(examples=[None])


class TransfersOut(BaseModel):
    """A page of transfers, the newest first. `after` opens the next page."""

    transfers: list[TransferOut]
    after: str | None = Field(examples=["WzEyMDQ0MV0"])


class UndoTransferIn(In):
    """Why a transfer is taken back. `force`: what the receiver has spent becomes a debt."""

    model_config = example(reason="误操作，转错会员", force=False)

    reason: Annotated[Text, Field(min_length=2, max_length=200)]
    force: bool = Field(default=False, strict=True)


class UndoneTransferOut(BaseModel):
    """Points that went back; `expired` ones were lost with the receiver, who owes `points_debt` now."""

    transfer_id: int = Field(examples=[412])
    giver_id: int = Field(examples=[1042])
    receiver_id: int = Field(examples=[1077])
    points: int = Field(examples=[200])
    expired: int = Field(examples=[0])
    points_debt: int = Field(examples=[0])
