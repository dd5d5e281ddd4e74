"""Work on members in a real browser: register, find, adjust points, see in clear, edit, merge and undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_shell import sign_in

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
_RUN = uuid4().int % 10_000
_numbers: Iterator[int] = count()


def phone() -> str:
    """A number that nobody has yet, and whose end is not that of a phone other tests search by."""
    return f"137{_RUN:04d}{next(_numbers):04d}"


def register(page: Page, number: str, name: str) -> int:
    """Register somebody; returns the member's number."""
    page.goto("/members/new")
    page.get_by_label("Phone", exact=True).fill(number)
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("form.form .acts button").first.click()
    looking.arrived(page, re.compile(r"/members/\d+$"))
    return int(page.url.rsplit("/", 1)[1])


def balance(site: Site, member: int) -> int:
    """The member's points."""
    ((points,),) = site.ask("select balance from points_account where member_id = %s", member)
    return int(points)


def sound(page: Page) -> None:
    """No fault of accessibility in what is shown now, where a script can look."""
    assert not looking.faults(page)


@SCRIPT
def test_sign_in_register_find_and_adjust(script: bool, site: Site, window: Open) -> None:
    """The whole way of a service desk, and all of it without script too."""
    page = window(script=script)
    page.goto("/members")
    sign_in(page, "customer_service")
    number = phone()
    member = register(page, number, "上官 <b>小满</b> 🐼")
    page.goto("/members")
    search = page.locator("main input[type=search]").first
    search.fill(number)
    search.press("Enter")
    hit = page.locator(f'main a[href^="/members/{member}"]').first
    expect(hit).to_be_visible()
    assert number not in hit.locator("xpath=ancestor::tr").inner_text()
    hit.click()
    looking.arrived(page, re.compile(f"/members/{member}"))
    page.locator("main").get_by_role("link", name="Adjust points").click()
    form = page.locator("form[data-adjust]")
    form.locator("[name=points]").fill("120")
    form.locator("[name=why]").select_option("goodwill")
    if script:
        expect(form.locator("#effect")).to_contain_text("120")
        sound(page)
    form.get_by_role("button", name="Adjust points").click()
    expect(page.locator("#toasts")).to_contain_text("120")
    assert balance(site, member) == 120
    page.goto(f"/members/{member}/points")
    form.locator("[name=points]").fill("-121")
    form.locator("[name=why]").select_option("mistake")
    form.get_by_role("button", name="Adjust points").click()
    expect(form.locator("[name=points]")).to_have_attribute("aria-invalid", "true")
    expect(form.locator("[name=points]")).to_have_value("-121")
    assert balance(site, member) == 120
    if script:
        sound(page)
        # What was wrong says nothing about what is typed now.
        form.locator("[name=points]").fill("-20")
        expect(form.locator("#effect")).to_contain_text("100")
        expect(form.locator("#id_points_error")).to_have_count(0)
        expect(form.get_by_role("alert")).to_have_count(0)
        expect(form.locator("[aria-invalid=true]")).to_have_count(0)


@SCRIPT
def test_columns_change_places(script: bool, site: Site, window: Open) -> None:
    page = window("analyst", script=script)
    page.goto("/members/display")
    rows = page.locator("[data-columns] li label")
    before = [text.strip() for text in rows.all_inner_texts()].index("Home store")
    for _ in range(2):
        up = page.get_by_role("button", name="Move Home store up")
        up.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Move Home store up")).to_be_focused()
    order = [text.strip() for text in rows.all_inner_texts()]
    assert order.index("Home store") == before - 2
    if script:
        sound(page)
    page.locator("form.form .acts button").click()
    looking.arrived(page, re.compile("/members$"))
    heads = [text.strip() for text in page.locator("#list thead th[scope=col]").all_inner_texts()]
    wanted = [name for name in order if name in heads]
    assert [head for head in heads if head != "Member"] == wanted


def test_a_double_click_adjusts_once(site: Site, window: Open) -> None:
    page = window("customer_service")
    member = register(page, phone(), "双击")
    page.goto(f"/members/{member}")
    page.locator("main").get_by_role("link", name="Adjust points").click()
    form = page.locator("form[data-adjust]")
    form.locator("[name=points]").fill("7")
    form.locator("[name=why]").select_option("goodwill")
    form.get_by_role("button", name="Adjust points").dblclick(no_wait_after=True)
    expect(page.locator("#toasts")).to_contain_text("7")
    assert balance(site, member) == 7


def test_points_are_adjusted_by_keyboard_alone(site: Site, window: Open) -> None:
    page = window("customer_service")
    number = phone()
    member = register(page, number, "键盘")
    page.keyboard.press("Control+k")
    page.keyboard.type(number)
    hit = page.locator(f'dialog#palette a[href="/members/{member}"]')
    expect(hit).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("Enter")
    looking.arrived(page, re.compile(f"/members/{member}$"))
    opener = page.locator("main").get_by_role("link", name="Adjust points")
    for _ in range(40):
        if opener.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    field = page.locator("dialog#dialog [name=points]")
    expect(field).to_be_focused()
    page.keyboard.type("15")
    page.keyboard.press("Tab")
    page.keyboard.type("Goodwill")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("15")
    assert balance(site, member) == 15


