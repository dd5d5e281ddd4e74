"""The history as compact columns, and its events made while iterating."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

from laoke.kernel.calendar import start_of_day

from . import baskets, orders, returns, visits
from .catalogue import Goods
from .crowd import Crowd
from .draws import Ints, stream
from .prices import Prices, gross_minor
from .season import traffic_by_day
from .types import Delivery, GiveBack, Product, Sale, SaleLine, Store
from .world import CHANNELS, REASONS, TENDERS

# Buyers are drawn in parts of this many: the columns between stay small however large the shop is.
PART = 25_000
# Events are made from this many orders at a time.
_BATCH = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Sales and returns as columns in time order; iterating gives `Sale` and `GiveBack` events in time order.

    Order columns have shape (sales,), line columns (lines,), `first_line` (sales + 1,); return columns have shape
    (returns,), `first_returned` (returns + 1,), the lines of returns `returned_line_no` and `returned_milli`.
    """

    placed_at: npt.NDArray[np.int64]
    store: npt.NDArray[np.int16]
    channel: npt.NDArray[np.int8]
    buyer: npt.NDArray[np.int32]
    tender: npt.NDArray[np.int8]
    wish_points: npt.NDArray[np.int32]
    delivery: npt.NDArray[np.int8]
    first_line: npt.NDArray[np.int64]
    product: npt.NDArray[np.int16]
    quantity_milli: npt.NDArray[np.int32]
    unit_minor: npt.NDArray[np.int32]
    discount_minor: npt.NDArray[np.int32]
    returned_at: npt.NDArray[np.int64]
    returned_order: npt.NDArray[np.int64]
    reason: npt.NDArray[np.int8]
    first_returned: npt.NDArray[np.int64]
    returned_line_no: npt.NDArray[np.int8]
    returned_milli: npt.NDArray[np.int32]
    order_nos: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]  # day as yyyymmdd, number within the day
    return_nos: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
    skus: tuple[str, ...]
    store_codes: tuple[str, ...]
    card_nos: tuple[str, ...]

    @property
    def sales(self) -> int:
        return len(self.placed_at)

    @property
    def lines(self) -> int:
        return len(self.product)

    @property
    def returns(self) -> int:
        return len(self.returned_at)

    def __len__(self) -> int:
        return self.sales + self.returns

    def __iter__(self) -> Iterator[Sale | GiveBack]:
        given = iter(range(self.returns))
        # A return at the same second as a sale comes after it; its own order is always days older.
        due = np.searchsorted(self.placed_at, self.returned_at, side="right")
        back = next(given, None)
        for start in range(0, self.sales, _BATCH):
            for row, sale in enumerate(self._batch(start), start=start):
                while back is not None and due[back] <= row:
                    yield self._give_back(back)
                    back = next(given, None)
                yield sale
        while back is not None:
            yield self._give_back(back)
            back = next(given, None)

    def _batch(self, start: int) -> Iterator[Sale]:
        """The sales of rows `start` to `start + _BATCH`; lists are read far faster than single array items."""
        stop = min(start + _BATCH, self.sales)
        first, last = int(self.first_line[start]), int(self.first_line[stop])
        skus, codes, cards = self.skus, self.store_codes, self.card_nos
        channels, tenders = [channel.code for channel in CHANNELS], [tender.code for tender in TENDERS]
        deliveries = list(Delivery)
        lines = [
            SaleLine(skus[product], quantity, unit, discount)
            for product, quantity, unit, discount in zip(
                self.product[first:last].tolist(),
                self.quantity_milli[first:last].tolist(),
                self.unit_minor[first:last].tolist(),
                self.discount_minor[first:last].tolist(),
                strict=True,
            )
        ]
        rows = slice(start, stop)
        begins = (self.first_line[start : stop + 1] - first).tolist()
        for day, number, at, store, channel, buyer, tender, wish, delivery, begin, end in zip(
            self.order_nos[0][rows].tolist(),
            self.order_nos[1][rows].tolist(),
            self.placed_at[rows].tolist(),
            self.store[rows].tolist(),
            self.channel[rows].tolist(),
            self.buyer[rows].tolist(),
            self.tender[rows].tolist(),
            self.wish_points[rows].tolist(),
            self.delivery[rows].tolist(),
            begins[:-1],
            begins[1:],
            strict=True,
        ):
            yield Sale(
                f"HL{day}{number:06d}",
                datetime.fromtimestamp(at, UTC),
                codes[store],
                channels[channel],
                cards[buyer] if buyer >= 0 else None,
                tuple(lines[begin:end]),
                tenders[tender],
                wish,
                deliveries[delivery],
            )

    def _give_back(self, row: int) -> GiveBack:
        order = int(self.returned_order[row])
        lines = slice(int(self.first_returned[row]), int(self.first_returned[row + 1]))
        return GiveBack(
            f"HR{self.return_nos[0][row]}{self.return_nos[1][row]:05d}",
            f"HL{self.order_nos[0][order]}{self.order_nos[1][order]:06d}",
            datetime.fromtimestamp(int(self.returned_at[row]), UTC),
            tuple(
                zip(self.returned_line_no[lines].tolist(), self.returned_milli[lines].tolist(), strict=True)
            ),
            REASONS[self.reason[row]].code,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """Orders and lines of one part of the crowd; `lines` name their order by its row in this part."""

    orders: orders.Orders
    day: Ints
    lines: baskets.Lines


def play(
    crowd: Crowd,
    goods: Goods,
    prices: Prices,
    days: list[date],
    zone: tzinfo,
    seed: int,
    stores: tuple[Store, ...],
    products: tuple[Product, ...],
    card_nos: tuple[str, ...],
) -> History:
    """Let the crowd shop on these days.

    Args:
        card_nos: of the members, by row of the crowd.
    """
    taste = baskets.learn(goods, days, prices)
    where = orders.places(stores)
    clock = np.concatenate([[0.0], np.cumsum(traffic_by_day(days))])
    clock *= len(days) / clock[-1]
    parts = []
    for number, start in enumerate(range(0, len(crowd), PART)):
        who = np.arange(start, min(start + PART, len(crowd)))
        rng = stream(seed, "history", number)
        plan = visits.plan(crowd, who, clock, goods, rng, seed)
        if not len(plan.keys):
            continue
        lines = baskets.fill(crowd, plan, goods, prices, taste, rng, seed)
        net = gross_minor(lines.quantity_milli, lines.unit_minor) - lines.discount_minor
        due = np.bincount(lines.visit, weights=net, minlength=len(plan.keys)).astype(np.int64)
        done = orders.complete(crowd, plan.keys, due, days, where, zone, rng, seed)
        parts.append(_Part(done, plan.keys % visits.STRIDE, lines))
    return _in_time(parts, goods, days, zone, seed, stores, products, card_nos)


def _in_time(
    parts: list[_Part],
    goods: Goods,
    days: list[date],
    zone: tzinfo,
    seed: int,
    stores: tuple[Store, ...],
    products: tuple[Product, ...],
    card_nos: tuple[str, ...],
) -> History:
    """Bring the parts into one order of time, number the orders and draw the returns."""
    placed_at = np.concatenate([part.orders.placed_at for part in parts])
    rank = np.argsort(placed_at, kind="stable")
    counts = np.concatenate([np.bincount(part.lines.visit, minlength=len(part.day)) for part in parts])
    old_first = np.cumsum(counts) - counts
    first_line = np.concatenate([[0], np.cumsum(counts[rank])])
    # Row of the old line for every new line: the old start of its order plus the place within it.
    take = np.repeat(old_first[rank] - first_line[:-1], counts[rank]) + np.arange(first_line[-1])

    day = np.concatenate([part.day for part in parts])[rank]
    midnight = np.array([int(start_of_day(d, zone).timestamp()) for d in days])
    now = int(start_of_day(days[-1] + timedelta(days=1), zone).timestamp())
    product = np.concatenate([part.lines.product.astype(np.int16) for part in parts])[take]
    quantity = np.concatenate([part.lines.quantity_milli.astype(np.int32) for part in parts])[take]
    back = returns.draw(midnight[day], first_line, product, quantity, goods, now, stream(seed, "returns"))

    back_rank = np.lexsort((back.line, back.order, back.returned_at))
    back_order = back.order[back_rank]
    first_returned = np.flatnonzero(np.diff(back_order, prepend=-1))
    returned_at = back.returned_at[back_rank][first_returned]
    stamp = np.array([int(d.strftime("%Y%m%d")) for d in days], dtype=np.int32)
    return_day = np.searchsorted(midnight, returned_at, side="right") - 1

    def column(name: str) -> Ints:
        return np.concatenate([getattr(part.orders, name) for part in parts])[rank]

    def line_column(name: str) -> npt.NDArray[np.int32]:
        values: npt.NDArray[np.int32] = np.concatenate(
            [getattr(part.lines, name).astype(np.int32) for part in parts]
        )
        in_time: npt.NDArray[np.int32] = values[take]
        return in_time

    return History(
        placed_at[rank],
        column("store").astype(np.int16),
        column("channel").astype(np.int8),
        column("buyer").astype(np.int32),
        column("tender").astype(np.int8),
        column("wish_points").astype(np.int32),
        column("delivery").astype(np.int8),
        first_line,
        product,
        quantity,
        line_column("unit_minor"),
        line_column("discount_minor"),
        returned_at,
        back_order[first_returned],
        back.reason[back_rank][first_returned].astype(np.int8),
        np.append(first_returned, len(back_order)),
        (back.line[back_rank] - first_line[back_order] + 1).astype(np.int8),
        back.quantity_milli[back_rank].astype(np.int32),
        (stamp[day], _number_within(day)),
        (stamp[return_day], _number_within(return_day)),
        tuple(product.sku for product in products),
        tuple(store.code for store in stores),
        card_nos,
    )


def _number_within(day: Ints) -> npt.NDArray[np.int32]:
    """1, 2, .. within each day of a rising column."""
    numbers: Ints = np.arange(len(day)) - np.searchsorted(day, day) + 1
    return numbers.astype(np.int32)
