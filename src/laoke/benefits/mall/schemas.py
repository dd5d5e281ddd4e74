"""What the endpoints of the points mall take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from laoke.benefits.mall.selectors import ItemRow, OrderView, Receipt
from laoke.benefits.mall.services import MOST
from laoke.foundation.web.fields import Code, In, Text, example

MallState = Literal["reserved", "ready", "collected", "done", "cancelled"]


class MallItemOut(BaseModel):
    """Something for points."""

    item: str = Field(examples=["tea-set"])
    zh: str = Field(examples=["茶具套装"])
    en: str = Field(examples=["Tea set"])
    kind: str = Field(examples=["goods"])
    points: int = Field(examples=[5])
    cash_minor: int = Field(examples=[0], description="paid beside the points, when it is collected")
    stock: int | None = Field(examples=[100])
    left: int | None = Field(examples=[99], description="null: any number")
    per_member: int | None = Field(examples=[2])
    tiers: list[str] | None = Field(examples=[None], description="only for these")
    fund: str | None = Field(examples=[None], description="of a donation")
    raised_minor: int | None = Field(examples=[None])
    goal_minor: int | None = Field(examples=[None])

    @classmethod
    def of(cls, row: ItemRow) -> MallItemOut:
        """From the module's own type."""
        document = row.item.document
        charity = document.charity
        return cls(
            item=row.item.key,
            zh=document.name.zh,
            en=document.name.en,
            kind=document.kind.value,
            points=document.points,
            cash_minor=document.cash_minor,
            stock=document.stock,
            left=row.left,
            per_member=document.per_member,
            tiers=None if document.tiers is None else list(document.tiers),
            fund=None if charity is None else charity.fund,
            raised_minor=row.raised_minor,
            goal_minor=None if charity is None else charity.goal_minor,
        )


class MallOut(BaseModel):
    """Everything in the points mall."""

    items: list[MallItemOut]


class MallOrderIn(In):
    """What is wanted; goods say at which store they are collected."""

    model_config = example(item="tea-set", quantity=1, store="S001")

    item: Code
    quantity: Annotated[int, Field(strict=True, ge=1, le=MOST)] = 1
    store: Code | None = None


class MallOrderedOut(BaseModel):
    """It was ordered, and its points are spent."""

    order_id: int = Field(examples=[811])
    member_id: int = Field(examples=[1042])
    item: str = Field(examples=["tea-set"])
    quantity: int = Field(examples=[1])
    points: int = Field(examples=[5])
    state: MallState
    points_available: int | None = Field(examples=[8])
    coupons: list[int] = Field(examples=[[]])
    points_of_others: int = Field(examples=[0], description="of the points, those of others of the household")
    people: int = Field(examples=[0], description="of how many people these are")


class MallOrderOut(BaseModel):
    """An order of the points mall."""

    order_id: int = Field(examples=[811])
    member_id: int = Field(examples=[1042])
    item: str = Field(examples=["tea-set"])
    kind: str = Field(examples=["goods"])
    quantity: int = Field(examples=[1])
    points: int = Field(examples=[5])
    cash_minor: int = Field(examples=[0])
    store_id: int | None = Field(examples=[7])
    state: MallState
    asked_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    ready_at: datetime | None = Field(examples=[None])
    keep_until: datetime | None = Field(examples=[None], description="goods not collected by then go back")
    ended_at: datetime | None = Field(examples=[None])

    @classmethod
    def of(cls, row: OrderView) -> MallOrderOut:
        """From the module's own type."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class MallOrdersOut(BaseModel):
    """A page of orders, the newest first. `after` opens the next page."""

    orders: list[MallOrderOut]
    after: str | None = Field(examples=["WzgxMV0"])


class MallCancelIn(In):
    """Why it is taken back."""

    model_config = example(reason="会员取消")

    reason: Text = ""


class DonationReceiptOut(BaseModel):
    """The receipt of a donation."""

    number: str = Field(examples=["library-00000812"])
    fund: str = Field(examples=["library"])
    member_id: int = Field(examples=[1042])
    points: int = Field(examples=[1])
    gives_minor: int = Field(examples=[10], description="what the shop gives")
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])

    @classmethod
    def of(cls, found: Receipt) -> DonationReceiptOut:
        """From the module's own type."""
        return cls(
            number=found.number,
            fund=found.fund,
            member_id=found.member_id,
            points=found.points,
            gives_minor=found.gives_minor,
            at=found.at,
        )
