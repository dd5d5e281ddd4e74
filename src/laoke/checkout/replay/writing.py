"""Writing a batch: rows are gathered while events are decided and copied in at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import psycopg

from laoke.checkout.replay.events import GiveBackEvent, Sale
from laoke.checkout.replay.sold import SoldBook, SoldRecord
from laoke.checkout.replay.state import LotState, MemberState
from laoke.engine.pricing.plain import Settlement
from laoke.engine.pricing.purchase import Earned
from laoke.engine.returning import GiveBack, SoldLine
from laoke.engine.tiering import Move
from laoke.points import earnings
from laoke.points.earnings import OrderEarned
from laoke.tiers.memberships import ending

_ORDER = (
    "id, order_no, member_id, store_id, channel_id, placed_at, biz_date, currency, items_minor, discount_minor, "
    "total_minor, points_minor, paid_minor, points_redeemed, points_earned, earn_base_minor, returned_minor, "
    "refunded_minor, returned_earn_base_minor, points_clawed_back, points_restored, delivery_status, source, "
    "programme_version, recorded_at"
)
_LINE = (
    "order_id, line_no, product_id, quantity_milli, unit_price_minor, gross_minor, discount_minor, net_minor, "
    "points_minor, earn_base_minor, returned_milli, returned_minor"
)
_LINES_AT_ONCE = 10_000


def reserve(cursor: psycopg.Cursor[Any], sequence: str, count: int) -> Iterator[int]:
    """Take `count` ids from a sequence at once."""
    cursor.execute("select nextval(%s::regclass) from generate_series(1, %s)", (sequence, count))
    return iter([row[0] for row in cursor])


class LotIds:
    """Ids of new lots, reserved in blocks: a return may need more than anybody can tell beforehand."""

    def __init__(self, cursor: psycopg.Cursor[Any], first: int) -> None:
        self._cursor = cursor
        self._ids = reserve(cursor, "points_lot_id_seq", first)

    def next(self) -> int:
        """A new lot's id."""
        for lot_id in self._ids:
            return lot_id
        self._ids = reserve(self._cursor, "points_lot_id_seq", 200)
        return next(self._ids)


