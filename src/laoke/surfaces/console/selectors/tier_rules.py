"""Changing the ladder: the draft beside the ladder in force, what it would do to everybody, and who decides on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from laoke.checkout import programme
from laoke.checkout.programme import Programme
from laoke.checkout.proposing import drafts, selectors
from laoke.checkout.proposing.drafts import DraftView
from laoke.checkout.proposing.selectors import ProposalView
from laoke.checkout.proposing.services import TASK, UNFORESEEN
from laoke.engine.tiering import Criterion, Ladder, Metric, Tier
from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.jobs.selectors import Progress
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.staff import selectors as staff
from laoke.surfaces.console.ladder_form import METRICS, RulesForm, inserted, name_of, slots
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.ladder import (
    Alternatives,
    Change,
    LadderPage,
    Need,
    asked,
    differences,
    ladder_page,
)
from laoke.surfaces.console.selectors.stores import limit_of
from laoke.surfaces.console.templatetags.figures import currency_sign
from laoke.tiers import ladder as ladders
from laoke.tiers import preview as previews
from laoke.tiers import words
from laoke.tiers.errors import UnknownPreview
from laoke.tiers.preview import Preview
from laoke.tiers.words import Says

_PACKAGE = "laoke.surfaces.console"
STORES = 5
MISFITS = 3
PAGE = 50
PROBLEMS: dict[str, Any] = {
    "tier-preview-outdated": _("Too much has happened since it was tried. Try it again and propose that."),
    "proposal-changed": _("What was tried is not what was proposed. Try it again and propose that."),
    "unknown-tier-preview": _("What was tried was kept for seven days only. Try it again and propose that."),
    UNFORESEEN: _("A fault of the software ended it. The page “Jobs” and the log say more."),
}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """Members of a tier now, judged by the ladder in force (`unchanged`), and by this one (`after`); `share` is the
    difference the rules make, as a part of those unchanged.

    `spend_before` and `spend_after`: what one of them paid in twelve months, minor units; None for nobody.
    """

    name: Named
    face: str
    before: int
    unchanged: int
    after: int
    share: float | None
    part_before: float | None
    part_after: float | None
    spend_before: int | None
    spend_after: int | None

    @property
    def change(self) -> int:
        """By how many there are more than by the ladder in force."""
        return self.after - self.unchanged


@dataclass(frozen=True, slots=True)
class StoreMoves:
    """Members at home in a store who would move; the name None: in no store."""

    name: Named | None
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What a ladder would do to everybody. `stores` are those with most moves, `rest` all others together, with their
    number in `more`.
    """

    number: int
    as_of: datetime
    judged: int
    rows: tuple[TrialRow, ...]
    up: int
    down: int
    cost_minor: int | None
    stores: tuple[StoreMoves, ...]
    rest: StoreMoves | None
    more: int

    @property
    def moved(self) -> int:
        """Members who would move."""
        return self.up + self.down

    @property
    def top(self) -> TrialRow:
        """The highest tier."""
        return self.rows[0]

    @property
    def lower_minor(self) -> int:
        """By how much benefits would cost less."""
        return -(self.cost_minor or 0)


