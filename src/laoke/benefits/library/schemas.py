"""What the endpoints of benefits take and give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from laoke.benefits.library.entitlements import Entitlement, Entitlements, describe
from laoke.benefits.library.errors import refusal_words
from laoke.benefits.library.publication import Benefit
from laoke.benefits.library.selectors import BenefitRow, BudgetRow, UseView
from laoke.benefits.library.using import MOST_UNITS
from laoke.benefits.strategies.partner_code.pool import Pool
from laoke.foundation.web.fields import Code, In, Instant, Text, example

Units = Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS)]


class BenefitNameOut(BaseModel):
    """A name in both languages."""

    zh: str = Field(examples=["免费停车"])
    en: str = Field(examples=["Free parking"])

    @classmethod
    def of(cls, benefit: Benefit) -> BenefitNameOut:
        """From the module's own type."""
        return cls(zh=benefit.document.name.zh, en=benefit.document.name.en)


class BenefitOut(BaseModel):
    """A benefit in force, and how it goes this year."""

    benefit: str = Field(examples=["parking"])
    name: BenefitNameOut
    kind: str = Field(examples=["service"])
    unit: str = Field(examples=["hour"])
    document: dict[str, Any] = Field(
        examples=[
            {
                "name": {"zh": "免费停车", "en": "Free parking"},
                "service": {"does": "parking", "unit": "hour"},
                "tiers": {"gold": {"quota": 10}, "diamond": {"quota": 20}},
                "per": "month",
                "cost_minor": 500,
            }
        ],
        description="as published",
    )
    stock: int | None = Field(examples=[None], description="pieces or seats for all; null: any number")
    taken: int | None = Field(examples=[None])
    uses: int = Field(examples=[1])
    users: int = Field(examples=[1])
    cost_minor: int = Field(examples=[1000])
    seen_by: int = Field(examples=[1], description="members who were ever shown it")

    @classmethod
    def of(cls, row: BenefitRow) -> BenefitOut:
        """From the module's own type."""
        document = row.benefit.document
        return cls(
            benefit=row.benefit.key,
            name=BenefitNameOut.of(row.benefit),
            kind=document.kind.value,
            unit=document.unit.value,
            document=document.model_dump(mode="json", exclude_unset=True, by_alias=True),
            stock=document.stock,
            taken=row.taken,
            uses=row.uses,
            users=row.users,
            cost_minor=row.cost_minor,
            seen_by=row.seen_by,
        )


class BenefitBudgetOut(BaseModel):
    """What the benefits of a tier cost in a calendar year; without a budget they may cost anything."""

    tier: str = Field(examples=["gold"])
    year: int = Field(examples=[2026])
    spent_minor: int = Field(examples=[1000])
    budget_minor: int | None = Field(examples=[5000000])
    alarm_minor: int | None = Field(examples=[4500000], description="from here on somebody is told")
    most_minor: int | None = Field(examples=[5100000], description="never more than this")

    @classmethod
    def of(cls, row: BudgetRow) -> BenefitBudgetOut:
        """From the module's own type."""
        starts: date = row.starts
        return cls.model_validate(asdict(row) | {"year": starts.year})


class BenefitsOut(BaseModel):
    """The library."""

    benefits: list[BenefitOut]
    budgets: list[BenefitBudgetOut]


class WhyNotOut(BaseModel):
    """Why a benefit cannot be used; what else is told depends on the reason."""

    code: str = Field(examples=["used_up"])
    says: str = Field(examples=["The member has used all of it."])
    details: dict[str, Any] = Field(examples=[{"left": 0, "again": "2026-04-01T00:00:00+08:00"}])

    @classmethod
    def of(cls, reason: Mapping[str, Any]) -> WhyNotOut:
        """From a reason as plain values."""
        details = {name: value for name, value in reason.items() if name != "code"}
        return cls(code=reason["code"], says=refusal_words(reason["code"]), details=details)


class EntitlementOut(BaseModel):
    """Where one benefit stands with the member."""

    benefit: str = Field(examples=["parking"])
    name: BenefitNameOut
    kind: str = Field(examples=["service"])
    does: str | None = Field(examples=["parking"], description="of a service: what is to be done")
    unit: str = Field(examples=["hour"])
    usable: bool = Field(examples=[True])
    amount: int | None = Field(examples=[1], description="what a unit is worth to this member")
    left: int | None = Field(examples=[10], description="units that can be used; null: any number")
    until: datetime | None = Field(
        examples=["2026-04-01T00:00:00+08:00"], description="when that ends or is full again"
    )
    grant_id: int | None = Field(examples=[None], description="the grant a use takes from")
    seen: bool = Field(examples=[False], description="whether the member was shown it before")
    why_not: list[WhyNotOut]

    @classmethod
    def of(cls, row: Entitlement) -> EntitlementOut:
        """From the module's own type."""
        document, verdict = row.benefit.document, row.verdict
        return cls(
            benefit=row.benefit.key,
            name=BenefitNameOut.of(row.benefit),
            kind=document.kind.value,
            does=document.service.does.value if document.service is not None else None,
            unit=document.unit.value,
            usable=verdict.usable,
            amount=None if verdict.share is None else verdict.share.amount,
            left=verdict.left,
            until=verdict.until,
            grant_id=verdict.grant_id,
            seen=row.seen,
            why_not=[WhyNotOut.of(reason) for reason in describe(verdict)],
        )