class Rows:
    """The rows of one batch, table by table."""

    def __init__(self, *, now: datetime, source: str, currency: str) -> None:
        self._now = now
        self._source = source
        self._currency = currency
        self._orders: list[tuple[Sale, SoldRecord, int, int, date, int]] = []
        self._lines: dict[int, list[tuple[int, ...]]] = {}
        self._tenders: list[tuple[int, int, str, int]] = []
        self._lots: list[tuple[int, LotState, int, str]] = []
        self._postings: list[tuple[Any, ...]] = []
        self._earned: list[tuple[int, str, str]] = []
        self._changes: list[tuple[Any, ...]] = []
        self._returns: list[tuple[Any, ...]] = []
        self._return_lines: list[tuple[int, int, int, int]] = []
        self.line_count = 0

    def sale(
        self,
        sale: Sale,
        record: SoldRecord,
        settled: Settlement,
        earned: Earned | None,
        day: date,
        version: int,
    ) -> None:
        """An order with its lines and tenders, and what rules of earning gave to it."""
        order_id = record.order_id
        lines: list[tuple[int, ...]] = []
        items = discount = 0
        for number, line in enumerate(sale.lines, start=1):
            items += line.gross_minor
            discount += line.discount_minor
            share, base = settled.shares[number - 1], settled.bases[number - 1]
            lines.append((order_id, number, *line[:6], share, base))
            if record.keeps_lines:
                extra = earned.lines[number - 1] if earned else 0
                record.lines.append(
                    SoldLine(number, line.quantity_milli, line.net_minor, base, extra_points=extra)
                )
        if earned is not None and earned.points:
            by_line = dict(enumerate(earned.lines, start=1))
            self._earned.append(OrderEarned(order_id, by_line, earned.rules).row())
        self._lines[order_id] = lines
        self.line_count += len(lines)
        self._orders.append((sale, record, items, discount, day, version))
        paid = record.total_minor - record.points_minor
        if paid:
            self._tenders.append((order_id, 1, sale.tender, paid))
        if record.points_minor:
            self._tenders.append((order_id, 2 if paid else 1, "points", record.points_minor))

    def give_back(
        self, event: GiveBackEvent, record: SoldRecord, plan: GiveBack, return_id: int, day: date
    ) -> None:
        """A return with its lines."""
        self._returns.append(
            (
                return_id,
                event.return_no,
                record.order_id,
                record.member_id,
                event.store_id,
                event.returned_at,
                day,
                plan.returned_minor,
                plan.refunded_minor,
                plan.points_restored,
                plan.clawback,
                event.reason,
                self._now,
            )
        )
        for line in plan.lines:
            self._return_lines.append((return_id, line.line_no, line.quantity_milli, line.returned_minor))

    def lot(self, member_id: int, lot: LotState, points: int, origin: str) -> None:
        """A new lot; its remaining points are written as they stand at the end of the batch."""
        self._lots.append((member_id, lot, points, origin))

    def posting(
        self,
        member_id: int,
        kind: str,
        points: int,
        lot_id: int | None,
        order_id: int | None,
        return_id: int | None,
        at: datetime,
    ) -> None:
        """A movement of points."""
        self._postings.append((member_id, kind, points, lot_id, order_id, return_id, at, self._now))

    def tier_change(
        self, member_id: int, move: Move, at: datetime, reasons: str, order_id: int | None
    ) -> None:
        """A move on the ladder."""
        self._changes.append(
            (member_id, move.from_tier, move.to_tier, at, move.cause, reasons, order_id, self._now)
        )

    def write(self, cursor: psycopg.Cursor[Any], sold: SoldBook, members: Iterable[MemberState]) -> None:
        """Copy everything in."""
        self._write_orders(cursor)
        self._write_lines(cursor)
        _copy(cursor, "purchases_ordertender (order_id, tender_no, kind, amount_minor)", self._tenders)
        _copy(cursor, earnings.COLUMNS, self._earned)
        self._write_returned(cursor, sold)
        new_lots = {lot.id for _, lot, _, _ in self._lots}
        _copy(
            cursor,
            "points_lot (id, member_id, origin, order_id, accrued_at, available_at, expires_at, points, remaining)",
            (
                (
                    lot.id,
                    member_id,
                    origin,
                    lot.order_id,
                    lot.accrued_at,
                    lot.available_at,
                    lot.expires_at,
                    points,
                    lot.remaining,
                )
                for member_id, lot, points, origin in self._lots
            ),
        )
        _copy(
            cursor,
            "points_posting (member_id, kind, points, lot_id, order_id, return_id, at, recorded_at)",
            self._postings,
        )
        _copy(
            cursor,
            "tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, order_id, recorded_at)",
            self._changes,
        )
        _write_members(cursor, list(members), new_lots, self._now)

    def _write_orders(self, cursor: psycopg.Cursor[Any]) -> None:
        _copy(
            cursor,
            f"purchases_order ({_ORDER})",
            (
                (
                    record.order_id,
                    sale.order_no,
                    sale.member_id,
                    sale.store_id,
                    sale.channel_id,
                    sale.placed_at,
                    day,
                    self._currency,
                    items,
                    discount,
                    record.total_minor,
                    record.points_minor,
                    record.total_minor - record.points_minor,
                    record.points_redeemed,
                    record.points_earned,
                    record.earn_base_minor,
                    record.returned_minor,
                    record.refunded_minor,
                    record.returned_earn_base_minor,
                    record.points_clawed_back,
                    record.points_restored,
                    sale.delivery_status,
                    self._source,
                    version,
                    self._now,
                )
                for sale, record, items, discount, day, version in self._orders
            ),
        )

    def _write_lines(self, cursor: psycopg.Cursor[Any]) -> None:
        # Integers only: joining them into text is several times as fast as adapting each value.
        returned = {
            record.order_id: {line.line_no: line for line in record.lines}
            for _, record, *_ in self._orders
            if record.changed
        }
        with cursor.copy(f"copy purchases_orderline ({_LINE}) from stdin") as copy:
            text: list[str] = []
            for order_id, lines in self._lines.items():
                if back := returned.get(order_id):
                    rows = [(*row, back[row[1]].returned_milli, back[row[1]].returned_minor) for row in lines]
                    text += ["\t".join(map(str, row)) + "\n" for row in rows]
                else:
                    text += ["\t".join(map(str, row)) + "\t0\t0\n" for row in lines]
                # Handing over each order by itself would cost a turn of the connection each.
                if len(text) >= _LINES_AT_ONCE:
                    copy.write("".join(text))
                    text.clear()
            copy.write("".join(text))

    def _write_returned(self, cursor: psycopg.Cursor[Any], sold: SoldBook) -> None:
        """Returns, and what they add up to on orders of earlier batches."""
        _copy(
            cursor,
            "purchases_orderreturn (id, return_no, order_id, member_id, store_id, returned_at, biz_date, "
            "returned_minor, refunded_minor, points_restored, points_clawed_back, reason, recorded_at)",
            self._returns,
        )
        _copy(
            cursor,
            "purchases_returnline (order_return_id, line_no, quantity_milli, returned_minor)",
            self._return_lines,
        )
        for record in sold.changed():
            if record.fresh:
                continue
            cursor.execute(
                "update purchases_order set returned_minor = %s, refunded_minor = %s, "
                "returned_earn_base_minor = %s, points_restored = %s, points_clawed_back = %s where id = %s",
                (
                    record.returned_minor,
                    record.refunded_minor,
                    record.returned_earn_base_minor,
                    record.points_restored,
                    record.points_clawed_back,
                    record.order_id,
                ),
            )
            cursor.executemany(
                "update purchases_orderline set returned_milli = %s, returned_minor = %s "
                "where order_id = %s and line_no = %s",
                [
                    (line.returned_milli, line.returned_minor, record.order_id, line.line_no)
                    for line in record.lines
                    if line.returned_milli
                ],
            )


