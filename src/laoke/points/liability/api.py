"""Endpoints of the month-end, to read. Months are closed by people: in the console, or on the command line."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import AfterValidator

from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller
from laoke.points.liability import forecasting, selectors
from laoke.points.liability.forecasting import MOST_MONTHS, Change
from laoke.points.liability.schemas import ForecastOut, LiabilityOut, MonthsOut

router = Router(tags=["points"])

READ = KeyAuth(Scope.POINTS_LIABILITY)


def _first_day(text: str) -> str:
    date.fromisoformat(f"{text}-01")
    return text


Month = Annotated[
    Annotated[str, AfterValidator(_first_day)] | None,
    Query(
        pattern=r"^\d{4}-\d{2}$",
        description="a closed month; the newest unless named",
        examples=["2026-03"],
    ),
]


@router.get(
    "/points/liability",
    auth=READ,
    response=LiabilityOut,
    summary="Show what points were worth at a month-end",
)
def show(request: HttpRequest, month: Month = None) -> LiabilityOut:
    """Points by month of issue and what moved them, expiries of the next twelve months, and the journal entries."""
    return LiabilityOut.of(selectors.closed_month(caller(request), _day(month)))


@router.get("/points/liability/months", auth=READ, response=MonthsOut, summary="List closed months")
def months(request: HttpRequest) -> MonthsOut:
    """The newest first, sixty at most."""
    return MonthsOut.of(selectors.closed_months(caller(request)))


@router.get(
    "/points/liability/forecast",
    auth=READ,
    response=ForecastOut,
    summary="Forecast points and what they are worth",
)
def forecast(
    request: HttpRequest,
    month: Month = None,
    ahead: Annotated[int, Query(ge=1, le=MOST_MONTHS, description="months", examples=[12])] = 12,
    valid_months: Annotated[
        int | None, Query(ge=1, le=240, description="new points end so many months later", examples=[18])
    ] = None,
    earn_percent: Annotated[
        int, Query(ge=0, le=1000, description="points issued for 100 issued now", examples=[150])
    ] = 100,
    worth_minor: Annotated[
        int | None,
        Query(ge=1, le=10**9, description="what the points of the rate in force settle", examples=[120]),
    ] = None,
) -> ForecastOut:
    """From a closed month on, under the rules in force, and under changed ones if any are named."""
    return ForecastOut.of(
        forecasting.look_ahead(
            caller(request),
            _day(month),
            Change(valid_months, earn_percent, worth_minor),
            ahead,
        )
    )


def _day(month: str | None) -> date | None:
    return None if month is None else date.fromisoformat(f"{month}-01")
