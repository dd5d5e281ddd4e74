"""The page of points liability: figures of a close, closing by two people, vouchers, the months to come."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest

from laoke.foundation.access import SYSTEM, Role
from laoke.points.adjustments import requests as adjustments
from laoke.points.liability import requests, selectors, services
from laoke.points.liability.models import LiabilityClose, MonthRequest
from laoke.surfaces.console.bars import Piece, picture
from laoke.surfaces.console.notices.models import Notice
from tests.shop import OPENING, line

PATH = "/points/liability"
# After the month of the shop's opening is over.
LATER = timedelta(days=40)


def words(response) -> str:
    body = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)
    body = body[body.index("<main") :] if "<main" in body else body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture
def sold(shop):
    """One member with points of one purchase."""
    member = shop.member()
    shop.till(OPENING).sell("A1", member, line("wine"))
    return shop


def month_of_opening():
    return OPENING.date().replace(day=1)


def closed():
    return services.close(SYSTEM, month_of_opening(), at=OPENING + LATER)


def later(browser):
    return browser.later(days=LATER.days)


class TestPage:
    def test_before_the_first_close_it_says_how_one_comes_about(self, sold, hire):
        page = words(later(hire(Role.FINANCE)).get(PATH))
        assert "No month has been closed yet" in page
        assert f"Close {month_of_opening():%Y-%m}" in page

    def test_figures_of_the_close(self, sold, hire):
        close = closed()
        page = words(later(hire(Role.FINANCE)).get(PATH))
        assert f"Month {month_of_opening():%Y-%m}, 100 points = ¥1, valid for 12 months" in page
        assert f"Points outstanding {close.points_open:,} {close.points_open:,}" in page
        assert "Too young for an interval" in page
        assert "difference 0" in page
        assert "Points earned by purchases, deferred Revenue Contract liability" in page

    def test_in_chinese(self, sold, hire):
        closed()
        page = words(later(hire(Role.FINANCE, language="zh-hans")).get(PATH))
        for text in (
            "积分负债",
            "未兑付积分",
            "预计作废率",
            "合同负债",
            "账实核对",
            "会计分录",
            "流水合计 = 批次余额合计",
        ):
            assert text in page

    def test_every_picture_has_its_table_without_script(self, sold, hire):
        closed()
        browser = later(hire(Role.FINANCE))
        plain = browser.get(PATH).content.decode()
        assert re.search(r'id="flow-table"[^>]*hidden', plain)
        table = browser.get(f"{PATH}?view=flow").content.decode()
        assert re.search(r'id="flow"[^>]*hidden', table)
        assert not re.search(r'id="flow-table"[^>]*hidden', table)

    def test_few_statements_and_no_month_that_is_not_closed(self, sold, hire, statements):
        closed()
        browser = later(hire(Role.FINANCE))
        with statements() as made:
            browser.get(PATH)
        assert len(made) <= 12
        assert browser.get(f"{PATH}?month=2001-01").status_code == 404
        assert browser.get(f"{PATH}?month=<script>").status_code == 404

    @pytest.mark.parametrize(
        ("role", "status"),
        [
            (Role.FINANCE, 200),
            (Role.AUDITOR, 200),
            (Role.ANALYST, 200),
            (Role.ASSOCIATE, 403),
            (Role.STORE_MANAGER, 403),
            (Role.CUSTOMER_SERVICE, 403),
        ],
        ids=lambda value: str(value),
    )
    def test_who_may_look(self, sold, hire, role, status):
        closed()
        assert later(hire(role)).get(PATH).status_code == status


class TestClosing:
    def test_one_asks_another_lets_it_pass(self, sold, hire):
        first, second = later(hire(Role.FINANCE)), later(hire(Role.OWNER))
        shown = words(first.get(f"{PATH}/close"))
        assert f"Close {month_of_opening():%Y-%m}?" in shown
        answer = first.post(f"{PATH}/close", {"once": "a", "month": f"{month_of_opening():%Y-%m}"})
        assert (answer.status_code, answer["Location"]) == (303, PATH)
        first.post(f"{PATH}/close", {"once": "a", "month": f"{month_of_opening():%Y-%m}"})
        asked = MonthRequest.objects.get()
        assert "Somebody else has to let it pass" in words(first.get(PATH))
        assert f"{PATH}/requests/{asked.pk}/approve" not in first.get(PATH).content.decode()
        assert first.post(f"{PATH}/requests/{asked.pk}/approve", {"once": "b"}).status_code == 403
        assert not LiabilityClose.objects.exists()
        assert Notice.objects.filter(kind="liability.asked").exists()

        page = second.get(PATH).content.decode()
        assert f"{PATH}/requests/{asked.pk}/approve" in page
        assert second.post(f"{PATH}/requests/{asked.pk}/approve", {"once": "c"}).status_code == 303
        assert "A worker is at it" in words(second.get(PATH))
        assert second.get(f"{PATH}/state", headers={"HX-Request": "true"}).status_code == 200
        requests.work(OPENING + LATER, asked.pk)
        done = second.get(f"{PATH}/state", headers={"HX-Request": "true"})
        assert (done.status_code, done["HX-Refresh"]) == (204, "true")
        assert LiabilityClose.objects.get().month == month_of_opening()
        assert "Points outstanding" in words(first.get(PATH))

    def test_a_refusal_says_why_and_tells_who_asked(self, sold, hire):
        first, second = later(hire(Role.FINANCE)), later(hire(Role.OWNER))
        first.post(f"{PATH}/close", {"once": "a"})
        asked = MonthRequest.objects.get()
        assert second.post(f"{PATH}/requests/{asked.pk}/refuse", {"note": ""}).status_code == 422
        assert second.post(f"{PATH}/requests/{asked.pk}/refuse", {"note": "等补传 🧾"}).status_code == 303
        assert "did not let it pass: 等补传 🧾" in words(first.get(PATH))
        assert Notice.objects.filter(kind="liability.refused").count() == 1

    def test_taken_back_by_who_asked(self, sold, hire):
        first, second = later(hire(Role.FINANCE)), later(hire(Role.OWNER))
        first.post(f"{PATH}/close", {"once": "a"})
        asked = MonthRequest.objects.get()
        assert second.post(f"{PATH}/requests/{asked.pk}/withdraw").status_code == 404
        assert first.post(f"{PATH}/requests/{asked.pk}/withdraw").status_code == 303
        assert MonthRequest.objects.get().state == "withdrawn"

    def test_a_month_that_runs_is_not_asked_for(self, sold, hire):
        closed()
        browser = later(hire(Role.FINANCE))
        assert "still runs, or has not begun" in words(browser.get(f"{PATH}/close"))
        assert browser.post(f"{PATH}/close", {"once": "a"}).status_code == 409
        assert f"{PATH}/close" not in browser.get(PATH).content.decode()
        assert not MonthRequest.objects.exists()

    def test_adjustments_that_wait_stand_in_the_way_and_are_said(self, sold, hire):
        from laoke.checkout import programme

        programme.apply(SYSTEM, {"adjustments": {"limits": {"apikey": {"each": 10}}}}, at=OPENING)
        from laoke.foundation.access import Caller

        asker = Caller("apikey", 7, "crm", SYSTEM.scopes)
        at = OPENING + timedelta(days=LATER.days - 5)
        while at.month != OPENING.month:
            at -= timedelta(days=1)
        adjustments.ask_once(asker, sold.member(), 50, "补发", at=at)
        from laoke.points.adjustments.models import Adjustment

        Adjustment.objects.update(open_until=OPENING + LATER + timedelta(days=9))
        browser = later(hire(Role.FINANCE))
        page = browser.get(PATH)
        assert "1 adjustment above the limit waits for a second person" in words(page)
        assert f'href="{PATH}/close"' not in page.content.decode()

    def test_reopening_needs_a_reason(self, sold, hire):
        closed()
        browser = later(hire(Role.FINANCE))
        assert browser.post(f"{PATH}/reopen", {"once": "a", "reason": ""}).status_code == 422
        assert not MonthRequest.objects.exists()
        assert browser.post(f"{PATH}/reopen", {"once": "b", "reason": "一台收银机晚传"}).status_code == 303
        assert MonthRequest.objects.get().act == "reopen"
        assert "asked to reopen" in words(browser.get(PATH))

    def test_who_only_looks_closes_nothing(self, sold, hire):
        closed()
        browser = later(hire(Role.AUDITOR))
        page = browser.get(PATH).content.decode()
        assert f"{PATH}/reopen" not in page
        for path in ("close", "reopen"):
            assert browser.post(f"{PATH}/{path}", {"once": "a", "reason": "x y"}).status_code == 403
        assert not MonthRequest.objects.exists()


class TestVouchers:
    def test_debit_and_credit_of_each_entry(self, sold, hire):
        closed()
        answer = later(hire(Role.FINANCE)).get(f"{PATH}/entries.csv?month={month_of_opening():%Y-%m}")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        (entry,) = selectors.closed_month(SYSTEM, None).entries
        amount = f"{entry.amount_minor / 100:.2f}"
        number = f"LP-{month_of_opening():%Y%m}-01"
        assert [row[0] for row in rows[1:]] == [number, number]
        assert [(row[5], row[6], row[7]) for row in rows[1:]] == [
            ("revenue", amount, ""),
            ("contract-liability", "", amount),
        ]


class TestForecast:
    def test_as_the_rules_are_and_changed(self, sold, hire):
        closed()
        browser = later(hire(Role.FINANCE))
        assert "if members go on redeeming as they have" in words(browser.get(f"{PATH}/forecast"))
        changed = words(browser.get(f"{PATH}/forecast?valid_months=24&earn_percent=200"))
        assert "higher than under the rules in force" in changed
        assert "What 100 points settle (¥)" in changed

    def test_without_a_close_and_with_nonsense(self, sold, hire):
        browser = later(hire(Role.FINANCE))
        assert "No forecast yet" in words(browser.get(f"{PATH}/forecast"))
        closed()
        page = browser.get(f"{PATH}/forecast?valid_months=x&earn_percent=-1&worth=1e99&ahead=7")
        assert page.status_code == 200
        assert "aria-invalid" in page.content.decode()


class TestBars:
    def test_what_reaches_high_may_begin_above_nothing(self):
        drawn = picture(
            [("a", [Piece(0, 1000, "total", 1000)]), ("b", [Piece(1000, 1100, "up", 100)])], broken=True
        )
        assert 0 < drawn.base <= 950
        assert picture([("a", [Piece(0, 1000, "total")])]).base == 0

    def test_a_small_movement_is_still_a_line_and_none_is_none(self):
        drawn = picture(
            [("a", [Piece(0, 10**9, "total")]), ("b", [Piece(5, 6, "up")]), ("c", [Piece(5, 5, "up")])]
        )
        heights = [slot.blocks[0].height for slot in drawn.slots]
        assert heights[1:] == ["1.5", "0.0"]

    def test_nothing_at_all(self):
        assert picture([]).slots == ()
        assert picture([("a", [Piece(0, 0, "total")])]).slots[0].blocks[0].height == "0.0"
