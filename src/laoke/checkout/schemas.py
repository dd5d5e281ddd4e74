"""What the checkout endpoints take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, model_validator

from laoke.checkout.types import (
    BasketRequest,
    LineRequest,
    MemberKey,
    OrderRequest,
    ReturnLineRequest,
    ReturnRequest,
    TenderRequest,
)
from laoke.foundation.web.fields import Code, Currency, Instant, Minor, PositivePoints, Quantity, Text
from laoke.members.selectors import identity_key

DeliveryStatus = Literal["placed", "packed", "shipped", "delivered", "done", "cancelled"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MemberIn(_In):
    """The member, by exactly one of these. `issuer` names the app of an openid or the shop of an account."""

    member_id: Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)] | None = None
    card: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    wechat_openid: Text | None = None
    wechat_unionid: Text | None = None
    shop_account: Text | None = None
    issuer: Code | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> MemberIn:
        if len(self.model_fields_set - {"issuer"}) != 1:
            raise ValueError("name the member by exactly one of member_id, card, phone ...")
        return self

    def key(self) -> MemberKey:
        """As the services take it."""
        if self.member_id is not None:
            return MemberKey(self.member_id)
        (kind,) = self.model_fields_set - {"issuer"}
        found = identity_key(kind, getattr(self, kind) or "", self.issuer or "")
        return MemberKey(None, found.kind.value, found.issuer, found.blind_index)


class LineIn(_In):
    """One article. Without `unit_price_minor` the list price holds; `discount_minor` the shop took off itself."""

    sku: Code
    quantity: Quantity = Field(1000, description="units, up to three decimals")
    unit_price_minor: Minor | None = None
    discount_minor: Minor = 0


class BasketIn(_In):
    """A basket to be priced."""

    store: Code
    channel: Code
    currency: Currency = "CNY"
    member: MemberIn | None = None
    lines: list[LineIn] = Field(min_length=1)
    points_to_redeem: PositivePoints = 0

    def basket(self) -> BasketRequest:
        """As the services take it."""
        return BasketRequest(
            self.store,
            self.channel,
            self.currency,
            tuple(
                LineRequest(line.sku, line.quantity, line.unit_price_minor, line.discount_minor)
                for line in self.lines
            ),
            self.member.key() if self.member else None,
            self.points_to_redeem,
        )


class TenderIn(_In):
    """One payment with money."""

    kind: Annotated[str, Field(pattern="^[a-z0-9_]{1,20}$", examples=["wechat_pay"])]
    amount_minor: Minor
    reference: Annotated[str, Field(max_length=64)] = ""


class OrderIn(BasketIn):
    """A purchase to be recorded. `quote` is the text a quote gave: its prices and rules then hold for 15 minutes."""

    order_no: Code
    placed_at: Instant
    tenders: list[TenderIn] = Field([], max_length=20)
    quote: Annotated[str, Field(max_length=8000)] | None = None
    delivery_status: DeliveryStatus = "done"

    def request(self) -> OrderRequest:
        """As the services take it."""
        return OrderRequest(
            self.order_no,
            self.basket(),
            self.placed_at,
            tuple(
                TenderRequest(tender.kind, tender.amount_minor, tender.reference) for tender in self.tenders
            ),
            self.quote,
            self.delivery_status,
        )


class ReturnLineIn(_In):
    """How much of one line comes back."""

    line_no: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    quantity: Quantity


class ReturnIn(_In):
    """Goods brought back. Without `lines` everything that is left; without `store` it is the store of the order."""

    return_no: Code
    returned_at: Instant
    lines: Annotated[list[ReturnLineIn], Field(min_length=1, max_length=500)] | None = None
    store: Code | None = None
    reason: Text = ""

    def request(self, order_id: int) -> ReturnRequest:
        """As the services take it."""
        return ReturnRequest(
            self.return_no,
            order_id,
            self.returned_at,
            tuple(ReturnLineRequest(line.line_no, line.quantity) for line in self.lines)
            if self.lines
            else None,
            self.store,
            self.reason,
        )


class NeedOut(Schema):
    """One criterion of the next tier."""

    metric: str
    months: int | None = None
    days: int | None = None
    value: int
    at_least: int
    missing: int


class ProgressOut(Schema):
    """What is missing to the next tier."""

    next_tier: str
    needs: list[NeedOut]


class LineOut(Schema):
    """One priced line."""

    line_no: int
    sku: str
    name: str
    quantity: str
    unit_price_minor: int
    gross_minor: int
    discount_minor: int
    net_minor: int
    points_minor: int


class _Totals(Schema):
    items_minor: int
    discount_minor: int
    total_minor: int
    points_minor: int
    payable_minor: int


class QuoteMemberOut(Schema):
    """The member as of the quote."""

    member_id: int
    tier: str
    points_available: int
    progress: ProgressOut | None


class QuoteOut(_Totals):
    """A priced basket. Send `quote` with the order within 15 minutes and it holds."""

    quote: str
    programme_version: int
    priced_at: datetime
    valid_until: datetime
    lines: list[LineOut]
    points_to_earn: int
    points_usable: int
    points_usable_minor: int
    points_to_redeem: int
    reasons: list[dict[str, Any]]
    hints: list[dict[str, Any]]
    member: QuoteMemberOut | None


class OrderMemberOut(Schema):
    """The member after the order. `tier_before` is set when the order brought a new tier."""

    member_id: int
    points_available: int
    tier: str
    tier_before: str | None
    progress: ProgressOut | None


class OrderOut(_Totals):
    """A recorded purchase."""

    order_id: int
    order_no: str
    store: str
    placed_at: datetime
    programme_version: int
    lines: list[LineOut]
    points_redeemed: int
    points_earned: int
    member: OrderMemberOut | None


class ReturnedLineOut(Schema):
    """What came back of one line and its value."""

    line_no: int
    quantity: str
    returned_minor: int


class ReturnMemberOut(Schema):
    """The member after the return."""

    member_id: int
    points_available: int
    tier: str
    tier_before: str | None


class ReturnOut(Schema):
    """A recorded return: `refund_minor` is the money to give back."""

    return_id: int
    return_no: str
    order_id: int
    order_no: str
    store: str
    returned_at: datetime
    lines: list[ReturnedLineOut]
    returned_minor: int
    refund_minor: int
    points_restored: int
    points_clawed_back: int
    points_debt: int
    left_minor: int
    member: ReturnMemberOut | None


class DeliveryIn(_In):
    """A step of the order on its way."""

    status: DeliveryStatus
    at: Instant
