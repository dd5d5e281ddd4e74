"""How much each role may give or take by hand alone: section `adjustments` of the programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from laoke.engine.policy import BadPolicy
from laoke.foundation import generations
from laoke.foundation.access import Caller, Role, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.documents import only
from laoke.foundation.staff import selectors as staff
from laoke.points.adjustments.models import AdjustmentRulesVersion

# Programs have no role; their limit stands under this word. The command line is the operator's own and has none.
PROGRAMS = "apikey"
WHO = (*(role.value for role in Role), PROGRAMS)
LARGEST = 10_000_000
_PLACE = "adjustments"


@dataclass(frozen=True, slots=True)
class Limit:
    """Points that one person may give or take alone: `each` time and `per_day`; None: any number."""

    each: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class AdjustmentRules:
    """Limits by role. Roles that are not named have none; requests above a limit wait `open_days`."""

    limits: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))
    open_days: int = 7

    @property
    def patience(self) -> timedelta:
        """How long a request waits for a decision."""
        return timedelta(days=self.open_days)


NO_LIMIT = Limit()


def parse(document: Any) -> AdjustmentRules:
    """Read the section `adjustments` of a programme document.

    Raises:
        BadPolicy: an unknown field or role, or a value that cannot be used, with its place.
    """
    if not isinstance(document, Mapping):
        raise BadPolicy(_PLACE, "takes named fields")
    only(document, _PLACE, {"limits", "open_days"})
    limits = document.get("limits", {})
    if not isinstance(limits, Mapping):
        raise BadPolicy(f"{_PLACE}.limits", "takes a limit for each role")
    only(limits, f"{_PLACE}.limits", set(WHO))
    return AdjustmentRules(
        MappingProxyType(
            {who: _limit(limits[who], f"{_PLACE}.limits.{who}") for who in WHO if who in limits}
        ),
        _whole(document.get("open_days", AdjustmentRules().open_days), f"{_PLACE}.open_days", 1, 90),
    )


def to_document(rules: AdjustmentRules) -> dict[str, Any]:
    """The document that `parse` reads back into the same rules."""
    limits = {
        who: {name: value for name in ("each", "per_day") if (value := getattr(limit, name)) is not None}
        for who, limit in rules.limits.items()
    }
    return {"limits": limits, "open_days": rules.open_days}


def at_version(programme_version: int) -> AdjustmentRules:
    """The rules in force in a version of the programme; no limits before any were published."""
    row = (
        AdjustmentRulesVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .first()
    )
    return parse(row.document) if row else AdjustmentRules()


def in_force() -> AdjustmentRules:
    """The rules in force now."""
    row = AdjustmentRulesVersion.objects.order_by("-programme_version").first()
    return parse(row.document) if row else AdjustmentRules()


def publish(caller: Caller, rules: AdjustmentRules, *, at: datetime) -> int:
    """Put rules in force from this commit on; returns the programme version. Call in a transaction."""
    caller.require(Scope.PROGRAMME_WRITE)
    before = in_force()
    version = generations.bump(generations.PROGRAMME)
    AdjustmentRulesVersion.objects.create(
        document=to_document(rules),
        programme_version=version,
        published_at=at,
        published_by=caller.label,
    )
    record(
        caller,
        "adjustment_rules.published",
        "programme",
        version,
        at=at,
        before=_told(before),
        after=_told(rules),
    )
    return version


def limit_of(caller: Caller) -> Limit:
    """What the caller may adjust alone."""
    if caller.kind == "system":
        return NO_LIMIT
    limits = in_force().limits
    if not limits:
        return NO_LIMIT
    who = PROGRAMS if caller.kind == "apikey" else staff.role_of(caller.id)
    return limits.get(who, NO_LIMIT)


def _told(rules: AdjustmentRules) -> dict[str, Any]:
    limits = rules.limits.items()
    return {
        "at_once": {who: limit.each for who, limit in limits if limit.each is not None},
        "a_day": {who: limit.per_day for who, limit in limits if limit.per_day is not None},
        "open_days": rules.open_days,
    }


def _limit(said: Any, place: str) -> Limit:
    if not isinstance(said, Mapping):
        raise BadPolicy(place, "takes named fields")
    only(said, place, {"each", "per_day"})
    values = {
        name: _whole(said[name], f"{place}.{name}", 0, 10**9) for name in said if said[name] is not None
    }
    return Limit(**values)


def _whole(value: Any, place: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadPolicy(place, f"takes a whole number from {low} to {high}, got {value!r}")
    return value
