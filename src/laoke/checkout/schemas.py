"""What the checkout endpoints take and give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from laoke.checkout.overview import Overview
from laoke.checkout.types import (
    BasketRequest,
    LineRequest,
    MemberKey,
    OrderRequest,
    ReturnLineRequest,
    ReturnRequest,
    ShippingRequest,
    TenderRequest,
)
from laoke.engine.refunds import RefundPolicy
from laoke.foundation.web.fields import (
    Code,
    Currency,
    Id,
    In,
    Instant,
    Minor,
    PositivePoints,
    Quantity,
    Text,
    example,
)
from laoke.members.schemas import MemberOut
from laoke.members.selectors import identity_key
from laoke.tiers.schemas import LadderOut, ProgressOut, WayUpOut

DeliveryStatus = Literal["placed", "packed", "shipped", "delivered", "done", "cancelled"]


_BASKET: dict[str, object] = {
    "store": "S001",
    "channel": "pos",
    "currency": "CNY",
    "member": {"member_id": 1042},
    "lines": [{"sku": "0103001", "quantity": 2}, {"sku": "0101006", "quantity": "1.5"}],
}


_LINES: list[dict[str, object]] = [
    {
        "line_no": 1,
        "sku": "0103001",
        "name": "禾邻优选嫩豆腐 400g",
        "quantity": "2",
        "unit_price_minor": 340,
        "gross_minor": 680,
        "discount_minor": 0,
        "net_minor": 680,
        "points_minor": 0,
    },
    {
        "line_no": 2,
        "sku": "0101006",
        "name": "大白菜（散称）",
        "quantity": "1.5",
        "unit_price_minor": 440,
        "gross_minor": 660,
        "discount_minor": 0,
        "net_minor": 660,
        "points_minor": 0,
    },
]
_TOTALS: dict[str, object] = {
    "items_minor": 1340,
    "discount_minor": 0,
    "total_minor": 1340,
    "points_minor": 0,
    "shipping": None,
    "payable_minor": 1340,
}
_PROGRESS: dict[str, object] = {
    "next_tier": "silver",
    "needs": [
        {"metric": "purchases", "months": 3, "value": 1, "at_least": 2, "missing": 1, "group": None},
        {"metric": "spend", "months": 3, "value": 1340, "at_least": 50000, "missing": 48660, "group": None},
    ],
}


class MemberIn(In):
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


class LineIn(In):
    """One article. Without `unit_price_minor` the list price holds; `discount_minor` the shop took off itself."""

    sku: Code
    quantity: Quantity = Field(1000, description="units, up to three decimals")
    unit_price_minor: Minor | None = None
    discount_minor: Minor = 0


class ShippingIn(In):
    """How the goods are brought to the shopper, and what is asked for it before offers."""

    method: Code
    fee_minor: Minor


class BasketIn(In):
    """A basket to be priced."""

    model_config = example(**_BASKET, points_to_redeem=0)

    store: Code
    channel: Code
    currency: Currency = "CNY"
    member: MemberIn | None = None
    lines: list[LineIn] = Field(min_length=1)
    points_to_redeem: PositivePoints = 0
    codes: list[Code] = Field([], max_length=20, description="codes the shopper entered")
    gift_choices: dict[Code, Code] = Field(
        {}, max_length=20, description="by offer, the SKU of the gift the shopper chose"
    )
    shipping: ShippingIn | None = None
    order_no: Code | None = Field(
        None, description="the store's number of the order, for coupons that are held for it"
    )
    points_hold: Id | None = Field(
        None,
        description="points set aside for this purchase, by the number of the hold: they count as usable",
    )

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
            tuple(self.codes),
            tuple(sorted(self.gift_choices.items())),
            ShippingRequest(self.shipping.method, self.shipping.fee_minor) if self.shipping else None,
            self.order_no,
            self.points_hold,
        )


class TenderIn(In):
    """One payment with money."""

    kind: Annotated[str, Field(pattern="^[a-z0-9_]{1,20}$", examples=["wechat_pay"])]
    amount_minor: Minor
    reference: Annotated[Text, Field(max_length=64)] = ""


class OrderIn(BasketIn):
    """A purchase to be recorded. `quote` is the text a quote gave: its prices and rules then hold for 15 minutes."""

    model_config = example(
        **_BASKET,
        points_to_redeem=0,
        order_no="S001-20260310-0131",
        placed_at="2026-03-10T12:00:00+08:00",
        tenders=[{"kind": "wechat_pay", "amount_minor": 1340, "reference": "4200002026031000131"}],
        delivery_status="done",
    )

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


class ReturnLineIn(In):
    """How much of one line comes back."""

    line_no: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    quantity: Quantity


class ReturnIn(In):
    """Goods brought back. Without `lines` everything that is left; without `store` it is the store of the order."""

    model_config = example(
        return_no="R-0007",
        returned_at="2026-03-12T17:30:00+08:00",
        lines=[{"line_no": 1, "quantity": "1"}],
        reason="包装破损",
    )

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


class LineOut(BaseModel):
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


class ShippingOut(BaseModel):
    """What bringing the goods costs: fee less what offers take off it. Points do not settle it and it earns none."""

    method: str
    fee_minor: int
    discount_minor: int
    payable_minor: int


class _Totals(BaseModel):
    items_minor: int
    discount_minor: int
    total_minor: int
    points_minor: int
    shipping: ShippingOut | None
    payable_minor: int


class NameOut(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class OfferLineOut(BaseModel):
    """What an offer took off one line."""

    line_no: int
    amount_minor: int


class GiftOut(BaseModel):
    """A gift beside the basket. Without `sku` it is still to be chosen from `choices`."""

    sku: str | None
    quantity: int
    choices: list[str]


class CouponGrantOut(BaseModel):
    """Coupons that come with the order."""

    template: str
    name: NameOut
    quantity: int


class OfferPointsOut(BaseModel):
    """More points for one line."""

    line_no: int
    points: int


class OfferOut(BaseModel):
    """An offer that was given; `amount_minor` holds what is off lines and, `shipping_minor` of it, off the delivery."""

    offer: str
    name: NameOut
    amount_minor: int
    shipping_minor: int
    lines: list[OfferLineOut]
    gifts: list[GiftOut]
    coupons: list[CouponGrantOut]
    points: int = Field(description="more points that the purchase earns")
    points_by_line: list[OfferPointsOut]


class EarningOut(BaseModel):
    """Points that one rule of earning gave; below zero what a limit took. With those of offers they sum to all."""

    rule: str = Field(description="its key; `base` the rate, `tier` the member's tier, `cap` a limit")
    name: NameOut
    points: int


class OfferRefusedOut(BaseModel):
    """An offer that concerns the basket and was not given, with the first reason."""

    offer: str
    name: NameOut
    reason: str
    says: NameOut


class CodeRejectedOut(BaseModel):
    """A code that brought nothing."""

    code: str = Field(description="as entered; of a coupon only the end")
    place: int = Field(description="its place among the codes, from 0")
    reason: str
    says: NameOut


class CouponUsedOut(BaseModel):
    """A coupon the order uses, the offers it is for and what they take off."""

    coupon_id: int
    place: int
    code: str
    template: str
    name: NameOut
    offers: list[str]
    amount_minor: int


class CouponIssuedOut(BaseModel):
    """A coupon that came into the member's wallet with the order."""

    coupon_id: int
    template: str
    offer: str
    valid_from: datetime
    valid_until: datetime


