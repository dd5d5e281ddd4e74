"""Imports through the console: sent, mapped, tried, imported; hostile files change nothing."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from laoke.foundation.audit.models import AuditEntry
from laoke.surfaces.importing.models import FileImport, SavedMapping
from laoke.surfaces.importing.tasks import forget, work
from laoke.surfaces.importing.uploads import folders
from tests.shop import OPENING

pytestmark = pytest.mark.django_db

MEMBERS = "手机号,会员卡号,姓名,入会时间,性别,门店,标签\n"
ROWS = (
    "13812345678,C001,张三,2025-03-01 10:00,男,S1,母婴\n"
    "13912345678,C002,李四,2025-04-02 11:30,女,S1,\n"
    "12345,C003,王五,2025-05-03 09:00,男,S2,生鲜;酒水\n"
    "13612345678,C004,赵六,not a day,女,S2,\n"
)


@pytest.fixture(autouse=True)
def home(home_of_its_own) -> Path:
    return home_of_its_own


@pytest.fixture(autouse=True)
def scored(monkeypatch) -> list[date]:
    """RFM reads through a connection of its own, which sees no test's data."""
    days: list[date] = []

    def recompute(*, as_of, now, progress=None):
        days.append(as_of)
        return {"members": 0}

    monkeypatch.setattr("laoke.segments.services.recompute", recompute)
    monkeypatch.setattr("laoke.review.figures.compute", lambda *, as_of, now: None)
    return days


def file(content: str | bytes, name: str = "members.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def another_owner():
    """A second one beside whom `hire` gives, signed in."""
    from laoke.foundation.access import SYSTEM
    from laoke.foundation.staff import services as staff
    from laoke.surfaces.console.tests.conftest import PASSWORD, Browser

    browser = Browser()
    browser.force_login(staff.create(SYSTEM, "owner-9", "王", "owner", PASSWORD, at=OPENING))
    return browser


def send(browser, *files: SimpleUploadedFile, kind: str = "members", **more):
    return browser.post("/imports/files", {"kind": kind, "files": list(files), **more})


def refusal(response) -> str:
    """What the page says is wrong, for the message of a failed test."""
    found = re.search(r'role="alert".*?</div>', response.content.decode(), re.DOTALL)
    return found[0] if found else f"{response.status_code} without a refusal"


def number(response) -> int:
    found = re.fullmatch(r"/imports/(\d+)/columns", response.get("Location", ""))
    assert found, refusal(response)
    return int(found[1])


def form_of(browser, address: str) -> dict[str, str]:
    """What a browser without script would send back: every field of the form as it stands."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        def __init__(self):
            super().__init__()
            self.values: dict[str, str] = {}
            self.inside = False
            self.select = ""
            self.text = ""

        def handle_starttag(self, tag, attrs):
            told = dict(attrs)
            if tag == "form":
                self.inside = told.get("id") == "map"
            if not self.inside:
                return
            if tag == "input" and told.get("type") != "checkbox" and "name" in told:
                self.values[told["name"]] = told.get("value", "")
            if tag == "input" and told.get("type") == "checkbox" and "checked" in told:
                self.values[told["name"]] = "on"
            if tag == "select":
                self.select = told["name"]
            if tag == "option" and self.select and ("selected" in told or self.select not in self.values):
                self.values[self.select] = told["value"]
            if tag == "textarea":
                self.text = told["name"]
                self.values[self.text] = ""

        def handle_data(self, data):
            if self.text:
                self.values[self.text] += data

        def handle_endtag(self, tag):
            if tag == "select":
                self.select = ""
            if tag == "textarea":
                self.text = ""
            if tag == "form":
                self.inside = False

    reader = Fields()
    reader.feed(browser.get(address).content.decode())
    assert reader.values
    return reader.values


def run_worker(import_id: int) -> None:
    """What the worker does with the queued task."""
    with connection.cursor() as cursor:
        cursor.execute("select args ->> 'import_id' from procrastinate_jobs where task_name = 'imports.work'")
        assert cursor.fetchall() == [(str(import_id),)]
        cursor.execute("delete from procrastinate_jobs where task_name = 'imports.work'")
    work(OPENING, import_id=import_id)


def check(browser, import_id: int, **changes: str):
    """Send the form as it stands, with changes, and have the trial run done."""
    address = f"/imports/{import_id}/columns"
    answer = browser.post(address, form_of(browser, address) | changes | {"act": "check"})
    assert answer.status_code == 303, refusal(answer)
    run_worker(import_id)
    return browser.get(f"/imports/{import_id}").content.decode()


def uploads(home: Path) -> list[str]:
    return sorted(p.name for p in (home / "uploads").glob("*/*")) if (home / "uploads").exists() else []


def everything() -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for table in (
            "members_member",
            "purchases_order",
            "purchases_product",
            "purchases_store",
            "importing_fileimport",
        ):
            cursor.execute(f"select count(*) from {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


def test_members_come_in_without_script(hire, home):
    browser = hire("operations")
    before = everything()
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    page = browser.get(f"/imports/{import_id}/columns").content.decode()
    assert "13812345678" in page
    assert "张三" in page
    fields = form_of(browser, f"/imports/{import_id}/columns")
    assert {name: value for name, value in fields.items() if name.startswith("column-") and value} == {
        "column-phone": "0",
        "column-card": "1",
        "column-name": "2",
        "column-registered_at": "3",
        "column-gender": "4",
        "column-home_store": "5",
        "column-tags": "6",
    }
    page = check(browser, import_id)
    row = FileImport.objects.get()
    assert (row.state, row.check_outcome["rows"], row.check_outcome["rows_bad"]) == ("checked", 4, 2)
    assert "is not a point in time of the form that was chosen" in page
    assert everything() == before | {"importing_fileimport": 1}
    report = b"".join(browser.get(f"/imports/{import_id}/check.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(report)))
    assert [line[:4] + line[5:] for line in rows] == [
        ["File", "Row", "Column in the file", "Field", "Code", "Value"],
        ["members.csv", "4", "手机号", "Phone number", "refused", "**** 5"],
        ["members.csv", "5", "入会时间", "Joined", "not-a-time", "not a day"],
    ]
    answer = browser.post(f"/imports/{import_id}/start", {"once": "a"})
    assert answer["Location"] == f"/imports/{import_id}"
    run_worker(import_id)
    assert everything()["members_member"] == before["members_member"] + 2
    row.refresh_from_db()
    assert (row.state, row.outcome["added"]) == ("done", 2)
    assert uploads(home) == ["check.entries", "mapping.yaml", "report.entries"]
    page = browser.get(f"/imports/{import_id}").content.decode()
    assert 'hx-trigger="every 2s"' not in page
    assert "13812345678" not in page
    assert "is done: 2 added, 2 left out" in browser.get("/notices").content.decode()
    history = browser.get("/imports").content.decode()
    assert "members.csv" in history
    assert "Done" in history


def bomb() -> bytes:
    """A workbook of a few KiB that says it unpacks to gigabytes of one letter."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b"a" * (300 << 20))
    return out.getvalue()


def workbook(*rows, formulas: bool = False) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def laughs() -> bytes:
    """A workbook whose sheet expands entities without end."""
    import zipfile

    source, out = io.BytesIO(workbook(["card", "joined"], ["C1", "2025-01-01"])), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
                content = (
                    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]>'.encode()
                    + content.split(b"?>", 1)[-1].replace(b"<t>C1", b"<t>&a11;", 1)
                )
            new.writestr(name, content)
    return out.getvalue()


