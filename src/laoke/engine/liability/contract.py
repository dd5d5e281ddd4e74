"""Points as a separate promise within a sale: what is deferred, and when it becomes revenue.

As IFRS 15 B39-B46 and its Example 11 (IE50-IE53), and with them 企业会计准则第 14 号 (CAS 14): the price of the sale is
shared between goods and points by their stand-alone selling prices, that of the points weighted with the likelihood of
redemption; the points' part becomes revenue in proportion to what has been redeemed of all that will be, and when the
expectation changes the sum is trued up, not shared anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from laoke.engine.liability.curves import PARTS
from laoke.kernel.rounding import Rounding, round_ratio


@dataclass(frozen=True, slots=True)
class Facts:
    """Points of one month of issue, summed from their issue to the closing."""

    purchased: int
    granted: int  # without a sale: by hand, carried over
    withdrawn: int
    redeemed: int  # less what was given back
    expired: int
    expected: int  # of those open, how many will still be redeemed

    @property
    def open(self) -> int:
        return self.purchased + self.granted - self.withdrawn - self.redeemed - self.expired


@dataclass(frozen=True, slots=True)
class Book:
    """What has been booked for one month of issue, in minor units, with the points it was booked by."""

    purchased: int = 0
    granted: int = 0
    redeemed: int = 0
    expected: int = 0
    deferral_minor: int = 0
    grants_minor: int = 0
    taken_back_minor: int = 0
    released_minor: int = 0

    @property
    def liability_minor(self) -> int:
        return self.deferral_minor + self.grants_minor - self.taken_back_minor - self.released_minor


@dataclass(frozen=True, slots=True)
class Movement:
    """What one closing books for one month of issue, in minor units; the liability moves by their sum.

    The first two raise it, `taken_back` and the three releases lower it (each is written as it lowers).
    """

    deferral: int = 0
    grants: int = 0
    taken_back: int = 0
    redemption: int = 0
    breakage: int = 0
    true_up: int = 0

    @property
    def net(self) -> int:
        return self.deferral + self.grants - self.taken_back - self.redemption - self.breakage - self.true_up


def selling_price(points: int, worth: tuple[int, int], likely: int) -> int:
    """Stand-alone selling price in minor units.

    Args:
        worth: so many points settle so many minor units.
        likely: share that will be redeemed, in parts.
    """
    return round_ratio(points * worth[1] * likely, worth[0] * PARTS, Rounding.HALF_UP)


def allocate(sales_minor: int, price_minor: int) -> int:
    """The points' part of `sales_minor`, whose goods are sold at that price too: relative stand-alone prices."""
    if sales_minor <= 0 or price_minor <= 0:
        return 0
    return round_ratio(sales_minor * price_minor, sales_minor + price_minor, Rounding.HALF_UP)


def advance(before: Book, facts: Facts, sales_minor: int, worth: tuple[int, int]) -> tuple[Book, Movement]:
    """Book one month of issue up to a closing.

    The first time points are seen the price is shared; later points of the same month come at the rate of then, for
    the price is not shared anew (IFRS 15.88).

    Args:
        sales_minor: what was paid for the goods that earned `facts.purchased`; looked at the first time only.
        worth: so many points settle so many minor units.
    """
    entered = facts.purchased + facts.granted
    booked_points = before.purchased + before.granted
    if booked_points:
        rate = (before.deferral_minor + before.grants_minor, booked_points)
        deferral = before.deferral_minor + _of(facts.purchased - before.purchased, rate)
        grants = before.grants_minor + _of(facts.granted - before.granted, rate)
    else:
        usable = facts.redeemed + facts.expected
        ever = facts.redeemed + facts.expired + facts.open
        likely = (
            min(PARTS, max(0, round_ratio(usable * PARTS, ever, Rounding.HALF_UP))) if ever > 0 else PARTS
        )
        deferral = allocate(sales_minor, selling_price(facts.purchased, worth, likely))
        grants = selling_price(facts.granted, worth, likely)
    gross = deferral + grants
    taken = _of(min(facts.withdrawn, entered), (gross, entered)) if entered > 0 else gross
    net = gross - taken
    released = _released(net, facts)
    book = Book(
        facts.purchased, facts.granted, facts.redeemed, facts.expected, deferral, grants, taken, released
    )
    newly = facts.redeemed - before.redeemed
    foreseen = before.redeemed + before.expected if booked_points else facts.redeemed + facts.expected
    planned = _of(newly, (net, foreseen)) if foreseen > 0 else 0
    plain = _of(newly, (net, entered - facts.withdrawn)) if entered > facts.withdrawn else planned
    release = released - before.released_minor
    return book, Movement(
        deferral=deferral - before.deferral_minor,
        grants=grants - before.grants_minor,
        taken_back=taken - before.taken_back_minor,
        redemption=plain,
        breakage=planned - plain,
        true_up=release - planned,
    )


def _released(net: int, facts: Facts) -> int:
    usable = facts.redeemed + facts.expected
    if facts.open <= 0 or usable <= 0:
        return net
    return min(net, max(0, _of(facts.redeemed, (net, usable))))


def _of(points: int, rate: tuple[int, int]) -> int:
    return round_ratio(points * rate[0], rate[1], Rounding.HALF_UP)
