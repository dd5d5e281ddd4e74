"""Where members stand on the ladder: reading it, judging a return, and writing a move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import (
    CLIMBING,
    Activity,
    Assigned,
    Bought,
    Climb,
    Facts,
    Fall,
    Held,
    History,
    How,
    Ladder,
    Move,
    Path,
    Standing,
    Starts,
    Window,
)
from laoke.foundation import sql
from laoke.kernel.calendar import start_of_day
from laoke.points.activities import selectors as activities
from laoke.points.activities.watching import Act
from laoke.purchases import selectors as purchases

PATHS = sql.load("laoke.tiers", "paths")
INSTANT = timedelta(microseconds=1)
# After everything that was ever done; a day early enough that no zone shifts it out of the calendar.
END = datetime(9999, 12, 30, tzinfo=UTC)
# What `Bought` takes, of purchases_order.
_BOUGHT = (
    "placed_at, paid_minor - refunded_minor, total_minor > returned_minor, points_earned - points_clawed_back"
)
# What `State.read` takes, of tiers_standing as s.
COLUMNS = (
    "s.tier, s.since, s.period_date, s.valid_until, s.extended_from, s.floor_tier, s.how, s.floor_until, s.back, "
    "s.due_date, (select joining.registered_date from members_member joining where joining.id = s.member_id)"
)


class State(NamedTuple):
    """A member's standing as the engine takes it, with what the database keeps beside it.

    `since` is the instant of the last change of tier, `extended_from` the last day of the period before it was
    extended, `due` a day before which the clock brings nothing; None: it brings nothing.
    """

    standing: Standing
    since: datetime
    extended_from: date | None
    due: date | None

    @classmethod
    def read(cls, row: Sequence[Any]) -> State:
        """From the values of `COLUMNS`."""
        tier, since, period, valid_until, extended_from, floor, how, floor_until, back, due, joined = row
        day = since.astimezone(settings.LAOKE.zone).date()
        assigned = None
        if floor:
            kept = orjson.loads(back) if isinstance(back, str) else back  # as Django's connections give it
            assigned = Assigned(floor, How(how), floor_until, held_of(kept) if kept else None)
        standing = Standing(tier, day, "", joined, period, valid_until, extended_from is not None, assigned)
        return cls(standing, since, extended_from, due)

    def after(self, standing: Standing, *, moved_at: datetime | None = None, due: date | None) -> State:
        """With another standing, reached at an instant where the tier changed."""
        extended_from, same = None, standing.tier == self.standing.tier
        if standing.extended:
            extended_from = self.extended_from or self.standing.valid_until if same else standing.valid_until
        return State(standing, moved_at or self.since, extended_from, due)


def held_of(kept: dict[str, Any]) -> Held:
    """A tier kept aside, as `as_json` wrote it."""
    period, until = (date.fromisoformat(day) if (day := kept[name]) else None for name in ("period", "until"))
    return Held(kept["tier"], period, until, kept["extended"])


def as_json(held: Held) -> dict[str, Any]:
    """A tier kept aside in plain values."""
    period, until = (day.isoformat() if day else None for day in (held.period, held.valid_until))
    return {"tier": held.tier, "period": period, "until": until, "extended": held.extended}


def as_kept(state: State) -> dict[str, Any]:
    """A standing in plain values, to be restored with `of_kept`."""
    here, gone = state.standing, state.standing.assigned
    return {
        **as_json(Held(here.tier, here.period, here.valid_until, here.extended)),
        "extended_from": state.extended_from.isoformat() if state.extended_from else None,
        "floor": gone and gone.tier,
        "how": gone and gone.how.value,
        "floor_until": gone.until.isoformat() if gone and gone.until else None,
        "back": as_json(gone.back) if gone and gone.back else None,
    }


def of_kept(kept: dict[str, Any], since: datetime, joined: date) -> State:
    """The standing that `as_kept` gave, of a member that joined then."""
    held = held_of(kept)
    extended_from, floor_until = (
        date.fromisoformat(day) if (day := kept[name]) else None for name in ("extended_from", "floor_until")
    )
    return State.read(
        (
            held.tier,
            since,
            held.period,
            held.valid_until,
            extended_from,
            kept["floor"],
            kept["how"],
            floor_until,
            kept["back"],
            None,
            joined,
        )
    )


def load(cursor: psycopg.Cursor[Any], member_ids: Iterable[int]) -> dict[int, State]:
    """Where members stand."""
    cursor.execute(
        f"select s.member_id, {COLUMNS} from tiers_standing s where s.member_id = any(%s)",  # noqa: S608 -- ours
        (list(member_ids),),
    )
    return {row[0]: State.read(row[1:]) for row in cursor}


def due(ladder: Ladder, standing: Standing, last_purchase: date | None) -> date | None:
    """The day on which the clock brings something; None where it never does."""
    found = tiering.dues(ladder, standing, last_purchase)
    return found[0].day if found else None


def last_purchase(cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, today: date) -> date | None:
    """The day of the last purchase by `today` of which something was kept; not asked where no tier looks at it."""
    if not any(tier.inactive_days for tier in ladder.tiers):
        return None
    row = cursor.execute(
        "select max(placed_at) from purchases_order where member_id = %s and total_minor > returned_minor "
        "and placed_at < %s",
        (member_id, start_of_day(today + timedelta(days=1), settings.LAOKE.zone)),
    ).fetchone()
    return row[0].astimezone(settings.LAOKE.zone).date() if row and row[0] else None


def keep(cursor: psycopg.Cursor[Any], member_id: int, state: State) -> None:
    """Write a standing, all but the tier and since when, which moves write."""
    standing, gone = state.standing, state.standing.assigned
    cursor.execute(
        "update tiers_standing set period_date = %s, valid_until = %s, extended_from = %s, floor_tier = %s, how = %s, "
        "floor_until = %s, back = %s::jsonb, due_date = %s, "
        "dues_version = coalesce((select number from foundation_generation where name = 'programme'), 0) "
        "where member_id = %s",
        (
            standing.period,
            standing.valid_until,
            state.extended_from,
            gone.tier if gone else "",
            gone.how.value if gone else "",
            gone.until if gone else None,
            orjson.dumps(as_json(gone.back)).decode() if gone and gone.back else None,
            state.due,
            member_id,
        ),
    )


def joined(cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int) -> date | None:
    """The day a member joined; None where the ladder does not look at years of the membership."""
    if not ladder.years:
        return None
    row = cursor.execute("select registered_date from members_member where id = %s", (member_id,)).fetchone()
    return row[0] if row else None


def facts(cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int, at: datetime) -> Facts:
    """What a member did in each window that reaching a tier looks at and that ends with `at`."""
    begins = ladder.starts(at, settings.LAOKE.zone, joined(cursor, ladder, member_id))
    return since(cursor, ladder, member_id, begins, at)


def completed(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_id: int,
    known: dict[Window, Activity],
    joined: date,
    at: datetime,
) -> dict[Window, Activity]:
    """As `facts`, where spend and purchases are known in every window that begins on one day for everybody. What else
    the ladder looks at is asked; nothing where it looks at nothing else.
    """
    if not ladder.years and not ladder.counts_acts:
        return known
    begins = ladder.starts(at, settings.LAOKE.zone, joined)
    years = [each for each in begins if each[0].of_member]
    if years:
        known = known | _purchases(cursor, member_id, years, at)
    return _with_more(cursor, ladder, member_id, known, begins, at)


def since(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_id: int,
    begins: Sequence[tuple[Window, datetime]],
    at: datetime,
) -> dict[Window, Activity]:
    """What a member did in windows from their first instants until `at`, as far as a ladder counts it."""
    known = _purchases(cursor, member_id, begins, at)
    return _with_more(cursor, ladder, member_id, known, begins, at)


def _purchases(
    cursor: psycopg.Cursor[Any], member_id: int, begins: Sequence[tuple[Window, datetime]], at: datetime
) -> dict[Window, Activity]:
    found = purchases.activity(cursor, member_id, [start for _, start in begins], at)
    return {window: Activity(*did) for (window, _), did in zip(begins, found, strict=True)}


def _with_more(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_id: int,
    known: dict[Window, Activity],
    begins: Sequence[tuple[Window, datetime]],
    at: datetime,
) -> dict[Window, Activity]:
    """With points earned, and what was done beside buying; asked where the ladder looks at it."""
    if not ladder.counts_acts:
        return known
    starts = [start for _, start in begins]
    earned = [0] * len(starts)
    if ladder.counts_points:
        earned = purchases.points(cursor, member_id, starts, at)
    times: list[dict[str, int]] = [{} for _ in starts]
    wanted = [(member_id, place, start) for place, start in enumerate(starts)]
    for did in activities.done(cursor, wanted, at + INSTANT):
        earned[did.place] += did.points
        if did.kind:
            times[did.place][did.kind] = did.times
    return {
        window: replace(
            known[window],
            points_earned=earned[place] if ladder.counts_points else 0,
            interactions=times[place],
        )
        for place, (window, _) in enumerate(begins)
    }


def acts(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_id: int,
    since: datetime,
    until: datetime,
    without: int | None = None,
    only: frozenset[int] | None = None,
) -> list[Bought]:
    """What a member did beside buying from an instant on, before another; nothing where the ladder does not count it.

    Args:
        without: an event that is left out; `only`: all others are.
    """
    if not ladder.counts_acts:
        return []
    return [
        done(act)
        for _, act in activities.acts(cursor, [member_id], since, until)
        if act.event_id != without and (only is None or act.event_id in only)
    ]


def done(act: Act) -> Bought:
    """Something done beside buying as the engine takes it."""
    return Bought(act.at, 0, False, act.points, act.kind)


def acted_after(cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int, at: datetime) -> bool:
    """Whether the ladder counts something that the member did beside buying after an instant."""
    return bool(acts(cursor, ladder, member_id, at + INSTANT, END))


def best(ladder: Ladder, had: Iterable[str], facts: Facts) -> str:
    """The best of the tiers had before and of what purchases reach; of equals the first."""
    return max((*had, tiering.qualified(ladder, facts).code), key=ladder.rank)


def bought(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_id: int,
    since: datetime,
    until: datetime,
    without: int | None = None,
) -> list[Bought]:
    """What is left of a member's purchases from `since` on, before `until`, in order of time; with what else was done
    that the ladder counts, but for an event that is left out.
    """
    cursor.execute(
        f"select {_BOUGHT} from purchases_order "  # noqa: S608 -- ours
        "where member_id = %s and placed_at >= %s and placed_at < %s order by placed_at, id",
        (member_id, since, until),
    )
    found = [Bought(*row) for row in cursor]
    others = acts(cursor, ladder, member_id, since, until, without)
    return sorted([*found, *others], key=lambda each: each.at) if others else found


class Order(NamedTuple):
    """A purchase with its number; of what was done beside buying the number is 0."""

    order_id: int
    bought: Bought


def orders_after(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    ladder: Ladder,
    at: datetime,
    joined: date,
    without: int | None = None,
) -> list[Order]:
    """A member's purchases from the longest window before `at` on, in order of time; with what else was done that the
    ladder counts.

    Args:
        without: an event that is left out.
    """
    begins = ladder.starts(at, settings.LAOKE.zone, joined)
    first = min([at, *(start for _, start in begins)])
    cursor.execute(
        f"select id, {_BOUGHT} from purchases_order "  # noqa: S608 -- ours
        "where member_id = %s and placed_at >= %s order by placed_at, id",
        (member_id, first),
    )
    found = [Order(row[0], Bought(*row[1:])) for row in cursor]
    others = [Order(0, act) for act in acts(cursor, ladder, member_id, first, END, without)]
    return in_order([*found, *others]) if others else found


def in_order(orders: Iterable[Order]) -> list[Order]:
    """In order of time; at one instant what was done beside buying comes first."""
    return sorted(orders, key=lambda order: (order.bought.at, order.order_id))


def lifted(
    ladder: Ladder, tier: str, orders: Sequence[Order], late: Bought, joined: date
) -> Iterator[tuple[Move, datetime, int | None]]:
    """The upgrades of those purchases made after one that came late, judged again with it, each as of its instant.

    Args:
        tier: the member's with the late one judged; `orders` the others, in order of time. So it is with what was done
            beside buying: such an upgrade has no order.
    """
    if all(order.bought.at <= late.at for order in orders):
        return
    history = History(bought.deed for bought in (*(order.bought for order in orders), late))
    for order_id, bought in orders:
        if bought.at <= late.at:
            continue
        begins = ladder.starts(bought.at, settings.LAOKE.zone, joined)
        move = tiering.upgrade(ladder, tier, history.facts(begins, bought.at))
        if move is not None:
            tier = move.to_tier
            yield move, bought.at, order_id or None


def own_activity(
    member_id: int, ladder: Ladder, here: Standing, purchase: tuple[int, int, int], at: datetime
) -> dict[Window, Activity]:
    """What a member did in windows of its own, with a purchase of now; asked where that can make its period longer.

    Args:
        purchase: minor units paid, 1 where it counts as one, and the points it earns.
    """
    validity = ladder.tier(here.tier).validity
    if validity is None or validity.extension is None or here.extended:
        return {}
    own = [window for window in ladder.all_windows if window.of_tier]
    begins = [(window, window.start(at, settings.LAOKE.zone, here.anchors)) for window in own]
    with sql.hot_cursor() as cursor:
        found = since(cursor, ladder, member_id, begins, at)
    return {
        window: found[window].plus(*purchase) if begin <= at else found[window] for window, begin in begins
    }


def history(
    cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int, since: datetime, at: datetime
) -> History:
    """What is left of a member's purchases from `since` until `at`, one by one, with what else the ladder counts."""
    return History(each.deed for each in bought(cursor, ladder, member_id, since, at + INSTANT))


