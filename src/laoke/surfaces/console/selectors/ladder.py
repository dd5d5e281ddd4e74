"""The tier ladder as it holds, who stands on it, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from laoke.checkout import programme
from laoke.engine import tiering
from laoke.engine.tiering import Criterion, Fall, Ladder, Metric, Tier, Upgrade, Window, criteria
from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.insight.metrics.catalogue import TIER_MEMBERS
from laoke.review import selectors as review
from laoke.surfaces.console.directory.filters import MOST_VALUES
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import homes_query, limit_of
from laoke.tiers import ladder as ladders
from laoke.tiers import spans, words
from laoke.tiers.words import Says

_PACKAGE = "laoke.surfaces.console"
VERSIONS = 20
# More members than this are not counted for every look at the page; the night's figures are shown with their day.
COUNTED_NOW = 100_000


@dataclass(frozen=True, slots=True)
class Need:
    """One criterion. `money`: minor units paid, else a count of what `metric` says. The window is months or days, the
    other one 0, or a whole one with the name `span`.
    """

    money: bool
    at_least: int
    months: int
    days: int
    span: str = ""
    metric: str = Metric.PURCHASES.value
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of these is enough, each of them some criteria that are needed together."""

    ways: tuple[tuple[Need, ...], ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """One tier: every need must hold. `members` stand on it, `share` of all of them.

    `path` leads to the list of exactly these; empty where an address cannot name all the stores.
    """

    path: str
    name: Named
    face: str
    needs: tuple[Need | Alternatives, ...]
    members: int
    share: float | None
    lasts: tuple[Says, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions.

    `kind`: "added", "removed", "renamed", "need", "needs" (all of a tier), "told", "review", "downgrade", "first".
    `before` and `after` are names, needs or codes as the kind asks; None where there was or is nothing.
    """

    kind: str
    tier: Named | None = None
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Version:
    """The ladder as published once. `live` is the newest."""

    number: int
    live: bool
    at: datetime
    by: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class LadderPage:
    """The whole page. `declared` says whether anything was ever published. `reviews` are the next two days.

    `as_of` is the day at whose end members were counted; None: just now. `box` and `draft` are what waits beside it, as
    selectors/tier_rules.py has them, `may_edit` whether the reader may change it.
    """

    declared: bool
    rungs: tuple[Rung, ...]
    members: int
    as_of: date | None
    limited: bool
    review: str
    downgrade: str
    rises: Says | None
    falls: Says | None
    reviews: tuple[date, ...]
    days_to_review: int | None
    versions: tuple[Version, ...]
    cut: bool
    box: Any = None
    draft: Any = None
    may_edit: bool = False


def ladder_page(caller: Caller, at: datetime, rules: Ladder | None = None) -> LadderPage:
    """The ladder in force, with the members at home in the caller's stores.

    Args:
        rules: the ladder in force where the caller has read it already.
    """
    rules = rules or programme.current().ladder
    limits = limit_of(caller)
    standing, as_of = _standing(caller, limits)
    published = ladders.published(VERSIONS + 1)
    today = at.astimezone(settings.LAOKE.zone).date()
    reviews = _reviews(rules, today)
    found = [0] * len(rules.tiers)
    for code, members in standing:
        found[rules.rank(code)] += members
    total = sum(found)
    homes = homes_query(caller, MOST_VALUES)
    return LadderPage(
        declared=bool(published),
        rungs=tuple(
            Rung(
                "" if homes is None else f"/members?{urlencode({'tier': tier.code})}{homes}",
                tier_name(tier),
                face(rank, len(rules.tiers)),
                asked(tier),
                members,
                members / total if total else None,
                tuple(words.lasts(tier, settings.LAOKE.currency)),
            )
            for rank, (tier, members) in reversed(list(enumerate(zip(rules.tiers, found, strict=True))))
        ),
        members=total,
        as_of=as_of,
        limited=limits is not None,
        review=rules.review.value,
        downgrade=rules.downgrade.value,
        # As most ladders do it, the page says it at greater length.
        rises=None if rules.upgrade is Upgrade.AT_ONCE else words.RISES[rules.upgrade],
        falls=None if rules.fall is Fall.AT_REVIEW else words.falls(rules),
        reviews=reviews,
        days_to_review=(reviews[0] - today).days if reviews else None,
        versions=tuple(_versions(published)),
        cut=len(published) > VERSIONS,
    )


def members_by_tier(caller: Caller) -> dict[str, int]:
    """How many of the members at home in the caller's stores stand on each tier, by its code."""
    ladder = programme.current().ladder
    found = dict.fromkeys((tier.code for tier in ladder.tiers), 0)
    for code, members in _standing(caller, limit_of(caller))[0]:
        found[ladder.tiers[ladder.rank(code)].code] += members
    return found


def _standing(caller: Caller, limits: list[int] | None) -> tuple[list[tuple[str, int]], date | None]:
    """Members by tier: counted now, or last night where counting would take long. The second value is its day."""
    with hot_cursor() as cursor:
        row = cursor.execute(
            "select reltuples from pg_class where oid = 'tiers_standing'::regclass"
        ).fetchone()
        assert row is not None
        run = review.last_run() if row[0] > COUNTED_NOW else None
        if run is None:
            return cursor.execute(load(_PACKAGE, "ladder"), {"stores": limits}).fetchall(), None
    kept = review.values(review.stores_of(caller), [run.as_of])
    return [
        (part, value.numerator) for (metric, part, _day), value in kept.items() if metric == TIER_MEMBERS.code
    ], run.as_of


def _reviews(rules: Ladder, today: date) -> tuple[date, ...]:
    first = tiering.next_review(rules, today)
    second = tiering.next_review(rules, first) if first else None
    return tuple(day for day in (first, second) if day is not None)


def _versions(published: Sequence[ladders.Published]) -> Iterator[Version]:
    """Newest first, each with its differences from the one before; the oldest that was read only lends its text."""
    for place, one in enumerate(published[:VERSIONS]):
        before = published[place + 1].ladder if place + 1 < len(published) else None
        changes = (Change("first"),) if before is None else tuple(differences(before, one.ladder))
        yield Version(one.number, place == 0, one.at, one.by, changes)


def differences(before: Ladder, after: Ladder) -> Iterator[Change]:
    """What a version changed, tier by tier from the lowest, then the rules of moving."""
    old, new = ({tier.code: tier for tier in ladder.tiers} for ladder in (before, after))
    for code, tier in new.items():
        if code not in old:
            yield Change("added", tier_name(tier), None, asked(tier))
        else:
            yield from _tier_differences(old[code], tier)
    for code, tier in old.items():
        if code not in new:
            yield Change("removed", tier_name(tier))
    if before.review is not after.review:
        yield Change("review", None, before.review.value, after.review.value)
    if before.upgrade is not after.upgrade:
        yield Change("told", None, words.RISES[before.upgrade], words.RISES[after.upgrade])
    if before.fall is not after.fall:
        yield Change("told", None, words.FALLS[before.fall], words.FALLS[after.fall])
    if before.downgrade is not after.downgrade:
        yield Change("downgrade", None, before.downgrade.value, after.downgrade.value)


def _tier_differences(before: Tier, after: Tier) -> Iterator[Change]:
    if (before.name_zh, before.name_en) != (after.name_zh, after.name_en):
        yield Change("renamed", tier_name(after), tier_name(before), tier_name(after))
    old, new = (_lasts(tier) for tier in (before, after))
    if old != new:
        yield Change("told", tier_name(after), old, new)
    if _has_alternatives(before) or _has_alternatives(after):
        if before.needs != after.needs:
            yield Change("needs", tier_name(after), asked(before), asked(after))
        return
    had, has = (
        {(need.metric, need.window, need.kind): need for need in criteria(tier.needs)}
        for tier in (before, after)
    )
    for key in dict.fromkeys((*had, *has)):
        if had.get(key) != has.get(key):
            yield Change("need", tier_name(after), _optional(had, key), _optional(has, key))


def _lasts(tier: Tier) -> Says | None:
    told = words.lasts(tier, settings.LAOKE.currency)
    return Says("；".join(each.zh for each in told), "; ".join(each.en for each in told)) if told else None


def asked(tier: Tier) -> tuple[Need | Alternatives, ...]:
    """What a tier asks for, as the page shows it."""
    return tuple(
        _need(need)
        if isinstance(need, Criterion)
        else Alternatives(tuple(tuple(_need(each) for each in criteria((way,))) for way in need.needs))
        for need in tier.needs
    )


def _has_alternatives(tier: Tier) -> bool:
    return any(not isinstance(need, Criterion) for need in tier.needs)


_Key = tuple[Metric, Window, str]


def _optional(needs: dict[_Key, Criterion], key: _Key) -> Need | None:
    return _need(needs[key]) if key in needs else None


def _need(need: Criterion) -> Need:
    return Need(
        need.metric is Metric.SPEND,
        need.at_least,
        need.window.months,
        need.window.days,
        spans.of(need.window),
        need.metric.value,
        need.kind,
    )