HOSTILE = {
    "nothing at all": (b"", "is empty"),
    "a picture called .csv": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "is a picture, not a table"),
    "a PDF": (b"%PDF-1.7 ...", "is a PDF, not a table"),
    "a workbook of 1997": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "is a workbook of Excel 97-2003"),
    "a packed file": (b"\x1f\x8b\x08" + b"\0" * 50, "is packed. Unpack it"),
    "a web page": (b"<html><table><tr><td>card</td></tr></table>", "is a web page that calls itself a table"),
    "NUL bytes": (b"card,joined\nC1\0,2025-01-01\n", "is not a text file"),
    "random bytes": (bytes(range(1, 256)) * 40, "is not a text file"),
    "no header": ("13812345678,2025-03-01 10:00,20\n13912345678,2025-03-02 10:00,30\n", "the first row holds values"),
    "no rows": ("手机号,入会时间\n", "there is no row below the names of columns"),
    "10,000 columns": (",".join(f"c{n}" for n in range(10_000)) + "\n", "has 10,000 columns, more than the 2,000"),
    "one giant line": ("a" * 3_000_000, "has a first row longer than a million characters"),
    "a row without end": ('card,joined\n"' + "a" * 6_000_000, "there is no row below the names of columns"),
    "half a workbook": (workbook(["card"], ["C1"])[:2000], "is damaged, or no workbook of Excel"),
    "half a Parquet file": (b"PAR1" + b"\1" * 500, "is not a readable Parquet file"),
    "a bomb": (bomb(), "unpacks to more than can be read"),
    "entities without end": (laughs(), "is damaged, or no workbook of Excel"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_gets_a_sentence_and_changes_nothing(hire, home, name):
    browser = hire("owner")
    before = everything()
    content, sentence = HOSTILE[name]
    answer = send(browser, file(content, "资料 <b>.csv"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"资料 &lt;b&gt;.csv: {sentence}" in page
    assert "Nothing was kept or changed." in page
    assert everything() == before
    assert uploads(home) == []


def test_the_sentence_comes_in_the_language_of_the_person(hire):
    answer = send(hire("owner", language="zh-hans"), file(b"%PDF"))
    assert "members.csv：" in answer.content.decode() or "members.csv: " in answer.content.decode()
    assert "PDF，不是表格" in answer.content.decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_are_found_out_and_shown(hire, encoding):
    browser = hire("owner")
    import_id = number(send(browser, file((MEMBERS + ROWS).encode(encoding))))
    page = browser.get(f"/imports/{import_id}/columns").content.decode()
    assert "张三" in page
    assert "手机号" in page


def test_another_encoding_and_delimiter_can_be_chosen(hire):
    browser = hire("owner")
    text = "card;joined;name\nC1;2025-01-01;José\n"
    import_id = number(send(browser, file(text.encode("latin-1"))))
    address = f"/imports/{import_id}/columns"
    page = browser.get(address).content.decode()
    assert "José" in page
    assert "shown as Latin-1" in page
    browser.post(address, form_of(browser, address) | {"encoding": "cp1252", "act": "look"})
    assert "José" in browser.get(address).content.decode()
    browser.post(address, form_of(browser, address) | {"delimiter": ",", "act": "look"})
    assert "card;joined;name" in browser.get(address).content.decode()
    answer = browser.post(address, form_of(browser, address) | {"encoding": "utf-8", "act": "look"})
    assert answer.status_code == 422
    assert "is not utf-8 in line" in answer.content.decode()


def test_formulas_without_results_are_warned_of(hire):
    browser = hire("owner")
    content = workbook(["card", "joined"], ["C1", "2025-01-01"], ['=A2&"x"', "2025-01-02"])
    import_id = number(send(browser, file(content, "cards.xlsx")))
    assert (
        "formulas whose results are not in the file"
        in browser.get(f"/imports/{import_id}/columns").content.decode()
    )


def test_files_of_different_forms_are_refused_together(hire, home):
    answer = send(hire("owner"), file(MEMBERS + ROWS), file("card,joined\nC9,2025-01-01\n", "other.csv"))
    assert answer.status_code == 422
    assert "other.csv has another form or other columns than members.csv" in answer.content.decode()
    assert uploads(home) == []


def test_who_may_import_what(hire):
    for role, status in {
        "owner": 200, "operations": 200, "auditor": 403, "analyst": 403, "finance": 403, "store_manager": 403,
        "associate": 403, "customer_service": 403,
    }.items():  # fmt: skip
        browser = hire(role)
        assert browser.get("/imports").status_code == status
        assert browser.get("/imports/new").status_code == status
        assert ('href="/imports"' in browser.get("/account").content.decode()) is (status == 200)
        if status == 403:
            assert send(browser, file(MEMBERS + ROWS)).status_code == 403
    assert FileImport.objects.count() == 0


def test_past_orders_are_a_matter_of_owners(hire, home):
    browser = hire("operations")
    assert 'value="orders" disabled' in " ".join(browser.get("/imports/new").content.decode().split())
    answer = send(browser, file("订单号,时间\nA1,2025-01-01 10:00\n"), kind="orders")
    assert answer.status_code == 403
    assert "an owner with access to all stores imports them" in answer.content.decode()
    assert uploads(home) == []


def test_an_account_limited_to_stores_imports_nothing(hire, shop):
    browser = hire("operations", store_ids=[shop.stores["S1"]])
    assert send(browser, file(MEMBERS + ROWS)).status_code == 403


def test_rows_are_shown_to_whoever_sent_them_only(hire):
    import_id = number(send(hire("operations"), file(MEMBERS + ROWS)))
    owner = hire("owner")
    assert owner.get(f"/imports/{import_id}/columns").status_code == 404
    page = owner.get(f"/imports/{import_id}")
    assert page.status_code == 200
    assert "13812345678" not in page.content.decode()
    assert "operations-1 is assigning the columns" in page.content.decode()


def test_a_double_click_uploads_and_imports_once(hire, home):
    browser = hire("owner")
    first = number(send(browser, file(MEMBERS + ROWS), once="u1"))
    assert number(send(browser, file(MEMBERS + ROWS), once="u1")) == first
    assert FileImport.objects.count() == 1
    assert uploads(home) == ["1.csv", "look.json"]
    check(browser, first)
    for _click in range(2):
        assert browser.post(f"/imports/{first}/start", {"once": "s1"}).status_code == 303
    run_worker(first)  # one task was queued
    assert browser.post(f"/imports/{first}/start", {"once": "s2"}).status_code == 410
    work(OPENING, import_id=first)  # and a task that comes twice does nothing
    assert FileImport.objects.get().outcome["added"] == 2


def test_uploads_without_a_token_against_forgery_leave_nothing(shop, home):
    from laoke.foundation.access import SYSTEM
    from laoke.foundation.staff import services as staff
    from laoke.surfaces.console.tests.conftest import PASSWORD, Browser

    person = staff.create(SYSTEM, "owner-9", "王", "owner", PASSWORD, at=OPENING)
    browser = Browser(strict=True)
    browser.force_login(person)
    assert send(browser, file(MEMBERS + ROWS)).status_code == 403
    assert uploads(home) == []
    assert FileImport.objects.count() == 0


def test_nobody_uploads_without_signing_in(shop, home):
    answer = Client().post("/imports/files", {"kind": "members", "files": file(MEMBERS + ROWS)})
    assert (answer.status_code, answer["Location"]) == (303, "/login?next=/imports/new")
    assert uploads(home) == []


def test_what_is_larger_than_allowed_is_refused_before_it_is_read(hire, home, settings):
    settings.LAOKE = replace(settings.LAOKE, upload_mb=1)
    browser = hire("owner")
    assert send(browser, file("card,joined\n" + "C1,2025-01-01\n" * 200_000)).status_code == 413
    answer = send(browser, file("card,joined\n" + "C1,2025-01-01\n" * 80_000))
    assert answer.status_code == 422
    assert "larger than 1 MiB together" in answer.content.decode()
    assert uploads(home) == []


def test_other_pages_take_no_large_bodies(hire):
    assert hire("owner").post("/imports/1/columns", {"mapping": "a" * (11 << 20)}).status_code == 413


def test_one_upload_at_a_time(hire, home):
    from laoke.foundation.database.locks import hold

    (home / "uploads").mkdir(parents=True)
    held = hold(home / "uploads" / "upload.lock")
    assert held is not None
    answer = send(hire("owner"), file(MEMBERS + ROWS))
    assert answer.status_code == 409
    assert "Somebody is sending files at this moment" in answer.content.decode()
    import os

    os.close(held)


def test_a_mapping_is_kept_used_again_and_is_the_one_of_the_command_line(hire, tmp_path):
    from laoke.foundation.access import SYSTEM
    from laoke.surfaces.importing import Kind, Request, run

    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    address = f"/imports/{import_id}/columns"
    answer = browser.post(address, form_of(browser, address) | {"act": "save", "name": "  会员 每月  "})
    assert answer.status_code == 303
    saved = SavedMapping.objects.get()
    assert (saved.kind, saved.name) == ("members", "会员 每月")
    text = browser.get(f"/imports/mappings/{saved.pk}.yaml").content
    (tmp_path / "m.yaml").write_bytes(text)
    (tmp_path / "m.csv").write_text(MEMBERS + ROWS, encoding="utf-8")
    outcome = run(
        SYSTEM,
        Request(Kind.MEMBERS, [tmp_path / "m.csv"], str(tmp_path / "m.yaml"), dry_run=True),
        now=OPENING,
    )
    assert (outcome.things, outcome.rows_bad) == (2, 2)
    browser.post(address, form_of(browser, address) | {"column-name": "", "act": "look"})
    assert form_of(browser, address)["column-name"] == ""
    browser.post(address, {"act": "use", "source": f"saved:{saved.pk}"})
    assert form_of(browser, address)["column-name"] == "2"
    assert browser.post(address, form_of(browser, address) | {"act": "save", "name": " "}).status_code == 422
    browser.post(f"/imports/mappings/{saved.pk}/remove")
    assert SavedMapping.objects.count() == 0


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "operations-1 keeps a mapping under the name “每月”. Choose another name."),
        ("zh-hans", "operations-1 已用“每月”这个名称保存了对应方案，请换一个名称。"),
    ],
)
def test_another_persons_mapping_is_not_replaced(hire, language, said):
    other, browser = hire("operations"), hire("owner", language=language)
    for each in (other, browser):
        import_id = number(send(each, file(MEMBERS + ROWS)))
        address = f"/imports/{import_id}/columns"
        answer = each.post(address, form_of(each, address) | {"act": "save", "name": "每月"})
    assert answer.status_code == 409
    assert f'id="name-error">{said}' in answer.content.decode()
    saved = SavedMapping.objects.get()
    assert saved.saved_by == "operations-1"
    assert AuditEntry.objects.filter(action="mapping.saved").count() == 1
    other.later(hours=1)
    # One's own is replaced when one says so.
    import_id = number(send(other, file(MEMBERS + ROWS)))
    address = f"/imports/{import_id}/columns"
    mine = form_of(other, address) | {"act": "save", "name": "每月", "column-name": ""}
    answer = other.post(address, mine)
    assert answer.status_code == 409
    assert "You have kept other assignments under the name “每月” on 2026-03-10." in answer.content.decode()
    assert 'value="replace"' in answer.content.decode()
    assert SavedMapping.objects.get().saved_at == other.at - timedelta(hours=1)
    assert other.post(address, mine | {"act": "replace"}).status_code == 303
    assert "What you kept as “每月” is replaced." in other.get(address).content.decode()
    assert SavedMapping.objects.get().saved_at == other.at
    told = AuditEntry.objects.filter(action="mapping.saved").order_by("id").values_list("after", flat=True)
    assert [each["replaced"] for each in told] == [False, True]


