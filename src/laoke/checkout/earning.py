"""Points of a purchase with what offers add to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from laoke.checkout.offers import Offered
from laoke.checkout.programme import Programme
from laoke.engine.extra_points import extra_points
from laoke.engine.pricing.plain import Price


class Earned(NamedTuple):
    """A price with all its points; `extra` are those of each offer by line number, as text."""

    price: Price
    extra: Mapping[str, Mapping[str, int]]


def earned(price: Price, found: Offered | None, rules: Programme) -> Earned:
    """What the purchase earns, offers included."""
    giving = [deal for deal in (found.priced.given if found else ()) if deal.earns]
    if not giving:
        return Earned(price, {})
    bases = [line.earn_base_minor for line in price.lines]
    added = extra_points(bases, rules.points.earn, [deal.earns for deal in giving])
    extra = {
        deal.ready.offer.key: {str(price.lines[i].line_no): points for i, points in lines.items()}
        for deal, lines in zip(giving, added, strict=True)
    }
    more = sum(points for lines in extra.values() for points in lines.values())
    return Earned(replace(price, points_earned=price.points_earned + more), extra)
