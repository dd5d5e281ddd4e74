"""Playing the orders: sorted by time in DuckDB, streamed in batches, each batch one transaction of the replay."""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import duckdb

from laoke.checkout.replay import GiveBackEvent, Player, Sale, SaleLine
from laoke.foundation.jobs import progress
from laoke.surfaces.importing.expressions import literal
from laoke.surfaces.importing.mapping import ImportMapping
from laoke.surfaces.importing.orders.creating import unit_price
from laoke.surfaces.importing.problems import Problem
from laoke.surfaces.importing.staging import Stage
from laoke.surfaces.importing.watch import Watch

Event = Sale | GiveBackEvent
# A batch is one transaction: large enough to pay for its statements, small enough to stop soon and to lock shortly.
_ORDERS = 4_000
_LINES = 40_000
_COLLECT_EVERY = 100  # batches
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TASK = "import.orders"


def play(
    stage: Stage,
    player: Player,
    returns: list[tuple[int, GiveBackEvent]],
    now: datetime,
    watch: Watch,
    *,
    tracked: bool = True,
) -> bool:
    """Play everything in `event` and the returns, in date order; False when stopped before the end.

    Args:
        tracked: keep a row of progress; not when whoever watches keeps one.
    """
    total = stage.count("event") + len(returns)
    places = {id(event): place for place, event in returns}
    watch.phase("orders", total)
    stopped = False
    events = _in_time(_sales(stage.session, stage.mapping), [event for _, event in returns])
    with (
        progress.track(_TASK, total, now, unit="orders") if tracked else nullcontext() as work,
        _seldom_collected() as collect,
    ):
        for number, batch in enumerate(_batches(events), start=1):
            player.play(batch)
            if number % _COLLECT_EVERY == 0:
                collect()
            watch.advance(len(batch))
            stopped = watch.stop_requested
            if work is not None:
                work.advance(len(batch))
                if stopped:
                    # The row of progress says how this ended.
                    progress.request_stop(_TASK)
                    work.write()
                stopped = work.stop_requested
            if stopped:
                break
    for event, error in player.played.refused:
        place = places.get(id(event), 0)
        stage.session.execute(
            f"insert into bad values ({place >> 40}, {place & ((1 << 40) - 1)}, 'quantity', {int(Problem.REFUSED)}, "
            f"{literal(error.detail)})"
        )
    return not stopped


@contextmanager
def _seldom_collected() -> Iterator[Callable[[], object]]:
    """Look for circular garbage only when told: the search costs a third of the time here, and finds nothing.

    Every line of an order is a new tuple, so Python would search again and again through all that is alive.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield gc.collect
    finally:
        if was_enabled:
            gc.enable()


def _in_time(sales: Iterator[Sale], returns: list[GiveBackEvent]) -> Iterator[Event]:
    """Both in the order of time; at the same instant the sale comes first, so that its goods can come back."""
    waiting = iter(returns)
    back = next(waiting, None)
    for sale in sales:
        while back is not None and back.returned_at < sale.placed_at:
            yield back
            back = next(waiting, None)
        yield sale
    while back is not None:
        yield back
        back = next(waiting, None)


def _batches(events: Iterator[Event]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    lines = 0
    for event in events:
        batch.append(event)
        lines += len(event.lines or ())
        if len(batch) >= _ORDERS or lines >= _LINES:
            yield batch
            batch, lines = [], 0
    if batch:
        yield batch


def _sales(session: duckdb.DuckDBPyConnection, mapping: ImportMapping) -> Iterator[Sale]:
    lines = _lines(session, mapping)
    headers = _stream(
        session,
        "select event.order_no, ref_store.id, ref_channel.id, ref_member.id, epoch_us(event.placed_at), lines, "
        "coalesce(tender, 'unspecified'), coalesce(points_spent, 0), coalesce(delivery_status, 'done') from event "
        "join ref_store on ref_store.code = store join ref_channel on ref_channel.code = channel "
        + (
            "left join ref_member on ref_member.code = member "
            if "member" in mapping.columns
            else "cross join (select null::bigint as id) ref_member "
        )
        + "order by seq",
    )
    for order_no, store_id, channel_id, member_id, at_us, count, tender, wish, delivery in headers:
        yield Sale(
            order_no,
            store_id,
            channel_id,
            member_id,
            _EPOCH + timedelta(microseconds=at_us),
            list(islice(lines, count)),
            tender,
            wish,
            delivery,
        )


def _lines(session: duckdb.DuckDBPyConnection, mapping: ImportMapping) -> Iterator[SaleLine]:
    rows = _stream(
        session,
        f"select ref_product.id, quantity, {unit_price(mapping)}, value, value - net, net, coalesce(earns, true) "
        "from line join event using (store, order_no) join ref_product on ref_product.code = product "
        "left join earning on earning.id = ref_product.id where not line.is_return order by seq, line.place",
    )
    return map(SaleLine._make, rows)


def _stream(session: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    # A cursor of its own: two results are read side by side.
    reader = session.cursor().execute(query).to_arrow_reader(20_000)
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
