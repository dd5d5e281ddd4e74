"""A seat at an event, an examination, a salon: booked by its use, free again when that is undone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from laoke.benefits.coupons.documents import Moment, Words
from laoke.benefits.strategies.base import Plain, Terms, Unit


class ExperienceTerms(Terms):
    """An event. `seats` for all together, left out: any number; `at` and `place` are for people."""

    seats: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] | None = None
    at: Moment | None = None
    place: Words | None = None


class Experience(Plain):
    """Counts seats."""

    def unit(self, terms: ExperienceTerms) -> Unit:
        """Seats."""
        return Unit.SEAT

    def stock(self, terms: ExperienceTerms) -> int | None:
        """As many as the document says."""
        return terms.seats
