"""What a paid membership costs and gives: section `memberships` of the programme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from laoke.engine.memberships import Length, RefundTerms, Then
from laoke.engine.policy import BadPolicy
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.documents import choice, fields, only, whole
from laoke.kernel.rounding import Rounding
from laoke.tiers.memberships.errors import UnknownPlan
from laoke.tiers.memberships.models import PlansVersion

LONGEST_CODE = 40
LONGEST_NAME = 60
MOST_MINOR = 10**9
MOST_MONTHS = 120
MOST_DAYS = 3660
MOST_TRIAL_DAYS = 366
MOST_GRACE_DAYS = 92
_PLACE = "memberships"
_FIELDS = ("name", "tier", "price_minor", "months", "days", "on_sale", "trial", "grace_days", "refund")


@dataclass(frozen=True, slots=True)
class Trial:
    """Some days of a plan to try it, once for each member."""

    days: int
    price_minor: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What can be paid for.

    Args:
        tier: what it gives beside what is earned.
        on_sale: False: nobody begins it any more; who has it can renew it.
        grace_days: after the last day paid, days on which it can still be renewed as if in time; the tier stays.
    """

    code: str
    zh: str
    en: str
    tier: str
    price_minor: int
    length: Length
    on_sale: bool = True
    trial: Trial | None = None
    grace_days: int = 0
    refund: RefundTerms = field(default_factory=RefundTerms)


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans in force, by code."""

    plans: Mapping[str, Plan] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, code: str) -> Plan:
        """One of them.

        Raises:
            UnknownPlan
        """
        if code not in self.plans:
            raise UnknownPlan(code)
        return self.plans[code]


def parse(document: Any) -> Plans:
    """Read the section `memberships` of a programme document.

    Raises:
        BadPolicy: an unknown field, or a value that cannot be used, with its place.
    """
    said = fields(document, _PLACE)
    only(said, _PLACE, {"plans"})
    plans = fields(said.get("plans", {}), f"{_PLACE}.plans")
    found = [_plan(code, plans[code]) for code in plans]
    # The database keeps no order of names.
    found.sort(key=lambda plan: (plan.price_minor, plan.code))
    return Plans(MappingProxyType({plan.code: plan for plan in found}))


def to_document(plans: Plans) -> dict[str, Any]:
    """The document that `parse` reads back into the same plans."""
    return {"plans": {code: _written(plan) for code, plan in plans.plans.items()}}


def faults(plans: Plans, ladder: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What does not fit the ladder (its tiers from the lowest on)."""
    for code, plan in plans.plans.items():
        place = (_PLACE, "plans", code, "tier")
        if plan.tier not in ladder:
            yield place, f"there is no tier {plan.tier}"
        elif plan.tier == ladder[0]:
            yield place, "the lowest tier is everybody's: a plan gives one above it"


def at_version(programme_version: int) -> Plans:
    """The plans in force in a version of the programme; none before any were published."""
    row = (
        PlansVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .values_list("id", flat=True)
        .first()
    )
    return _of_row(row)


@lru_cache(maxsize=16)
def _of_row(number: int | None) -> Plans:
    """Of a publication, by its number: a fact, so a process reads each of them once."""
    if number is None:
        return Plans()
    return parse(PlansVersion.objects.values_list("document", flat=True).get(pk=number))


def in_force() -> Plans:
    """The plans in force now."""
    return _of_row(PlansVersion.objects.order_by("-id").values_list("id", flat=True).first())


def latest(code: str) -> Plan:
    """A plan as it was published last, whether it is in force or not.

    Raises:
        UnknownPlan
    """
    row = PlansVersion.objects.filter(document__plans__has_key=code).order_by("-id").first()
    if row is None:
        raise UnknownPlan(code)
    return _of_row(row.pk).plans[code]


