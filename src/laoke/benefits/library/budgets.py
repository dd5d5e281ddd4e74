"""What benefits cost by tier and year, counted in the transaction of the use: exact at any concurrency."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Any

import psycopg

from laoke.benefits import events
from laoke.benefits.library.documents import BudgetDocument
from laoke.foundation.outbox import services as outbox


def year_of(at: datetime, zone: tzinfo) -> date:
    """The first day of the year whose budgets hold at an instant."""
    return date(at.astimezone(zone).year, 1, 1)


def count(
    cursor: psycopg.Cursor[Any],
    tier: str,
    starts: date,
    cost_minor: int,
    budget: BudgetDocument | None,
    *,
    at: datetime,
) -> bool:
    """Add to what a tier has cost; False, and nothing added, when its budget does not reach.

    One row a tier: uses that cost something wait for one another here, so it is touched last.
    """
    if not cost_minor:
        return True
    most = 2**62 if budget is None else budget.most_minor
    if cost_minor > most:
        return False
    row = cursor.execute(
        "insert into benefits_tierbudget as held (tier, starts, spent_minor) values (%s, %s, %s) "
        "on conflict (tier, starts) do update set spent_minor = held.spent_minor + excluded.spent_minor "
        "where held.spent_minor + excluded.spent_minor <= %s returning spent_minor",
        (tier, starts, cost_minor, most),
    ).fetchone()
    if row is None:
        return False
    if budget is not None:
        _tell(tier, starts, row[0] - cost_minor, row[0], budget, at)
    return True


def take_off(cursor: psycopg.Cursor[Any], tier: str, starts: date, cost_minor: int) -> None:
    """A use was undone."""
    if cost_minor:
        cursor.execute(
            "update benefits_tierbudget set spent_minor = spent_minor - %s where tier = %s and starts = %s",
            (cost_minor, tier, starts),
        )


def _tell(tier: str, starts: date, before: int, spent: int, budget: BudgetDocument, at: datetime) -> None:
    """Say once that a mark was passed; who falls below and passes it again is told again."""
    for stage, mark in (("alarm", budget.alarm_minor), ("reached", budget.per_year_minor)):
        if before < mark <= spent:
            outbox.add(
                events.BUDGET_ALARM,
                {
                    "tier": tier,
                    "year": starts.year,
                    "stage": stage,
                    "spent_minor": spent,
                    "budget_minor": budget.per_year_minor,
                },
                at=at,
            )
