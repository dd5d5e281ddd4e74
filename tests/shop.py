"""A small shop for whole trips: stores, products, rules and members, and a till that speaks HTTP to it.

The till has a clock of its own: a request is handled as if it had come in at that instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.client import Client, ClientHandler

from laoke.checkout import catalogue, orders, programme, quotes
from laoke.checkout.checks import CHECKS
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput

# Noon in Shanghai on a Tuesday, in the first quarter of a year without a leap day.
OPENING = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)

# A member by id, or as the API names one: {"phone": "13800000001"}.
Who = int | Mapping[str, Any] | None

STORES = (StoreInput("S1", "一店"), StoreInput("S2", "二店"))
PRICES = {"milk": 1250, "rice": 6990, "wine": 50000, "apples": 990, "card": 10000}
PRODUCTS = (
    ProductInput("milk", "牛奶", PRICES["milk"], unit="瓶"),
    ProductInput("rice", "大米", PRICES["rice"], unit="袋"),
    ProductInput("wine", "红酒", PRICES["wine"], unit="箱"),
    ProductInput("apples", "苹果", PRICES["apples"], unit="千克"),
    ProductInput("card", "礼品卡", PRICES["card"], unit="张", earns_points=False),
)
# One point a yuan, 100 points = 1 yuan, valid for a year: the defaults, written out.
POINTS: dict[str, Any] = {
    "earn": {"points": 1, "per_minor": 100, "rounding": "down"},
    "spend": {"points": 100, "worth_minor": 100, "step": 100, "max_percent": 100},
    "valid_months": 12,
    "shortfall": "debt",
    "grace_days": 30,
}
LADDER: dict[str, Any] = {
    "tiers": [
        {"code": "basic", "name_zh": "普通会员", "name_en": "Member"},
        {
            "code": "silver",
            "name_zh": "银卡",
            "name_en": "Silver",
            "needs": [{"metric": "spend", "months": 3, "at_least": 50_000}],
        },
        {
            "code": "gold",
            "name_zh": "金卡",
            "name_en": "Gold",
            "needs": [
                {"metric": "purchases", "months": 3, "at_least": 3},
                {"metric": "spend", "months": 3, "at_least": 200_000},
            ],
        },
        {
            "code": "black",
            "name_zh": "黑卡",
            "name_en": "Black",
            "needs": [{"metric": "spend", "months": 12, "at_least": 1_000_000}],
        },
    ],
    "review": "quarterly",
    "downgrade": "to_qualified",
}


def forget() -> None:
    """Make this process forget what it keeps of rules and catalogue: a test's rollback takes generations back."""
    programme.at_version.cache_clear()
    catalogue._known = catalogue.Known(-1, {}, {}, {})
    orders._seen_version = None
    quotes._seen["programme"] = -1
    apikeys.forget_cached()


def open_shop(*, at: datetime = OPENING, points: Mapping[str, Any] = POINTS) -> Shop:
    """Stores, a channel, products and a published programme."""
    forget()
    stores = purchases.save_stores(SYSTEM, STORES, at=at)
    channels = purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=at)
    products = purchases.save_products(SYSTEM, PRODUCTS, at=at)
    programme.apply(SYSTEM, {"points": points, "ladder": LADDER}, at=at)
    _, key = apikeys.create(SYSTEM, "till 1", [scope.value for scope in Scope], None, None, at=at)
    return Shop(stores, channels, products, key)


@dataclass
class Shop:
    """What is in the shop, by code."""

    stores: Mapping[str, int]
    channels: Mapping[str, int]
    products: Mapping[str, int]
    key: str
    _phones: Iterator[int] = field(default_factory=lambda: count(13_800_000_001))

    def member(self, *, at: datetime = OPENING) -> int:
        """Somebody new, with a phone."""
        return members.register(
            caller=SYSTEM, at=at, identities=[IdentityInput("phone", str(next(self._phones)))]
        )

    def till(self, at: datetime = OPENING) -> Till:
        """A till whose clock shows `at`."""
        return Till(self.key, at)

    def reprice(self, sku: str, price_minor: int, *, at: datetime) -> None:
        """Change a list price."""
        purchases.save_products(SYSTEM, [ProductInput(sku, sku, price_minor)], at=at)


@dataclass(frozen=True)
class Reply:
    """What came back: status, JSON, the body to the letter, and whether it was a repeat."""

    status: int
    json: dict[str, Any]
    body: bytes
    replayed: bool

    @property
    def code(self) -> str | None:
        """The code of a problem, None for an answer."""
        return self.json["type"].rsplit("/", 1)[-1] if "type" in self.json else None

    def __getitem__(self, name: str) -> Any:
        return self.json[name]


