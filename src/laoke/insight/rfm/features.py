"""What is known about one member at one day: the row that RFM and classes add to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class MemberFeatures:
    """One row of `member_features`. Grain: one per active member and `as_of`.

    A purchase is an order of the member with `net_minor > 0` placed on or before `as_of`.

    Attributes:
        recency_days: days from the last purchase to `as_of`; None without purchases.
        frequency, monetary_minor: purchases and their net sum in the window of `RfmPolicy`.
        orders_total: purchases ever.
        r_score, f_score, m_score: 1 (worst) to 5; None without purchases.
        annual_minor, annual_repurchases: net sum in the window of `ValueClassPolicy`, and the purchases in it
            that were not the member's first ever.
        interactions: in the months of `ValueClassPolicy`; None when interactions are not known to the lake.
    """

    member_id: int
    as_of: date
    registered_date: date | None
    recency_days: int | None
    frequency: int
    monetary_minor: int
    orders_total: int
    first_purchase_date: date | None
    last_purchase_date: date | None
    r_score: int | None
    f_score: int | None
    m_score: int | None
    annual_minor: int
    annual_repurchases: int
    interactions: int | None

    def measures(self) -> Mapping[str, int | None]:
        """The whole numbers that rules may ask for, by name."""
        return {
            "recency_days": self.recency_days,
            "frequency": self.frequency,
            "monetary_minor": self.monetary_minor,
            "orders_total": self.orders_total,
            "r_score": self.r_score,
            "f_score": self.f_score,
            "m_score": self.m_score,
            "annual_minor": self.annual_minor,
            "annual_repurchases": self.annual_repurchases,
            "interactions": self.interactions,
            "days_since_first": self._days_since(self.first_purchase_date),
            "days_since_registration": self._days_since(self.registered_date),
        }

    def _days_since(self, day: date | None) -> int | None:
        return None if day is None else (self.as_of - day).days