def move_member(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    move: Move,
    *,
    ladder: Ladder,
    at: datetime,
    recorded_at: datetime,
    order_id: int | None = None,
    told: bool = True,
    until: date | None = None,
) -> None:
    """Write a change of tier with its cause and reasons, the period that begins with it, and the event that tells.

    Args:
        told: False where another move of the same instant leads back: nobody is told of the first.
        until: the last day of a tier that is assigned.
    """
    day = at.astimezone(settings.LAOKE.zone).date()
    here = tiering.stand_on(ladder, Standing(move.from_tier, day, "", day), move.to_tier, day, move.cause)
    ends = None
    if move.to_tier in ladder.timed:
        bought = last_purchase(cursor, member_id, ladder, day)
        ends = due(ladder, here, bought)
    cursor.execute(
        "update tiers_standing set tier = %s, since = %s, period_date = %s, valid_until = %s, extended_from = null, "
        "due_date = least(%s, floor_until + 1), "
        "dues_version = coalesce((select number from foundation_generation where name = 'programme'), 0) "
        "where member_id = %s",
        (move.to_tier, at, here.period, here.valid_until, ends, member_id),
    )
    reasons = orjson.dumps([found.as_json() for found in move.findings]).decode()
    cursor.execute(
        "insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, order_id, recorded_at) "
        "values (%s, %s, %s, %s, %s, %s::jsonb, %s, %s)",
        (member_id, move.from_tier, move.to_tier, at, move.cause, reasons, order_id, recorded_at),
    )
    if told:
        payload = telling(ladder, member_id, move, here.valid_until, order_id, until)
        cursor.execute(
            "insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at) "
            "values ('tier.changed', %s::jsonb, %s, %s, %s)",
            (orjson.dumps(payload).decode(), member_id, recorded_at, recorded_at),
        )


