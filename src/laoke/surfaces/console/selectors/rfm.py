"""The grid of scores and both class systems, with how many members stand where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor
from laoke.insight.rfm.policy import SCORES, RfmClass, ValueClass
from laoke.insight.rfm.rules import AnyOf, Bound, ClassPolicy
from laoke.segments import cubes
from laoke.segments.cubes import Cell, Cube
from laoke.segments.policies import class_policies
from laoke.surfaces.console.labels import CLASSES_RFM, CLASSES_VALUE, MEASURES, RULES
from laoke.surfaces.console.selectors.stores import limit_of

SHADES = 7
# Fewer days of orders than this make no fifths worth acting on.
NEEDED_DAYS = 90
_MONEY = frozenset({"monetary_minor", "annual_minor"})


class Axes(StrEnum):
    """Which two scores span the grid: rows by columns."""

    RF = "rf"
    RM = "rm"
    FM = "fm"


@dataclass(frozen=True, slots=True)
class Span:
    """The values that give one score, both ends included; None is open. Both None: nobody can have the score."""

    score: str  # "r5"
    letter: str
    number: int
    unit: str  # "days", "orders", "money"
    low: int | None
    high: int | None
    query: str

    @property
    def empty(self) -> bool:
        """Whether a tie has left no values for this score."""
        return self.low is None and self.high is None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the grid. `mean_minor` is spend per member, `shade` its place among the fields, 0 to 6."""

    column: Span
    members: int
    mean_minor: int | None
    shade: int
    label: Any
    query: str


@dataclass(frozen=True, slots=True)
class Row:
    """One score with its fields."""

    span: Span
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """One condition of a rule: a measure and its bounds."""

    label: Any
    money: bool
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule: its name in words, and its conditions. All of them must hold; of one condition any part will do.

    `outcome` names the class it leads to.
    """

    label: Any
    conditions: tuple[tuple[Limit, ...], ...]
    outcome: Any


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class. Shares are of the members shown; `repeat_share` of those who bought within the year."""

    label: Any
    hint: Any
    members: int
    share: float | None
    sales_share: float | None
    mean_minor: int | None
    repeat_share: float | None
    query: str