def test_a_mapping_can_be_written_as_text(hire):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    address = f"/imports/{import_id}/columns"
    browser.post(address, form_of(browser, address) | {"act": "write"})
    fields = form_of(browser, address)
    assert fields["mode"] == "text"
    assert "registered_at: 入会时间" in fields["mapping"]
    answer = browser.post(
        address, fields | {"mapping": "laoke-mapping: 1\nkind: members\ncolumns: {", "act": "check"}
    )
    assert answer.status_code == 422
    assert "is not valid YAML" in answer.content.decode()
    wrong = fields["mapping"].replace("registered_at: 入会时间", "registered_at: 没有")
    answer = browser.post(address, fields | {"mapping": wrong, "act": "check"})
    assert "members.csv has no column" in answer.content.decode()
    assert FileImport.objects.get().state == "mapping"
    assert "registered_at: 入会时间" in fields["mapping"]
    browser.post(address, fields | {"act": "look"})
    check(browser, import_id)
    assert FileImport.objects.get().check_outcome["things"] == 2


def test_what_is_missing_is_said_beside_the_form(hire):
    browser = hire("owner")
    import_id = number(send(browser, file("a,b\nx,y\n", "strange.csv")))
    address = f"/imports/{import_id}/columns"
    answer = browser.post(address, form_of(browser, address) | {"act": "check"})
    assert answer.status_code == 422
    assert "Choose a column for: Joined" in answer.content.decode()