class CouponMissingOut(BaseModel):
    """Coupons that did not come with the order, and why."""

    template: str
    offer: str
    quantity: int
    reason: str


class CouponBackOut(BaseModel):
    """What became of a coupon with a return: given_back, expired, kept_used or revoked."""

    coupon_id: int
    template: str
    became: str


class HouseholdPointsOut(BaseModel):
    """Points of people the member lives with who share theirs. The member's own are spent first."""

    points_available: int = Field(description="can be spent beside the member's own")
    people: int = Field(description="how many people these are of")
    points_used: int = Field(description="what of the points to redeem is theirs")
    used_from: int = Field(description="from how many people")
    members: list[int] | None = Field(description="their numbers; only for keys with `members:read`")


class HouseholdQuoteOut(HouseholdPointsOut):
    """The same, with names."""

    names: list[str] | None = Field(description="theirs, masked; only for keys with `members:read`")


_HOUSEHOLD_NOTE = "null: none can be spent, or the programme does not pool points"


class QuoteMemberOut(BaseModel):
    """The member as of the quote."""

    member_id: int
    tier: str
    points_available: int
    progress: ProgressOut | None


_EARNING = [{"rule": "base", "name": {"zh": "消费积分", "en": "Points for the purchase"}, "points": 13}]


class QuoteOut(_Totals):
    """A priced basket. Send `quote` with the order within 15 minutes and it holds."""

    model_config = example(
        quote="WzIsMTc5NTMzNTY0Njk4NDA5NyxbMzQwLDQ0MF0sIjRjYzM1OWQ2NzdlZTEzZjM1Il0.hG487DY8egJ7xHBI-0lVyQ",
        programme_version=2,
        priced_at="2026-03-10T04:00:00Z",
        valid_until="2026-03-10T04:15:00Z",
        lines=_LINES,
        **_TOTALS,
        offers=[],
        offers_refused=[],
        codes_rejected=[],
        coupons=[],
        points_to_earn=13,
        points_usable_from=None,
        earning=_EARNING,
        points_usable=0,
        points_usable_minor=0,
        points_to_redeem=0,
        reasons=[{"code": "points_below_step", "step": 100, "missing": 87}],
        hints=[],
        household=None,
        member={"member_id": 1042, "tier": "basic", "points_available": 13, "progress": _PROGRESS},
    )

    quote: str
    programme_version: int
    priced_at: datetime
    valid_until: datetime
    lines: list[LineOut]
    offers: list[OfferOut]
    offers_refused: list[OfferRefusedOut]
    codes_rejected: list[CodeRejectedOut]
    coupons: list[CouponUsedOut]
    points_to_earn: int
    points_usable_from: datetime | None = Field(description="they will be pending until then; null: at once")
    earning: list[EarningOut]
    points_usable: int
    points_usable_minor: int
    points_to_redeem: int
    reasons: list[dict[str, Any]]
    hints: list[dict[str, Any]]
    household: HouseholdQuoteOut | None = Field(description=_HOUSEHOLD_NOTE)
    member: QuoteMemberOut | None


