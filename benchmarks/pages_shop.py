"""A chain for the benchmark of pages: members with names, phones and cards, and years of orders, points and tiers.

The members come in through the registration that an import uses, so that names and numbers are sealed and can be
searched; the rest is made by SQL (pages_shop.sql). A million members take about ten minutes and 20 GB on two cores,
so the shop is kept and used again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import pages_offers

STATEMENTS = Path(__file__).with_suffix(".sql")
# The instant every page is asked for. The newest order is an hour older.
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
STORES, PRODUCTS = 160, 20_000
FIRST_PHONE, FIRST_CARD = 13_900_000_000, 88_000_000
# Changes whenever another shop would come out: an old one is thrown away then.
EDITION = 2
_BATCH = 20_000
_TAGS = ("母婴", "宠物", "生鲜", "酒水", "周末", "夜间", "企业", "银发", "健身", "烘焙", "咖啡", "露营")

Tell = Callable[[str], None]


def build(connection: psycopg.Connection[Any], members: int, tell: Tell) -> None:
    """Fill an empty, migrated database. The tables of a shop that was interrupted are not cleaned up."""
    from django.conf import settings

    from laoke.checkout import programme
    from laoke.foundation.access import SYSTEM
    from laoke.foundation.webhooks import services as webhooks
    from laoke.surfaces.demo.loader import PROGRAMME

    programme.apply(SYSTEM, PROGRAMME, at=AT - timedelta(days=1200))
    webhooks.create_endpoint(SYSTEM, "shop", "https://93.184.216.34/laoke", [], at=AT - timedelta(days=400))
    _register(members, tell)
    values = {
        "members": members,
        "stores": STORES,
        "products": PRODUCTS,
        "audits": members // 3,
        "deliveries": members // 3,
        "at": AT.isoformat(),
        "zone": str(settings.LAOKE.zone),
        "currency": settings.LAOKE.currency,
    }
    for statement in STATEMENTS.read_text(encoding="utf-8").split(";\n"):
        if not statement.strip():
            continue
        tell(next(line for line in statement.splitlines() if line.strip() and not line.startswith("--"))[:60])
        for name, value in values.items():
            statement = statement.replace(f"{{{name}}}", str(value))
        connection.execute(statement.encode())
        connection.commit()
    connection.autocommit = True
    tell("vacuum analyze")
    connection.execute("vacuum analyze")
    connection.execute("checkpoint")
    connection.autocommit = False


def _register(members: int, tell: Tell) -> None:
    from laoke.foundation.access import SYSTEM
    from laoke.members import services
    from laoke.members.types import ConsentInput, IdentityInput, Registration
    from laoke.surfaces.demo.names import full_name

    chance = random.Random(7)

    def people() -> Iterator[Registration]:
        for number in range(members):
            gender, born = chance.choice("fm"), chance.randrange(1950, 2008)
            # Many joined lately: a programme grows.
            registered_at = AT - timedelta(
                days=1 + 1100 * chance.random() ** 1.3, seconds=chance.randrange(86_400)
            )
            consent = ConsentInput("sms", "marketing", chance.random() < 0.7, "pos", registered_at)
            yield Registration(
                registered_at=registered_at,
                identities=(
                    IdentityInput("phone", str(FIRST_PHONE + number)),
                    IdentityInput("card", f"HL{FIRST_CARD + number}"),
                ),
                name=full_name(gender, born, chance.random(), chance.random(), chance.random()),
                birth_date=date(born, chance.randrange(1, 13), chance.randrange(1, 29)),
                gender=gender,
                home_store_id=1 + int(STORES * chance.random() ** 1.5),
                channel_id=1,
                tags=tuple(chance.sample(_TAGS, chance.choice((0, 0, 0, 1, 2)))),
                consents=(consent,),
            )

    source, done = people(), 0
    while rows := list(islice(source, _BATCH)):
        services.register_many(caller=SYSTEM, at=AT - timedelta(days=1), rows=rows)
        done += len(rows)
        tell(f"members {done:,}")


def renew(connection: psycopg.Connection[Any]) -> None:
    """Compute the night's work of this version: what it stores may be more than when the shop was built."""
    from django.conf import settings

    from laoke.review import figures
    from laoke.segments import services as segments

    # As the nightly tasks do: up to the end of yesterday, so that the pages have a morning's purchases to add.
    yesterday = AT.astimezone(settings.LAOKE.zone).date() - timedelta(days=1)
    segments.recompute(as_of=yesterday, now=AT)
    figures.compute(as_of=yesterday, now=AT)
    connection.autocommit = True
    connection.execute("vacuum analyze segments_memberfeatures, review_figure")
    connection.autocommit = False


def furnished(home: Path) -> dict[str, Any]:
    """Accounts, an import, an export, a view and so on, made once; ids by the names addresses use."""
    from tests.browser import furnishing

    kept = home / "known.json"
    if not kept.exists():
        kept.write_text(json.dumps(furnishing.furnish(AT)), encoding="utf-8")
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def by_chance(chance: random.Random) -> dict[str, Any]:
    """Numbers of what there is much of, other ones at every call."""
    tables = {
        "member_id": "members_member",
        "store_id": "purchases_store",
        "product_id": "purchases_product",
        "order_id": "purchases_order",
        "delivery_id": "foundation_webhookdelivery",
        "coupon_id": "benefits_coupon",
    }
    offer = f"offer-{chance.randrange(pages_offers.OFFERS)}"
    return {name: 1 + chance.randrange(_last(table)) for name, table in tables.items()} | {
        "endpoint_id": 1,  # the one with a log
        "member-coupons.member_id": 1 + chance.randrange(_last(tables["member_id"])),
        "offer.key": offer,
        "offer-history.key": offer,
        "coupon-template.key": pages_offers.TEMPLATE,
    }


@cache
def _last(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"select max(id) from {table}")
        return int(cursor.fetchone()[0])
