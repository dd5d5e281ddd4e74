"""Offers that together may take everything off a basket, where nothing says what has to be left.

Every offer is a rule on one number, what is left of a basket of so much: a share of it, an amount once it reaches a
threshold. Offers that can meet (their time, channels, conditions and articles are not provably apart, no set or group
keeps one of them) are put together in the order in which they run, on baskets of just the amounts at which thresholds
begin and on one far above. What picks units (nth item, buy and get, bundles) depends on prices and is left to the
search for the worst basket. A guard on lines or baskets, or a budget, bounds what can happen: such offers are not
looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import NamedTuple

from laoke.engine.conditions import Op, Tree
from laoke.engine.conditions.possible import Way, apart, contradiction, ways
from laoke.engine.pricing.policies import Combine, PercentBase, Policies
from laoke.engine.pricing.selectors import Selector
from laoke.kernel.money import format_minor
from laoke.promotions.documents.effects import EveryOff, Gives, StepOff, TieredOff
from laoke.promotions.documents.offers import STAGES, OfferDocument
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.soundness.windows import conditions
from laoke.promotions.vocabulary import VOCABULARY

# Pairs of offers that are looked at; a programme with more that may meet is said to be not proven.
MOST_LOOKED_AT = 100_000
# An amount at which no single reduction counts any more.
FAR_ABOVE = Fraction(10**15)

# What a rule takes off, of a basket of `whole` of which `left` is left.
Takes = Callable[[Fraction, Fraction], Fraction]
# By category code, its own and those of all above it.
Above = Mapping[str, frozenset[str]]


class Part(NamedTuple):
    """An effect as such a rule. It takes at most `of_left` of what is left, `of_whole` of the whole, and `flat`."""

    takes: Takes
    of_left: Fraction = Fraction(0)
    of_whole: Fraction = Fraction(0)
    flat: Callable[[Fraction], Fraction] = lambda whole: Fraction(0)
    begins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """An offer as a rule on what is left of a basket. It gives from `needed` on, of what is left or of the whole."""

    key: str
    document: OfferDocument
    parts: tuple[Part, ...]
    needed: int
    of_left: bool

    def takes(self, whole: Fraction, left: Fraction) -> Fraction:
        """What it takes off."""
        taken = Fraction(0)
        if self.needed <= (left if self.of_left else whole):
            for part in self.parts:
                taken += min(part.takes(whole, left - taken), left - taken)
        return taken

    @property
    def begins(self) -> set[int]:
        """The amounts at which it begins to give, or to give more."""
        return {self.needed, *(each for part in self.parts for each in part.begins)} - {0}


class _TooMany(Exception):
    """More offers may meet than can be looked at."""


def examine(
    documents: Mapping[str, OfferDocument],
    pricing: PricingPolicy,
    above: Above,
    currency: str,
    zone: tzinfo,
    at: datetime,
    found: Findings,
    *,
    only: str | None = None,
) -> None:
    """Look for offers that alone or together leave nothing; with `only`, for those that do with this one."""
    guards = pricing.guards
    if guards.line_share not in (None, 1) or guards.basket_share not in (None, 1):
        return
    rules = [
        _rule(key, document, pricing.policies)
        for key, document in documents.items()
        if document.limits.budget is None and not _over(document, zone, at)
    ]
    rules = [rule for rule in rules if rule.parts]
    rules.sort(key=lambda rule: (STAGES[rule.document.stage], -rule.document.priority))
    order = {key: number for number, key in enumerate(documents)}
    meeting = _Meeting(pricing.policies, above)
    if only is not None:
        mine = [rule for rule in rules if rule.key == only]
        rules = [
            rule for rule in rules if rule.key == only or all(meeting.meets(each, rule) for each in mine)
        ]
        if not mine:
            return
    told: set[frozenset[str]] = set()
    try:
        for amount in sorted({FAR_ABOVE, *(Fraction(each) for rule in rules for each in rule.begins)}):
            for stack in _stacks(rules, amount, meeting):
                if _left(stack, amount) > 0:
                    continue
                fewest = _fewest(stack, amount)
                keys = frozenset(rule.key for rule in fewest)
                # An amount at which none of them begins is nothing but a small one: a flat reduction takes it anyway.
                if amount != FAR_ABOVE and not any(int(amount) in rule.begins for rule in fewest):
                    continue
                if keys in told or (only is not None and only not in keys):
                    continue
                told.add(keys)
                last = max(keys, key=order.__getitem__)
                others = [key for key in order if key in keys and key != last]
                found.fault(("offers", last), _says(others, amount, currency))
    except _TooMany:
        found.warning(("offers",), "too many offers may meet to prove that they leave something")


def _says(others: Sequence[str], amount: Fraction, currency: str) -> str:
    together = f"together with {', '.join(others)} takes" if others else "takes"
    of_what = "any basket" if amount == FAR_ABOVE else f"a basket of {format_minor(int(amount), currency)}"
    mend = "set a budget, or say in pricing.guards what has to be left"
    if others:
        mend = f"put them in one exclusive_set, {mend}"
    return f"{together} everything off {of_what}: {mend}"


def _fewest(stack: Sequence[Rule], amount: Fraction) -> list[Rule]:
    """Of offers that leave nothing those without which something would be left."""
    kept = list(stack)
    for rule in stack:
        fewer = [each for each in kept if each is not rule]
        if fewer and _left(fewer, amount) <= 0:
            kept = fewer
    return kept


def _left(stack: Sequence[Rule], amount: Fraction) -> Fraction:
    left = amount
    for rule in stack:
        left -= rule.takes(amount, left)
        if left <= 0:
            break
    return left


def _stacks(rules: Sequence[Rule], amount: Fraction, meeting: _Meeting) -> Iterator[tuple[Rule, ...]]:
    """The sets of offers that may meet and that could leave nothing, in the order in which they run."""

    def could(chosen: Sequence[Rule], rest: Sequence[Rule]) -> bool:
        # Shares of what is left first, then all else as if nothing kept any back: no order takes more.
        left, off = amount, Fraction(0)
        for part in (part for rules in (chosen, rest) for rule in rules for part in rule.parts):
            left *= 1 - part.of_left
            off += part.of_whole * amount + part.flat(amount)
        return left <= off

    def grow(chosen: tuple[Rule, ...], rest: list[Rule]) -> Iterator[tuple[Rule, ...]]:
        if could(chosen, rest):
            if chosen:
                yield chosen
            for number, rule in enumerate(rest):
                yield from grow((*chosen, rule), meeting.of(rule, rest[number + 1 :]))

    yield from grow((), [rule for rule in rules if rule.needed <= amount])


class _Meeting:
    """Which two offers may take from one basket."""

    def __init__(self, policies: Policies, above: Above) -> None:
        self._one_a_stage = policies.combine in (Combine.BEST_PER_LINE, Combine.BEST_PER_ORDER)
        self._above = above
        self._known: dict[tuple[str, str], bool] = {}
        self._left = MOST_LOOKED_AT

    def of(self, one: Rule, others: Sequence[Rule]) -> list[Rule]:
        """Those of the others that nothing keeps from meeting this one."""
        self._left -= len(others) + 1
        if self._left < 0:
            raise _TooMany
        return [other for other in others if self.meets(one, other)]

    def meets(self, one: Rule, other: Rule) -> bool:
        """Whether nothing keeps these two from taking from one basket."""
        known = self._known.get((one.key, other.key))
        if known is None:
            known = self._known[one.key, other.key] = self._may(one.document, other.document)
        return known

    def _may(self, one: OfferDocument, other: OfferDocument) -> bool:
        if one.exclusive or other.exclusive or (one.once_per_line and other.once_per_line):
            return False
        if one.exclusive_set is not None and one.exclusive_set == other.exclusive_set:
            return False
        grouped = one.group is not None and one.group == other.group
        if one.stage is other.stage and (self._one_a_stage or grouped):
            return False
        if _never_at_once(one, other):
            return False
        if apart(conditions(one), conditions(other), VOCABULARY):
            return False
        return any(
            not self._articles_apart(mine, yours) for mine in _targets(one) for yours in _targets(other)
        )

    def _articles_apart(self, one: Selector | None, other: Selector | None) -> bool:
        if one is None or other is None:
            return False
        if apart(one.tree, other.tree, VOCABULARY):
            return True
        mine, yours = _categories(one.tree), _categories(other.tree)
        if mine is None or yours is None:
            return False
        above = self._above
        return not any(
            a in above.get(b, frozenset({b})) or b in above.get(a, frozenset({a}))
            for a in mine
            for b in yours
        )


def _targets(document: OfferDocument) -> list[Selector | None]:
    found = [each.effect().looks_at() for each in document.gives]
    return [selector for selectors in found for selector in selectors[:1]] or [None]


def _categories(tree: Tree) -> set[str] | None:
    """Categories of which an article has at least one; None where none is asked for."""
    found: set[str] = set()
    for way in ways(tree) or [()]:
        asked = [
            asked.leaf
            for asked in way
            if asked.leaf.attribute == "product.category"
            and asked.leaf.op in (Op.IN, Op.HAS_ALL)
            and not asked.negated
        ]
        if not asked or not isinstance(asked[0].value, frozenset):
            return None
        found |= {str(each) for each in asked[0].value}
    return found


def _never_at_once(one: OfferDocument, other: OfferDocument) -> bool:
    """By their days; one that ends on the day on which another begins may meet it."""
    return _before(one, other) or _before(other, one)


def _before(one: OfferDocument, other: OfferDocument) -> bool:
    if one.ends is None or other.starts is None:
        return False
    if isinstance(one.ends, datetime) and isinstance(other.starts, datetime):
        return one.ends < other.starts
    end = one.ends.date() if isinstance(one.ends, datetime) else one.ends
    start = other.starts.date() if isinstance(other.starts, datetime) else other.starts
    # An instant's day is that of its own offset: a day's room keeps the proof true in every zone.
    mixed = isinstance(one.ends, datetime) or isinstance(other.starts, datetime)
    return (start - end).days > (1 if mixed else 0)


def _over(document: OfferDocument, zone: tzinfo, at: datetime) -> bool:
    if document.ends is None:
        return False
    if isinstance(document.ends, datetime):
        return document.ends < at
    return document.ends < at.astimezone(zone).date()


def _rule(key: str, document: OfferDocument, policies: Policies) -> Rule:
    parts = tuple(part for each in document.gives for part in _parts(each, policies))
    return Rule(key, document, parts, *_threshold(document.when))


def _threshold(when: Tree | None) -> tuple[int, bool]:
    """The smallest amount from which on the conditions can hold, and whether it is of what is left."""
    found = [] if when is None else ways(when)
    return min(
        (_threshold_of(way) for way in found or [()] if contradiction(way, VOCABULARY) is None),
        default=(0, False),
    )


def _threshold_of(way: Way) -> tuple[int, bool]:
    needed = (0, False)
    for asked in way:
        leaf = asked.leaf
        if (
            leaf.attribute == "basket.subtotal"
            and not asked.negated
            and leaf.op in (Op.GTE, Op.GT, Op.EQ)
            and isinstance(leaf.value, int)
        ):
            amount = leaf.value + (leaf.op is Op.GT)
            needed = max(needed, (amount, leaf.option("basis", "original") == "discounted"))
    return needed


def _parts(gives: Gives, policies: Policies) -> Iterator[Part]:
    """What an effect takes; nothing for effects that this proof leaves to the search for the worst basket."""
    if (percent := gives.percent) is not None:
        if not (percent.percent == 1 and percent.max_quantity):
            yield _share(percent.percent, percent.max, policies)
    elif (amount := gives.amount) is not None:
        yield _flat(amount.discount)
    elif (fixed := gives.fixed_price) is not None:
        if not fixed.price and fixed.max_quantity is None:
            yield _share(Fraction(1), None, policies)
    elif (listed := gives.member_price) is not None:
        if not all(listed.prices.values()) and listed.max_quantity is None:
            yield _share(Fraction(1), None, policies)
    elif (bundle := gives.bundle) is not None:
        if bundle.price == 0 and bundle.repeat:
            yield _share(Fraction(1), None, policies)
    elif (every := gives.every) is not None:
        yield _every(every)
    elif (tiered := gives.tiered) is not None:
        yield _tiered(tiered, policies)


def _share(share: Fraction, most: int | None, policies: Policies) -> Part:
    original = policies.percent_base is PercentBase.ORIGINAL

    def takes(whole: Fraction, left: Fraction) -> Fraction:
        off = share * (whole if original else left)
        return off if most is None else min(off, Fraction(most))

    if most is not None:
        return Part(takes, flat=lambda whole: takes(whole, whole))
    return Part(takes, of_whole=share) if original else Part(takes, of_left=share)


def _flat(minor: int) -> Part:
    return Part(lambda whole, left: Fraction(minor), flat=lambda whole: Fraction(minor))


def _every(every: EveryOff) -> Part:
    original, share = every.basis == "original", Fraction(every.discount, every.reaching)

    def takes(whole: Fraction, left: Fraction) -> Fraction:
        times = int((whole if original else left) // every.reaching)
        return Fraction(every.discount * min(times, every.max_times or times))

    begins = frozenset({every.reaching})
    if every.max_times is not None:
        return Part(takes, flat=lambda whole: takes(whole, whole), begins=begins)
    if original:
        return Part(takes, of_whole=share, begins=begins)
    return Part(takes, of_left=share, begins=begins)


def _tiered(tiered: TieredOff, policies: Policies) -> Part:
    steps = [(step.reaching or 0, _step(step, policies)) for step in tiered.steps]

    def takes(whole: Fraction, left: Fraction) -> Fraction:
        reached = whole if tiered.basis == "original" else left
        off = Fraction(0)
        for at_least, step in steps:
            if at_least <= reached:
                off = step.takes(whole, left)
        return off

    return Part(
        takes,
        max(step.of_left for _, step in steps),
        max(step.of_whole for _, step in steps),
        lambda whole: max(
            (step.flat(whole) for at_least, step in steps if at_least <= whole), default=Fraction(0)
        ),
        frozenset(at_least for at_least, _ in steps if at_least),
    )


def _step(step: StepOff, policies: Policies) -> Part:
    if step.percent is not None:
        return _share(step.percent, None, policies)
    return _flat(step.discount or 0)
