"""What a purchase earns where a programme declares more than a rate: by rule, by line and by offer, within the caps.

The rules count exactly and are rounded once; what offers add comes on top of that, and the caps hold for all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from laoke.engine.conditions import leaves
from laoke.engine.extra_points import extra_points
from laoke.engine.pricing.basket import Article, Basket
from laoke.engine.pricing.board import Board, Facts, State
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.earning import EarnTerms, Tally
from laoke.engine.pricing.effects.turn import Earns
from laoke.engine.pricing.selectors import Seen, Selector
from laoke.kernel.sharing import share_out

# Names of what is no rule of the retailer's own.
BASE, TIER, CAP = "base", "tier", "cap"


class Caps(NamedTuple):
    """The most that one order, and all orders of a member on a day or in a calendar month, may earn."""

    order: int | None = None
    day: int | None = None
    month: int | None = None

    @property
    def over_time(self) -> bool:
        """Whether what other orders earned has to be known."""
        return self.day is not None or self.month is not None

    def left(self, of_day: int, of_month: int) -> int | None:
        """What is left after the other orders of the day and of the month; None: no such cap."""
        rests = [
            max(0, cap - earned)
            for cap, earned in ((self.day, of_day), (self.month, of_month))
            if cap is not None
        ]
        return min(rests, default=None)


UNCAPPED = Caps()


@dataclass(frozen=True, slots=True)
class PurchaseTerms:
    """How purchases earn.

    Args:
        keys: what each rule of `earn` is called.
        excluded: articles that earn nothing.
        tenders: means of payment; what is paid with them earns nothing.
    """

    earn: EarnTerms
    keys: tuple[str, ...]
    excluded: Selector | None = None
    tenders: frozenset[str] = frozenset()
    caps: Caps = UNCAPPED


class Earned(NamedTuple):
    """Points of a purchase.

    Args:
        points: all of them.
        lines: what the rules gave to each line, in order.
        rules: what each rule gave, in order; what a cap took away stands last, below zero. They sum to `lines`.
        extra: what each offer added, by the place of the line. `lines` and these sum to `points`.
        held: the rules whose conditions held.
    """

    points: int
    lines: tuple[int, ...]
    rules: tuple[tuple[str, int], ...]
    extra: tuple[Mapping[int, int], ...] = ()
    held: tuple[str, ...] = ()


class PurchaseRules:
    """Terms of purchases, compiled.

    `asks` are the attributes their conditions ask for.
    """

    def __init__(self, terms: PurchaseTerms) -> None:
        assert terms.earn.rounding is not None
        self.terms = terms
        self._programme = Programme((), earning=terms.earn)
        self.asks = frozenset(
            leaf.attribute for rule in terms.earn.rules for tree in rule.when for leaf in leaves(tree)
        )

    def earns(self, article: Article) -> bool:
        """Whether an article earns at all."""
        return self.terms.excluded is None or not self.terms.excluded.matches(Seen(article))

    def earned(
        self,
        basket: Basket,
        facts: Facts,
        taken: Sequence[int],
        bases: Sequence[int],
        offers: Sequence[Sequence[Earns]] = (),
        left: int | None = None,
    ) -> Earned:
        """What a purchase earns.

        Args:
            taken: all discounts of each line, minor units.
            bases: what of each line earns, minor units.
            offers: what offers that give points do, in order of application.
            left: what the caps of day and month leave.
        """
        earning, rounding = self._programme.earning, self.terms.earn.rounding
        assert earning is not None
        assert rounding is not None
        matched, _ = self._programme.concerned(basket, facts)
        board = Board(basket, facts, self._programme.policies, self._programme.guards, matched)
        gave: dict[str, int] = {}
        so_far = 0

        def note(place: int, tally: Tally) -> None:
            nonlocal so_far
            now = int(earning.rounded(tally.total()))
            gave[self.terms.keys[place]] = now - so_far
            so_far = now

        state = State(list(taken), [0] * len(board.delivery_prices), [0] * len(bases))
        tally = earning.tally(board, state, bases, after=note)
        factor = earning.tier_factor(board)
        points = int(earning.rounded(tally.total() * factor))
        held = tuple(gave)
        gave[TIER] = points - so_far
        extra = extra_points(
            [weight * factor for weight in tally.weights()],
            offers,
            bases,
            rounding,
            tally.flat() * factor,
        )
        points, gave[CAP], extra = self._capped(points, extra, left)
        return Earned(
            points + sum(sum(lines.values()) for lines in extra),
            tuple(_by_line(points, tally, bases)),
            tuple((key, given) for key, given in gave.items() if given),
            tuple(extra),
            held,
        )

    def _capped(
        self, points: int, extra: list[dict[int, int]], left: int | None
    ) -> tuple[int, int, list[dict[int, int]]]:
        """Points of the rules first, then those of offers as they applied, until the caps are reached."""
        limits = [limit for limit in (self.terms.caps.order, left) if limit is not None]
        if not limits:
            return points, 0, extra
        rest = min(limits)
        kept = min(points, rest)
        rest -= kept
        fewer = []
        for lines in extra:
            whole = sum(lines.values())
            if whole > rest:
                parts = share_out(rest, list(lines.values()))
                lines = {i: part for i, part in zip(lines, parts, strict=True) if part}
            rest -= min(whole, rest)
            fewer.append(lines)
        return kept, kept - points, fewer


def _by_line(points: int, tally: Tally, bases: Sequence[int]) -> list[int]:
    """Share points as the lines collected them; what is flat goes by the bases of its lines, or alike."""
    weights = tally.weights()
    for lines, flat in tally.flats.items():
        whole = sum(bases[i] for i in lines)
        for i in lines:
            part = Fraction(bases[i], whole) if whole else Fraction(1, len(lines))
            weights[i] += Fraction(flat, tally.over) * part
    common = lcm(*(weight.denominator for weight in weights))
    return share_out(points, [int(weight * common) for weight in weights])
