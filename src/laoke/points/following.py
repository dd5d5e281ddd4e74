"""Points follow their member when two are merged, lot by lot, and what is left of them comes back with the undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from laoke.foundation.sql import hot_cursor
from laoke.points import ledger
from laoke.points.ledger import Cause
from laoke.points.models import Account, Lot, Posting


def carried_lots(moved: Mapping[str, Any]) -> list[int]:
    """The lots a merge made to carry points over, of what `PointsFollow.merge` gave."""
    return [pair["to"] for pair in moved["lots"]]


class PointsFollow:
    """See laoke.members.followers."""

    name = "points"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Open the accounts."""
        with hot_cursor() as cursor:
            cursor.execute(
                "insert into points_account (member_id) select unnest(%s::bigint[])", (list(member_ids),)
            )

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """Open lots are carried over with their dates, and what is set aside in them; a debt too, which they repay."""
        with hot_cursor() as cursor:
            debts = _lock(cursor, kept_id, gone_id)
            lots = cursor.execute(
                "select id, order_id, accrued_at, available_at, expires_at, remaining, held from points_lot "
                "where member_id = %s and remaining > 0 order by expires_at, accrued_at, id",
                (gone_id,),
            ).fetchall()
            carried = []
            for lot_id, order_id, accrued_at, available_at, expires_at, points, held in lots:
                row = cursor.execute(
                    "insert into points_lot (member_id, origin, order_id, carried_from_id, accrued_at, available_at, "
                    "expires_at, points, remaining) values (%s, 'merge', %s, %s, %s, %s, %s, %s, 0) returning id",
                    (kept_id, order_id, lot_id, accrued_at, available_at, expires_at, points),
                ).fetchone()
                assert row is not None
                _carry(cursor, gone_id, lot_id, kept_id, row[0], points, held, order_id, at)
                carried.append({"from": lot_id, "to": row[0]})
            rows = cursor.execute("select id from points_hold where member_id = %s order by id", (gone_id,))
            holds = [row[0] for row in rows.fetchall()]
            _move_holds(cursor, holds, kept_id, {pair["from"]: pair["to"] for pair in carried})
            _move_debt(cursor, gone_id, kept_id, debts[gone_id], at)
            _changed(cursor, kept_id, gone_id)
            account = ledger.lock(cursor, kept_id, at)
            account.repay(Cause(at=at, recorded_at=at))
            account.close()
            return {"lots": carried, "debt": debts[gone_id], "holds": holds}

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """What is left of each carried lot goes back to the lot it came from; what was spent or set aside since stays
        with the kept member."""
        holds = moved.get("holds", [])
        with hot_cursor() as cursor:
            debts = _lock(cursor, kept_id, gone_id)
            for pair in moved["lots"]:
                row = cursor.execute(
                    "select l.remaining, l.order_id, coalesce(sum(p.points) filter (where h.id = any(%s)), 0)::int, "
                    "coalesce(sum(p.points), 0)::int from points_lot l left join (points_holdpart p "
                    "join points_hold h on h.id = p.hold_id and h.state = 'open') on p.lot_id = l.id "
                    "where l.id = %s group by l.id",
                    (holds, pair["to"]),
                ).fetchone()
                assert row is not None
                remaining, order_id, own, every = row
                if points := remaining - (every - own):
                    _carry(cursor, kept_id, pair["to"], gone_id, pair["from"], points, own, order_id, at)
            _move_holds(cursor, holds, gone_id, {pair["to"]: pair["from"] for pair in moved["lots"]})
            _move_debt(cursor, kept_id, gone_id, min(int(moved["debt"]), debts[kept_id]), at)
            _changed(cursor, kept_id, gone_id)

    def export(self, member_id: int) -> Mapping[str, object]:
        """Account, lots and postings."""
        account = Account.objects.filter(pk=member_id).first()
        return {
            "balance": account.balance if account else 0,
            "debt": account.debt if account else 0,
            "lots": [
                {
                    "accrued_at": lot.accrued_at.isoformat(),
                    "expires_at": lot.expires_at.isoformat(),
                    "points": lot.points,
                    "remaining": lot.remaining,
                }
                for lot in Lot.objects.filter(member_id=member_id).order_by("accrued_at", "id")
            ],
            "postings": [
                {"at": posting.at.isoformat(), "kind": posting.kind, "points": posting.points}
                for posting in Posting.objects.filter(member_id=member_id).order_by("at", "id")
            ],
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """The ledger holds only the number of the member: it stays. Open points expire in their time."""


def _lock(cursor: psycopg.Cursor[Any], one: int, other: int) -> dict[int, int]:
    """Lock both accounts in the order of their numbers; answers with their debts."""
    rows = cursor.execute(
        "select member_id, debt from points_account where member_id = any(%s) order by member_id for no key update",
        ([one, other],),
    ).fetchall()
    return dict(rows)


def _changed(cursor: psycopg.Cursor[Any], *member_ids: int) -> None:
    """Whoever waits for the lock of an account reads anew: orders and tiers move with a merge even without points."""
    cursor.execute(
        "update points_account set version = version + 1 where member_id = any(%s)", (list(member_ids),)
    )


def _move_holds(
    cursor: psycopg.Cursor[Any], holds: Sequence[int], to_member: int, lots: Mapping[int, int]
) -> None:
    """Holds belong to another member; what open ones have set aside is in the lots that were carried over."""
    if not holds:
        return
    cursor.execute("update points_hold set member_id = %s where id = any(%s)", (to_member, list(holds)))
    cursor.execute(
        "update points_holdpart p set lot_id = lots.now "
        "from points_hold h, unnest(%s::bigint[], %s::bigint[]) as lots (before, now) "
        "where h.id = p.hold_id and h.id = any(%s) and h.state = 'open' and p.lot_id = lots.before",
        (list(lots), list(lots.values()), list(holds)),
    )


def _carry(
    cursor: psycopg.Cursor[Any],
    from_member: int,
    from_lot: int,
    to_member: int,
    to_lot: int,
    points: int,
    held: int,
    order_id: int | None,
    at: datetime,
) -> None:
    """So many points of a lot, and of these so many that are set aside, are another member's."""
    for member_id, lot_id, sign in ((from_member, from_lot, -1), (to_member, to_lot, 1)):
        cursor.execute(
            "update points_lot set remaining = remaining + %s, held = held + %s where id = %s",
            (sign * points, sign * held, lot_id),
        )
        if held:
            cursor.execute(
                "update points_account set held = held + %s where member_id = %s", (sign * held, member_id)
            )
        _post(cursor, member_id, lot_id, sign * points, order_id, at)


def _move_debt(
    cursor: psycopg.Cursor[Any], from_member: int, to_member: int, points: int, at: datetime
) -> None:
    if not points:
        return
    for member_id, moved in ((from_member, points), (to_member, -points)):
        cursor.execute("update points_account set debt = debt - %s where member_id = %s", (moved, member_id))
        _post(cursor, member_id, None, moved, None, at)


def _post(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    lot_id: int | None,
    points: int,
    order_id: int | None,
    at: datetime,
) -> None:
    cursor.execute(
        "insert into points_posting (member_id, kind, points, lot_id, order_id, at, recorded_at) "
        "values (%s, 'merge', %s, %s, %s, %s, %s)",
        (member_id, points, lot_id, order_id, at, at),
    )
    cursor.execute(
        "update points_account set balance = balance + %s, version = version + 1 where member_id = %s",
        (points, member_id),
    )
