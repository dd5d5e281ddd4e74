"""Whoever stands higher never gets less: where a benefit falls on the way up a ladder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from laoke.engine.entitlement.rights import Right, Share


@dataclass(frozen=True, slots=True)
class Step:
    """A step up on which a benefit becomes less. `what`: there, amount or quota."""

    lower: str
    higher: str
    what: str


def falls(right: Right, ladder: Sequence[str]) -> Iterator[Step]:
    """Every step up a ladder, its tiers from the lowest on, on which a member would lose some of a benefit."""
    for lower, higher in pairwise(ladder):
        below, above = right.share(lower), right.share(higher)
        if below is not None and (what := _less(below, above)):
            yield Step(lower, higher, what)


def _less(below: Share, above: Share | None) -> str | None:
    if above is None:
        return "there"
    if above.amount < below.amount:
        return "amount"
    if above.quota is not None and (below.quota is None or above.quota < below.quota):
        return "quota"
    return None
