"""Writing an offer with a keyboard and with a mouse, with script and without, alone and in two windows."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.site import PASSWORD, Site

AMOUNT = '[name="gives.0.amount.discount"]'


def begun(page: Page) -> str:
    """A draft of 满减, and its key."""
    key = f"b{uuid4().hex[:8]}"
    page.goto("/promotions/new")
    page.get_by_label("Chinese name").fill("会员周满减")
    page.get_by_label("English name").fill("Member week")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Begin the draft").click()
    page.wait_for_url(f"**/offers/{key}/edit")
    return key


def discount_of(site: Site, key: str) -> str:
    """What the draft gives now."""
    ((found,),) = site.ask(
        "select t.document #>> '{gives,0,amount,discount}' from promotions_offerdraft d "
        "join promotions_offerdraftrevision t on t.draft_id = d.id and t.revision = d.content where d.key = %s",
        key,
    )
    return str(found)


def settled(page: Page) -> None:
    """Wait for what is being kept."""
    expect(page.locator("[data-saved]")).to_contain_text("Saved")


def test_what_is_typed_is_kept_and_taken_back(site: Site, window: Open) -> None:
    page = window("operations")
    key = begun(page)
    with page.expect_response(lambda each: each.request.method == "POST"):
        page.locator(AMOUNT).fill("30")
    settled(page)
    assert discount_of(site, key) == "30"
    expect(page.locator(AMOUNT)).to_be_focused()
    with page.expect_response(lambda each: each.request.method == "POST"):
        page.keyboard.press("Control+z")
    expect(page.locator(AMOUNT)).to_have_value("25")
    with page.expect_response(lambda each: each.request.method == "POST"):
        page.keyboard.press("Control+Shift+Z")
    expect(page.locator(AMOUNT)).to_have_value("30")
    assert discount_of(site, key) == "30"


def test_a_condition_is_added_by_keyboard(site: Site, window: Open) -> None:
    page = window("operations")
    begun(page)
    page.locator("#add-when").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Tier", exact=True).focus()
    page.keyboard.press("Enter")
    summary = page.locator('[id="f-when.1.value"]')
    expect(summary).to_be_focused()
    expect(page.locator("#faults")).to_contain_text("takes at least one value")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#faults")).not_to_contain_text("takes at least one value")
    expect(summary).not_to_have_class("tok v wrong")
    assert not looking.faults(page)
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    page.get_by_role("button", name="Remove: Tier").click()
    expect(summary).to_have_count(0)


def test_the_receipt_follows(site: Site, window: Open) -> None:
    page = window("operations")
    begun(page)
    receipt = page.locator("[data-receipt]:not([hidden])")
    expect(receipt).to_have_count(1)
    with page.expect_response(lambda each: each.request.method == "POST"):
        page.locator('[name="when.0.value"]').fill("20")
    expect(receipt.locator(".off.mine")).to_contain_text("−25.00")
    with page.expect_response(lambda each: each.request.method == "POST"):
        page.locator(AMOUNT).fill("12")
    expect(receipt.locator(".off.mine")).to_contain_text("−12.00")
    page.locator("[data-who='-']").click()
    expect(receipt).to_have_attribute("data-receipt", "-")
    expect(receipt).to_have_count(1)
    with page.expect_response(lambda each: each.request.method == "POST"):
        receipt.locator("[data-basket]").click()
    expect(page.locator("[name=basket]")).to_have_value("1")
    expect(receipt).to_have_attribute("data-receipt", "-")


def test_past_orders_and_checks_come_into_the_page(site: Site, window: Open) -> None:
    page = window("operations")
    begun(page)
    page.locator("#backtest a[data-load]").click()
    expect(page.locator("#backtest")).to_contain_text("Further orders needed to break even")
    page.locator("#checks a[data-load]").click()
    expect(page.locator("#checks")).to_contain_text("Check again")
    assert not looking.faults(page)


def test_two_windows_do_not_overwrite_each_other(site: Site, window: Open) -> None:
    page = window("operations")
    key = begun(page)
    other = window("owner")
    other.goto(f"/offers/{key}/edit")
    with other.expect_response(lambda each: each.request.method == "POST"):
        other.locator(AMOUNT).fill("40")
    settled(other)
    with page.expect_response(lambda each: each.request.method == "POST") as answer:
        page.locator(AMOUNT).fill("50")
    assert answer.value.status == 409
    expect(page.get_by_role("alert")).to_contain_text("was changed by owner")
    assert discount_of(site, key) == "40"
    expect(page.locator(AMOUNT)).to_have_value("50")
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert discount_of(site, key) == "50"


def test_nothing_typed_is_lost_with_the_session(site: Site, window: Open) -> None:
    page = window("operations")
    key = begun(page)
    kept = [cookie for cookie in page.context.cookies() if cookie["name"] != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    page.locator(AMOUNT).fill("33")
    expect(page.locator("#password")).to_be_visible()
    page.locator("#username").fill("operations")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.get_by_role("button").filter(has_text="Send").first.click()
    page.wait_for_url(f"**/offers/{key}/edit")
    assert discount_of(site, key) == "33"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_draft_to_published(script: bool, site: Site, window: Open) -> None:
    page = window("operations", script=script)
    key = begun(page)
    page.locator(AMOUNT).fill("15")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator(".pill.review").first).to_be_visible()
    assert discount_of(site, key) == "15"
    # Without a budget it takes other eyes.
    page = window("owner", script=script)
    page.goto(f"/offers/{key}/review")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator("h1")).to_have_text("Member week")
    expect(page.locator(".pill.run").first).to_be_visible()
    page.goto(f"/offers/{key}/act/stop")
    page.get_by_label("Reason").fill("wrong price")
    page.get_by_role("button", name="Stop now").click()
    expect(page.locator(".pill.bad").first).to_be_visible()
