"""What the endpoints of paid memberships take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from laoke.engine.memberships import Refund
from laoke.foundation.web.fields import Code, Id, In, Instant, Minor, Text, example
from laoke.tiers.memberships.plans import Plan
from laoke.tiers.memberships.records import Paid
from laoke.tiers.memberships.refunds import GivenUp
from laoke.tiers.memberships.selectors import MembershipView, PaymentView, RefundView
from laoke.tiers.memberships.services import Upgrade

PlanCode = Annotated[str, Field(min_length=1, max_length=40, examples=["gold-year"])]


class TrialOut(BaseModel):
    """Some days to try a plan, once for each member."""

    days: int = Field(examples=[30])
    price_minor: int = Field(examples=[0])


class RefundTermsOut(BaseModel):
    """What comes back: within `full_days` of a payment all of it, then pro rata by unused days or nothing."""

    full_days: int = Field(examples=[7])
    then: str = Field(examples=["pro_rata"], description="pro_rata or nothing")
    rounding: str = Field(examples=["down"])
    less_benefits: bool = Field(examples=[True], description="less what the benefits used cost")


class PlanOut(BaseModel):
    """What can be paid for. A term has `months` or `days`."""

    code: str = Field(examples=["gold-year"])
    zh: str = Field(examples=["金卡年费会员"])
    en: str = Field(examples=["Gold for a year"])
    tier: str = Field(examples=["gold"])
    price_minor: int = Field(examples=[19900])
    months: int | None = Field(examples=[12])
    days: int | None = Field(examples=[None])
    on_sale: bool = Field(examples=[True])
    trial: TrialOut | None
    grace_days: int = Field(examples=[7])
    refund: RefundTermsOut

    @classmethod
    def of(cls, plan: Plan) -> PlanOut:
        """From the module's own type."""
        refund = plan.refund
        return cls(
            code=plan.code,
            zh=plan.zh,
            en=plan.en,
            tier=plan.tier,
            price_minor=plan.price_minor,
            months=plan.length.months or None,
            days=plan.length.days or None,
            on_sale=plan.on_sale,
            trial=TrialOut(days=plan.trial.days, price_minor=plan.trial.price_minor) if plan.trial else None,
            grace_days=plan.grace_days,
            refund=RefundTermsOut(
                full_days=refund.full_days,
                then=refund.then.value,
                rounding=refund.rounding.value,
                less_benefits=refund.less_benefits,
            ),
        )


class PlansOut(BaseModel):
    """All plans of the programme, the cheapest first."""

    plans: list[PlanOut]


class PaidIn(In):
    """A payment as the shop's payment system tells it; a repeat is recognised by its reference.

    Left out, `paid_at` is now; it may lie up to 92 days back.
    """

    paid_minor: Minor
    reference: Annotated[Code, Field(examples=["WX-20260310-7"])]
    paid_at: Instant | None = None


class MembershipIn(PaidIn):
    """A member has paid for a plan, or begins its trial."""

    model_config = example(member_id=1042, plan="gold-year", paid_minor=19900, reference="WX-20260310-7")

    member_id: Id
    plan: PlanCode
    trial: bool = Field(default=False, strict=True)
    renews: bool = Field(default=False, strict=True, description="the payment system renews it")


class RenewIn(PaidIn):
    """A member has paid for another term."""

    model_config = example(paid_minor=19900, reference="WX-20260310-8")

    renews: bool | None = Field(
        default=None, strict=True, description="whether it renews from now on; null: as before"
    )


class UpgradeIn(RenewIn):
    """A member has paid what a dearer plan costs more."""

    model_config = example(plan="diamond-year", paid_minor=30055, reference="WX-20260310-9")

    plan: PlanCode


class CancelIn(In):
    """Why it is not renewed any more."""

    model_config = example(reason="会员不再续费")

    reason: Text = ""


class RefundIn(In):
    """The refund as the shop's payment system knows it. With `refund_minor` another sum is refused."""

    model_config = example(reference="RF-20260310-1", refund_minor=19900, reason="会员申请退费")

    reference: Annotated[Code, Field(examples=["RF-20260310-1"])]
    refund_minor: Minor | None = None
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class PaidOut(BaseModel):
    """What a payment came to. `until` is the last day paid, `through` that of the tier, grace included.

    `first` is false for a repeat, which changes nothing.
    """

    membership_id: int = Field(examples=[91])
    member_id: int = Field(examples=[1042])
    plan: str = Field(examples=["gold-year"])
    tier: str = Field(examples=["gold"])
    state: str = Field(examples=["running"])
    trial: bool = Field(examples=[False])
    until: date = Field(examples=["2027-03-09"])
    through: date = Field(examples=["2027-03-16"])
    first: bool = Field(examples=[True])

    @classmethod
    def of(cls, paid: Paid) -> PaidOut:
        """From the module's own type."""
        return cls.model_validate(paid, from_attributes=True)


