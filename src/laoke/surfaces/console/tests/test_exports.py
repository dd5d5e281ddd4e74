"""Lists as files: what stands in them, who may have them, what a killed worker leaves."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings as conf
from django.db import OperationalError
from openpyxl import load_workbook
from procrastinate.contrib.django.models import ProcrastinateJob

from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff.models import Staff
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.surfaces.console.directory import tasks
from laoke.surfaces.console.exports import services as exports
from laoke.surfaces.console.exports.models import Export
from laoke.surfaces.console.exports.tables import CsvTable, Head, Shown
from laoke.surfaces.console.exports.workbooks import XlsxTable
from laoke.surfaces.console.notices.models import Notice
from laoke.surfaces.console.tasks import watch
from tests.shop import OPENING

from .crowd import crowd
from .test_pages import text


@pytest.fixture(autouse=True)
def _home(home_of_its_own):
    pass


@pytest.fixture
def people(shop):
    return crowd(shop, 30)


def ask(browser, kind="csv", columns=("tier", "points"), of="", once="e1"):
    return browser.post("/members/export", {"kind": kind, "column": columns, "of": of, "once": once})


def made(at=OPENING):
    export = Export.objects.latest("pk")
    tasks.write_export(at, export_id=export.pk)
    export.refresh_from_db()
    return export


def body(browser, export):
    answer = browser.get(f"/exports/{export.pk}/file")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def _change(browser, shop, *, role=None, store_ids=None):
    """Another role, or other stores, for the account behind a browser."""
    account = Staff.objects.filter(pk=browser.session["_auth_user_id"])
    if role:
        account.update(role=role)
    if store_ids:
        account.update(store_ids=[shop.stores[code] for code in store_ids])


class TestFiles:
    def test_the_file_has_its_columns_in_the_order_of_the_list(self, shop, people, hire):
        browser = hire()
        order = ["store", "points", "tier"]
        browser.post("/members/display", {"order": order, "column": order})
        page = browser.get("/members/export").content.decode()
        assert page.index('value="store"') < page.index('value="points"') < page.index('value="tier"')
        ask(browser, columns=("tier", "points", "phone", "store"), of="tier=gold")
        rows = list(csv.reader(io.StringIO(body(browser, made()).decode("utf-8-sig"), newline="")))
        assert rows[0] == ["Member number", "Name", "Home store", "Points", "Tier", "Phone"]

    def test_a_csv_holds_the_filter_with_the_chosen_columns(self, shop, people, hire):
        browser = hire()
        answer = ask(
            browser, columns=("tier", "points", "spend", "last", "tags", "joined", "rfm"), of="tier=gold"
        )
        assert (answer.status_code, answer["Location"]) == (303, "/exports")
        export = made()
        content = body(browser, export)
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert rows[0][:8] == [
            "Member number",
            "Name",
            "Tier",
            "Points",
            "R",
            "F",
            "M",
            "Spend in a year (CNY)",
        ]
        assert rows[0][8:] == ["Last purchase", "Tags", "Registered"]
        gold = sorted(
            (p for p in people if p.tier == "gold"), key=lambda p: (p.joined_at, p.id), reverse=True
        )
        assert [row[0] for row in rows[1:]] == [str(p.id) for p in gold]
        for row, person in zip(rows[1:], gold, strict=True):
            assert row[2] == "Gold"
            assert row[3] == str(person.points)
            assert row[4:7] == [str(score) for score in person.scores or ("", "", "")]
            assert row[7] == (
                "" if person.spend_minor is None else f"{Decimal(person.spend_minor) / 100:.2f}"
            )
            assert row[8] == (person.last.isoformat() if person.last else "")
            words = [word.removeprefix("'") for word in row[9].split("; ") if word]
            assert set(words) == person.tags
            assert row[10] == person.joined_at.astimezone(conf.LAOKE.zone).date().isoformat()
        assert (export.state, export.rows, export.bytes) == ("ready", len(gold), len(content))
        assert "陈雨桐" not in content.decode()
        assert "陈*桐" in "".join(row[1] for row in rows) or not any(p.name == "陈雨桐" for p in gold)

    def test_a_workbook_holds_numbers_days_and_texts_as_such(self, shop, people, hire):
        browser = hire("operations", language="zh-hans")
        ask(browser, kind="xlsx", columns=("points", "spend", "last", "card"))
        sheet = load_workbook(io.BytesIO(body(browser, made()))).active
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[0] == ("会员编号", "姓名", "积分", "近一年消费 (CNY)", "最近消费", "会员卡")
        by_id = {row[0]: row for row in rows[1:]}
        assert set(by_id) == {p.id for p in people}
        for person in people:
            row = by_id[person.id]
            assert row[2] == person.points
            assert row[3] == (None if person.spend_minor is None else person.spend_minor / 100)
            assert row[4] == (
                None if person.last is None else datetime.combine(person.last, datetime.min.time())
            )
            assert row[5].startswith("**** ")
        # Shown as money, whole numbers and days; the number of a member counts nothing.
        assert [cell.number_format for cell in sheet[2]][:4] == ["0", "General", "#,##0", '"¥"#,##0.00']
        with_day = next(line for line in sheet.iter_rows(min_row=2) if line[4].value is not None)
        assert (with_day[4].number_format, with_day[4].is_date) == ("yyyy-mm-dd", True)
        paid = next(line for line in sheet.iter_rows(min_row=2) if line[3].value)
        assert (paid[3].data_type, paid[2].data_type, paid[1].data_type) == ("n", "n", "s")

    @pytest.mark.parametrize(
        ("sign", "digits", "shown"),
        [
            ("¥", 2, '"¥"#,##0.00'),
            ("¥", 0, '"¥"#,##0'),
            ("THB ", 2, '"THB "#,##0.00'),
            ('"', 3, '""#,##0.000'),
        ],
    )
    def test_money_is_shown_in_the_currency_of_the_shop(self, tmp_path, sign, digits, shown):
        book = XlsxTable(tmp_path / "a.xlsx", [Head("x", Shown.MONEY)], "a", sign=sign, digits=digits)
        book.write([Decimal("-1234.5")])
        book.write([None])
        book.close()
        cell = load_workbook(tmp_path / "a.xlsx").active["A2"]
        assert (cell.value, cell.number_format, cell.data_type) == (-1234.5, shown, "n")

    @pytest.mark.parametrize("hostile", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1", "=cmd|' /C calc'!A0"])
    def test_texts_never_become_formulas(self, tmp_path, hostile):
        table = CsvTable(tmp_path / "a.csv", [Head(hostile), *[Head("")] * 4])
        table.write([hostile, -5, Decimal("-1.50"), date(2026, 1, 2), None])
        table.close()
        written = (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(written, newline="")))
        assert rows == [["'" + hostile, "", "", "", ""], ["'" + hostile, "-5", "-1.50", "2026-01-02", ""]]
        book = XlsxTable(tmp_path / "a.xlsx", [Head(hostile), *[Head("")] * 3], "a/b:c[]", sign="¥", digits=2)
        book.write([hostile, -5, "x" * 40_000, "a\x00b"])
        book.close()
        sheet = load_workbook(io.BytesIO((tmp_path / "a.xlsx").read_bytes())).active
        assert sheet["A2"].data_type == "s"
        assert (sheet["A2"].value, sheet["B2"].value) == (hostile, -5)
        assert (len(sheet["C2"].value), sheet["D2"].value) == (32_767, "ab")

    def test_a_hostile_tag_in_a_file(self, shop, hire):
        members.register(
            caller=SYSTEM, at=OPENING, name="=HYPERLINK(1)", identities=[IdentityInput("phone", "13811112222")],
            tags=["=1+1"],
        )  # fmt: skip
        browser = hire()
        ask(browser, columns=("tags",))
        rows = list(csv.reader(io.StringIO(body(browser, made()).decode("utf-8-sig"), newline="")))
        assert rows[1][1:] == ["'=***", "'=1+1"]

    def test_every_column_can_be_exported(self, shop, people, hire):
        from laoke.surfaces.console.directory.columns import COLUMNS

        browser = hire()
        ask(browser, columns=[column.name for column in COLUMNS])
        rows = list(csv.reader(io.StringIO(body(browser, made()).decode("utf-8-sig"), newline="")))
        assert len(rows[0]) == len(COLUMNS) + 4
        assert {len(row) for row in rows} == {len(rows[0])}

    def test_in_parts_it_is_the_same_file(self, shop, people, hire, monkeypatch):
        browser = hire()
        ask(browser)
        whole = body(browser, made())
        monkeypatch.setattr(exports, "_CHUNK", 4)
        ask(browser, once="e2")
        assert body(browser, made()) == whole


class TestBackground:
    def test_the_asker_is_told_and_finds_it_in_the_list(self, shop, people, hire):
        browser = hire()
        ask(browser, of="q=13800000003")
        waiting = browser.get("/exports").content.decode()
        assert "Waiting" in waiting
        assert 'hx-get="/exports"' in waiting
        export = made()
        told = Notice.objects.get()
        assert (told.kind, told.data, told.path) == (
            "export.ready",
            {"name": "Members", "rows": "1"},
            "/exports",
        )
        page = browser.get("/exports").content.decode()
        assert f'href="/exports/{export.pk}/file"' in page
        assert 'hx-get="/exports"' not in page
        assert b"13800000003" not in bytes(export.query_sealed)
        trail = AuditEntry.objects.get(action="export.requested").after
        assert trail == {"filter": "", "kind": "csv", "columns": ["tier", "points"]}

    def test_a_killed_worker_leaves_one_file_in_the_end(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr(exports, "_CHUNK", 5)
        browser = hire()
        ask(browser)
        export = Export.objects.get()

        def killed(count):
            raise SystemExit

        with pytest.raises(SystemExit):
            exports.write(export.pk, killed, lambda: OPENING)
        export.refresh_from_db()
        assert export.state == "running"
        assert not (exports.folder() / f"{export.pk}.csv").exists()
        export = made()
        assert (export.state, export.rows) == ("ready", len(people))
        assert [path.name for path in exports.folder().iterdir()] == [f"{export.pk}.csv"]
        # A run that comes once more changes nothing.
        tasks.write_export(OPENING + timedelta(hours=1), export_id=export.pk)
        export.refresh_from_db()
        assert export.ended_at < OPENING + timedelta(hours=1)
        assert Notice.objects.count() == 1

    def test_it_can_be_stopped_while_it_waits_and_while_it_is_written(self, shop, people, hire, monkeypatch):
        browser = hire()
        ask(browser)
        first = Export.objects.get()
        browser.post(f"/exports/{first.pk}/stop")
        assert made().state == "stopped"
        monkeypatch.setattr(exports, "_CHUNK", 5)
        ask(browser, once="e2")
        second = Export.objects.latest("pk")

        def stopped(count):
            browser.post(f"/exports/{second.pk}/stop")
            return False

        assert exports.write(second.pk, stopped, lambda: OPENING) is None
        second.refresh_from_db()
        assert second.state == "stopped"
        assert list(exports.folder().iterdir()) == []
        assert Notice.objects.count() == 0

    def test_a_disk_that_refuses_is_told(self, shop, people, hire, monkeypatch):
        browser = hire()
        ask(browser)
        export = Export.objects.get()

        def full(*args):
            raise OSError("no space left on device")

        monkeypatch.setattr(exports, "_write_table", full)
        with pytest.raises(OSError, match="no space"):
            tasks.write_export(OPENING, export_id=export.pk)
        export.refresh_from_db()
        assert export.state == "failed"
        assert Notice.objects.get().kind == "export.failed"
        assert "Could not be written" in text(browser.get("/exports"))

    def test_a_run_that_breaks_off_leaves_no_draft(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr(exports, "_CHUNK", 5)
        ask(hire())
        export = Export.objects.get()

        def away(count):
            raise OperationalError("the database is away")

        with pytest.raises(OperationalError):
            exports.write(export.pk, away, lambda: OPENING)
        assert list(exports.folder().iterdir()) == []
        export.refresh_from_db()
        assert export.state == "running"

    def test_one_whose_runs_were_given_up_is_told(self, shop, people, hire):
        browser = hire()
        ask(browser)
        export = Export.objects.get()
        Export.objects.update(state="running")
        exports.folder().mkdir()
        (exports.folder() / f".{export.pk}.csv").write_text("a draft")
        watch(OPENING)
        export.refresh_from_db()
        assert export.state == "running"  # its run waits in the queue
        ProcrastinateJob.objects.filter(task_name="console.export").delete()
        watch(OPENING)
        watch(OPENING + timedelta(minutes=10))
        export.refresh_from_db()
        assert (export.state, export.ended_at) == ("failed", OPENING)
        assert list(exports.folder().iterdir()) == []
        assert [told.kind for told in Notice.objects.all()] == ["export.failed"]

    def test_what_broken_off_runs_left_is_swept(self, shop, people, hire):
        ask(hire())
        ready = made()
        ask(hire("operations"), once="e2")
        running = Export.objects.latest("pk")
        Export.objects.filter(pk=running.pk).update(state="running")
        stopped = Export.objects.create(
            staff_id=1, actor="a", name="n", kind="csv", language="en", columns=[], query_sealed=b"",
            state="stopped", at=OPENING, ended_at=OPENING,
        )  # fmt: skip
        for name in (
            f".{running.pk}.csv",
            f".{stopped.pk}.csv",
            f"{stopped.pk}.csv",
            ".999999.xlsx",
            "notes",
        ):
            (exports.folder() / name).write_text("left")
        tasks.purge(OPENING + timedelta(hours=1))
        left = {path.name for path in exports.folder().iterdir()}
        assert left == {f"{ready.pk}.csv", f".{running.pk}.csv", "notes"}

    def test_stopping_what_is_ready_by_now_changes_nothing(self, shop, people, hire, statements):
        browser = hire()
        ask(browser)
        export = made()
        with statements() as sent:
            browser.post(f"/exports/{export.pk}/stop")
        assert any("console_export" in each and "FOR UPDATE" in each for each in sent)
        export.refresh_from_db()
        assert export.state == "ready"
        assert body(browser, export)

    def test_files_go_after_a_week(self, shop, people, hire):
        browser = hire()
        ask(browser)
        export = made()
        tasks.purge(OPENING + timedelta(days=6, hours=23))
        assert body(browser, export)
        tasks.purge(OPENING + timedelta(days=7, hours=1))
        assert list(exports.folder().iterdir()) == []
        answer = browser.get(f"/exports/{export.pk}/file")
        assert (answer.status_code, "Files are deleted after seven days" in text(answer)) == (410, True)
        assert "Deleted after seven days" in text(browser.get("/exports"))
        tasks.purge(OPENING + timedelta(days=31))
        assert Export.objects.count() == 0


class TestWhoMayHaveIt:
    def test_only_the_asker_and_owners(self, shop, people, hire):
        asker = hire("operations")
        ask(asker)
        export = made()
        address = f"/exports/{export.pk}/file"
        assert hire("analyst").get(address).status_code == 404
        assert "No files yet" in text(hire("finance").get("/exports"))
        assert hire("auditor").post(f"/exports/{export.pk}/stop").status_code == 404
        owner = hire("owner")
        assert body(owner, export)
        assert "operations-1" in text(owner.get("/exports"))
        trail = AuditEntry.objects.filter(action="export.downloaded").values_list("actor", flat=True)
        assert list(trail) == ["owner-1"]

    @pytest.mark.parametrize(
        ("now", "given"),
        [
            ({}, True),
            ({"role": "associate"}, False),
            ({"role": "customer_service"}, False),
            ({"role": "analyst"}, True),
            ({"store_ids": ["S1"]}, False),
        ],
    )
    def test_it_is_held_against_the_account_of_today(self, shop, people, hire, now, given):
        browser = hire("operations")
        ask(browser, columns=("tier", "class"))
        export = made()
        _change(browser, shop, **now)
        if given:
            assert body(browser, export)
        else:
            answer = browser.get(f"/exports/{export.pk}/file")
            assert answer.status_code == 403
            assert "stores or columns that your account may no longer see" in text(answer)
        shown = browser.get("/exports").content.decode()
        assert (f'href="/exports/{export.pk}/file"' in shown) is given
        assert ("Holds more than you may see today" in shown) is not given
        assert AuditEntry.objects.filter(action="export.downloaded").count() == given

    @pytest.mark.parametrize(("asked", "now", "given"), [("S1", "S1", True), ("S1", "S2", False)])
    def test_the_stores_of_a_file_are_held_against_those_of_today(
        self, shop, people, hire, asked, now, given
    ):
        browser = hire("store_manager", store_ids=[shop.stores[asked]])
        ask(browser)
        export = made()
        _change(browser, shop, store_ids=[now])
        answer = browser.get(f"/exports/{export.pk}/file")
        assert answer.status_code == (200 if given else 403)
        answer.close()

    def test_what_the_filter_asked_is_held_against_the_role_of_today(self, shop, people, hire):
        browser = hire("operations", language="zh-hans")
        ask(browser, columns=("tier",), of="rfm=high_value")
        export = made()
        _change(browser, shop, role="associate")
        answer = browser.get(f"/exports/{export.pk}/file")
        assert answer.status_code == 403
        assert "你的账号现在已无权查看" in text(answer)
        # A week later it says that it is gone no sooner than whether it was ever theirs to see.
        Export.objects.update(columns=["tier"], state="gone")
        assert browser.get(f"/exports/{export.pk}/file").status_code == 403

    def test_an_old_file_is_refused_before_the_night_deletes_it(self, shop, people, hire):
        browser = hire()
        ask(browser)
        export = made()
        with pytest.raises(exports.ExportExpired):
            exports.fetch(SYSTEM, export.pk, OPENING + timedelta(days=7, seconds=5), owner=True)

    def test_a_file_holds_only_columns_of_the_role(self, shop, people, hire):
        browser = hire("associate")
        answer = ask(browser, columns=("tier", "class"))
        assert answer.status_code == 422  # the form offers no classes to associates
        assert Export.objects.count() == 0
        ask(browser, columns=("tier",), of="rfm=high_value")
        rows = body(browser, made()).decode("utf-8-sig").splitlines()
        assert rows[0] == "Member number,Name,Tier"
        assert len(rows) == len(people) + 1  # nor may they ask for a class: the page says so before

    def test_the_store_limit_holds_in_the_file(self, shop, people, hire):
        mine = frozenset({shop.stores["S1"]})
        browser = hire("store_manager", store_ids=list(mine))
        ask(browser)
        rows = list(csv.reader(io.StringIO(body(browser, made()).decode("utf-8-sig"), newline="")))[1:]
        meant = [p.id for p in people if p.store in mine or any(store in mine for _, store in p.orders)]
        assert sorted(int(row[0]) for row in rows) == sorted(meant)

    def test_too_many_for_a_worksheet_is_said_before_it_begins(self, shop, people, hire, monkeypatch):
        monkeypatch.setattr(exports, "MOST_XLSX_ROWS", 10)
        answer = ask(hire(), kind="xlsx")
        assert answer.status_code == 422
        assert "A worksheet holds 10 members at most. Choose CSV, or narrow the filter." in text(answer)
        assert Export.objects.count() == 0

    @pytest.mark.parametrize("kind", ["", "exe", "x" * 10_000])
    def test_a_kind_there_is_not(self, shop, people, hire, kind):
        assert ask(hire(), kind=kind).status_code == 422
        assert Export.objects.count() == 0

    def test_a_file_that_is_not_there(self, shop, hire):
        answer = hire().get("/exports/999/file")
        assert answer.status_code == 404
        assert re.search("This file does not exist", text(answer))
