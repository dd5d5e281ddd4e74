"""What the page of adjustments shows: those that wait for a second person, and those that are done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import pgettext_lazy as _in

from laoke.foundation.access import Caller, Scope
from laoke.members import selectors as members
from laoke.points.adjustments import allowance, selectors
from laoke.points.adjustments.allowance import Allowance
from laoke.points.adjustments.selectors import AdjustmentView

PAGE = 50
STATES: dict[str, tuple[Any, str]] = {
    "waiting": (_in("adjustment", "Waiting"), "review"),
    "booked": (_in("adjustment", "Booked"), "run"),
    "refused": (_in("adjustment", "Refused"), "bad"),
    "withdrawn": (_in("adjustment", "Taken back"), "end"),
    "lapsed": (_in("adjustment", "Out of time"), "end"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One adjustment with the masked name of its member. `alone`: nobody else had to let it pass."""

    view: AdjustmentView
    name: str
    state: Any
    tone: str
    alone: bool


@dataclass(frozen=True, slots=True)
class AdjustmentsPage:
    """`may_decide` and `may_ask` are about who looks; `own` is what they may do alone."""

    done: bool
    lines: tuple[Line, ...]
    waiting: int
    after: str
    later: bool
    may_decide: bool
    may_ask: bool
    own: Allowance


def adjustments_page(caller: Caller, *, done: bool, after: str | None, at: datetime) -> AdjustmentsPage:
    """A page of the queue, or of what is done.

    Raises:
        MissingScope, BadCursor
    """
    found, more = (selectors.done if done else selectors.waiting)(caller, at=at, after=after, limit=PAGE)
    whole = not done and after is None and more is None
    names = members.masked_names({each.member_id for each in found})
    return AdjustmentsPage(
        done=done,
        lines=tuple(_line(each, names) for each in found),
        waiting=len(found) if whole else selectors.waiting_count(at=at) if caller.stores is None else 0,
        after=more or "",
        later=after is not None,
        may_decide=Scope.POINTS_APPROVE in caller.scopes,
        may_ask=Scope.POINTS_ADJUST in caller.scopes,
        own=allowance.allowance(caller, at=at),
    )


def adjustment_line(caller: Caller, number: int, at: datetime) -> Line:
    """One adjustment.

    Raises:
        MissingScope, UnknownAdjustment
    """
    view = selectors.one(caller, number, at=at)
    return _line(view, members.masked_names([view.member_id]))


def _line(view: AdjustmentView, names: dict[int, str]) -> Line:
    state, tone = STATES[view.state]
    return Line(view, names.get(view.member_id, ""), state, tone, view.open_until is None)