class _Handler(ClientHandler):
    now = OPENING

    def get_response(self, request: HttpRequest) -> HttpResponse:
        request.received_at = self.now  # type: ignore[attr-defined]
        return super().get_response(request)


_keys = count(1)


class Till:
    """A till at the counter. Every command has a key of its own unless one is given."""

    def __init__(self, api_key: str, at: datetime) -> None:
        self.at = at
        self._client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {api_key}"})
        self._handler = self._client.handler = _Handler(enforce_csrf_checks=False)

    def later(self, **by: int) -> Till:
        """Let time go by."""
        self.at += timedelta(**by)
        return self

    def quote(self, member: Who, *lines: Mapping[str, Any], **more: Any) -> Reply:
        """Ask for a price."""
        return self._post("/v1/quotes", basket(member, *lines, **more), {})

    def sell(
        self,
        order_no: str,
        member: Who,
        *lines: Mapping[str, Any],
        key: str | None = None,
        placed_at: datetime | None = None,
        **more: Any,
    ) -> Reply:
        """Record a purchase."""
        body = basket(member, *lines, **more)
        body |= {"order_no": order_no, "placed_at": (placed_at or self.at).isoformat()}
        return self.send_order(body, key=key)

    def send_order(self, body: Mapping[str, Any], *, key: str | None = None) -> Reply:
        """Record a purchase whose body is given."""
        return self._command("/v1/orders", body, key)

    def take_back(
        self,
        order_id: int,
        return_no: str = "R1",
        *lines: tuple[int, str],
        key: str | None = None,
        **more: Any,
    ) -> Reply:
        """Take goods back: (line number, quantity); no lines: all that is left."""
        body: dict[str, Any] = {"return_no": return_no, "returned_at": self.at.isoformat(), **more}
        if lines:
            body["lines"] = [{"line_no": number, "quantity": quantity} for number, quantity in lines]
        return self._command(f"/v1/orders/{order_id}/returns", body, key)

    def _command(self, path: str, body: Mapping[str, Any], key: str | None) -> Reply:
        return self._post(path, body, {"Idempotency-Key": key or f"key-{next(_keys)}"})

    def _post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
        self._handler.now = self.at
        response = self._client.post(
            path, data=orjson.dumps(body), content_type="application/json", headers=dict(headers)
        )
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return Reply(response.status_code, orjson.loads(response.content), response.content, replayed)


def line(sku: str, quantity: str | int = 1, **more: Any) -> dict[str, Any]:
    """One article of a basket."""
    return {"sku": sku, "quantity": str(quantity), **more}


def basket(member: Who, *lines: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A basket as the API takes it, in store S1 unless said otherwise."""
    body: dict[str, Any] = {"store": "S1", "channel": "pos", "lines": list(lines), **more}
    if member is not None:
        body["member"] = {"member_id": member} if isinstance(member, int) else dict(member)
    return body


def broken() -> dict[str, Sequence[str]]:
    """The identities that do not hold, with examples. Empty: the books are right."""
    return {found.name: found.examples for found in checks.run(CHECKS) if found.broken}


def everything() -> dict[str, tuple[int, str]]:
    """Rows and digest of every table, apart from API keys, which note when they were last used."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public' order by tablename")
        tables = [row[0] for row in cursor.fetchall() if row[0] != "foundation_apikey"]
        found = {}
        for table in tables:
            cursor.execute(
                f"select count(*), coalesce(md5(string_agg(t::text, '' order by t::text)), '') from \"{table}\" t"
            )
            found[table] = cursor.fetchone()
    return found


def account(member_id: int) -> dict[str, int]:
    """The account row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select balance, debt, earned_total, redeemed_total, expired_total from points_account "
            "where member_id = %s",
            [member_id],
        )
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


def tier(member_id: int) -> str:
    """The member's tier."""
    with connection.cursor() as cursor:
        cursor.execute("select tier from tiers_standing where member_id = %s", [member_id])
        return str(cursor.fetchone()[0])


def lots(member_id: int) -> list[tuple[datetime, datetime, int, int]]:
    """A member's lots in order of use: accrued_at, expires_at, points, remaining."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select accrued_at, expires_at, points, remaining from points_lot where member_id = %s "
            "order by expires_at, accrued_at, id",
            [member_id],
        )
        return list(cursor.fetchall())
