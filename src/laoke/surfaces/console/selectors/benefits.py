"""The benefit library as a matrix of tiers, what it costs them, and how one member stands with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from laoke.benefits.library import budgets, entitlements, publication, selectors
from laoke.benefits.library.documents import BenefitDocument
from laoke.benefits.library.entitlements import Entitlement
from laoke.benefits.library.errors import UnknownBenefit
from laoke.benefits.library.publication import Benefit
from laoke.benefits.library.selectors import BenefitRow, BudgetRow, UseView
from laoke.benefits.mall import selectors as mall
from laoke.checkout import programme
from laoke.engine.tiering import Ladder, Tier
from laoke.foundation.access import Caller, Scope
from laoke.surfaces.console.benefit_words import KINDS, counted, occasion, share_words, why_not
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.ladder import members_by_tier
from laoke.surfaces.console.selectors.mall import OrderLine, order_line
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.templatetags.figures import named

# More days take too long to count where a million members use what they have.
DAYS = 14
USES = 20
ORDERS = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A tier as a column, from the lowest to the highest."""

    name: Named
    face: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What a tier has of a benefit: nothing, or words; no words: any number of times."""

    tier: Named
    has: bool
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """A benefit. `users` used it in the days the page tells, `share` of the members of its tiers; None where it takes
    more than the tier to have it. `left` of `stock`, or of the codes of a partner; None: not counted. `seen_about`:
    `seen_by` is an estimate.
    """

    name: Named
    about: Named | None
    kind: Any
    occasion: str
    conditional: bool
    cells: tuple[Cell, ...]
    uses: int
    users: int
    share: float | None
    cost_minor: int
    seen_by: int
    seen_about: bool
    stock: int | None
    left: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What the benefits of a tier cost this year. `state`: "fine", "alarm", "reached", or "" without a budget."""

    name: Named
    face: str
    spent_minor: int
    budget_minor: int | None
    most_minor: int | None
    alarm_share: float | None
    state: str


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """The whole page. `figures`: whether the account may see what the whole shop used and spent."""

    version: int | None
    days: int
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    budgets: tuple[Budget, ...]
    year: int
    figures: bool
    may_publish: bool


@dataclass(frozen=True, slots=True)
class Now:
    """A benefit as it stands with a member: `left` and `until` where it can be used, `why` where it cannot."""

    key: str
    name: Named
    about: Named | None
    kind: Any
    what: str
    left: str
    until: datetime | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UseLine:
    """A use, newest first."""

    view: UseView
    name: Named


@dataclass(frozen=True, slots=True)
class MemberBenefitsPage:
    """What one member may use, why not the rest, and what was used."""

    head: Head
    now: tuple[Now, ...]
    rest: tuple[Now, ...]
    uses: tuple[UseLine, ...]
    orders: tuple[OrderLine, ...]
    after: str
    later: bool
    may_use: bool


def library_page(caller: Caller, at: datetime) -> LibraryPage:
    """The library in force. Raises MissingScope."""
    caller.require(Scope.BENEFITS_READ)
    found = programme.current()
    ladder = found.ladder
    columns = tuple(
        Column(tier_name(tier), face(rank, len(ladder.tiers))) for rank, tier in enumerate(ladder.tiers)
    )
    figures = caller.stores is None
    members = members_by_tier(caller) if figures else {}
    library = publication.in_force()
    rows = selectors.rows(at - timedelta(days=DAYS), at, library)
    return LibraryPage(
        version=found.version if rows else None,
        days=DAYS,
        columns=columns,
        lines=tuple(sorted((_line(row, ladder, members, at) for row in rows), key=_place)),
        budgets=tuple(_budget(row, ladder) for row in selectors.budget_rows(at, library)) if figures else (),
        year=budgets.year_of(at, settings.LAOKE.zone).year,
        figures=figures,
        may_publish=Scope.PROGRAMME_WRITE in caller.scopes,
    )


def member_page(caller: Caller, member_id: int, after: str | None, at: datetime) -> MemberBenefitsPage:
    """How a member stands with every benefit.

    Raises:
        MissingScope, BadCursor, and as `state_of`.
    """
    caller.require(Scope.BENEFITS_READ)
    head = head_of(caller, state_of(caller, member_id, at))
    tiers = {tier.code: named(tier_name(tier)) for tier in programme.current().ladder.tiers}
    found = entitlements.of(member_id, at)
    lines = [(row, _now(row, found.tier, tiers)) for row in found.rows]
    page, more = selectors.uses(member_id, after=after, limit=USES)
    names = {
        key: _words(found.library.benefits[key]) if key in found.library.benefits else benefit_name(key)
        for key in {view.benefit for view in page}
    }
    ordered, _more = mall.of_member(member_id, limit=ORDERS)
    return MemberBenefitsPage(
        head,
        tuple(line for row, line in lines if row.verdict.usable),
        tuple(line for row, line in lines if not row.verdict.usable),
        tuple(UseLine(view, names[view.benefit]) for view in page),
        tuple(order_line(caller, row, found.library.items, {}) for row in ordered),
        more or "",
        after is not None,
        Scope.BENEFITS_USE in caller.scopes,
    )


