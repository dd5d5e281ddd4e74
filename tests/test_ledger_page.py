"""The account that docs/explanation/points-ledger.md follows for a year, played through the services, row by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.db import connection

from laoke.checkout import orders, programme, returns
from laoke.checkout.types import (
    BasketRequest,
    LineRequest,
    MemberKey,
    OrderRequest,
    ReturnLineRequest,
    ReturnRequest,
)
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import expiry, selectors
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput
from tests import shop as shops

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "points-ledger.md"
SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = {"points": {"earn": {"points": 1, "per_minor": 100}, "spend": {"points": 100, "worth_minor": 100}}}


def noon(day: str) -> datetime:
    return datetime.strptime(day, "%Y-%m-%d").replace(hour=12, tzinfo=SHANGHAI)


class Shop:
    """The page's shop, with its member and the second card that turns out to be the same person's."""

    def __init__(self) -> None:
        shops.forget()
        at = noon("2026-03-01")
        programme.apply(SYSTEM, RULES, at=at)
        purchases.save_stores(SYSTEM, [StoreInput("S1", "一店")], at=at)
        purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=at)
        goods = [("milk", 1250, True), ("rice", 6990, True), ("voucher", 10000, False)]
        purchases.save_products(
            SYSTEM, [ProductInput(sku, sku, price, earns_points=earns) for sku, price, earns in goods], at=at
        )
        self.member, self.duplicate = (
            members.register(caller=SYSTEM, at=at, identities=[IdentityInput("card", card)])
            for card in ("69000001", "69000002")
        )
        self.numbers: dict[str, int] = {}

    def buy(
        self, name: str, day: str, goods: dict[str, int], points: int = 0, member: int | None = None
    ) -> None:
        lines = tuple(LineRequest(sku, units * 1000) for sku, units in goods.items())
        basket = BasketRequest("S1", "pos", "CNY", lines, MemberKey(member or self.member), points)
        request = OrderRequest(name, basket, noon(day))
        answer = orders.commit(SYSTEM, request, name, name.encode(), now=noon(day))
        self.numbers[name] = orjson.loads(answer.body)["order_id"]

    def take_back(self, name: str, day: str, lines: dict[int, int] | None = None) -> None:
        wanted = lines and tuple(ReturnLineRequest(line, units * 1000) for line, units in lines.items())
        request = ReturnRequest(f"R-{name}", self.numbers[name], noon(day), wanted)
        returns.take_back(SYSTEM, request, f"R-{name}", name.encode(), now=noon(day))


def steps(shop: Shop) -> list[tuple[str, Callable[[], object]]]:
    """What happens on each day of the page."""

    def sweep(day: str) -> object:
        return expiry.expire(at=noon(day), now=noon(day))

    def merge() -> object:
        return members.merge(
            caller=SYSTEM,
            kept_id=shop.member,
            gone_id=shop.duplicate,
            reason="one person",
            at=noon("2027-03-23"),
        )

    return [
        ("2026-03-10", lambda: shop.buy("one", "2026-03-10", {"milk": 2, "rice": 2})),
        ("2026-03-12", lambda: shop.buy("two", "2026-03-12", {"rice": 1}, 100)),
        ("2026-03-15", lambda: shop.take_back("one", "2026-03-15", {2: 1})),
        ("2026-03-20", lambda: shop.buy("three", "2026-03-20", {"milk": 20})),
        ("2026-03-25", lambda: shop.buy("four", "2026-03-25", {"voucher": 1}, 300)),
        ("2026-04-01", lambda: shop.take_back("three", "2026-04-01")),
        ("2026-04-10", lambda: shop.buy("five", "2026-04-10", {"milk": 24})),
        ("2027-03-16", lambda: shop.take_back("four", "2027-03-16")),
        ("2027-03-22", lambda: sweep("2027-03-22")),
        ("2027-03-23", merge),
    ]


def played(shop: Shop) -> list[list[str]]:
    """For each step the cells of its row: day, postings, lots, debt, available."""
    rows = []
    seen = 0
    shop.buy("other", "2027-03-01", {"milk": 3, "rice": 1}, member=shop.duplicate)
    for day, step in steps(shop):
        step()
        newest, _ = selectors.postings(shop.member, after=None, limit=100)
        names = _names(newest)
        new = [posting for posting in reversed(newest) if posting.posting_id > seen]
        seen = newest[0].posting_id
        account = selectors.account(shop.member, noon(day))
        rows.append(
            [
                day,
                ", ".join(
                    f"{each.kind} {each.points:+d} {names[each.lot_id]}".replace("-", "−") for each in new
                ),
                ", ".join(
                    f"{names[lot.lot_id]} {lot.remaining}"
                    for lot in sorted(account.lots, key=lambda lot: lot.lot_id)
                )
                or "none",
                str(account.debt),
                str(account.available),
            ]
        )
    return rows


def _names(postings: list[selectors.PostingView]) -> dict[int | None, str]:
    lots = sorted({posting.lot_id for posting in postings if posting.lot_id is not None})
    return {None: "debt"} | {lot: "ABCDEFGH"[index] for index, lot in enumerate(lots)}


@pytest.mark.django_db
def test_the_account_of_the_page():
    table = re.findall(r"^\| (\d{4}-\d\d-\d\d) \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    shown = [[day, *(cell.strip() for cell in cells.split("|")[1:])] for day, cells in table]
    rows = played(Shop())
    shops.forget()
    assert shown == rows


@pytest.mark.django_db
def test_the_other_side_of_the_year():
    """What the page says about the other side: all accounts together make nothing."""
    shop = Shop()
    played(shop)
    shops.forget()
    with connection.cursor() as cursor:
        cursor.execute("select contra, -sum(points)::int from points_posting group by contra order by contra")
        sides = dict(cursor.fetchall())
    assert sides == {"expiry": 238, "programme": -569, "redemption": 100, "transfer": 0}
    members_hold = sum(shops.account(member)["balance"] for member in (shop.member, shop.duplicate))
    assert members_hold + sum(sides.values()) == 0
    shown = re.findall(r"^\| `(\w+)` \|.*\| ([+−]?\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(sum_.replace("−", "-")) for name, sum_ in shown} == sides
    assert shops.broken() == {}
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into points_posting (member_id, kind, points, at, recorded_at) "
            "values (%s, 'merge', 5, now(), now())",
            [shop.member],
        )
    assert "both-sides" in shops.broken()
