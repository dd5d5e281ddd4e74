"""The worst basket: of all that shoppers could put together, the one that leaves the least.

Where all baskets within the bounds can be priced, they are, and the answer is exact. In a large catalogue the search
looks at articles that stand for all others (of those that the same offers speak of: the least margin, the dearest, the
cheapest), begins with baskets that just reach what offers ask for and with the worst of the past, and changes each of
them as long as it gets worse. It says which of both it was, and how many baskets it priced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import NamedTuple

from laoke.engine.conditions import Op, leaves
from laoke.engine.pricing.basket import Article, Basket, Line
from laoke.engine.pricing.compiled import Programme, Ready
from laoke.engine.pricing.effects.thresholds import Metric, PerThreshold, Tiered
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.selectors import Seen, Selector
from laoke.kernel.quantity import MILLI
from laoke.promotions.backtest.past import NOTHING_GIVEN, Given, Money, Past, costs, money
from laoke.promotions.launch.shoppers import Shopper

# Above so many baskets not all of them are priced.
MOST_EXACT = 20_000
_STAND_INS = 5
_SEEDS = 60
_PAST = 30

Content = tuple[tuple[int, int], ...]
"""Places of articles with their units, ascending."""


Told = Callable[[Shopper, Priced, Money], None]


class By(StrEnum):
    """What makes a basket the worst."""

    MONEY = "money"  # it loses the most
    SHARE = "share"  # the least of each yuan stays


class Item(NamedTuple):
    """An article that may be bought. Those whose cost is not known have no margin to look for."""

    article: Article
    unit_price_minor: int
    cost_minor: int


class Bounds(NamedTuple):
    """How large a basket may be: different articles, units of each."""

    articles: int = 4
    units: int = 6


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line of the basket, minor units."""

    sku: str
    units: int
    unit_price_minor: int
    amount_minor: int
    discount_minor: int
    net_minor: int
    cost_minor: int


@dataclass(frozen=True, slots=True)
class Worst:
    """The basket, its receipt, and why it is the worst.

    Args:
        given: what each offer takes off, largest first; `gifts` pieces by SKU.
        gift_cost_minor: what the gifts cost, where that is known.
        points: that offers add to what the basket earns; `points_cost_minor` what they settle when they are spent.
        known: what the shopper has to be; `codes` and `channel` what they do.
        below_cost: lines sold for less than they cost.
        exact: all baskets within the bounds were priced. `tried` is how many were.
    """

    by: By
    lines: tuple[ReceiptLine, ...]
    given: tuple[tuple[str, int], ...]
    gifts: tuple[tuple[str, int], ...]
    net_minor: int
    cost_minor: int
    gift_cost_minor: int
    points: int
    points_cost_minor: int
    margin_minor: int
    known: Mapping[str, object]
    is_member: bool
    codes: tuple[str, ...]
    channel: str | None
    below_cost: tuple[str, ...]
    exact: bool
    tried: int

    @property
    def percent(self) -> float | None:
        """The margin of what is paid; None when nothing is."""
        return round(100 * self.margin_minor / self.net_minor, 2) if self.net_minor else None


def worst(
    programme: Programme,
    items: Sequence[Item],
    shoppers: Sequence[Shopper],
    at: datetime,
    *,
    by: By = By.MONEY,
    bounds: Bounds = Bounds(),  # noqa: B008 -- a value
    past: Iterable[Past] = (),
    beside: Given = NOTHING_GIVEN,
    seconds: float = 2.0,
    clock: Callable[[], float] = time.monotonic,
    most_exact: int = MOST_EXACT,
    told: Told | None = None,
    standing_in: Sequence[int] | None = None,
) -> Worst | None:
    """Find it; None when nothing can be bought.

    Args:
        items: the catalogue; `shoppers` who may come (see `shoppers`).
        past: orders whose baskets are looked at too.
        beside: what gifts and points cost.
        seconds: how long the search may take.
        told: is told of every basket that is priced.
        standing_in: what `stand_ins` found for this catalogue, where that is known already.
    """
    if not items or not shoppers:
        return None
    search = _Search(programme, items, shoppers, at, by, bounds, beside, clock)
    search.until = clock() + seconds
    search.told = told
    exact = _size(len(items), bounds) * len(shoppers) <= most_exact
    if exact:
        search.all()
    else:
        search.guided(past, stand_ins(programme, items) if standing_in is None else standing_in)
    return search.answer(exact=exact and not search.late)


