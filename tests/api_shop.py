"""The shop that the examples in the description of the API speak of, with the very ids they name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client

from laoke.benefits.coupons import batches, issuing
from laoke.benefits.library import granting, using
from laoke.benefits.mall import services as mall
from laoke.checkout import catalogue, orders, programme, quotes
from laoke.checkout.types import BasketRequest, LineRequest, MemberKey, OrderRequest
from laoke.engine.tiering import How
from laoke.foundation.access import SYSTEM, Caller, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import WebhookDelivery
from laoke.foundation.webhooks import services as webhooks
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import holds, transfers
from laoke.points import services as point_services
from laoke.points import services as points
from laoke.points.activities import services as activities
from laoke.points.activities.services import Told
from laoke.points.adjustments import requests as adjustments
from laoke.points.liability import services as month_end
from laoke.purchases import selectors as purchase_selectors
from laoke.purchases import services as purchases
from laoke.purchases.services import CategoryInput, ProductInput, StoreInput
from laoke.segments.models import MemberFeatures
from laoke.surfaces.api.main import api
from laoke.surfaces.demo.loader import PROGRAMME
from laoke.tiers import assigning as tier_assigning
from laoke.tiers import buying as tier_buying
from laoke.tiers.memberships import services as memberships
from laoke.tiers.memberships.records import Notice

DAY = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
MEMBER, OTHER, ORDER, MERGE, ENDPOINT, DELIVERY, IDENTITY = 1042, 1077, 88213, 31, 3, 7711, 2203
INVITED, SALE = 1080, 71
MEMBERSHIP = 91
_GOLD = {
    "name": {"zh": "金卡年费会员", "en": "Gold for a year"},
    "tier": "gold",
    "price_minor": 19900,
    "days": 365,
    "trial": {"days": 30},
    "refund": {"full_days": 7, "less_benefits": True},
}
PLANS: dict[str, Any] = {
    "gold-year": _GOLD,
    "diamond-year": _GOLD | {"tier": "diamond", "price_minor": 49900},
}
# The demo's, with a price for silver.
LADDER = PROGRAMME["ladder"] | {
    "tiers": [
        tier | ({"price": {"points": 100, "days": 30}} if tier["code"] == "silver" else {})
        for tier in PROGRAMME["ladder"]["tiers"]
    ]
}
PHONE = "13812346217"
ALL = frozenset(scope.value for scope in Scope)
COUPON, BATCH = 5501, 12
COUPONS: dict[str, Any] = {
    "thanks-10": {
        "name": {"zh": "满50减10券", "en": "10 off 50"},
        "valid": {"days": 7},
        "transferable": True,
        "limits": {"per_member": 5},
    },
    "welcome": {
        "name": {"zh": "新人券", "en": "Welcome"},
        "kind": "shared",
        "announced": True,
        "valid": {"from": "2026-01-01", "until": "2046-12-31"},
        "code": {"text": "WELCOME20"},
    },
}
MALL = 811
USE, GRANT, HOUSEHOLD = 701, 901, 12
HOLD, TRANSFER = 731, 412
BENEFITS: dict[str, Any] = {
    "library": {
        "parking": {
            "name": {"zh": "免费停车", "en": "Free parking"},
            "service": {"does": "parking", "unit": "hour"},
            "everybody": {"quota": 10},
            "per": "month",
            "cost_minor": 500,
        },
        "gift-box": {
            "name": {"zh": "答谢礼盒", "en": "Thank-you box"},
            "gift": {"stock": 50},
            "everybody": {},
            "granted": {"on": "hand", "days": 30},
        },
        "coffee": {
            "name": {"zh": "联名咖啡", "en": "Coffee"},
            "partner_code": {"partner": {"zh": "邻咖啡", "en": "Lin Coffee"}, "settle_minor": 1200},
            "everybody": {"quota": 2},
        },
    },
    "budgets": {"basic": {"per_year_minor": 5_000_000}},
    "mall": {
        "tea-set": {
            "name": {"zh": "茶具套装", "en": "Tea set"},
            "goods": {},
            "points": 5,
            "stock": 100,
            "per_member": 2,
        },
        "library": {
            "name": {"zh": "乡村图书馆", "en": "Village library"},
            "charity": {"fund": "library", "gives_minor": 10, "goal_minor": 100_000},
            "points": 1,
        },
    },
}
ADJUSTMENT, EVENT, CALLER = 31, 5120, 901
OFFER: dict[str, Any] = {
    "name": {"zh": "会员周一九折", "en": "Members' Monday"},
    "goal": "repeat",
    "stage": "basket",
    "when": {"member.known": True, "moment.weekday": "mon"},
    "gives": [{"percent": {"percent": 10}}],
    "limits": {"in_total": 1000, "budget": 20000, "alarm_at": [80]},
}


@dataclass(frozen=True)
class Operation:
    """One operation of the description, ready to be called with its own example."""

    method: str
    path: str
    details: Mapping[str, Any]

    @property
    def scopes(self) -> list[str]:
        return self.details["security"][0]["KeyAuth"]

    @property
    def url(self) -> str:
        filled = self.path
        for parameter in self.details["parameters"]:
            if parameter["in"] == "path":
                filled = filled.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
        return filled

    @property
    def headers(self) -> dict[str, str]:
        return {
            parameter["name"]: parameter["example"]
            for parameter in self.details["parameters"]
            if parameter["in"] == "header"
        }

    @property
    def body(self) -> Any:
        content = self.details.get("requestBody", {}).get("content", {})
        return content["application/json"]["example"] if content else None

    @property
    def changes(self) -> bool:
        """Whether it may write at all."""
        return self.method != "get" and self.path not in READING


# Bodies keep what is asked out of addresses; nothing is written.
READING = {"/v1/quotes", "/v1/members/search", "/v1/members/lookup", "/v1/coupons/lookup"}


def description() -> dict[str, Any]:
    """The OpenAPI document as served."""
    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="v1/")))


def operations() -> Iterator[Operation]:
    for path, methods in description()["paths"].items():
        for method, details in methods.items():
            yield Operation(method, path, details)


def key(scopes: frozenset[str] | set[str] | list[str], stores: list[int] | None = None) -> str:
    """A new API key's header value."""
    _, text = apikeys.create(SYSTEM, "test", sorted(scopes), stores, None, at=datetime.now(UTC))
    return f"Bearer {text}"


