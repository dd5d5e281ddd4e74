"""A small random population for the member list, with everything a filter can ask, and what each member has."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import ConsentInput, IdentityInput, Registration
from laoke.segments import cubes
from tests.shop import OPENING, Shop

AS_OF = date(2026, 3, 9)  # the night before OPENING
TODAY = date(2026, 3, 10)
TAGS = ("母婴", "咖啡", "=1+1")
TIERS = ("basic", "silver", "gold", "black")


@dataclass
class Person:
    """What is known of one member. `orders`: (day, store id) of purchases something of which was kept."""

    id: int
    joined_at: datetime
    name: str
    phone: str
    tier: str
    points: int
    language: str
    birthday: date | None
    store: int | None
    tags: set[str]
    blocked: bool
    consents: dict[str, bool]
    scores: tuple[int, int, int] | None
    rfm: str | None
    value: str | None
    spend_minor: int | None
    night_last: date | None
    orders: list[tuple[date, int]] = field(default_factory=list)

    @property
    def last(self) -> date | None:
        """The last purchase as the list knows it: last night's, or one since."""
        since = [day for day, _ in self.orders if day > AS_OF]
        return max(since) if since else self.night_last


def crowd(shop: Shop, size: int, seed: int = 7) -> list[Person]:
    """Register, buy, tag, score. Two of them were merged away and erased: nobody may ever see those."""
    dice = random.Random(seed)
    stores = sorted(shop.stores.values())
    names = ["陈雨桐", "王芳", "José Álvarez", "=cmd()", "", "😀 صفا"]
    wanted = []
    for number in range(size):
        home = dice.choice([None, *stores])
        wanted.append(
            Registration(
                registered_at=OPENING - timedelta(days=dice.randrange(0, 60), seconds=dice.choice([0, 0, 7])),
                identities=(
                    IdentityInput("phone", f"1380000{number:04d}"),
                    IdentityInput("card", f"C{number:07d}"),
                ),
                name=dice.choice(names) or None,
                birth_date=dice.choice(
                    [None, date(1990, dice.randrange(1, 13), dice.randrange(1, 29)), date(1992, 2, 29)]
                ),
                language=dice.choice(["", "en", "zh-hans"]),
                home_store_id=home,
                consents=tuple(
                    ConsentInput(channel, "marketing", dice.random() < 0.6, "pos")
                    for channel in ("sms", "email")
                    if dice.random() < 0.7
                ),
                tags=tuple(tag for tag in TAGS if dice.random() < 0.3),
            )
        )
    made = members.register_many(caller=SYSTEM, at=OPENING, rows=wanted).member_ids
    people = []
    for number, (member_id, row) in enumerate(zip(made, wanted, strict=True)):
        blocked = dice.random() < 0.1
        scored = dice.random() < 0.8
        night = AS_OF - timedelta(days=dice.randrange(0, 120)) if dice.random() < 0.7 else None
        person = Person(
            id=member_id,
            joined_at=row.registered_at,
            name=row.name or "",
            phone=f"1380000{number:04d}",
            tier=dice.choice(TIERS),
            points=dice.choice([0, 0, 5, 100, 100, 2500, -30]),
            language=row.language,
            birthday=row.birth_date,
            store=row.home_store_id,
            tags=set(row.tags),
            blocked=blocked,
            consents={each.channel: each.granted for each in row.consents},
            scores=tuple(dice.randrange(1, 6) for _ in range(3)) if scored and night else None,
            rfm=dice.choice(["high_value", "potential", "new", "dormant"]) if scored else None,
            value=dice.choice(["core", "potential", "basic", "dormant"]) if scored else None,
            spend_minor=dice.choice([0, 5_000, 5_000, 123_456, 900_000]) if scored else None,
            night_last=night if scored else None,
        )
        if person.night_last:
            person.orders.append((person.night_last, dice.choice(stores)))
        elif not scored and dice.random() < 0.3:
            # Bought long ago, but no night counted it: blocked members have no features.
            person.orders.append((AS_OF - timedelta(days=50), dice.choice(stores)))
        if dice.random() < 0.15:
            person.orders.append((TODAY, dice.choice(stores)))
        people.append(person)
    _write(shop, people)
    for person in people:
        if person.blocked:
            members.block(caller=SYSTEM, member_id=person.id, reason="a test", at=OPENING)
    gone, merged = people.pop(), people.pop()
    kept = next(p for p in people if p.blocked == merged.blocked)
    members.merge(caller=SYSTEM, kept_id=kept.id, gone_id=merged.id, reason="a test", at=OPENING)
    members.erase_person(caller=SYSTEM, member_id=gone.id, reason="a test", at=OPENING)
    _read_again(people)
    return people


