"""The measures: for each a relation of changes, one row per store, part and day on which the count changes.

A member who bought on day p is a buyer of 90 days on the days p .. p + 89: +1 on p, -1 on p + 90, or on the day of the
next purchase, which opens a stretch of its own. The running sum of such changes is the count of every single day, exact
and without doubles; a year of daily history costs one pass over the purchases, not 365 of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from laoke.insight.metrics.catalogue import DAYS_30, DAYS_90, EXPIRING_DAYS, REGULAR_DAYS
from laoke.insight.metrics.facts import NEVER, Facts

Measure = Callable[[Facts], ir.Table]


def members(facts: Facts) -> ir.Table:
    """Members there are."""
    return _spans(facts.people, facts.people.since, _whole(NEVER))


def members_new_30(facts: Facts) -> ir.Table:
    """Members who became one in the last 30 days."""
    return _spans(facts.people, facts.people.since, facts.people.since + DAYS_30)


def buyers_30(facts: Facts) -> ir.Table:
    """Members who bought in the last 30 days."""
    return _bought_within(facts.purchases, DAYS_30)


def buyers_90(facts: Facts) -> ir.Table:
    """Members who bought in the last 90 days."""
    return _bought_within(facts.purchases, DAYS_90)


def buyers_twice_90(facts: Facts) -> ir.Table:
    """Members with two or more purchases in the last 90 days: the last but one is not older than that."""
    bought = facts.purchases
    return _spans(bought, bought.day, ibis.least(bought.day_before + DAYS_90, bought.day_after))


def sales_30(facts: Facts) -> ir.Table:
    """Net minor units of all orders of the last 30 days."""
    orders = facts.orders
    return _spans(orders, orders.day, orders.day + DAYS_30, orders.net_minor)


def sales_before_30(facts: Facts) -> ir.Table:
    """Net minor units of all orders of the 30 days before the last 30."""
    orders = facts.orders
    return _spans(orders, orders.day + DAYS_30, orders.day + 2 * DAYS_30, orders.net_minor)


def member_sales_90(facts: Facts) -> ir.Table:
    """Net minor units bought by members in the last 90 days."""
    bought = facts.purchases
    return _spans(bought, bought.day, bought.day + DAYS_90, bought.net_minor)


def tier_sales_90(facts: Facts) -> ir.Table:
    """The same by the tier that the buyer holds on the day looked at, whichever it was at the till."""
    return _sales_by_standing(facts, facts.standings, with_part=True)


def high_value_sales_90(facts: Facts) -> ir.Table:
    """Net minor units bought in the last 90 days by members who hold a high-value tier."""
    return _sales_by_standing(facts, _high_value(facts), with_part=False)


def tier_members(facts: Facts) -> ir.Table:
    """Members by tier."""
    since = facts.people.select(person_id="member_id", since="since")
    stood = facts.standings.inner_join(since, facts.standings.member_id == since.person_id)
    return _spans(stood, ibis.greatest(stood.from_day, stood.since), stood.to_day, part=stood.tier)


def high_value_before_90(facts: Facts) -> ir.Table:
    """Members who held a high-value tier 90 days ago."""
    stood = _high_value(facts)
    return _spans(stood, stood.from_day + DAYS_90, stood.to_day + DAYS_90)


def high_value_lost_90(facts: Facts) -> ir.Table:
    """Of those, the ones who have not bought since: all of them less those who are buyers of 90 days."""
    stood = _high_value(facts).select(
        holder_id="member_id", home_id="store_id", low="from_day", high="to_day"
    )
    both = facts.purchases.inner_join(stood, facts.purchases.member_id == stood.holder_id)
    start = ibis.greatest(both.day, both.low + DAYS_90)
    end = ibis.least(both.day + DAYS_90, both.day_after, both.high + DAYS_90)
    return high_value_before_90(facts).union(_spans(both, start, end, -1))


def points_open(facts: Facts) -> ir.Table:
    """Points that can be spent."""
    return _state(facts, facts.lots, facts.lots.remaining.sum())


def points_holders(facts: Facts) -> ir.Table:
    """Members who hold points."""
    return _state(facts, facts.lots, facts.lots.member_id.nunique())


def points_expiring(facts: Facts) -> ir.Table:
    """Points that expire within 45 days."""
    soon = facts.lots.filter(facts.lots.expires <= facts.as_of + EXPIRING_DAYS)
    return _state(facts, soon, soon.remaining.sum())


def expiring_holders(facts: Facts) -> ir.Table:
    """Members with points that expire within 45 days."""
    soon = facts.lots.filter(facts.lots.expires <= facts.as_of + EXPIRING_DAYS)
    return _state(facts, soon, soon.member_id.nunique())


def class_rfm(facts: Facts) -> ir.Table:
    """Members by RFM class."""
    return _state(facts, facts.classes, facts.classes.count(), part=facts.classes.class_rfm)


def class_value(facts: Facts) -> ir.Table:
    """Members by value class."""
    return _state(facts, facts.classes, facts.classes.count(), part=facts.classes.class_value)


def selling_days(facts: Facts) -> ir.Table:
    """Of the last 14 days, those on which a store had an order."""
    recent = facts.orders.filter(facts.orders.day > facts.as_of - REGULAR_DAYS)
    return _state(facts, recent, recent.day.nunique())


MEASURES: Mapping[str, Measure] = {
    measure.__name__: measure
    for measure in (
        members,
        members_new_30,
        buyers_30,
        buyers_90,
        buyers_twice_90,
        sales_30,
        sales_before_30,
        member_sales_90,
        tier_sales_90,
        high_value_sales_90,
        tier_members,
        high_value_before_90,
        high_value_lost_90,
        points_open,
        points_holders,
        points_expiring,
        expiring_holders,
        class_rfm,
        class_value,
        selling_days,
    )
}


def _bought_within(bought: ir.Table, days: int) -> ir.Table:
    return _spans(bought, bought.day, ibis.least(bought.day + days, bought.day_after))


def _high_value(facts: Facts) -> ir.Table:
    return facts.standings.filter(facts.standings.tier.isin(facts.high_value or ("",)))


def _sales_by_standing(facts: Facts, standings: ir.Table, *, with_part: bool) -> ir.Table:
    stood = standings.select(holder_id="member_id", tier="tier", low="from_day", high="to_day")
    both = facts.purchases.inner_join(stood, facts.purchases.member_id == stood.holder_id)
    start = ibis.greatest(both.day, both.low)
    end = ibis.least(both.day + DAYS_90, both.high)
    return _spans(both, start, end, both.net_minor, part=both.tier if with_part else None)


def _spans(
    table: ir.Table,
    start: ir.IntegerValue,
    end: ir.IntegerValue,
    change: ir.IntegerValue | int = 1,
    *,
    part: ir.StringColumn | None = None,
) -> ir.Table:
    """`change` from the day `start` on, until before `end`. Grain: one row per store, part and day."""
    each = table.select(
        store_id=table.store_id,
        part=ibis.literal("") if part is None else part,
        start=start.cast("int64"),
        end=end.cast("int64"),
        change=_whole(change) if isinstance(change, int) else change,
    )
    held = each.filter(each.start < each.end)
    opened = held.select("store_id", "part", "change", day=held.start)
    closed = held.select("store_id", "part", change=-held.change, day=held.end).select(
        "store_id", "part", "change", "day"
    )
    both = opened.union(closed.filter(closed.day < NEVER))
    return _summed(both)


def _state(
    facts: Facts, table: ir.Table, count: ir.IntegerScalar, *, part: ir.StringColumn | None = None
) -> ir.Table:
    """`count` on the last day only."""
    keys = {"store_id": table.store_id, "part": ibis.literal("") if part is None else part}
    counted = table.group_by(**keys).aggregate(change=count)
    return counted.select("store_id", "part", change=counted.change.cast("int64"), day=_whole(facts.as_of))


def _summed(changes: ir.Table) -> ir.Table:
    summed = changes.group_by("store_id", "part", "day").aggregate(change=changes.change.sum())
    return summed.select("store_id", "part", change=summed.change.cast("int64"), day=summed.day)


def _whole(value: int) -> ir.IntegerScalar:
    return ibis.literal(value, "int64")
