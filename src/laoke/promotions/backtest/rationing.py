"""The limits of the offer that is tried, order after order: how often it would still have been given."""

from __future__ import annotations

from datetime import date
from enum import Enum

from laoke.engine.pricing.offers import Limits, OnExceed
from laoke.promotions.backtest.replay import Hit


class Verdict(Enum):
    """What becomes of an order that the offer would hit."""

    GIVEN = "given"
    CLIPPED = "clipped"  # what is left of the budget
    OVER_LIMIT = "over_limit"
    SPENT = "spent"  # the budget is


class Rationing:
    """Counts uses and money as the counters of the till do. Orders come in the order in which they were placed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.uses = 0
        self.spent_minor = 0
        self._of_member: dict[int, int] = {}
        self._today: dict[int, int] = {}
        self._day: date | None = None

    @property
    def needed(self) -> bool:
        """Whether there is anything to count."""
        limits = self.limits
        return any(
            each is not None
            for each in (
                limits.in_total,
                limits.per_member,
                limits.per_member_a_day,
                limits.budget_minor,
                limits.budget_uses,
            )
        )

    def judge(self, hit: Hit) -> Verdict:
        """Whether the order still has the offer. Nothing is counted yet."""
        limits = self.limits
        if limits.in_total is not None and self.uses >= limits.in_total:
            return Verdict.OVER_LIMIT
        if hit.member_id is not None and self._member_over(hit.member_id, hit.day):
            return Verdict.OVER_LIMIT
        if limits.budget_uses is not None and self.uses >= limits.budget_uses:
            return Verdict.SPENT
        if limits.budget_minor is not None and hit.amount:
            left = max(0, limits.budget_minor - self.spent_minor)
            if hit.amount > left:
                refused = limits.on_exceed is OnExceed.REFUSE or not left
                return Verdict.SPENT if refused else Verdict.CLIPPED
        return Verdict.GIVEN

    def count(self, hit: Hit) -> None:
        """Count one use."""
        self.uses += 1
        self.spent_minor += hit.amount
        if hit.member_id is not None:
            self._new_day(hit.day)
            self._of_member[hit.member_id] = self._of_member.get(hit.member_id, 0) + 1
            self._today[hit.member_id] = self._today.get(hit.member_id, 0) + 1

    def _member_over(self, member_id: int, day: date) -> bool:
        limits = self.limits
        self._new_day(day)
        if limits.per_member is not None and self._of_member.get(member_id, 0) >= limits.per_member:
            return True
        most = limits.per_member_a_day
        return most is not None and self._today.get(member_id, 0) >= most

    def _new_day(self, day: date) -> None:
        if day != self._day:
            self._day, self._today = day, {}
