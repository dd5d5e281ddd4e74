"""RFM scores and classes of a member, each with why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings

from laoke.insight.rfm.explain import Explanation, Statement, explain
from laoke.insight.rfm.features import MemberFeatures
from laoke.insight.rfm.rules import ClassPolicy
from laoke.segments.policies import class_policies
from laoke.surfaces.console.labels import CLASSES_RFM, CLASSES_VALUE, MEASURES, RULES
from laoke.surfaces.console.selectors.member.state import State

_MONEY = frozenset({"monetary_minor", "annual_minor"})


@dataclass(frozen=True, slots=True)
class Reason:
    """A measure against its bounds."""

    label: Any
    money: bool
    value: int | None
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class NotThis:
    """A class the member is not in, and what was missing."""

    label: Any
    rule: Any
    unmet: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ClassCard:
    """One class with why."""

    label: Any
    rule: Any
    reasons: tuple[Reason, ...]
    others: tuple[NotThis, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """RFM scores and both classes as of a day."""

    as_of: date
    r: int | None
    f: int | None
    m: int | None
    rfm: ClassCard
    value: ClassCard


def scores_of(state: State) -> Scores | None:
    """As computed in the last night; None for who has joined since."""
    row = state.features
    if row is None:
        return None
    features = MemberFeatures(
        member_id=state.id,
        as_of=date.fromisoformat(row["as_of"]),
        registered_date=state.registered_date,
        recency_days=row["recency_days"],
        frequency=row["frequency"],
        monetary_minor=row["monetary_minor"],
        orders_total=row["orders_total"],
        first_purchase_date=_day(row["first_purchase_date"]),
        last_purchase_date=_day(row["last_purchase_date"]),
        r_score=row["r_score"],
        f_score=row["f_score"],
        m_score=row["m_score"],
        annual_minor=row["annual_minor"],
        annual_repurchases=row["annual_repurchases"],
        interactions=None,
    )
    rfm, value = class_policies(settings.LAOKE.currency)
    return Scores(
        features.as_of,
        features.r_score,
        features.f_score,
        features.m_score,
        _class(features, rfm, CLASSES_RFM),
        _class(features, value, CLASSES_VALUE),
    )


def _class(features: MemberFeatures, policy: ClassPolicy, labels: Mapping[str, tuple[Any, Any]]) -> ClassCard:
    found: Explanation = explain(features, policy)
    others: dict[str, NotThis] = {}
    for passed in found.passed_over:
        # The first rule of each other class says it best; the later ones are its special cases.
        if passed.outcome != found.outcome and passed.outcome not in others:
            others[passed.outcome] = NotThis(
                labels[passed.outcome][0], RULES[passed.rule], tuple(_reason(each) for each in passed.unmet)
            )
    return ClassCard(
        labels[found.outcome][0],
        RULES[found.rule],
        tuple(_reason(each) for each in found.because),
        tuple(others.values()),
    )


def _reason(statement: Statement) -> Reason:
    return Reason(
        MEASURES[statement.measure],
        statement.measure in _MONEY,
        statement.value,
        statement.at_least,
        statement.at_most,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
