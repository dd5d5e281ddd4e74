"""Offers that can never apply: conditions that contradict each other, days that no calendar has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from laoke.engine.conditions import All, Is, Op, Tree
from laoke.engine.conditions.possible import Way, contradiction, holds_for, impossible, narrowings, ways
from laoke.engine.pricing.attributes import moment_facts
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.vocabulary import VOCABULARY

# After so many days every combination of weekday, day and month has come round.
CALENDAR_DAYS = 28 * 366


def examine(documents: Mapping[str, OfferDocument], zone: tzinfo, at: datetime, found: Findings) -> None:
    """Look for offers that never apply, and for conditions that no article meets."""
    for key, document in documents.items():
        place = ("offers", key)
        if document.ends is not None and _day(document.ends, zone) < at.astimezone(zone).date():
            found.warning((*place, "ends"), "is over already")
            continue
        blamed = impossible(conditions(document), VOCABULARY)
        if blamed is not None:
            found.fault((*place, "when", blamed), "can never hold: the conditions contradict each other")
        elif not _some_day(document, zone, at):
            asked = ", ".join(sorted(_asked_of_days(document)))
            found.fault((*place, "when"), f"no day of the offer is like this ({asked})")
        for tree in selectors(document):
            name = impossible(tree, VOCABULARY)
            if name is not None:
                found.fault((*place, "gives"), f"no article is like this: {name} contradicts itself")


def conditions(document: OfferDocument) -> Tree:
    """Everything that has to hold of basket, member, store and moment."""
    parts: list[Tree] = [] if document.when is None else [document.when]
    if document.channels is not None:
        parts.append(Is("basket.channel", Op.IN, frozenset(document.channels)))
    return All(tuple(parts))


def selectors(document: OfferDocument) -> Iterator[Tree]:
    """Every tree that narrows to articles."""
    if document.when is not None:
        yield from narrowings(document.when)
    for each in document.gives:
        for selector in each.effect().looks_at():
            if selector is not None:
                yield selector.tree


def days(document: OfferDocument, zone: tzinfo, at: datetime) -> Iterator[date]:
    """The days of the offer from now on; without an end as many as a calendar needs."""
    first = at.astimezone(zone).date()
    if document.starts is not None:
        first = max(first, _day(document.starts, zone))
    last = first + timedelta(CALENDAR_DAYS)
    if document.ends is not None:
        last = min(last, _day(document.ends, zone))
    for number in range((last - first).days + 1):
        yield first + timedelta(number)


def of_day(day: date, zone: tzinfo) -> dict[str, object]:
    """What is known of a day, the time left out."""
    facts = moment_facts(datetime.combine(day, time(12), tzinfo=zone), zone)
    facts.setdefault("moment.weekend_of_month", None)
    del facts["moment.time"]
    return facts


def _some_day(document: OfferDocument, zone: tzinfo, at: datetime) -> bool:
    if document.when is None:
        return True
    found = ways(document.when)
    if found is None:
        return True
    open_ways = [way for way in found if contradiction(way, VOCABULARY) is None]
    if any(not _asks_of_days(way) for way in open_ways):
        return True
    return any(
        holds_for(way, facts)
        for facts in (of_day(day, zone) for day in days(document, zone, at))
        for way in open_ways
    )


def _asks_of_days(way: Way) -> set[str]:
    names = {asked.leaf.attribute for asked in way}
    return {name for name in names if name.startswith("moment.") and name != "moment.time"}


def _asked_of_days(document: OfferDocument) -> set[str]:
    return {name for way in ways(document.when) or [] for name in _asks_of_days(way)}


def _day(moment: date | datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
