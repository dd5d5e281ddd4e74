"""How baskets are priced here: reading, checking and publishing the section `pricing` of the programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from laoke.engine.pricing.guards import Guards
from laoke.engine.pricing.policies import Policies
from laoke.engine.refunds import RefundPolicy
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.promotions.documents.offers import Fault, faults_of
from laoke.promotions.documents.pricing import PricingDocument
from laoke.promotions.language import language
from laoke.promotions.models import PricingVersion


@dataclass(frozen=True, slots=True)
class PricingPolicy:
    """The rules over all offers, as published in one version.

    Args:
        document: as it was written.
        refund: what happens to discounts when a part of an order comes back.
        four_eyes_above_minor: offers that may cost more, or without a budget, are approved by somebody who did not
            write them; None: every offer may be published by who wrote it.
    """

    document: PricingDocument
    policies: Policies
    guards: Guards
    refund: RefundPolicy
    four_eyes_above_minor: int | None


def of(document: PricingDocument) -> PricingPolicy:
    """The rules a document says."""
    return PricingPolicy(
        document,
        document.policies.over(document.preset.policies),
        document.guards.guards(),
        document.refunds,
        document.four_eyes_above,
    )


STANDARD_PRICING = of(PricingDocument())


def parse(document: Any) -> PricingPolicy:
    """Read the section `pricing` of a programme document; what it leaves out takes its default.

    Raises:
        Fault: every place that cannot be used.
    """
    try:
        return of(PricingDocument.model_validate(document, context=language()))
    except ValidationError as error:
        raise Fault([(("pricing", *place), says) for place, says in faults_of(error)]) from None


def to_document(policy: PricingPolicy) -> dict[str, Any]:
    """The document that `parse` reads back into the same rules."""
    return policy.document.model_dump(mode="json", exclude_defaults=True, context=language())


def at_version(programme_version: int) -> PricingPolicy:
    """The rules in force in a version of the programme; the standard before anything was published."""
    row = (
        PricingVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .first()
    )
    return parse(row.document) if row else STANDARD_PRICING


def publish(caller: Caller, policy: PricingPolicy, *, at: datetime) -> int:
    """Put rules in force from this commit on; returns the programme version. Call in a transaction."""
    caller.require(Scope.PROGRAMME_WRITE)
    before = at_version(generations.current(generations.PROGRAMME))
    version = generations.bump(generations.PROGRAMME)
    PricingVersion.objects.create(
        document=to_document(policy), programme_version=version, published_at=at, published_by=caller.label
    )
    record(
        caller,
        "pricing.published",
        "programme",
        version,
        at=at,
        before=_told(to_document(before)),
        after=_told(to_document(policy)),
    )
    return version


def _told(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "preset": document.get("preset", PricingDocument().preset.value),
        "policies": document.get("policies"),
        "guards": document.get("guards"),
        "refunds": document.get("refunds", PricingDocument().refunds.value),
        "four_eyes_above": document.get("four_eyes_above"),
        "checks": document.get("checks"),
    }
