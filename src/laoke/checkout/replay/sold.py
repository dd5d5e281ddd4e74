"""Orders that a batch sells or takes goods back from: enough of each to work out a return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg

from laoke.checkout.replay.events import GiveBackEvent, Sale
from laoke.engine.ledger.lots import Take
from laoke.engine.pricing.plain import Settlement
from laoke.engine.returning import GiveBack, SoldLine, SoldOrder
from laoke.points import earnings

Key = tuple[int, str]  # store id, order number


@dataclass(slots=True)
class SoldRecord:
    """An order and what of it has come back so far. `fresh`: sold in this batch, not written yet."""

    order_id: int
    key: Key
    member_id: int | None
    placed_at: datetime
    total_minor: int
    points_minor: int
    points_redeemed: int
    points_earned: int
    earn_base_minor: int
    returned_minor: int = 0
    refunded_minor: int = 0
    returned_earn_base_minor: int = 0
    points_restored: int = 0
    points_clawed_back: int = 0
    fresh: bool = False
    keeps_lines: bool = True  # false: nothing of it comes back within the batch
    changed: bool = False
    pooled: bool = False  # took points of others of the household
    lines: list[SoldLine] = field(default_factory=list)
    spent: list[Take] = field(default_factory=list)  # in order of use, less what was restored

    @classmethod
    def of_sale(cls, order_id: int, sale: Sale, total: int, redeemed: int, settled: Settlement) -> SoldRecord:
        """The record of an order being sold."""
        return cls(
            order_id,
            (sale.store_id, sale.order_no),
            sale.member_id,
            sale.placed_at,
            total,
            settled.points_minor,
            redeemed,
            settled.points_earned,
            settled.base_minor,
            fresh=True,
        )

    def order(self) -> SoldOrder:
        """As the engine takes it."""
        return SoldOrder(
            self.total_minor,
            self.points_minor,
            self.points_redeemed,
            self.points_earned,
            self.earn_base_minor,
            self.returned_minor,
            self.refunded_minor,
            self.points_restored,
            self.points_clawed_back,
        )

    def sold_lines(self) -> Sequence[SoldLine]:
        """Lines in order."""
        return self.lines

    def apply(self, plan: GiveBack) -> None:
        """Add a return up."""
        back = {line.line_no: line for line in plan.lines}
        self.lines = [
            replace(
                line,
                returned_milli=line.returned_milli + back[line.line_no].quantity_milli,
                returned_minor=line.returned_minor + back[line.line_no].returned_minor,
            )
            if line.line_no in back
            else line
            for line in self.lines
        ]
        self.returned_minor += plan.returned_minor
        self.refunded_minor += plan.refunded_minor
        self.returned_earn_base_minor += plan.earn_base_minor
        self.points_restored += plan.points_restored
        self.points_clawed_back += plan.clawback
        self.changed = True

    def take_spent(self, points: int) -> list[Take]:
        """What the redemption holds before `points` of it are given back; afterwards it holds that much less."""
        before = list(self.spent)
        left = points
        while left:
            last = self.spent.pop()
            if last.points > left:
                self.spent.append(Take(last.lot_id, last.points - left))
                left = 0
            else:
                left -= last.points
        return before


class SoldBook:
    """The orders a batch needs: those it returns goods of, from the database or from the batch itself."""

    def __init__(self, cursor: psycopg.Cursor[Any], events: Sequence[Sale | GiveBackEvent]) -> None:
        self._returned: set[Key] = {
            (event.store_id, event.order_no) for event in events if isinstance(event, GiveBackEvent)
        }
        self._records: dict[Key, SoldRecord] = {}
        self._known_orders: set[Key] = set()
        self._known_returns: set[tuple[Key, str]] = set()
        keys = {(event.store_id, event.order_no) for event in events}
        self._read(cursor, sorted(keys))
        self._placed: dict[int, datetime] = {}
        for record in self._records.values():
            if record.member_id:
                before = self._placed.get(record.member_id, record.placed_at)
                self._placed[record.member_id] = min(before, record.placed_at)

    def knows(self, event: Sale | GiveBackEvent) -> bool:
        """Whether the database has this event already."""
        key = (event.store_id, event.order_no)
        if isinstance(event, Sale):
            return key in self._known_orders
        return (key, event.return_no) in self._known_returns

    def member_ids(self) -> set[int]:
        """Members of the orders of which goods come back."""
        return set(self._placed)

    def placed(self) -> Iterator[datetime]:
        """When the orders were placed of which goods come back."""
        return iter(self._placed.values())

    def placed_by(self, member_id: int, otherwise: datetime) -> datetime:
        """The earliest of this member's."""
        return min(otherwise, self._placed.get(member_id, otherwise))

    def add(self, record: SoldRecord) -> None:
        """Remember an order sold in this batch, if goods of it come back in the batch too."""
        if record.key in self._returned:
            self._records[record.key] = record

    def wants(self, record: SoldRecord) -> bool:
        """Whether goods of this order come back within the batch."""
        return record.key in self._returned

    def find(self, event: GiveBackEvent) -> SoldRecord | None:
        """The order a return is about."""
        return self._records.get((event.store_id, event.order_no))

    def changed(self) -> list[SoldRecord]:
        """Orders with returns in this batch."""
        return [record for record in self._records.values() if record.changed]

    def _read(self, cursor: psycopg.Cursor[Any], keys: Sequence[Key]) -> None:
        cursor.execute(
            "select o.id, o.store_id, o.order_no, o.member_id, o.placed_at, o.total_minor, o.points_minor, "
            "o.points_redeemed, o.points_earned, o.earn_base_minor, o.returned_minor, o.refunded_minor, "
            "o.returned_earn_base_minor, o.points_restored, o.points_clawed_back "
            "from purchases_order o join unnest(%s::bigint[], %s::text[]) as k (store_id, order_no) "
            "on o.store_id = k.store_id and o.order_no = k.order_no",
            ([store_id for store_id, _ in keys], [order_no for _, order_no in keys]),
        )
        needed: dict[int, SoldRecord] = {}
        for row in cursor:
            key = (row[1], row[2])
            self._known_orders.add(key)
            if key in self._returned:
                needed[row[0]] = self._records[key] = SoldRecord(row[0], key, *row[3:])
        if needed:
            self._read_parts(cursor, needed)

    def _read_parts(self, cursor: psycopg.Cursor[Any], needed: dict[int, SoldRecord]) -> None:
        ids = list(needed)
        cursor.execute(
            "select order_id, line_no, quantity_milli, net_minor, earn_base_minor, returned_milli, returned_minor "
            "from purchases_orderline where order_id = any(%s) order by order_id, line_no",
            (ids,),
        )
        rows = cursor.fetchall()
        earned = earnings.of_orders(cursor, ids)
        for order_id, line_no, milli, net, base, back_milli, back in rows:
            extra = earned.get(order_id, {}).get(line_no, 0)
            sold = SoldLine(line_no, milli, net, base, back_milli, back, extra_points=extra)
            needed[order_id].lines.append(sold)
        cursor.execute(
            "select order_id, return_no from purchases_orderreturn where order_id = any(%s)", (ids,)
        )
        for order_id, return_no in cursor:
            self._known_returns.add((needed[order_id].key, return_no))
        cursor.execute(
            "select p.order_id, p.lot_id, -p.points, l.origin = 'pool' from points_posting p "
            "join points_lot l on l.id = p.lot_id where p.order_id = any(%s) and p.kind = 'redemption' order by p.id",
            (ids,),
        )
        spent: dict[int, list[Take]] = defaultdict(list)
        for order_id, lot_id, points, pooled in cursor:
            spent[order_id].append(Take(lot_id, points))
            needed[order_id].pooled = needed[order_id].pooled or pooled
        for order_id, takes in spent.items():
            record = needed[order_id]
            record.spent = takes
            record.take_spent(record.points_restored)
