"""The list of all movements: in order, narrowed, in pages, as a file, and what an account limited to stores sees."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import orjson
import pytest
from django.utils import translation

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import AuditEntry
from laoke.points import expiry
from laoke.points import services as points
from laoke.points.activities import services as activities
from laoke.points.models import Posting
from laoke.surfaces.console.selectors import movements
from laoke.surfaces.console.selectors.movements import KINDS, MovementFilter, movements_page
from tests.shop import OPENING, line

LIST = "/points/movements"


@pytest.fixture
def li(shop):
    return shop.member()


@pytest.fixture
def year(shop, li):
    """A purchase in each store, one paid with points and brought back, an adjustment of somebody else, an expiry."""
    other = shop.member()
    till = shop.till()
    till.sell("A1", li, line("wine"))
    till.later(days=1)
    second = till.sell("A2", li, line("milk", 4), points_to_redeem=100, store="S2")
    till.later(days=1).take_back(second["order_id"], "R1")
    points.apply(SYSTEM, other, 30, "补偿", at=OPENING + timedelta(days=3))
    expiry.expire(at=OPENING + timedelta(days=400), now=OPENING + timedelta(days=400))
    return li, other


def every(filter_=MovementFilter(), caller=SYSTEM):  # noqa: B008 - it is frozen
    found, after = [], None
    while True:
        page = movements_page(caller, filter_, after, OPENING)
        found += page.rows
        after = page.after
        if not after:
            return [row.id for row in found]


def ids(**narrowed):
    rows = Posting.objects.filter(**narrowed).order_by("-at", "-id")
    return list(rows.values_list("id", flat=True))


def test_points_earned_beside_buying_say_what_for(shop, li, hire):
    kinds = {
        "check_in": {"points": 2},
        "reading": {"name": {"zh": "绘本打卡", "en": "A picture book"}, "points": 3},
    }
    programme.apply(SYSTEM, {"activities": {"kinds": kinds}}, at=OPENING)
    for minute, kind in enumerate(kinds):
        at = OPENING + timedelta(minutes=minute)
        answer = activities.tell(SYSTEM, activities.Told(li, kind, at), Command(kind, (b"",)), now=at)
    event_id = orjson.loads(answer.body)["event_id"]
    activities.undo(SYSTEM, event_id, "told twice", now=OPENING + timedelta(minutes=2))
    with translation.override("zh-hans"):
        rows = movements_page(SYSTEM, MovementFilter(), None, OPENING).rows
        said = [(str(row.label), row.note, row.points) for row in rows][::-1]
    earned = "消费以外获得"
    assert said == [(earned, "每日签到", 2), (earned, "绘本打卡", 3), ("扣回行为所得", "绘本打卡", -3)]
    browser = hire("owner")
    for page in (f"/members/{li}", f"/members/{li}/statement"):
        text = browser.get(page).content.decode()
        assert "Check-in" in text
        assert "check_in" not in text


def test_there_is_a_word_for_every_kind():
    assert set(KINDS) == set(Posting.Kind.values)


@pytest.mark.usefixtures("year")
class TestNarrowed:
    def test_everything_the_newest_first(self):
        assert every() == ids()
        assert len(ids()) == 8

    @pytest.mark.parametrize(
        "kind", ["accrual", "redemption", "restoration", "clawback", "adjustment", "expiry"]
    )
    def test_by_kind(self, kind):
        assert every(MovementFilter(kind=kind)) == ids(kind=kind) != []

    def test_by_member(self, year):
        for member in year:
            assert every(MovementFilter(member=str(member))) == ids(member_id=member) != []
        assert every(MovementFilter(member=str(year[1]), kind="accrual")) == []

    def test_by_store_only_what_orders_there_moved(self, shop):
        orders = {
            row.order_no: row.order_id for row in movements_page(SYSTEM, MovementFilter(), None, OPENING).rows
        }
        for code, order in (("S1", "A1"), ("S2", "A2")):
            store = MovementFilter(store=f"store:{shop.stores[code]}")
            assert every(store) == ids(order_id=orders[order]) != []

    def test_by_days_of_the_shop_both_included(self):
        first = OPENING.date().isoformat()
        day = MovementFilter(since=first, until=first)
        assert every(day) == ids(at__lt=OPENING + timedelta(hours=12))
        assert every(MovementFilter(until=first)) == every(day)
        assert len(every(MovementFilter(since=first))) == 8

    def test_what_cannot_be_read_is_left_out_and_said(self, hire):
        page = hire().get(f"{LIST}?since=x&member=13800000001x&store=none").content.decode()
        assert "What is not was left out." in page
        for number, misread in (("0", False), ("9" * 30, True), ("²", True)):
            assert movements_page(SYSTEM, MovementFilter(member=number), None, OPENING).misread is misread


@pytest.mark.usefixtures("year")
class TestPages:
    def test_pages_meet_without_gap_or_repeat(self, monkeypatch, shop):
        wanted = ids()
        store = MovementFilter(store=f"store:{shop.stores['S1']}")
        of_store = every(store)
        for size in (1, 2, 3, 7):
            monkeypatch.setattr(movements, "PAGE", size)
            monkeypatch.setattr(movements, "_WALKS", (1, 2))
            assert every() == wanted
            assert every(store) == of_store

    def test_it_says_how_far_it_looked(self, monkeypatch, shop):
        monkeypatch.setattr(movements, "_WALKS", (1,))
        page = movements_page(SYSTEM, MovementFilter(store=f"store:{shop.stores['S2']}"), None, OPENING)
        assert (page.looked_to is not None, bool(page.after)) == (True, True)

    def test_few_statements_whatever_is_asked(self, hire, statements, shop, li):
        owner = hire()
        for query in ("", f"?member={li}", f"?store=store:{shop.stores['S1']}", "?kind=expiry"):
            with statements() as sent:
                assert owner.get(LIST + query).status_code == 200
            assert len(sent) <= 12


@pytest.mark.usefixtures("year")
class TestSeen:
    def test_an_account_limited_to_stores_sees_movements_of_orders_there(self, hire, shop, li):
        clerk = hire("store_manager", store_ids=[shop.stores["S1"]])
        page = clerk.get(LIST).content.decode()
        assert "A1" in page
        assert "A2" not in page
        assert "Adjusted by hand</th>" not in page
        assert "Set aside" not in clerk.get(f"{LIST}?member={li}").content.decode()

    def test_a_member_with_what_is_set_aside_and_owed(self, hire, li):
        page = hire(language="zh-hans").get(f"{LIST}?member={li}").content.decode()
        for word in ("可用积分", "冻结", "待生效", "欠分"):
            assert f"<dt>{word}</dt>" in page

    def test_the_file_holds_what_is_filtered_and_stands_in_the_log(self, hire, li):
        owner = hire()
        answer = owner.post(f"{LIST}/export", {"member": str(li), "kind": "accrual"})
        rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        assert [row[0] for row in rows[1:]] == [str(each) for each in ids(member_id=li, kind="accrual")]
        assert rows[0][:7] == ["Number", "Time", "Member number", "Member", "What", "What, code", "Points"]
        assert rows[1][4:8] == ["Earned with a purchase", "accrual", "49", "programme"]
        entry = AuditEntry.objects.get(action="movements.exported")
        assert entry.after == {"member": str(li), "kind": "accrual"}
        everything = list(
            csv.reader(io.StringIO(b"".join(owner.post(f"{LIST}/export").streaming_content).decode()))
        )
        assert len(everything) == 9

    def test_notes_are_no_formulas(self, hire, shop):
        points.apply(SYSTEM, shop.member(), 5, "=1+1", at=OPENING)
        text = b"".join(hire().post(f"{LIST}/export").streaming_content).decode()
        assert "'=1+1" in text


def test_an_empty_shop_says_so(hire):
    assert "No points have moved yet." in hire().get(LIST).content.decode()
