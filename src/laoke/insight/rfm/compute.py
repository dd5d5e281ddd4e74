"""RFM scores and both class systems for a whole lake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
from ibis.util import gen_name

from laoke.insight.errors import InvalidClassPolicy, LakeContradiction
from laoke.insight.lake import INTERACTIONS, MEMBERS, ORDERS
from laoke.insight.rfm.breakpoints import Breakpoints, Edges
from laoke.insight.rfm.expressions import purchase_totals, quintile_edges, score, with_rule_and_class
from laoke.insight.rfm.policy import (
    SCORES,
    FixedScores,
    RfmClass,
    RfmPolicy,
    Ties,
    ValueClass,
    ValueClassPolicy,
)


@dataclass(frozen=True, slots=True)
class GridCell:
    """One field of the 5 x 5 grid: the members with these scores and what they spent in the window."""

    r_score: int
    f_score: int
    members: int
    monetary_minor: int


@dataclass(frozen=True, slots=True)
class Group:
    """A class with one of its rules: how many members it took and what they spent in the window."""

    outcome: str
    rule: str
    members: int
    monetary_minor: int


@dataclass(frozen=True, slots=True)
class RfmResult:
    """The features of all active members, and what a page says about them.

    Attributes:
        features: the relation `member_features`, one row per active member: `MemberFeatures` and `rule_rfm`,
            `class_rfm`, `rule_value`, `class_value`. Lives as long as its session. Unordered.
        breakpoints: the edges actually used.
        grid: 25 cells, R 1..5 by F 1..5; members without purchases are in none.
        groups_rfm, groups_value: members by class and rule, in the policies' order of classes.
        interactions_evaluated: False when the lake knows no interactions and R12 was judged without them.
    """

    as_of: date
    features: ir.Table
    breakpoints: Breakpoints
    members: int
    members_without_purchase: int
    grid: tuple[GridCell, ...]
    groups_rfm: tuple[Group, ...]
    groups_value: tuple[Group, ...]
    interactions_evaluated: bool

    def members_by_rfm_class(self) -> dict[RfmClass, int]:
        return {c: sum(g.members for g in self.groups_rfm if g.outcome == c) for c in RfmClass}

    def members_by_value_class(self) -> dict[ValueClass, int]:
        return {c: sum(g.members for g in self.groups_value if g.outcome == c) for c in ValueClass}


def compute_rfm(
    orders: ir.Table,
    members: ir.Table,
    interactions: ir.Table | None = None,
    *,
    as_of: date,
    rfm: RfmPolicy | None = None,
    value: ValueClassPolicy | None = None,
) -> RfmResult:
    """Score and classify every active member at the end of the day `as_of`.

    Args:
        orders, members, interactions: relations of the lake in one session; orders after `as_of`, anonymous
            orders and orders returned in full do not count. Without `interactions` R12 leaves them out.
        as_of: the last day that counts, in the shop's zone.
        rfm, value: thresholds; the defaults are those of the plans.
    Raises:
        LakeSchemaMismatch: a relation of another shape.
        LakeContradiction: a member listed twice, or orders in another currency than the policies.
        InvalidClassPolicy: the two policies name different currencies.
    Source: Hughes, "Strategic Database Marketing" (1994) for RFM by fifths; ties as in `quintile_edges`.
    """
    rfm, value = rfm or RfmPolicy(), value or ValueClassPolicy()
    if rfm.currency != value.currency:
        raise InvalidClassPolicy(
            f"One class system counts in {rfm.currency}, the other in {value.currency}. "
            "Name the same currency in both."
        )
    orders, members = ORDERS.checked(orders), MEMBERS.checked(members)
    if interactions is not None:
        interactions = INTERACTIONS.checked(interactions)
    _refuse_contradictions(orders, members, rfm.currency)

    # Kept once: the edges, the scores and the summary all read it, and the orders are read a single time.
    totals_name = gen_name("totals")
    bought = purchase_totals(orders, members, interactions, as_of=as_of, rfm=rfm, value=value)
    totals = _kept(bought, totals_name)
    breakpoints = _breakpoints(totals, rfm)
    # Members whose last purchase lies before the window stay below every edge and score 1, 1, 1.
    buyer = totals.orders_total > 0
    scored = totals.mutate(
        r_score=score(totals.recency_days, breakpoints.recency_days_at_most, low_is_best=True),
        f_score=score(
            buyer.ifelse(totals.frequency, None), breakpoints.frequency_at_least, low_is_best=False
        ),
        m_score=score(
            buyer.ifelse(totals.monetary_minor, None), breakpoints.monetary_minor_at_least, low_is_best=False
        ),
    )
    known = interactions is not None
    classified = with_rule_and_class(
        scored, rfm.rules(as_of, interactions=known), rule_column="rule_rfm", class_column="class_rfm"
    )
    classified = with_rule_and_class(
        classified,
        value.rules(as_of, interactions=known),
        rule_column="rule_value",
        class_column="class_value",
    )
    features = _kept(classified, gen_name("member_features"))
    totals.get_backend().drop_table(totals_name)
    return _summarised(features, as_of, breakpoints, interactions_evaluated=known)


def _refuse_contradictions(orders: ir.Table, members: ir.Table, currency: str) -> None:
    others = [
        c for c in orders.select("currency").distinct().to_pyarrow()["currency"].to_pylist() if c != currency
    ]
    if others:
        raise LakeContradiction(
            f"Orders are in {', '.join(sorted(map(str, others)))}, the class thresholds in {currency}. "
            "Set the currency of the class policies, or keep one lake per currency."
        )
    counted = members.group_by("member_id").aggregate(times=members.count())
    doubled = counted.filter(counted.times > 1).count().to_pyarrow().as_py()
    if doubled:
        raise LakeContradiction(f"{doubled} members are listed more than once. Export the members again.")


def _kept(table: ir.Table, name: str) -> ir.Table:
    # A temporary table and not Table.cache(): a cached table that outlives its session fails when collected.
    return table.get_backend().create_table(name, table, temp=True)


def _breakpoints(totals: ir.Table, rfm: RfmPolicy) -> Breakpoints:
    scoring = rfm.scoring
    if isinstance(scoring, FixedScores):
        return Breakpoints(
            scoring.recency_days_at_most, scoring.frequency_at_least, scoring.monetary_minor_at_least
        )

    def edges(measure: str, ties: Ties, *, low_is_best: bool = False) -> Edges:
        row = quintile_edges(totals, measure, low_is_best=low_is_best, ties=ties).to_pyarrow().to_pylist()[0]
        return row["from_2"], row["from_3"], row["from_4"], row["from_5"]

    return Breakpoints(
        edges("recency_days", scoring.recency, low_is_best=True),
        edges("frequency", scoring.frequency),
        edges("monetary_minor", scoring.monetary),
    )


def _summarised(
    features: ir.Table, as_of: date, breakpoints: Breakpoints, *, interactions_evaluated: bool
) -> RfmResult:
    keys = ("r_score", "f_score", "class_rfm", "rule_rfm", "class_value", "rule_value")
    summary = features.group_by(*keys).aggregate(
        members=features.count(), monetary_minor=features.monetary_minor.sum()
    )
    rows = [row | {"monetary_minor": int(row["monetary_minor"])} for row in summary.to_pyarrow().to_pylist()]

    def summed(*names: str) -> dict[tuple[object, ...], tuple[int, int]]:
        sums: dict[tuple[object, ...], tuple[int, int]] = {}
        for row in rows:
            key = tuple(row[name] for name in names)
            members, minor = sums.get(key, (0, 0))
            sums[key] = (members + row["members"], minor + row["monetary_minor"])
        return sums

    def groups(outcome: str, rule: str, order: type[RfmClass] | type[ValueClass]) -> tuple[Group, ...]:
        found = [Group(str(key[0]), str(key[1]), *sums) for key, sums in summed(outcome, rule).items()]
        places = {str(each): place for place, each in enumerate(order)}
        return tuple(sorted(found, key=lambda group: (places[group.outcome], -group.members, group.rule)))

    cells = summed("r_score", "f_score")
    return RfmResult(
        as_of=as_of,
        features=features,
        breakpoints=breakpoints,
        members=sum(row["members"] for row in rows),
        members_without_purchase=cells.get((None, None), (0, 0))[0],
        grid=tuple(GridCell(r, f, *cells.get((r, f), (0, 0))) for r in SCORES for f in SCORES),
        groups_rfm=groups("class_rfm", "rule_rfm", RfmClass),
        groups_value=groups("class_value", "rule_value", ValueClass),
        interactions_evaluated=interactions_evaluated,
    )
