"""The life of an offer, told from its newest publication and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple


class OfferState(StrEnum):
    """Where an offer stands. The first two are told of offers that were never published."""

    DRAFT = "draft"
    REVIEW = "review"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    STOPPED = "stopped"
    ENDED = "ended"


class Window(NamedTuple):
    """The first and the last instant of an offer; None: open on that side."""

    starts: datetime | None
    ends: datetime | None


def window(document: Mapping[str, Any], zone: tzinfo) -> Window:
    """When an offer runs. A date alone means the whole day in `zone`; what cannot be read is left open."""
    starts, ends = _moment(document.get("starts")), _moment(document.get("ends"))
    if starts is not None and not isinstance(starts, datetime):
        starts = datetime.combine(starts, time(), tzinfo=zone)
    if ends is not None and not isinstance(ends, datetime):
        ends = datetime.combine(ends + timedelta(days=1), time(), tzinfo=zone) - timedelta(microseconds=1)
    return Window(starts, ends)


def state_of(document: Mapping[str, Any] | None, *, stopped: bool, at: datetime, zone: tzinfo) -> OfferState:
    """Where a published offer stands at an instant.

    Args:
        document: as published; None when it was ended.
        stopped: in an emergency.
    """
    if document is None:
        return OfferState.ENDED
    starts, ends = window(document, zone)
    if ends is not None and ends < at:
        return OfferState.ENDED
    if document.get("paused"):
        return OfferState.STOPPED if stopped else OfferState.PAUSED
    if starts is not None and starts > at:
        return OfferState.SCHEDULED
    return OfferState.LIVE


def _moment(value: object) -> date | datetime | None:
    if not isinstance(value, str):
        return None
    found: date | datetime
    try:
        found = date.fromisoformat(value)
    except ValueError:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        if found.tzinfo is None:
            return None
    return found if 2000 <= found.year < 3000 else None
