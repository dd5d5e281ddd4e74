"""Points that are worth as much as what is paid for them: who buys with them would buy for ever."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from laoke.promotions.documents.earning import EarningDocument
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.soundness.findings import Findings


def examine(documents: Mapping[str, OfferDocument], give_back: Fraction, found: Findings) -> None:
    """Look for offers that multiply points until they pay for the goods.

    Args:
        give_back: the share of what members spend that comes back in points, without offers.
    """
    together = Fraction(1)
    last = None
    for key, document in documents.items():
        alone = Fraction(1)
        for number, gives in enumerate(document.gives):
            if gives.points is None or gives.points.factor is None:
                continue
            alone *= gives.points.factor
            last = (key, number)
            if alone * give_back >= 1:
                found.fault(
                    ("offers", key, "gives", number, "points", "factor"),
                    f"{_percent(alone * give_back)} of what is paid would come back in points",
                )
        together *= alone
    if last is not None and together * give_back >= 1 and not found.faults:
        key, number = last
        found.warning(
            ("offers", key, "gives", number, "points", "factor"),
            f"if all offers that multiply points meet, {_percent(together * give_back)} of what is paid comes "
            "back: keep them apart with an exclusive_set",
        )


def examine_rules(document: EarningDocument, give_back: Fraction, found: Findings) -> None:
    """Look for rules of earning that alone, or all together, give back what was paid.

    Args:
        give_back: the share of what members spend that the rate alone gives back.
    """
    place = ("points", "earn")
    for number, rule in enumerate(document.rules):
        if rule.factor is not None and rule.factor * give_back >= 1:
            back = _percent(rule.factor * give_back)
            found.fault(
                (*place, "rules", number, "factor"), f"{back} of what is paid would come back in points"
            )
    for tier, factor in document.tiers.items():
        if factor * give_back >= 1:
            back = _percent(factor * give_back)
            found.fault((*place, "tiers", tier), f"{back} of what is paid would come back in points")
    together = highest_factor(document) * give_back
    if together >= 1 and not found.faults:
        found.warning(
            (*place, "rules"),
            f"if all rules that multiply meet, {_percent(together)} of what is paid comes back",
        )


def highest_factor(document: EarningDocument) -> Fraction:
    """How many times the rate a purchase earns where everything that multiplies comes together."""
    factor = max([Fraction(1), *document.tiers.values()])
    for rule in document.rules:
        if rule.factor is not None:
            factor *= max(Fraction(1), rule.factor)
    return factor


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g} %"
