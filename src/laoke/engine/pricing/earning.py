"""Points a priced basket earns: rules in order over lines, then the tier's multiplier, then one rounding.

Everything is counted exactly, as whole numbers over one common denominator, and rounded where a policy says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import Protocol

from laoke.engine.conditions import All, Tree
from laoke.engine.conditions.predicates import predicate
from laoke.engine.pricing import questions
from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.questions import Asked
from laoke.engine.pricing.selectors import Selector
from laoke.kernel.rounding import Rounding, rounder


class EarnBase(StrEnum):
    """What of a line earns points."""

    NET = "net"
    GROSS = "gross"
    NET_OF_MATCHING = "net_of_matching"  # only discounts of offers that are for certain articles lower it


class RoundScope(StrEnum):
    """Where points are rounded."""

    TOTAL = "total"
    LINE = "line"  # each line's share of a rule per amount too


@dataclass(frozen=True, slots=True)
class PerAmount:
    """`points` for every `per_minor` of the base of matching lines."""

    points: Fraction
    per_minor: int
    target: Selector | None = None
    when: tuple[Tree, ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True)
class PerUnit:
    """`points` for every unit of matching lines."""

    points: Fraction
    target: Selector | None = None
    when: tuple[Tree, ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Bonus:
    """`points` once, if a line matches; without a target for every order."""

    points: Fraction
    target: Selector | None = None
    when: tuple[Tree, ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Multiplier:
    """What matching lines have collected so far, `factor` times; bonuses too with `order_level`."""

    factor: Fraction
    target: Selector | None = None
    order_level: bool = False
    when: tuple[Tree, ...] = ()
    stop: bool = False


EarnRule = PerAmount | PerUnit | Bonus | Multiplier
_ONCE = Fraction(1)


@dataclass(frozen=True, slots=True)
class EarnTerms:
    """How points are earned.

    Args:
        rounding: None leaves fractions of points.
        tender_excluded: what is paid with points earns none; it is taken off the bases in proportion.
        tier_factors: by tier; others count once.
    """

    rules: tuple[EarnRule, ...] = ()
    base: EarnBase = EarnBase.NET
    rounding: Rounding | None = Rounding.DOWN
    round_scope: RoundScope = RoundScope.TOTAL
    tender_excluded: bool = True
    tier_factors: Mapping[str, Fraction] = field(default_factory=dict)
    max_points: int | None = None


class Given(Protocol):
    """An offer that was given, as far as earning asks: what it took off each line, and whether it was for certain
    articles."""

    @property
    def lines(self) -> tuple[int, ...]: ...

    @property
    def is_targeted(self) -> bool: ...


class Tally:
    """Points collected, in parts of 1/`over`: by line, and flat for some lines together."""

    __slots__ = ("flats", "lines", "over")

    def __init__(self, lines: int) -> None:
        self.lines = [0] * lines
        self.flats: dict[tuple[int, ...], int] = {}
        self.over = 1

    def scale(self, denominator: int) -> int:
        """Make room for parts of 1/`denominator`; how many of ours make one of those."""
        common = lcm(self.over, denominator)
        if common != self.over:
            factor = common // self.over
            self.lines = [points * factor for points in self.lines]
            self.flats = {lines: points * factor for lines, points in self.flats.items()}
            self.over = common
        return common // denominator

    def total(self) -> Fraction:
        """All of it."""
        return Fraction(sum(self.lines) + sum(self.flats.values()), self.over)

    def weights(self) -> list[Fraction]:
        """What each line collected, without what is flat."""
        return [Fraction(points, self.over) for points in self.lines]

    def flat(self) -> Fraction:
        """What is flat."""
        return Fraction(sum(self.flats.values()), self.over)


class Earning:
    """Earning terms, compiled."""

    def __init__(self, terms: EarnTerms, selector_of: questions.SelectorOf) -> None:
        reader = questions.reader(selector_of)
        self.terms = terms
        self._rules = [
            (rule, predicate(All(rule.when), reader) if rule.when else None) for rule in terms.rules
        ]

    def points(self, board: Board, state: State, given: Sequence[Given], redeemed_minor: int = 0) -> Fraction:
        """Points the basket earns; a whole number unless the terms leave fractions."""
        terms = self.terms
        bases, over = _bases(terms, board, state, given, redeemed_minor)
        points = self.rounded(self.tally(board, state, bases, over).total() * self.tier_factor(board))
        return points if terms.max_points is None else min(points, Fraction(terms.max_points))

    def tally(
        self,
        board: Board,
        state: State,
        bases: Sequence[int],
        over: int = 1,
        after: Callable[[int, Tally], None] | None = None,
    ) -> Tally:
        """What the rules collect, before the tier counts and before it is rounded.

        Args:
            bases: what of each line earns, in parts of 1/`over` of a minor unit.
            after: told the place of every rule that was asked to collect, with what there is by then.
        """
        asked, tally = Asked(board, state), Tally(len(bases))
        for place, (rule, holds) in enumerate(self._rules):
            if holds is not None and not holds(asked):
                continue
            _collect(rule, self.terms, board, bases, over, tally)
            if after is not None:
                after(place, tally)
            if rule.stop:
                break
        return tally

    def tier_factor(self, board: Board) -> Fraction:
        """How many times the points of this member's tier count."""
        return self.terms.tier_factors.get(board.facts.known.get("member.tier") or "", _ONCE)

    def rounded(self, points: Fraction) -> Fraction:
        """As the terms round."""
        if self.terms.rounding is None:
            return points
        return Fraction(rounder(self.terms.rounding)(points.numerator, points.denominator))


