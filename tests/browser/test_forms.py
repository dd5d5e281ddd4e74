"""Forms when things go wrong: two people, two clicks, the back button, a session that ended. On the forms of stores."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.site import PASSWORD, Site

SEND = "form.form .acts button"


@pytest.fixture
def store(site: Site) -> int:
    """A store of the test's own."""
    code = f"B{uuid4().hex[:8]}"
    ((store_id,),) = site.ask(
        "insert into purchases_store (code, name, name_en, city, active) "
        "values (%s, '原名', '', '', true) returning id",
        code,
    )
    return int(store_id)


def name_of(site: Site, store: int) -> str:
    """What the store is called now."""
    ((name,),) = site.ask("select name from purchases_store where id = %s", store)
    return str(name)


def end_session(page: Page) -> None:
    """What the end of a working day does: the browser's key to its session opens nothing any more."""
    kept = [cookie for cookie in page.context.cookies() if cookie["name"] != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]


def sign_in_again(page: Page, username: str) -> None:
    """After the session ended."""
    page.locator("#username").fill(username)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")


@pytest.mark.parametrize(
    ("dialog", "script"),
    [(False, True), (False, False), (True, True)],
    ids=["page", "page-without-script", "dialog"],
)
def test_nothing_typed_is_lost_with_the_session(
    dialog: bool, script: bool, store: int, site: Site, window: Open
) -> None:
    page = window("operations", script=script)
    page.goto(f"/stores/{store}" if dialog else f"/stores/{store}/edit")
    if dialog:
        page.locator("main a[data-dialog]", has_text="Edit").click()
    typed = f"小满店 <b>&\N{SNOWMAN}{uuid4().hex[:6]}"
    page.get_by_label("Name", exact=True).fill(typed)
    end_session(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#password")).to_be_visible()
    assert name_of(site, store) == "原名"
    if script:
        assert not looking.faults(page)
    sign_in_again(page, "operations")
    expect(page.get_by_role("heading", name="Your entries were kept")).to_be_visible()
    expect(page.get_by_text(typed)).to_be_visible()
    if script:
        assert not looking.faults(page)
    page.get_by_role("button", name="Send them now").click()
    looking.arrived(page, re.compile(f"/stores/{store}$"))
    assert name_of(site, store) == typed


def test_two_people_edit_one_thing(store: int, site: Site, window: Open) -> None:
    first, second = window("owner"), window("operations")
    for page in (first, second):
        page.goto(f"/stores/{store}/edit")
    first.get_by_label("Name", exact=True).fill("第一个名字")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("status").get_by_text("The store is saved.")).to_be_visible()
    second.get_by_label("City").fill("杭州")
    second.get_by_label("Name", exact=True).fill("第二个名字")
    second.get_by_role("button", name="Save").click()
    warning = second.get_by_role("alert")
    expect(warning).to_contain_text("owner")
    expect(warning).to_contain_text("第一个名字")
    expect(second.get_by_label("Name", exact=True)).to_have_value("第二个名字")
    expect(second.get_by_label("City")).to_have_value("杭州")
    assert name_of(site, store) == "第一个名字"
    assert not looking.faults(second)
    second.get_by_role("button", name="Save").click()
    looking.arrived(second, re.compile(f"/stores/{store}$"))
    assert name_of(site, store) == "第二个名字"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_double_click_acts_once(script: bool, site: Site, window: Open) -> None:
    code = f"b{uuid4().hex[:8]}"
    page = window("owner", script=script)
    page.goto("/stores/channels/new")
    page.get_by_label("Code").fill(code)
    page.get_by_label("Name", exact=True).fill("直播")
    page.locator(SEND).dblclick(no_wait_after=True)
    looking.arrived(page, re.compile("/stores/channels$"))
    assert site.ask("select count(*) from purchases_channel where code = %s", code) == [(1,)]
    assert site.ask("select count(*) from foundation_auditentry where object_id = %s", code) in (
        [(1,)],
        [(0,)],
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_back_and_send_again_gives_the_first_answer(script: bool, site: Site, window: Open) -> None:
    code = f"b{uuid4().hex[:8]}"
    page = window("owner", script=script)
    page.goto("/stores/channels")
    page.goto("/stores/channels/new")
    for label, value in (("Code", code), ("Name", "直播")):
        page.get_by_label(label, exact=True).fill(value)
    page.locator(SEND).click()
    looking.arrived(page, re.compile("/stores/channels$"))
    page.go_back()
    looking.arrived(page, re.compile("/stores/channels/new$"))
    assert site.ask("select count(*) from purchases_channel where code = %s", code) == [(1,)]


def test_what_is_wrong_stands_at_its_field(window: Open) -> None:
    page = window("owner")
    page.goto("/stores/channels")
    page.locator("main a[data-dialog]").first.click()
    dialog = page.locator("dialog#dialog")
    dialog.get_by_label("Name", exact=True).fill("名" * 10_000)
    dialog.locator(SEND).click()
    code = dialog.get_by_label("Code")
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_be_focused()
    described = code.get_attribute("aria-describedby")
    assert described
    expect(page.locator(f"#{described.split()[0]}")).to_be_visible()
    assert len(dialog.get_by_label("Name", exact=True).input_value()) in (100, 10_000)
    assert not looking.faults(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert not looking.too_wide(page)


def test_switching_off_offers_the_way_back(store: int, site: Site, window: Open) -> None:
    page = window("owner")
    page.goto(f"/stores/{store}")
    page.get_by_role("link", name="Switch off").click()
    dialog = page.locator("dialog#dialog")
    expect(dialog).to_be_visible()
    assert not looking.faults(page)
    dialog.locator(SEND).click()
    toast = page.locator("#toasts")
    expect(toast.get_by_text("The store is switched off.")).to_be_visible()
    assert not looking.faults(page)
    assert site.ask("select active from purchases_store where id = %s", store) == [(False,)]
    toast.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The store is switched on.")).to_be_visible()
    assert site.ask("select active from purchases_store where id = %s", store) == [(True,)]
