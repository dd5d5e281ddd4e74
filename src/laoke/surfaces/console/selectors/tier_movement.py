"""Where members went on the ladder in two quarters and would stand now, and who nearly keeps a high tier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from laoke.checkout import programme
from laoke.engine import tiering
from laoke.engine.tiering import Ladder
from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.money import format_minor
from laoke.surfaces.console import sankey
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.sankey import Sankey
from laoke.surfaces.console.selectors.stores import Place, limit_of, places
from laoke.surfaces.console.templatetags.figures import amount, named
from laoke.tiers import ladder as ladders
from laoke.tiers import movement
from laoke.tiers.lasting import HOW
from laoke.tiers.movement import Fall, Lack, Movement, Went
from laoke.tiers.words import Says

_PACKAGE = "laoke.surfaces.console"
TASK = "tiers.flows"
PAGE = 50
_FILE_BATCH = 2_000
_GIVEN, _LOOKED = 5, 1_000
_STALE_HOURS = 36
LACKS: dict[str, Any] = {
    Lack.PURCHASE.value: _lazy("One purchase short"),
    Lack.SPEND.value: _lazy("Up to %(money)s short"),
    Lack.BOTH.value: _lazy("Both a little short"),
    Lack.MORE.value: _lazy("More than that"),
}
_JOINED, _LEFT = "+", "-"
_JOINED_WORDS = pgettext_lazy("on the ladder", "Joined")
_LEFT_WORDS = pgettext_lazy("on the ladder", "Left")


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """How the page is looked at: money instead of members, the table instead of the picture, one place."""

    by: str = ""
    view: str = ""
    store: str = ""


@dataclass(frozen=True, slots=True)
class Kpi:
    """Members, their share of those who were there, and how many points of a hundred that is more than the step before.

    `bad`: the change is for the worse.
    """

    members: int
    share: float | None
    change: float | None
    bad: bool

    @property
    def points(self) -> str | None:
        """The change as it is written: +0.4."""
        if self.change is None:
            return None
        tenths = round(self.change * 1000)
        sign = "+" if tenths > 0 else "−" if tenths < 0 else ""
        return f"{sign}{abs(tenths) / 10:.1f}"


@dataclass(frozen=True, slots=True)
class TierHead:
    """A tier, or who joined, or who left: with the face of its card."""

    name: Any
    face: str
    is_tier: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the table of flows: of step 1 or 2."""

    step: int
    source: TierHead
    target: TierHead
    members: int
    spend_minor: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Of those who were on a tier, what went one way. `tone`: "up", "down", "kept", "left"; None for nobody."""

    value: int
    share: float | None
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """A tier and where its members went."""

    head: TierHead
    cells: tuple[Cell | None, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Near:
    """Members who lack the same. `share` of the largest."""

    lack: str
    label: str
    members: int
    share: float


@dataclass(frozen=True, slots=True)
class Given:
    """A tier given or taken back by hand."""

    at: datetime
    actor: str
    taken: bool
    member_id: int
    name: str
    tier: Named | None
    how: Says | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What the newest count found. `stale`: more than a night old; `other_rules`: another ladder holds by now."""

    as_of: date
    finished_at: datetime
    stale: bool
    version: int
    other_rules: bool
    first: date
    second: date
    next_review: date | None
    up: Kpi
    kept: Kpi
    down: Kpi
    high: Kpi
    high_names: tuple[Named, ...]
    picture: Sankey
    steps: tuple[Step, ...]
    columns: tuple[TierHead, ...]
    rows: tuple[Row, ...]
    near: int
    near_share: float | None
    lacks: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """The count that runs now. `done` of `total` members."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TierMovementPage:
    """The whole page. `counted` is None before the first count. `close` is how much money counts as little."""

    filter: MovementFilter
    misread: bool
    places: tuple[Place, ...]
    limited: bool
    close_minor: int
    counted: Counted | None
    work: Work | None
    given: tuple[Given, ...]
    may_count: bool
    may_list: bool
    may_audit: bool


@dataclass(frozen=True, slots=True)
class FallFilter:
    """What the list is narrowed to. `lack` empty: all who are near."""

    lack: str = ""
    store: str = ""


@dataclass(frozen=True, slots=True)
class FallLine:
    """A member who would fall, and what is missing to stay."""

    member_id: int
    name: str
    source: TierHead
    target: TierHead
    purchases: int
    spend_minor: int
    store: Named | None


@dataclass(frozen=True, slots=True)
class FallsPage:
    """A page of the list."""

    filter: FallFilter
    as_of: date | None
    misread: bool
    kinds: tuple[tuple[str, str], ...]
    places: tuple[Place, ...]
    rows: tuple[FallLine, ...]
    after: str
    later: bool


class _Faces:
    """The tiers of the ladder in force from the lowest up, behind them those it no longer has."""

    def __init__(self, ladder: Ladder, found: Iterable[Went] = ()) -> None:
        self.codes = [tier.code for tier in ladder.tiers]
        gone = {code for went in found for code in went[:2] if code} - set(self.codes)
        self._rank = {code: rank for rank, code in enumerate(self.codes)} | dict.fromkeys(gone, -1)
        self._heads = {
            tier.code: TierHead(tier_name(tier), face(rank, len(ladder.tiers)))
            for rank, tier in enumerate(ladder.tiers)
        } | {code: TierHead(Named(code, code), "plain") for code in gone}
        self.codes = [*sorted(gone), *self.codes]

    def rank(self, code: str) -> int:
        return self._rank.get(code, -1)

    def head(self, code: str, *, joined: bool = False) -> TierHead:
        """Of a tier; empty: of those who joined, or left."""
        if not code:
            return (
                TierHead(_JOINED_WORDS, "joined", False) if joined else TierHead(_LEFT_WORDS, "left", False)
            )
        return self._heads.get(code) or TierHead(Named(code, code), "plain")


def tier_movement_page(caller: Caller, asked: MovementFilter, at: datetime) -> TierMovementPage:
    """The page, of the members at home in the caller's stores."""
    known, stores, misread = _narrowed(caller, asked.store)
    ladder = programme.current().ladder
    found = movement.newest(stores)
    work = jobs.of(TASK)
    return TierMovementPage(
        filter=asked if not misread else replace(asked, store=""),
        misread=misread,
        places=known,
        limited=stores is not None,
        close_minor=movement.close_minor(),
        counted=_counted(found, ladder, by_money=asked.by == "spend", at=at) if found else None,
        # What is done is of the whole shop.
        work=Work(work.done, work.total if caller.stores is None else 0)
        if work is not None and work.state == "running"
        else None,
        given=_given(stores, ladder) if Scope.MEMBERS_READ in caller.scopes else (),
        may_count=Scope.PROGRAMME_WRITE in caller.scopes,
        may_list=Scope.MEMBERS_READ in caller.scopes,
        may_audit=Scope.AUDIT_READ in caller.scopes,
    )


