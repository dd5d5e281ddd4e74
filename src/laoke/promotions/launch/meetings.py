"""What happens where offers meet: which of them take from the same goods, and which of them pay for each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from laoke.engine.pricing.priced import Priced
from laoke.promotions.backtest.past import Money
from laoke.promotions.launch.shoppers import Shopper


class Meeting(NamedTuple):
    """Two offers on one line. `taken` of `amount` is what all offers took off it, where they took most.

    Args:
        offers: all that took something off it.
    """

    taken: int
    amount: int
    offers: tuple[str, ...]

    @property
    def percent(self) -> float:
        """The part that is taken off."""
        return round(100 * self.taken / self.amount, 2)


class Loop(NamedTuple):
    """A basket paid with a coupon that brings the same coupon again.

    Args:
        template: of the coupon; `given_by` and `used_by` are the offers.
        taken: what the coupon takes off; `margin` what is left of the basket, the least that was found.
    """

    template: str
    given_by: str
    used_by: str
    net: int
    taken: int
    margin: int


@dataclass(slots=True)
class Meetings:
    """Collects them from priced baskets.

    Args:
        key: the offer that is to be launched.
    """

    key: str
    with_others: dict[str, Meeting] = field(default_factory=dict)
    loops: dict[tuple[str, str, str], Loop] = field(default_factory=dict)

    def look(self, shopper: Shopper, priced: Priced, brought: Money) -> None:
        """Look at one basket."""
        mine = next((deal for deal in priced.given if deal.ready.offer.key == self.key), None)
        if mine is not None and len(priced.given) > 1:
            for place, part in enumerate(mine.lines):
                if part:
                    self._meet(priced, place)
        if shopper.facts.coupons:
            self._pay_for_each_other(priced, brought)

    def _meet(self, priced: Priced, place: int) -> None:
        takers = [deal for deal in priced.given if deal.lines[place]]
        line = priced.lines[place]
        taken = sum(deal.lines[place] for deal in takers)
        keys = tuple(deal.ready.offer.key for deal in takers)
        for key in keys:
            known = self.with_others.get(key)
            if key != self.key and (known is None or taken * known.amount > known.taken * line.amount_minor):
                self.with_others[key] = Meeting(taken, line.amount_minor, keys)

    def _pay_for_each_other(self, priced: Priced, brought: Money) -> None:
        for giver in priced.given:
            for grant in giver.grants:
                for user in priced.given:
                    if grant.template not in user.ready.offer.coupons:
                        continue
                    pair = (grant.template, giver.ready.offer.key, user.ready.offer.key)
                    found = Loop(*pair, priced.total_minor, user.amount, brought.margin)
                    if self.key in pair[1:] and (
                        pair not in self.loops or found.margin < self.loops[pair].margin
                    ):
                        self.loops[pair] = found