def _write_members(
    cursor: psycopg.Cursor[Any], members: list[MemberState], new_lots: set[int], now: datetime
) -> None:
    touched = [
        (lot_id, state.lots[lot_id].remaining, state.lots[lot_id].expires_at)
        for state in members
        for lot_id in state.touched_lots
        if lot_id not in new_lots
    ]
    if touched:
        cursor.execute(
            "update points_lot l set remaining = t.remaining, expires_at = t.expires_at "
            "from unnest(%s::bigint[], %s::int[], %s::timestamptz[]) as t (id, remaining, expires_at) "
            "where l.id = t.id",
            ([each[0] for each in touched], [each[1] for each in touched], [each[2] for each in touched]),
        )
    cursor.execute(
        "update points_account a set balance = a.balance + d.balance, debt = a.debt + d.debt, "
        "earned_total = a.earned_total + d.earned, redeemed_total = a.redeemed_total + d.redeemed, "
        "expired_total = a.expired_total + d.expired, version = a.version + 1 "
        "from unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[]) "
        "as d (member_id, balance, debt, earned, redeemed, expired) where a.member_id = d.member_id",
        (
            [state.member_id for state in members],
            [state.balance_delta for state in members],
            [state.debt_delta for state in members],
            [state.earned_delta for state in members],
            [state.redeemed_delta for state in members],
            [state.expired_delta for state in members],
        ),
    )
    moved = [state for state in members if state.moved]
    if moved:
        cursor.execute(
            "update tiers_standing s set tier = m.tier, since = m.since, period_date = m.period, "
            "valid_until = m.valid_until, extended_from = m.extended_from, due_date = m.due, "
            "dues_version = coalesce((select number from foundation_generation where name = 'programme'), 0) "
            "from unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::date[], %s::date[], %s::date[], %s::date[]) "
            "as m (member_id, tier, since, period, valid_until, extended_from, due) "
            "where s.member_id = m.member_id",
            (
                [state.member_id for state in moved],
                [state.tier for state in moved],
                [state.since for state in moved],
                [state.stand.standing.period for state in moved],
                [state.stand.standing.valid_until for state in moved],
                [state.stand.extended_from for state in moved],
                [state.stand.due for state in moved],
            ),
        )
        ended = [state.member_id for state in moved if state.stand.standing.assigned is None]
        cursor.execute(
            "select member_id from tiers_standing where member_id = any(%s) and how = 'paid'", (ended,)
        )
        ending.expired([row[0] for row in cursor], date.max, now)
        cursor.execute(
            "update tiers_standing set floor_tier = '', how = '', floor_until = null, back = null "
            "where member_id = any(%s) and floor_tier <> ''",
            (ended,),
        )


def _copy(cursor: psycopg.Cursor[Any], target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"copy {target} from stdin") as copy:
        for row in rows:
            copy.write_row(row)