def falls_page(caller: Caller, asked: FallFilter, after: str | None) -> FallsPage:
    """A page of the members of the highest tiers who would fall.

    Raises:
        MissingScope, BadCursor
    """
    caller.require(Scope.MEMBERS_READ)
    known, stores, misread = _narrowed(caller, asked.store)
    mark = paging.read(after, paging.number)
    found = movement.newest_run()
    rows: list[Fall] = []
    if found is not None:
        rows = movement.falls(found[0], _lacks(asked), stores, after=mark[0] if mark else 0, most=PAGE + 1)
    lines = _lines(rows[:PAGE])
    return FallsPage(
        filter=asked,
        as_of=found[1] if found else None,
        misread=misread,
        kinds=lack_words(),
        places=known,
        rows=lines,
        after=paging.write(lines[-1].member_id) if len(rows) > PAGE else "",
        later=mark is not None,
    )


def fall_rows(caller: Caller, asked: FallFilter) -> Iterator[list[str]]:
    """All members of the list as rows of text for a file, the head first; a part of them in memory at a time.

    Raises:
        MissingScope: at once.
    """
    caller.require(Scope.MEMBERS_READ)
    _known, stores, _misread = _narrowed(caller, asked.store)
    found = movement.newest_run()
    # The language of the page is over when the file is written.
    language = translation.get_language() or settings.LANGUAGE_CODE
    head = [
        _("Member number"),
        _("Member"),
        _("Tier now"),
        _("Tier if judged"),
        _("Purchases missing"),
        _("Money missing (%(currency)s)") % {"currency": settings.LAOKE.currency},
        _("Home store"),
    ]

    def rows() -> Iterator[list[str]]:
        yield head
        after = 0
        while found is not None:
            part = movement.falls(found[0], _lacks(asked), stores, after=after, most=_FILE_BATCH)
            if not part:
                return
            after = part[-1].member_id
            with translation.override(language):
                yield from [_cells(line) for line in _lines(part)]

    return rows()


