"""What every page offers: signing in and out, the search, dialogs, languages and themes, and all of it by keyboard."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pyotp
import pytest
from playwright.sync_api import Page, expect

from laoke.foundation.access import ROLE_SCOPES, Role, Scope
from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.furnishing import PERSON, PHONES
from tests.browser.site import LIMITED, NAMES, PASSWORD, Site

ACTIVE = "() => document.activeElement.outerHTML.slice(0, 200)"
IN_DIALOG = (
    "() => document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')"
)


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the form and send it."""
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("username", [*(role.value for role in Role), LIMITED])
def test_each_role_signs_in_sees_its_navigation_and_signs_out(username: str, window: Open) -> None:
    page = window()
    page.goto("/")
    looking.arrived(page, re.compile("/login"))
    sign_in(page, username)
    expect(page.locator("main h1")).to_be_visible()
    role = Role.STORE_MANAGER if username == LIMITED else Role(username)
    navigation = page.get_by_role("navigation", name="Main navigation")
    for path, scope in (("/", Scope.INSIGHT_READ), ("/members", Scope.MEMBERS_READ)):
        expect(navigation.locator(f'a[href="{path}"]').first).to_be_visible(
            visible=scope in ROLE_SCOPES[role]
        )
    page.locator("details.me summary").click()
    page.locator("details.me").get_by_role("button", name="Sign out").click()
    looking.arrived(page, re.compile("/login"))
    page.goto("/members")
    looking.arrived(page, re.compile("/login"))


def test_a_wrong_password_is_said_at_its_field(window: Open) -> None:
    page = window()
    page.goto("/login?next=/stores")
    sign_in(page, "owner", "not-the-password")
    field = page.get_by_label("Password")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(page.get_by_label("User name")).to_have_value("owner")
    expect(page.get_by_text("User name and password do not match")).to_be_visible()
    assert not looking.faults(page)
    sign_in(page, "owner")
    looking.arrived(page, re.compile("/stores$"))


def test_ctrl_k_finds_a_member(site: Site, window: Open) -> None:
    page = window("customer_service")
    page.goto("/members")
    page.keyboard.press("Control+k")
    palette = page.locator("dialog#palette")
    expect(palette).to_be_visible()
    page.keyboard.type(PHONES[0][-4:])
    hit = palette.locator(f'a[href="/members/{site.known["person"]}"]')
    expect(hit).to_be_visible()
    assert not looking.faults(page)
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()
    page.keyboard.press("Control+a")
    # The hits of before stand there until the new ones come.
    with page.expect_response(lambda answer: f"q={quote_plus(PERSON[:3])}" in answer.url.replace("%20", "+")):
        page.keyboard.type(PERSON[:3])
    page.wait_for_function("() => !document.querySelector('#palette .htmx-request')")
    expect(hit).to_be_visible()
    for _ in range(20):
        page.keyboard.press("ArrowDown")
        if page.evaluate("() => document.activeElement.getAttribute('href')") == hit.get_attribute("href"):
            break
    page.keyboard.press("Enter")
    looking.arrived(page, re.compile(f"/members/{site.known['person']}$"))


