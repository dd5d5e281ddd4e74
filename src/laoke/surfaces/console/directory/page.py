"""The member list as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
import psycopg
from django.conf import settings

from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.segments import cubes
from laoke.surfaces.console.directory import counting, filters, saved
from laoke.surfaces.console.directory.columns import Column, Layout, allowed, layout_of, shown
from laoke.surfaces.console.directory.conditions import Scene, Where, where
from laoke.surfaces.console.directory.counting import Count, Plan
from laoke.surfaces.console.directory.filters import Filter, Misread, Parameters
from laoke.surfaces.console.directory.night import since_of
from laoke.surfaces.console.directory.rows import MemberLine, lines
from laoke.surfaces.console.directory.saved import View, query_of
from laoke.surfaces.console.directory.vocabulary import Vocabulary, held_against, vocabulary
from laoke.surfaces.console.directory.walking import Order, TooDear, Walked, order_of, walk
from laoke.surfaces.console.directory.words import LABELS, Chip, chips, sentence, value_of
from laoke.surfaces.console.selectors.stores import limit_of

PATH = "/members"
# So many members are quickly counted for every tab each time; larger shops keep these counts for a while.
_FEW = 20_000
# What one statement for the rows may take of the page. Rows that take longer come after it, by a request of their own.
_ROWS_MS = 100
_MOST_SUGGESTED = 3
_SUGGESTED_UP_TO = 1000
_SUGGEST_MS = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known before members are asked for."""

    scene: Scene
    as_of: date | None
    about: int  # how many rows the members' table has, roughly
    layout: Layout
    rows_of_views: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, held against what there is."""

    wanted: Filter
    misread: tuple[Misread, ...]
    order: Order
    words: Vocabulary
    setting: Setting

    @property
    def query(self) -> str:
        """Filter and order as the query string of an address."""
        return query_of(self.wanted, self.order)

    def misread_pairs(self) -> list[str]:
        """What could not be read, as the query string had it: rewritten addresses must not lose it."""
        return [urlencode([(each.name, each.raw)]) for each in self.misread if each.raw]

    def without_text_in_words(self) -> str:
        """The conditions less the search text as the beginning of a sentence."""
        return sentence(self.wanted.without("q"), self.words)

    def where(self, wanted: Filter | None = None) -> Where:
        """The conditions of the filter, or of another one in the same scene."""
        return where(self.wanted if wanted is None else wanted, self.words, self.setting.scene)


@dataclass(frozen=True, slots=True)
class ChipLink:
    """A chip with the address that is left without it."""

    chip: Chip
    without: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A view with its count; None until somebody counted."""

    name: str
    path: str
    here: bool
    count: Count | None
    shared: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A column with the address that sorts by it; `sorted` is ascending, descending or empty."""

    column: Column
    path: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A condition to drop, and how many members that would find; `more`: at least so many."""

    label: str
    value: str
    path: str
    members: int
    more: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the tabs: all members, and those new in thirty days."""

    members: Count | None
    new: Count | None


@dataclass(frozen=True, slots=True)
class MemberList:
    """The whole page; the first page of a list has no `before`, the last no `after`."""

    text: str
    query: str
    filter_query: str
    chips: tuple[ChipLink, ...]
    sentence: str
    count: Count
    share: float | None
    tabs: tuple[Tab, ...]
    tabs_pending: bool
    totals: Totals
    heads: tuple[Head, ...]
    rows: tuple[MemberLine, ...]
    rows_later: str  # where to ask for rows that were too dear for the page, with patience; "": here they are
    layout: Layout
    after: str
    before: str
    first: str  # the address of the first page
    clear: str  # without any condition
    sort: str
    hidden: tuple[tuple[str, str], ...]  # what a search keeps: conditions and order
    suggestions: tuple[Suggestion, ...]
    as_of: date | None
    limited: bool
    may_write: bool
    tiers: bool  # whether the role may see tiers
    may_import: bool
    view_saved: bool  # the filter is a view already
    hand: str  # this page's own address


def setting_of(caller: Caller, at: datetime, *, scored: bool = False) -> Setting:
    """One statement for everything the list needs to know first. `scored`: scores or classes are asked for."""
    zone = settings.LAOKE.zone
    with hot_cursor() as cursor:
        cursor.execute(
            load("laoke.surfaces.console", "directory_setting"), {"staff_id": caller.id, "scored": scored}
        )
        row = cursor.fetchone()
    assert row is not None
    as_of, about, layout, views, cells = row
    stores = limit_of(caller)
    return Setting(
        scene=Scene(
            at,
            zone,
            settings.LAOKE.currency,
            since_of(as_of),
            None if stores is None else tuple(stores),
            cubes.cells_of(cells) if cells else (),
        ),
        as_of=as_of,
        about=about,
        layout=layout_of(caller, orjson.loads(layout) if layout else None),
        rows_of_views=orjson.loads(views) if views else (),
    )


def asked(caller: Caller, parameters: Parameters, at: datetime, *, places: bool = False) -> Asked:
    """Read an address. `places`: stores and regions are needed even where no condition names them."""
    wanted, misread = filters.read(parameters)
    scored = any((wanted.rfm, wanted.value, wanted.r, wanted.f, wanted.m))
    setting = setting_of(caller, at, scored=scored)
    words = vocabulary(caller, places=places or bool(wanted.store or wanted.region) or _names_places(setting))
    wanted, dropped = held_against(wanted, words, caller)
    order = order_of("".join(parameters.getlist("sort")[:1]))
    if order.name != "joined" and order.name not in (column.sort for column in allowed(caller)):
        order = Order()
    if wanted.q:
        # Whoever looks for somebody by phone or card wants to see that it is the one.
        names = (*(column.name for column in setting.layout.columns), "phone", "card")
        setting = replace(setting, layout=replace(setting.layout, columns=shown(names, caller)))
    return Asked(wanted, (*misread, *dropped), order, words, setting)


def _names_places(setting: Setting) -> bool:
    """Whether a saved view can only be counted with stores at hand."""
    return any("store=" in query or "region=" in query for _, _, query, _, _ in setting.rows_of_views)


def member_list(caller: Caller, parameters: Parameters, at: datetime, *, patient: bool = False) -> MemberList:
    """One page of the members an address asks for.

    Args:
        patient: find the rows however long it takes.
    Raises:
        BadCursor.
    """
    question = asked(caller, parameters, at)
    scene, layout = question.setting.scene, question.setting.layout
    found = question.where()
    views = _views(question, caller)
    keys = {view.query(): counting.key_of(view.wanted, scene) for view in views}
    own_key = counting.key_of(question.wanted, scene)
    remembered = counting.remembered([*keys.values(), own_key], at)
    plan = counting.planned(found)
    marks = {name: "".join(parameters.getlist(name)[:1]) or None for name in ("after", "before")}
    walked = _walked(question, found, plan, marks, patient=patient)
    rows = lines(walked.ids, question.words, scene.since, scene.today) if walked else ()
    counts = _tab_counts(question, views, keys, remembered)
    count = _count(question, found, plan, walked, remembered.get(own_key), counts)
    all_members = counts.get("")
    share = None
    if question.wanted and all_members and all_members.members:
        share = min(1.0, count.members / all_members.members)
    pairs = [
        *question.wanted.pairs(),
        *([("sort", str(question.order))] if question.order != Order() else []),
    ]
    return MemberList(
        text=question.wanted.q,
        query=question.query,
        filter_query=question.wanted.query(),
        chips=_chips(question),
        sentence=sentence(question.wanted, question.words),
        count=count,
        share=share,
        tabs=_tabs(question, views, counts),
        tabs_pending=any(query not in counts for query in countable_views(question, views)[0]),
        totals=_totals(views, counts),
        heads=_heads(question),
        rows=rows,
        rows_later="" if walked else _path(question.query, **marks).replace(PATH, f"{PATH}/rows", 1),
        layout=layout,
        after=_path(question.query, after=walked.after) if walked and walked.after else "",
        before=_path(question.query, before=walked.before) if walked and walked.before else "",
        first=_path(question.query),
        clear=_path(query_of(Filter(), question.order)),
        sort=str(question.order),
        hidden=tuple((name, value) for name, value in pairs if name != "q"),
        suggestions=_suggestions(question)
        if walked and not rows and question.wanted and not count.members
        else (),
        as_of=question.setting.as_of,
        limited=scene.stores is not None,
        may_write=Scope.MEMBERS_WRITE in caller.scopes,
        tiers=Scope.TIERS_READ in caller.scopes,
        may_import=Scope.STORES_WRITE in caller.scopes,
        view_saved=any(view.query() == question.query for view in views),
        hand=_path(question.query),
    )


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence over the list, for the request that counts again."""

    sentence: str
    count: Count
    share: float | None
    filter_query: str