def flow_rows(caller: Caller, asked: MovementFilter) -> list[list[str]]:
    """The table of flows as rows of text for a file, the head first."""
    _known, stores, _misread = _narrowed(caller, asked.store)
    ladder, found = programme.current().ladder, movement.newest(stores)
    head = [
        _("From the end of"),
        _("To the end of"),
        _("From"),
        _("To"),
        _("Members"),
        _("Paid in twelve months (%(currency)s)") % {"currency": settings.LAOKE.currency},
    ]
    if found is None:
        return [head]
    spans = {1: (found.first, found.second), 2: (found.second, found.as_of)}
    return [
        head,
        *(
            [
                *(day.isoformat() for day in spans[step.step]),
                _text(step.source),
                _text(step.target),
                str(step.members),
                _units(step.spend_minor),
            ]
            for step in _steps(found, _Faces(ladder, (*found.before, *found.after)))
        ),
    ]


def lack_words() -> tuple[tuple[str, str], ...]:
    """What members lack, in words."""
    return tuple((lack, _lack(lack)) for lack in LACKS)


def _lack(lack: str) -> str:
    return str(LACKS[lack]) % {"money": amount(movement.close_minor(), True)}


def _lacks(asked: FallFilter) -> Sequence[str]:
    return (asked.lack,) if asked.lack in LACKS else movement.NEAR


def _narrowed(caller: Caller, key: str) -> tuple[tuple[Place, ...], list[int] | None, bool]:
    """The places there are, the stores that count, and whether `key` names none of these places."""
    known = places(caller)
    place = next((each for each in known if each.key == key), None)
    stores = sorted(place.stores) if place else limit_of(caller)
    return known, stores, bool(key) and place is None


def _counted(found: Movement, ladder: Ladder, *, by_money: bool, at: datetime) -> Counted:
    faces = _Faces(ladder, (*found.before, *found.after))
    today = at.astimezone(settings.LAOKE.zone).date()
    high = movement.highest(ladder)
    was, now = (_Sums.of(part, faces, high) for part in (found.before, found.after))
    near = sum(found.falls[lack] for lack in movement.NEAR)
    falls = sum(found.falls.values())
    most = max((found.falls[lack] for lack in movement.NEAR), default=0)
    version, newest = ladders.which(found.ladder_version)
    return Counted(
        as_of=found.as_of,
        finished_at=found.finished_at,
        stale=(at - found.finished_at).total_seconds() >= _STALE_HOURS * 3600,
        version=version,
        other_rules=not newest,
        first=found.first,
        second=found.second,
        next_review=tiering.next_review(ladder, today),
        up=_kpi(now.up, now.before, was.up, was.before, more_is_bad=False),
        kept=_kpi(now.kept, now.before, was.kept, was.before, more_is_bad=False),
        down=_kpi(now.down, now.before, was.down, was.before, more_is_bad=True),
        high=_kpi(now.high_down, now.high, was.high_down, was.high, more_is_bad=True),
        high_names=tuple(tier_name(ladder.tier(code)) for code in reversed(high)),
        picture=_picture(found, faces, by_money=by_money),
        steps=tuple(_steps(found, faces)),
        columns=tuple(faces.head(code) for code in (*faces.codes, "")),
        rows=tuple(_rows(found.after, faces, by_money=by_money)),
        near=near,
        near_share=near / falls if falls else None,
        lacks=tuple(
            Near(lack, _lack(lack), found.falls[lack], found.falls[lack] / most if most else 0.0)
            for lack in movement.NEAR
        ),
    )


@dataclass(slots=True)
class _Sums:
    """Members of a step by what became of them; `before` all who were there, `high` those on the highest tiers."""

    before: int = 0
    up: int = 0
    kept: int = 0
    down: int = 0
    high: int = 0
    high_down: int = 0

    @classmethod
    def of(cls, part: Iterable[Went], faces: _Faces, high: Sequence[str]) -> _Sums:
        found = cls()
        for went in part:
            if not went.from_tier:
                continue
            found.before += went.members
            found.high += went.members if went.from_tier in high else 0
            if not went.to_tier:
                continue
            rise = faces.rank(went.to_tier) - faces.rank(went.from_tier)
            if rise > 0:
                found.up += went.members
            elif rise < 0:
                found.down += went.members
                found.high_down += went.members if went.from_tier in high else 0
            else:
                found.kept += went.members
        return found