ORDERS = "小票号,下单时间,门店编码,会员手机号,商品编码,品名,数量,实付(分),原价(分)\n"
LINES = (
    "A1,2026/1/5 10:00,S1,13812345678,milk,牛奶,2,2500,2500\n"
    "A1,2026/1/5 10:00,S1,13812345678,rice,大米,1,6990,6990\n"
    "A2,2026/1/6 11:00,S9,,milk,牛奶,1,1250,1250\n"
    "A3,2026/1/7 12:00,S1,13812345678,milk,牛奶,x,1250,1250\n"
)


def test_orders_come_in_and_scores_are_computed(hire, scored):
    browser = hire("owner")
    import_id = number(send(browser, file(ORDERS + LINES, "orders.csv"), kind="orders"))
    fields = form_of(browser, f"/imports/{import_id}/columns")
    assert (fields["time_format"], fields["money"], fields["member_kind"]) == (
        "%Y/%m/%d %H:%M",
        "minor",
        "phone",
    )
    page = check(browser, import_id, **{"value-channel": "pos", "create-stores": "on"})
    row = FileImport.objects.get()
    assert (row.state, row.check_outcome["orders"], row.check_outcome["left_out"]) == ("checked", 2, 1)
    assert "Import 2" in page
    browser.post(f"/imports/{import_id}/start")
    run_worker(import_id)
    row.refresh_from_db()
    assert (row.outcome["added"], row.outcome["lines"], row.outcome["created"]) == (
        2,
        3,
        {"stores": 1, "members": 1},
    )
    assert scored == [OPENING.astimezone(settings.LAOKE.zone).date()]
    with connection.cursor() as cursor:
        cursor.execute("select order_no, total_minor from purchases_order order by order_no")
        assert cursor.fetchall() == [("A1", 9490), ("A2", 1250)]
        cursor.execute(
            "select actor, action from foundation_auditentry where object_kind = 'import' order by id"
        )
        assert cursor.fetchall() == [
            ("owner-1", "import.uploaded"),
            ("owner-1", "import.started"),
            ("owner-1", "orders.imported"),
            ("owner-1", "import.done"),
        ]


