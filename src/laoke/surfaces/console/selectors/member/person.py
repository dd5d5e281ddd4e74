"""Who a member is, masked: the way they are recognised, what they agreed to, words on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.surfaces.console.labels import CAME_FROM, CHANNELS, GENDERS, IDENTITIES, PURPOSES
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.member.state import State


@dataclass(frozen=True, slots=True)
class Way:
    """One way to recognise the member, masked."""

    id: int
    label: Any
    masked: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the member said about one channel and purpose."""

    channel: Any
    icon: str
    purpose: Any
    granted: bool
    at: datetime
    source: Any
    by: str
    channel_code: str
    purpose_code: str


@dataclass(frozen=True, slots=True)
class Word:
    """A tag, and where it came from."""

    tag: str
    source: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is, masked."""

    id: int
    card: str
    birthday: tuple[int, int] | None
    birthday_in_days: int | None
    gender: Any
    language: str
    registered_date: date
    store: Named
    channel: Named
    ways: tuple[Way, ...]
    words: tuple[Word, ...]
    agreements: tuple[Agreement, ...]


def person_of(state: State) -> Person:
    """The person of a state."""
    today = state.at.astimezone(settings.LAOKE.zone).date()
    return Person(
        id=state.id,
        card=state.primary("card"),
        birthday=state.birthday,
        birthday_in_days=_days_until(state.birthday, today),
        gender=GENDERS.get(state.gender, ""),
        language=state.language,
        registered_date=state.registered_date,
        store=state.store,
        channel=state.channel,
        ways=tuple(Way(row[0], IDENTITIES[row[1]], row[3], row[2]) for row in state.identities),
        words=tuple(
            Word(tag, CAME_FROM.get(source, source), datetime.fromisoformat(at))
            for tag, source, at in state.tags
        ),
        agreements=tuple(
            Agreement(
                *CHANNELS[channel],
                PURPOSES[purpose],
                granted,
                datetime.fromisoformat(at),
                CAME_FROM.get(source, source),
                by,
                channel,
                purpose,
            )
            for channel, purpose, granted, at, source, by, _event in state.consents
        ),
    )


def _days_until(birthday: tuple[int, int] | None, today: date) -> int | None:
    """Days to the next birthday; one on 29 February is kept on 1 March in other years."""
    if birthday is None:
        return None

    def in_year(year: int) -> date:
        try:
            return date(year, *birthday)
        except ValueError:
            return date(year, 3, 1)

    coming = in_year(today.year)
    return ((coming if coming >= today else in_year(today.year + 1)) - today).days
