"""Reasons: why a rule decided as it did, as data that every language can put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a decision.

    `code` is a stable word ("points_capped_by_total"), `values` the numbers that went into it (ints in minor
    units or points, codes, dates as text): plain JSON.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The reason as one flat JSON object."""
        return {"code": self.code, **self.values}
