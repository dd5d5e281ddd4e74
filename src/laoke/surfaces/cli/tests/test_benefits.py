"""Benefits and the points mall on the command line."""

from __future__ import annotations

import pytest

from laoke.benefits.mall import services as mall
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.points import selectors as points
from laoke.points import services as point_services
from tests import benefit_shop
from tests import shop as shops
from tests.benefit_shop import BENEFITS, at_tier
from tests.shop import OPENING

TEA = {"name": {"zh": "茶具", "en": "Tea set"}, "goods": {}, "points": 500, "stock": 3}


@pytest.fixture
def shop(db):
    shop = benefit_shop.open_shop()
    programme.apply(SYSTEM, {"benefits": {**BENEFITS, "mall": {"tea": TEA}}}, at=OPENING)
    yield shop
    shops.forget()


@pytest.fixture
def gold(shop):
    member = shop.member()
    at_tier(member, "gold")
    point_services.apply(SYSTEM, member, 1000, "gift", at=OPENING)
    return member


def test_what_now_and_why_not_the_rest(gold, laoke, asked):
    told = {row["benefit"]: row for row in asked("benefits", "show", str(gold))}
    assert told["parking"] == {"benefit": "parking", "usable": True, "left": 10, "reasons": []}
    assert [reason["code"] for reason in told["lecture"]["reasons"]] == ["condition", "over"]
    text = laoke("benefits", "show", str(gold)).stdout
    assert "10 left" in text
    assert "The time of the benefit is over." in text


def test_using_undoing_and_granting(gold, asked, laoke):
    made = asked("benefits", "use", str(gold), "parking", "--units", "4", "--reference", "R-1")
    assert (made["units"], made["left"]) == (4, 6)
    assert laoke("benefits", "use", str(gold), "parking", "--units", "7").exit_code != 0
    number = str(made["use_id"])
    assert asked("benefits", "undo", number, "--reason", "wrong")["changed"] is True
    assert asked("benefits", "undo", number, "--reason", "wrong")["changed"] is False
    given = [
        asked("benefits", "grant", str(gold), "gold-box", "--reference", "2026", "--reason", "thanks")
        for _twice in range(2)
    ]
    assert [each["first"] for each in given] == [True, False]


def test_codes_of_a_partner(gold, asked, laoke, tmp_path):
    file = tmp_path / "codes.txt"
    file.write_text("A-1\nA-2\n\nA-3\n", encoding="utf-8")
    ends = ("--expires", "2099-12-31", "--batch", "autumn")
    assert asked("benefits", "codes", "coffee", str(file), *ends)["codes"] == 3
    assert laoke("benefits", "codes", "coffee", str(file), *ends).exit_code != 0
    assert laoke("benefits", "codes", "coffee", str(tmp_path / "none"), *ends).exit_code != 0
    assert laoke("benefits", "codes", "coffee", str(file), "--expires", "soon", "--batch", "b").exit_code != 0
    asked("benefits", "use", str(gold), "coffee", "--units", "2")
    settled = asked("benefits", "settle", "coffee", "--until", "2099-12-31")
    assert (settled["codes"], settled["amount_minor"]) == (2, 2400)
    assert asked("benefits", "settle", "coffee", "--until", "2099-12-31")["codes"] == 0


def test_orders_for_points(shop, gold, asked, laoke):
    numbers = [
        str(mall.order(SYSTEM, gold, "tea", store_id=shop.stores["S1"], at=OPENING).order_id)
        for _ in range(2)
    ]
    assert [(row["item"], row["left"]) for row in asked("mall", "show")] == [("tea", 1)]
    assert [str(row["order_id"]) for row in asked("mall", "orders")] == numbers[::-1]
    assert asked("mall", "ready", numbers[0])["state"] == "ready"
    assert asked("mall", "collect", numbers[0])["state"] == "collected"
    assert asked("mall", "cancel", numbers[1], "--reason", "broken")["state"] == "cancelled"
    assert "Nothing waits." in laoke("mall", "orders").stdout
    assert points.account(gold, OPENING).available == 500
