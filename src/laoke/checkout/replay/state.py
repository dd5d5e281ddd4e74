"""What the replay remembers of a member between orders: the same facts the live path reads from the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any

import psycopg

from laoke.engine.ledger.lots import Lot
from laoke.engine.policy import PointsPolicy
from laoke.engine.tiering import Activity, Anchors, Bought, Climb, Ladder, Window
from laoke.kernel.calendar import months_before
from laoke.tiers import standing
from laoke.tiers.standing import State


@dataclass(slots=True)
class LotState:
    """A lot in memory."""

    id: int
    accrued_at: datetime
    expires_at: datetime
    remaining: int
    order_id: int | None
    available_at: datetime | None = None
    held: int = 0
    lapsed: int | None = None  # None: not asked yet

    def facts(self) -> Lot:
        """As the engine takes it."""
        return Lot(
            self.id,
            self.accrued_at,
            self.expires_at,
            self.remaining,
            self.order_id,
            self.available_at,
            self.held,
            self.lapsed or 0,
        )


@dataclass(slots=True)
class Purchase:
    """An order as far as tiers count it; a return lowers it."""

    order_id: int
    at: datetime
    spend_minor: int
    left_minor: int
    points: int  # earned, less what returns took back

    @property
    def bought(self) -> Bought:
        """As the engine takes it."""
        return Bought(self.at, self.spend_minor, self.left_minor > 0, self.points)


@dataclass(slots=True)
class MemberState:
    """Everything the rules ask about one member, kept up to date event by event."""

    member_id: int
    version: int
    debt: int
    stand: State
    # Purchases are held from this instant on.
    horizon: datetime
    lots: dict[int, LotState] = field(default_factory=dict)
    # Of these, lots of members merged into this one, in which points had expired before: whose they are.
    others: dict[int, int] = field(default_factory=dict)
    purchases: list[Purchase] = field(default_factory=list)
    # What was done beside buying, where the ladder counts it: read anew with each batch.
    acts: list[Bought] = field(default_factory=list)
    # The last time that points were not there which had to be taken back.
    owed_since: datetime | None = None
    # Moves on the ladder that purchases and returns caused since firm ground, the newest first.
    ground_at: datetime | None = None
    climb: list[Climb] = field(default_factory=list)
    balance_delta: int = 0
    debt_delta: int = 0
    earned_delta: int = 0
    redeemed_delta: int = 0
    expired_delta: int = 0
    touched_lots: set[int] = field(default_factory=set)
    moved: bool = False

    @property
    def tier(self) -> str:
        """The tier."""
        return self.stand.standing.tier

    @property
    def since(self) -> datetime:
        """When the tier came."""
        return self.stand.since

    def activity(self, calendar: WindowCalendar, at: datetime) -> dict[Window, Activity]:
        """What the member did in each window that ends with `at`."""
        facts = {}
        for window, start in calendar.starts(at, self.stand.standing.joined):
            spend = count = points = 0
            times: dict[str, int] = {}
            for purchase in self.purchases:
                if start <= purchase.at <= at:
                    spend += purchase.spend_minor
                    count += purchase.left_minor > 0
                    points += purchase.points
            for act in self.acts:
                if start <= act.at <= at:
                    points += act.points
                    if act.interaction:
                        times[act.interaction] = times.get(act.interaction, 0) + 1
            facts[window] = Activity(spend, count, points, interactions=times)
        return facts

    def forget_before(self, oldest: datetime) -> None:
        """Drop purchases that no window can reach any more, a good number at a time."""
        if len(self.purchases) > 64 and self.purchases[32].at < oldest:
            self.purchases = [purchase for purchase in self.purchases if purchase.at >= oldest]
            self.horizon = max(self.horizon, oldest)

    def written(self) -> None:
        """The state is in the database now: nothing is left to write."""
        self.version += 1
        self.balance_delta = self.debt_delta = 0
        self.earned_delta = self.redeemed_delta = self.expired_delta = 0
        self.touched_lots.clear()
        self.moved = False
        for lot_id in [lot_id for lot_id, lot in self.lots.items() if not lot.remaining]:
            del self.lots[lot_id]
            self.others.pop(lot_id, None)


class WindowCalendar:
    """Window starts and lot expiries by calendar day: computed once a day, not once an order."""

    def __init__(self, ladder: Ladder, policy: PointsPolicy, zone: tzinfo) -> None:
        self._ladder = ladder
        self._policy = policy
        self._zone = zone
        self._by_day = lru_cache(maxsize=4096)(self._day)
        self._in_years = lru_cache(maxsize=65_536)(self._years)

    def day(self, at: datetime) -> date:
        """The business day of an instant."""
        return at.astimezone(self._zone).date()

    def starts(self, at: datetime, joined: date) -> Sequence[tuple[Window, datetime]]:
        """Each window with its first instant, for a member that joined on a day."""
        common = self._lookup(at)[0]
        return [*common, *self._in_years(self.day(at), joined)] if self._ladder.years else common

    def reach(self, at: datetime) -> datetime:
        """The earliest instant that a window ending at `at` reaches, whoever the member is."""
        first = min([at, *(start for _, start in self._lookup(at)[0])])
        return min(first, months_before(at, 12, self._zone)) if self._ladder.years else first

    def expiry(self, at: datetime) -> datetime:
        """Expiry of points earned at `at`."""
        return self._lookup(at)[1]

    def _lookup(self, at: datetime) -> tuple[Sequence[tuple[Window, datetime]], datetime]:
        return self._by_day(self.day(at))

    def _day(self, day: date) -> tuple[Sequence[tuple[Window, datetime]], datetime]:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._zone)
        starts = [(window, window.start(noon, self._zone)) for window in self._ladder.windows]
        return starts, self._policy.terms.validity.ends(noon, self._zone)

    def _years(self, day: date, joined: date) -> Sequence[tuple[Window, datetime]]:
        member = Anchors(joined, joined, None)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._zone)
        return [(window, window.start(noon, self._zone, member)) for window in self._ladder.years]


class UnknownAccount(LookupError):
    """A history names a member that has no account."""


def load(
    cursor: psycopg.Cursor[Any], member_ids: Iterable[int], ladder: Ladder, oldest: datetime, at: datetime
) -> Mapping[int, MemberState]:
    """Read members' states as of the events about to be played.

    Args:
        oldest: the earliest instant any window of these events can reach.
        at: the first event's instant; lots expired before it are of no more use, unless they were pending and came
            while points were owed.
    """
    ids = list(member_ids)
    found: dict[int, MemberState] = {}
    cursor.execute(
        f"select a.member_id, a.version, a.debt, {standing.COLUMNS} from points_account a "  # noqa: S608 -- ours
        "join tiers_standing s using (member_id) where a.member_id = any(%s)",
        (ids,),
    )
    for row in cursor:
        found[row[0]] = MemberState(row[0], row[1], row[2], State.read(row[3:]), oldest)
    if missing := set(ids) - set(found):
        raise UnknownAccount(f"members {sorted(missing)[:5]} have no account")
    cursor.execute(
        "select member_id, id, accrued_at, expires_at, remaining, order_id, available_at, held from points_lot "
        "where member_id = any(%s) and remaining > 0 and (expires_at > %s or available_at is not null)",
        (ids, at),
    )
    for row in cursor:
        found[row[0]].lots[row[1]] = LotState(*row[1:])
    cursor.execute(
        "select member_id, id, placed_at, paid_minor - refunded_minor, total_minor - returned_minor, "
        "points_earned - points_clawed_back "
        "from purchases_order where member_id = any(%s) and placed_at >= %s order by placed_at, id",
        (ids, oldest),
    )
    for row in cursor:
        found[row[0]].purchases.append(Purchase(*row[1:]))
    owing = [member_id for member_id, state in found.items() if state.debt]
    if owing:
        cursor.execute(
            "select member_id, max(at) from points_posting "
            "where member_id = any(%s) and lot_id is null and points < 0 group by member_id",
            (owing,),
        )
        for member_id, since in cursor:
            found[member_id].owed_since = since
    for member_id, path in standing.paths(cursor, ids).items():
        found[member_id].ground_at, found[member_id].climb = path.ground_at, list(path.climb)
    return found
