"""From the columns of the crowd to members with names, phones, consents and the gaps of a real register."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np

from laoke.kernel.calendar import start_of_day

from .check_digits import with_luhn_check
from .crowd import Crowd, belongs
from .draws import stream
from .households import HOUSEHOLDS, NEEDS
from .names import full_name
from .types import Consent, Household, Person, Store
from .visits import trait_number
from .world import CHANNELS

# How often a detail is missing from the register.
_NO_NAME, _NO_PHONE, _NO_BIRTHDAY = 0.11, 0.07, 0.3
_EMAIL = 0.13
# Chance of agreeing to marketing by channel; service messages are nearly always welcome.
_MARKETING = {"sms": 0.62, "email": 0.5, "wechat": 0.7, "app_push": 0.45}
_SERVICE = 0.96
# Mainland China keeps no numbers for fiction; this block of an operator's test-like numbers is valid in form.
_PHONE_PREFIX, _PHONE_DIGITS = "19900", 6


def card_numbers(members: int) -> tuple[str, ...]:
    """Card numbers in order of registration, each with its Luhn digit."""
    return tuple(with_luhn_check(f"66{number:08d}") for number in range(1, members + 1))


def introduce(
    crowd: Crowd,
    stores: tuple[Store, ...],
    days: list[date],
    zone: tzinfo,
    seed: int,
    card_nos: tuple[str, ...],
) -> tuple[Person, ...]:
    """Every member of the crowd, in order of registration."""
    rng = stream(seed, "people")
    count = crowd.members
    chance = rng.random((count, 20)).tolist()
    phones = _walk(rng, count, 10**_PHONE_DIGITS, 620_011)
    logins = _walk(rng, count, 10**8, 61_803_399)
    twin_of, household = crowd.twin_of.tolist(), crowd.household.tolist()
    joined, second = crowd.joined.tolist(), crowd.joined_second.tolist()
    female, age, home, through = (
        column[:count].tolist() for column in (crowd.female, crowd.age, crowd.home, crowd.joined_channel)
    )
    has_twin = set(crowd.twin_of[:count].tolist())
    tags = _tags(crowd, seed)
    today = days[-1] + timedelta(days=1)
    midnights: dict[int, datetime] = {}

    people = []
    for row in range(count):
        same = twin_of[row]
        # A second registration is the same human being: name, birthday and home come from the first.
        root = same if same >= 0 else row
        luck, mine = chance[root], chance[row]
        at = midnights.get(joined[row])
        if at is None:
            at = start_of_day(days[0] + timedelta(days=joined[row]), zone).astimezone(UTC)
            midnights[joined[row]] = at
        at = at + timedelta(seconds=second[row])
        channel = CHANNELS[through[row]].code
        online = through[row] >= 2
        gender = "f" if female[root] else "m"
        born = _birth_date(today, age[root], luck[3])
        sure = root in has_twin or online
        # Who does not leave a phone number seldom leaves a name.
        named = sure or (luck[4] >= _NO_NAME and luck[5] >= _NO_PHONE * 0.7)
        # The second card was given out because nobody asked for the phone.
        phone_known = same < 0 and (sure or mine[5] >= _NO_PHONE)
        name = (
            full_name(gender, born.year, luck[0], luck[1], luck[2])
            if named and (same < 0 or mine[6] < 0.7)
            else None
        )
        ids = []
        if through[row] == 2 or mine[7] < 0.4:
            ids.append(("wechat_openid", _openid(seed, row)))
        if through[row] == 3 or mine[8] < 0.18:
            ids.append(("shop_account", f"u{logins[row]:08d}"))
        email = f"hl{logins[row]:08d}@example.com" if mine[9] < _EMAIL and phone_known else None
        people.append(
            Person(
                card_nos[row],
                name,
                f"{_PHONE_PREFIX}{phones[row]:06d}" if phone_known else None,
                email,
                tuple(ids),
                born if root in has_twin or luck[10] >= _NO_BIRTHDAY else None,
                gender if named or luck[11] < 0.5 else None,
                stores[home[root]].code,
                at,
                channel,
                tags[root],
                _consents(phone_known, email is not None, dict(ids), at, channel, mine),
                HOUSEHOLDS[household[root]],
                card_nos[same] if same >= 0 else None,
            )
        )
    return tuple(people)


def _birth_date(today: date, age: int, luck: float) -> date:
    """A birthday that makes the person `age` years old today."""
    return today - timedelta(days=int((age + luck) * 365.2425))


def _consents(
    phone: bool, email: bool, ids: dict[str, str], at: datetime, source: str, luck: list[float]
) -> tuple[Consent, ...]:
    """An answer for each channel the member can be reached by."""
    reach = {
        "sms": phone,
        "email": email,
        "wechat": "wechat_openid" in ids,
        "app_push": "shop_account" in ids,
    }
    answers = []
    for i, (channel, known) in enumerate(reach.items()):
        if known:
            answers.append(Consent(channel, "service", luck[12 + i] < _SERVICE, at, source))
            answers.append(Consent(channel, "marketing", luck[16 + i] < _MARKETING[channel], at, source))
    return tuple(answers)


def _tags(crowd: Crowd, seed: int) -> list[tuple[str, ...]]:
    """Interests as an associate would note them: what the household really needs, some of the time, and hobbies."""
    who = np.arange(crowd.members)
    household = crowd.household[: crowd.members]
    found: list[list[str]] = [[] for _ in who]

    def note(tag: str, rows: np.ndarray, share: float) -> None:
        noticed = belongs(seed, who, 300 + sum(map(ord, tag))) < share
        for row in np.flatnonzero(rows & noticed).tolist():
            found[row].append(tag)

    def needs(trait: str) -> np.ndarray:
        need = next(need for need in NEEDS if need.trait == trait)
        return belongs(seed, who, trait_number(trait)) < np.array(need.share)[household]

    young = crowd.age[: crowd.members] < 45
    note("母婴", household == HOUSEHOLDS.index(Household.BABY), 0.6)
    note("宠物", needs("cat") | needs("dog"), 0.7)
    note("咖啡", needs("coffee") | needs("instant_coffee"), 0.5)
    note("职场", young & (household != HOUSEHOLDS.index(Household.ELDERLY)), 0.14)
    note("健身", young, 0.08)
    note("烘焙", crowd.female[: crowd.members] == 1, 0.06)
    note("亲子", household == HOUSEHOLDS.index(Household.SCHOOL), 0.22)
    note("养生", household == HOUSEHOLDS.index(Household.ELDERLY), 0.25)
    return [tuple(tags) for tags in found]


def _walk(rng: np.random.Generator, count: int, block: int, step: int) -> list[int]:
    """Numbers below `block` that look drawn; none comes twice because `step` shares no factor with `block`."""
    return ((np.arange(count) * step + int(rng.integers(block))) % block).tolist()


def _openid(seed: int, row: int) -> str:
    """Something that looks like an openid; multiplying by odd numbers permutes 64 bits, so none comes twice."""
    mixed = ((row + 1) * 0x9E3779B97F4A7C15 + seed * 0x8CB92BA72F3D8DD7) * 0xBF58476D1CE4E5B9 % (1 << 64)
    return f"oHL5_{mixed:016x}"
