"""Adding up what replayed orders came to. Accounts of parts of the orders can be put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from laoke.promotions.backtest.past import NO_MONEY, Money, Past
from laoke.promotions.backtest.replay import Hit, Near, Replayed


@dataclass(slots=True)
class Count:
    """Orders and minor units."""

    orders: int = 0
    minor: int = 0

    def add(self, minor: int, orders: int = 1) -> None:
        """Add some."""
        self.orders += orders
        self.minor += minor


@dataclass(slots=True)
class Account:
    """Sums over orders. Money of all orders is as without the offer that is tried; `hit_*` is of those it changes.

    Args:
        given: with the offer in it; `refused` by its limits.
        offers: what other offers give without it, by key; `changed` what it changes about that.
        together: orders that have the offer and this one.
        pushed_out: what an offer loses since the offer that is tried stands in its way.
        near: orders within reach, and what they would bring then.
    """

    orders: int = 0
    of_members: int = 0
    items_minor: int = 0
    own_minor: int = 0
    booked_minor: int = 0
    brought: Money = NO_MONEY
    offers: dict[str, Count] = field(default_factory=dict)
    given: Count = field(default_factory=Count)
    refused: Count = field(default_factory=Count)
    hit_before: Money = NO_MONEY
    hit_after: Money = NO_MONEY
    changed: dict[str, Count] = field(default_factory=dict)
    together: dict[str, int] = field(default_factory=dict)
    pushed_out: dict[str, Count] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    hit_of_members: int = 0
    by_day: dict[date, Count] = field(default_factory=dict)
    gifts: dict[str, int] = field(default_factory=dict)
    coupons: dict[str, int] = field(default_factory=dict)
    lines_at_floor: int = 0
    orders_at_floor: int = 0
    orders_capped: int = 0
    near: int = 0
    near_before: Money = NO_MONEY
    near_after: Money = NO_MONEY
    near_added_minor: int = 0
    near_amount_minor: int = 0

    def add_order(self, past: Past, found: Replayed) -> None:
        """Add an order as it is without the offer."""
        self.orders += 1
        self.of_members += past.facts.is_member
        self.booked_minor += past.booked_minor
        self.items_minor += past.items_minor
        self.own_minor += past.own_minor
        self.brought = self.brought.plus(found.before)
        for key, minor in found.offers:
            _count(self.offers, key).add(minor)
        if found.near is not None:
            self._add_near(found.near)

    def add_hit(self, hit: Hit) -> None:
        """Add what the offer did to an order."""
        self.hit_before = self.hit_before.plus(hit.before)
        self.hit_after = self.hit_after.plus(hit.after)
        for key, before, after in hit.changed:
            orders = (after is not None) - (before is not None)
            _count(self.changed, key).add((after or 0) - (before or 0), orders)
            if before is not None and (after is None or after < before):
                _count(self.pushed_out, key).add(before - (after or 0))
        for key in hit.together:
            self.together[key] = self.together.get(key, 0) + 1
        if not hit.given:
            return
        self.given.add(hit.amount)
        if hit.member_id is not None:
            self.members.add(hit.member_id)
            self.hit_of_members += 1
        self.by_day.setdefault(hit.day, Count()).add(hit.amount)
        for sku, pieces in hit.gifts:
            self.gifts[sku] = self.gifts.get(sku, 0) + pieces
        for template, pieces in hit.coupons:
            self.coupons[template] = self.coupons.get(template, 0) + pieces
        self.lines_at_floor += hit.at_floor
        self.orders_at_floor += hit.at_floor > 0
        self.orders_capped += hit.capped

    def merge(self, other: Account) -> None:
        """Take in the sums of other orders."""
        for name in (
            "orders",
            "of_members",
            "items_minor",
            "own_minor",
            "booked_minor",
            "hit_of_members",
            "lines_at_floor",
            "orders_at_floor",
            "orders_capped",
            "near",
            "near_added_minor",
            "near_amount_minor",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("brought", "hit_before", "hit_after", "near_before", "near_after"):
            setattr(self, name, getattr(self, name).plus(getattr(other, name)))
        for name in ("offers", "changed", "pushed_out", "by_day"):
            mine = getattr(self, name)
            for key, count in getattr(other, name).items():
                mine.setdefault(key, Count()).add(count.minor, count.orders)
        for name in ("gifts", "coupons", "together"):
            mine = getattr(self, name)
            for key, pieces in getattr(other, name).items():
                mine[key] = mine.get(key, 0) + pieces
        self.given.add(other.given.minor, other.given.orders)
        self.refused.add(other.refused.minor, other.refused.orders)
        self.members |= other.members

    def _add_near(self, near: Near) -> None:
        self.near += 1
        self.near_before = self.near_before.plus(near.before)
        self.near_after = self.near_after.plus(near.after)
        self.near_added_minor += near.added
        self.near_amount_minor += near.amount


def _count(counts: dict[str, Count], key: str) -> Count:
    return counts.setdefault(key, Count())