def test_enter_opens_the_first_hit(site: Site, window: Open) -> None:
    page = window("owner")
    page.goto("/members")
    page.keyboard.press("Control+k")
    palette = page.locator("dialog#palette")
    expect(palette.get_by_role("link", name="Audit log")).to_be_attached()
    # Typed and sent at once: what is on its way counts, not the list that still stands there.
    page.keyboard.type("audit log")
    page.keyboard.press("Enter")
    looking.arrived(page, re.compile("/settings/audit$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("register a")
    expect(palette.get_by_role("link")).to_have_count(1)
    assert not looking.faults(page)
    page.keyboard.press("Enter")
    looking.arrived(page, re.compile("/members/new$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("qqqqqq")
    page.keyboard.press("Enter")
    expect(palette.get_by_text("Nothing found")).to_be_visible()
    expect(palette).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type(PHONES[0][-4:])
    page.keyboard.press("Enter")
    looking.arrived(page, re.compile(f"/members/{site.known['person']}$"))


def test_the_search_has_one_cross(window: Open) -> None:
    page = window("owner")
    page.goto("/members")
    page.keyboard.press("Control+k")
    page.keyboard.type("x")
    # The browser's own cross is no element that could be asked: the rule that hides it is.
    hides = """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).some((rule) =>
        (rule.selectorText || "").includes("::-webkit-search-cancel-button") && rule.style.display === "none"
        && document.querySelector("#palette input").matches(rule.selectorText.split("::")[0]))"""
    assert page.evaluate(hides)
    expect(page.locator("#palette").get_by_role("button", name="Close")).to_have_count(1)


def test_language_and_theme_are_switched_and_stay(window: Open) -> None:
    page = window("auditor")
    page.goto("/stores")
    chosen = page.locator(".top .wide")
    chosen.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    chosen.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    looking.arrived(page, re.compile("/stores$"))
    expect(page.locator("main h1")).to_have_text("门店")
    page.goto("/members")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator(".top .wide").get_by_role("button", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_skip_link_comes_first_and_leads_to_the_content(window: Open) -> None:
    page = window("owner")
    page.goto("/stores")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_everything_on_a_page_is_reached_by_tab_and_seen_when_it_is(site: Site, window: Open) -> None:
    """Each stop of the Tab key is visible and marked; the order is that of the page, and it comes to an end."""
    page = window("owner")
    page.goto(f"/stores/{site.known['store_id']}")
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const at = document.activeElement
                if (at === document.body) return null
                const box = at.getBoundingClientRect(), style = getComputedStyle(at)
                const around = at.closest('.search') || at
                const marked = [style, getComputedStyle(around)].some(
                    s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none')
                return {what: at.outerHTML.slice(0, 120), seen: box.width > 0 && box.height > 0, marked}
            }"""
        )
        if stop is None:
            break
        stops.append(stop)
    else:
        pytest.fail("Tab never comes to an end")
    assert len(stops) > 10
    assert not [stop["what"] for stop in stops if not stop["seen"]]
    assert not [stop["what"] for stop in stops if not stop["marked"]]


def test_a_dialog_keeps_the_keyboard_and_gives_it_back(site: Site, window: Open) -> None:
    page = window("owner")
    page.goto(f"/stores/{site.known['store_id']}")
    edit = page.locator("main").get_by_role("link", name="Edit")
    edit.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#dialog")
    expect(dialog.get_by_role("heading", name="Edit store")).to_be_visible()
    expect(dialog).to_have_attribute("aria-labelledby", "dialog-title")
    assert page.evaluate("() => !!document.activeElement.closest('dialog[open] .dlg-b')")
    assert not looking.faults(page)
    looking.choose_theme(page, "dark")
    assert not looking.faults(page, colours=True)
    for key in ("Tab", "Shift+Tab"):
        for _ in range(12):
            page.keyboard.press(key)
            assert page.evaluate(IN_DIALOG), page.evaluate(ACTIVE)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(edit).to_be_focused()
    looking.arrived(page, re.compile(f"/stores/{site.known['store_id']}$"))


def test_single_keys_can_be_switched_off(window: Open) -> None:
    page = window("operations")
    page.goto("/stores")
    page.keyboard.press("g")
    page.keyboard.press("m")
    looking.arrived(page, re.compile("/members"))
    page.keyboard.press("?")
    dialog = page.locator("dialog#dialog")
    expect(dialog).to_be_visible()
    assert not looking.faults(page)
    dialog.locator("form[action='/preferences/shortcuts'] button").first.click()
    expect(page.locator(".app")).to_have_attribute("data-shortcuts", "off")
    page.goto("/stores")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_timeout(300)
    looking.arrived(page, re.compile("/stores"))


def test_what_is_under_the_names_of_the_roles(site: Site) -> None:
    assert {name for (name,) in site.ask("select name from foundation_staff")} >= set(NAMES.values())


def test_codes_from_the_phone_are_switched_on_asked_for_and_switched_off(site: Site, window: Open) -> None:
    """The recovery codes serve as codes here: each counts at once, those of the phone only once in 30 seconds."""
    username = "auditor"
    page = window()
    page.goto("/login?next=/account/codes")
    sign_in(page, username)
    page.locator("details summary", has_text="Type the secret").click()
    secret = page.locator(".secret-text").inner_text().replace(" ", "")
    assert not looking.faults(page)
    page.locator("[name=one_time_code]").fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("[name=one_time_code]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=one_time_code]").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    codes = page.locator("ul.recovery li").all_inner_texts()
    assert len(set(codes)) == len(codes) >= 8
    assert not looking.faults(page)
    again = window()
    again.goto("/login")
    sign_in(again, username)
    expect(again.get_by_role("heading", name="Enter the code")).to_be_visible()
    again.goto("/members")
    looking.arrived(again, re.compile("/login"))
    sign_in(again, username)
    assert not looking.faults(again)
    for code, right in (("123456", False), (codes[0], True)):
        again.locator("[name=one_time_code]").fill(code)
        again.get_by_role("button", name="Go on").click()
        if not right:
            expect(again.locator("[name=one_time_code]")).to_have_attribute("aria-invalid", "true")
            assert not looking.faults(again)
    expect(again.locator("main h1")).to_be_visible()
    expect(again).not_to_have_url(re.compile("/login"))
    again.goto("/account/codes/off")
    assert not looking.faults(again)
    again.locator("form.form [type=password]").fill(PASSWORD)
    again.locator("form.form [name=one_time_code]").fill(codes[1])
    again.get_by_role("button", name="Turn codes off").click()
    looking.arrived(again, re.compile("/account$"))