@dataclass(frozen=True, slots=True)
class System:
    """One system of classes; `rules` in the order they are tried: the first that holds decides."""

    lines: tuple[ClassLine, ...]
    rules: tuple[RuleWords, ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """What the newest run found."""

    as_of: date
    computed_at: datetime
    age_hours: int
    stale: bool
    members: int
    without_purchase: int
    columns: tuple[Span, ...]
    rows: tuple[Row, ...]
    lowest_minor: int
    highest_minor: int
    rfm: System
    value: System
    interactions_evaluated: bool


@dataclass(frozen=True, slots=True)
class RfmPage:
    """The whole page. `computed` is None before the first run or while there are too few days of orders.

    `days` are the days of orders there are, None when there are none; `enough_date` is when there will be enough.
    """

    axes: Axes
    limited: bool
    computed: Computed | None
    days: int | None
    needed_days: int
    enough_date: date | None


def rfm_page(caller: Caller, axes: Axes, at: datetime) -> RfmPage:
    """The grid and the classes of the members at home or buying in the caller's stores."""
    limits = limit_of(caller)
    today = at.astimezone(settings.LAOKE.zone).date()
    first = _first_day()
    days = None if first is None else (today - first).days + 1
    enough = days is not None and days >= NEEDED_DAYS
    cube = cubes.newest(limits) if enough else None
    return RfmPage(
        axes=axes,
        limited=limits is not None,
        computed=_computed(cube, axes, at) if cube else None,
        days=days,
        needed_days=NEEDED_DAYS,
        enough_date=None if first is None or enough else first + timedelta(days=NEEDED_DAYS - 1),
    )


def _first_day() -> date | None:
    with hot_cursor() as cursor:
        row = cursor.execute("select biz_date from purchases_order order by placed_at, id limit 1").fetchone()
    return row[0] if row else None


def _computed(cube: Cube, axes: Axes, at: datetime) -> Computed:
    rows, columns = (_spans(letter, cube.summary["breakpoints"]) for letter in axes.value)
    fields = _sums(cube.cells, lambda cell: (getattr(cell, axes.value[0]), getattr(cell, axes.value[1])))
    prevailing = _prevailing(cube.cells, axes)
    without = fields.pop((None, None), _Sum())
    means = {key: found.mean for key, found in fields.items() if found.mean is not None}
    ordered = sorted(means.values())

    def field(row: Span, column: Span) -> Field:
        key = (row.number, column.number)
        found, mean = fields.get(key, _Sum()), means.get(key)
        return Field(
            column=column,
            members=found.members,
            mean_minor=mean,
            shade=0 if mean is None else ordered.index(mean) * SHADES // len(ordered),
            label=CLASSES_RFM[prevailing[key]][0] if key in prevailing else "",
            query=f"{row.query}&{column.query}",
        )

    rfm, value = class_policies(settings.LAOKE.currency)
    known = bool(cube.summary.get("interactions_evaluated"))
    hours = int((at - cube.finished_at).total_seconds() // 3600)
    return Computed(
        as_of=cube.as_of,
        computed_at=cube.finished_at,
        age_hours=max(0, hours),
        stale=hours >= 36,
        members=sum(cell.members for cell in cube.cells),
        without_purchase=without.members,
        columns=columns,
        rows=tuple(Row(row, tuple(field(row, column) for column in columns)) for row in reversed(rows)),
        lowest_minor=ordered[0] if ordered else 0,
        highest_minor=ordered[-1] if ordered else 0,
        rfm=_system(cube, "class_rfm", [str(each) for each in RfmClass], CLASSES_RFM, rfm, known),
        value=_system(cube, "class_value", [str(each) for each in ValueClass], CLASSES_VALUE, value, known),
        interactions_evaluated=known,
    )


@dataclass(slots=True)
class _Sum:
    members: int = 0
    monetary_minor: int = 0
    buyers: int = 0
    repeaters: int = 0

    @property
    def mean(self) -> int | None:
        """Spend per member."""
        return self.monetary_minor // self.members if self.members else None


def _sums(cells: Iterable[Cell], key: Callable[[Cell], Any]) -> dict[Any, _Sum]:
    found: dict[Any, _Sum] = {}
    for cell in cells:
        into = found.setdefault(key(cell), _Sum())
        into.members += cell.members
        into.monetary_minor += cell.monetary_minor
        into.buyers += cell.buyers
        into.repeaters += cell.repeaters
    return found


def _prevailing(cells: Sequence[Cell], axes: Axes) -> dict[tuple[int, int], str]:
    """The class most members of a field are in; of equals the one named first in the rules' order."""
    order = [str(each) for each in RfmClass]
    by_class = _sums(cells, lambda c: (getattr(c, axes.value[0]), getattr(c, axes.value[1]), c.class_rfm))
    best: dict[tuple[int, int], tuple[int, int, str]] = {}
    for (row, column, name), found in by_class.items():
        if row is None:
            continue
        rank = (found.members, -order.index(name), name)
        best[row, column] = max(best.get((row, column), rank), rank)
    return {key: name for key, (_members, _place, name) in best.items()}


def _spans(letter: str, breakpoints: Mapping[str, Sequence[int | None]]) -> tuple[Span, ...]:
    """The five scores of a letter, the lowest first, with the values that give them."""
    name, unit = _BREAKPOINTS[letter]
    bounds = _falling(breakpoints[name]) if letter == "r" else _rising(breakpoints[name])
    return tuple(
        Span(f"{letter}{score}", letter.upper(), score, unit, low, high, f"{letter}={score}")
        for score, (low, high) in zip(SCORES, bounds, strict=True)
    )


_BREAKPOINTS = {
    "r": ("recency_days_at_most", "days"),
    "f": ("frequency_at_least", "orders"),
    "m": ("monetary_minor_at_least", "money"),
}
_NOBODY = (None, None)


def _falling(at_most: Sequence[int | None]) -> list[tuple[int | None, int | None]]:
    """Days for the scores 1 to 5: 5 begins today, 1 has no end. `at_most` holds the edges of 2 to 5."""
    edges = [None, *at_most]
    spans: list[tuple[int | None, int | None]] = []
    for place, high in enumerate(edges):
        above = next((edge for edge in edges[place + 1 :] if edge is not None), None)
        low = 0 if above is None else above + 1
        possible = (place == 0 or high is not None) and (high is None or low <= high)
        spans.append((low, high) if possible else _NOBODY)
    return spans


def _rising(at_least: Sequence[int | None]) -> list[tuple[int | None, int | None]]:
    """Values for the scores 1 to 5: 1 begins at nothing, 5 has no end. `at_least` holds the edges of 2 to 5."""
    edges: list[int | None] = [0, *at_least]
    spans: list[tuple[int | None, int | None]] = []
    for place, low in enumerate(edges):
        above = next((edge for edge in edges[place + 1 :] if edge is not None), None)
        high = None if above is None else above - 1
        possible = low is not None and (high is None or low <= high)
        spans.append((low, high) if possible else _NOBODY)
    return spans


def _system(
    cube: Cube,
    system: str,
    order: Sequence[str],
    labels: Mapping[str, tuple[Any, Any]],
    policy: ClassPolicy,
    interactions: bool,
) -> System:
    found = _sums(cube.cells, lambda cell: getattr(cell, system))
    members = sum(each.members for each in found.values())
    sales = sum(each.monetary_minor for each in found.values())
    parameter = "rfm" if system == "class_rfm" else "value"
    lines = []
    for code in order:
        own = found.get(code, _Sum())
        lines.append(
            ClassLine(
                label=labels[code][0],
                hint=labels[code][1],
                members=own.members,
                share=_share(own.members, members),
                sales_share=_share(own.monetary_minor, sales),
                mean_minor=own.mean,
                repeat_share=_share(own.repeaters, own.buyers),
                query=f"{parameter}={code}",
            )
        )
    rules = tuple(
        RuleWords(
            RULES[rule.name],
            tuple(
                tuple(
                    _limit(bound)
                    for bound in (condition.bounds if isinstance(condition, AnyOf) else (condition,))
                )
                for condition in rule.conditions
            ),
            labels[rule.outcome][0],
        )
        for rule in policy.rules(cube.as_of, interactions=interactions)
    )
    return System(tuple(lines), rules)


def _limit(bound: Bound) -> Limit:
    return Limit(MEASURES[bound.measure], bound.measure in _MONEY, bound.at_least, bound.at_most)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
