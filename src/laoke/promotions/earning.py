"""How purchases earn, of a programme version: what the points section declares beside its rate, read and compiled.

The section belongs to points, which knows no vocabulary; what needs one is kept there as text and read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import orjson
from pydantic import ValidationError

from laoke.engine.policy import EarnRule, PointsPolicy
from laoke.engine.pricing.earning import EarnTerms, PerAmount
from laoke.engine.pricing.purchase import BASE, CAP, TIER, PurchaseRules, PurchaseTerms
from laoke.promotions.documents.earning import EarningDocument
from laoke.promotions.documents.offers import Fault, faults_of
from laoke.promotions.language import language

PLACE = ("points", "earn")
# What the rate and what is no rule of the retailer's own is called.
NAMES: Mapping[str, Mapping[str, str]] = {
    BASE: {"zh": "消费积分", "en": "Points for the purchase"},
    TIER: {"zh": "等级加成", "en": "Points of the tier"},
    CAP: {"zh": "已达积分上限", "en": "The limit is reached"},
}


class BadEarning(Fault):
    """A rule of earning that cannot be used; says where in the document and how to mend it."""

    code, status, title = "bad-earning", 422, "The rule of earning cannot be used"


@dataclass(frozen=True, slots=True)
class Earning:
    """What a programme declares beside the rate: as it was written, and compiled."""

    document: EarningDocument
    rules: PurchaseRules
    names: Mapping[str, Mapping[str, str]]

    @property
    def asks(self) -> frozenset[str]:
        """Every attribute that conditions ask for."""
        return self.rules.asks


def parse(policy: PointsPolicy) -> PointsPolicy:
    """A policy as it is kept: what stands beside the rate written in the one way that means the same.

    Raises:
        BadEarning: every place that cannot be used.
    """
    if not policy.earn.more:
        return policy
    text = orjson.dumps(written(policy), option=orjson.OPT_SORT_KEYS).decode()
    return replace(policy, earn=replace(policy.earn, more=text))


def written(policy: PointsPolicy) -> dict[str, Any]:
    """What stands beside the rate, in the order in which it is read best.

    Raises:
        BadEarning
    """
    if not policy.earn.more:
        return {}
    return _read(policy.earn.more).model_dump(mode="json", exclude_unset=True, context=language())


def of(policy: PointsPolicy) -> Earning | None:
    """What a policy declares beside the rate; None: nothing.

    Raises:
        BadEarning
    """
    if not policy.earn.more:
        return None
    document = _read(policy.earn.more)
    return Earning(document, PurchaseRules(_terms(policy.earn, document)), _names(document))


def name_of(earning: Earning | None, key: str) -> Mapping[str, str]:
    """What a rule is called in both languages."""
    return NAMES[key] if earning is None or key in NAMES else earning.names[key]


def _read(text: str) -> EarningDocument:
    try:
        return EarningDocument.model_validate(orjson.loads(text), context=language())
    except ValidationError as error:
        raise BadEarning([((*PLACE, *place), says) for place, says in faults_of(error)]) from None


def _terms(rate: EarnRule, document: EarningDocument) -> PurchaseTerms:
    earn = EarnTerms(
        rules=(PerAmount(Fraction(rate.points), rate.per_minor), *(rule.rule() for rule in document.rules)),
        rounding=rate.rounding,
        round_scope=document.round_each.scope,
        tier_factors=dict(document.tiers),
    )
    return PurchaseTerms(
        earn,
        (BASE, *(rule.key for rule in document.rules)),
        document.without,
        frozenset(document.without_tenders),
        document.caps.caps(),
    )


def _names(document: EarningDocument) -> dict[str, dict[str, Any]]:
    return {rule.key: {"zh": rule.name.zh, "en": rule.name.en} for rule in document.rules}