def telling(
    ladder: Ladder,
    member_id: int,
    move: Move,
    valid_until: date | None,
    order_id: int | None,
    until: date | None = None,
) -> dict[str, Any]:
    """What the event of a move says."""
    return {
        "member_id": member_id,
        "from_tier": move.from_tier,
        "to_tier": move.to_tier,
        "cause": move.cause,
        "up": ladder.rank(move.to_tier) > ladder.rank(move.from_tier),
        "valid_until": valid_until.isoformat() if valid_until else None,
        "until": until.isoformat() if until else None,
        "order_id": order_id,
    }


def paths(cursor: psycopg.Cursor[Any], member_ids: Iterable[int]) -> dict[int, Path]:
    """How members came to their tiers; one who never moved is not in the answer."""
    cursor.execute(PATHS, {"climbing": list(CLIMBING), "member_ids": list(member_ids)})
    found: dict[int, Path] = {}
    for member_id, from_tier, cause, at in cursor:
        path = found.setdefault(member_id, Path(None, []))
        if cause in CLIMBING:
            path = Path(None, [*path.climb, Climb(from_tier, cause, at)])
        elif from_tier:  # nobody stands anywhere before the enrolment
            path = Path(at, path.climb)
        found[member_id] = path
    return found


def reach(path: Path, starting: Starts) -> datetime:
    """The earliest purchase that judging a return looks at."""
    if path.ground_at is None:
        return datetime.min.replace(tzinfo=UTC)
    first = min([path.ground_at, *(move.at for move in path.climb)])
    return min([first, *(start for _, start in starting(first))])


