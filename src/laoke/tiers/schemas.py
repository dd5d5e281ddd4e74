"""What the endpoints of tiers give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from laoke.engine.tiering import Ladder
from laoke.foundation.web.fields import Code
from laoke.tiers import ladder as ladders
from laoke.tiers.assigning import Assignment
from laoke.tiers.buying import Sale
from laoke.tiers.lasting import Lasting
from laoke.tiers.selectors import Stand


class CriterionOut(BaseModel):
    """One condition: a metric within a window of months or days, or a whole one, reaches a threshold.

    `metric`: spend, in minor units, purchases, points_earned, or interactions, of a `kind` or of all kinds. `window`:
    calendar_month, calendar_quarter, calendar_year, membership_year (from the anniversary of joining) or lifetime; of
    what keeps or extends a tier also period.
    """

    metric: str = Field(examples=["purchases"])
    kind: str | None = Field(None, examples=[None])
    months: int | None = Field(None, examples=[3])
    days: int | None = Field(None, examples=[None])
    window: str | None = Field(None, examples=[None])
    at_least: int = Field(examples=[2])


class AllOut(BaseModel):
    """Criteria of which all are needed."""

    all: list[CriterionOut]


class AnyOut(BaseModel):
    """Criteria of which one is enough."""

    any: list[CriterionOut | AllOut]


class TierOut(BaseModel):
    """One rung: every need must hold, a criterion or one of alternatives. The lowest is everybody's and has none."""

    code: str = Field(examples=["silver"])
    name_zh: str = Field(examples=["银卡会员"])
    name_en: str = Field(examples=["Silver"])
    needs: list[CriterionOut | AnyOut]
    validity: LastsOut | None = Field(None, examples=[None])
    inactive_days: int = Field(
        0, examples=[0], description="lost after so many days without a purchase; 0: never"
    )
    price: PriceOut | None = Field(
        None, examples=[None], description="what it can be bought for; null: not for sale"
    )


class PriceOut(BaseModel):
    """Points, and how long the tier then lasts: `months` or `days`, the day it is bought the first."""

    points: int = Field(examples=[5000])
    months: int | None = Field(None, examples=[12])
    days: int | None = Field(None, examples=[None])


class LastsOut(BaseModel):
    """How long a tier lasts: `months` or `days`, or until `ends`; what keeps it where that is not what reaches it."""

    months: int | None = Field(None, examples=[12])
    days: int | None = Field(None, examples=[None])
    ends: str | None = Field(None, examples=[None], description="year_end or next_year_end")
    grace_days: int = Field(0, examples=[7])
    basis: str = Field(
        "window", examples=["window"], description="window, or period: what was done since it began"
    )
    keep: list[CriterionOut | AnyOut] | None = Field(None, examples=[None])
    extension: ExtensionOut | None = Field(None, examples=[None])


class ExtensionOut(BaseModel):
    """Who does so much has the tier for some months more, once in each period."""

    months: int = Field(examples=[3])
    needs: list[CriterionOut | AnyOut]


class LadderOut(BaseModel):
    """The ladder in force, the lowest tier first."""

    tiers: list[TierOut]
    review: str = Field(examples=["quarterly"], description="quarterly, monthly or never")
    downgrade: str = Field(examples=["to_qualified"], description="to_qualified or one_step")
    upgrade: str = Field("at_once", examples=["at_once"], description="at_once or at_review")
    fall: str = Field(
        "at_review", examples=["at_review"], description="never, at_once, at_review or at_period_end"
    )

    @classmethod
    def of(cls, ladder: Ladder) -> LadderOut:
        """From the engine's type."""
        return cls.model_validate(ladders.to_document(ladder))


class NeedOut(BaseModel):
    """One criterion of the next tier, and how far the member is."""

    metric: str = Field(examples=["purchases"])
    kind: str | None = Field(
        None, examples=[None], description="of interactions, the kind of events; null: all kinds"
    )
    months: int | None = Field(None, examples=[3])
    days: int | None = Field(None, examples=[None])
    last_days: int | None = Field(None, examples=[None], description="so many days, today the last of them")
    window: str | None = Field(None, examples=[None])
    value: int = Field(examples=[1])
    at_least: int = Field(examples=[2])
    missing: int = Field(examples=[1])
    group: int | None = Field(
        None,
        examples=[None],
        description="criteria of the same group are alternatives, one part of it is enough; null: needed",
    )


