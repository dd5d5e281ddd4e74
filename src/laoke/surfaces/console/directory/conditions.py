"""A filter as conditions of SQL.

Tables are called `m` (members_member), `st` (tiers_standing), `pa` (points_account) and `f`
(segments_memberfeatures) in them. What is counted overnight is as of the newest run; purchases since then are looked
up beside it, so a member who bought this morning is not among those who have not bought for a month.
"""

# ruff: noqa: S608 (SQL is put together from pieces of our own; values go as parameters)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from laoke.foundation.sql import load
from laoke.kernel.money import minor_digits
from laoke.members.selectors.search import understand
from laoke.segments.cubes import Cell
from laoke.surfaces.console.directory.filters import (
    NEVER,
    NO_LANGUAGE,
    THIS_MONTH,
    THIS_WEEK,
    Dates,
    Days,
    Filter,
    Span,
)
from laoke.surfaces.console.directory.vocabulary import Vocabulary

_JOINS = {
    "st": "left join tiers_standing st on st.member_id = m.id",
    "pa": "left join points_account pa on pa.member_id = m.id",
    "f": "left join segments_memberfeatures f on f.member_id = m.id",
}
# A purchase something of which was kept, as the nightly computation counts them.
KEPT = "o.total_minor > o.returned_minor"
# Members at home in one of some stores, or who bought there. The planner takes an `exists` beside an `or` for a set to
# be gathered first, whatever it costs; a value it has to look up.
_SEEN = (
    "m.id in (select h.id from members_member h where h.home_store_id = any(%(limits)s::bigint[]) "
    "union select o.member_id from purchases_order o "
    "where o.store_id = any(%(limits)s::bigint[]) and o.member_id is not null)"
)
_SEEN_ONE_BY_ONE = (
    "(m.home_store_id = any(%(limits)s::bigint[]) or coalesce((select true from purchases_order o "
    "where o.store_id = any(%(limits)s::bigint[]) and o.member_id = m.id limit 1), false))"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """When and where a filter is asked.

    `since` is the first instant the newest features do not know of, None when there are none. `stores` limits to
    members who are at home in one of them or bought there; None: no limit. `cells` are the night's counts of all
    members by scores and classes, where they are known.
    """

    at: datetime
    zone: ZoneInfo
    currency: str
    since: datetime | None
    stores: tuple[int, ...] | None
    cells: tuple[Cell, ...] = ()

    @property
    def today(self) -> date:
        """The day in the shop's calendar."""
        return self.at.astimezone(self.zone).date()


@dataclass(slots=True)
class Where:
    """Conditions with their values and the tables they look at. `joined` are those on when a member registered."""

    parts: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    matches: bool = False
    limited: bool = False

    def add(self, part: str, *tables: str, **values: Any) -> None:
        """One more condition."""
        self.parts.append(part)
        self.tables.update(tables)
        self.values.update(values)

    def registered(self, part: str, **values: Any) -> None:
        """One more condition on the instant of registration, with which an index can begin or end."""
        self.joined.append(f"registered_at {part}")
        self.values.update(values)

    def head(self) -> str:
        """What goes in front of the select."""
        return f"with {load('laoke.surfaces.console', 'directory_matches')}\n" if self.matches else ""

    def tables_from(self, first: str = "members_member m", *more: str, but: Sequence[str] = ()) -> str:
        """The from clause, with the tables the conditions need, `but` those that `first` holds already."""
        wanted = (self.tables | set(more)).difference(but)
        return " ".join(["from", first, *(join for name, join in _JOINS.items() if name in wanted)])

    def text(self, *more: str, walking: bool = False) -> str:
        """The where clause.

        Args:
            walking: members are looked at one by one until a page is full, so whether an account may see one is
                looked up for each; otherwise all whom it may see are gathered first.
        """
        limits = [_SEEN_ONE_BY_ONE if walking else _SEEN] if self.limited else []
        return "where " + "\n    and ".join(
            [*self.parts, *(f"m.{part}" for part in self.joined), *limits, *more]
        )


def where(wanted: Filter, words: Vocabulary, scene: Scene, *, only: Sequence[int] | None = None) -> Where:
    """The conditions of a filter.

    Args:
        wanted: held against `words` before.
        only: of these members.
    """
    found = Where()
    statuses = list(wanted.status or ("active", "blocked"))
    found.add("m.status = any(%(status)s::text[])", status=statuses)
    if only is not None:
        found.add("m.id = any(%(only)s::bigint[])", only=list(only))
    if scene.stores is not None:
        found.limited = True
        found.values["limits"] = list(scene.stores)
    if wanted.q:
        _matching(found, wanted.q)
    if wanted.tier:
        _tier(found, wanted.tier, words)
    _scores(found, wanted)
    _joined_with_scores(found, wanted, scene)
    if wanted.last:
        _last(found, wanted.last, scene)
    unit = 10 ** minor_digits(scene.currency)
    if wanted.spend:
        _between(found, "f.annual_minor", "f", "spend", wanted.spend, unit)
    if wanted.points:
        _between(found, "pa.balance", "pa", "points", wanted.points, 1)
    if wanted.store:
        found.add(
            "m.home_store_id = any(%(homes)s::bigint[])",
            homes=[words.stores[code].id for code in wanted.store],
        )
    if wanted.region:
        ids = [one for code in wanted.region for one in words.regions[code].store_ids]
        found.add("m.home_store_id = any(%(region_homes)s::bigint[])", region_homes=ids)
    if wanted.tag:
        found.add(
            "m.id in (select t.member_id from members_membertag t where t.tag = any(%(tags)s::text[]))",
            tags=list(wanted.tag),
        )
    if wanted.notag:
        found.add(
            "not exists (select from members_membertag t where t.member_id = m.id "
            "and t.tag = any(%(notags)s::text[]))",
            notags=list(wanted.notag),
        )
    if wanted.birthday:
        _birthday(found, wanted.birthday, scene.today)
    if wanted.joined:
        _joined(found, wanted.joined, scene)
    if wanted.consent:
        # Of the answers of a channel the newest holds; who was never asked has not agreed.
        found.add(
            "exists (select from unnest(%(consents)s::text[]) as asked (channel) where ("
            "select c.granted from members_consentevent c where c.member_id = m.id "
            "and c.channel = asked.channel and c.purpose = 'marketing' "
            "order by c.at desc, c.id desc limit 1))",
            consents=list(wanted.consent),
        )
    if wanted.lang:
        tags = ["" if code == NO_LANGUAGE else code for code in wanted.lang]
        found.add("m.language = any(%(langs)s::text[])", langs=tags)
    return found


def _matching(found: Where, text: str) -> None:
    query = understand(text)
    found.matches = True
    found.add(
        "m.id in (select id from matches)",
        indexes=query.indexes,
        tail=query.tail,
        tokens=query.tokens,
        member_id=query.member_id,
    )


def _tier(found: Where, codes: tuple[str, ...], words: Vocabulary) -> None:
    if words.tiers[0].code in codes:
        # On the lowest rung stand also those without a standing and those on a rung the ladder no longer has.
        others = [tier.code for tier in words.tiers if tier.code not in codes]
        found.add("(st.tier is null or st.tier <> all(%(not_tiers)s::text[]))", "st", not_tiers=others)
    else:
        found.add("st.tier = any(%(tiers)s::text[])", "st", tiers=list(codes))


def _scores(found: Where, wanted: Filter) -> None:
    for name, column, kind in (
        ("rfm", "class_rfm", "text"),
        ("value", "class_value", "text"),
        ("r", "r_score", "int"),
        ("f", "f_score", "int"),
        ("m", "m_score", "int"),
    ):
        values = getattr(wanted, name)
        if values:
            found.add(f"f.{column} = any(%({name})s::{kind}[])", "f", **{name: list(values)})


def _joined_with_scores(found: Where, wanted: Filter, scene: Scene) -> None:
    """Between which days all members with these scores and classes registered: a walk need not look elsewhere.

    Scores change overnight only, and are counted then, so this leaves nobody out.
    """
    asked = [
        (place, values)
        for place, values in enumerate((wanted.r, wanted.f, wanted.m, wanted.rfm, wanted.value))
        if values
    ]
    meant = [cell for cell in scene.cells if all(cell[place] in values for place, values in asked)]
    first = min((cell.first_joined or "" for cell in meant), default="")
    last = max((cell.last_joined or "" for cell in meant), default="")
    if asked and first and last:
        following = date.fromisoformat(last) + timedelta(days=1)
        found.registered(">= %(scores_from)s", scores_from=_start(date.fromisoformat(first), scene.zone))
        found.registered("< %(scores_before)s", scores_before=_start(following, scene.zone))


def _last(found: Where, wanted: Span | str, scene: Scene) -> None:
    if wanted == NEVER:
        found.add(
            "f.last_purchase_date is null and not exists (select from purchases_order o "
            f"where o.member_id = m.id and {KEPT})",
            "f",
        )
        return
    assert isinstance(wanted, Span)
    newest = scene.today - timedelta(days=wanted.low or 0)
    oldest = None if wanted.high is None else scene.today - timedelta(days=wanted.high)
    values = {"since": scene.since, "newest": newest, "oldest": oldest or date.min}
    by_night = "f.last_purchase_date between %(oldest)s::date and %(newest)s::date"
    later = "o.placed_at >= coalesce(%(since)s::timestamptz, '-infinity')"
    known = scene.since is not None and newest < scene.since.astimezone(scene.zone).date()
    if known:
        # Anything bought since the night puts a member outside of the days asked for.
        found.add(
            f"{by_night} and not exists (select from purchases_order o where o.member_id = m.id "
            f"and {later} and {KEPT})",
            "f",
            **values,
        )
        return
    found.add(
        f"({by_night} or m.id in (select o.member_id from purchases_order o where {later} "
        f"and o.member_id is not null and {KEPT})) and coalesce((select max(o.biz_date) "
        f"from purchases_order o where o.member_id = m.id and {later} and {KEPT}), f.last_purchase_date) "
        "between %(oldest)s::date and %(newest)s::date",
        "f",
        **values,
    )


def _between(found: Where, column: str, table: str, name: str, span: Span, unit: int) -> None:
    # Who has no row yet has spent nothing and holds no points.
    value = column if span.low else f"coalesce({column}, 0)"
    if span.low is not None:
        found.add(f"{value} >= %({name}_low)s::bigint", table, **{f"{name}_low": span.low * unit})
    if span.high is not None:
        found.add(f"{value} <= %({name}_high)s::bigint", table, **{f"{name}_high": span.high * unit})


def _birthday(found: Where, word: str, today: date) -> None:
    if word == THIS_WEEK:
        found.add("m.birthday_mmdd = any(%(birthdays)s::int[])", birthdays=week_from(today))
        return
    month = today.month if word == THIS_MONTH else int(word)
    found.add(
        "m.birthday_mmdd between %(month)s::int and %(month)s::int + 31",
        month=month * 100,
    )


def week_from(today: date) -> list[int]:
    """The birthdays kept in the seven days from today on, as month * 100 + day. One on 29 February is kept on
    1 March in other years."""
    days = [today + timedelta(days=ahead) for ahead in range(7)]
    kept = [day.month * 100 + day.day for day in days]
    leap = today.year % 4 == 0 and (today.year % 100 != 0 or today.year % 400 == 0)
    return [*kept, 229] if 301 in kept and not leap else kept


def _joined(found: Where, wanted: Days | Dates, scene: Scene) -> None:
    if isinstance(wanted, Days):
        first: date | None = scene.today - timedelta(days=wanted.count - 1)
        last = None
    else:
        first, last = wanted.first, wanted.last
    if first is not None:
        found.registered(">= %(joined_from)s", joined_from=_start(first, scene.zone))
    if last is not None and last < date.max:
        found.registered(
            "< %(joined_before)s",
            joined_before=_start(last + timedelta(days=1), scene.zone),
        )


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