def publish(caller: Caller, plans: Plans, *, at: datetime) -> int:
    """Put plans in force from this commit on; returns the programme version. Call in a transaction.

    Who has paid keeps what was paid for.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = in_force()
    version = generations.bump(generations.PROGRAMME)
    PlansVersion.objects.create(
        document=to_document(plans), programme_version=version, published_at=at, published_by=caller.label
    )
    record(
        caller,
        "plans.published",
        "programme",
        version,
        at=at,
        before={"plans": sorted(before.plans)},
        after={"plans": sorted(plans.plans)},
    )
    return version


def _plan(code: Any, said: Any) -> Plan:
    place = f"{_PLACE}.plans.{code}"
    plain = code.replace("-", "").replace("_", "") if isinstance(code, str) else ""
    if not (plain.isascii() and plain.isalnum() and len(code) <= LONGEST_CODE):
        raise BadPolicy(place, f"a code has 1 to {LONGEST_CODE} letters, digits, hyphens and underscores")
    plan = fields(said, place)
    only(plan, place, set(_FIELDS))
    for word in ("name", "tier", "price_minor"):
        if word not in plan:
            raise BadPolicy(f"{place}.{word}", "is missing")
    tier = plan["tier"]
    if not isinstance(tier, str) or not 1 <= len(tier) <= 20:
        raise BadPolicy(f"{place}.tier", "takes the code of a tier")
    if ("months" in plan) == ("days" in plan):
        raise BadPolicy(f"{place}.months", "takes months or days")
    length = Length(
        whole(plan["months"], f"{place}.months", 1, MOST_MONTHS) if "months" in plan else 0,
        whole(plan["days"], f"{place}.days", 1, MOST_DAYS) if "days" in plan else 0,
    )
    return Plan(
        code,
        *_name(plan["name"], f"{place}.name"),
        tier,
        whole(plan["price_minor"], f"{place}.price_minor", 0, MOST_MINOR),
        length,
        _flag(plan.get("on_sale", True), f"{place}.on_sale"),
        _trial(plan["trial"], f"{place}.trial") if "trial" in plan else None,
        whole(plan.get("grace_days", 0), f"{place}.grace_days", 0, MOST_GRACE_DAYS),
        _refund(plan.get("refund", {}), f"{place}.refund"),
    )


def _name(said: Any, place: str) -> tuple[str, str]:
    names = fields(said, place)
    only(names, place, {"zh", "en"})
    for word in ("zh", "en"):
        if not isinstance(names.get(word), str) or not 1 <= len(names[word]) <= LONGEST_NAME:
            raise BadPolicy(f"{place}.{word}", f"takes 1 to {LONGEST_NAME} characters")
    return names["zh"], names["en"]


def _trial(said: Any, place: str) -> Trial:
    trial = fields(said, place)
    only(trial, place, {"days", "price_minor"})
    return Trial(
        whole(trial.get("days"), f"{place}.days", 1, MOST_TRIAL_DAYS),
        whole(trial.get("price_minor", 0), f"{place}.price_minor", 0, MOST_MINOR),
    )


def _refund(said: Any, place: str) -> RefundTerms:
    terms, standard = fields(said, place), RefundTerms()
    only(terms, place, {"full_days", "then", "rounding", "less_benefits"})
    return RefundTerms(
        whole(terms.get("full_days", standard.full_days), f"{place}.full_days", 0, MOST_TRIAL_DAYS),
        choice(Then, terms.get("then", standard.then), f"{place}.then"),
        choice(Rounding, terms.get("rounding", standard.rounding), f"{place}.rounding"),
        _flag(terms.get("less_benefits", standard.less_benefits), f"{place}.less_benefits"),
    )


def _written(plan: Plan) -> dict[str, Any]:
    lasts = {"months": plan.length.months} if plan.length.months else {"days": plan.length.days}
    written: dict[str, Any] = {
        "name": {"zh": plan.zh, "en": plan.en},
        "tier": plan.tier,
        "price_minor": plan.price_minor,
        **lasts,
        "on_sale": plan.on_sale,
        "grace_days": plan.grace_days,
        "refund": {
            "full_days": plan.refund.full_days,
            "then": plan.refund.then.value,
            "rounding": plan.refund.rounding.value,
            "less_benefits": plan.refund.less_benefits,
        },
    }
    if plan.trial is not None:
        written["trial"] = {"days": plan.trial.days, "price_minor": plan.trial.price_minor}
    return written


def _flag(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise BadPolicy(place, "takes true or false")
    return value