class ProgressOut(BaseModel):
    """What is missing to the next tier."""

    next_tier: str = Field(examples=["silver"])
    needs: list[NeedOut]


class SaysOut(BaseModel):
    """A sentence in both languages."""

    zh: str = Field(examples=["再消费 360 元、购物 1 次，12 天内可升级为银卡会员"])
    en: str = Field(examples=["¥360 more spent and 1 more purchase within 12 days for Silver"])


class WayUpOut(ProgressOut):
    """What is missing to the next tier, in numbers and in words.

    `until` is the last day on which that much is enough: later, something counted now has left its window. It is null
    where nothing is lost by waiting.
    """

    until: date | None = Field(examples=["2026-03-22"])
    days_left: int | None = Field(examples=[12], description="to `until`; 0 today")
    says: SaysOut


class MoveOut(BaseModel):
    """One move on the ladder, its cause and each criterion as it was found."""

    from_tier: str = Field(examples=[""])
    to_tier: str = Field(examples=["basic"])
    at: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    cause: str = Field(examples=["enrolled"])
    reasons: list[dict[str, Any]] = Field(examples=[[]])
    order_id: int | None = Field(examples=[None])


class LastingOut(BaseModel):
    """Until when the tier is the member's; all null where it simply lasts.

    `valid_until` is the last day of the period; its end is judged on `judged_on`, after the grace. A tier that was not
    earned has `how` it came, the tier `assigned`, its last day, and the tier the member goes `back` to.
    """

    valid_until: date | None = Field(examples=[None])
    judged_on: date | None = Field(examples=[None])
    extended: bool = Field(examples=[False])
    how: str | None = Field(examples=[None], description="manual, trial, invitation, bought or paid")
    assigned: str | None = Field(examples=[None])
    assigned_until: date | None = Field(examples=[None])
    back: str | None = Field(examples=[None])


class StandOut(BaseModel):
    """A member's tier. `progress` is null at the top; `next_review` where nothing can be lost."""

    member_id: int = Field(examples=[1042])
    tier: str = Field(examples=["basic"])
    since: datetime = Field(examples=["2026-03-10T04:00:00Z"])
    reviewed_date: date | None = Field(examples=[None])
    next_review: date | None = Field(examples=[None])
    progress: WayUpOut | None
    lasting: LastingOut
    history: list[MoveOut]

    @classmethod
    def of(cls, stand: Stand) -> StandOut:
        """From the module's own type."""
        return cls.model_validate(asdict(stand))


Reason = Annotated[str, Field(min_length=1, max_length=300, examples=["Invited by the store"])]


class AssignIn(BaseModel):
    """A tier that was not earned. Without `until` a trial lasts 30 days, anything else until it is taken back."""

    model_config = ConfigDict(extra="forbid")

    tier: str = Field(min_length=1, max_length=20, examples=["gold"])
    how: Literal["manual", "trial", "invitation"] = Field("manual", examples=["invitation"])
    until: date | None = Field(None, examples=[None], description="the last day, such as 2026-12-31")
    reason: Reason


class RemoveIn(BaseModel):
    """Why a tier is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class AssignedOut(BaseModel):
    """Where the member stands now. `changed` is false for a repeat."""

    member_id: int = Field(examples=[1042])
    tier: str = Field(examples=["gold"])
    changed: bool = Field(examples=[True])
    lasting: LastingOut

    @classmethod
    def of(cls, done: Assignment, lasting: Lasting) -> AssignedOut:
        """From the module's own types."""
        return cls.model_validate(asdict(done) | {"lasting": asdict(lasting)})


class BuyIn(BaseModel):
    """A tier to be bought with points. A repeat is recognised by the reference."""

    model_config = ConfigDict(extra="forbid")

    tier: str = Field(min_length=1, max_length=20, examples=["silver"])
    reference: Annotated[Code, Field(examples=["APP-20260310-7"])]


class SaleOut(BaseModel):
    """A tier sold for points. `first` is false for a repeat, which changes nothing."""

    sale_id: int = Field(examples=[71])
    member_id: int = Field(examples=[1042])
    tier: str = Field(examples=["gold"])
    points: int = Field(examples=[5000])
    until: date = Field(examples=["2027-03-09"])
    undone: bool = Field(examples=[False])
    first: bool = Field(examples=[True])

    @classmethod
    def of(cls, sale: Sale) -> SaleOut:
        """From the module's own type."""
        return cls.model_validate(asdict(sale))
