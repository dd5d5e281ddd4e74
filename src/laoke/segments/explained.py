"""A member's features, and why they make the classes they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from laoke.insight.rfm import explain, features
from laoke.insight.rfm.explain import Explanation
from laoke.members import selectors as members
from laoke.segments.models import MemberFeatures
from laoke.segments.policies import class_policies


@dataclass(frozen=True, slots=True)
class Explained:
    """The newest features of a member with the rule of each class system that took it, and why."""

    features: features.MemberFeatures
    rfm: Explanation
    value: Explanation


def explained(member_id: int) -> Explained | None:
    """Why a member is in its classes; None before the first computation that saw it."""
    row = MemberFeatures.objects.filter(pk=member_id).first()
    if row is None:
        return None
    found = features.MemberFeatures(
        member_id=row.member_id,
        as_of=row.as_of,
        registered_date=_registered(member_id),
        recency_days=row.recency_days,
        frequency=row.frequency,
        monetary_minor=row.monetary_minor,
        orders_total=row.orders_total,
        first_purchase_date=row.first_purchase_date,
        last_purchase_date=row.last_purchase_date,
        r_score=row.r_score,
        f_score=row.f_score,
        m_score=row.m_score,
        annual_minor=row.annual_minor,
        annual_repurchases=row.annual_repurchases,
        interactions=None,
    )
    rfm, value = class_policies(settings.LAOKE.currency)
    return Explained(found, explain.explain(found, rfm), explain.explain(found, value))


def _registered(member_id: int) -> date:
    return members.profile(member_id).registered_date
