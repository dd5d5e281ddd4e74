"""Setting the plans that figures are held against. Every change is a new version, and stands in the audit trail."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.insight.metrics.catalogue import BY_CODE, Better, Unit
from laoke.review.errors import BadTarget, TargetChanged
from laoke.review.models import TargetVersion
from laoke.review.plans import BASIS, Plan

MOST = 10**15
LONGEST_DAYS = 366 * 5
# "laoke.tg": one change of targets at a time.
_LOCK = 0x6C616F6B652E7467


@transaction.atomic
def set_target(caller: Caller, plan: Plan, *, at: datetime, seen: int | None = None) -> int:
    """Put a plan in force; returns its version. The same plan again changes nothing.

    Args:
        seen: the version the caller looked at, 0 for none; None: whatever is there.
    Raises:
        MissingScope, BadTarget; TargetChanged: another version is in force than the one seen.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    _check(plan)
    before = _newest(plan.metric)
    _unchanged(plan.metric, before, seen)
    if before is not None and not before.removed and _plan(before) == plan:
        return int(before.pk)
    return _add(caller, plan, before, removed=False, at=at)


@transaction.atomic
def remove_target(caller: Caller, metric: str, *, at: datetime, seen: int | None = None) -> int:
    """Take the plan of a metric away; returns the version that did it. `restore_target` brings the plan back.

    Raises:
        MissingScope; BadTarget: there is none; TargetChanged.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = _newest(metric)
    _unchanged(metric, before, seen)
    if before is None or before.removed:
        raise BadTarget("metric", gettext("There is no target to remove."))
    return _add(caller, _plan(before), before, removed=True, at=at)


@transaction.atomic
def restore_target(caller: Caller, metric: str, version: int, *, at: datetime) -> int:
    """Undo the removal that was `version`; returns the new version. Undone already: nothing happens.

    Raises:
        MissingScope; BadTarget: no such removal; TargetChanged: something else was set since.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    newest = _newest(metric)
    undone = TargetVersion.objects.filter(pk=version, metric=metric, removed=True).first()
    if newest is None or undone is None:
        raise BadTarget("metric", gettext("There is no target to restore."))
    if newest.pk != version:
        if not newest.removed and _plan(newest) == _plan(undone):
            return int(newest.pk)
        raise TargetChanged(metric)
    return _add(caller, _plan(undone), newest, removed=False, at=at)


def _check(plan: Plan) -> None:
    metric = BY_CODE.get(plan.metric)
    if metric is None or not metric.may_have_target:
        raise BadTarget("metric", gettext("No target can be set for this figure."))
    most = BASIS if metric.unit is Unit.SHARE else MOST
    for field in ("baseline", "target"):
        if not 0 <= getattr(plan, field) <= most:
            raise BadTarget(field, gettext("This value is out of range."))
    if plan.target == plan.baseline:
        raise BadTarget("target", gettext("The target is where you start from. Choose another value."))
    if (plan.target > plan.baseline) != (metric.better is Better.HIGHER):
        raise BadTarget(
            "target",
            gettext("Lower is better here: the target lies below the baseline.")
            if metric.better is Better.LOWER
            else gettext("Higher is better here: the target lies above the baseline."),
        )
    if plan.end <= plan.start:
        raise BadTarget("end", gettext("The plan has to end after it starts."))
    if plan.days > LONGEST_DAYS:
        raise BadTarget("end", gettext("A plan covers five years at most."))
    if not 0 <= plan.tolerance_bp <= BASIS // 2:
        raise BadTarget("tolerance", gettext("The tolerance lies between 0% and 50%."))


def _newest(metric: str) -> TargetVersion | None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
    return TargetVersion.objects.filter(metric=metric).order_by("-pk").first()


def _unchanged(metric: str, before: TargetVersion | None, seen: int | None) -> None:
    if seen is None:
        return
    there = 0 if before is None or before.removed else before.pk
    if there != seen:
        raise TargetChanged(metric)


def _add(caller: Caller, plan: Plan, before: TargetVersion | None, *, removed: bool, at: datetime) -> int:
    row = TargetVersion.objects.create(
        metric=plan.metric,
        removed=removed,
        baseline=plan.baseline,
        target=plan.target,
        start_date=plan.start,
        end_date=plan.end,
        tolerance_bp=plan.tolerance_bp,
        set_at=at,
        set_by=caller.label,
    )
    record(
        caller,
        "target.removed" if removed else "target.set",
        "target",
        plan.metric,
        at=at,
        before=_told(before),
        after=_told(row),
    )
    return int(row.pk)


def _plan(row: TargetVersion) -> Plan:
    return Plan(row.metric, row.baseline, row.target, row.start_date, row.end_date, row.tolerance_bp)


def _told(row: TargetVersion | None) -> dict[str, object] | None:
    if row is None or row.removed:
        return None
    return {
        "baseline": row.baseline,
        "target": row.target,
        "start": row.start_date.isoformat(),
        "end": row.end_date.isoformat(),
        "tolerance_bp": row.tolerance_bp,
    }
