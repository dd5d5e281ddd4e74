"""The edges between scores, as whole numbers a page can say aloud: "F5 = 12 orders or more"."""

from __future__ import annotations

from dataclasses import dataclass

# One edge each for the scores 2, 3, 4, 5; None where no member reaches that score.
Edges = tuple[int | None, int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Breakpoints:
    """From which value on a member has the scores 2, 3, 4 and 5.

    Two equal neighbours mean that the lower of the two scores is empty: a tie spans its whole fifth.
    """

    recency_days_at_most: Edges
    frequency_at_least: Edges
    monetary_minor_at_least: Edges

    def r_score(self, recency_days: int) -> int:
        return 1 + sum(edge is not None and recency_days <= edge for edge in self.recency_days_at_most)

    def f_score(self, frequency: int) -> int:
        return 1 + sum(edge is not None and frequency >= edge for edge in self.frequency_at_least)

    def m_score(self, monetary_minor: int) -> int:
        return 1 + sum(edge is not None and monetary_minor >= edge for edge in self.monetary_minor_at_least)
