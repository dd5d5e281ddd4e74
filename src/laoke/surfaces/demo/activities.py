"""What members of the demo do beside buying in its last two weeks: check in, answer, share, bring friends along."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.foundation.idempotency.services import Command
from laoke.points.activities import referrals, services
from laoke.points.activities.errors import ReferralRefused
from laoke.points.activities.rules import CHECK_IN, REFERRAL
from laoke.points.activities.services import Told

# So many take part in a demo of any size; some of those who join in these days were brought by one of them.
_ENGAGED, _BROUGHT = 12, 6
_SURVEY = "member-survey"


class Diary:
    """What is told to the shop in a time, in the order in which it happens; nothing is told twice."""

    def __init__(self, start: datetime, days: int, zone: ZoneInfo) -> None:
        people = _there(start)
        friends = _joining(start)
        self._friends = {friend.member_id for friend in friends}
        told = heapq.merge(
            sorted(_engaged(people, start, days, zone), key=lambda each: each.at),
            sorted(_brought(people, friends), key=lambda each: each.at),
            key=lambda each: each.at,
        )
        self._left = list(told)[::-1]

    def until(self, at: datetime) -> None:
        """Tell what happened before an instant."""
        while self._left and self._left[-1].at < at:
            told = self._left.pop()
            # The rest of the command is in its key.
            key = f"demo-{told.kind}-{told.member_id}-{told.friend_id or told.at.isoformat()}"
            try:
                services.tell(SYSTEM, told, Command(key, (b"demo",)), now=told.at)
            except ReferralRefused:
                continue  # they live together

    def bought(self, member_id: int | None, at: datetime) -> None:
        """Let the referral of who has just bought pay."""
        if member_id in self._friends and member_id is not None:
            referrals.judge(member_id, at=at)


class _Joining(NamedTuple):
    member_id: int
    registered_at: datetime


def _engaged(people: list[int], start: datetime, days: int, zone: ZoneInfo) -> Iterator[Told]:
    """Some come every day, the others on some; all at hours of their own."""
    for number, member_id in enumerate(people):
        for day in range(days):
            on = start.astimezone(zone).date() + timedelta(days=day)
            if number % 4 == 0 or (number * 5 + day * 3) % 4:
                yield Told(
                    member_id, CHECK_IN, _moment(on, number * 7 + day * 3, number * 13 + day * 29, zone)
                )
            if number % 3 == day % 7:
                at = _moment(on, number * 5 + day, number * 17 + day * 7, zone)
                yield Told(member_id, "share", at, subject=f"recipe-{day // 7 * 10 + number % 10}")
            if number % 2 == 0 and day == number % days:
                yield Told(member_id, "survey", _moment(on, number * 11, number * 23, zone), subject=_SURVEY)
            if number % 6 == 1 and day % 7 == number % 7:
                yield Told(member_id, "ugc", _moment(on, number * 3, number * 19, zone))
            if number % 5 == 2 and day % 7 == 5:
                yield Told(member_id, "kitchen", _moment(on, 3 + number % 2, number * 7, zone))


def _brought(people: list[int], friends: list[_Joining]) -> Iterator[Told]:
    if people:
        for number, friend in enumerate(friends):
            by = people[number // 2 * 5 % len(people)]
            yield Told(by, REFERRAL, friend.registered_at + timedelta(seconds=30), friend_id=friend.member_id)


def _moment(on: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """Between seven in the morning and nine in the evening."""
    return datetime.combine(on, time(7 + hour % 14, minute % 60, minute * 7 % 60), tzinfo=zone)


def _there(at: datetime) -> list[int]:
    """Some of those who are members at an instant, from all over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from members_member where status = 'active' and registered_at < %s order by id limit %s",
            [at, _ENGAGED * 100],
        )
        found = [row[0] for row in cursor.fetchall()]
    return found[:: max(1, len(found) // _ENGAGED)][:_ENGAGED]


def _joining(since: datetime) -> list[_Joining]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, registered_at from members_member where status = 'active' and registered_at >= %s "
            "order by registered_at, id limit %s",
            [since, _BROUGHT],
        )
        return [_Joining(*row) for row in cursor.fetchall()]