@dataclass(frozen=True, slots=True)
class Tabs:
    """The tabs, for the request that counts them."""

    tabs: tuple[Tab, ...]
    tabs_pending: bool
    totals: Totals
    query: str
    view_saved: bool


def count_again(caller: Caller, parameters: Parameters, at: datetime) -> Sentence:
    """The count that was too dear for the page, kept for a while."""
    question = asked(caller, parameters, at)
    scene = question.setting.scene
    key, all_key = (counting.key_of(each, scene) for each in (question.wanted, Filter()))
    remembered = counting.remembered([key, all_key], at)
    count = remembered.get(key)
    if count is None:
        count = counting.thorough(question.where())
        counting.keep(key, count, at)
    everybody = remembered.get(all_key)
    share = min(1.0, count.members / everybody.members) if everybody and everybody.members else None
    return Sentence(
        sentence(question.wanted, question.words),
        count,
        share if question.wanted else None,
        question.wanted.query(),
    )


def tabs_again(caller: Caller, parameters: Parameters, at: datetime) -> Tabs:
    """The tabs with their counts, which are kept for a while."""
    question = asked(caller, parameters, at)
    scene = question.setting.scene
    views = _views(question, caller)
    known, countable = countable_views(question, views)
    keys = [counting.key_of(wanted, scene) for wanted in countable]
    remembered = counting.remembered(keys, at)
    missing = [number for number, key in enumerate(keys) if key not in remembered]
    for number, count in zip(
        missing, counting.of_views([question.where(countable[n]) for n in missing]), strict=True
    ):
        remembered[keys[number]] = count
        counting.keep(keys[number], count, at)
    counts = {query: remembered[key] for query, key in zip(known, keys, strict=True)}
    return Tabs(
        _tabs(question, views, counts),
        False,
        _totals(views, counts),
        question.query,
        any(view.query() == question.query for view in views),
    )


