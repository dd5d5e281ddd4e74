"""The year of a Chinese neighbourhood shop: feasts, shopping days, weeks and hours."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np

from .assortment import Shelf
from .draws import Floats, Ints

# Feasts of the lunar calendar (Hong Kong Observatory, Gregorian-Lunar Calendar Conversion Table).
# Outside these years the shop simply has no such feast.
SPRING_FESTIVAL = (
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
)
MID_AUTUMN = (
    date(2022, 9, 10),
    date(2023, 9, 29),
    date(2024, 9, 17),
    date(2025, 10, 6),
    date(2026, 9, 25),
    date(2027, 9, 15),
    date(2028, 10, 3),
    date(2029, 9, 22),
    date(2030, 9, 12),
)


def days_of(first: date, last: date) -> list[date]:
    """Every calendar day from `first` to `last`, both included."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def before_feast(day: date, feasts: tuple[date, ...], run_up: int) -> float:
    """How near the next feast is: 0 earlier than `run_up` days before it, rising to 1 on its eve, 0 on the day."""
    left = min(((feast - day).days for feast in feasts if feast > day), default=run_up + 1)
    return max(0.0, 1 - (left - 1) / run_up)


def traffic(day: date) -> float:
    """How much is bought on this day beside an ordinary one, in shops and online together."""
    weight = (0.93, 0.9, 0.92, 0.95, 1.05, 1.2, 1.16)[day.weekday()]
    weight *= 1 + 1.15 * before_feast(day, SPRING_FESTIVAL, 20) + 0.25 * before_feast(day, MID_AUTUMN, 8)
    if any(0 <= (day - feast).days <= 4 for feast in SPRING_FESTIVAL):
        weight *= 0.5  # the city is away, the shop opens late
    if online_feast(day):
        weight *= 1.3
    if (day.month, day.day) in {(5, 1), (10, 1), (12, 31), (1, 1)}:
        weight *= 1.25
    return weight


def online_feast(day: date) -> bool:
    """The days around 618 and 双11, when people order from the sofa."""
    return (day.month == 6 and 15 <= day.day <= 18) or (day.month == 11 and 8 <= day.day <= 11)


def shelf_season(day: date, shelf: Shelf) -> float:
    """How much a shelf is wanted on this day beside its average over the year."""
    warmth = math.cos((day.timetuple().tm_yday - 203) / 365.25 * 2 * math.pi)  # warmest about 22 July
    weight = 1.0
    for season, strength in shelf.seasons.items():
        if season == "summer":
            weight *= max(0.03, 1 + strength * warmth)
        elif season == "winter":
            weight *= max(0.03, 1 - strength * warmth)
        elif season == "spring_festival":
            weight *= 1 + strength * before_feast(day, SPRING_FESTIVAL, 24)
        elif season == "mid_autumn":
            weight *= 1 + strength * before_feast(day, MID_AUTUMN, 24)
        elif season == "only_mid_autumn":
            weight *= strength * before_feast(day, MID_AUTUMN, 30)
    return weight


# Share of orders by hour from 0 to 23. Tills are open from 7 to 22; the old come early, the office late.
_TILL = (0, 0, 0, 0, 0, 0, 0, 3, 6, 8, 8, 7, 6, 4, 4, 5, 7, 10, 12, 11, 9, 6, 0, 0)
_TILL_WEEKEND = (0, 0, 0, 0, 0, 0, 0, 2, 5, 9, 12, 11, 8, 5, 6, 8, 10, 10, 9, 8, 7, 5, 0, 0)
_TILL_ELDERLY = (0, 0, 0, 0, 0, 0, 0, 14, 19, 16, 11, 7, 3, 2, 3, 6, 8, 6, 4, 2, 1, 0.5, 0, 0)
_ONLINE = (1.5, 0.7, 0.3, 0.2, 0.2, 0.4, 1.5, 3, 4, 5, 6, 7, 6, 4, 4, 4, 6, 8, 8, 7, 8, 8, 6, 3)
HOURS = (_TILL, _TILL_WEEKEND, _TILL_ELDERLY, _ONLINE)


def hour_row(online: Ints, weekend: Ints, elderly: Ints) -> Ints:
    """Which row of HOURS an order follows; the arguments are 0 or 1, shape (n,)."""
    return np.where(online == 1, 3, np.where(elderly == 1, 2, weekend))


def traffic_by_day(days: list[date]) -> Floats:
    """`traffic` of each day, shape (days,)."""
    return np.array([traffic(day) for day in days])
