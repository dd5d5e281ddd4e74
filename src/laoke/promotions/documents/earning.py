"""How purchases earn beyond a rate, as a document: what stands in `points.earn` beside the rate itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from laoke.engine.conditions import Tree, leaves
from laoke.engine.pricing.earning import Bonus, EarnRule, Multiplier, PerAmount, PerUnit, RoundScope
from laoke.engine.pricing.purchase import BASE, CAP, TIER, Caps
from laoke.promotions.documents.effects import Code
from laoke.promotions.documents.values import MOST_TIMES, Condition, Document, Flag, Lines, Minor, Text

MOST_RULES = 50
PERSONAL_LIST = "product.personal_list"
_NO_LISTS = "personal lists are for offers"
Points = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


def _factor(value: Any) -> Fraction:
    says = f"takes a number of times from 0 to {MOST_TIMES} like 2 or 1.5"
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(says)
    try:
        times = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(says) from None
    if not times.is_finite() or not 0 <= times <= MOST_TIMES:
        raise ValueError(says)
    if times != times.quantize(Decimal("0.01")):
        raise ValueError("takes a number of times with at most two decimals")
    return Fraction(times)


Factor = Annotated[
    Fraction,
    BeforeValidator(_factor),
    PlainSerializer(lambda value: f"{Decimal(value.numerator) / Decimal(value.denominator):f}"),
    WithJsonSchema({"type": ["number", "string"], "description": f"How many times, from 0 to {MOST_TIMES}"}),
]


def _of_the_article(selector: Any) -> Any:
    if not selector.static:
        raise ValueError("takes what an article is, not its price or who buys it")
    return selector


def _of_nobody(selector: Any) -> Any:
    if _asks_for_lists(selector.tree):
        raise ValueError(_NO_LISTS)
    return selector


def _without_lists(tree: Any) -> Any:
    if tree is not None and any(_asks_for_lists(leaf.of) for leaf in leaves(tree) if leaf.of is not None):
        raise ValueError(_NO_LISTS)
    return tree


def _asks_for_lists(tree: Tree) -> bool:
    return any(leaf.attribute == PERSONAL_LIST for leaf in leaves(tree))


class RoundEach(StrEnum):
    """What is rounded."""

    ORDER = "order"
    LINE = "line"

    @property
    def scope(self) -> RoundScope:
        """As the engine knows it."""
        return RoundScope.LINE if self is RoundEach.LINE else RoundScope.TOTAL


class Rate(Document):
    """So many points for every amount."""

    points: Points
    amount: Annotated[Minor, Field(ge=1)]


class RuleDocument(Document):
    """A rule beside the rate: in their order each adds to what was earned by then, or multiplies it."""

    key: Code
    name: Text
    when: Annotated[Condition, AfterValidator(_without_lists)] = None
    of: Annotated[Lines, AfterValidator(_of_nobody)] | None = None
    factor: Factor | None = None
    with_bonuses: Flag = False
    bonus: Points | None = None
    per_unit: Points | None = None
    per_amount: Rate | None = None
    stop: Flag = False

    @model_validator(mode="after")
    def _one_thing(self) -> RuleDocument:
        ways = (self.factor, self.bonus, self.per_unit, self.per_amount)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("takes one of factor, bonus, per_unit, per_amount")
        if self.with_bonuses and self.factor is None:
            raise ValueError("with_bonuses goes with a factor")
        if self.key in (BASE, TIER, CAP):
            raise ValueError(f"the key {self.key} means something already")
        return self

    def rule(self) -> EarnRule:
        """As the engine knows it."""
        when = () if self.when is None else (self.when,)
        if self.factor is not None:
            return Multiplier(self.factor, self.of, self.with_bonuses, when, self.stop)
        if self.bonus is not None:
            return Bonus(Fraction(self.bonus), self.of, when, self.stop)
        if self.per_unit is not None:
            return PerUnit(Fraction(self.per_unit), self.of, when, self.stop)
        assert self.per_amount is not None
        return PerAmount(Fraction(self.per_amount.points), self.per_amount.amount, self.of, when, self.stop)


class CapsDocument(Document):
    """The most a member earns with purchases; offers count too. What a return takes back can be earned again."""

    order: Points | None = None
    day: Points | None = None
    month: Points | None = None

    def caps(self) -> Caps:
        """As the engine knows them."""
        return Caps(self.order, self.day, self.month)


def _no_two(rules: tuple[RuleDocument, ...]) -> tuple[RuleDocument, ...]:
    keys = [rule.key for rule in rules]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"two rules have the key {twice[0]}")
    return rules


class EarningDocument(Document):
    """What stands beside the rate."""

    without: Annotated[Lines, AfterValidator(_of_the_article)] | None = None
    without_tenders: tuple[Code, ...] = ()
    round_each: RoundEach = RoundEach.ORDER
    tiers: Mapping[Code, Factor] = Field(default_factory=dict)
    rules: Annotated[tuple[RuleDocument, ...], AfterValidator(_no_two)] = Field(
        default=(), max_length=MOST_RULES
    )
    caps: CapsDocument = CapsDocument()