def _write(shop: Shop, people: list[Person]) -> None:
    channel = min(shop.channels.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into segments_featurerun (as_of, started_at, finished_at, members, summary) "
            "values (%s, %s, %s, 0, '{}')",
            [AS_OF, OPENING, OPENING],
        )
        for person in people:
            cursor.execute(
                "update tiers_standing set tier = %s where member_id = %s", [person.tier, person.id]
            )
            cursor.execute(
                "update points_account set balance = %s, debt = %s where member_id = %s",
                [person.points, max(0, -person.points), person.id],
            )
            if person.rfm:
                r, f, m = person.scores or (None, None, None)
                cursor.execute(
                    "insert into segments_memberfeatures (member_id, as_of, recency_days, frequency, "
                    "monetary_minor, orders_total, first_purchase_date, last_purchase_date, r_score, f_score, "
                    "m_score, annual_minor, annual_repurchases, rule_rfm, class_rfm, rule_value, class_value) "
                    "values (%s, %s, 1, 1, 0, 1, %s, %s, %s, %s, %s, %s, 0, '', %s, '', %s)",
                    [person.id, AS_OF, person.night_last, person.night_last, r, f, m, person.spend_minor,
                     person.rfm, person.value],
                )  # fmt: skip
            for number, (day, store) in enumerate(person.orders):
                placed = datetime(day.year, day.month, day.day, 11, tzinfo=settings.LAOKE.zone)
                cursor.execute(
                    "insert into purchases_order (order_no, member_id, store_id, channel_id, placed_at, biz_date, "
                    "currency, items_minor, discount_minor, total_minor, points_minor, paid_minor, "
                    "points_redeemed, points_earned, earn_base_minor, source, programme_version, recorded_at) "
                    "values (%s, %s, %s, %s, %s, %s, 'CNY', 100, 0, 100, 0, 100, 0, 0, 0, 'api', 1, %s)",
                    [f"{person.id}-{number}", person.id, store, channel, placed, day, placed],
                )
    cubes.count_all()


def _read_again(people: list[Person]) -> None:
    """A merge moves what the other one had: take what the kept one has now from the tables."""
    for person in people:
        with connection.cursor() as cursor:
            cursor.execute("select tag from members_membertag where member_id = %s", [person.id])
            person.tags = {row[0] for row in cursor.fetchall()}
            cursor.execute("select balance from points_account where member_id = %s", [person.id])
            person.points = cursor.fetchone()[0]
            cursor.execute("select tier from tiers_standing where member_id = %s", [person.id])
            person.tier = cursor.fetchone()[0]
            cursor.execute("select biz_date, store_id from purchases_order where member_id = %s", [person.id])
            person.orders = list(cursor.fetchall())
            cursor.execute(
                "select name_masked, language, home_store_id, birthday_mmdd, registered_at "
                "from members_member where id = %s",
                [person.id],
            )
            _, person.language, person.store, mmdd, person.joined_at = cursor.fetchone()
            person.birthday = None if mmdd is None else date(1992, *divmod(mmdd, 100))
            cursor.execute(
                "select distinct on (channel) channel, granted from members_consentevent "
                "where member_id = %s and purpose = 'marketing' order by channel, at desc, id desc",
                [person.id],
            )
            person.consents = dict(cursor.fetchall())