def _size(items: int, bounds: Bounds) -> int:
    return sum(comb(items, count) * bounds.units**count for count in range(1, bounds.articles + 1))


Badness = tuple[int, Fraction | int]


class _Search:
    """One search. Smaller is worse."""

    def __init__(
        self,
        programme: Programme,
        items: Sequence[Item],
        shoppers: Sequence[Shopper],
        at: datetime,
        by: By,
        bounds: Bounds,
        beside: Given,
        clock: Callable[[], float],
    ) -> None:
        self.programme = programme
        self.items = items
        self.shoppers = shoppers
        self.at = at
        self.by = by
        self.bounds = bounds
        self.until = 0.0
        self.late = False
        self.told: Told | None = None
        self.tried = 0
        self._beside = beside
        self._clock = clock
        self._found: dict[tuple[Content, int], Badness] = {}
        self.best: tuple[Badness, Content, int] | None = None

    def all(self) -> None:
        """Price everything."""
        for count in range(1, self.bounds.articles + 1):
            for places in combinations(range(len(self.items)), count):
                for units in product(range(1, self.bounds.units + 1), repeat=count):
                    for shopper in range(len(self.shoppers)):
                        self.look(tuple(zip(places, units, strict=True)), shopper)
                if self.out_of_time():
                    return

    def guided(self, past: Iterable[Past], stand_ins: Sequence[int]) -> None:
        """Price what is likely to be bad, and mend the worst of it."""
        seeds: list[tuple[Badness, Content, int]] = []
        for shopper in range(len(self.shoppers)):
            seeds += [
                (self.look(content, shopper), content, shopper) for content in self._beginnings(stand_ins)
            ]
            if self.out_of_time():
                break
        seeds += [
            (self.look(content, shopper), content, shopper) for content, shopper in self._of_the_past(past)
        ]
        seeds.sort(key=lambda each: each[0])
        for badness, content, shopper in self._spread(seeds):
            self._mend(badness, content, shopper, stand_ins)
            if self.out_of_time():
                return

    def look(self, content: Content, shopper: int) -> Badness:
        """How bad a basket is for a shopper; remembers the worst."""
        known = self._found.get((content, shopper))
        if known is not None:
            return known
        brought, priced = self._priced(content, shopper)
        self.tried += 1
        if self.told is not None:
            self.told(self.shoppers[shopper], priced, brought)
        badness = self._badness(brought)
        self._found[content, shopper] = badness
        if self.best is None or (badness, len(content)) < (self.best[0], len(self.best[1])):
            self.best = (badness, content, shopper)
        return badness

    def out_of_time(self) -> bool:
        """Whether to come to an end."""
        self.late = self.late or self._clock() > self.until
        return self.late

    def answer(self, *, exact: bool) -> Worst | None:
        """The worst basket with its receipt."""
        if self.best is None:
            return None
        _, content, number = self.best
        brought, priced = self._priced(content, number)
        shopper = self.shoppers[number]
        lines = []
        for (place, units), line in zip(content, priced.lines, strict=True):
            item = self.items[place]
            lines.append(
                ReceiptLine(
                    item.article.sku,
                    units,
                    item.unit_price_minor,
                    line.amount_minor,
                    line.discount_minor,
                    line.net_minor,
                    item.cost_minor * units,
                )
            )
        given = sorted(
            ((deal.ready.offer.key, deal.amount) for deal in priced.given), key=lambda each: -each[1]
        )
        gifts = [(gift.sku or gift.choices[0], gift.quantity) for deal in priced.given for gift in deal.gifts]
        return Worst(
            self.by,
            tuple(lines),
            tuple(given),
            tuple(gifts),
            brought.net,
            brought.cost,
            brought.gift_cost,
            brought.points,
            brought.points_cost,
            brought.margin,
            dict(shopper.facts.known),
            shopper.facts.is_member,
            shopper.codes,
            shopper.channel,
            tuple(line.sku for line in lines if line.net_minor < line.cost_minor),
            exact,
            self.tried,
        )

    def _badness(self, brought: Money) -> Badness:
        if self.by is By.MONEY:
            return (1, brought.margin)
        if brought.net:
            return (1, Fraction(brought.margin, brought.net))
        # Nothing is paid: worse than any share, and the worse the more it costs.
        return (0, brought.margin) if brought.margin < 0 else (2, 0)

    def _priced(self, content: Content, number: int) -> tuple[Money, Priced]:
        shopper = self.shoppers[number]
        lines = []
        for line_no, (place, units) in enumerate(content, start=1):
            item = self.items[place]
            lines.append(
                Line(line_no, item.article, units * MILLI, item.unit_price_minor, cost_minor=item.cost_minor)
            )
        basket = Basket(tuple(lines), codes=shopper.codes, channel=shopper.channel)
        priced = price(basket, self.programme, shopper.facts, self.at)
        cost, unknown = costs(lines)
        return money(priced, lines, cost, unknown, self._beside), priced

    # What to begin with.

    def _beginnings(self, stand_ins: Sequence[int]) -> Iterator[Content]:
        """Every article alone, every two together, and baskets that just reach an amount or a number."""
        for place in stand_ins:
            for units in range(1, self.bounds.units + 1):
                yield ((place, units),)
        amounts, numbers = _thresholds(self.programme.offers)
        few = sorted(stand_ins, key=lambda place: _margin_share(self.items[place]))[: 4 * _STAND_INS]
        if self.bounds.articles < 2:
            return
        for one, other in combinations(sorted(few), 2):
            yield ((one, 1), (other, 1))
            for first in range(1, self.bounds.units + 1):
                for number in numbers:
                    yield from self._two(one, first, other, number - first)
                for amount in amounts:
                    left = amount - first * self.items[one].unit_price_minor
                    if left > 0 and self.items[other].unit_price_minor:
                        yield from self._two(
                            one, first, other, -(-left // self.items[other].unit_price_minor)
                        )

    def _two(self, one: int, first: int, other: int, second: int) -> Iterator[Content]:
        if 1 <= second <= self.bounds.units:
            yield ((one, first), (other, second))

    def _of_the_past(self, past: Iterable[Past]) -> Iterator[tuple[Content, int]]:
        """The past baskets that are worst, of articles still sold and within the bounds, for each shopper."""
        by_sku = {item.article.sku: place for place, item in enumerate(self.items)}
        contents: dict[Content, None] = {}
        for each in past:
            units: dict[int, int] = {}
            for line in each.basket.lines:
                place = by_sku.get(line.article.sku)
                if place is not None and line.quantity_milli % MILLI == 0:
                    units[place] = min(self.bounds.units, units.get(place, 0) + line.quantity_milli // MILLI)
            if units:
                contents[tuple(sorted(units.items())[: self.bounds.articles])] = None
        ranked = sorted(contents, key=lambda content: self.look(content, len(self.shoppers) - 1))
        for content in ranked[:_PAST]:
            for shopper in range(len(self.shoppers)):
                yield content, shopper

    def _spread(self, seeds: list[tuple[Badness, Content, int]]) -> list[tuple[Badness, Content, int]]:
        """The worst beginning with each set of articles, worst first: hills are not all alike."""
        chosen: dict[tuple[tuple[int, ...], int], tuple[Badness, Content, int]] = {}
        for seed in seeds:
            chosen.setdefault((tuple(place for place, _ in seed[1]), seed[2]), seed)
        return list(chosen.values())[:_SEEDS]

    def _mend(self, badness: Badness, content: Content, shopper: int, stand_ins: Sequence[int]) -> None:
        """Change a basket as long as it gets worse."""
        while not self.out_of_time():
            step = min(
                ((self.look(each, shopper), each) for each in self._neighbours(content, stand_ins)),
                default=None,
            )
            if step is None or step[0] >= badness:
                return
            badness, content = step

    def _neighbours(self, content: Content, stand_ins: Sequence[int]) -> Iterator[Content]:
        held = dict(content)
        for place, units in content:
            rest = {other: many for other, many in held.items() if other != place}
            if rest:
                yield _content(rest)
            for many in range(1, self.bounds.units + 1):
                if many != units:
                    yield _content({**rest, place: many})
                for other in stand_ins:
                    if other not in held:
                        yield _content({**rest, other: many})
        if len(held) < self.bounds.articles:
            for other in stand_ins:
                if other not in held:
                    for many in range(1, self.bounds.units + 1):
                        yield _content({**held, other: many})


def stand_ins(programme: Programme, items: Sequence[Item]) -> list[int]:
    """Places of articles that stand for all others that the same offers speak of."""
    selectors: dict[Selector, None] = {}
    for ready in programme.offers:
        selectors.update(dict.fromkeys(each for each in ready.selectors if each is not None))
        for tree in ready.offer.when:
            asked = [programme.selector(leaf.of) for leaf in leaves(tree) if leaf.of is not None]
            selectors.update(dict.fromkeys(asked))
    guarded = {*programme.guards.price_floors, *programme.guards.margins}
    alike: dict[object, list[int]] = {}
    for place, item in enumerate(items):
        line = Line(1, item.article, MILLI, item.unit_price_minor)
        # Personal lists may hold anything: they tell no article from another.
        seen = Seen(item.article, line)
        signature = (
            item.article.discountable,
            tuple(each.matches(seen) for each in selectors),
            frozenset(guarded & item.article.categories),
        )
        alike.setdefault(signature, []).append(place)
    orders: list[Callable[[Item], Fraction | int]] = [
        lambda item: item.unit_price_minor - item.cost_minor,
        lambda item: item.unit_price_minor,
        lambda item: -item.unit_price_minor,
        lambda item: -item.cost_minor,
    ]
    found: dict[int, None] = {}
    for places in alike.values():
        for order in orders:
            found[min(places, key=lambda place: order(items[place]))] = None
        lowest = sorted(places, key=lambda place: _margin_share(items[place]))
        found.update(dict.fromkeys(lowest[:_STAND_INS]))
    return list(found)


def _margin_share(item: Item) -> float:
    return (
        (item.unit_price_minor - item.cost_minor) / item.unit_price_minor if item.unit_price_minor else -1.0
    )


def _content(units: Mapping[int, int]) -> Content:
    return tuple(sorted(units.items()))


def _thresholds(offers: Iterable[Ready]) -> tuple[list[int], list[int]]:
    """Amounts and numbers of units that offers ask for."""
    amounts: set[int] = set()
    numbers: set[int] = set()
    for ready in offers:
        for tree in ready.offer.when:
            for leaf in leaves(tree):
                if leaf.op not in (Op.GTE, Op.GT) or not isinstance(leaf.value, int):
                    continue
                value = leaf.value + (leaf.op is Op.GT)
                if leaf.attribute == "basket.subtotal":
                    amounts.add(value)
                elif leaf.attribute in ("basket.quantity", "basket.distinct_products"):
                    numbers.add(value)
        for effect in ready.offer.effects:
            if isinstance(effect, Tiered):
                (numbers if effect.metric is Metric.QUANTITY else amounts).update(
                    step.at_least for step in effect.steps
                )
            elif isinstance(effect, PerThreshold):
                amounts.update(effect.every * times for times in range(1, (effect.max_times or 3) + 1))
            for name in ("n", "size"):
                if isinstance(count := getattr(effect, name, None), int):
                    numbers.add(count)
            parts = [
                getattr(effect, "buy", None),
                getattr(effect, "get", None),
                *getattr(effect, "parts", ()),
            ]
            if units := sum(part.quantity for part in parts if part is not None):
                numbers.add(units)
    # What other offers take off first has to be put on top.
    more = {amount * 100 // 90 for amount in amounts} | {amount * 100 // 80 for amount in amounts}
    return sorted(amounts | more), sorted(numbers)