def test_it_stops_and_goes_on(hire, monkeypatch):
    from laoke.surfaces.importing.orders import playing

    monkeypatch.setattr(playing, "_ORDERS", 1)
    browser = hire("owner")
    lines = "".join(f"B{n},2026/1/{n} 10:00,S1,,milk,牛奶,1,1250,1250\n" for n in range(1, 9))
    import_id = number(send(browser, file(ORDERS + lines, "orders.csv"), kind="orders"))
    check(browser, import_id, **{"value-channel": "pos"})
    browser.post(f"/imports/{import_id}/start", {"once": "1"})
    # Waiting, it stops at once.
    browser.post(f"/imports/{import_id}/stop", {"once": "2"})
    assert FileImport.objects.get().state == "stopped"
    browser.post(f"/imports/{import_id}/start", {"once": "3"})
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'imports.work'")
    # While it runs, after the batch in hand.
    from laoke.foundation.jobs import progress
    from laoke.surfaces.importing.uploads import services

    monkeypatch.setattr(progress, "_WRITE_EVERY", 0.0)
    real, played = playing.Player.play, []

    def play(self, batch):
        played.append(len(batch))
        if len(played) == 3:
            FileImport.objects.update(stop_requested=True)
            progress.request_stop(services.TASK, str(import_id))
        return real(self, batch)

    monkeypatch.setattr(playing.Player, "play", play)
    work(OPENING, import_id=import_id)
    row = FileImport.objects.get()
    assert (row.state, row.outcome["added"], row.outcome["interrupted"]) == ("stopped", 3, True)
    assert "It can go on from where it stopped" in browser.get(f"/imports/{import_id}").content.decode()
    browser.post(f"/imports/{import_id}/start", {"once": "4"})
    run_worker(import_id)
    row.refresh_from_db()
    assert (row.state, row.outcome["added"], row.outcome["known"]) == ("done", 5, 3)
    # As one import, all eight went in.
    page = " ".join(browser.get(f"/imports/{import_id}").content.decode().split())
    assert '<dt>Went in</dt><dd class="num">8</dd>' in page


def test_a_wish_to_stop_outlives_the_worker(hire):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    check(browser, import_id)
    browser.post(f"/imports/{import_id}/start")
    FileImport.objects.update(state="running", stop_requested=True)  # the worker was killed behind this
    before = everything()
    work(OPENING, import_id=import_id)
    assert FileImport.objects.get().state == "stopped"
    assert everything() == before


def test_it_waits_for_the_command_line(hire, monkeypatch):
    from laoke.foundation.jobs.stopping import Interrupted
    from laoke.surfaces.importing.errors import ImportRunning
    from laoke.surfaces.importing.uploads import working

    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    check(browser, import_id)
    browser.post(f"/imports/{import_id}/start")

    def refuse(*_, **__):
        raise ImportRunning

    with monkeypatch.context() as patch:
        patch.setattr(working, "run", refuse)
        with pytest.raises(Interrupted):
            work(OPENING, import_id=import_id)
    assert (
        "Another import runs from the command line" in browser.get(f"/imports/{import_id}").content.decode()
    )
    work(OPENING, import_id=import_id)
    assert FileImport.objects.get().outcome["added"] == 2


def test_a_fault_is_told_and_can_be_tried_again(hire, monkeypatch):
    from laoke.surfaces.importing.uploads import working

    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    check(browser, import_id)
    browser.post(f"/imports/{import_id}/start", {"once": "1"})

    def fault(*_, **__):
        raise ZeroDivisionError("13812345678")

    with monkeypatch.context() as patch:
        patch.setattr(working, "run", fault)
        run_worker(import_id)
    page = browser.get(f"/imports/{import_id}").content.decode()
    assert "Something went wrong that should not" in page
    assert "13812345678" not in page
    browser.post(f"/imports/{import_id}/start", {"once": "2"})
    run_worker(import_id)
    assert FileImport.objects.get().state == "done"


def test_a_file_that_breaks_far_behind_is_told_by_its_own_name(hire):
    browser = hire("owner")
    good = "card,joined\n" + "C1,2025-01-01\n" * 400_000
    import_id = number(send(browser, file(good.encode() + b"C2,\xff\xff\n", "far.csv")))
    page = check(browser, import_id)
    assert FileImport.objects.get().state == "failed"
    assert "far.csv: is neither UTF-8 nor GB18030" in page


def test_giving_up_removes_the_files(hire, home):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    assert "Nothing of them went in" in browser.get(f"/imports/{import_id}/discard").content.decode()
    assert browser.post(f"/imports/{import_id}/discard")["Location"] == "/imports"
    assert uploads(home) == []
    assert browser.get(f"/imports/{import_id}").status_code == 200
    assert browser.get(f"/imports/{import_id}/columns")["Location"] == f"/imports/{import_id}"


