"""One past basket priced without the offer and with it, and what became of it.

An offer that takes no part in a basket changes nothing there, so such a basket is priced once. An offer with limits is
given here whenever its conditions hold: whether a limit was reached only who sees all orders in turn can say (see
`rationing`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Line
from laoke.engine.pricing.board import Facts, Uses
from laoke.engine.pricing.compiled import Programme, Ready
from laoke.engine.pricing.deals import Deal, Refused
from laoke.engine.pricing.effects.thresholds import Metric, PerThreshold, Tiered
from laoke.engine.pricing.guards import UNGUARDED, floors
from laoke.engine.pricing.hints import Hint
from laoke.engine.pricing.offers import Offer, OnExceed
from laoke.engine.pricing.policies import Combine
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.selectors import Seen
from laoke.kernel.quantity import MILLI
from laoke.promotions.backtest.past import NOTHING_GIVEN, Given, Money, Past, costs, money

# Refusals that come before the offers meet: the offer had no part in the price.
_APART = frozenset(
    {
        "inactive",
        "not_started",
        "expired",
        "wrong_channel",
        "usage_limit_reached",
        "member_limit_reached",
        "member_not_eligible",
    }
)
_MANY_HINTS = 1000
Amounts = tuple[tuple[str, int], ...]
# A basket is near the offer when so few more units of something in it, worth so much of it at most, bring the offer.
NEAR_UNITS = 2
NEAR_PERCENT = 25


class Other(NamedTuple):
    """Another offer in a basket: what it gave without the offer that is tried and with it; None: was not given."""

    key: str
    before: int | None
    after: int | None


class Hit(NamedTuple):
    """What the offer did to one order.

    Args:
        given: whether it gave something; without that it only stood in the way of others.
        amount: what it took off.
        changed: what it changes about other offers; `together` are those given beside it.
        at_floor: lines on which offers have reached the floor; `capped` the largest discount of the basket.
        over_limit: what becomes of the order where the offer has reached a limit; None: what it was before.
        past: the order, where only pricing it again says what becomes of it as the budget comes to its end.
    """

    order_id: int
    member_id: int | None
    placed_at: datetime
    day: date
    given: bool
    amount: int
    before: Money
    after: Money
    changed: tuple[Other, ...] = ()
    together: tuple[str, ...] = ()
    gifts: tuple[tuple[str, int], ...] = ()
    coupons: tuple[tuple[str, int], ...] = ()
    at_floor: int = 0
    capped: bool = False
    over_limit: Hit | None = None
    past: Past | None = None


class Near(NamedTuple):
    """An order that a little more would have brought to the offer: what it came to, and would come to then.

    Args:
        added: list value of what is added.
        amount: what the offer takes off then.
    """

    before: Money
    after: Money
    added: int
    amount: int


class Replayed(NamedTuple):
    """An order as the offers in force price it, and what the offer that is tried does to it."""

    before: Money
    offers: tuple[tuple[str, int], ...]
    hit: Hit | None = None
    near: Near | None = None


class Replayer:
    """Prices past orders before and after.

    Args:
        before, after: the programme without the offer that is tried and with it.
        key: of that offer.
        beside: what gifts and points cost.
        without: when it takes the place of an offer of `before`, the programme with neither.
    """

    def __init__(
        self,
        before: Programme,
        after: Programme,
        key: str,
        beside: Given = NOTHING_GIVEN,
        *,
        without: Programme | None = None,
    ) -> None:
        self.before = before
        self.after = after
        self.key = key
        self.ready = next(each for each in after.offers if each.offer.key == key)
        self._beside = beside
        offer = self.ready.offer
        # What it replaces is gone when it has reached a limit.
        self._without = without
        self._asked_again = _is_asked_again(offer, after.policies.combine)
        # Only such offers may change a price in which they are refused.
        self._felt_unseen = (
            offer.exclusive or offer.group is not None or after.policies.combine is Combine.BEST_FOR_MEMBER
        )
        self._one_after_the_other = after.policies.combine is Combine.ALL and not self._felt_unseen
        self._steps = _first_step(self.ready)

    def replay(self, past: Past) -> Replayed:
        """Price an order both ways."""
        after = price(past.basket, self.after, past.facts, past.placed_at)
        deal = next((each for each in after.given if each.ready is self.ready), None)
        refused = None
        if deal is None:
            refused = next((each for each in after.refused if each.ready is self.ready), None)
            if self._without is None and self._had_no_part(refused):
                brought = self._money(past, after)
                return Replayed(brought, _given(after), None, self._near(past, brought, refused))
        brings = self._money(past, after)
        if deal is not None and self._without is None and self._is_last(after, deal):
            brought, given = self._less(past, after, deal, brings), _given(after)[:-1]
        else:
            before = price(past.basket, self.before, past.facts, past.placed_at)
            brought, given = self._money(past, before), _given(before)
        hit = self._hit(past, given, brought, after, brings, deal)
        if hit is not None and self._without is not None:
            gone = price(past.basket, self._without, past.facts, past.placed_at)
            limited = self._hit(past, given, brought, gone, self._money(past, gone), None)
            hit = hit._replace(over_limit=limited)
        if self._asked_again:
            hit = (hit or _unchanged(past, brought))._replace(past=past)
        near = self._near(past, brought, refused) if deal is None else None
        return Replayed(brought, given, hit, near)

    def again(self, past: Past, uses: Uses) -> Hit | None:
        """What becomes of an order when the offer has been used so often and has given so much."""
        facts = _with_uses(past.facts, self.key, uses)
        before = price(past.basket, self.before, past.facts, past.placed_at)
        after = price(past.basket, self.after, facts, past.placed_at)
        deal = next((each for each in after.given if each.ready is self.ready), None)
        brought, brings = self._money(past, before), self._money(past, after)
        return self._hit(past, _given(before), brought, after, brings, deal)

    def _had_no_part(self, refused: Refused | None) -> bool:
        return refused is None or not self._felt_unseen or _is_apart(refused)

    def _is_last(self, after: Priced, deal: Deal) -> bool:
        """Whether no other offer came after it, given or not: then the rest is what there is without it."""
        if not self._one_after_the_other or after.given[-1] is not deal:
            return False
        place = self.ready.place
        return all(each.ready.place < place or _is_apart(each) for each in after.refused)

    def _less(self, past: Past, after: Priced, deal: Deal, brings: Money) -> Money:
        """What the basket brings in without the last offer."""
        if deal.gifts or deal.earns:
            lines = tuple(
                line._replace(net_minor=line.net_minor + part)
                for line, part in zip(after.lines, deal.lines, strict=True)
            )
            whole = after.total_minor + deal.amount
            return self._money(past, after._replace(lines=lines, given=after.given[:-1], total_minor=whole))
        unknown = sum([deal.lines[place] for place in past.unknown])
        return brings._replace(
            net=brings.net + deal.amount, known_net=brings.known_net + deal.amount - unknown
        )

    def _money(self, past: Past, priced: Priced) -> Money:
        asked = (past.basket, past.facts)
        return money(priced, past.basket.lines, past.cost_minor, past.unknown, self._beside, asked)

    def _hit(
        self,
        past: Past,
        before: Amounts,
        brought: Money,
        after: Priced,
        brings: Money,
        deal: Deal | None,
    ) -> Hit | None:
        now = _given(after)
        mine = 0 if deal is None else deal.amount
        together = tuple([key for key, _ in now if key != self.key]) if deal is not None else ()
        changed: tuple[Other, ...] = ()
        replaced = False
        if deal is None or now[:-1] != before:
            then, again = dict(before), dict(now)
            again.pop(self.key, None)
            replaced = then.pop(self.key, None) is not None
            changed = tuple(
                Other(key, then.get(key), again.get(key))
                for key in {**again, **then}
                if then.get(key) != again.get(key)
            )
        if deal is None and not replaced and not changed:
            return None
        at_floor, capped = self._guarded(past, after) if deal else (0, False)
        return Hit(
            past.order_id,
            past.member_id,
            past.placed_at,
            past.day,
            deal is not None,
            mine,
            brought,
            brings,
            changed,
            together,
            tuple((gift.sku, gift.quantity) for gift in deal.gifts) if deal else (),
            tuple((grant.template, grant.quantity) for grant in deal.grants) if deal else (),
            at_floor,
            capped,
        )

    def _guarded(self, past: Past, after: Priced) -> tuple[int, bool]:
        """Lines whose price offers have brought down to the floor; whether the basket's limit was reached."""
        guards = self.after.guards
        if guards is UNGUARDED:
            return 0, False
        lines = past.basket.lines
        reached = sum(
            1
            for line, floor, found in zip(lines, floors(lines, guards), after.lines, strict=True)
            if floor and found.net_minor <= floor and found.discount_minor > line.discount_minor
        )
        most = guards.most(after.items_minor)
        return (
            reached,
            most is not None and after.items_discount_minor + after.shipping_discount_minor >= most,
        )

    # What a little more would bring.

    def _near(self, past: Past, brought: Money, refused: Refused | None) -> Near | None:
        if refused is None or not self._within_reach(past.items_minor, refused):
            return None
        found = price(past.basket, self.after, past.facts, past.placed_at, most_hints=_MANY_HINTS)
        hint = next((each for each in found.hints if each.ready is self.ready), None)
        line = None if hint is None else self._more_of(past, hint)
        if hint is None or line is None:
            return None
        units = hint.missing_units or -(-(hint.missing_minor or 0) // line.unit_price_minor)
        # Other offers may take something off what is added: one more then.
        for more in range(units, min(units + 1, NEAR_UNITS) + 1):
            if (near := self._topped_up(past, brought, line, more)) is not None:
                return near
        return None

    def _within_reach(self, amount: int, refused: Refused) -> bool:
        """A first look that costs little: what is missing of a subtotal has to be a small part of the basket."""
        wanted = self._steps if refused.code == "no_effect" else None
        if refused.code == "conditions_not_met" and isinstance(leaf := refused.failed, Is):
            if leaf.op not in (Op.GTE, Op.GT) or not isinstance(leaf.value, int):
                return False
            if leaf.attribute == "basket.quantity":
                return True
            wanted = leaf.value if leaf.attribute == "basket.subtotal" else None
        if wanted is None:
            return refused.code == "no_effect"
        return amount * (100 + NEAR_PERCENT) >= wanted * 100

    def _more_of(self, past: Past, hint: Hint) -> Line | None:
        """The cheapest article of the basket that counts and that is sold by the piece."""
        selector = None if hint.of is None else self.after.selector(hint.of)
        lines = [
            line
            for line in past.basket.lines
            if line.unit_price_minor
            and line.quantity_milli % MILLI == 0
            and (selector is None or selector.matches(Seen(line.article, line, past.facts.lists)))
        ]
        return min(lines, key=lambda line: line.unit_price_minor, default=None)

    def _topped_up(self, past: Past, brought: Money, line: Line, units: int) -> Near | None:
        added = units * line.unit_price_minor
        if not 0 < units <= NEAR_UNITS or added * 100 > past.items_minor * NEAR_PERCENT:
            return None
        lines = tuple(
            replace(each, quantity_milli=each.quantity_milli + units * MILLI) if each is line else each
            for each in past.basket.lines
        )
        basket = replace(past.basket, lines=lines)
        after = price(basket, self.after, past.facts, past.placed_at)
        deal = next((each for each in after.given if each.ready is self.ready), None)
        if deal is None:
            return None
        cost, unknown = costs(lines)
        brings = money(after, lines, cost, unknown, self._beside, (basket, past.facts))
        return Near(brought, brings, added, deal.amount)


def _is_asked_again(offer: Offer, combine: Combine) -> bool:
    """Whether what is left of a budget may decide more than whether the offer is given."""
    limits = offer.limits
    if limits.budget_minor is None and limits.budget_uses is None:
        return False
    chooses = combine in (Combine.BEST_PER_LINE, Combine.BEST_FOR_MEMBER, Combine.BEST_PER_ORDER)
    return chooses or offer.group is not None or offer.exclusive or limits.on_exceed is OnExceed.CLIP


def _unchanged(past: Past, brought: Money) -> Hit:
    return Hit(past.order_id, past.member_id, past.placed_at, past.day, False, 0, brought, brought)


def _is_apart(refused: Refused) -> bool:
    if refused.code in _APART:
        return True
    return refused.code == "conditions_not_met" and refused.ready.late is None


def _given(priced: Priced) -> Amounts:
    return tuple((deal.ready.offer.key, deal.amount) for deal in priced.given)


def _with_uses(facts: Facts, key: str, uses: Uses) -> Facts:
    return replace(facts, uses={**facts.uses, key: uses})


def _first_step(ready: Ready) -> int | None:
    """The amount of goods from which on an offer without conditions begins to give; None when that is not known."""
    steps = []
    for effect in ready.offer.effects:
        if isinstance(effect, Tiered) and effect.metric is Metric.SUBTOTAL:
            steps.append(effect.steps[0].at_least)
        elif isinstance(effect, PerThreshold):
            steps.append(effect.every)
        else:
            return None
    return min(steps, default=None)