class OrderMemberOut(BaseModel):
    """The member after the order. `tier_before` is set when the order brought a new tier."""

    member_id: int
    points_available: int
    tier: str
    tier_before: str | None
    progress: ProgressOut | None


class OrderOut(_Totals):
    """A recorded purchase."""

    model_config = example(
        order_id=88213,
        order_no="S001-20260310-0131",
        store="S001",
        placed_at="2026-03-10T04:00:00Z",
        programme_version=2,
        lines=_LINES,
        **_TOTALS,
        offers=[],
        codes_rejected=[],
        coupons=[],
        coupons_issued=[],
        coupons_missing=[],
        points_redeemed=0,
        points_earned=13,
        points_usable_from=None,
        earning=_EARNING,
        household=None,
        member={
            "member_id": 1042,
            "points_available": 26,
            "tier": "basic",
            "tier_before": None,
            "progress": _PROGRESS,
        },
    )

    order_id: int
    order_no: str
    store: str
    placed_at: datetime
    programme_version: int
    lines: list[LineOut]
    offers: list[OfferOut]
    codes_rejected: list[CodeRejectedOut]
    coupons: list[CouponUsedOut]
    coupons_issued: list[CouponIssuedOut]
    coupons_missing: list[CouponMissingOut]
    points_redeemed: int
    points_earned: int
    points_usable_from: datetime | None = Field(
        description="points earned are pending until then; null: at once"
    )
    earning: list[EarningOut]
    household: HouseholdPointsOut | None = Field(
        description="before the order; null: no points were wanted, or as in a quote"
    )
    member: OrderMemberOut | None


class ReturnedLineOut(BaseModel):
    """What came back of one line and its value."""

    line_no: int
    quantity: str
    returned_minor: int


class ReturnMemberOut(BaseModel):
    """The member after the return."""

    member_id: int
    points_available: int
    tier: str
    tier_before: str | None


class GiftDueOut(BaseModel):
    """A gift that is no longer earned. Without `sku` it was never chosen."""

    offer: str
    sku: str | None
    quantity: int


