"""What the endpoints of the month-end give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

from pydantic import BaseModel, Field

from laoke.points.liability.forecasting import Forecast
from laoke.points.liability.selectors import CloseView, MonthView


class MonthOut(BaseModel):
    """One closed month."""

    month: date = Field(examples=["2026-03-01"], description="its first day")
    closed_at: datetime = Field(examples=["2026-04-02T01:00:00Z"])
    closed_by: str = Field(examples=["wu"])
    points_open: int = Field(examples=[312])
    face_minor: int = Field(examples=[312], description="what they would settle")
    lapsing: int = Field(examples=[0], description="of them, expected to lapse")
    liability_minor: int = Field(examples=[309])
    earned_minor: int = Field(examples=[482], description="what the points earned in the month would settle")
    paid_minor: int | None = Field(examples=[48370], description="paid for the purchases that earned them")


class MonthsOut(BaseModel):
    """The closed months, the newest first."""

    months: list[MonthOut]

    @classmethod
    def of(cls, found: list[MonthView]) -> MonthsOut:
        """From the module's own type."""
        return cls.model_validate({"months": [asdict(each) for each in found]})


class CohortOut(BaseModel):
    """The points issued in one month, summed since issue."""

    month: date = Field(examples=["2026-03-01"])
    issued: int = Field(examples=[482])
    redeemed: int = Field(examples=[100])
    taken_back: int = Field(examples=[70])
    expired: int = Field(examples=[0])
    open: int = Field(examples=[312])
    lapsing: int = Field(examples=[0])
    ends_first: date | None = Field(examples=["2027-03-01"], description="month in which the first end")
    ends_last: date | None = Field(examples=["2027-03-01"], description="the last; null: some never do")
    liability_minor: int = Field(examples=[309])


class EntryOut(BaseModel):
    """One journal entry."""

    at: datetime = Field(examples=["2026-04-02T01:00:00Z"])
    cause: str = Field(examples=["deferral"])
    debit: str = Field(examples=["revenue"])
    credit: str = Field(examples=["contract-liability"])
    amount_minor: int = Field(examples=[477])


class ExpiryOut(BaseModel):
    """Points that end in one month to come."""

    month: str = Field(examples=["2027-03"])
    points: int = Field(examples=[312])
    lapsing: int = Field(examples=[0])


class LiabilityOut(BaseModel):
    """What points were worth at the end of a closed month. The bounds are of an interval of 95 %."""

    month: date = Field(examples=["2026-03-01"], description="its first day")
    closed_at: datetime = Field(examples=["2026-04-02T01:00:00Z"])
    closed_by: str = Field(examples=["wu"])
    points_open: int = Field(examples=[312])
    points_debt: int = Field(examples=[0], description="owed by members, not set off")
    worth_points: int = Field(examples=[100], description="so many points settle `worth_minor`")
    worth_minor: int = Field(examples=[100])
    face_minor: int = Field(examples=[312])
    lapsing: int = Field(examples=[0])
    lapsing_low: int | None = Field(examples=[None])
    lapsing_high: int | None = Field(examples=[None])
    liability_minor: int = Field(examples=[309])
    liability_low_minor: int | None = Field(examples=[None])
    liability_high_minor: int | None = Field(examples=[None])
    paid_minor: int | None = Field(examples=[48370])
    postings: int | None = Field(examples=[6], description="held against lots and accounts")
    movement: dict[str, int] = Field(
        examples=[{"opening": 0, "purchased": 482, "redeemed": -100, "taken_back": -70, "closing": 312}]
    )
    late: dict[str, int] = Field(examples=[{}], description="of it, what came late into months closed before")
    expiries: list[ExpiryOut]
    cohorts: list[CohortOut]
    entries: list[EntryOut]

    @classmethod
    def of(cls, found: CloseView) -> LiabilityOut:
        """From the module's own type."""
        return cls.model_validate(asdict(found))


class ForecastMonthOut(BaseModel):
    """One month; what is open, expected to lapse and the liability are at its end."""

    month: date = Field(examples=["2026-04-01"])
    issued: int = Field(examples=[482])
    redeemed: int = Field(examples=[120])
    lapsed: int = Field(examples=[0])
    open: int = Field(examples=[674])
    lapsing: int = Field(examples=[0])
    liability_minor: int = Field(examples=[667])


class ForecastOut(BaseModel):
    """From a closed month on, that month first: under the rules in force, and under changed ones where asked for."""

    month: date = Field(examples=["2026-03-01"])
    issued: int = Field(examples=[482], description="points taken to be issued a month")
    now: list[ForecastMonthOut]
    changed: list[ForecastMonthOut] | None

    @classmethod
    def of(cls, found: Forecast) -> ForecastOut:
        """From the module's own type."""
        return cls.model_validate(asdict(found))