def _tabs(question: Asked, views: Sequence[View], counts: dict[str, Count]) -> tuple[Tab, ...]:
    return tuple(
        Tab(
            view.name,
            _path(view.query()),
            view.query() == question.query,
            counts.get(view.query()),
            view.shared,
        )
        for view in views
    )


def _totals(views: Sequence[View], counts: dict[str, Count]) -> Totals:
    lately = Filter(joined=filters.Days(30))
    return Totals(counts.get(""), next((counts.get(v.query()) for v in views if v.wanted == lately), None))


def _views(question: Asked, caller: Caller) -> tuple[View, ...]:
    return (*saved.shipped(question.words, caller), *saved.kept(question.setting.rows_of_views, caller))


def _tab_counts(
    question: Asked,
    views: Sequence[View],
    keys: dict[str, bytes],
    remembered: dict[bytes, Count],
) -> dict[str, Count]:
    """Counts by query: freshly made in a small shop, else as remembered."""
    if question.setting.about > _FEW:
        return {query: remembered[key] for query, key in keys.items() if key in remembered}
    known, countable = countable_views(question, views)
    counts = counting.of_views([question.where(wanted) for wanted in countable])
    return dict(zip(known, counts, strict=True))


def countable_views(question: Asked, views: Sequence[View]) -> tuple[list[str], list[Filter]]:
    """The queries and filters of views, each query once, that name nothing the shop has not."""
    words = question.words
    distinct = {
        view.query(): view.wanted
        for view in views
        if set(view.wanted.store) <= set(words.stores) and set(view.wanted.region) <= set(words.regions)
    }
    return list(distinct), list(distinct.values())


def _walked(
    question: Asked, found: Where, plan: Plan, marks: dict[str, str | None], *, patient: bool
) -> Walked | None:
    """The rows; None when they would hold up the page."""

    def rows(*, hurried: bool) -> Walked:
        return walk(
            found,
            question.order,
            question.setting.scene.since,
            limit=question.setting.layout.rows,
            way=plan.way(question.setting.about),
            hurried=hurried,
            **marks,
        )

    if patient or question.setting.about <= _FEW or not plan.dear:
        return rows(hurried=False)
    try:
        with counting.patience(_ROWS_MS):
            return rows(hurried=True)
    except (TooDear, psycopg.errors.QueryCanceled):
        return None


def _count(
    question: Asked,
    found: Where,
    plan: Plan,
    walked: Walked | None,
    remembered: Count | None,
    tabs: dict[str, Count],
) -> Count:
    if walked and not walked.after and not walked.before:
        return Count(len(walked.ids), exact=True)  # all of them stand on this page
    of_tab = tabs.get(question.query)
    if of_tab is not None and question.setting.about <= _FEW:
        return of_tab
    return counting.quick(found, remembered or of_tab, plan)


def _chips(question: Asked) -> tuple[ChipLink, ...]:
    made = chips(question.wanted, question.misread, question.words)
    return tuple(
        ChipLink(
            chip,
            _path(
                query_of(
                    question.wanted.without(chip.name) if not chip.why else question.wanted, question.order
                )
            ),
        )
        for chip in made
    )


def _heads(question: Asked) -> tuple[Head, ...]:
    heads = []
    for column in question.setting.layout.columns:
        now = question.order if column.sort and question.order.name == column.sort else None
        following = Order(column.sort, ascending=now is not None and not now.ascending)
        heads.append(
            Head(
                column,
                _path(query_of(question.wanted, following)) if column.sort else "",
                "" if now is None else "ascending" if now.ascending else "descending",
            )
        )
    return tuple(heads)


def _suggestions(question: Asked) -> tuple[Suggestion, ...]:
    """What to drop when nothing was found, and what that would find."""
    wanted = question.wanted
    tried = wanted.given()[:_MOST_SUGGESTED]
    lesser = {name: wanted.without(name) for name in tried}
    counts = counting.within([question.where(lesser[name]) for name in tried], _SUGGESTED_UP_TO, _SUGGEST_MS)
    if counts is None:
        return ()
    return tuple(
        Suggestion(
            str(LABELS[name]),
            value_of(wanted, name, question.words),
            _path(query_of(lesser[name], question.order)),
            min(members, _SUGGESTED_UP_TO),
            members > _SUGGESTED_UP_TO,
        )
        for name, members in zip(tried, counts, strict=True)
        if members
    )


def _path(query: str, **marks: str | None) -> str:
    given = {name: mark for name, mark in marks.items() if mark}
    parts = [part for part in (query, urlencode(given)) if part]
    return f"{PATH}?{'&'.join(parts)}" if parts else PATH
