"""A history played in batches leaves the same books as the same history lived through, event by event.

This is what allows an import to promise that past orders get points, lots, expiries and tiers as if they had been
live: both sides run on every random history, and everything they wrote is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from laoke.checkout import orders, programme, quotes, returns
from laoke.checkout.replay import GiveBackEvent, Player, Sale, SaleLine
from laoke.checkout.types import (
    BasketRequest,
    LineRequest,
    MemberKey,
    OrderRequest,
    ReturnLineRequest,
    ReturnRequest,
)
from laoke.engine import tiering
from laoke.foundation.access import SYSTEM
from laoke.kernel.errors import LaokeError
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.points.expiry import expire
from laoke.tiers import clock
from laoke.tiers.review import review
from tests import shop as shops
from tests.shop import LADDER, OPENING, POINTS, PRICES, Shop

ZONE = ZoneInfo("Asia/Shanghai")
# Found examples are told as they are: shrinking a history runs it hundreds of times.
BOUNDED = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Buys(NamedTuple):
    """A purchase: who (None: nobody known), lines as (sku, thousandths, percent off), points wished for."""

    who: int | None
    lines: tuple[tuple[str, int, int], ...]
    wish: int


class Returns(NamedTuple):
    """Goods of the nth order so far: thousandths by line number, or all that is left."""

    of: int
    lines: dict[int, int] | None


Happening = tuple[timedelta | None, Buys | Returns]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REVIEW_DAY = None  # the first instant of the next review day
LINES = st.tuples(
    st.sampled_from(["wine", *sorted(PRICES)]),
    st.sampled_from([1000, 1000, 2000, 3000, 456, 1]),
    st.sampled_from([0, 0, 0, 15, 100]),
)
BUYS = st.builds(
    Buys,
    st.sampled_from([0, 0, 0, 1, 1, None]),
    st.lists(LINES, min_size=1, max_size=3).map(tuple),
    st.sampled_from([0, 0, 100, 550, 5000]),
)
RETURNS = st.builds(
    Returns,
    st.integers(0, 14),
    st.none()
    | st.dictionaries(st.integers(1, 2), st.sampled_from([1000, 500, 333, 1]), min_size=1, max_size=2),
)
GAPS = st.sampled_from([timedelta(), HOUR, HOUR, DAY, 9 * DAY, 9 * DAY, 40 * DAY, 100 * DAY, REVIEW_DAY])
HISTORIES = st.lists(st.tuples(GAPS, BUYS | BUYS | RETURNS), min_size=8, max_size=15)
SPEND = POINTS["spend"]
NAME = {"zh": "规则", "en": "Rule"}
RULES = [
    {"key": "first", "name": NAME, "when": {"member.orders": 0}, "factor": 2},
    {"key": "rice", "name": NAME, "of": {"product.sku": "rice"}, "factor": 3},
    {"key": "milk", "name": NAME, "of": {"product.sku": "milk"}, "per_unit": 4},
    {"key": "back", "name": NAME, "when": {"member.days_since_last_order": {"gte": 9}}, "bonus": 13},
    {"key": "new", "name": NAME, "when": {"member.days_since_registration": {"lt": 10}}, "bonus": 3},
    {"key": "here", "name": NAME, "when": {"store.code": "S1", "basket.subtotal": {"gte": 80}}, "bonus": 5},
]
EARN = {
    "points": 1,
    "per_minor": 100,
    "rounding": "half_up",
    "rules": RULES,
    "without": {"product.sku": "apples"},
}
WHOLE_LADDER = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1] | {"needs": [{"metric": "spend", "window": "calendar_month", "at_least": 50_000}]},
        LADDER["tiers"][2]
        | {
            "needs": [
                {
                    "any": [
                        {"metric": "spend", "window": "lifetime", "at_least": 200_000},
                        {
                            "all": [
                                {"metric": "purchases", "window": "calendar_quarter", "at_least": 3},
                                {"metric": "spend", "months": 2, "at_least": 80_000},
                            ]
                        },
                    ]
                }
            ]
        },
        LADDER["tiers"][3],
    ]
}
LASTING_LADDER = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1]
        | {
            "validity": {
                "months": 2,
                "grace_days": 5,
                "basis": "period",
                "extension": {
                    "months": 1,
                    "needs": [{"metric": "purchases", "window": "period", "at_least": 2}],
                },
            }
        },
        LADDER["tiers"][2]
        | {
            "inactive_days": 45,
            "validity": {
                "days": 50,
                "keep": [{"metric": "purchases", "window": "period", "at_least": 1}],
                "extension": {"months": 1, "needs": [{"metric": "purchases", "months": 3, "at_least": 4}]},
            },
        },
        LADDER["tiers"][3],
    ],
    "fall": "at_period_end",
}
FALLING_LADDER = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1] | {"inactive_days": 30},
        *LADDER["tiers"][2:],
    ],
    "fall": "at_once",
    "downgrade": "one_step",
}
YEARLY_LADDER = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1]
        | {"needs": [{"metric": "spend", "window": "membership_year", "at_least": 80_000}]},
        LADDER["tiers"][2]
        | {
            "needs": [
                {"metric": "purchases", "window": "membership_year", "at_least": 2},
                {"metric": "spend", "months": 14, "at_least": 120_000},
            ],
            "validity": {
                "months": 2,
                "basis": "period",
                "keep": [{"metric": "purchases", "window": "membership_year", "at_least": 1}],
            },
        },
    ]
}
EARNED_LADDER = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1] | {"needs": [{"metric": "points_earned", "months": 3, "at_least": 400}]},
        LADDER["tiers"][2]
        | {
            "needs": [
                {
                    "any": [
                        {"metric": "points_earned", "window": "membership_year", "at_least": 1500},
                        {"metric": "purchases", "months": 2, "at_least": 3},
                    ]
                }
            ],
            "validity": {
                "months": 2,
                "basis": "period",
                "keep": [{"metric": "points_earned", "window": "period", "at_least": 300}],
                "extension": {
                    "months": 1,
                    "needs": [{"metric": "points_earned", "window": "period", "at_least": 700}],
                },
            },
        },
    ],
    "fall": "at_period_end",
}
# Three visits before the history begins, each of which earns 300 points.
ACTING_LADDER = LADDER | {
    "tiers": [
        LADDER["tiers"][0],
        LADDER["tiers"][1]
        | {
            "needs": [
                {"metric": "interactions", "kind": "visit", "months": 2, "at_least": 2},
                {"metric": "purchases", "months": 1, "at_least": 1},
            ]
        },
        LADDER["tiers"][2]
        | {
            "needs": [{"metric": "points_earned", "months": 2, "at_least": 1500}],
            "validity": {
                "months": 2,
                "keep": [{"metric": "interactions", "window": "lifetime", "at_least": 3}],
                "extension": {
                    "months": 1,
                    "needs": [{"metric": "points_earned", "months": 2, "at_least": 2000}],
                },
            },
        },
    ],
    "fall": "at_once",
}
VISITS = {"kinds": {"visit": {"name": {"zh": "到店", "en": "Visit"}, "points": 300}}}
POLICIES = {
    "visits and points they earn": POINTS | {"ladder": ACTING_LADDER, "activities": VISITS},
    "points earned": POINTS | {"ladder": EARNED_LADDER},
    "points earned, a fall at once": POINTS | {"ladder": EARNED_LADDER | {"fall": "at_once"}},
    "years of the membership": POINTS | {"ladder": YEARLY_LADDER},
    "years of the membership, up and down at reviews": POINTS
    | {"ladder": YEARLY_LADDER | {"upgrade": "at_review", "review": "monthly"}},
    "periods, extended, and lost without purchases": POINTS | {"ladder": LASTING_LADDER},
    "a fall at once": POINTS | {"ladder": FALLING_LADDER},
    "up and down at reviews": POINTS
    | {"ladder": WHOLE_LADDER | {"upgrade": "at_review", "review": "monthly"}},
    "rules of earning": POINTS | {"earn": EARN | {"tiers": {"silver": 1.5}}},
    "rules of earning, capped": POINTS
    | {"earn": EARN | {"basis": "net", "caps": {"order": 1200, "day": 1500, "month": 2500}}},
    "as shipped": POINTS,
    "points that die young": POINTS | {"valid_months": 2, "grace_days": 5},
    "pending, the oldest first, owed up to a floor": POINTS
    | {"pending_days": 9, "order_of_use": "age", "shortfall": "floor", "debt_limit": 700, "valid_months": 3},
    "nothing may be owed": POINTS | {"shortfall": "forbid", "valid_months": 2, "pending_days": 1},
    "by inactivity": POINTS | {"expires": "inactivity", "valid_months": 2},
    "by inactivity, pending": POINTS | {"expires": "inactivity", "valid_months": 3, "pending_days": 40},
    "whole windows and alternatives": POINTS | {"ladder": WHOLE_LADDER},
    "waived, half at most, odd rates": POINTS
    | {
        "shortfall": "waive",
        "expires": "next_year_end",
        "earn": {"points": 3, "per_minor": 700, "rounding": "half_up"},
        "spend": SPEND | {"points": 10, "worth_minor": 7, "step": 50, "max_percent": 50},
    },
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
@BOUNDED
@given(history=HISTORIES, cuts=st.sets(st.integers(1, 14), max_size=4), sweeps=st.booleans())
@example(
    history=[
        (HOUR, Buys(0, (("wine", 3000, 0),), 0)),
        (REVIEW_DAY, Buys(0, (("milk", 1000, 0), ("rice", 2000, 15)), 1400)),
        (100 * DAY, Returns(1, {1: 1000})),
        (HOUR, Returns(0, None)),
        (REVIEW_DAY, Buys(0, (("wine", 2000, 0),), 550)),
        (HOUR, Returns(1, None)),
        (HOUR, Returns(4, None)),
    ],
    cuts={2, 5},
    sweeps=True,
)
@example(
    history=[
        (HOUR, Buys(0, (("wine", 3000, 0), ("milk", 1000, 0)), 0)),
        (HOUR, Buys(0, (("rice", 2000, 0),), 550)),
        (100 * DAY, Returns(0, {2: 1000})),
        (HOUR, Returns(0, {1: 1})),
        (100 * DAY, Returns(0, None)),
        (HOUR, Returns(1, None)),
    ],
    cuts={2, 4},
    sweeps=True,
)
def test_played_is_lived(shop, policy, history, cuts, sweeps):
    _played_is_lived(shop, policy, history, cuts, sweeps)


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
@settings(BOUNDED, max_examples=200)
@given(history=HISTORIES, cuts=st.sets(st.integers(1, 14), max_size=4), sweeps=st.booleans())
def test_many_more_are(shop, policy, history, cuts, sweeps):
    _played_is_lived(shop, policy, history, cuts, sweeps)


def _played_is_lived(shop, policy, history, cuts, sweeps):
    with _undone(policy):
        people = _two(shop)
        lived = _live(people, history, sweeps)
        lived_books, broken = _books(people), shops.broken()
        assert broken == {}
    with _undone(policy):
        people = _two(shop)
        played = _play(shop, people, history, cuts)
        played_books, broken = _books(people), shops.broken()
        assert broken == {}
    assert played == lived
    for table, rows in lived_books.items():
        assert played_books[table] == rows, table


def _two(shop: Shop) -> tuple[int, int]:
    """One whose year of membership ends soon, and somebody new; where visits count, with those of the first."""
    people = shop.member(at=OPENING - 345 * DAY), shop.member()
    if programme.current().activities.kinds:
        for day in range(0, 60, 20):
            at = OPENING - day * DAY
            told = {"member_id": people[0], "kind": "visit", "at": at.isoformat()}
            assert shop.till(at)._command("/v1/events", told, f"visit-{day}").status == 201
    return people


@BOUNDED
@given(
    before=st.lists(st.tuples(st.sampled_from([HOUR, DAY, 9 * DAY]), BUYS), max_size=3),
    bought=st.lists(st.tuples(st.sampled_from([HOUR, DAY, 9 * DAY]), BUYS), min_size=1, max_size=6),
    data=st.data(),
)
def test_what_comes_back_as_a_whole_was_never_bought(shop, before, bought, data):
    """After any purchases and their full returns, in any order and in pieces, all is as it was before them."""
    with _undone(POINTS):
        people = shop.member(), shop.member()
        _live(people, before, False)
        began = [(shops.account(who), shops.tier(who)) for who in people]
        piecewise = [
            (HOUR, Returns(len(before) + number, None if whole else {1: 333}))
            for whole in (False, True)
            for number in data.draw(st.permutations(range(len(bought))))
        ]
        _live(people, [*before, *bought, *piecewise], False, skip=len(before))
        ended = [(shops.account(who), shops.tier(who)) for who in people]
        assert ended == began
        assert shops.broken() == {}


@contextmanager
def _undone(policy: dict[str, Any]) -> Iterator[None]:
    """Run under a policy of points, and the ladder and the events named beside it, and take everything back."""
    with transaction.atomic():
        shops.forget()
        beside = {name: policy[name] for name in ("ladder", "activities") if name in policy}
        points = {name: said for name, said in policy.items() if name not in beside}
        programme.apply(SYSTEM, {"points": points, **beside}, at=OPENING)
        yield
        transaction.set_rollback(True)
    shops.forget()


def _timed(history: Sequence[Happening]) -> Iterator[tuple[datetime, Buys | Returns, list[date]]]:
    """Each event with its instant and the review days since the one before."""
    at, after = OPENING, OPENING.astimezone(ZONE).date() - DAY
    for number, (gap, what) in enumerate(history):
        if gap is None:
            day = tiering.next_review(programme.current().ladder, at.astimezone(ZONE).date())
            assert day is not None
            at = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
        else:
            at += gap
        day = at.astimezone(ZONE).date()
        if not number:
            after = day - DAY
        yield at, what, list(tiering.reviews_between(programme.current().ladder, after, day))
        after = max(day, after)


def _live(people: Sequence[int], history: Sequence[Happening], sweeps: bool, skip: int = 0) -> list[str]:
    """Live through it at the till; returns the refusals. The first `skip` events are lived through already."""
    sold: list[str] = []
    refused: list[str] = []
    at = OPENING
    for number, (at, what, reviews) in enumerate(_timed(history)):
        if isinstance(what, Buys):
            sold.append(f"A{number}")
        if number < skip:
            continue
        for day in reviews:
            review(programme.current().ladder, day, now=at)
        if sweeps:
            expire(at=at, now=at)
            clock.run(at=at)
        try:
            if isinstance(what, Buys):
                _sell(people, f"A{number}", what, at)
            else:
                _return(sold[what.of % len(sold)] if sold else "none", f"R{number}", what, at)
        except LaokeError as error:
            refused.append(f"{number} {error.code}")
    expire(at=at, now=at)
    clock.run(at=at)
    return refused


def _sell(people: Sequence[int], order_no: str, what: Buys, at: datetime) -> None:
    basket = BasketRequest(
        "S1",
        "pos",
        "CNY",
        tuple(
            LineRequest(sku, milli, None, _gross(sku, milli) * off // 100) for sku, milli, off in what.lines
        ),
        None if what.who is None else MemberKey(people[what.who]),
    )
    asked = quotes.quote(SYSTEM, basket, at=at)
    step = programme.current().points.spend.step
    points = min(what.wish // step * step, asked["points_usable"])
    request = OrderRequest(
        order_no,
        BasketRequest("S1", "pos", "CNY", basket.lines, basket.member, points),
        at,
        quote=asked["quote"],
    )
    orders.commit(SYSTEM, request, order_no, b"", now=at)


def _return(order_no: str, return_no: str, what: Returns, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select id from purchases_order where order_no = %s", [order_no])
        row = cursor.fetchone()
    lines = what.lines and tuple(ReturnLineRequest(number, milli) for number, milli in what.lines.items())
    request = ReturnRequest(return_no, row[0] if row else 0, at, lines)
    returns.take_back(SYSTEM, request, return_no, b"", now=at)


def _play(shop: Shop, people: Sequence[int], history: Sequence[Happening], cuts: set[int]) -> list[str]:
    """Play it in batches; returns the refusals."""
    sold: list[str] = []
    store, channel = shop.stores["S1"], shop.channels["pos"]
    events: list[Sale | GiveBackEvent] = []
    at = OPENING
    for number, (at, what, _) in enumerate(_timed(history)):
        if isinstance(what, Buys):
            sold.append(f"A{number}")
            lines = []
            for sku, milli, off in what.lines:
                gross = _gross(sku, milli)
                discount = gross * off // 100
                lines.append(
                    SaleLine(
                        shop.products[sku],
                        milli,
                        PRICES[sku],
                        gross,
                        discount,
                        gross - discount,
                        sku != "card",
                    )
                )
            who = None if what.who is None else people[what.who]
            events.append(Sale(f"A{number}", store, channel, who, at, lines, points_wish=what.wish))
        else:
            order_no = sold[what.of % len(sold)] if sold else "none"
            events.append(GiveBackEvent(f"R{number}", store, order_no, at, what.lines))
    player = Player(programme.current(), ZONE, "CNY", source="import", now=at, remember=1)
    edges = [0, *sorted(cut for cut in cuts if cut < len(events)), len(events)]
    for start, end in pairwise(edges):
        player.play(events[start:end])
    expire(at=at, now=at)
    clock.run(at=at)
    return [f"{events.index(event)} {error.code}" for event, error in player.played.refused]


def _gross(sku: str, milli: int) -> int:
    return round_ratio(PRICES[sku] * milli, 1000, Rounding.HALF_UP)


# Everything either side wrote, without ids and without when and whence it was recorded.
TABLES = {
    "accounts": "select m.no, a.balance, a.debt, a.earned_total, a.redeemed_total, a.expired_total "
    "from points_account a join people m on m.id = a.member_id",
    "lots": "select m.no, o.order_no, l.origin, l.accrued_at, l.available_at, l.expires_at, l.points, l.remaining "
    "from points_lot l "
    "join people m on m.id = l.member_id left join purchases_order o on o.id = l.order_id",
    "postings": "select m.no, o.order_no, r.return_no, p.kind, p.points, p.at from points_posting p "
    "join people m on m.id = p.member_id left join purchases_order o on o.id = p.order_id "
    "left join purchases_orderreturn r on r.id = p.return_id",
    "standings": "select m.no, s.tier, s.since, s.reviewed_date, s.period_date, s.valid_until, s.extended_from, "
    "s.due_date from tiers_standing s "
    "join people m on m.id = s.member_id",
    "moves": "select m.no, o.order_no, c.from_tier, c.to_tier, c.at, c.cause, c.reasons::text "
    "from tiers_tierchange c join people m on m.id = c.member_id left join purchases_order o on o.id = c.order_id",
    "orders": "select m.no, {order} from purchases_order o left join people m on m.id = o.member_id",
    "lines": "select o.order_no, {line} from purchases_orderline l join purchases_order o on o.id = l.order_id",
    "tenders": "select o.order_no, t.tender_no, t.kind, t.amount_minor, t.reference from purchases_ordertender t "
    "join purchases_order o on o.id = t.order_id",
    "returns": "select m.no, o.order_no, {return} from purchases_orderreturn r "
    "join purchases_order o on o.id = r.order_id left join people m on m.id = r.member_id",
    "return lines": "select r.return_no, l.line_no, l.quantity_milli, l.returned_minor from purchases_returnline l "
    "join purchases_orderreturn r on r.id = l.order_return_id",
}
COLUMNS = {
    "order": ("purchases_order", "o", {"id", "member_id", "source", "recorded_at", "programme_version"}),
    "line": ("purchases_orderline", "l", {"order_id"}),
    "return": ("purchases_orderreturn", "r", {"id", "order_id", "member_id", "recorded_at"}),
}


def _books(people: Sequence[int]) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection.cursor() as cursor:
        for name, query in TABLES.items():
            text = re.sub(r"\{(\w+)\}", lambda match: _columns(match[1]), query)
            cursor.execute(
                f"with people as (select * from unnest(%s::bigint[]) with ordinality as p (id, no)) {text}",
                [list(people)],
            )
            found[name] = sorted(cursor.fetchall(), key=repr)
    return found


def _columns(of: str) -> str:
    table, alias, without = COLUMNS[of]
    with connection.cursor() as cursor:
        cursor.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped "
            "order by attnum",
            [table],
        )
        return ", ".join(f"{alias}.{row[0]}" for row in cursor.fetchall() if row[0] not in without)
