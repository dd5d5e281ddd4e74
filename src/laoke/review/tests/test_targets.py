"""Setting, removing and bringing back targets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, MissingScope, Role
from laoke.foundation.audit.models import AuditEntry
from laoke.review import selectors
from laoke.review.errors import BadTarget, TargetChanged
from laoke.review.models import TargetVersion
from laoke.review.plans import Plan
from laoke.review.targets import remove_target, restore_target, set_target

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
PLAN = Plan("repurchase_90", 3800, 5130, date(2026, 3, 1), date(2027, 2, 28))
CHURN = replace(PLAN, metric="high_value_churn", baseline=2200, target=1650)

pytestmark = pytest.mark.django_db


def test_a_target_is_set_changed_removed_and_brought_back():
    first = set_target(SYSTEM, PLAN, at=AT, seen=0)
    assert selectors.targets()["repurchase_90"].plan == PLAN
    assert set_target(SYSTEM, PLAN, at=AT, seen=first) == first  # nothing new, nothing written
    higher = replace(PLAN, target=5500)
    second = set_target(SYSTEM, higher, at=AT, seen=first)
    gone = remove_target(SYSTEM, "repurchase_90", at=AT, seen=second)
    assert selectors.targets() == {}
    back = restore_target(SYSTEM, "repurchase_90", gone, at=AT)
    assert selectors.targets()["repurchase_90"].plan == higher
    assert restore_target(SYSTEM, "repurchase_90", gone, at=AT) == back  # clicked twice
    assert TargetVersion.objects.count() == 4
    told = (
        AuditEntry.objects.filter(object_kind="target")
        .order_by("id")
        .values_list("action", "before", "after")
    )
    assert [
        (action, before and before["target"], after and after["target"]) for action, before, after in told
    ] == [
        ("target.set", None, 5130),
        ("target.set", 5130, 5500),
        ("target.removed", 5500, None),
        ("target.set", None, 5500),
    ]


def test_metrics_do_not_touch_each_other():
    set_target(SYSTEM, PLAN, at=AT)
    set_target(SYSTEM, CHURN, at=AT)
    remove_target(SYSTEM, "repurchase_90", at=AT)
    assert set(selectors.targets()) == {"high_value_churn"}


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(PLAN, metric="tier_members"), "metric"),
        (replace(PLAN, metric="nothing"), "metric"),
        (replace(PLAN, baseline=-1), "baseline"),
        (replace(PLAN, target=10_001), "target"),
        (replace(PLAN, target=3800), "target"),
        (replace(PLAN, target=3700), "target"),
        (replace(CHURN, target=2300), "target"),
        (replace(PLAN, end=date(2026, 3, 1)), "end"),
        (replace(PLAN, end=date(2026, 2, 1)), "end"),
        (replace(PLAN, end=date(2036, 2, 1)), "end"),
        (replace(PLAN, tolerance_bp=-1), "tolerance"),
        (replace(PLAN, tolerance_bp=5001), "tolerance"),
        (replace(PLAN, metric="sales_30", target=10**15 + 1), "target"),
    ],
)
def test_what_cannot_be_followed_is_refused_at_its_field(plan, field):
    with pytest.raises(BadTarget) as refusal:
        set_target(SYSTEM, plan, at=AT)
    assert refusal.value.extensions["field"] == field
    assert not TargetVersion.objects.exists()
    assert not AuditEntry.objects.exists()


def test_two_people_at_one_target():
    first = set_target(SYSTEM, PLAN, at=AT, seen=0)
    for act in (
        lambda: set_target(SYSTEM, replace(PLAN, target=6000), at=AT, seen=0),
        lambda: remove_target(SYSTEM, "repurchase_90", at=AT, seen=first + 1),
    ):
        with pytest.raises(TargetChanged):
            act()
    gone = remove_target(SYSTEM, "repurchase_90", at=AT, seen=first)
    set_target(SYSTEM, replace(PLAN, target=6000), at=AT, seen=0)
    with pytest.raises(TargetChanged):
        restore_target(SYSTEM, "repurchase_90", gone, at=AT)
    assert selectors.targets()["repurchase_90"].plan.target == 6000


def test_nothing_to_remove_or_bring_back():
    with pytest.raises(BadTarget):
        remove_target(SYSTEM, "repurchase_90", at=AT)
    version = set_target(SYSTEM, PLAN, at=AT)
    for number in (0, version, version + 99):
        with pytest.raises(BadTarget):
            restore_target(SYSTEM, "repurchase_90", number, at=AT)


@pytest.mark.parametrize("role", list(Role))
def test_who_may(role):
    caller = Caller("staff", 1, "somebody", frozenset(ROLE_SCOPES[role]))
    if role in (Role.OWNER, Role.OPERATIONS):
        version = set_target(caller, PLAN, at=AT)
        restore_target(caller, PLAN.metric, remove_target(caller, PLAN.metric, at=AT, seen=version), at=AT)
        return
    for act in (
        lambda: set_target(caller, PLAN, at=AT),
        lambda: remove_target(caller, PLAN.metric, at=AT),
        lambda: restore_target(caller, PLAN.metric, 1, at=AT),
    ):
        with pytest.raises(MissingScope):
            act()
    assert not TargetVersion.objects.exists()


def test_versions_are_facts():
    set_target(SYSTEM, PLAN, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update review_targetversion set target = 1")
