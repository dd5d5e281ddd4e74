"""The compiled programme: the published rules, in memory, one immutable object per version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import transaction

from laoke.benefits.coupons import templates as coupon_templates
from laoke.benefits.coupons.codes import plain
from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.coupons.templates import Templates
from laoke.benefits.library import publication as benefit_library
from laoke.benefits.library.publication import Library
from laoke.engine.policy import BadPolicy, PointsPolicy
from laoke.engine.tiering import Ladder
from laoke.foundation import generations
from laoke.foundation.access import Caller
from laoke.kernel.errors import LaokeError
from laoke.points import policy as points_policy
from laoke.points.activities import rules as activity_rules
from laoke.points.activities.rules import ActivityRules
from laoke.points.adjustments import limits as adjustment_limits
from laoke.points.adjustments.limits import AdjustmentRules
from laoke.promotions import earning, publication
from laoke.promotions import policy as pricing_policy
from laoke.promotions.documents.offers import Fault, OfferDocument, Place
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.publication import Offers
from laoke.promotions.soundness import here
from laoke.promotions.soundness.findings import Findings
from laoke.tiers import ladder as tier_ladder
from laoke.tiers.memberships import plans as membership_plans
from laoke.tiers.memberships.plans import Plans


@dataclass(frozen=True, slots=True)
class Programme:
    """Every rule that a till needs, as published in one version."""

    version: int
    points: PointsPolicy
    ladder: Ladder
    pricing: PricingPolicy
    coupons: Templates
    offers: Offers
    adjustments: AdjustmentRules
    benefits: Library
    activities: ActivityRules
    memberships: Plans
    # What is declared of earning beside the rate.
    earning: earning.Earning | None = None

    @property
    def asks(self) -> frozenset[str]:
        """Every attribute that conditions of offers and of earning ask for."""
        return self.offers.asks if self.earning is None else self.offers.asks | self.earning.asks


class Section(NamedTuple):
    """A part of the programme: how its text is read, written and published.

    `write` takes what `parse` gives and what stands in a `Programme`.
    """

    parse: Callable[[Any], Any]
    write: Callable[[Any], dict[str, Any]]
    publish: Callable[..., int]


def _points(document: Any) -> PointsPolicy:
    return earning.parse(points_policy.parse(document))


def _written_points(policy: PointsPolicy) -> dict[str, Any]:
    document = points_policy.to_document(policy)
    return document | {"earn": document["earn"] | earning.written(policy)}


def _written_offers(offers: Any) -> dict[str, Any]:
    documents = offers.documents if isinstance(offers, Offers) else offers
    return {key: publication.written(document) for key, document in documents.items()}


def _written_templates(templates: Any) -> dict[str, Any]:
    found = templates.documents if isinstance(templates, Templates) else templates
    return coupon_templates.to_document(Templates(found))


# In the order in which they are written; each stands under its name in a `Programme` too.
SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "points": Section(_points, _written_points, points_policy.publish),
        "ladder": Section(tier_ladder.parse, tier_ladder.to_document, tier_ladder.publish),
        "pricing": Section(pricing_policy.parse, pricing_policy.to_document, pricing_policy.publish),
        "coupons": Section(coupon_templates.parse, _written_templates, coupon_templates.publish),
        "offers": Section(publication.parse, _written_offers, publication.publish),
        "activities": Section(activity_rules.parse, activity_rules.to_document, activity_rules.publish),
        "adjustments": Section(
            adjustment_limits.parse, adjustment_limits.to_document, adjustment_limits.publish
        ),
        "benefits": Section(benefit_library.parse, benefit_library.to_document, benefit_library.publish),
        "memberships": Section(
            membership_plans.parse, membership_plans.to_document, membership_plans.publish
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a document would change.

    Args:
        values: by section of the document, what it says.
        document: the whole programme as it would be.
        changed: the sections that would be another one.
        warnings: what a person should look at, with its place.
    """

    before: Programme
    values: Mapping[str, Any]
    document: dict[str, Any]
    changed: tuple[str, ...]
    warnings: tuple[tuple[Place, str], ...]

    @property
    def points(self) -> PointsPolicy:
        """The rules of points as they would be."""
        found: PointsPolicy = self.values.get("points", self.before.points)
        return found


@lru_cache(maxsize=16)
def at_version(version: int) -> Programme:
    """The programme of a version. Versions never change, so a process reads each of them once."""
    points = points_policy.at_version(version)
    return Programme(
        version,
        points,
        tier_ladder.at_version(version),
        pricing_policy.at_version(version),
        coupon_templates.at_version(version),
        publication.at_version(version),
        adjustment_limits.at_version(version),
        benefit_library.at_version(version),
        activity_rules.at_version(version),
        membership_plans.at_version(version),
        earning.of(points),
    )


def current() -> Programme:
    """The programme in force now."""
    return at_version(generations.current(generations.PROGRAMME))


def to_document(programme: Programme) -> dict[str, Any]:
    """The programme as plain text values: what `laoke programme export` prints and `apply` reads."""
    return {name: section.write(getattr(programme, name)) for name, section in SECTIONS.items()}


