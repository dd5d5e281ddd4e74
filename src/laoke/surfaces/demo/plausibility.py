"""The figures by which one sees whether a generated shop looks like a shop."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

import numpy as np

from laoke.kernel.calendar import start_of_day

from .types import GiveBack, Sale, SaleLine, Shop


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares are between 0 and 1, money in minor units; returns are not taken off the revenue.

    `repurchase_90` is the share of all members with two or more orders in the last 90 days, `repurchase_buyers_90`
    the same of those who bought at all in that time; `dormant` of all members without an order in 180 days.
    """

    orders: int
    lines: int
    anonymous_share: float
    return_share: float
    online_share: float
    revenue_by_month: dict[str, int]
    basket_mean_minor: float
    basket_quantiles_minor: dict[int, int]
    lines_mean: float
    orders_per_member: float
    repurchase_90: float
    repurchase_buyers_90: float
    dormant: float
    top_15_share: float
    reduced_line_share: float
    wish_share: float
    revenue_by_department: dict[str, float]


def net_minor(line: SaleLine) -> int:
    """What is paid for a line: quantity times price, rounded half up, less the reduction."""
    return (line.quantity_milli * line.unit_price_minor + 500) // 1_000 - line.discount_minor


def measure(shop: Shop, zone: tzinfo) -> Figures:
    """Read the whole history once. The truth of `same_person_as` is not used: cards are counted."""
    end = start_of_day(shop.period[1] + timedelta(days=1), zone)
    online = {channel.code for channel in shop.channels if channel.online}
    departments = {product.sku: product.category_code[:2] for product in shop.products}
    names = {category.code: category.name for category in shop.categories}
    months: dict[str, int] = defaultdict(int)
    by_department: dict[str, int] = defaultdict(int)
    spent = {person.card_no: 0 for person in shop.people}
    recent = dict.fromkeys(spent, 0)
    awake: set[str] = set()
    baskets, sizes = [], []
    anonymous = returned = reduced = wishes = over_the_net = 0
    for event in shop.history:
        if isinstance(event, GiveBack):
            returned += 1
            continue
        value = 0
        for line in event.lines:
            net = net_minor(line)
            value += net
            by_department[names[departments[line.sku]]] += net
            reduced += line.discount_minor > 0
        baskets.append(value)
        sizes.append(len(event.lines))
        months[event.placed_at.astimezone(zone).strftime("%Y-%m")] += value
        over_the_net += event.channel_code in online
        wishes += event.wish_points > 0
        if event.card_no is None:
            anonymous += 1
            continue
        spent[event.card_no] += value
        age = end - event.placed_at
        recent[event.card_no] += age <= timedelta(days=90)
        if age <= timedelta(days=180):
            awake.add(event.card_no)
    total, cards = sum(baskets), len(spent)
    again = sum(count >= 2 for count in recent.values())
    ranked = sorted(spent.values(), reverse=True)
    return Figures(
        len(baskets),
        sum(sizes),
        anonymous / len(baskets),
        returned / len(baskets),
        over_the_net / len(baskets),
        dict(months),
        total / len(baskets),
        {q: int(np.percentile(baskets, q)) for q in (5, 25, 50, 75, 90, 95, 99)},
        sum(sizes) / len(sizes),
        (len(baskets) - anonymous) / cards,
        again / cards,
        again / max(1, sum(count >= 1 for count in recent.values())),
        1 - len(awake) / cards,
        sum(ranked[: round(cards * 0.15)]) / sum(ranked),
        reduced / sum(sizes),
        wishes / len(baskets),
        {name: value / total for name, value in by_department.items()},
    )


def orders_by_day(shop: Shop, zone: tzinfo) -> dict[date, int]:
    """Orders by local calendar day."""
    found: dict[date, int] = defaultdict(int)
    for event in shop.history:
        if isinstance(event, Sale):
            found[event.placed_at.astimezone(zone).date()] += 1
    return dict(found)
