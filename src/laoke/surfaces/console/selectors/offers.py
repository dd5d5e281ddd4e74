"""Offers on their pages: the list, the calendar, one offer with its life."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings

from laoke.checkout import naming, programme
from laoke.checkout.programme import Programme
from laoke.engine.conditions import All, Is, Op, Tree, leaves
from laoke.engine.conditions.predicates import predicate
from laoke.engine.pricing.attributes import moment_facts
from laoke.foundation.access import Caller, Scope
from laoke.promotions import drafts, publication, selectors
from laoke.promotions.documents.offers import Fault, OfferDocument, read_offer
from laoke.promotions.language import language
from laoke.promotions.selectors import Draft, OfferRow, SpentOn, UseRow
from laoke.promotions.states import OfferState, state_of
from laoke.purchases.words import categories_above
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.offers import choices
from laoke.surfaces.console.offers.meeting import may_meet
from laoke.surfaces.console.offers.words import Changed, Told, differences, told

PAGE = 50
# What the list shows as tabs, in this order; the rest is under "all".
TABS = (
    OfferState.LIVE,
    OfferState.SCHEDULED,
    OfferState.DRAFT,
    OfferState.REVIEW,
    OfferState.PAUSED,
    OfferState.STOPPED,
    OfferState.ENDED,
)
_USES = 20
_DAYS = 30


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An offer in the list; `name` falls back to its key, `spent_share` is that of the budget."""

    key: str
    name: Named
    row: OfferRow
    spent_share: float | None


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """What the list is narrowed by, as the address has it."""

    q: str = ""
    state: str = ""
    goal: str = ""
    bearer: str = ""

    def __bool__(self) -> bool:
        return bool(self.q or self.goal or self.bearer)


@dataclass(frozen=True, slots=True)
class OfferList:
    """A page of the list, and how many there are in each state."""

    filter: OfferFilter
    rows: tuple[OfferLine, ...]
    counts: tuple[tuple[OfferState, int], ...]
    total: int
    page: int
    pages: int
    may_write: bool