def test_files_are_forgotten_after_seven_days(hire, home):
    import os

    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    broken_off = home / "uploads" / ("a" * 32)
    broken_off.mkdir()
    (broken_off / "1.part").write_bytes(b"138")
    forget(OPENING + timedelta(days=6))
    assert uploads(home) == ["1.csv", "1.part", "look.json"]
    os.utime(broken_off / "1.part", (0, 0))
    forget(OPENING + timedelta(days=8))
    assert uploads(home) == []
    row = FileImport.objects.get()
    assert (row.state, row.folder) == ("discarded", "")
    assert browser.get(f"/imports/{import_id}").status_code == 200
    assert browser.get(f"/imports/{import_id}/check.csv").status_code == 404


def test_what_stopped_can_be_given_up_after_its_files_are_gone(hire, home):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    FileImport.objects.update(state="stopped", outcome={"added": 1})
    forget(OPENING + timedelta(days=8))
    assert (FileImport.objects.get().state, FileImport.objects.get().folder) == ("stopped", "")
    assert browser.post(f"/imports/{import_id}/discard")["Location"] == "/imports"
    assert FileImport.objects.get().state == "discarded"
    assert (home / "uploads").is_dir()


def test_no_folder_is_no_folder():
    for name in ("", ".", "..", "a" * 31, "A" * 32, "../" + "a" * 32):
        with pytest.raises(ValueError, match="no folder of an upload"):
            folders.remove(name)


@pytest.mark.parametrize("source", ["saved:" + "9" * 5000, "saved:-1", "saved:", "shipped:../x", "x"])
def test_a_mapping_that_there_is_not(hire, source):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    answer = browser.post(f"/imports/{import_id}/columns", {"act": "use", "source": source})
    assert answer.status_code == 404


def test_pages_ask_few_statements(hire, statements):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    for path in ("/imports", "/imports/new", f"/imports/{import_id}/columns"):
        with statements() as sent:
            assert browser.get(path).status_code == 200
        assert len(sent) <= 12, (path, sent)
    check(browser, import_id)
    with statements() as sent:
        browser.get(f"/imports/{import_id}")
    assert len(sent) <= 12


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_strange_names_and_cells_are_shown_as_they_are(hire, language):
    browser = hire("owner", language=language)
    name = "‮fdp.csv" + "长" * 300 + "🎉<script>.csv"
    content = "card,joined,name\nC1,2025-01-01,<script>alert(1)</script>\nC2,2025-01-02,مرحبا 🎉\n"
    import_id = number(send(browser, file(content, name)))
    for path in (f"/imports/{import_id}/columns", "/imports"):
        page = browser.get(path).content.decode()
        assert "<script>alert" not in page
        assert "‮" not in page


