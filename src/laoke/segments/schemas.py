"""What the endpoint of features gives."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from laoke.insight.rfm.explain import Explanation, Statement
from laoke.segments.explained import Explained


class StatementOut(BaseModel):
    """A measure held against its bounds; an open side is null."""

    measure: str = Field(examples=["frequency"])
    value: int | None = Field(examples=[14])
    at_least: int | None = Field(examples=[4])
    at_most: int | None = Field(examples=[None])
    holds: bool

    @classmethod
    def of(cls, statement: Statement) -> StatementOut:
        """From the rule's reading."""
        return cls(
            measure=statement.measure,
            value=statement.value,
            at_least=statement.at_least,
            at_most=statement.at_most,
            holds=statement.holds,
        )


class PassedOverOut(BaseModel):
    """A rule that comes before and did not hold, and what was missing."""

    rule: str = Field(examples=["registered-recently"])
    outcome: str = Field(examples=["new"])
    unmet: list[StatementOut]


class ClassOut(BaseModel):
    """The class, the rule that gave it, what made it hold, and why no earlier rule did."""

    outcome: str = Field(examples=["high_value"])
    rule: str = Field(examples=["near-high-high"])
    because: list[StatementOut]
    passed_over: list[PassedOverOut]

    @classmethod
    def of(cls, explanation: Explanation) -> ClassOut:
        """From the rules' reading."""
        return cls(
            outcome=explanation.outcome,
            rule=explanation.rule,
            because=[StatementOut.of(each) for each in explanation.because],
            passed_over=[
                PassedOverOut(
                    rule=each.rule,
                    outcome=each.outcome,
                    unmet=[StatementOut.of(statement) for statement in each.unmet],
                )
                for each in explanation.passed_over
            ],
        )


class FeaturesOut(BaseModel):
    """What was computed about a member at the end of the day `as_of`, and the two classes with their reasons."""

    member_id: int = Field(examples=[1042])
    as_of: date = Field(examples=["2026-03-09"])
    recency_days: int | None = Field(examples=[6], description="days since the last purchase")
    frequency: int = Field(examples=[14], description="purchases within a year")
    monetary_minor: int = Field(examples=[182300], description="net spend within a year")
    orders_total: int = Field(examples=[21])
    first_purchase_date: date | None = Field(examples=["2024-11-02"])
    last_purchase_date: date | None = Field(examples=["2026-03-03"])
    r_score: int | None = Field(examples=[5])
    f_score: int | None = Field(examples=[4])
    m_score: int | None = Field(examples=[4])
    annual_minor: int = Field(examples=[182300])
    annual_repurchases: int = Field(examples=[14])
    rfm: ClassOut
    value: ClassOut

    @classmethod
    def of(cls, explained: Explained) -> FeaturesOut:
        """From the module's own type."""
        row: dict[str, Any] = {
            name: getattr(explained.features, name)
            for name in cls.model_fields
            if name not in ("rfm", "value")
        }
        return cls(**row, rfm=ClassOut.of(explained.rfm), value=ClassOut.of(explained.value))
