"""Whose tier comes to an end by the clock within some days, if nothing more is bought: periods with their grace, tiers
assigned, and those nobody buys for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from laoke.engine.tiering import Finding, Ladder
from laoke.tiers import clock, standing


class Ending(NamedTuple):
    """A tier that ends: on which day, why, and where the member is by the last day looked at."""

    to_tier: str
    day: date
    cause: str
    findings: tuple[Finding, ...]


def ending(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    tiers: Mapping[int, str],
    last: date,
    until: datetime,
) -> dict[int, Ending]:
    """Who of these is on another tier by the clock on the day `last`; nobody who is not on the tier given here.

    Args:
        tiers: the members with their tiers.
        until: what was bought then or later does not count.
    """
    states = standing.load(cursor, tiers)
    zone = settings.LAOKE.zone
    bought_by = until.astimezone(zone).date()
    found: dict[int, Ending] = {}
    for member_id, state in states.items():
        if state.standing.tier != tiers[member_id]:
            continue
        changes = clock.bring(
            ladder,
            state,
            last,
            lambda since: standing.bought(cursor, ladder, member_id, since, until),  # noqa: B023
            lambda: standing.last_purchase(cursor, member_id, ladder, bought_by),  # noqa: B023
        ).changes
        if changes and changes[-1].move.to_tier != tiers[member_id]:
            first = changes[0]
            found[member_id] = Ending(
                changes[-1].move.to_tier,
                first.at.astimezone(zone).date(),
                first.move.cause,
                first.move.findings,
            )
    return found


def due_by(rows: Iterable[tuple[int, str, date | None]], last: date) -> dict[int, str]:
    """Of members with their tier and the day before which the clock brings nothing: whom it may bring something."""
    return {member_id: tier for member_id, tier, due in rows if due is not None and due <= last}
