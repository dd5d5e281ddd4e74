"""From typed rows to orders that can be played: amounts, headers, and no order with a line missing.

Leaves two tables in the session. `header`: one row an order or return, with `usable`. `ref_store`, `ref_channel`,
`ref_product`, `ref_member`: codes with ids, ids null for what is to be created.
"""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from laoke.kernel.errors import LaokeError
from laoke.kernel.money import LARGEST_MINOR
from laoke.members import selectors as members
from laoke.purchases import bulk
from laoke.purchases import selectors as purchases
from laoke.surfaces.importing.problems import Problem
from laoke.surfaces.importing.staging import Stage

_MOST_LINES = 32_767
# Files and rows as one number, in their order.
_PLACE = "(file_no::bigint << 40) + row_no"
# What all rows of an order say, and what is taken where the mapping has no such column.
_SHARED = {
    "placed_at": "null::timestamp",
    "channel": "null::varchar",
    "member": "null::varchar",
    "tender": "null::varchar",
    "delivery_status": "null::varchar",
    "points_spent": "null::bigint",
}


def inspect(stage: Stage) -> None:
    """Find what is wrong with rows of which others may be missing; changes nothing."""
    check(stage)
    # That an order is left out follows from what is wrong with its rows.
    stage.session.execute(f"delete from bad where problem = {int(Problem.ORDER_LEFT_OUT)}")


def check(stage: Stage) -> None:
    """Find everything that is wrong, and say which orders can be played."""
    mapping, session = stage.mapping, stage.session
    _number_orders(stage)
    _check_amounts(stage)
    _check_currency(stage)
    _look_up(stage)
    shared = ", ".join(
        f"arg_min(line.{name}, line.place) as {name}" if name in mapping.columns else f"{default} as {name}"
        for name, default in _SHARED.items()
    )
    session.execute(
        f"create table header as select store, order_no, is_return, original_store, original_order, "
        f"min(place) as place, count(*) as lines, {shared} "
        "from line where store is not null and order_no is not null "
        "group by store, order_no, is_return, original_store, original_order"
    )
    if not mapping.first_header_wins:
        _check_headers(stage)
    session.execute(
        f"insert into bad select place >> 40, place & {(1 << 40) - 1}, 'order_no', {int(Problem.TOO_MANY_LINES)}, "
        f"order_no from header where lines > {_MOST_LINES}"
    )
    _leave_out(session)


def _number_orders(stage: Stage) -> None:
    """The table `line`: `row` with amounts completed, a place, and whether goods were brought back."""
    have = set(stage.mapping.columns)
    columns = ["row.*", f"{_PLACE} as place"]
    for name, kind in (
        ("original_order", "varchar"),
        ("original_store", "varchar"),
        ("return_reason", "varchar"),
    ):
        if name not in have:
            columns.append(f"null::{kind} as {name}")
    paid, gross, discount = (
        f"row.{name}" if name in have else "null" for name in ("paid", "gross", "discount")
    )
    columns += [
        f"coalesce({paid}, {gross} - {discount}, {gross})::bigint as net",
        f"coalesce({gross}, {paid} + {discount}, {paid})::bigint as value",
    ]
    returns = stage.mapping.returns
    columns.append(f"{'coalesce(quantity < 0, false)' if returns else 'false'} as is_return")
    stage.session.execute(f"create view line_0 as select {', '.join(columns)} from row")
    order_no = "order_no"
    if stage.mapping.row_is_order:
        order_no = "order_no || '-' || row_number() over (partition by store, order_no order by place)"
    # What is not a return has no original: one group a receipt then.
    stage.session.execute(
        f"create table line as select * replace ({order_no} as order_no, "
        "if(is_return, original_order, null) as original_order, "
        "if(is_return, coalesce(original_store, store), null) as original_store) from line_0"
    )


def _check_amounts(stage: Stage) -> None:
    have = set(stage.mapping.columns)
    _mark(stage, "quantity", Problem.NOT_POSITIVE, "quantity = 0")
    if not stage.mapping.returns:
        _mark(stage, "quantity", Problem.RETURN_UNDECLARED, "quantity < 0")
    else:
        _mark(stage, "original_order", Problem.NO_ORIGINAL, "is_return and original_order is null")
    for name in ("paid", "gross", "discount"):
        if name in have:
            _mark(stage, name, Problem.NEGATIVE, f"{name} < 0 and not is_return")
    worth = "paid" if "paid" in have else "gross"
    # A cell that cannot be read has its own entry; these are the cells with nothing in them.
    unread = " and ".join(f"problem_{name} is null" for name in ("paid", "gross", "discount") if name in have)
    _mark(stage, worth, Problem.MISSING, f"(net is null or value is null) and not is_return and {unread}")
    _mark(stage, worth, Problem.DISCOUNT_NEGATIVE, f"net > value and net >= 0 and not is_return and {unread}")
    _mark(stage, worth, Problem.TOO_LARGE, f"value > {LARGEST_MINOR} and not is_return and {unread}")
    if {"paid", "gross", "discount"} <= have:
        _mark(stage, "paid", Problem.AMOUNTS_DIFFER, "gross - discount <> paid and not is_return")


