"""Lines brought back: which line of which order each belongs to."""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from laoke.checkout.replay import GiveBackEvent
from laoke.purchases import bulk
from laoke.purchases.bulk import LeftLine, OrderKey
from laoke.surfaces.importing.expressions import literal
from laoke.surfaces.importing.problems import Problem
from laoke.surfaces.importing.staging import Stage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Brought(NamedTuple):
    """One row of goods brought back."""

    place: int
    store_id: int | None
    order_no: str
    return_no: str
    at_us: int
    product_id: int | None
    milli: int
    reason: str | None
    sold_us: int | None  # when this run sells the goods; null: it does not


def plan(stage: Stage) -> list[tuple[int, GiveBackEvent]]:
    """The returns that are not in yet, in date order, each with the place of its first row.

    A product that stands on several lines of its order comes back from the first that has some left. A receipt that
    cannot be given back as a whole is refused as a whole.
    """
    rows = [Brought(*row) for row in stage.session.execute(_query()).fetchall()]
    keys = {(row.store_id, row.order_no) for row in rows if row.store_id is not None}
    known = bulk.left_lines(keys)
    done = bulk.known_returns(known)
    rows = [
        row
        for row in rows
        if row.store_id is None or ((row.store_id, row.order_no), row.return_no) not in done
    ]
    staged = _staged(
        stage, {(row.store_id, row.order_no) for row in rows if row.store_id is not None} - set(known)
    )
    left = {key: {line.line_no: line for line in lines} for key, lines in (known | staged).items()}
    receipts = ((receipt[0].place, _event(stage, receipt, left)) for receipt in _receipts(rows))
    return [(place, event) for place, event in receipts if event]


def _query() -> str:
    return (
        "select line.place, ref_store.id, header.original_order, header.order_no, epoch_us(header.placed_at), "
        "ref_product.id, -quantity, return_reason, epoch_us(event.placed_at) "
        "from line join header on header.is_return and line.is_return and header.store = line.store "
        "and header.order_no = line.order_no and header.original_order = line.original_order "
        "and header.original_store = line.original_store "
        "left join ref_store on ref_store.code = header.original_store "
        "left join ref_product on ref_product.code = line.product "
        "left join event on event.store = header.original_store and event.order_no = header.original_order "
        "order by header.placed_at, header.place, line.place"
    )


def _staged(stage: Stage, keys: set[OrderKey]) -> dict[OrderKey, list[LeftLine]]:
    """Lines of orders that this run is going to play."""
    if not keys:
        return {}
    found: dict[OrderKey, list[LeftLine]] = defaultdict(list)
    rows = stage.session.execute(
        "select ref_store.id, line.order_no, "
        "row_number() over (partition by line.store, line.order_no order by place), "
        "ref_product.id, quantity from line join ref_store on ref_store.code = line.store "
        "join ref_product on ref_product.code = line.product "
        "where not line.is_return and (line.store, line.order_no) in (select (store, order_no) from event) "
        "and line.order_no in (select original_order from header where is_return) order by 1, 2, 3"
    ).fetchall()
    for store_id, order_no, *line in rows:
        if (store_id, order_no) in keys:
            found[store_id, order_no].append(LeftLine(*line))
    return dict(found)


def _receipts(rows: list[Brought]) -> Iterator[list[Brought]]:
    """Rows of one receipt that name the same order."""
    groups: dict[tuple[object, ...], list[Brought]] = defaultdict(list)
    for row in rows:
        groups[row.store_id, row.order_no, row.return_no, row.at_us].append(row)
    yield from groups.values()


def _event(
    stage: Stage, receipt: list[Brought], left: dict[OrderKey, dict[int, LeftLine]]
) -> GiveBackEvent | None:
    first = receipt[0]
    key = (first.store_id or 0, first.order_no)
    lines = left.get(key)
    if lines is None:
        _refuse(stage, receipt, Problem.UNKNOWN_ORIGINAL, "original_order")
        return None
    if first.sold_us is not None and first.at_us < first.sold_us:
        _refuse(stage, receipt, Problem.BEFORE_PURCHASE, "placed_at")
        return None
    back: dict[int, int] = defaultdict(int)
    lines = dict(lines)
    for row in receipt:
        fitting = [line for line in lines.values() if line.product_id == row.product_id]
        if not fitting:
            _refuse(stage, receipt, Problem.NOT_IN_ORIGINAL, "product")
            return None
        rest = row.milli
        if rest > sum(max(0, line.left_milli) for line in fitting):
            _refuse(stage, receipt, Problem.MORE_THAN_BOUGHT, "quantity")
            return None
        for line in fitting:
            taken = min(rest, max(0, line.left_milli))
            if taken:
                back[line.line_no] += taken
                lines[line.line_no] = line._replace(left_milli=line.left_milli - taken)
                rest -= taken
    left[key] = lines
    return GiveBackEvent(
        first.return_no,
        key[0],
        first.order_no,
        _EPOCH + timedelta(microseconds=first.at_us),
        dict(back),
        (first.reason or "")[:200],
    )


def _refuse(stage: Stage, receipt: list[Brought], problem: Problem, field: str) -> None:
    place = receipt[0].place
    stage.session.execute(
        f"insert into bad values ({place >> 40}, {place & ((1 << 40) - 1)}, '{field}', {int(problem)}, "
        f"{literal(receipt[0].order_no)})"
    )