class ReturnOut(BaseModel):
    """A recorded return: `refund_minor` is the money to give back for goods, `shipping_refund_minor` what was paid for
    their delivery, due with the last piece; `gifts_due` is what the shopper has to bring along.

    `refund_policy` says what happened to discounts: what was paid for a piece is given back (`keep_the_deal`), what is
    kept is priced anew (`reprice_kept`), or the order's discount belongs to all pieces alike (`pro_rata`).
    """

    model_config = example(
        return_id=512,
        return_no="R-0007",
        order_id=88213,
        order_no="S001-20260310-0131",
        store="S001",
        returned_at="2026-03-12T09:30:00Z",
        lines=[{"line_no": 1, "quantity": "1", "returned_minor": 340}],
        returned_minor=340,
        refund_minor=340,
        shipping_refund_minor=0,
        points_restored=0,
        points_restored_to_others=0,
        points_clawed_back=3,
        points_debt=0,
        left_minor=1000,
        refund_policy="keep_the_deal",
        gifts_due=[],
        coupons=[],
        member={"member_id": 1042, "points_available": 23, "tier": "basic", "tier_before": None},
    )

    return_id: int
    return_no: str
    order_id: int
    order_no: str
    store: str
    returned_at: datetime
    lines: list[ReturnedLineOut]
    returned_minor: int
    refund_minor: int
    shipping_refund_minor: int
    points_restored: int
    points_restored_to_others: int = Field(
        description="of these, those that others of the household had given"
    )
    points_clawed_back: int
    points_debt: int
    left_minor: int
    refund_policy: RefundPolicy
    gifts_due: list[GiftDueOut]
    coupons: list[CouponBackOut]
    member: ReturnMemberOut | None


class DeliveryIn(In):
    """A step of the order on its way. Goods of a cancelled order are taken back as a return."""

    model_config = example(status="shipped", at="2026-03-10T16:15:00+08:00")

    status: DeliveryStatus
    at: Instant


class DeliveryTakenOut(BaseModel):
    """Where the order stands; `changed` is false when it stood there already."""

    model_config = example(order_id=88213, status="shipped", at="2026-03-10T08:15:00Z", changed=True)

    order_id: int
    status: DeliveryStatus
    at: datetime
    changed: bool


class OverviewPointsOut(BaseModel):
    """The points of a member in short."""

    available: int = Field(examples=[8])
    debt: int = Field(examples=[0])
    expiring_soon: int = Field(examples=[0])
    expiring_until: datetime = Field(examples=["2026-04-09T04:00:00Z"])


class OverviewTierOut(BaseModel):
    """The tier of a member in short."""

    tier: str = Field(examples=["basic"])
    since: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    next_review: date | None = Field(examples=[None])
    progress: WayUpOut | None


class OverviewClassesOut(BaseModel):
    """The classes of a member in short."""

    as_of: date = Field(examples=["2026-03-09"])
    rfm: str = Field(examples=["high_value"])
    value: str = Field(examples=["core"])


class OverviewOut(BaseModel):
    """A member at a glance. `classes` is null before the first computation, and without `insight:read`."""

    member: MemberOut
    points: OverviewPointsOut
    tier: OverviewTierOut
    classes: OverviewClassesOut | None

    @classmethod
    def of(cls, overview: Overview) -> OverviewOut:
        """From the module's own type."""
        points, stand, classes = overview.points, overview.stand, overview.classes
        return cls(
            member=MemberOut.of(overview.profile),
            points=OverviewPointsOut(
                available=points.available,
                debt=points.debt,
                expiring_soon=points.expiring_soon,
                expiring_until=points.expiring_until,
            ),
            tier=OverviewTierOut(
                tier=stand.tier,
                since=stand.since,
                next_review=stand.next_review,
                progress=WayUpOut.model_validate(asdict(stand.progress)) if stand.progress else None,
            ),
            classes=OverviewClassesOut(
                as_of=classes.features.as_of, rfm=classes.rfm.outcome, value=classes.value.outcome
            )
            if classes
            else None,
        )


class GiveBackOut(BaseModel):
    """The share of spend given back when every point is redeemed, exactly and as a shopkeeper reads it."""

    fraction: str = Field(examples=["1/100"])
    percent: str = Field(examples=["1%"])


class ProgrammeOut(BaseModel):
    """The rules in force: of points as published, and the ladder."""

    version: int = Field(examples=[2])
    currency: str = Field(examples=["CNY"])
    time_zone: str = Field(examples=["Asia/Shanghai"])
    points: dict[str, Any] = Field(
        examples=[
            {
                "earn": {"points": 1, "per_minor": 100, "rounding": "down"},
                "spend": {"points": 100, "worth_minor": 100, "step": 100, "max_percent": 50},
                "expires": "rolling",
                "valid_months": 12,
                "shortfall": "debt",
                "grace_days": 30,
            }
        ]
    )
    give_back: GiveBackOut
    ladder: LadderOut
