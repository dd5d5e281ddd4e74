"""Bars as geometry: widths in percent of the picture, heights in pixels, so that words keep their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, TOP, BOTTOM = 232, 26, 26


@dataclass(frozen=True, slots=True)
class Block:
    """One rectangle; `tone` is its class. `value` is what stands above it, None for nothing."""

    x: str
    width: str
    y: str
    height: str
    tone: str
    value: int | None = None
    above: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place on the axis with its blocks, from the lowest up, and the middle where its label stands."""

    label: object
    middle: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line across, with its value."""

    y: str
    value: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Slots over lines. `base` is where the axis begins, if not at nothing."""

    slots: tuple[Slot, ...]
    lines: tuple[Line, ...]
    base: int
    foot: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One block to be drawn, from one value to another."""

    start: int
    end: int
    tone: str
    value: int | None = None


def picture(
    columns: Sequence[tuple[object, Sequence[Piece]]],
    *,
    left: float = 0,
    broken: bool = False,
    share: float = 0.58,
    beside: bool = False,
) -> Picture:
    """Columns of pieces over a common axis.

    Args:
        left: percent of the width kept for the values of the lines.
        broken: whether the axis may begin above nothing, where all pieces of totals reach far above it.
        share: of its place that a column takes.
        beside: whether pieces of a column stand beside each other.
    """
    ends = [edge for _, pieces in columns for piece in pieces for edge in (piece.start, piece.end)]
    high = max((*ends, 1))
    inner = [edge for edge in ends if edge > 0] if broken else []
    low = min(inner, default=0)
    base = 0
    if broken and low > high * 0.5:
        base = max(0, low - (high - low) // 2)
    step = _step(high - base)
    base = base // step * step
    top = -(-high // step) * step
    span = max(top - base, 1)

    def y(value: int) -> float:
        return TOP + (top - max(value, base)) / span * (HEIGHT - TOP - BOTTOM)

    place = (100 - left) / max(len(columns), 1)
    slots = []
    for number, (label, pieces) in enumerate(columns):
        begin = left + number * place
        each = place * share / (len(pieces) if beside and pieces else 1)
        blocks = []
        for order, piece in enumerate(pieces):
            upper, lower = y(max(piece.start, piece.end)), y(min(piece.start, piece.end))
            blocks.append(
                Block(
                    f"{begin + place * (1 - share) / 2 + (order * each if beside else 0):.2f}%",
                    f"{each:.2f}%",
                    f"{upper:.1f}",
                    # A movement too small to see is still a line.
                    f"{max(lower - upper, 1.5 if piece.start != piece.end else 0):.1f}",
                    piece.tone,
                    piece.value,
                    f"{upper - 7:.1f}",
                )
            )
        slots.append(Slot(label, f"{begin + place / 2:.2f}%", tuple(blocks)))
    lines = tuple(Line(f"{y(value):.1f}", value) for value in range(base, top + 1, step))
    return Picture(tuple(slots), lines, base, f"{HEIGHT - 7}")


def _step(span: int) -> int:
    """A round step that makes three to six of the span."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if span <= factor * step * 5:
                return factor * step
        step *= 10