def _bases(
    terms: EarnTerms, board: Board, state: State, given: Sequence[Given], redeemed_minor: int
) -> tuple[list[int], int]:
    """The base of each line in parts of 1/`over` of a minor unit."""
    if terms.base is EarnBase.GROSS:
        bases = list(board.amounts)
    elif terms.base is EarnBase.NET:
        bases = [amount - off for amount, off in zip(board.amounts, state.taken, strict=True)]
    else:
        bases = [
            amount - line.discount_minor
            for amount, line in zip(board.amounts, board.basket.lines, strict=True)
        ]
        for deal in given:
            if deal.is_targeted:
                bases = [base - part for base, part in zip(bases, deal.lines, strict=True)]
    bases = [base if line.earns_points else 0 for base, line in zip(bases, board.basket.lines, strict=True)]
    whole = sum(bases)
    if not (terms.tender_excluded and redeemed_minor and whole):
        return bases, 1
    left = max(0, whole - redeemed_minor)
    return [base * left for base in bases], whole


def _collect(
    rule: EarnRule, terms: EarnTerms, board: Board, bases: Sequence[int], over: int, count: Tally
) -> None:
    lines = board.counted(rule.target)
    if isinstance(rule, PerAmount):
        numerator, denominator = rule.points.numerator, rule.points.denominator * rule.per_minor * over
        if terms.round_scope is RoundScope.LINE and terms.rounding is not None:
            rounded, unit = rounder(terms.rounding), count.scale(1)
            for i in lines:
                count.lines[i] += rounded(bases[i] * numerator, denominator) * unit
            return
        unit = count.scale(denominator)
        for i in lines:
            count.lines[i] += bases[i] * numerator * unit
    elif isinstance(rule, PerUnit):
        unit = count.scale(rule.points.denominator)
        for i in lines:
            count.lines[i] += board.units[i] * rule.points.numerator * unit
    elif isinstance(rule, Bonus):
        if lines:
            unit = count.scale(rule.points.denominator)
            count.flats[tuple(lines)] = count.flats.get(tuple(lines), 0) + rule.points.numerator * unit
    else:
        count.scale(count.over * rule.factor.denominator)
        numerator, denominator = rule.factor.numerator, rule.factor.denominator
        for i in lines:
            count.lines[i] = count.lines[i] * numerator // denominator
        if rule.order_level:
            count.flats = {some: points * numerator // denominator for some, points in count.flats.items()}
