"""Identities, tags, household and consents of a member, each with what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laoke.foundation.access import Caller
from laoke.members import selectors as members
from laoke.members.types import HouseholdView
from laoke.surfaces.console.labels import CHANNELS, PURPOSES
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.person import Agreement, Person, person_of
from laoke.surfaces.console.selectors.member.state import state_of


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel with the answer that holds for each purpose, None where nobody asked."""

    code: str
    label: Any
    icon: str
    answers: tuple[tuple[str, Any, Agreement | None], ...]


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """The whole tab. `purposes` head the table of consents."""

    head: Head
    person: Person
    purposes: tuple[Any, ...]
    channels: tuple[ChannelRow, ...]
    household: HouseholdView | None
    shares_points: bool


def profile_page(caller: Caller, member_id: int, at: datetime) -> ProfilePage:
    """Raises as `state_of`."""
    state = state_of(caller, member_id, at)
    person = person_of(state)
    given = {(each.channel_code, each.purpose_code): each for each in person.agreements}
    rows = tuple(
        ChannelRow(
            code,
            label,
            icon,
            tuple((purpose, words, given.get((code, purpose))) for purpose, words in PURPOSES.items()),
        )
        for code, (label, icon) in CHANNELS.items()
    )
    home = members.household(member_id)
    return ProfilePage(
        head_of(caller, state),
        person,
        tuple(PURPOSES.values()),
        rows,
        home,
        any(each.shares_points for each in home.people if each.member_id == member_id) if home else False,
    )