def read(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the sections of a document say, by section.

    Raises:
        BadPolicy, Fault, BadTemplate: an unknown section or field, or a value that cannot be used.
    """
    values: dict[str, Any] = {}
    errors: list[LaokeError] = []
    for name, said in document.items():
        try:
            values[name] = _section(str(name)).parse(_fields(str(name), said))
        except LaokeError as error:
            errors.append(error)
    _raise(errors)
    return values


def plan(document: Mapping[str, Any], *, at: datetime) -> Plan:
    """What publishing the sections of `document` would change; those it leaves out stay as they are.

    Raises:
        BadPolicy, Fault, BadTemplate: as `read`, or offers that together are unsound. `faults_of` gives every place.
    """
    before = current()
    values = read(document)
    now = to_document(before)
    wanted = now | {name: SECTIONS[name].write(values[name]) for name in SECTIONS if name in values}
    changed = tuple(name for name in SECTIONS if wanted[name] != now[name])
    findings = _examine(before, values, at) if changed else Findings()
    faults = list(findings.faults)
    if "offers" in values:
        faults += publication.restarts(values["offers"], publication.newest(before.version))
    if faults:
        raise Fault(faults)
    return Plan(before, values, wanted, changed, tuple(findings.warnings))


def plan_ladder(ladder: Ladder, *, at: datetime) -> Plan:
    """What publishing another ladder would change: what `tiers.preview.apply` takes as its check.

    Raises:
        Fault: offers, benefits or the mall name tiers that it lacks, or benefits fall on the way up.
    """
    return plan({"ladder": tier_ladder.to_document(ladder)}, at=at)


def apply(caller: Caller, document: Mapping[str, Any], *, at: datetime) -> Programme:
    """Publish the sections of `document` that differ from what is in force; all or nothing.

    Planning takes seconds with thousands of offers and holds nobody up: an emergency stop goes through meanwhile. Then
    it is planned anew, over what was published by then.

    Raises:
        BadPolicy, Fault, BadTemplate: as `plan`; nothing is published.
    """
    while True:
        planned = plan(document, at=at)
        with transaction.atomic():
            if generations.hold(generations.PROGRAMME) != planned.before.version:
                continue
            # Coupons last: an order locks counters of offers before it touches coupons.
            for name in sorted(planned.changed, key=lambda name: name == "coupons"):
                SECTIONS[name].publish(caller, planned.values[name], at=at)
            version = generations.current(generations.PROGRAMME)
        # Read behind the commit: nobody waits for it, and a version that did not come to be is not kept.
        return at_version(version)


def faults_of(error: LaokeError) -> list[tuple[Place, str]]:
    """Every place of a document that was refused, with what is wrong there; none for other refusals."""
    faults: list[tuple[Place, str]] = getattr(error, "faults", [])
    if isinstance(error, BadPolicy):
        field = str(error.extensions["field"])
        parts = field.replace("[", ".").replace("]", "").split(".")
        place = tuple(int(part) if part.isdigit() else part for part in parts)
        return [(place, error.detail.removeprefix(f"{field}: "))]
    return faults


def percent(share: Fraction) -> str:
    """A share as a shopkeeper reads it: "1%", "0.25%", and "≈ 0.3333%" where no decimal says it exactly."""
    exact = share * 100 * 10_000
    text = f"{round(exact) / 10_000:.4f}".rstrip("0").rstrip(".") + "%"
    return text if exact.denominator == 1 else f"≈ {text}"


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise BadPolicy(name, f"there is no such section. Known are {', '.join(SECTIONS)}")
    return SECTIONS[name]


def _fields(name: str, said: Any) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise BadPolicy(name, "takes named fields")
    return said


def _raise(errors: list[LaokeError]) -> None:
    """One section's own refusal, or everything that is wrong with several."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Fault([fault for error in errors for fault in faults_of(error)])


def _examine(before: Programme, values: Mapping[str, Any], at: datetime) -> Findings:
    findings = here.look(
        values.get("offers", before.offers.documents),
        values.get("pricing", before.pricing),
        values.get("ladder", before.ladder),
        values.get("points", before.points),
        _templates(before, values),
        at=at,
    )
    offers = values.get("offers", before.offers.documents)
    for place, says in taken_codes(offers, values.get("coupons", before.coupons.documents)):
        findings.fault(place, says)
    ladder: Ladder = values.get("ladder", before.ladder)
    benefits = values.get("benefits", before.benefits)
    tiers = [tier.code for tier in ladder.tiers]
    for place, says in benefit_library.faults(benefits, tiers, _templates(before, values)):
        findings.fault(place, says)
    activities = values.get("activities", before.activities)
    for place, says in tier_ladder.faults(ladder, activities.kinds):
        findings.fault(place, says)
    for place, says in membership_plans.faults(values.get("memberships", before.memberships), tiers):
        findings.fault(place, says)
    return findings


def taken_codes(
    offers: Mapping[str, OfferDocument], templates: Mapping[str, TemplateDocument]
) -> Iterator[tuple[Place, str]]:
    """Announced codes that offers have too: those go first, and the coupon would never be reached."""
    of_offers = {plain(code): key for key, offer in offers.items() for code in offer.codes}
    for text, key in coupon_templates.announced_codes(templates):
        if other := of_offers.get(plain(text)):
            yield ("coupons", key, "code", "text"), f"is a code of the offer {other} already"


def _templates(before: Programme, values: Mapping[str, Any]) -> frozenset[str]:
    """The keys of the coupon templates there will be."""
    return frozenset(values.get("coupons", before.coupons.documents))
