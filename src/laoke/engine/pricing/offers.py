"""An offer as the engine knows it: when it may apply, what it gives, what it must not meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from laoke.engine.conditions import Tree
from laoke.engine.pricing.effects.turn import Effect


class OnExceed(StrEnum):
    """What happens when an offer would give more than its budget has left."""

    REFUSE = "refuse"
    CLIP = "clip"  # what is left is given, in proportion to the line amounts


@dataclass(frozen=True, slots=True)
class Limits:
    """How often an offer may be used and what it may cost; None is no limit.

    Args:
        budget_minor, budget_uses: what it may cost in money, or in uses.
        members_only: an anonymous shopper, whose uses nobody counts, does not get it.
    """

    in_total: int | None = None
    per_member: int | None = None
    per_member_a_day: int | None = None
    members_only: bool = False
    budget_minor: int | None = None
    budget_uses: int | None = None
    on_exceed: OnExceed = OnExceed.REFUSE

    @property
    def limited(self) -> bool:
        """Whether earlier uses matter; budgets are looked at when the offer's amount is known."""
        return self.members_only or not (
            self.in_total is None and self.per_member is None and self.per_member_a_day is None
        )


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One offer, as published.

    Args:
        key: names it everywhere.
        stage: stages run in ascending order; each sees what the earlier ones left.
        priority: within a stage the larger goes first, then the order of the programme.
        codes: it takes part only when one of them was entered.
        coupons: it takes part only when a coupon of one of these templates is presented. An offer with neither codes
            nor coupons is automatic, one with both takes either.
        starts_at, ends_at: both inclusive.
        when: the conditions; those on what is left after discounts wait until the offer's turn.
        group: of a stacking group one offer stays in each stage.
        exclusive_set: of a set one offer stays in the whole basket: the first that gives something.
        exclusive: nothing else applies beside it.
        once_per_line: it takes from no line that another such offer has taken from.
    """

    key: str
    effects: tuple[Effect, ...]
    when: tuple[Tree, ...] = ()
    stage: int = 0
    priority: int = 0
    active: bool = True
    codes: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    channels: frozenset[str] | None = None
    group: str | None = None
    exclusive_set: str | None = None
    exclusive: bool = False
    once_per_line: bool = False
    limits: Limits = field(default=NO_LIMITS)
