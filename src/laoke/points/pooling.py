"""Points of a household: a member spends their own first, then those of people they live with who share theirs.

What others give comes through a lot of the buyer's that is empty again at once (origin `pool`): it keeps the dates of
the lot it was taken from and names it. A return sends points the same way back. Whose points they are learns of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from laoke.engine.ledger.lots import Lot, Take
from laoke.engine.ledger.pooling import plan_pooling
from laoke.engine.ledger.terms import Terms
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.points import events, ledger
from laoke.points.ledger import Cause, LockedAccount

# What each of some members has in lots; of what is set aside, that whose time is over is free.
SHARED = (
    "select l.member_id, l.id, l.accrued_at, l.expires_at, l.remaining, l.order_id, l.available_at, "
    "case when l.held = 0 then 0 else l.held - (select coalesce(sum(part.points), 0)::int "
    "from points_hold h join points_holdpart part on part.hold_id = h.id "
    "where part.lot_id = l.id and h.state = 'open' and h.until <= %(at)s) end "
    "from points_lot l join points_account a on a.member_id = l.member_id and a.debt = 0 "
    "join members_member m on m.id = l.member_id and m.status = 'active' "
    "where l.member_id = any(%(members)s) and l.remaining > 0 and l.expires_at > %(at)s"
)
GIVERS = (
    "select distinct member_id from points_posting "
    "where spending_id = %s and kind = 'transfer' and points < 0 order by member_id"
)
# Where what came through lots of a buyer had been taken from.
HOMES = (
    "select born.id, home.id, home.accrued_at, home.expires_at, home.remaining, home.order_id, home.available_at, "
    "home.held, home.member_id from points_lot born join points_lot home on home.id = born.carried_from_id "
    "where born.origin = 'pool' and born.id = any(%s)"
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Points of others that are in the buyer's lots now, and whose they were, by member number."""

    takes: tuple[Take, ...]
    givers: tuple[int, ...]


class Restored(NamedTuple):
    """Points given back: `fresh` came anew, since their lots had ended; `others` went to other members."""

    fresh: int
    others: int


class Shared:
    """What the others of a household could give at an instant, as read without a lock."""

    def __init__(self, lots: Mapping[int, Sequence[Lot]], at: datetime) -> None:
        self._lots = lots
        self._at = at
        usable = {
            member_id: sum(lot.free for lot in own if lot.is_usable(at)) for member_id, own in lots.items()
        }
        self.points = sum(usable.values())
        self.people = sum(1 for points in usable.values() if points)

    def givers(self, points: int) -> tuple[int, ...]:
        """Whose so many points would be."""
        return tuple(sorted({draw.member_id for draw in plan_pooling(self._lots, points, self._at)}))


def shared(member_id: int, at: datetime) -> Shared:
    """What those a member lives with share with them. Who owes points gives none."""
    lots: dict[int, list[Lot]] = {}
    if others := members.sharing(member_id):
        with hot_cursor() as cursor:
            for row in cursor.execute(SHARED, {"members": others, "at": at}).fetchall():
                lots.setdefault(row[0], []).append(Lot(*row[1:]))
    return Shared(lots, at)


class Pool:
    """A buyer's account and those of the people who share with them, all locked. Build it by `lock`."""

    def __init__(self, buyer: LockedAccount, givers: Iterable[LockedAccount], at: datetime) -> None:
        self.buyer = buyer
        self._givers = {giver.member_id: giver for giver in givers}
        self._at = at

    @property
    def points(self) -> int:
        """Points of the others that the buyer can spend. Who owes points spends nobody else's."""
        return 0 if self.buyer.debt else sum(giver.available(self._at) for giver in self._givers.values())

    @property
    def people(self) -> int:
        """How many people these are of."""
        if self.buyer.debt:
            return 0
        return sum(1 for giver in self._givers.values() if giver.available(self._at))

    def draw(self, points: int, cause: Cause) -> Drawn:
        """Bring points of the others into lots of the buyer, which the caller empties in the same transaction.

        The caller closes the account of the buyer.

        Raises:
            InsufficientPoints
        """
        lots = {giver.member_id: tuple(giver.lots.values()) for giver in self._givers.values()}
        takes: list[Take] = []
        from_whom: Counter[int] = Counter()
        for each in plan_pooling({} if self.buyer.debt else lots, points, self._at):
            lot = each.lot
            self._givers[each.member_id].take([Take(lot.id, each.points)], "transfer", cause)
            born = self.buyer.accrue(
                each.points, lot.expires_at, "transfer", "pool", cause, lot.accrued_at, carried_from=lot.id
            )
            takes.append(Take(born, each.points))
            from_whom[each.member_id] += each.points
        for member_id in sorted(from_whom):
            giver = self._givers[member_id]
            giver.close()
            _tell(events.POOLED, giver, self.buyer, from_whom[member_id], cause)
        return Drawn(tuple(takes), tuple(sorted(from_whom)))


