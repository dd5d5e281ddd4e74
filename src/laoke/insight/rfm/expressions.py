"""RFM and classes for all members, as Ibis expressions: DuckDB runs them today, Spark when it is outgrown.

Only sums, counts, comparisons and one running sum: whole numbers throughout, no division, no approximation.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from operator import and_, or_

import ibis
import ibis.expr.types as ir

from laoke.insight.rfm.breakpoints import Edges
from laoke.insight.rfm.policy import SCORES, RfmPolicy, Ties, ValueClassPolicy
from laoke.insight.rfm.rules import AnyOf, Bound, Condition, Rule

FIFTHS = len(SCORES)


def purchase_totals(
    orders: ir.Table,
    members: ir.Table,
    interactions: ir.Table | None,
    *,
    as_of: date,
    rfm: RfmPolicy,
    value: ValueClassPolicy,
) -> ir.Table:
    """What each active member bought. Grain: one row per active member; `MemberFeatures` less scores."""
    bought = orders.filter(orders.member_id.notnull(), orders.net_minor > 0, orders.biz_date <= as_of)
    in_window = bought.biz_date > as_of - timedelta(days=rfm.window_days)
    in_year = bought.biz_date > as_of - timedelta(days=value.window_days)
    per_member = bought.group_by(buyer_id=bought.member_id).aggregate(
        frequency=bought.count(where=in_window),
        monetary_minor=bought.net_minor.sum(where=in_window),
        annual_orders=bought.count(where=in_year),
        annual_minor=bought.net_minor.sum(where=in_year),
        orders_total=bought.count(),
        first_purchase_date=bought.biz_date.min(),
        last_purchase_date=bought.biz_date.max(),
    )
    active = members.filter(members.status == "active")
    joined = active.left_join(per_member, active.member_id == per_member.buyer_id)
    if interactions is None:
        joined = joined.mutate(interactions=ibis.null("int64"))
    else:
        recent = interactions.filter(
            interactions.biz_date > value.interactions_after(as_of), interactions.biz_date <= as_of
        )
        counted = recent.group_by(actor_id=recent.member_id).aggregate(times=recent.count())
        joined = joined.left_join(counted, joined.member_id == counted.actor_id)
        joined = joined.mutate(interactions=_whole(joined.times))
    annual_orders, orders_total = _whole(joined.annual_orders), _whole(joined.orders_total)
    # The first purchase ever is no repurchase; when older ones lie before the year, all in it are.
    repurchases = ibis.greatest(ibis.least(annual_orders, orders_total - 1), 0)
    return joined.select(
        "member_id",
        as_of=ibis.date(as_of),
        registered_date=joined.registered_date,
        recency_days=ibis.date(as_of).delta(joined.last_purchase_date, unit="day").cast("int64"),
        frequency=_whole(joined.frequency),
        monetary_minor=_whole(joined.monetary_minor),
        orders_total=orders_total,
        first_purchase_date=joined.first_purchase_date,
        last_purchase_date=joined.last_purchase_date,
        annual_minor=_whole(joined.annual_minor),
        annual_repurchases=repurchases,
        interactions=joined.interactions,
    )


def quintile_edges(totals: ir.Table, measure: str, *, low_is_best: bool, ties: Ties) -> ir.Table:
    """The edges of one measure. Grain: one row, columns `from_2` .. `from_5`.

    The n members who bought in the window stand in a row from worst to best, places 0 .. n - 1; the member at
    place p stands in fifth 1 + 5p // n. Members with equal values all take the place of the last (LOWER) or
    first (UPPER) among them, so equal values score equally. 1 + 5p // n >= k means 5p >= (k - 1) n: the edge
    of score k is the worst value for which that holds. NULL: no member reaches it.
    """
    buyers = totals.filter(totals.frequency > 0)
    counted = buyers.group_by(value=buyers[measure]).aggregate(tied=buyers.count())
    worst_first = counted.value.desc() if low_is_best else counted.value.asc()
    so_far = ibis.window(order_by=worst_first, preceding=None, following=0)
    ranked = counted.mutate(
        through=counted.tied.sum().over(so_far).cast("int64"),
        everyone=counted.tied.sum().over(ibis.window()).cast("int64"),
    )
    place = ranked.through - (ranked.tied if ties is Ties.LOWER else 1)
    worst = ranked.value.max if low_is_best else ranked.value.min
    return ranked.aggregate(
        **{f"from_{k}": worst(where=FIFTHS * place >= (k - 1) * ranked.everyone) for k in SCORES[1:]}
    )


def score(value: ir.IntegerColumn, edges: Edges, *, low_is_best: bool) -> ir.IntegerColumn:
    """1 and one more for every edge that `value` reaches; NULL stays NULL."""
    reached = [(value <= edge) if low_is_best else (value >= edge) for edge in edges if edge is not None]
    points = reduce(lambda points, edge: points + edge.ifelse(1, 0), reached, ibis.literal(1, "int64"))
    return value.notnull().ifelse(points, ibis.null("int64")).cast("int8")


def with_rule_and_class(
    table: ir.Table, rules: tuple[Rule, ...], *, rule_column: str, class_column: str
) -> ir.Table:
    """`table` with the name of the first rule that holds and its class; the last takes whoever is left."""
    since = {
        "days_since_first": table.as_of.delta(table.first_purchase_date, unit="day"),
        "days_since_registration": table.as_of.delta(table.registered_date, unit="day"),
    }

    def bound_holds(bound: Bound) -> ir.BooleanValue:
        measure = since[bound.measure] if bound.measure in since else table[bound.measure]
        sides = [] if bound.at_least is None else [measure >= bound.at_least]
        if bound.at_most is not None:
            sides.append(measure <= bound.at_most)
        return reduce(and_, sides)

    def holds(condition: Condition) -> ir.BooleanValue:
        bounds = condition.bounds if isinstance(condition, AnyOf) else (condition,)
        return reduce(or_, [bound_holds(bound) for bound in bounds])

    whens = [(reduce(and_, [holds(c) for c in rule.conditions]), rule.name) for rule in rules[:-1]]
    named = table.mutate(**{rule_column: ibis.cases(*whens, else_=rules[-1].name)})
    outcomes = [(named[rule_column] == rule.name, str(rule.outcome)) for rule in rules[:-1]]
    return named.mutate(**{class_column: ibis.cases(*outcomes, else_=str(rules[-1].outcome))})


def _whole(column: ir.Column) -> ir.IntegerColumn:
    # Sums widen beyond int64 in some engines, and a member without a match has none.
    return column.fill_null(0).cast("int64")