def offer_list(caller: Caller, asked: OfferFilter, page: int, at: datetime) -> OfferList:
    """Offers, those changed last first.

    Raises:
        MissingScope
    """
    caller.require(Scope.PROGRAMME_READ)
    found = selectors.offers(
        at,
        goals=[asked.goal] if asked.goal else (),
        bearers=[asked.bearer] if asked.bearer else (),
        text=asked.q,
    )
    counted = Counter(row.state for row in found)
    shown = [row for row in found if not asked.state or row.state == asked.state]
    pages = max(1, -(-len(shown) // PAGE))
    page = min(max(1, page), pages)
    return OfferList(
        asked,
        tuple(line(row) for row in shown[(page - 1) * PAGE : page * PAGE]),
        tuple((state, counted[state]) for state in TABS),
        len(found),
        page,
        pages,
        Scope.PROGRAMME_WRITE in caller.scopes,
    )


def line(row: OfferRow) -> OfferLine:
    """A row with its name and how far its budget has gone."""
    share = row.spent_minor / row.budget_minor if row.budget_minor else None
    zh, en = row.name_zh or row.name_en or row.key, row.name_en or row.name_zh or row.key
    return OfferLine(row.key, Named(zh, en), row, share)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which an offer runs, as parts of the month from 0 to 100."""

    start: float
    width: float
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Lane:
    """An offer in the calendar. `beside` names offers of the same stage that run on the same days, may meet on the same
    article and that no rule keeps apart; `apart` those of them that a rule does."""

    offer: OfferLine
    stretches: tuple[Stretch, ...]
    days: int
    from_before: bool
    goes_on: bool
    beside: tuple[Named, ...]
    apart: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Audience:
    """The offers for everybody, or for members of one tier."""

    name: Named | None
    face: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month. `today` is its place from 0 to 100, None in other months."""

    first: date
    days: tuple[date, ...]
    before: date
    after: date
    today: float | None
    audiences: tuple[Audience, ...]
    offers: int
    may_write: bool


def month(caller: Caller, first: date, at: datetime) -> Calendar:
    """The offers of a month: what is published and has not ended, and drafts that say their days.

    Args:
        first: the first day of the month.
    Raises:
        MissingScope
    """
    caller.require(Scope.PROGRAMME_READ)
    zone = settings.LAOKE.zone
    length = calendar.monthrange(first.year, first.month)[1]
    days = tuple(first + timedelta(days=number) for number in range(length))
    begin = datetime.combine(first, time(), tzinfo=zone)
    end = datetime.combine(days[-1], time(23, 59, 59, 999999), tzinfo=zone)
    rules = programme.current()
    rows = [
        row
        for row in selectors.offers(at, between=(begin, end))
        if row.version is not None or row.starts is not None or row.ends is not None
    ]
    # A draft of a new offer is shown by its days alone.
    documents = rules.offers.documents
    rows = [row for row in rows if row.state is not OfferState.ENDED or row.ends is not None]
    runs = {row.key: _days(row, documents.get(row.key), days) for row in rows}
    tiers = rules.ladder.tiers
    lanes: dict[str, list[OfferRow]] = {code: [] for code in ("", *(tier.code for tier in tiers))}
    for row in sorted(rows, key=lambda row: (row.starts or begin, row.key)):
        for code in _tiers(documents.get(row.key), [tier.code for tier in tiers]):
            if runs[row.key]:
                lanes[code].append(row)
    names = {row.key: line(row).name for row in rows}
    above = categories_above()
    audiences = []
    for code, inside in lanes.items():
        if not inside:
            continue
        rank = next((rank for rank, tier in enumerate(tiers) if tier.code == code), None)
        audiences.append(
            Audience(
                None if rank is None else tier_name(tiers[rank]),
                "" if rank is None else face(rank, len(tiers)),
                tuple(_lane(row, inside, runs, documents, names, above, days, begin, end) for row in inside),
            )
        )
    today = at.astimezone(zone).date()
    return Calendar(
        first,
        days,
        (first - timedelta(days=1)).replace(day=1),
        days[-1] + timedelta(days=1),
        100 * (today.day - 0.5) / length if today in days else None,
        tuple(audiences),
        sum(1 for each in runs.values() if each),
        Scope.PROGRAMME_WRITE in caller.scopes,
    )


def _days(row: OfferRow, document: OfferDocument | None, days: tuple[date, ...]) -> tuple[date, ...]:
    """The days of the month on which it runs, as far as days decide on it."""
    zone = settings.LAOKE.zone
    ask = predicate(All(tuple(_of_days(document.when))), _of_moment) if document is not None else None
    found = []
    for day in days:
        first = datetime.combine(day, time(), tzinfo=zone)
        if not row.runs_in(first, first + timedelta(days=1, microseconds=-1)):
            continue
        if ask is None or ask(moment_facts(datetime.combine(day, time(12), tzinfo=zone), zone)):
            found.append(day)
    return tuple(found)


def _of_days(tree: Tree | None) -> list[Tree]:
    if tree is None:
        return []
    parts = tree.parts if isinstance(tree, All) else (tree,)
    return [
        part
        for part in parts
        if all(
            leaf.attribute.startswith("moment.") and leaf.attribute != "moment.time" for leaf in leaves(part)
        )
    ]


def _of_moment(leaf: Is) -> Any:
    return lambda facts: facts.get(leaf.attribute)


def _tiers(document: OfferDocument | None, tiers: list[str]) -> list[str]:
    """The tiers it is for; "" for everybody."""
    tree = None if document is None else document.when
    parts = tree.parts if isinstance(tree, All) else (tree,)
    for part in parts:
        if isinstance(part, Is) and part.attribute == "member.tier" and part.op is not Op.EXISTS:
            ask = predicate(part, _itself)
            return [tier for tier in tiers if ask(tier)] or [""]
    return [""]


def _itself(_leaf: Is) -> Callable[[Any], Any]:
    return lambda tier: tier


def _lane(
    row: OfferRow,
    inside: list[OfferRow],
    runs: Mapping[str, tuple[date, ...]],
    documents: Mapping[str, OfferDocument],
    names: Mapping[str, Named],
    above: Mapping[str, frozenset[str]],
    days: tuple[date, ...],
    begin: datetime,
    end: datetime,
) -> Lane:
    mine = documents.get(row.key)
    beside: list[Named] = []
    apart: list[Named] = []
    for other in inside:
        theirs = documents.get(other.key)
        if other.key == row.key or mine is None or theirs is None or mine.stage != theirs.stage:
            continue
        if not set(runs[row.key]) & set(runs[other.key]) or not may_meet(mine, theirs, above):
            continue
        (apart if _kept_apart(mine, theirs) else beside).append(names[other.key])
    return Lane(
        line(row),
        tuple(_stretches(runs[row.key], days)),
        len(runs[row.key]),
        row.starts is None or row.starts < begin,
        row.ends is None or row.ends > end,
        tuple(beside),
        tuple(apart),
    )


def _kept_apart(one: OfferDocument, other: OfferDocument) -> bool:
    return (
        one.exclusive
        or other.exclusive
        or (one.group is not None and one.group == other.group)
        or (one.exclusive_set is not None and one.exclusive_set == other.exclusive_set)
    )


def _stretches(found: tuple[date, ...], days: tuple[date, ...]) -> list[Stretch]:
    whole = len(days)
    ends: list[tuple[date, date]] = []
    for day in found:
        if ends and day - ends[-1][1] == timedelta(days=1):
            ends[-1] = (ends[-1][0], day)
        else:
            ends.append((day, day))
    return [
        Stretch(
            round(100 * (first.day - 1) / whole, 2),
            round(100 * ((last - first).days + 1) / whole, 2),
            first,
            last,
        )
        for first, last in ends
    ]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A publication of an offer, with what it changed. `kind` is published, paused, resumed, stopped or ended."""

    version: int
    at: datetime
    by: str
    kind: str
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A text of the draft, with what it changed against the one before."""

    revision: int
    at: datetime
    by: str
    holds: bool
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class DayLine:
    """What an offer gave on a day; `share` of the largest day."""

    day: date
    uses: int
    net_minor: int
    share: float


@dataclass(frozen=True, slots=True)
class OfferPage:
    """One offer."""

    offer: OfferLine
    told: Told
    versions: tuple[VersionLine, ...]
    days: tuple[DayLine, ...]
    uses: tuple[UseRow, ...]
    uses_after: int | None
    day_average_minor: int
    may_write: bool

    @property
    def can(self) -> tuple[str, ...]:
        """What can be done with it now."""
        state = self.offer.row.state
        if not self.may_write or self.offer.row.version is None:
            return ()
        if state in (OfferState.LIVE, OfferState.SCHEDULED):
            return ("pause", "end", "stop")
        if state in (OfferState.PAUSED, OfferState.STOPPED):
            return ("resume", "end", *(("stop",) if state is OfferState.PAUSED else ()))
        return ()


def offer_page(caller: Caller, key: str, at: datetime, before: int | None = None) -> OfferPage:
    """One offer with its life and what it gave.

    Raises:
        MissingScope, UnknownOffer
    """
    caller.require(Scope.PROGRAMME_READ)
    row = selectors.offer(key, at)
    published = selectors.versions(key) if row.version is not None else ()
    document = next((each.document for each in published if each.document is not None), None)
    if document is None and (draft := selectors.draft(key)) is not None:
        document = draft.document
    today = at.astimezone(settings.LAOKE.zone).date()
    days = _day_lines(selectors.days(key, today - timedelta(days=_DAYS - 1), today)) if published else ()
    uses = selectors.uses(key, before=before, limit=_USES + 1) if published else ()
    rules = programme.current()
    return OfferPage(
        line(row),
        _told(document or {}, rules),
        _version_lines(published),
        days,
        uses[:_USES],
        uses[_USES - 1].id if len(uses) > _USES else None,
        sum(each.net_minor for each in days) // max(1, len(days)),
        Scope.PROGRAMME_WRITE in caller.scopes,
    )


def _told(document: Mapping[str, Any], rules: Programme) -> Told:
    tiers = [tier.code for tier in rules.ladder.tiers]
    return told(document, choices.names_in(document, rules), naming.telling(rules), tiers)


def _version_lines(published: tuple[selectors.VersionRow, ...]) -> tuple[VersionLine, ...]:
    found = []
    for place, each in enumerate(published):
        older = published[place + 1] if place + 1 < len(published) else None
        changed = differences(older.document if older else None, each.document)
        was_paused = bool(older and older.document and older.document.get("paused"))
        is_paused = bool(each.document and each.document.get("paused"))
        kind = "published"
        if each.stopped and not (older and older.stopped):
            kind = "stopped"
        elif each.document is None:
            kind = "ended"
        elif is_paused and not was_paused:
            kind = "paused"
        elif was_paused and not is_paused:
            kind = "resumed"
        shown = changed if older is not None and each.document is not None and kind == "published" else ()
        found.append(VersionLine(each.version, each.published_at, each.published_by, kind, shown))
    return tuple(found)


def _day_lines(found: tuple[SpentOn, ...]) -> tuple[DayLine, ...]:
    most = max((each.minor - each.returned_minor for each in found), default=0)
    return tuple(
        DayLine(
            each.day,
            each.uses,
            each.minor - each.returned_minor,
            (each.minor - each.returned_minor) / most if most else 0.0,
        )
        for each in reversed(found)
    )


@dataclass(frozen=True, slots=True)
class History:
    """How the draft came to be what it is, and what was published before."""

    offer: OfferLine
    draft: Draft | None
    texts: tuple[TextLine, ...]
    versions: tuple[VersionLine, ...]
    may_write: bool


def history(caller: Caller, key: str, at: datetime) -> History:
    """The texts of the open draft and the publications, the newest first.

    Raises:
        MissingScope, UnknownOffer
    """
    caller.require(Scope.PROGRAMME_READ)
    row = selectors.offer(key, at)
    texts = selectors.draft_texts(key)
    documents = {each.revision: each.document for each in texts}
    return History(
        line(row),
        selectors.draft(key),
        tuple(
            TextLine(
                each.revision,
                each.made_at,
                each.made_by,
                each.holds,
                differences(documents.get(each.before), each.document) if each.before is not None else (),
            )
            for each in texts
        ),
        _version_lines(selectors.versions(key)),
        Scope.PROGRAMME_WRITE in caller.scopes,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """What the editor says of an offer: its name, and how it runs meanwhile (None: never published)."""

    key: str
    name: Named
    running: OfferState | None


def head(rules: Programme, draft: Draft, at: datetime) -> Head:
    """Of a draft; without a statement."""
    text = published_text(rules, draft.key)
    running = None
    if text is not None:
        stopped = draft.key in publication.stopped(rules.version)
        running = state_of(text, stopped=stopped, at=at, zone=settings.LAOKE.zone)
    elif draft.base_version is not None:
        running = OfferState.ENDED
    name = draft.document.get("name")
    zh, en = (name.get("zh"), name.get("en")) if isinstance(name, Mapping) else ("", "")
    zh, en = (each if isinstance(each, str) else "" for each in (zh, en))
    return Head(draft.key, Named(zh or en or draft.key, en or zh or draft.key), running)


def published_text(rules: Programme, key: str) -> Mapping[str, Any] | None:
    """What an offer says as published, whether or not it is paused; None when it is not in force."""
    document = rules.offers.documents.get(key)
    return None if document is None else publication.with_pause(publication.written(document), paused=False)


@dataclass(frozen=True, slots=True)
class Review:
    """A draft somebody has to decide on."""

    offer: OfferLine
    draft: Draft
    told: Told
    changed: tuple[Changed, ...]
    four_eyes: bool
    may_write: bool


def review(caller: Caller, key: str, at: datetime) -> Review | None:
    """A draft with what it would change; None when there is none.

    Raises:
        MissingScope, UnknownOffer
    """
    caller.require(Scope.PROGRAMME_READ)
    row = selectors.offer(key, at)
    draft = selectors.draft(key)
    if draft is None:
        return None
    rules = programme.current()
    try:
        four_eyes = drafts.four_eyes(read_offer(draft.document, language()), rules.version)
    except Fault:
        four_eyes = False
    return Review(
        line(row),
        draft,
        _told(draft.document, rules),
        differences(published_text(rules, key), draft.document),
        four_eyes,
        Scope.PROGRAMME_WRITE in caller.scopes,
    )
