"""Members side by side: what each has, in the words of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from laoke.checkout import programme
from laoke.foundation.access import Caller, Scope
from laoke.surfaces.console.labels import CHANNELS, GENDERS, IDENTITIES, PURPOSES, STATUSES
from laoke.surfaces.console.naming import tier_name
from laoke.surfaces.console.selectors.member.state import State
from laoke.surfaces.console.templatetags.figures import clock_day, named, number


@dataclass(frozen=True, slots=True)
class Row:
    """One trait of several members; a cell is a line or several. `changes`: the last cell differs from the first."""

    label: Any
    cells: tuple[tuple[str, ...], ...]
    changes: bool
    figure: bool


def rows_of(caller: Caller, states: Sequence[State]) -> tuple[Row, ...]:
    """The traits of these members, those the role may see."""
    traits = [_traits(caller, state) for state in states]
    rows = []
    for index, (label, figure, _cell) in enumerate(traits[0]):
        cells = tuple(each[index][2] for each in traits)
        if any(cells):
            rows.append(Row(label, cells, cells[0] != cells[-1], figure))
    return tuple(rows)


def _traits(caller: Caller, state: State) -> list[tuple[Any, bool, tuple[str, ...]]]:
    ladder = programme.current().ladder
    tier = ladder.tiers[ladder.rank(state.tier or ladder.lowest.code)]
    traits: list[tuple[Any, bool, tuple[str, ...]]] = [
        (_("Name"), False, _one(state.name)),
        (_("State"), False, (str(STATUSES[state.status]),)),
        (_("Birthday"), True, _one("{:02d}-{:02d}".format(*state.birthday) if state.birthday else "")),
        (_("Gender"), False, _one(str(GENDERS.get(state.gender, "")))),
        (_("Language"), False, _one(state.language)),
        (_("Home store"), False, _one(named(state.store) if state.store.zh else "")),
        (_("Registered"), True, (clock_day(state.registered_at),)),
        (_("Recognised by"), False, tuple(f"{IDENTITIES[row[1]]} {row[3]}" for row in state.identities)),
        (_("Tags"), False, tuple(row[0] for row in state.tags)),
        (_("Consents"), False, tuple(_answer(*row[:3]) for row in state.consents)),
    ]
    if Scope.TIERS_READ in caller.scopes:
        traits.append((_("Tier"), False, (named(tier_name(tier)),)))
    if Scope.POINTS_READ in caller.scopes:
        traits.append((_("Points"), True, (number(sum(row[1] for row in state.lots)),)))
        traits.append((_("Points owed"), True, _one(number(state.debt) if state.debt else "")))
    if Scope.ORDERS_READ in caller.scopes:
        traits.append((_("Orders"), True, (number(state.orders),)))
    return traits


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _answer(channel: str, purpose: str, granted: bool) -> str:
    answer = _("agreed") if granted else _("refused")
    return f"{CHANNELS[channel][0]} · {PURPOSES[purpose]}{_(': ')}{answer}"