def one_now(member_id: int, key: str, at: datetime) -> Now:
    """One benefit as it stands with a member.

    Raises:
        UnknownBenefit, UnknownMember, MemberErased
    """
    tiers = {tier.code: named(tier_name(tier)) for tier in programme.current().ladder.tiers}
    found = entitlements.of(member_id, at)
    return _now(found.of(key), found.tier, tiers)


def benefit_name(key: str) -> Named:
    """What a benefit is or was called; its key where nobody knows."""
    try:
        return _words(entitlements.as_used(key))
    except UnknownBenefit:
        return Named(key, key)


def _place(line: Line) -> tuple[int, int]:
    """What the lowest tier has stands first, what only the highest has last."""
    first = next((rank for rank, cell in enumerate(line.cells) if cell.has), len(line.cells))
    return first, list(KINDS.values()).index(line.kind)


def _line(row: BenefitRow, ladder: Ladder, members: Mapping[str, int], at: datetime) -> Line:
    document, right = row.benefit.document, row.benefit.right
    cells = tuple(_cell(document, tier) for tier in ladder.tiers)
    entitled = sum(
        members.get(tier.code, 0) for tier, cell in zip(ladder.tiers, cells, strict=True) if cell.has
    )
    by_tier = document.granted is None and document.when is None
    stock, codes = document.stock, row.codes
    return Line(
        name=_words(row.benefit),
        about=None if document.about is None else Named(document.about.zh, document.about.en),
        kind=KINDS[document.kind.value],
        occasion=occasion(document),
        conditional=document.when is not None,
        cells=cells,
        uses=row.uses,
        users=row.users,
        share=row.users / entitled if by_tier and entitled and row.users else None,
        cost_minor=row.cost_minor,
        seen_by=row.seen_by,
        seen_about=row.seen_about,
        stock=stock,
        left=codes if stock is None else max(0, stock - (row.taken or 0)),
        state="coming"
        if right.starts is not None and at < right.starts
        else "over"
        if right.ends is not None and at >= right.ends
        else "",
    )


def _cell(document: BenefitDocument, tier: Tier) -> Cell:
    share = document.tiers.get(tier.code) or document.everybody
    if share is None or share.quota == 0:
        return Cell(tier_name(tier), has=False, says="")
    return Cell(tier_name(tier), has=True, says=share_words(document, share))


def _budget(row: BudgetRow, ladder: Ladder) -> Budget:
    rank = next((rank for rank, tier in enumerate(ladder.tiers) if tier.code == row.tier), None)
    state = ""
    if row.budget_minor is not None and row.alarm_minor is not None:
        state = "reached" if row.spent_minor >= row.budget_minor else "fine"
        if state == "fine" and row.spent_minor >= row.alarm_minor:
            state = "alarm"
    return Budget(
        Named(row.tier, row.tier) if rank is None else tier_name(ladder.tiers[rank]),
        "plain" if rank is None else face(rank, len(ladder.tiers)),
        row.spent_minor,
        row.budget_minor,
        row.most_minor,
        row.alarm_minor / row.budget_minor if row.alarm_minor and row.budget_minor else None,
        state,
    )


def _now(row: Entitlement, tier: str | None, tiers: Mapping[str, str]) -> Now:
    document, verdict = row.benefit.document, row.verdict
    share = document.tiers.get(tier or "") or document.everybody
    usable = verdict.usable
    return Now(
        key=row.benefit.key,
        name=_words(row.benefit),
        about=None if document.about is None else Named(document.about.zh, document.about.en),
        kind=KINDS[document.kind.value],
        what="" if share is None else share_words(document, share),
        left=counted(document.unit, verdict.left) if usable and verdict.left is not None else "",
        until=verdict.until if usable else None,
        why=tuple(dict.fromkeys(why_not(reason, tiers) for reason in verdict.reasons)),
    )


def _words(benefit: Benefit) -> Named:
    return Named(benefit.document.name.zh, benefit.document.name.en)
