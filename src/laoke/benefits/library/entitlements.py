"""What a member may use now, why not the rest, and what is left: two statements, whatever the number of members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from laoke.benefits.library import budgets, people, publication
from laoke.benefits.library.models import LibraryVersion
from laoke.benefits.library.publication import Benefit, Library
from laoke.benefits.strategies.kinds import Kind
from laoke.engine.entitlement import Granted, Holder, Past, Period, Verdict, judge, span
from laoke.foundation.sql import raw_cursor, statement
from laoke.members import selectors as members
from laoke.members.errors import UnknownMember

_PERIODS = {Period.MONTH: 0, Period.QUARTER: 1, Period.YEAR: 2, Period.EVER: 3}


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A benefit with the verdict on it. `seen`: the member was shown it before."""

    benefit: Benefit
    verdict: Verdict
    seen: bool


@dataclass(frozen=True, slots=True)
class Entitlements:
    """All benefits in force, in their order, as they stand with one member at an instant."""

    member_id: int
    tier: str | None
    library: Library
    rows: tuple[Entitlement, ...]

    def of(self, key: str) -> Entitlement:
        """One of them.

        Raises:
            UnknownBenefit
        """
        benefit = self.library.get(key)
        return next(row for row in self.rows if row.benefit is benefit)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a member before anything is judged."""

    member_id: int
    library: Library
    holder: Holder
    used: Mapping[str, tuple[int, ...]]
    grants: Mapping[str, list[Granted]]
    seen: frozenset[str]
    taken: Mapping[str, int]
    codes: Mapping[str, int]
    spent: Mapping[str, int]

    def judge(self, benefit: Benefit, at: datetime, units: int = 1) -> Verdict:
        """Judge the use of so many units."""
        key, document = benefit.key, benefit.document
        budget = self.library.budget(self.holder.tier)
        left = document.stock
        if left is not None:
            left -= self.taken.get(stock_key(key), 0)
        elif document.kind is Kind.PARTNER_CODE:
            left = self.codes.get(key, 0)
        counts = self.used.get(key)
        past = Past(
            used=counts[_PERIODS[document.per]] if counts else 0,
            grants=self.grants.get(key, ()),
            stock=left,
            budget_left_minor=None
            if budget is None
            else budget.most_minor - self.spent.get(self.holder.tier or "", 0),
        )
        return judge(benefit.right, self.holder, past, at, settings.LAOKE.zone, units)


def stock_key(key: str) -> str:
    """Under which a benefit's stock is counted."""
    return f"benefit:{key}"


def of(member_id: int, at: datetime) -> Entitlements:
    """Where all benefits stand with a member; of one merged away, with the kept one.

    Raises:
        UnknownMember, MemberErased
    """
    facts = facts_of(member_id, at)
    rows = tuple(
        Entitlement(benefit, facts.judge(benefit, at), key in facts.seen)
        for key, benefit in facts.library.benefits.items()
    )
    return Entitlements(facts.member_id, facts.holder.tier, facts.library, rows)


def facts_of(member_id: int, at: datetime) -> Facts:
    """What decides over a member's benefits.

    Raises:
        UnknownMember, MemberErased
    """
    zone = settings.LAOKE.zone
    values = {
        "member_id": member_id,
        "at": at,
        "year_day": budgets.year_of(at, zone),
        **{
            period.value: span(period, at, zone).since
            for period in (Period.MONTH, Period.QUARTER, Period.YEAR)
        },
    }
    with raw_cursor() as cursor:
        statement("laoke.benefits", "entitlements").run(cursor, values)
        row = cursor.fetchone()
        if row is None:
            raise UnknownMember
    if row[2] is not None:
        return facts_of(members.resolve({"member_id": member_id}).id, at)
    if row[1] == "erased":
        members.resolve({"member_id": member_id})
    library = publication.of_row(row[3])
    known = people.known(member_id, library.asks, at)
    used, grants, seen, taken, codes, spent = row[4:]
    by_benefit: dict[str, list[Granted]] = {}
    for benefit, number, quota, units, since, until in grants:
        granted = Granted(number, quota, units, datetime.fromisoformat(since), datetime.fromisoformat(until))
        by_benefit.setdefault(benefit, []).append(granted)
    return Facts(
        member_id,
        library,
        Holder(row[1] == "active", known.get(people.TIER), known),
        {benefit: tuple(counts) for benefit, *counts in used},
        by_benefit,
        frozenset(seen),
        taken,
        codes,
        spent,
    )


def describe(verdict: Verdict) -> list[dict[str, Any]]:
    """Why a benefit cannot be used, as plain values."""
    return [reason.as_json() for reason in verdict.reasons]


def as_used(key: str) -> Benefit:
    """A benefit as it is in force; one that has ended, as it was last.

    Raises:
        UnknownBenefit: there never was one.
    """
    library = publication.in_force()
    if key not in library.benefits:
        for number in LibraryVersion.objects.order_by("-id").values_list("id", flat=True):
            if key in publication.of_row(number).benefits:
                return publication.of_row(number).benefits[key]
    return library.get(key)