def after_return(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    ladder: Ladder,
    order_id: int,
    *,
    refunded_minor: int,
    returned_minor: int,
    clawed_back: int,
    zone: tzinfo,
    at: datetime,
) -> Move | None:
    """Find out whether a tier must be withdrawn that only goods now returned had reached, or that what is left does
    not reach, where the ladder takes tiers at once.

    Args:
        order_id: the order that goods came back of; the return has been added up on it already.
        refunded_minor: of this return, money; `returned_minor` the value of its goods, `clawed_back` the points
            they had earned.
        at: when they came back.
    """
    row = cursor.execute(
        "select tier, floor_tier from tiers_standing where member_id = %s", (member_id,)
    ).fetchone()
    if row is None:
        return None
    tier, floor, fallen = str(row[0]), row[1] or None, None
    if ladder.fall is Fall.AT_ONCE:
        done = facts(cursor, ladder, member_id, at)
        fallen = tiering.fall(ladder, tier, done, "return_downgraded", floor)
    path = paths(cursor, [member_id]).get(member_id)
    if path is None or not path.climb:
        return fallen

    day = joined(cursor, ladder, member_id)

    def starting(at: datetime) -> list[tuple[Window, datetime]]:
        return ladder.starts(at, zone, day)

    first = reach(path, starting)
    others, returned = acts(cursor, ladder, member_id, first, END), None
    for number, at, spend, left, points in cursor.execute(
        "select id, placed_at, paid_minor - refunded_minor, total_minor - returned_minor, "
        "points_earned - points_clawed_back from purchases_order where member_id = %s and placed_at >= %s",
        (member_id, first),
    ):
        if number == order_id:
            before = Bought(at, spend + refunded_minor, left + returned_minor > 0, points + clawed_back)
            returned = before, Bought(at, spend, left > 0, points)
        else:
            others.append(Bought(at, spend, left > 0, points))
    if returned is None:  # older than anything the tier rests on
        return fallen
    back = tiering.withdraw(ladder, tier, path, others, returned, starting, floor)
    return min(
        (move for move in (fallen, back) if move), key=lambda move: ladder.rank(move.to_tier), default=None
    )
