"""One member's account in words, to the letter; and how a member is found by what somebody types."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation import trans_real

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
from laoke.members.types import ConsentInput, IdentityInput, Registration
from laoke.points import expiry
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput
from laoke.segments.models import MemberFeatures
from laoke.surfaces.cli.account import account
from laoke.surfaces.cli.explained import explained

JOINED = datetime(2025, 1, 5, 4, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)

WINDOW = {"months": 3}
PROGRAMME = {
    "points": {
        "earn": {"points": 1, "per_minor": 100},
        "spend": {"points": 100, "worth_minor": 100, "step": 100, "max_percent": 50},
        "valid_months": 12,
    },
    "ladder": {
        "review": "quarterly",
        "tiers": [
            {"code": "basic", "name_zh": "普通会员", "name_en": "Member"},
            {
                "code": "silver",
                "name_zh": "银卡会员",
                "name_en": "Silver",
                "needs": [
                    {"metric": "purchases", "at_least": 2} | WINDOW,
                    {"metric": "spend", "at_least": 500_00} | WINDOW,
                ],
            },
            {
                "code": "gold",
                "name_zh": "金卡会员",
                "name_en": "Gold",
                "needs": [
                    {"metric": "purchases", "at_least": 3} | WINDOW,
                    {"metric": "spend", "at_least": 2000_00} | WINDOW,
                ],
            },
        ],
    },
}
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def chinese(settings, tmp_path):
    """The Chinese words as they stand in the source, compiled for this test."""
    target = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    source = settings.LOCALE_PATHS[0] / "zh_Hans" / "LC_MESSAGES" / "django.po"
    with source.open("rb") as lines, target.open("wb") as compiled:
        write_mo(compiled, read_po(lines, locale="zh_Hans"))
    settings.LOCALE_PATHS = [tmp_path]
    yield
    trans_real._translations = {}


def sell(member_id: int, order_no: str, at: datetime, quantity_milli: int, redeem: int = 0) -> int:
    basket = BasketRequest(
        "S1", "pos", "CNY", (LineRequest("rice", quantity_milli),), MemberKey(member_id), redeem
    )
    answer = orders.commit(SYSTEM, OrderRequest(order_no, basket, at), f"order-{order_no}", b"", now=at)
    return int(orjson.loads(answer.body)["order_id"])


def give_back(return_no: str, order_id: int, at: datetime, lines=None) -> None:
    request = ReturnRequest(return_no, order_id, at, lines)
    returns.take_back(SYSTEM, request, f"return-{return_no}", b"", now=at)


@pytest.fixture
def member(db):
    """A member whose account has seen a bit of everything."""
    programme.apply(SYSTEM, PROGRAMME, at=JOINED)
    purchases.save_stores(SYSTEM, [StoreInput("S1", "一店", name_en="First Store")], at=JOINED)
    purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=JOINED)
    purchases.save_products(SYSTEM, [ProductInput("rice", "大米", 99_90)], at=JOINED)
    rows = [
        Registration(
            registered_at=JOINED,
            identities=(IdentityInput("card", "88008213"), IdentityInput("phone", "13812346217")),
            name="陈雨桐",
            tags=("素食",),
            consents=(
                ConsentInput("sms", "marketing", True, "till"),
                ConsentInput("phone", "service", False, "till"),
            ),
        )
    ]
    (member_id,) = members.register_many(caller=SYSTEM, at=JOINED, rows=rows).member_ids
    sell(member_id, "A1", datetime(2025, 1, 20, 2, 0, tzinfo=UTC), 1000)
    sell(member_id, "A2", datetime(2026, 1, 10, 2, 0, tzinfo=UTC), 3000)
    expiry.expire(at=datetime(2026, 1, 22, tzinfo=UTC), now=datetime(2026, 1, 22, tzinfo=UTC))
    sell(member_id, "A3", datetime(2026, 1, 25, 2, 0, tzinfo=UTC), 2000, redeem=100)
    fourth = sell(member_id, "A4", datetime(2026, 2, 1, 2, 0, tzinfo=UTC), 4000)
    give_back("R1", fourth, datetime(2026, 2, 3, 2, 0, tzinfo=UTC), (ReturnLineRequest(1, 1000),))
    # What was earned here is spent at once and then taken back: a debt, repaid by the last purchase.
    fifth = sell(member_id, "A5", datetime(2026, 3, 1, 2, 0, tzinfo=UTC), 2000)
    sell(member_id, "A6", datetime(2026, 3, 2, 2, 0, tzinfo=UTC), 190, redeem=800)
    give_back("R2", fifth, datetime(2026, 3, 3, 2, 0, tzinfo=UTC))
    sell(member_id, "A7", datetime(2026, 3, 5, 2, 0, tzinfo=UTC), 1000)
    MemberFeatures.objects.create(
        member_id=member_id,
        as_of=date(2026, 3, 9),
        recency_days=7,
        frequency=4,
        monetary_minor=2837_40,
        orders_total=6,
        first_purchase_date=date(2025, 1, 20),
        last_purchase_date=date(2026, 3, 2),
        r_score=5,
        f_score=4,
        m_score=3,
        annual_minor=2837_40,
        annual_repurchases=4,
        rule_rfm="near-mid-mid",
        class_rfm="potential",
        rule_value="potential",
        class_value="potential",
    )
    return member_id


def words(member_id: int, language: str, settings) -> str:
    with translation.override(language):
        text = explained(account(member_id, NOW, entries=50, orders=5), settings.LAOKE.zone, language)
    return re.sub(rf"\b{member_id}\b", "N", text, count=1) + "\n"


def test_in_english(member, settings):
    assert words(member, "en", settings) == (GOLDEN / "member-show.en.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("chinese")
def test_in_chinese(member, settings):
    assert words(member, "zh-hans", settings) == (GOLDEN / "member-show.zh.txt").read_text(encoding="utf-8")


def test_the_running_balance_ends_at_the_balance(member):
    points = account(member, NOW, entries=3, orders=1).points
    assert len(points.entries) == 3
    assert points.entries[-1].balance == points.balance
    whole = account(member, NOW, entries=100, orders=1).points
    assert sum(each.points for each in whole.entries) == points.balance
    assert whole.entries[-3:] == points.entries


class TestFinding:
    @pytest.mark.parametrize("identifier", ["13812346217", "138 1234 6217", "+8613812346217", "88008213"])
    def test_by_phone_and_card(self, member, laoke, identifier):
        result = laoke("member", "show", identifier, "--json")
        assert json.loads(result.stdout)["member"]["id"] == member
        assert "13812346217" not in result.stdout
        assert "陈雨桐" not in result.stdout

    def test_by_number_and_in_a_language(self, member, laoke):
        assert "Points:" in laoke("member", "show", str(member), "--lang", "en").stdout

    def test_a_number_that_is_also_a_card_has_to_say_which(self, member, laoke):
        other = members.register(
            caller=SYSTEM,
            at=NOW,
            identities=[IdentityInput("card", f"{member:04}"), IdentityInput("phone", "13900000000")],
        )
        result = laoke("member", "show", f"{member:04}")
        assert (result.exit_code, "--by" in result.stderr) == (2, True)
        assert (
            json.loads(laoke("member", "show", f"{member:04}", "--by", "card", "--json").stdout)["member"][
                "id"
            ]
            == other
        )
        assert (
            json.loads(laoke("member", "show", f"{member:04}", "--by", "id", "--json").stdout)["member"]["id"]
            == member
        )

    @pytest.mark.parametrize(
        "arguments",
        [["99999999"], ["x", "--by", "id"], ["x", "--by", "shoe"], ["1", "--lang", "fr"], ["'; drop"]],
    )
    def test_nobody(self, member, laoke, arguments):
        result = laoke("member", "show", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")


def test_nothing_to_tell_yet(db, settings):
    programme.apply(SYSTEM, PROGRAMME, at=JOINED)
    member_id = members.register(caller=SYSTEM, at=JOINED, identities=[IdentityInput("card", "88008214")])
    text = words(member_id, "en", settings)
    assert "Points: 0 available, worth 0.00 CNY" in text
    assert "No purchases yet." in text
    assert "Classes: not computed yet." in text
    assert "Consents: never asked, so none." in text
