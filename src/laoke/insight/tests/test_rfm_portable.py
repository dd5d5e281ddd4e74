"""The same expressions can be said in Spark's words: none of them is DuckDB's own."""

from __future__ import annotations

from datetime import date

import ibis

from laoke.insight.lake import INTERACTIONS, MEMBERS, ORDERS
from laoke.insight.rfm.expressions import purchase_totals, quintile_edges, score, with_rule_and_class
from laoke.insight.rfm.policy import RfmPolicy, Ties, ValueClassPolicy

AS_OF = date(2026, 6, 30)


def test_every_expression_compiles_for_spark():
    orders, members, interactions = (
        ibis.table(dict(relation.columns), name=relation.name) for relation in (ORDERS, MEMBERS, INTERACTIONS)
    )
    totals = purchase_totals(
        orders, members, interactions, as_of=AS_OF, rfm=RfmPolicy(), value=ValueClassPolicy()
    )
    edges = quintile_edges(totals, "recency_days", low_is_best=True, ties=Ties.UPPER)
    scores = {
        name: score(totals.recency_days, (90, 60, 30, None), low_is_best=True)
        for name in ("r_score", "f_score", "m_score")
    }
    classes = totals.mutate(**scores)
    for policy, name in ((RfmPolicy(), "rfm"), (ValueClassPolicy(), "value")):
        classes = with_rule_and_class(
            classes,
            policy.rules(AS_OF, interactions=True),
            rule_column=f"rule_{name}",
            class_column=f"class_{name}",
        )
    for expression in (totals, edges, classes):
        sql = ibis.to_sql(expression, dialect="pyspark")
        assert sql.startswith(("SELECT", "WITH"))
        assert "/" not in sql, "no division: engines disagree on it"