def test_parts_are_asked_for_while_it_moves(hire):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    address = f"/imports/{import_id}/columns"
    part = browser.post(
        address, form_of(browser, address) | {"column-name": ""}, headers={"HX-Request": "true"}
    )
    assert part.status_code == 200
    assert part.content.decode().lstrip().startswith('<section class="card" id="reading"')
    browser.post(address, form_of(browser, address) | {"act": "check"})
    part = browser.get(f"/imports/{import_id}", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="state" hx-get=')
    assert "It begins in a moment." in part


def test_the_preview_refuses_what_the_trial_run_refuses(hire):
    """Every kind of field, by the same checks: rows with mistakes and their reasons are the same."""
    browser = hire("owner")
    content = (
        "手机号,会员卡号,邮箱,姓名,入会时间,生日,语言,所属门店,标签,短信营销\n"
        "13812345678,C001,a@example.com,张三,2025-03-01 10:00,1990-01-02,zh-hans,S1,母婴,是\n"
        "12345,C002,,李四,2025-03-01 10:00,,,S1,,\n"
        "13912345678,1,,李四,2025-03-01 10:00,,,S1,,\n"
        "13912345671,C004,no address,李四,2025-03-01 10:00,,,S1,,\n"
        "13912345672,C005,,李四,soon,,,S1,,\n"
        "13912345673,C006,,李四,2025-03-01 10:00,1850-01-01,,S1,,\n"
        "13912345674,C007,,李四,2025-03-01 10:00,,no language,S1,,\n"
        "13912345675,C008,,李四,2025-03-01 10:00,,,S99,,\n"
        f"13912345676,C009,,李四,2025-03-01 10:00,,,S1,{'长' * 41},\n"
        "13912345677,C010,,李四,2025-03-01 10:00,,,S1,,maybe\n"
        "13812345678,C011,,李四,2025-03-01 10:00,,,S1,,\n"
        ",,,李四,2025-03-01 10:00,,,S1,,\n"
        "13912345679,C013\n"
    )
    import_id = number(send(browser, file(content)))
    page = browser.get(f"/imports/{import_id}/columns").content.decode()
    assert "12 of the first 13 rows have mistakes" in page
    after = check(browser, import_id)
    row = FileImport.objects.get()
    assert (row.check_outcome["rows_bad"], row.check_outcome["things"]) == (12, 1)
    reasons = re.findall(r"<td>([^<]+)</td><td class=\"r num\">1</td>", after)
    assert len(reasons) == 12
    for reason in reasons:
        assert reason in page, reason


@pytest.mark.parametrize(
    ("kind", "content", "bad"),
    [
        ("products", f"sku,name,price,tags\nA1,Milk,2,x\nA2,Rice,-1,\nA3,Tea,1,{'t' * 41}\nA1,Again,1,\n", 3),
        ("stores", "code,name,region,city\nS7,New,R1,x\n,No code,,\nS8,Name,R1," + "c" * 61 + "\n", 2),
    ],
)
def test_the_preview_of_reference_data_too(hire, kind, content, bad):
    browser = hire("owner")
    import_id = number(send(browser, file(content), kind=kind))
    page = browser.get(f"/imports/{import_id}/columns").content.decode()
    assert f"{bad} of the first" in page
    check(browser, import_id)
    assert FileImport.objects.get().check_outcome["rows_bad"] == bad


def test_the_preview_of_orders_too(hire):
    browser = hire("owner")
    lines = LINES + "A4,2026/1/8 12:00,S1,12345,milk,牛奶,1,1250,1250\n"
    import_id = number(send(browser, file(ORDERS + lines, "orders.csv"), kind="orders"))
    address = f"/imports/{import_id}/columns"
    assert "Choose a column for: Channel code" in browser.get(address).content.decode()
    fields = form_of(browser, address) | {"value-channel": "pos"}
    browser.post(address, fields | {"act": "look"})
    page = browser.get(address).content.decode()
    # Rows 4 (no such store), 5 (x pieces) and 6 (no telephone number).
    assert "3 of the first 5 rows have mistakes" in page
    assert "no such store; import the stores first" in page
    check(browser, import_id)
    assert FileImport.objects.get().check_outcome["rows_bad"] == 3


def test_unknown_stores_are_listed_and_made_when_one_says_so(hire):
    browser = hire("owner")
    import_id = number(send(browser, file(ORDERS + LINES, "orders.csv"), kind="orders"))
    fields = form_of(browser, f"/imports/{import_id}/columns")
    assert "create-stores" not in fields
    assert "create-channels" not in fields
    assert fields["create-members"] == "on"
    page = check(browser, import_id, **{"value-channel": "pos"})
    row = FileImport.objects.get()
    assert row.check_outcome["unknown"] == [{"what": "stores", "count": 1, "rows": 1}]
    assert "1 store of the file is not known. Its 1 rows are left out." in page
    assert "<bdi>S9</bdi>" in page
    assert 'href="/imports/new?kind=stores"' in page
    # Whoever did not send the file sees how many, and neither which nor the button.
    other = another_owner().get(f"/imports/{import_id}").content.decode()
    assert "1 store of the file is not known" in other
    assert "<bdi>S9</bdi>" not in other
    assert f"/imports/{import_id}/add" not in other
    for what in ("", "orders", "everything"):
        assert browser.post(f"/imports/{import_id}/add", {"what": what}).status_code == 409
    for _click in range(2):
        answer = browser.post(f"/imports/{import_id}/add", {"what": "stores", "once": "a"})
        assert (answer.status_code, answer["Location"]) == (303, f"/imports/{import_id}")
    run_worker(import_id)
    row.refresh_from_db()
    assert (row.state, row.check_outcome["unknown"], row.check_outcome["orders"]) == ("checked", [], 2)
    assert "not known" not in browser.get(f"/imports/{import_id}").content.decode()
    browser.post(f"/imports/{import_id}/start")
    run_worker(import_id)
    row.refresh_from_db()
    assert row.outcome["created"]["stores"] == 1


def test_jobs_and_the_import_count_alike(hire):
    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS.replace("not a day", "2025-06-01 09:00"))))
    page = check(browser, import_id)
    assert '<dt>Rows read</dt><dd class="num">4</dd>' in page
    jobs = browser.get("/jobs").content.decode()
    assert "trial run · 3 to be added · 1 row with mistakes" in jobs
    assert '<td class="r num">4 rows</td>' in jobs
    browser.post(f"/imports/{import_id}/start")
    run_worker(import_id)
    page = " ".join(browser.get(f"/imports/{import_id}").content.decode().split())
    assert '<dt>Went in</dt><dd class="num">3</dd>' in page
    jobs = browser.get("/jobs").content.decode()
    assert "3 added · 1 row with mistakes" in jobs
    assert '<td class="r num">4 rows</td>' in jobs