def _check_currency(stage: Stage) -> None:
    if "currency" in stage.mapping.columns:
        _mark(stage, "currency", Problem.OTHER_CURRENCY, f"currency <> '{stage.mapping.currency}'")


def _look_up(stage: Stage) -> None:
    mapping, session = stage.mapping, stage.session
    stores = bulk.store_ids()
    _refer(stage, "store", "stores", Problem.UNKNOWN_STORE, stores)
    _refer(stage, "channel", "channels", Problem.UNKNOWN_CHANNEL, purchases.channels_by_code())
    skus = _distinct(session, "product")
    products = bulk.product_keys(skus)
    _refer(
        stage, "product", "products", Problem.UNKNOWN_PRODUCT, {sku: key.id for sku, key in products.items()}
    )
    _table(
        session,
        "earning",
        [("id", pa.int64()), ("earns", pa.bool_())],
        [[key.id for key in products.values()], [key.earns_points for key in products.values()]],
    )
    if "member" in mapping.columns:
        values = _distinct(session, "member")
        found, refused = members.find_many(mapping.member_kind, values, mapping.member_issuer)
        _refuse(stage, "member", refused)
        known = {value: found.get(value) for value in values if value not in refused}
        _refer(stage, "member", "members", Problem.UNKNOWN_MEMBER, {k: v for k, v in known.items() if v})


def _refer(stage: Stage, field: str, plural: str, problem: Problem, ids: Mapping[str, int]) -> None:
    codes = _distinct(stage.session, field)
    _table(
        stage.session,
        f"ref_{field}",
        [("code", pa.string()), ("id", pa.int64())],
        [codes, [ids.get(code) for code in codes]],
    )
    if plural not in stage.mapping.create:
        _mark(stage, field, problem, f"{field} in (select code from ref_{field} where id is null)")


def _refuse(stage: Stage, field: str, refused: Mapping[str, LaokeError]) -> None:
    if not refused:
        return
    columns = [list(refused), [error.detail for error in refused.values()]]
    _table(stage.session, "refused", [("value", pa.string()), ("detail", pa.string())], columns)
    stage.session.execute(
        f"insert into bad select file_no, row_no, '{field}', {int(Problem.REFUSED)}, refused.detail "
        f"from line join refused on refused.value = line.{field}"
    )
    # A value that cannot be looked up is not unknown as well.
    stage.session.execute(f"update line set {field} = null where {field} in (select value from refused)")


def _check_headers(stage: Stage) -> None:
    for name in _SHARED:
        if name in stage.mapping.columns:
            stage.session.execute(
                f"insert into bad select arg_min(line.file_no, line.place), arg_min(line.row_no, line.place), "
                f"'{name}', {int(Problem.HEADERS_DIFFER)}, '{name}' from line join header "
                "using (store, order_no, is_return) "
                f"where line.{name} is distinct from header.{name} and line.original_order is not distinct from "
                "header.original_order and line.original_store is not distinct from header.original_store "
                "group by store, order_no, is_return, header.original_order, header.original_store"
            )


def _leave_out(session: duckdb.DuckDBPyConnection) -> None:
    """An order with a bad row is left out as a whole: with a line missing it would be another order."""
    session.execute(
        "create table left_out as select distinct line.store, line.order_no from bad "
        "join line on line.file_no = bad.file_no and line.row_no = bad.row_no "
        "where line.store is not null and line.order_no is not null"
    )
    session.execute(
        f"insert into bad select min(place) >> 40, min(place) & {(1 << 40) - 1}, 'order_no', "
        f"{int(Problem.ORDER_LEFT_OUT)}, order_no from header join left_out using (store, order_no) "
        "group by store, order_no"
    )
    session.execute("delete from header where (store, order_no) in (select (store, order_no) from left_out)")


def _mark(stage: Stage, field: str, problem: Problem, where: str) -> None:
    stage.session.execute(
        f"insert into bad select file_no, row_no, '{field}', {int(problem)}, '' from line where {where}"
    )


def _distinct(session: duckdb.DuckDBPyConnection, field: str) -> list[str]:
    query = f"select distinct {field} from line where {field} is not null order by 1"
    return [row[0] for row in session.execute(query).fetchall()]


def _table(
    session: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[tuple[str, pa.DataType]],
    values: Sequence[Sequence[object]],
) -> None:
    """Put columns of plain values into a table of the session."""
    data = pa.table(
        [pa.array(column, kind) for column, (_, kind) in zip(values, columns, strict=True)],
        names=[column for column, _ in columns],
    )
    session.register("incoming", data)
    session.execute(f"create or replace table {name} as select * from incoming")
    session.unregister("incoming")
