"""Files in and out: a CSV with bad rows up to its report, a list as a file, and files that are no tables."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.site import Site

WORKER_MS = 60_000


def send(page: Page, path: Path, kind: str = "members") -> None:
    """Choose a file and send it."""
    page.goto("/imports/new")
    page.locator(f'input[name="kind"][value="{kind}"]').check()
    page.locator("#files").set_input_files(path)
    page.get_by_role("button", name="Send and look at them").click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_file_with_bad_rows_comes_in_as_far_as_it_can(
    script: bool, tmp_path: Path, site: Site, window: Open
) -> None:
    mark = uuid4().int % 10_000
    path = tmp_path / "新会员 & <b>.csv"
    path.write_text(
        "手机号,会员卡号,姓名,入会时间,性别\n"
        f"1341{mark:04d}001,BX{mark}1,张三,2025-03-01 10:00,男\n"
        f"1341{mark:04d}002,BX{mark}2,李四,2025-04-02 11:30,女\n"
        f"12345,BX{mark}3,王五,2025-05-03 09:00,男\n"
        f"1341{mark:04d}004,BX{mark}4,赵六,not a day,女\n",
        encoding="utf-8",
    )
    ((before,),) = site.ask("select count(*) from members_member")
    page = window("operations", script=script)
    send(page, path)
    looking.arrived(page, re.compile(r"/imports/\d+/columns"))
    expect(page.locator('select[name="column-phone"]')).to_have_value("0")
    if script:
        assert not looking.faults(page)
    page.get_by_role("button", name="Start the trial run").click()
    looking.arrived(page, re.compile(r"/imports/\d+$"))
    begin = page.get_by_role("button", name=re.compile("^Import 2"))
    wait_for(page, begin, script)
    assert site.ask("select count(*) from members_member") == [(before,)]
    if script:
        assert not looking.faults(page)
    begin.click()
    done = page.get_by_role("link", name="See what came in")
    wait_for(page, done, script)
    assert site.ask("select count(*) from members_member") == [(before + 2,)]
    if script:
        assert not looking.faults(page)
    with page.expect_download() as download:
        page.locator('a[href$="report.csv"]').first.click()
    rows = list(csv.reader(StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert [row[1:4] for row in rows[1:]] == [["4", "手机号", "Phone number"], ["5", "入会时间", "Joined"]]
    assert [row[6] for row in rows[1:]] == ["**** 5", "not a day"]


def wait_for(page: Page, locator: object, script: bool) -> None:
    """The page looks again by itself every two seconds; without script a person reloads it."""
    for _ in range(WORKER_MS // 1000):
        if locator.count():  # type: ignore[attr-defined]
            return
        page.wait_for_timeout(1000)
        if not script:
            page.reload()
    expect(locator).to_be_visible()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.csv"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "picture.csv"),
        (b"PK\x03\x04garbage", "broken.xlsx"),
    ],
    ids=["empty", "picture", "broken"],
)
def test_what_is_no_table_is_said_to_be_none(content: bytes, name: str, tmp_path: Path, window: Open) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    page = window("owner")
    send(page, path)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(name)
    expect(alert).to_contain_text("Nothing was kept or changed.")
    assert not looking.faults(page)


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_a_list_becomes_a_file(kind: str, begins: bytes, site: Site, window: Open) -> None:
    page = window("analyst")
    page.goto("/members?tier=gold")
    page.locator('main a[href^="/members/export"]').first.click()
    form = page.locator("form:has(input[name=kind])")
    expect(form).to_be_visible()
    assert not looking.faults(page)
    form.locator(f'input[name=kind][value="{kind}"]').check()
    form.locator(".acts button").first.click()
    looking.arrived(page, re.compile("/exports$"))
    ((export,),) = site.ask("select max(id) from console_export")
    fetch = page.locator(f'main a[href="/exports/{export}/file"]')
    wait_for(page, fetch, script=True)
    assert not looking.faults(page)
    with page.expect_download() as download:
        fetch.click()
    assert Path(download.value.path()).read_bytes().startswith(begins)
    assert download.value.suggested_filename.endswith(f".{kind}")