def test_the_report_is_in_the_language_of_who_fetches_it(hire):
    browser = hire("owner", language="zh-hans")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    check(browser, import_id)

    def fetched(by) -> list[list[str]]:
        answer = by.get(f"/imports/{import_id}/check.csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    assert fetched(browser)[0] == ["文件", "行号", "文件中的列", "字段", "问题", "代码", "原值"]
    assert fetched(browser)[2] == [
        "members.csv",
        "5",
        "入会时间",
        "入会",
        "不是所选格式的时间",
        "not-a-time",
        "not a day",
    ]
    assert fetched(another_owner())[2][4] == "is not a point in time of the form that was chosen"


def test_mappings_of_public_logs_are_offered_to_nobody(hire):
    browser = hire("owner")
    import_id = number(send(browser, file(ORDERS + LINES, "orders.csv"), kind="orders"))
    page = browser.get(f"/imports/{import_id}/columns").content.decode()
    assert "complete_journey" not in page
    assert "cdnow" not in page
    answer = browser.post(f"/imports/{import_id}/columns", {"act": "use", "source": "shipped:cdnow_orders"})
    assert answer.status_code == 404


def test_a_mapping_that_cannot_be_audited_is_not_kept(hire, monkeypatch):
    from laoke.surfaces.importing.uploads import services

    browser = hire("owner")
    import_id = number(send(browser, file(MEMBERS + ROWS)))
    address = f"/imports/{import_id}/columns"
    fields = form_of(browser, address) | {"act": "save", "name": "每月"}
    real = services.record

    def fails(caller, action, *rest, **more):
        if action.startswith("mapping."):
            raise ConnectionError("the database went away")
        real(caller, action, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(services, "record", fails)
        with pytest.raises(ConnectionError):
            browser.post(address, fields)
    assert SavedMapping.objects.count() == 0
    assert browser.post(address, fields).status_code == 303
    saved = SavedMapping.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(services, "record", fails)
        with pytest.raises(ConnectionError):
            browser.post(f"/imports/mappings/{saved.pk}/remove")
    assert SavedMapping.objects.count() == 1


def test_a_sender_who_stalls_is_given_up_and_leaves_nothing(shop, home, monkeypatch):
    import socket
    import time

    from laoke.surfaces.importing.uploads import patience

    browser = another_owner()
    monkeypatch.setattr(patience, "PIECE_SECONDS", 0.3)
    monkeypatch.setattr(patience, "_LOOK_EVERY", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        receiver, _address = server.accept()
    sender.sendall(
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\ncard,joined\n'
    )
    begun = time.monotonic()
    with sender, receiver, receiver.makefile("rb") as body:
        answer = browser.generic(
            "POST",
            "/imports/files",
            "",
            **{
                "wsgi.input": body,
                "CONTENT_LENGTH": str(50 << 20),
                "CONTENT_TYPE": "multipart/form-data; boundary=x",
                "REMOTE_ADDR": "127.0.0.1",
            },
        )
    assert answer.status_code == 408
    assert time.monotonic() - begun < 5
    assert "The connection is too slow, or it broke off." in answer.content.decode()
    assert uploads(home) == []
    assert list((home / "uploads").glob("?" * 32)) == []
    # The lock is free again.
    assert send(browser, file(MEMBERS + ROWS)).status_code == 303


def test_a_claimed_length_above_the_limit_is_refused_unread(hire, home, settings):
    settings.LAOKE = replace(settings.LAOKE, upload_mb=2048)

    class Unread:
        def read(self, size=-1):
            raise AssertionError("nobody reads it")

        readline = read

    answer = hire("owner").generic(
        "POST",
        "/imports/files",
        "",
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": str((2048 << 20) + (2 << 20))},
    )
    assert answer.status_code == 413
    assert uploads(home) == []


def test_a_claimed_length_that_never_comes_is_no_file(hire, home):
    """2 GB are announced, a few bytes come, the connection ends."""
    sent = io.BytesIO(
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nmembers\r\n',
    )
    answer = hire("owner").generic(
        "POST",
        "/imports/files",
        "",
        content_type="multipart/form-data; boundary=x",
        **{
            "wsgi.input": sent,
            "CONTENT_LENGTH": str(2 << 30),
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
        },
    )
    assert answer.status_code == 422
    assert "Nothing was kept or changed." in answer.content.decode()
    assert uploads(home) == []


ODD = {
    "emoji and right-to-left names of columns": ("🎁卡号,تاريخ الانضمام,姓名\nC001,2025-03-01 10:00,王\n", 3),
    "marks that turn the line": ("card\u202e,joined\u2066,na\u200bme\nC001,2025-03-01 10:00,王\n", 3),
    "names that are alike": ("card,card,joined\nC001,C002,2025-03-01 10:00\n", 3),
    "names of ten thousand letters": ("c" * 10_000 + ",joined\nC001,2025-03-01 10:00\n", 2),
    "formulas": ('card,joined,name\nC001,2025-03-01 10:00,"=HYPERLINK(""http://x"",""y"")"\n', 3),
    "a cell of a megabyte": ("card,joined,name\nC001,2025-03-01 10:00," + "长" * 350_000 + "\n", 3),
    "markup": ("<b>card</b>,joined,<script>x</script>\nC001,2025-03-01 10:00,<img src=x>\n", 3),
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", list(ODD))
def test_odd_files_are_shown_and_read(hire, name, language):
    content, width = ODD[name]
    browser = hire("owner", language=language)
    import_id = number(send(browser, file(content)))
    address = f"/imports/{import_id}/columns"
    page = browser.get(address)
    assert page.status_code == 200
    text = page.content.decode()
    assert len(text) < 400_000
    assert "<script>x" not in text
    assert "<img src=x" not in text
    fields = form_of(browser, address)
    assert fields["width"] == str(width)
    fields |= {"column-card": "0", "column-registered_at": str(2 if name == "names that are alike" else 1)}
    fields |= {"column-name": "2"} if width == 3 and name != "names that are alike" else {"column-name": ""}
    answer = browser.post(address, fields | {"act": "check"})
    if name == "names that are alike":
        assert answer.status_code == 422
        return
    assert answer.status_code == 303, refusal(answer)
    run_worker(import_id)
    row = FileImport.objects.get()
    assert row.state == "checked", row.failure
    assert row.check_outcome["rows"] == 1
    assert row.check_outcome["rows_bad"] == (1 if name == "a cell of a megabyte" else 0)


def test_utf_16_and_gb18030_come_in_whole(hire):
    browser = hire("owner")
    for encoding in ("utf-16", "utf-16-be", "gb18030"):
        text = (MEMBERS + ROWS).encode(encoding)
        content = b"\xfe\xff" + text if encoding == "utf-16-be" else text
        import_id = number(send(browser, file(content)))
        check(browser, import_id)
        row = FileImport.objects.get(pk=import_id)
        assert (row.state, row.check_outcome["things"], row.check_outcome["rows_bad"]) == ("checked", 2, 2), (
            encoding
        )


def test_nul_bytes_far_behind_are_told_with_their_row(hire):
    browser = hire("owner")
    good = "card,joined,name\n" + "".join(f"C{n:06},2025-01-01,{'x' * 90}\n" for n in range(12_000))
    import_id = number(send(browser, file(good.encode() + b"C9\x00\x00\x009,2025-01-01,a\x00b\n", "far.csv")))
    page = check(browser, import_id)
    row = FileImport.objects.get()
    assert row.state in {"checked", "failed"}
    if row.state == "checked":
        assert (row.check_outcome["things"], row.check_outcome["rows_bad"]) == (12_000, 1)
        assert "12002" in page
    else:
        assert "far.csv" in page