def lock(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    sharers: Collection[int],
    at: datetime,
    terms: Terms,
    *,
    now: datetime | None = None,
) -> Pool:
    """Lock a member's account and those of the others, in the order of their numbers.

    Args:
        sharers: who shared before anything was locked; who has left or taken their word back since gives nothing, and
            who wants to do so now waits for the running transaction.
    """
    found = {each: ledger.lock(cursor, each, at, terms, now=now) for each in sorted({member_id, *sharers})}
    buyer = found.pop(member_id)
    still = members.sharing(member_id, among=sorted(found), hold=True)
    givers = [found[each] for each in still if found[each].status == "active" and not found[each].debt]
    return Pool(buyer, givers, at)


def lock_givers(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    givers: Collection[int],
    at: datetime,
    terms: Terms | None = None,
    *,
    now: datetime | None = None,
) -> tuple[LockedAccount, dict[int, LockedAccount]]:
    """Lock a buyer's account and those of the people who gave to them, in the order of their numbers.

    Returns:
        The buyer's, and the others by the number of who gave; of one merged since it is the account of the kept member.
    """
    while True:
        now_of = {giver: members.kept_id(giver) for giver in givers}
        ids = sorted({member_id, *now_of.values()})
        found = {each: ledger.lock(cursor, each, at, terms, now=now) for each in ids}
        if all(found[kept].status != "merged" for kept in now_of.values()):
            return found[member_id], {giver: found[kept] for giver, kept in now_of.items()}


def givers_of_spending(cursor: psycopg.Cursor[Any], spending_id: int) -> list[int]:
    """Whose points a spending outside an order took beside those of its member."""
    return [row[0] for row in cursor.execute(GIVERS, (spending_id,)).fetchall()]


def restore(
    cursor: psycopg.Cursor[Any],
    account: LockedAccount,
    givers: Mapping[int, LockedAccount],
    spent: Sequence[tuple[Take, Lot, int]],
    points: int,
    cause: Cause,
) -> Restored:
    """As `LockedAccount.restore`, with what others gave going back to them: to their lots with their old expiry, or
    with the grace of the programme. It repays nothing that the buyer owes.

    Args:
        givers: as `lock_givers` locked them; the caller closes the account of the buyer.
    """
    if not givers:
        return Restored(account.restore(list(spent), points, cause), 0)
    rows = cursor.execute(HOMES, ([take.lot_id for take, _, _ in spent],)).fetchall()
    homes = {row[0]: (Lot(*row[1:8]), row[8]) for row in rows}
    own: list[tuple[Take, Lot, int]] = []
    left, fresh, others = points, 0, 0
    home_again: Counter[int] = Counter()
    for take, lot, owner in reversed(spent):
        back = min(left, take.points)
        if not back:
            break
        left -= back
        home, giver_id = homes.get(lot.id, (lot, owner))
        giver = givers[giver_id] if lot.id in homes else account
        piece = (Take(home.id, back), home, giver_id)
        if giver.member_id == account.member_id:
            # Their own; or the two who lived together are one member now.
            own.append(piece)
            continue
        account.hand_on(back, home, cause)
        others += back
        home_again[giver.member_id] += back
        fresh += giver.restore([piece], back, cause, "transfer")
    if own:
        fresh += account.restore(own[::-1], sum(take.points for take, _, _ in own), cause)
    for giver in {each.member_id: each for each in givers.values()}.values():
        if giver is not account:
            giver.close()
            if back := home_again[giver.member_id]:
                _tell(events.POOLED_BACK, giver, account, back, cause)
    return Restored(fresh, others)


def _tell(topic: str, giver: LockedAccount, spender: LockedAccount, points: int, cause: Cause) -> None:
    """Let a member know what became of their points."""
    payload = {
        "member_id": giver.member_id,
        "spender_id": spender.member_id,
        "points": points,
        "order_id": cause.order_id,
        "spending_id": cause.spending_id,
        "points_available": giver.available(cause.at),
    }
    outbox.add(topic, payload, at=cause.recorded_at, member_id=giver.member_id)
