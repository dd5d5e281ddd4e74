"""All metrics, all days, all stores of a lake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

import ibis
import ibis.expr.types as ir
from ibis.util import gen_name

from laoke.insight.lake import Lake
from laoke.insight.metrics.catalogue import METRICS, Metric, high_value_tiers
from laoke.insight.metrics.facts import (
    DAY_ZERO,
    NEVER,
    Facts,
    classes_of,
    day_number,
    lots_of,
    orders_of,
    people_of,
    purchases_of,
    standings_of,
)
from laoke.insight.metrics.measures import MEASURES

ALL_STORES = 0
DAILY = 60
WEEKS = 105
SUNDAY = 6


class Stopped(Exception):
    """Somebody asked the computation to end; nothing is kept of it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was computed.

    Attributes:
        figures: relation, one row per metric, part, store and day with something in it: metric, part, store_id
            (ALL_STORES: the whole shop, members without a home store included), day (since DAY_ZERO), numerator,
            denominator (NULL where the metric has none). Rows of nothing over nothing are left out.
        days: the days there can be rows for, oldest first.
        first_order: day of the first order with something kept; None in a shop that has not sold.
    """

    figures: ir.Table
    days: tuple[date, ...]
    first_order: date | None


def kept_days(as_of: date, first: date | None) -> tuple[date, ...]:
    """The days figures are kept for: each of the last 60, before them the Sundays of two years, none before the shop's
    first order. Oldest first."""
    first = min(first or as_of, as_of)
    daily = {as_of - timedelta(days=back) for back in range(DAILY)}
    sunday = as_of - timedelta(days=(as_of.weekday() - SUNDAY) % 7)
    weekly = {sunday - timedelta(weeks=back) for back in range(WEEKS)}
    return tuple(sorted(day for day in daily | weekly if day >= first))


def compute_metrics(
    lake: Lake,
    *,
    as_of: date,
    tiers: Sequence[str],
    go_on: Callable[[str], bool] = lambda step: True,
    metrics: Sequence[Metric] = METRICS,
) -> Figures:
    """Count every metric for every store and every kept day up to the end of `as_of`.

    The past is counted anew each time, with what is known now: an order that came back since, a late order of a till
    that was offline, a merge of two members change it, and a curve must not mix two ways of counting.

    Args:
        tiers: the codes of the ladder, the lowest first; at least one.
        go_on: told the name of each step before it begins; False ends the computation.
    Raises:
        LakeNotFound, LakeSchemaMismatch
        Stopped: `go_on` said so.
    """
    session = lake.session
    names: list[str] = []

    def keep(name: str, table: ir.Table) -> ir.Table:
        names.append(gen_name(name))
        return session.create_table(names[-1], table, temp=True)

    def step(name: str) -> None:
        if not go_on(name):
            raise Stopped(name)

    try:
        step("orders")
        orders = keep("kept_orders", orders_of(lake.orders(), as_of))
        first_number = orders.day.min().to_pyarrow().as_py()
        first = None if first_number is None else DAY_ZERO + timedelta(days=first_number)
        with_member = orders.filter(orders.member_id.notnull())
        people = keep("people", people_of(lake.members(), with_member))
        facts = Facts(
            people=people,
            purchases=keep("purchases", purchases_of(with_member, people)),
            orders=orders,
            standings=keep("standings", standings_of(lake.tier_moves(), people, tuple(tiers))),
            lots=lots_of(lake.lots(), people, as_of),
            classes=classes_of(lake.classes(), people),
            high_value=high_value_tiers(tuple(tiers)),
            as_of=day_number(as_of),
        )
        days = kept_days(as_of, first)
        calendar = keep("calendar", _calendar(days))
        wanted = {each.numerator for each in metrics} | {each.denominator for each in metrics}
        counted = []
        for name in sorted(filter(None, wanted)):
            step(name)
            counted.append(
                keep(name, bucketed(MEASURES[name](facts), calendar).mutate(measure=ibis.literal(name)))
            )
        step("figures")
        changes = reduce(lambda some, more: some.union(more), counted)
        values = keep("values", running(changes, calendar))
        figures = session.create_table(
            gen_name("figures"), figures_of(values, metrics, first_number), temp=True
        )
    finally:
        for name in names:
            session.drop_table(name, force=True)
    return Figures(figures, days, first)


def bucketed(changes: ir.Table, calendar: ir.Table) -> ir.Table:
    """Changes brought to the first kept day on or after them, for each store and for all. Later ones fall away."""
    dated = changes.inner_join(calendar, (changes.day > calendar.after) & (changes.day <= calendar.day))
    dated = dated.select("store_id", "part", "change", day=dated.day_right)
    one = dated.filter(dated.store_id.notnull())
    whole = dated.select("part", "change", "day", store_id=ibis.literal(ALL_STORES, "int64")).select(
        *dated.columns
    )
    both = one.union(whole)
    summed = both.group_by("store_id", "part", "day").aggregate(change=both.change.sum())
    return summed.select("store_id", "part", "day", change=summed.change.cast("int64"))


def running(changes: ir.Table, calendar: ir.Table) -> ir.Table:
    """The value of each measure on every kept day: the sum of all changes up to it."""
    keys = changes.select("measure", "store_id", "part").distinct()
    grid = keys.cross_join(calendar.select("day"))
    there = [grid[name] == changes[name] for name in ("measure", "store_id", "part", "day")]
    filled = grid.left_join(changes, there).select(*grid.columns, change=changes.change.fill_null(0))
    so_far = ibis.window(
        group_by=["measure", "store_id", "part"], order_by="day", preceding=None, following=0
    )
    return filled.select(
        "measure", "store_id", "part", "day", value=filled.change.sum().over(so_far).cast("int64")
    )


def figures_of(values: ir.Table, metrics: Sequence[Metric], first_order: int | None) -> ir.Table:
    """See Figures.figures."""
    return reduce(
        lambda some, more: some.union(more), [_figure(values, metric, first_order) for metric in metrics]
    )


def _figure(values: ir.Table, metric: Metric, first_order: int | None) -> ir.Table:
    above = values.filter(values.measure == metric.numerator)
    if metric.needs_days:
        # With less history than its window the value would look smaller than it is.
        enough = (NEVER if first_order is None else first_order) + metric.needs_days - 1
        above = above.filter(above.day >= enough)
    above = above.select("part", "store_id", "day", numerator=above.value)
    if metric.denominator is None:
        rows = above.mutate(denominator=ibis.null("int64"))
    else:
        below = values.filter(values.measure == metric.denominator)
        below = below.select(store="store_id", on="day", denominator="value")
        below = below if not metric.needs_days else below.filter(below.on >= enough)
        # A denominator without its numerator, such as buyers of whom nobody came back, is a figure of zero.
        rows = below.left_join(above, (above.store_id == below.store) & (above.day == below.on))
        rows = rows.select(
            part=ibis.literal(""),
            store_id=rows.store,
            day=rows.on,
            numerator=rows.numerator.fill_null(0),
            denominator=rows.denominator,
        )
    something = (rows.numerator != 0) | (rows.denominator.fill_null(0) != 0)
    return rows.filter(something).select(
        metric=ibis.literal(metric.code),
        part=rows.part,
        store_id=rows.store_id,
        day=rows.day,
        numerator=rows.numerator,
        denominator=rows.denominator,
    )


def _calendar(days: Sequence[date]) -> ir.Table:
    numbers = [day_number(day) for day in days]
    befores = [min(numbers) - 10_000_000, *numbers][: len(numbers)]
    rows = [{"day": day, "after": before} for day, before in zip(numbers, befores, strict=True)]
    return ibis.memtable(rows, schema={"day": "int64", "after": "int64"})
