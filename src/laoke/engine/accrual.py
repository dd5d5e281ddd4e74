"""Points earned by a purchase, and how many of them a return takes back."""

from __future__ import annotations

from laoke.engine.policy import EarnRule
from laoke.kernel.rounding import round_ratio
from laoke.kernel.sharing import share_so_far


def earned(base_minor: int, rule: EarnRule) -> int:
    """Points for an earning base, rounded once per order by the rule."""
    return round_ratio(base_minor * rule.points, rule.per_minor, rule.rounding)


def clawback_due(points_earned: int, base_minor: int, returned_base_minor: int, taken_so_far: int) -> int:
    """Points a return takes back now.

    What is taken back in all is the returned share of the earning base, rounded half up; each return takes the
    difference to what was taken before, so after the last one everything earned has been taken.
    """
    if not points_earned:
        return 0
    return share_so_far(points_earned, returned_base_minor, base_minor) - taken_so_far
