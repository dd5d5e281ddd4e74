"""Paid membership: how plans go, who has one, and what one member had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import pgettext_lazy as _in

from laoke.checkout import programme
from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller, Scope
from laoke.members import selectors as members
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.tiers.memberships import selectors
from laoke.tiers.memberships.plans import Plan, Plans
from laoke.tiers.memberships.selectors import MembershipView, MonthRow, PaymentView, PlanRow

PAGE = 50
MONTHS, LEAST_MONTHS = 12, 3
STATES: dict[str, tuple[Any, str]] = {
    "running": (_in("paid membership", "Running"), "run"),
    "ended": (_in("paid membership", "Ended"), "end"),
    "refunded": (_in("paid membership", "Given up"), "bad"),
    "upgraded": (_in("paid membership", "Upgraded"), "end"),
    "merged": (_in("paid membership", "Went over to another card’s"), "end"),
    "erased": (_in("paid membership", "Ended with the person"), "end"),
}
KINDS: dict[str, Any] = {
    "start": _in("payment of a membership", "Begun"),
    "trial": _in("payment of a membership", "Trial"),
    "renewal": _in("payment of a membership", "Renewed"),
    "upgrade": _in("payment of a membership", "Upgraded"),
    "merge": _in("payment of a membership", "From another card"),
}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan and how it goes. `on_sale` is None for one that the programme has no more."""

    row: PlanRow
    name: Named
    tier: Named | None
    face: str
    months: int
    days: int
    price_minor: int | None
    trial_days: int
    on_sale: bool | None


@dataclass(frozen=True, slots=True)
class MonthLine:
    """What came in and went back in a month, and the difference."""

    row: MonthRow
    net_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """A paid membership. What can be done with it now, as far as the account may."""

    view: MembershipView
    name: Named
    tier: Named
    face: str
    state: Any
    tone: str
    member: str
    days_left: int | None
    payments: tuple[tuple[Any, PaymentView], ...]
    may_sell: bool
    may_refund: bool


@dataclass(frozen=True, slots=True)
class MembershipFilter:
    """What the list is narrowed to; empty: anything."""

    plan: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class MembershipsPage:
    """How plans go, and a page of memberships. Sums are for accounts of the whole shop: `figures`."""

    plans: tuple[PlanLine, ...]
    months: tuple[MonthLine, ...]
    best_minor: int
    running: int
    income_minor: int
    lines: tuple[Line, ...]
    filter: MembershipFilter
    states: tuple[tuple[str, Any], ...]
    after: str
    later: bool
    figures: bool
    may_publish: bool


@dataclass(frozen=True, slots=True)
class MemberPage:
    """What a member has and had, the newest first."""

    head: Head
    now: Line | None
    lines: tuple[Line, ...]
    sellable: bool
    may_sell: bool


def memberships_page(
    caller: Caller, asked: MembershipFilter, after: str | None, at: datetime
) -> MembershipsPage:
    """How plans go, and who has one. An account limited to stores sees plans, and no members or sums.

    Raises:
        MissingScope, BadCursor
    """
    caller.require(Scope.TIERS_READ)
    found, figures = programme.current(), caller.stores is None
    rows = (
        selectors.plan_rows(at)
        if figures
        else [PlanRow(code, plan, 0, 0, 0, 0, 0, 0) for code, plan in found.memberships.plans.items()]
    )
    codes = {row.code for row in rows}
    narrowed = MembershipFilter(
        asked.plan if asked.plan in codes else "", asked.state if asked.state in STATES else ""
    )
    views, more = (
        selectors.page(plan=narrowed.plan, state=narrowed.state, after=after, limit=PAGE)
        if figures
        else ([], None)
    )
    names = members.masked_names({view.member_id for view in views})
    months = _months(at) if figures else ()
    return MembershipsPage(
        plans=tuple(_plan(row, found.ladder) for row in rows),
        months=months,
        best_minor=max((month.row.paid_minor for month in months), default=0),
        running=sum(row.running for row in rows),
        income_minor=sum(month.net_minor for month in months),
        lines=tuple(
            line(caller, view, found.memberships, found.ladder, at, names.get(view.member_id, ""))
            for view in views
        ),
        filter=narrowed,
        states=tuple((code, words) for code, (words, _tone) in STATES.items()),
        after=more or "",
        later=after is not None,
        figures=figures,
        may_publish=Scope.PROGRAMME_WRITE in caller.scopes,
    )


def member_page(caller: Caller, member_id: int, at: datetime) -> MemberPage:
    """What a member has and had.

    Raises:
        MissingScope, and as `state_of`.
    """
    caller.require(Scope.TIERS_READ)
    head = head_of(caller, state_of(caller, member_id, at))
    found = programme.current()
    lines = [
        line(caller, view, found.memberships, found.ladder, at) for view in selectors.of_member(member_id)
    ]
    now = next((each for each in lines if each.view.state == "running"), None)
    return MemberPage(
        head,
        now,
        tuple(lines),
        any(plan.on_sale for plan in found.memberships.plans.values()),
        Scope.MEMBERSHIPS_SELL in caller.scopes,
    )


def one_line(caller: Caller, membership_id: int, at: datetime) -> tuple[Head, Line]:
    """One membership, and whose it is.

    Raises:
        MissingScope, UnknownMembership, and as `state_of`.
    """
    caller.require(Scope.TIERS_READ)
    view, found = selectors.one(membership_id), programme.current()
    head = head_of(caller, state_of(caller, view.member_id, at))
    return head, line(caller, view, found.memberships, found.ladder, at)


def line(
    caller: Caller, view: MembershipView, plans: Plans, ladder: Ladder, at: datetime, member: str = ""
) -> Line:
    """A membership as a line."""
    state, tone = STATES[view.state]
    rank, runs = ladder.rank(view.tier), view.state == "running"
    left = (view.until - at.astimezone(settings.LAOKE.zone).date()).days if runs else None
    return Line(
        view,
        plan_name(plans.plans.get(view.plan), view.plan),
        tier_name(ladder.tiers[rank]),
        face(rank, len(ladder.tiers)),
        state,
        tone,
        member,
        left,
        tuple((KINDS[each.kind], each) for each in view.payments),
        may_sell=Scope.MEMBERSHIPS_SELL in caller.scopes and view.state in ("running", "ended"),
        may_refund=Scope.MEMBERSHIPS_REFUND in caller.scopes and runs,
    )


def plan_name(plan: Plan | None, code: str) -> Named:
    """What a plan is called; its code where the programme has it no more."""
    return Named(code, code) if plan is None else Named(plan.zh, plan.en)


def _months(at: datetime) -> tuple[MonthLine, ...]:
    """The last months, from the first on in which anything moved; at least three."""
    rows = selectors.months(at, MONTHS)
    moved = [place for place, row in enumerate(rows) if row.paid_minor or row.refunded_minor]
    first = min([MONTHS - LEAST_MONTHS, *moved])
    return tuple(MonthLine(row, row.paid_minor - row.refunded_minor) for row in rows[first:])


def _plan(row: PlanRow, ladder: Ladder) -> PlanLine:
    plan = row.plan
    if plan is None:
        return PlanLine(row, Named(row.code, row.code), None, "plain", 0, 0, None, 0, None)
    rank = ladder.rank(plan.tier)
    return PlanLine(
        row,
        plan_name(plan, row.code),
        tier_name(ladder.tiers[rank]),
        face(rank, len(ladder.tiers)),
        *plan.length,
        plan.price_minor,
        plan.trial.days if plan.trial else 0,
        plan.on_sale,
    )