def call(operation: Operation, authorization: str | None, **headers: str) -> Any:
    """Call an operation with its own example."""
    return send(
        operation.method,
        operation.url,
        operation.body,
        authorization,
        **{**operation.headers, **headers},
    )


def send(method: str, url: str, body: Any, authorization: str | None, **headers: str) -> Any:
    """Send a request; a body that is not bytes is sent as JSON."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        given["Authorization"] = authorization
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().generic(
        method.upper(), url, data, content_type=given.pop("Content-Type", "application/json"), headers=given
    )


def state() -> dict[str, str]:
    """A digest of every row of every table, but for when keys were used last and how many codes nobody knew."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select tablename from pg_tables where schemaname = 'public' "
            "and tablename not in ('foundation_apikey', 'benefits_couponguesses')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"select coalesce(string_agg(t::text, '|' order by t::text), '') from {table} t")
            found[table] = hashlib.md5(cursor.fetchone()[0].encode()).hexdigest()
    return found


@contextmanager
def opened() -> Iterator[None]:
    """The shop, for a test that has the database."""
    with _fresh_memory():
        _open()
        yield


@contextmanager
def _fresh_memory() -> Iterator[None]:
    """Processes remember reference data by its generation, which a rollback takes back."""

    def forget() -> None:
        catalogue._known = catalogue.Known(-1, {}, {}, {})
        programme.at_version.cache_clear()
        quotes._seen["programme"] = -1
        orders._seen_version = None

    forget()
    yield
    forget()


@contextmanager
def visited() -> Iterator[None]:
    """The shop that is open already, for one more test: the next key is again the one that asked for points."""
    with _fresh_memory():
        _next("foundation_apikey", CALLER)
        yield


