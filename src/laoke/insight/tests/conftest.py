"""A session shared by the tests, and small relations written as rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from ibis.util import gen_name

from laoke.insight.lake import INTERACTIONS, MEMBERS, ORDERS, Relation
from laoke.insight.session import duckdb_session

Rows = Sequence[tuple[object, ...]]
Shape = Callable[[Rows], ir.Table]


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ibis.BaseBackend]:
    with duckdb_session(
        memory_limit="512MiB", threads=1, temp_directory=tmp_path_factory.mktemp("spill")
    ) as session:
        yield session


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public retail logs; tests that need it skip without it."""
    beside = Path(__file__).resolve().parents[4].parent / "shared" / "data"
    folder = Path(os.environ.get("LAOKE_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip("the public retail logs are not here (LAOKE_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def orders_of(session: ibis.BaseBackend) -> Shape:
    """Orders from (member_id or None, biz_date, net_minor) and optionally a currency."""

    def orders(rows: Rows) -> ir.Table:
        full = []
        for order_id, (member_id, day, net_minor, *rest) in enumerate(rows):
            placed_at = datetime.combine(day, time(12), tzinfo=UTC).replace(tzinfo=None)
            currency = rest[0] if rest else "CNY"
            full.append(
                (
                    order_id,
                    member_id,
                    1,
                    1,
                    placed_at,
                    day,
                    12,
                    currency,
                    net_minor,
                    net_minor,
                    "completed",
                )
            )
        return _table(session, ORDERS, full)

    return orders


@pytest.fixture(scope="session")
def members_of(session: ibis.BaseBackend) -> Shape:
    """Members from (member_id, registered_date, status) and optionally a home store."""
    return lambda rows: _table(session, MEMBERS, [(*row, None)[:4] for row in rows])


@pytest.fixture(scope="session")
def interactions_of(session: ibis.BaseBackend) -> Shape:
    """Interactions from (member_id, biz_date)."""
    return lambda rows: _table(session, INTERACTIONS, [(*row, "check-in") for row in rows])


def _table(session: ibis.BaseBackend, relation: Relation, rows: Rows) -> ir.Table:
    schema = ibis.schema(relation.columns)
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema.names)
    arrays = [
        pa.array(column, type=kind.to_pyarrow()) for column, kind in zip(columns, schema.types, strict=True)
    ]
    return session.create_table(
        gen_name(relation.name), pa.table(arrays, names=list(schema.names)), temp=True
    )