def _kpi(members: int, whole: int, before: int, whole_before: int, *, more_is_bad: bool) -> Kpi:
    share = members / whole if whole else None
    earlier = before / whole_before if whole_before else None
    change = None if share is None or earlier is None else share - earlier
    worse = change is not None and round(change * 1000) != 0 and (change > 0) is more_is_bad
    return Kpi(members, share, change, worse)


def _value(went: Went, by_money: bool) -> int:
    return went.spend_minor if by_money else went.members


def _picture(found: Movement, faces: _Faces, *, by_money: bool) -> Sankey:
    parts = (found.before, found.after)
    flows = [
        sankey.Flow(step, went.from_tier or _JOINED, went.to_tier or _LEFT, _value(went, by_money))
        for step, part in enumerate(parts)
        for went in part
    ]
    columns = []
    for place in range(3):
        stops = []
        for key in (*reversed(faces.codes), _JOINED, _LEFT):
            leaving = sum(flow.value for flow in flows if (flow.column, flow.source) == (place, key))
            arriving = sum(flow.value for flow in flows if (flow.column + 1, flow.target) == (place, key))
            head = faces.head("" if key in (_JOINED, _LEFT) else key, joined=key == _JOINED)
            stops.append(sankey.Stop(key, head.name, head.face, max(leaving, arriving)))
        columns.append(stops)
    return sankey.sankey(columns, flows)


def _steps(found: Movement, faces: _Faces) -> Iterator[Step]:
    """From the highest tier down, who joined and who left last."""

    def place(went: Went) -> tuple[bool, int, bool, int]:
        return (
            not went.from_tier,
            -faces.rank(went.from_tier),
            not went.to_tier,
            -faces.rank(went.to_tier),
        )

    for step, part in ((1, found.before), (2, found.after)):
        for went in sorted(part, key=place):
            source, target = faces.head(went.from_tier, joined=True), faces.head(went.to_tier)
            yield Step(step, source, target, went.members, went.spend_minor)


def _rows(part: Iterable[Went], faces: _Faces, *, by_money: bool) -> Iterator[Row]:
    values = {(went.from_tier, went.to_tier): _value(went, by_money) for went in part}
    for code in faces.codes:
        row = {target: values.get((code, target), 0) for target in (*faces.codes, "")}
        total = sum(row.values())
        if not total and code not in {target for _source, target in values}:
            continue
        cells = tuple(
            Cell(value, value / total, _tone(faces, code, target)) if value else None
            for target, value in row.items()
        )
        yield Row(faces.head(code), cells, total)


def _tone(faces: _Faces, source: str, target: str) -> str:
    if not target:
        return "left"
    rise = faces.rank(target) - faces.rank(source)
    return "up" if rise > 0 else "down" if rise < 0 else "kept"


def _given(stores: Sequence[int] | None, ladder: Ladder) -> tuple[Given, ...]:
    values = {"stores": None if stores is None else list(stores), "looked": _LOOKED, "most": _GIVEN}
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "tiers_given"), values).fetchall()
    names = {tier.code: tier_name(tier) for tier in ladder.tiers}
    return tuple(
        Given(
            at,
            actor,
            action == "member.tier_removed",
            member_id,
            name,
            names.get(assigned or tier, Named(assigned or tier, assigned or tier)),
            HOW.get(how),
            date.fromisoformat(until) if until else None,
        )
        for at, actor, action, member_id, name, tier, assigned, how, until in rows
    )


def _lines(rows: Sequence[Fall]) -> tuple[FallLine, ...]:
    faces = _Faces(programme.current().ladder)
    stores = _stores({row.store_id for row in rows if row.store_id})
    return tuple(
        FallLine(
            row.member_id,
            row.name_masked,
            faces.head(row.from_tier),
            faces.head(row.to_tier),
            row.purchases,
            row.spend_minor,
            stores.get(row.store_id),
        )
        for row in rows
    )


def _stores(ids: Iterable[int]) -> dict[int, Named]:
    with hot_cursor() as cursor:
        cursor.execute("select id, name, name_en from purchases_store where id = any(%s)", (list(ids),))
        return {store: Named(name, name_en or name) for store, name, name_en in cursor}


def _cells(line: FallLine) -> list[str]:
    return [
        str(line.member_id),
        line.name,
        _text(line.source),
        _text(line.target),
        str(line.purchases),
        _units(line.spend_minor),
        named(line.store) if line.store else "",
    ]


def _text(head: TierHead) -> str:
    return named(head.name) if head.is_tier else str(head.name)


def _units(minor: int) -> str:
    return format_minor(minor, settings.LAOKE.currency)
