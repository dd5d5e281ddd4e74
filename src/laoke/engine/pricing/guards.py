"""What offers must leave: price floors, the margin of a category, the largest discount together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from laoke.engine.pricing.basket import Line
from laoke.kernel.rounding import Rounding, rounder

_up = rounder(Rounding.UP)


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits over all offers of a basket. Shares lie between 0 and 1.

    Args:
        line_share: of a line's amount that offers may take together.
        basket_share: of the basket's amount that offers may take together.
        price_floors: by category, the share of the list price that must be left.
        margins: by category, the margin that must be left: (net - cost) / net. Lines whose cost is not known have
            none to guard.
    """

    line_share: Fraction | None = None
    basket_share: Fraction | None = None
    price_floors: Mapping[str, Fraction] = field(default_factory=dict)
    margins: Mapping[str, Fraction] = field(default_factory=dict)

    def floor(self, line: Line, amount_minor: int) -> int:
        """What offers must leave of a line; at most its amount, so that a line sold at a loss is not touched."""
        floor = _own_floor(line)
        if self.line_share is not None:
            left = 1 - self.line_share
            floor = max(floor, _up(amount_minor * left.numerator, left.denominator))
        for category in line.article.categories:
            if (share := self.price_floors.get(category)) is not None:
                floor = max(floor, _up(amount_minor * share.numerator, share.denominator))
            if (margin := self.margins.get(category)) is not None and line.cost_minor is not None:
                units, _ = line.pieces
                rest = 1 - margin
                floor = max(floor, _up(line.cost_minor * units * rest.denominator, rest.numerator))
        return min(floor, amount_minor)

    def most(self, amount_minor: int) -> int | None:
        """What offers may take off a basket of this amount together; None when there is no such limit."""
        if self.basket_share is None:
            return None
        return amount_minor * self.basket_share.numerator // self.basket_share.denominator


UNGUARDED = Guards()


def floors(lines: tuple[Line, ...], guards: Guards) -> list[int]:
    """What offers must leave of every line."""
    if guards is UNGUARDED:
        return [_own_floor(line) if line.min_unit_price_minor else 0 for line in lines]
    return [guards.floor(line, line.amount_minor) for line in lines]


def _own_floor(line: Line) -> int:
    return line.min_unit_price_minor * line.quantity_milli // 1000
