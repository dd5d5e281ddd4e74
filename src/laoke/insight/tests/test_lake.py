"""The lake's files: checked when opened, read by column."""

from __future__ import annotations

from datetime import date

import ibis
import pytest

from laoke.insight.errors import LakeNotFound, LakeSchemaMismatch
from laoke.insight.lake import ORDERS, RELATIONS, Lake
from laoke.insight.rfm.compute import compute_rfm
from laoke.insight.rfm.expressions import purchase_totals
from laoke.insight.rfm.policy import RfmPolicy, ValueClassPolicy

AS_OF = date(2026, 6, 30)


@pytest.fixture
def lake(session, orders_of, members_of, interactions_of, tmp_path):
    for name, table in (
        ("orders", orders_of([(1, date(2026, 6, 1), 900), (None, date(2026, 6, 2), 100)])),
        ("members", members_of([(1, date(2026, 1, 1), "active")])),
        ("interactions", interactions_of([(1, date(2026, 6, 3))])),
    ):
        (tmp_path / name).mkdir()
        table.to_parquet(tmp_path / name / "part-0.parquet")
    return Lake(session, tmp_path)


def test_a_lake_of_files_gives_features(lake):
    result = compute_rfm(lake.orders(), lake.members(), lake.interactions(), as_of=AS_OF)
    [row] = result.features.to_pyarrow().to_pylist()
    assert (row["monetary_minor"], row["interactions"], row["class_rfm"]) == (900, 1, "new")
    assert result.interactions_evaluated is True


def test_rfm_reads_only_the_columns_it_needs(lake):
    totals = purchase_totals(
        lake.orders(), lake.members(), None, as_of=AS_OF, rfm=RfmPolicy(), value=ValueClassPolicy()
    )
    plan = str(lake.session.raw_sql(f"explain {ibis.to_sql(totals, dialect='duckdb')}").fetchall())
    assert "READ_PARQUET" in plan
    read = {column for column in ORDERS.columns if column in plan}
    assert read == {"member_id", "biz_date", "net_minor", "status"}  # status is the members'


def test_what_is_absent_is_said(lake, tmp_path):
    with pytest.raises(LakeNotFound, match="lines/"):
        lake.lines()
    (tmp_path / "interactions" / "part-0.parquet").unlink()
    assert lake.interactions() is None


def test_another_shape_is_refused_column_by_column(lake, tmp_path):
    orders = lake.orders()
    orders.mutate(net_minor=orders.net_minor / 100).drop("currency").to_parquet(
        tmp_path / "orders" / "part-0.parquet"
    )
    with pytest.raises(LakeSchemaMismatch) as refusal:
        lake.orders()
    assert (
        "currency is missing, expected string; net_minor is float64, expected int64" in refusal.value.detail
    )


def test_files_say_every_column_in_any_order_and_may_say_more(session, lake, tmp_path):
    orders = lake.orders()
    more = orders.select(*reversed(orders.columns), till=ibis.literal("A1"))
    more.to_parquet(tmp_path / "more.parquet")
    checked = ORDERS.checked(session.read_parquet(tmp_path / "more.parquet"))
    assert list(checked.columns) == list(ORDERS.columns)


def test_relations_are_named_once():
    assert [relation.name for relation in RELATIONS] == [
        "orders", "lines", "members", "interactions", "tier_moves", "lots", "classes",
    ]  # fmt: skip
    assert all(relation.grain for relation in RELATIONS)