@dataclass(frozen=True, slots=True)
class Cell:
    """The fields of one criterion, and what it was in the ladder in force where that is another."""

    metric: str
    at_least: Any
    length: Any
    unit: str
    span: str
    was: Need | None
    new: bool

    @property
    def longer(self) -> bool:
        """Whether its window is another one too."""
        now = self.length.value() if self.length else None
        return self.was is not None and str(now or 0) != str(self.was.months or self.was.days)

    @property
    def fields(self) -> tuple[Any, ...]:
        """Those whose faults are told."""
        return (self.at_least, self.length) if self.length else (self.at_least,)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A tier in the form. `ways`: what has no fields, groups of alternatives and points; `lasts`: how long it lasts."""

    code: str
    face: str
    name: Named
    name_zh: Any
    name_en: Any
    lowest: bool
    inserted: bool
    cells: dict[str, tuple[Cell, ...]]
    ways: tuple[Need | Alternatives, ...]
    lasts: tuple[Says, ...]
    factor: Says
    benefits: tuple[Named, ...]
    more_benefits: int
    members: int | None


@dataclass(frozen=True, slots=True)
class Trying:
    """The card of the trial: none yet, under way, broken off, or done. `misfit`: why it cannot be proposed."""

    trial: Trial | None
    under_way: bool
    progress: Progress | None
    broke_off: bool
    dirty: bool  # the draft differs from the ladder in force
    begun: bool
    misfit: tuple[str, ...] = ()
    more_misfit: int = 0


@dataclass(frozen=True, slots=True)
class DraftPage:
    """The draft and what it is held against. `held` is the ladder in force with its versions."""

    form: RulesForm
    seen: dict[str, Any]
    rows: tuple[RuleRow, ...]
    changes: tuple[Change, ...]
    draft: DraftView | None
    trying: Trying
    held: LadderPage
    sign: str
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class ProposalBox:
    """The proposal that waits or is being done, or how the last one ended where it did not come to hold."""

    view: ProposalView
    problem: Any
    may_decide: bool
    working: bool
    lost: bool
    progress: Progress | None
    trial: Trial | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ProposePage:
    """What is proposed, and how many others may let it pass."""

    form: Any
    trial: Trial
    changes: tuple[Change, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Move:
    """Members who would go from one tier to another. `mark` names it in an address."""

    mark: str
    source: Named
    target: Named
    members: int


@dataclass(frozen=True, slots=True)
class Moving:
    """A member who would move."""

    member_id: int
    name: str
    source: Named
    target: Named
    store: Named | None


@dataclass(frozen=True, slots=True)
class MovesPage:
    """Those who would move under a tried ladder."""

    number: int
    as_of: datetime
    moves: tuple[Move, ...]
    chosen: str
    rows: tuple[Moving, ...]
    after: str
    later: bool
    limited: bool


def tiers_page(actor: Caller, caller: Caller, at: datetime) -> LadderPage:
    """The ladder in force with what waits beside it. The draft is shown to those who may edit it."""
    may_edit = Scope.PROGRAMME_WRITE in actor.scopes
    held = programme.current().ladder
    return replace(
        ladder_page(caller, at, held),
        box=proposal_box(actor, held),
        draft=drafts.current() if may_edit else None,
        may_edit=may_edit,
    )


def proposal_box(actor: Caller, held: Ladder) -> ProposalBox | None:
    """What the box of the newest proposal shows; None where there is nothing to say any more."""
    view = selectors.newest(actor)
    if view is None or view.state in ("done", "withdrawn"):
        return None
    work = jobs.of(TASK) if view.state == "approved" else None
    found = _preview(view.preview) if view.state == "waiting" else None
    changes = () if found is None else tuple(differences(held, ladders.parse(found.document)))
    return ProposalBox(
        view,
        PROBLEMS.get(view.problem, view.problem),
        Scope.PROGRAMME_WRITE in actor.scopes and view.state == "waiting" and not view.own,
        view.state == "approved",
        work is not None and work.state == "failed",
        work if work is not None and work.state == "running" else None,
        None if found is None or actor.stores is not None else _trial(found, held),
        changes,
    )


def draft_page(
    caller: Caller, form: RulesForm, draft: DraftView | None, held: Programme, at: datetime
) -> DraftPage:
    """The editor of the draft; of the ladder in force where there is none yet.

    Raises:
        MissingScope
    """
    ladder = form.ladder
    page = ladder_page(caller, at, held.ladder)
    standing = {
        tier.code: rung.members for tier, rung in zip(held.ladder.tiers, reversed(page.rungs), strict=True)
    }
    return DraftPage(
        form=form,
        seen=seen(ladder, draft),
        rows=tuple(_rows(form, held, standing)),
        changes=tuple(differences(held.ladder, ladder)),
        draft=draft,
        trying=trying(draft, held.ladder),
        held=replace(page, may_edit=True, draft=draft),
        sign=currency_sign(),
    )


def seen(ladder: Ladder, draft: DraftView | None) -> dict[str, Any]:
    """What a form of the ladder was filled on."""
    return {"revision": draft.revision if draft else 0, "ladder": ladders.to_document(ladder)}


def trying(draft: DraftView | None, held: Ladder) -> Trying:
    """How far the trial of the draft is."""
    if draft is None:
        return Trying(None, False, None, False, dirty=False, begun=False)
    found = None if draft.preview is None else _preview(draft.preview)
    work = jobs.of(drafts.TASK) if draft.trying else None
    return Trying(
        None if found is None else _trial(found, held),
        draft.trying,
        work if work is not None and work.state == "running" else None,
        draft.broke_off,
        ladders.to_document(draft.ladder) != ladders.to_document(held),
        True,
        draft.misfit[:MISFITS],
        max(0, len(draft.misfit) - MISFITS),
    )


def propose_page(actor: Caller, form: Any, draft: DraftView | None) -> ProposePage | None:
    """What is proposed; None where nothing was tried that could be."""
    found = None if draft is None or draft.preview is None else _preview(draft.preview)
    if draft is None or found is None:
        return None
    held = programme.current().ladder
    return ProposePage(
        form,
        _trial(found, held),
        tuple(differences(held, draft.ladder)),
        len(
            [
                each
                for each in staff.holders(Scope.PROGRAMME_WRITE)
                if (actor.kind, actor.id) != ("staff", each)
            ]
        ),
    )


def moves_page(caller: Caller, number: int, chosen: str, after: str | None) -> MovesPage:
    """A page of those who would move, those at home in the caller's stores.

    Raises:
        MissingScope, UnknownPreview, BadCursor
    """
    caller.require(Scope.MEMBERS_READ)
    found = previews.of(number)
    ladder, held = ladders.parse(found.document), programme.current().ladder
    moves = tuple(
        Move(
            f"{cell.from_tier}:{cell.to_tier}",
            _name(ladder, held, cell.from_tier),
            _name(ladder, held, cell.to_tier),
            cell.members,
        )
        for cell in found.cells
        if cell.from_tier != cell.to_tier
    )
    pair = chosen.split(":") if any(move.mark == chosen for move in moves) else (None, None)
    mark = paging.read(after, paging.number)
    with hot_cursor() as cursor:
        rows = cursor.execute(
            load(_PACKAGE, "tier_moves"),
            {
                "preview": number,
                "from_tier": pair[0],
                "to_tier": pair[1],
                "after": mark[0] if mark else 0,
                "stores": limit_of(caller),
                "limit": PAGE + 1,
            },
        ).fetchall()
    shown, more = paging.cut(rows, PAGE, lambda row: paging.write(row[0]))
    return MovesPage(
        number=number,
        as_of=found.as_of,
        moves=moves,
        chosen=chosen if pair[0] else "",
        rows=tuple(
            Moving(
                member_id,
                name,
                _name(ladder, held, source),
                _name(ladder, held, target),
                Named(store, store_en or store) if store else None,
            )
            for member_id, name, source, target, store, store_en in shown
        ),
        after=more or "",
        later=after is not None,
        limited=caller.stores is not None,
    )


def _preview(number: int) -> Preview | None:
    try:
        return previews.of(number)
    except UnknownPreview:  # kept for some days only
        return None


def _name(ladder: Ladder, held: Ladder, code: str) -> Named:
    return name_of(ladder if code in {tier.code for tier in ladder.tiers} else held, code)


def _trial(found: Preview, held: Ladder) -> Trial:
    ladder = ladders.parse(found.document)
    codes = [tier.code for tier in ladder.tiers]
    stores = _stores(found.number, found.as_of, tuple(codes))
    first, others = stores[:STORES], stores[STORES:]
    return Trial(
        number=found.number,
        as_of=found.as_of,
        judged=found.judged,
        rows=tuple(reversed(list(_trial_rows(found, ladder, held)))),
        up=found.up,
        down=found.down,
        cost_minor=found.cost_minor,
        stores=first,
        rest=StoreMoves(None, sum(each.up for each in others), sum(each.down for each in others))
        if others
        else None,
        more=len(others),
    )


def _trial_rows(found: Preview, ladder: Ladder, held: Ladder) -> Iterator[TrialRow]:
    """From the lowest tier; first those that the ladder no longer has, which stand below all."""
    codes = [tier.code for tier in ladder.tiers]
    judged = found.judged
    for tier in sorted(found.tiers, key=lambda each: codes.index(each.code) if each.code in codes else -1):
        before = sum(cell.spend_minor for cell in found.cells if cell.from_tier == tier.code)
        after = sum(cell.spend_minor for cell in found.cells if cell.to_tier == tier.code)
        yield TrialRow(
            _name(ladder, held, tier.code),
            face(codes.index(tier.code), len(codes)) if tier.code in codes else "plain",
            tier.before,
            tier.unchanged,
            tier.after,
            (tier.after - tier.unchanged) / tier.unchanged if tier.unchanged else None,
            tier.unchanged / judged if judged else None,
            tier.after / judged if judged else None,
            before // tier.before if tier.before else None,
            after // tier.after if tier.after else None,
        )


@lru_cache(maxsize=8)
def _stores(number: int, _as_of: datetime, codes: tuple[str, ...]) -> tuple[StoreMoves, ...]:
    """Counted once in a process: a preview of many moves takes a while, and they stay as they are."""
    with hot_cursor() as cursor:
        rows = cursor.execute(
            load(_PACKAGE, "tier_moves_by_store"), {"preview": number, "codes": list(codes)}
        ).fetchall()
    return tuple(
        StoreMoves(Named(name, name_en or name) if name else None, up, moved - up)
        for name, name_en, up, moved in rows
    )


def _rows(form: RulesForm, held: Programme, standing: dict[str, int]) -> Iterator[RuleRow]:
    ladder = form.ladder
    before = {tier.code: tier for tier in held.ladder.tiers}
    factors = {} if held.earning is None else held.earning.document.tiers
    new = inserted(held.ladder, ladder)
    for rank, tier in enumerate(ladder.tiers):
        told = before.get(tier.code)
        benefits = [
            Named(each.document.name.zh, each.document.name.en)
            for each in held.benefits.benefits.values()
            if tier.code in each.document.tiers
        ]
        yield RuleRow(
            code=tier.code,
            face=face(rank, len(ladder.tiers)),
            name=tier_name(tier),
            name_zh=form[f"name_zh_{tier.code}"],
            name_en=form[f"name_en_{tier.code}"],
            lowest=rank == 0,
            inserted=tier.code in new,
            cells={
                metric.value: tuple(_cells(form, tier, told, metric)) if rank else ()
                for metric in (Metric.PURCHASES, Metric.SPEND)
            },
            ways=tuple(
                need for need in asked(tier) if isinstance(need, Alternatives) or need.metric not in METRICS
            ),
            lasts=tuple(words.lasts(tier, settings.LAOKE.currency)),
            factor=_times(factors.get(tier.code, Fraction(1))),
            benefits=tuple(benefits[:4]),
            more_benefits=max(0, len(benefits) - 4),
            members=standing.get(tier.code),
        )


def _times(factor: Fraction) -> Says:
    number = f"{float(factor):.2f}".rstrip("0")
    number += "0" if number.endswith(".") else ""
    return Says(f"{number} 倍", f"× {number}")


def _cells(form: RulesForm, tier: Tier, before: Tier | None, metric: Metric) -> Iterator[Cell]:
    old = (
        [each for each in before.needs if isinstance(each, Criterion) and each.metric is metric]
        if before
        else []
    )
    shown = [slot for slot in slots(tier) if slot.metric is metric]
    for place, slot in enumerate(shown):
        had = old[place] if place < len(old) else None
        need = None if slot.criterion is None else asked(Tier("x", "x", "x", (slot.criterion,)))[0]
        was = None if had is None or had == slot.criterion else asked(Tier("x", "x", "x", (had,)))[0]
        yield Cell(
            metric.value,
            form[slot.at_least],
            form[slot.length] if slot.unit else None,
            slot.unit,
            need.span if isinstance(need, Need) and not slot.unit else "",
            was if isinstance(was, Need) else None,
            new=before is not None and had is None and slot.criterion is not None,
        )
