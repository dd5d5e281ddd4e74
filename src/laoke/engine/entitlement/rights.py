"""A benefit as a rule: who has it, how much of it, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from laoke.engine.conditions import ALWAYS, Tree
from laoke.engine.entitlement.periods import Period


@dataclass(frozen=True, slots=True)
class Share:
    """What one tier has of a benefit.

    Args:
        amount: what one use is worth in the benefit's own unit: days, hours, points, coupons.
        quota: units that may be used in a period; None: any number.
    """

    amount: int = 1
    quota: int | None = None


EVERYBODY = ""


@dataclass(frozen=True, slots=True)
class Right:
    """A benefit.

    Args:
        shares: by tier; under `EVERYBODY` what members of any other tier have.
        when: what else has to hold of the member.
        by_grant: it has to be granted first, quotas then belong to the grant; otherwise it stands.
        starts, ends: from this instant until before that one.
        cost_minor: of one unit used, in minor units.
    """

    key: str
    shares: Mapping[str, Share] = field(default_factory=lambda: {EVERYBODY: Share()})
    when: Tree = ALWAYS
    period: Period = Period.YEAR
    by_grant: bool = False
    starts: datetime | None = None
    ends: datetime | None = None
    cost_minor: int = 0

    def share(self, tier: str | None) -> Share | None:
        """What a tier has of it; None: nothing."""
        if tier is not None and tier in self.shares:
            return self.shares[tier]
        return self.shares.get(EVERYBODY)
