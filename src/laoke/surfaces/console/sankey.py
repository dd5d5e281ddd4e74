"""Flows between columns as geometry: bands whose widths are the square roots of what flows, so that few are seen beside
many; the numbers themselves stand beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

WIDTH, HEIGHT = 760, 368
NODE, GAP, EDGE = 12, 15, 4


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of a column, from the top down. `value` stands beside it."""

    key: str
    label: Any
    tone: str
    value: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes from a place of one column, counted from 0, to one of the next."""

    column: int
    source: str
    target: str
    value: int


@dataclass(frozen=True, slots=True)
class Node:
    """A place drawn; its words begin or end at `text_x`."""

    label: Any
    tone: str
    value: int
    x: str
    y: str
    height: str
    text_x: str
    text_y: str
    ends: bool


@dataclass(frozen=True, slots=True)
class Band:
    """A flow drawn, in the tone of where it comes from."""

    source: Any
    target: Any
    tone: str
    value: int
    path: str


@dataclass(frozen=True, slots=True)
class Sankey:
    """The whole picture."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


def sankey(columns: Sequence[Sequence[Stop]], flows: Sequence[Flow]) -> Sankey:
    """Draw columns of places with what flows between them; what is nothing is left out."""
    flows = [flow for flow in flows if flow.value > 0]
    out = {
        (f.column, f.source): [g for g in flows if (g.column, g.source) == (f.column, f.source)]
        for f in flows
    }
    into = {
        (f.column + 1, f.target): [g for g in flows if (g.column, g.target) == (f.column, f.target)]
        for f in flows
    }

    def size(column: int, key: str) -> float:
        return max(sum(sqrt(flow.value) for flow in side.get((column, key), ())) for side in (out, into))

    shown = [
        [stop for stop in stops if (place, stop.key) in out or (place, stop.key) in into]
        for place, stops in enumerate(columns)
    ]
    scale = min(
        (
            (HEIGHT - 2 * EDGE - GAP * (len(stops) - 1)) / total
            for place, stops in enumerate(shown)
            if (total := sum(size(place, stop.key) for stop in stops))
        ),
        default=1.0,
    )
    nodes: list[Node] = []
    tops: dict[tuple[int, str], float] = {}
    stops_of: dict[tuple[int, str], Stop] = {}
    for place, stops in enumerate(shown):
        x = place * (WIDTH - NODE) / max(1, len(columns) - 1)
        y, last = float(EDGE), place == len(columns) - 1
        for stop in stops:
            height = size(place, stop.key) * scale
            tops[place, stop.key], stops_of[place, stop.key] = y, stop
            nodes.append(
                Node(
                    stop.label,
                    stop.tone,
                    stop.value,
                    _at(x),
                    _at(y),
                    _at(max(1.0, height)),
                    _at(x - 6 if last else x + NODE + 6),
                    _at(y + height / 2 + 4.5),
                    last,
                )
            )
            y += height + GAP
    return Sankey(
        WIDTH, HEIGHT, tuple(nodes), tuple(_bands(flows, len(columns), shown, tops, stops_of, scale))
    )


def _bands(
    flows: Sequence[Flow],
    columns: int,
    shown: Sequence[Sequence[Stop]],
    tops: dict[tuple[int, str], float],
    stops_of: dict[tuple[int, str], Stop],
    scale: float,
) -> list[Band]:
    """Bands leave and arrive in the order of the places, so that they cross as little as they can."""
    order = {(place, stop.key): rank for place, stops in enumerate(shown) for rank, stop in enumerate(stops)}

    def rank(flow: Flow) -> tuple[int, int, int]:
        return flow.column, order[flow.column, flow.source], order[flow.column + 1, flow.target]

    leaves, arrives = dict(tops), dict(tops)
    step = (WIDTH - NODE) / max(1, columns - 1)
    found = []
    for flow in sorted(flows, key=rank):
        source, target = (flow.column, flow.source), (flow.column + 1, flow.target)
        width = sqrt(flow.value) * scale
        left, right = flow.column * step + NODE, (flow.column + 1) * step
        middle = (left + right) / 2
        start, end = leaves[source], arrives[target]
        leaves[source], arrives[target] = start + width, end + width
        path = (
            f"M{_at(left)} {_at(start)}C{_at(middle)} {_at(start)} {_at(middle)} {_at(end)} {_at(right)} {_at(end)}"
            f"V{_at(end + width)}"
            f"C{_at(middle)} {_at(end + width)} {_at(middle)} {_at(start + width)} {_at(left)} {_at(start + width)}Z"
        )
        here, there = stops_of[source], stops_of[target]
        found.append(Band(here.label, there.label, here.tone, flow.value, path))
    return found


def _at(value: float) -> str:
    return f"{value:.1f}"
