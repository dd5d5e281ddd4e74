"""The section `pricing`: what it says reaches the till's programme, and what cannot be used is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from laoke.engine.pricing.guards import UNGUARDED, Guards
from laoke.engine.pricing.policies import PRESETS, STANDARD, Combine, PercentScope, Policies, Remainder
from laoke.engine.refunds import RefundPolicy
from laoke.foundation import generations
from laoke.foundation.access import SYSTEM
from laoke.promotions import policy, publication
from laoke.promotions.documents.offers import Fault
from laoke.promotions.documents.pricing import Preset
from laoke.promotions.models import PricingVersion

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
WRITTEN = {
    "preset": "best_for_member",
    "policies": {"percent_scope": "unit", "remainder": "last_line"},
    "guards": {
        "line_share": "60",
        "basket_share": "50",
        "price_floors": {"formula": "85"},
        "margins": {"fresh": "12.5"},
    },
    "refunds": "reprice_kept",
    "four_eyes_above": "5000.00",
}


def test_nothing_said_is_the_standard() -> None:
    found = policy.parse({})
    assert (found.policies, found.guards) == (STANDARD, UNGUARDED)
    assert (found.refund, found.four_eyes_above_minor) == (RefundPolicy.KEEP_THE_DEAL, None)
    assert policy.to_document(found) == {}


def test_a_preset_with_what_differs_from_it() -> None:
    found = policy.parse(WRITTEN)
    assert found.policies == Policies(
        combine=Combine.BEST_FOR_MEMBER, percent_scope=PercentScope.UNIT, remainder=Remainder.LAST_LINE
    )
    assert found.guards == Guards(
        Fraction(6, 10), Fraction(1, 2), {"formula": Fraction(85, 100)}, {"fresh": Fraction(1, 8)}
    )
    assert (found.refund, found.four_eyes_above_minor) == (RefundPolicy.REPRICE_KEPT, 500_000)
    assert policy.to_document(found) == WRITTEN
    assert policy.parse(policy.to_document(found)) == found


def test_every_preset_has_its_name() -> None:
    assert {preset.value: preset.policies for preset in Preset} == dict(PRESETS)


@pytest.mark.parametrize(
    ("document", "place", "says"),
    [
        ({"preset": "cheapest"}, "pricing.preset", "standard"),
        ({"policies": {"tax": "exclusive"}}, "pricing.policies.tax", "no such field"),
        ({"policies": {"combine": "some"}}, "pricing.policies.combine", "best_for_member"),
        ({"policies": {"search_limit": 0}}, "pricing.policies.search_limit", "greater than or equal to 1"),
        ({"guards": {"line_share": 0}}, "pricing.guards.line_share", "above 0"),
        ({"guards": {"margins": {"fresh": 100}}}, "pricing.guards.margins.fresh", "below 100"),
        ({"guards": {"price_floors": {"fresh": 101}}}, "pricing.guards.price_floors.fresh", "up to 100"),
        ({"refunds": "never"}, "pricing.refunds", "keep_the_deal"),
        ({"four_eyes_above": -1}, "pricing.four_eyes_above", "not negative"),
        ([], "pricing", "dictionary"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(document: Any, place: str, says: str) -> None:
    with pytest.raises(Fault) as refused:
        policy.parse(document)
    ((where, why),) = refused.value.faults
    assert ".".join(map(str, where)) == place
    assert says in why


@pytest.mark.django_db
def test_published_rules_are_in_the_programme_of_their_version() -> None:
    before = generations.current(generations.PROGRAMME)
    with transaction.atomic():
        version = policy.publish(SYSTEM, policy.parse(WRITTEN), at=NOW)
        offer = {
            "name": {"zh": "九折", "en": "Tenth off"},
            "goal": "repeat",
            "stage": "basket",
            "gives": [{"percent": {"percent": 10}}],
        }
        after = publication.publish(SYSTEM, publication.parse({"tenth": offer}), at=NOW)
    assert policy.at_version(before) == policy.STANDARD_PRICING
    assert policy.at_version(version) == policy.at_version(after) == policy.parse(WRITTEN)
    programme = publication.at_version(after).compiled
    assert programme is not None
    assert programme.policies.combine is Combine.BEST_FOR_MEMBER
    assert programme.guards.line_share == Fraction(6, 10)


@pytest.mark.django_db
def test_published_rules_are_never_changed() -> None:
    policy.publish(SYSTEM, policy.parse(WRITTEN), at=NOW)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        PricingVersion.objects.update(document={})