class EntitlementsOut(BaseModel):
    """What a member may use now, and why not the rest."""

    member_id: int = Field(examples=[1042])
    tier: str | None = Field(examples=["gold"])
    benefits: list[EntitlementOut]

    @classmethod
    def of(cls, found: Entitlements) -> EntitlementsOut:
        """From the module's own type."""
        return cls(
            member_id=found.member_id,
            tier=found.tier,
            benefits=[EntitlementOut.of(row) for row in found.rows],
        )


class BenefitUseIn(In):
    """How much of it is used, where, and the order or receipt it goes with."""

    model_config = example(units=2, store="S001", reference="P-20260310-17")

    units: Units = 1
    store: Code | None = None
    reference: Annotated[Text, Field(max_length=64)] = ""


class BenefitUsedOut(BaseModel):
    """A benefit was used."""

    use_id: int = Field(examples=[701])
    member_id: int = Field(examples=[1042])
    benefit: str = Field(examples=["parking"])
    units: int = Field(examples=[2])
    left: int | None = Field(examples=[8], description="units that can still be used; null: any number")
    cost_minor: int = Field(examples=[1000])
    points: int | None = Field(examples=[None], description="points it brought")
    coupons: list[int] = Field(examples=[[]], description="coupons it brought")
    codes: int = Field(examples=[0], description="codes of a partner it brought: read them with the use")


class BenefitUndoIn(In):
    """Why a use is taken back."""

    model_config = example(reason="扫码有误")

    reason: Text = ""


class BenefitUndoneOut(BaseModel):
    """`changed` is false when it was undone before."""

    use_id: int = Field(examples=[701])
    changed: bool = Field(examples=[True])


class BenefitUseOut(BaseModel):
    """A use of a benefit, undone or not."""

    use_id: int = Field(examples=[701])
    member_id: int = Field(examples=[1042])
    benefit: str = Field(examples=["parking"])
    units: int = Field(examples=[2])
    amount: int = Field(examples=[1])
    tier: str = Field(examples=["gold"])
    cost_minor: int = Field(examples=[1000])
    store_id: int | None = Field(examples=[7])
    reference: str = Field(examples=["P-20260310-17"])
    used_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    used_by: str = Field(examples=["till 1"])
    undone_at: datetime | None = Field(examples=[None])
    undone_why: str = Field(examples=[""])
    codes: int = Field(examples=[0])

    @classmethod
    def of(cls, view: UseView) -> BenefitUseOut:
        """From the module's own type."""
        return cls.model_validate(asdict(view))


class BenefitUsesOut(BaseModel):
    """A page of a member's uses, the newest first. `after` opens the next page."""

    uses: list[BenefitUseOut]
    after: str | None = Field(examples=["WzcwMV0"])


class BenefitCodeOut(BaseModel):
    """A code of a partner, in full."""

    code: str = Field(examples=["LIN-8K3Q-77"])
    expires_at: datetime = Field(examples=["2026-12-31T16:00:00Z"])


class BenefitCodesOut(BaseModel):
    """The codes a use brought."""

    codes: list[BenefitCodeOut]


class BenefitGrantIn(In):
    """Why the member gets it."""

    model_config = example(reason="配送延误致歉")

    reason: Text = ""


class BenefitGrantedOut(BaseModel):
    """A grant."""

    grant_id: int = Field(examples=[901])
    member_id: int = Field(examples=[1042])
    benefit: str = Field(examples=["gift-box"])
    valid_from: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    valid_until: datetime = Field(examples=["2026-04-09T16:00:00Z"])


class BenefitRevokeIn(In):
    """Why a grant is taken back."""

    model_config = example(reason="误发")

    reason: Text = ""


class BenefitRevokedOut(BaseModel):
    """`changed` is false when it was revoked before."""

    grant_id: int = Field(examples=[901])
    changed: bool = Field(examples=[True])


class BenefitsSeenIn(In):
    """Benefits the member was shown."""

    model_config = example(benefits=["parking"])

    benefits: Annotated[list[Code], Field(min_length=1, max_length=200)]


class BenefitsSeenOut(BaseModel):
    """How many of them are new to the member."""

    first: int = Field(examples=[1])


class PartnerCodesIn(In):
    """Codes of a partner: all go in, or none."""

    model_config = example(
        batch="2026-03", codes=["LIN-8K3Q-77", "LIN-8K3Q-78"], expires_at="2046-12-31T23:59:59+08:00"
    )

    batch: Code
    codes: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(min_length=1, max_length=1000)]
    expires_at: Instant


class PartnerPoolOut(BaseModel):
    """How the codes of a partner stand."""

    benefit: str = Field(examples=["coffee"])
    open: int = Field(examples=[2], description="can be handed out")
    expired: int = Field(examples=[0])
    taken: int = Field(examples=[0])
    void: int = Field(examples=[0], description="taken, and their use undone")
    ends: datetime | None = Field(
        examples=["2046-12-31T15:59:59Z"], description="when the first open one ends"
    )
    to_settle: int = Field(examples=[0], description="taken and not settled")
    to_settle_minor: int = Field(examples=[0])

    @classmethod
    def of(cls, found: Pool) -> PartnerPoolOut:
        """From the module's own type."""
        return cls.model_validate(asdict(found))


class PartnerSettleIn(In):
    """Settle what members got until before this instant."""

    model_config = example(until="2026-03-10T00:00:00+08:00")

    until: Instant


class PartnerSettledOut(BaseModel):
    """The settlement; no codes and no number when there was nothing to settle."""

    settlement_id: int | None = Field(examples=[None])
    benefit: str = Field(examples=["coffee"])
    codes: int = Field(examples=[0])
    amount_minor: int = Field(examples=[0])