class PaymentOut(BaseModel):
    """Days that were paid, or came over from another membership (`credit_minor` is what they are worth)."""

    kind: str = Field(examples=["start"], description="start, trial, renewal, upgrade or merge")
    first: date = Field(examples=["2026-03-10"])
    last: date = Field(examples=["2027-03-09"])
    minor: int = Field(examples=[19900])
    credit_minor: int = Field(examples=[0])
    reference: str | None = Field(examples=["WX-20260310-7"])
    paid_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    undone: bool = Field(examples=[False], description="the merge that brought it was undone")

    @classmethod
    def of(cls, found: PaymentView) -> PaymentOut:
        """From the module's own type."""
        return cls.model_validate(found, from_attributes=True)


class RefundOut(BaseModel):
    """Money that came back."""

    minor: int = Field(examples=[19900])
    unused_days: int = Field(examples=[364])
    benefits_minor: int = Field(examples=[0])
    reference: str = Field(examples=["RF-20260310-1"])
    reason: str = Field(examples=["会员申请退费"])
    refunded_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])

    @classmethod
    def of(cls, found: RefundView) -> RefundOut:
        """From the module's own type."""
        return cls.model_validate(found, from_attributes=True)


class MembershipOut(BaseModel):
    """A paid membership. `state`: running, ended, refunded, upgraded, merged or erased."""

    membership_id: int = Field(examples=[91])
    member_id: int = Field(examples=[1042])
    plan: str = Field(examples=["gold-year"])
    tier: str = Field(examples=["gold"])
    state: str = Field(examples=["running"])
    trial: bool = Field(examples=[False])
    renews: bool = Field(examples=[False])
    started_on: date = Field(examples=["2026-03-10"])
    until: date = Field(examples=["2027-03-09"])
    through: date = Field(examples=["2027-03-16"])
    paid_minor: int = Field(examples=[19900])
    refunded_minor: int = Field(examples=[0])
    cancelled_at: datetime | None = Field(examples=[None])
    ended_at: datetime | None = Field(examples=[None])
    payments: list[PaymentOut]
    refund: RefundOut | None

    @classmethod
    def of(cls, found: MembershipView) -> MembershipOut:
        """From the module's own type."""
        return cls.model_validate(found, from_attributes=True)


class MembershipsOut(BaseModel):
    """A member's memberships, the newest first."""

    memberships: list[MembershipOut]


class RefundPartOut(BaseModel):
    """What comes back of one payment."""

    first: date = Field(examples=["2026-03-10"])
    last: date = Field(examples=["2027-03-09"])
    worth_minor: int = Field(examples=[19900])
    unused_days: int = Field(examples=[364])
    minor: int = Field(examples=[19900])
    full: bool = Field(examples=[True], description="all of it, being so fresh")


class RefundNowOut(BaseModel):
    """What would come back now. `reason` says why nothing does: over, free, benefits or no_refunds."""

    refund_minor: int = Field(examples=[19900])
    unused_days: int = Field(examples=[364])
    benefits_minor: int = Field(examples=[0], description="taken off for benefits used")
    parts: list[RefundPartOut]
    reason: str | None = Field(examples=[None])

    @classmethod
    def of(cls, found: Refund) -> RefundNowOut:
        """From the engine's type."""
        return cls(
            refund_minor=found.minor,
            unused_days=found.unused,
            benefits_minor=found.benefits_minor,
            parts=[
                RefundPartOut(
                    first=part.term.first,
                    last=part.term.last,
                    worth_minor=part.term.worth_minor,
                    unused_days=part.unused,
                    minor=part.minor,
                    full=part.full,
                )
                for part in found.parts
            ],
            reason=found.reason,
        )


class GivenUpOut(BaseModel):
    """A membership that was given up: what the shop pays back. `first` is false for a repeat."""

    membership_id: int = Field(examples=[91])
    member_id: int = Field(examples=[1042])
    refund_minor: int = Field(examples=[19900])
    unused_days: int = Field(examples=[364])
    benefits_minor: int = Field(examples=[0])
    first: bool = Field(examples=[True])

    @classmethod
    def of(cls, found: GivenUp) -> GivenUpOut:
        """From the module's own type."""
        return cls.model_validate(found, from_attributes=True)


class UpgradeOut(BaseModel):
    """What a dearer plan costs now: its price less what the unused days are worth."""

    plan: str = Field(examples=["diamond-year"])
    price_minor: int = Field(examples=[49900])
    credit_minor: int = Field(examples=[19845])
    due_minor: int = Field(examples=[30055])

    @classmethod
    def of(cls, found: Upgrade) -> UpgradeOut:
        """From the module's own type."""
        return cls.model_validate(found, from_attributes=True)