def _open() -> None:
    now = datetime.now(UTC)
    purchases.save_stores(
        SYSTEM, [StoreInput("S001", "禾邻生活上海徐汇田林店", "east"), StoreInput("S002", "二店")], at=DAY
    )
    purchases.save_channels(SYSTEM, {"pos": ("门店收银台", "Till")}, at=DAY)
    purchases.save_categories(
        SYSTEM, [CategoryInput("01", "生鲜"), CategoryInput("0103", "菌菇豆制品", parent="01")], at=DAY
    )
    purchases.save_products(
        SYSTEM,
        [
            ProductInput("0103001", "禾邻优选嫩豆腐 400g", 340, category="0103"),
            ProductInput("0101006", "大白菜（散称）", 440, unit="kg"),
        ],
        at=DAY,
    )
    programme.apply(SYSTEM, PROGRAMME | {"ladder": LADDER}, at=DAY)
    programme.apply(SYSTEM, {"points": PROGRAMME["points"] | {"transfers": "keep"}}, at=DAY)
    programme.apply(SYSTEM, {"offers": {"members-monday": OFFER}}, at=DAY)
    _next("members_identity", IDENTITY)
    _register(MEMBER, [IdentityInput("phone", PHONE), IdentityInput("card", "88880042")], name="陈雨桐")
    _register(OTHER, [IdentityInput("phone", "13700001077")])
    _register(INVITED, [IdentityInput("phone", "13700001080")])
    _register(1081, [IdentityInput("phone", "13700001081")])
    _ask_for_adjustments(now)
    _next("members_merge", MERGE)
    members.merge(caller=SYSTEM, kept_id=INVITED, gone_id=1081, reason="same person", at=now)
    _next("benefits_coupon", COUPON - 1)
    programme.apply(SYSTEM, {"coupons": COUPONS}, at=DAY)
    issuing.give(SYSTEM, MEMBER, "thanks-10", at=now)
    _next("benefits_couponbatch", BATCH)
    batches.to_members(SYSTEM, "thanks-10", [MEMBER, OTHER], at=now, later=lambda _: None)
    programme.apply(SYSTEM, {"benefits": BENEFITS}, at=DAY)
    _next("benefits_benefituse", USE)
    using.use(SYSTEM, MEMBER, "parking", 2, reference="P-20260310-17", at=now)
    _next("benefits_benefitgrant", GRANT)
    granting.by_hand(SYSTEM, MEMBER, "gift-box", "K-1", at=now)
    _next("members_household", HOUSEHOLD)
    members.form_household(caller=SYSTEM, member_ids=[MEMBER, OTHER], at=now)
    point_services.apply(SYSTEM, OTHER, 100, "goodwill", at=now)
    _next("benefits_mallorder", MALL)
    for item in ("tea-set", "library", "tea-set"):
        store = None if item == "library" else purchase_selectors.stores_by_code()["S001"]
        mall.order(SYSTEM, OTHER, item, store_id=store.id if store else None, at=now)
    mall.ready(SYSTEM, MALL + 2, at=now)
    _next("purchases_order", ORDER)
    basket = BasketRequest(
        "S001", "pos", "CNY", (LineRequest("0103001", 2000), LineRequest("0101006", 1500)), MemberKey(MEMBER)
    )
    request = OrderRequest("S001-20260310-0130", basket, DAY, delivery_status="placed")
    orders.commit(SYSTEM, request, "shop", b"shop", now=now)
    points.apply(SYSTEM, MEMBER, 1000, "for holds and transfers", at=now)
    _next("points_hold", HOLD)
    holds.reserve(SYSTEM, MEMBER, 200, "S001-20260310-0131", 30, Command("hold", ()), at=now)
    _next("points_transfer", TRANSFER)
    tier_assigning.assign(
        SYSTEM, INVITED, "silver", how=How.INVITATION, until=None, reason="Invited by the store", at=now
    )
    _next("tiers_tiersale", SALE)
    points.apply(SYSTEM, OTHER, 400, "for a tier", at=now)
    tier_buying.buy(SYSTEM, OTHER, "silver", "APP-20260310-6", at=now)
    programme.apply(SYSTEM, {"memberships": {"plans": PLANS}}, at=DAY)
    _next("memberships_membership", MEMBERSHIP)
    # The first is renewed and cancelled, the second upgraded, the third given up.
    for number in range(MEMBERSHIP, MEMBERSHIP + 3):
        _register(1000 + number, [IdentityInput("phone", f"1370000{1000 + number}")])
        paid = Notice(19900, f"WX-20260310-{number}")
        memberships.start(SYSTEM, 1000 + number, "gold-year", paid, at=now)
    _next("points_activity", EVENT)
    programme.apply(SYSTEM, {"activities": {"kinds": {"check_in": {"points": 2}}}}, at=DAY)
    activities.tell(SYSTEM, Told(OTHER, "check_in", now), Command("check-in", ()), now=now)
    transfers.give(SYSTEM, MEMBER, OTHER, 200, "生日快乐", Command("transfer", ()), at=now)
    month_end.close(SYSTEM, date(2026, 3, 1), at=now)
    _next("foundation_webhookendpoint", ENDPOINT)
    webhooks.create_endpoint(SYSTEM, "CRM", "https://crm.example.com/hooks", [], at=DAY)
    WebhookDelivery.objects.create(
        id=DELIVERY,
        endpoint_id=ENDPOINT,
        message_id=90412,
        topic="order.committed",
        body="{}",
        created_at=DAY,
    )
    MemberFeatures.objects.create(
        member_id=MEMBER,
        as_of=date(2026, 3, 12),
        recency_days=2,
        frequency=1,
        monetary_minor=1340,
        orders_total=1,
        first_purchase_date=date(2026, 3, 10),
        last_purchase_date=date(2026, 3, 10),
        r_score=5,
        f_score=1,
        m_score=1,
        annual_minor=1340,
        annual_repurchases=0,
        rule_rfm="new-low-low",
        class_rfm="new",
        rule_value="active-small",
        class_value="basic",
    )


def _ask_for_adjustments(now: datetime) -> None:
    """One for somebody else to decide, and one of the key that is made next."""
    limits = {"limits": {"apikey": {"each": 2000}}}
    programme.apply(SYSTEM, {"adjustments": limits}, at=DAY)
    _next("points_adjustment", ADJUSTMENT)
    for number in (CALLER - 1, CALLER):
        asking = Caller("apikey", number, "service desk", ALL)
        adjustments.ask_once(asking, MEMBER, 5000, "补发：3月8日活动积分未到账", at=now)
    _next("foundation_apikey", CALLER)


def _register(member_id: int, identities: list[IdentityInput], name: str | None = None) -> None:
    _next("members_member", member_id)
    made = members.register(
        caller=SYSTEM,
        at=DAY - timedelta(days=1),
        identities=identities,
        name=name,
        birth_date=date(1990, 5, 21),
    )
    assert made == member_id


def _next(table: str, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), {number}, false)")
