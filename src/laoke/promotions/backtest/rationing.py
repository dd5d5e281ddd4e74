"""The limits of the offer that is tried, order after order: how often it would still have been given."""

from __future__ import annotations

from datetime import date
from enum import Enum

from laoke.engine.pricing.board import Uses
from laoke.engine.pricing.offers import Limits
from laoke.promotions.backtest.replay import Hit
from laoke.promotions.pacing import Pace


class Verdict(Enum):
    """What limits say of an order."""

    FREE = "free"
    OVER_LIMIT = "over_limit"
    SPENT = "spent"  # the budget has too little left


class Rationing:
    """Counts uses and money as the counters of the till do. Orders come in the order in which they were placed.

    Args:
        pace: how the budget goes out, where it goes out evenly.
    """

    def __init__(self, limits: Limits, pace: Pace | None = None) -> None:
        self.limits = limits
        self._pace = pace
        self.uses = 0
        self.spent_minor = 0
        self._of_member: dict[int, int] = {}
        self._today: dict[int, int] = {}
        self._day: date | None = None

    @property
    def needed(self) -> bool:
        """Whether there is anything to count."""
        limits = self.limits
        counted = (limits.in_total, limits.per_member, limits.per_member_a_day)
        return any(each is not None for each in (*counted, limits.budget_minor, limits.budget_uses))

    def judge(self, hit: Hit) -> Verdict:
        """Whether the order still has the offer. Nothing is counted yet."""
        limits, uses = self.limits, self.so_far(hit)
        if limits.in_total is not None and uses.total >= limits.in_total:
            return Verdict.OVER_LIMIT
        if hit.member_id is not None:
            if limits.per_member is not None and uses.by_member >= limits.per_member:
                return Verdict.OVER_LIMIT
            if limits.per_member_a_day is not None and uses.by_member_today >= limits.per_member_a_day:
                return Verdict.OVER_LIMIT
        if limits.budget_uses is not None and uses.total >= limits.budget_uses:
            return Verdict.SPENT
        if limits.budget_minor is not None:
            left = max(0, limits.budget_minor - uses.spent_minor)
            if self._most(hit) > left:
                return Verdict.SPENT
        return Verdict.FREE

    def so_far(self, hit: Hit) -> Uses:
        """What the till would know of earlier uses; what is held back for later days counts as spent."""
        if hit.day != self._day:
            self._day, self._today = hit.day, {}
        held = 0 if self._pace is None else self._pace.budget_minor - self._pace.out_by(hit.day)
        spent = self.spent_minor + held
        member = hit.member_id
        if member is None:
            return Uses(total=self.uses, spent_minor=spent)
        return Uses(self._of_member.get(member, 0), self._today.get(member, 0), self.uses, spent)

    def count(self, hit: Hit) -> None:
        """Count one use."""
        self.uses += 1
        self.spent_minor += hit.amount
        if hit.member_id is not None:
            self._of_member[hit.member_id] = self._of_member.get(hit.member_id, 0) + 1
            self._today[hit.member_id] = self._today.get(hit.member_id, 0) + 1

    def _most(self, hit: Hit) -> int:
        """What the offer may ask of the budget: where others compete with it, more than it gives in the end."""
        if hit.past is None:
            return hit.amount
        basket = hit.past.basket
        amounts = sum(line.amount_minor for line in basket.lines)
        return amounts + sum(delivery.price_minor for delivery in basket.deliveries)