def test_seen_in_clear_with_a_reason_and_written_down(site: Site, window: Open) -> None:
    page = window("customer_service")
    number = phone()
    member = register(page, number, "司马清")
    before = site.ask("select count(*) from foundation_auditentry where object_id = %s", str(member))
    page.goto(f"/members/{member}/profile")
    assert number not in page.content()
    page.goto(f"/members/{member}")
    page.get_by_role("link", name="Reveal").first.click()
    dialog = page.locator("dialog#dialog")
    dialog.locator("[name=why]").select_option(index=1)
    sound(page)
    dialog.locator("form.form .acts button").first.click()
    expect(dialog.or_(page.locator("main")).get_by_text(re.compile(number[-8:])).first).to_be_visible()
    sound(page)
    after = site.ask("select count(*) from foundation_auditentry where object_id = %s", str(member))
    assert after[0][0] == before[0][0] + 1


def test_two_people_edit_one_member(site: Site, window: Open) -> None:
    first, second = window("customer_service"), window("operations")
    member = register(first, phone(), "诸葛一")
    for page in (first, second):
        page.goto(f"/members/{member}/edit")
    first.locator("[name=gender]").select_option("f")
    first.get_by_role("button", name="Save").click()
    looking.arrived(first, re.compile(f"/members/{member}$"))
    second.locator("[name=gender]").select_option("m")
    second.locator("[name=name]").fill("诸葛二")
    second.get_by_role("button", name="Save").click()
    warning = second.get_by_role("alert").first
    expect(warning).to_contain_text("Somebody else changed this member")
    expect(warning).to_contain_text("customer_service")
    expect(second.locator("[name=name]")).to_have_value("诸葛二")
    sound(second)
    second.get_by_role("button", name="Overwrite with mine").click()
    looking.arrived(second, re.compile(f"/members/{member}$"))
    assert site.ask("select gender, name_masked from members_member where id = %s", member) == [
        ("m", "诸*二")
    ]


@SCRIPT
def test_two_are_merged_and_parted_again(script: bool, site: Site, window: Open) -> None:
    page = window("customer_service", script=script)
    kept, gone = register(page, phone(), "慕容一"), register(page, phone(), "慕容一")
    for member, points in ((kept, "30"), (gone, "12")):
        page.goto(f"/members/{member}/points")
        page.locator("form[data-adjust] [name=points]").fill(points)
        page.locator("form[data-adjust] [name=why]").select_option("goodwill")
        page.locator("form[data-adjust]").get_by_role("button", name="Adjust points").click()
        looking.arrived(page, re.compile(f"/members/{member}"))
    page.goto(f"/members/merge?kept={kept}&gone={gone}")
    if script:
        sound(page)
    page.get_by_label("Reason").fill("Registered twice at the till")
    page.get_by_role("button", name="Merge", exact=True).click()
    looking.arrived(page, re.compile(f"/members/{kept}$"))
    assert (balance(site, kept), balance(site, gone)) == (42, 0)
    page.goto(f"/members/{gone}")
    looking.arrived(page, re.compile(f"/members/{kept}$"))
    page.goto("/members/merges")
    if script:
        sound(page)
    page.locator('main a[href^="/members/merges/"][href$="/undo"]').first.click()
    undo = page.locator('form[action*="/undo"], dialog form.form, main form.form').last
    expect(undo).to_be_visible()
    if script:
        sound(page)
    if undo.locator("textarea").count():
        undo.locator("textarea").fill("They are two after all")
    undo.locator(".acts button").first.click()
    expect(page.locator("#toasts")).to_be_visible()
    assert (balance(site, kept), balance(site, gone)) == (30, 12)


def test_nothing_typed_at_registration_is_lost_with_the_session(site: Site, window: Open) -> None:
    page = window("associate")
    number = phone()
    page.goto("/members/new")
    page.get_by_label("Phone", exact=True).fill(number)
    page.get_by_label("Name", exact=True).fill("尉迟 نور")
    kept = [cookie for cookie in page.context.cookies() if cookie["name"] != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    page.locator("form.form .acts button").first.click()
    expect(page.locator("#password")).to_be_visible()
    sign_in(page, "associate")
    expect(page.get_by_text("尉迟 نور")).to_be_visible()
    page.get_by_role("button", name="Send them now").click()
    looking.arrived(page, re.compile(r"/members/\d+$"))
    member = int(page.url.rsplit("/", 1)[1])
    assert site.ask("select name_masked from members_member where id = %s", member) == [("尉*** ن***",)]
