"""The published rules of points: reading, checking and publishing their documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from laoke.engine.ledger.terms import OrderOfUse
from laoke.engine.policy import (
    BadPolicy,
    EarnBasis,
    EarnRule,
    Expires,
    Household,
    PointsPolicy,
    Shortfall,
    SpendRule,
    Transfers,
)
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.documents import choice, only
from laoke.kernel.rounding import Rounding
from laoke.points.models import PointsPolicyVersion

_CHOICES: Mapping[str, type[StrEnum]] = {
    "expires": Expires,
    "order_of_use": OrderOfUse,
    "shortfall": Shortfall,
    "transfers": Transfers,
    "household": Household,
}
_NUMBERS = ("valid_months", "pending_days", "debt_limit", "grace_days", "transfers_per_day")
_RATE = ("points", "per_minor", "rounding", "basis")
# Declared beside the rate and kept as written: laoke.promotions.earning reads it, which knows what conditions ask for.
MORE = ("without", "without_tenders", "round_each", "tiers", "rules", "caps")


def parse(document: Mapping[str, Any]) -> PointsPolicy:
    """Read a policy document; fields left out take their defaults.

    Raises:
        BadPolicy: an unknown field or a value that cannot be used, with its place.
    """
    only(document, "points", {"earn", "spend", *_CHOICES, *_NUMBERS})
    earn, spend = _section(document, "earn"), _section(document, "spend")
    only(earn, "points.earn", {*_RATE, *MORE})
    only(spend, "points.spend", {"points", "worth_minor", "step", "max_percent"})
    default = PointsPolicy()
    choices: dict[str, Any] = {
        name: choice(kind, document.get(name, getattr(default, name)), f"points.{name}")
        for name, kind in _CHOICES.items()
    }
    return PointsPolicy(
        earn=EarnRule(
            points=earn.get("points", default.earn.points),
            per_minor=earn.get("per_minor", default.earn.per_minor),
            rounding=choice(Rounding, earn.get("rounding", default.earn.rounding), "points.earn.rounding"),
            basis=choice(EarnBasis, earn.get("basis", default.earn.basis), "points.earn.basis"),
            more=_more(earn),
        ),
        spend=SpendRule(
            points=spend.get("points", default.spend.points),
            worth_minor=spend.get("worth_minor", default.spend.worth_minor),
            step=spend.get("step", default.spend.step),
            max_percent=spend.get("max_percent", default.spend.max_percent),
        ),
        **choices,
        **{name: document.get(name, getattr(default, name)) for name in _NUMBERS},
    )


def to_document(policy: PointsPolicy) -> dict[str, Any]:
    """The document that `parse` reads back into the same policy."""
    return {
        "earn": {
            "points": policy.earn.points,
            "per_minor": policy.earn.per_minor,
            "rounding": policy.earn.rounding.value,
            "basis": policy.earn.basis.value,
            **orjson.loads(policy.earn.more or "{}"),
        },
        "spend": {
            "points": policy.spend.points,
            "worth_minor": policy.spend.worth_minor,
            "step": policy.spend.step,
            "max_percent": policy.spend.max_percent,
        },
        "expires": policy.expires.value,
        "valid_months": policy.valid_months,
        "order_of_use": policy.order_of_use.value,
        "pending_days": policy.pending_days,
        "shortfall": policy.shortfall.value,
        "debt_limit": policy.debt_limit,
        "grace_days": policy.grace_days,
        "transfers": policy.transfers.value,
        "transfers_per_day": policy.transfers_per_day,
        "household": policy.household.value,
    }


def at_version(programme_version: int) -> PointsPolicy:
    """The policy in force in a version of the programme; the default before anything was published."""
    row = (
        PointsPolicyVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .first()
    )
    return parse(row.document) if row else PointsPolicy()


def in_force() -> PointsPolicy:
    """The policy of the newest version of the programme."""
    return at_version(generations.current(generations.PROGRAMME))


def publish(caller: Caller, policy: PointsPolicy, *, at: datetime) -> int:
    """Put a policy in force from this commit on; returns the programme version. Call in a transaction."""
    caller.require(Scope.PROGRAMME_WRITE)
    before = in_force()
    version = generations.bump(generations.PROGRAMME)
    document = to_document(policy)
    PointsPolicyVersion.objects.create(
        document=document, programme_version=version, published_at=at, published_by=caller.label
    )
    record(
        caller,
        "points_policy.published",
        "programme",
        version,
        at=at,
        before=to_document(before),
        after=document,
    )
    return version


def _more(earn: Mapping[str, Any]) -> str:
    said = {name: earn[name] for name in MORE if name in earn}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode() if said else ""


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name, {})
    if not isinstance(section, Mapping):
        raise BadPolicy(f"points.{name}", "takes named fields")
    return section
