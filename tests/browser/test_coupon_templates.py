"""A coupon template from its making to its end, with script and without; a coupon that goes to another member."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser import looking
from tests.browser.conftest import Open
from tests.browser.site import Site


def said(site: Site, key: str) -> object:
    """What the newest version of a template says; None when it ended."""
    ((found,),) = site.ask(
        "select document from benefits_coupontemplateversion where key = %s order by id desc limit 1", key
    )
    return found


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_template_from_its_making_to_its_end(script: bool, site: Site, window: Open) -> None:
    page = window("operations", script=script)
    key = f"b{uuid4().hex[:8]}"
    page.goto("/coupons/new")
    page.get_by_label("Chinese name").fill("小程序券码")
    page.get_by_label("English name").fill("Mini program")
    page.get_by_label("Key").fill(key)
    page.get_by_label("Announced code").check()
    page.get_by_label("The code").fill(f"Hi{key}")
    if script:
        # Only what the kind has is there, and an announced code has fixed dates.
        expect(page.locator("[name=per_member]")).to_be_hidden()
        expect(page.locator("[name=valid][value=dates]")).to_be_checked()
        assert not looking.faults(page)
    else:
        page.get_by_label("Fixed dates").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#id_since_error")).to_contain_text("This is missing.")
    page.get_by_label("First day").fill("2030-03-01")
    page.get_by_label("Last day").fill("2030-03-31")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(f"**/coupons/templates/{key}")
    expect(page.get_by_text("No offer names this template")).to_be_visible()
    first = {
        "name": {"zh": "小程序券码", "en": "Mini program"},
        "kind": "shared",
        "announced": True,
        "code": {"text": f"Hi{key}"},
        "valid": {"from": "2030-03-01", "until": "2030-03-31"},
    }
    assert said(site, key) == first

    other = window("owner", script=script)
    other.goto(f"/coupons/templates/{key}/edit")
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Last day").fill("2030-04-15")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_text("1 place changed")).to_be_visible()
    assert said(site, key) == first
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(f"**/coupons/templates/{key}")
    expect(page.get_by_text("1 place changed")).to_be_visible()

    other.get_by_label("English name").fill("Overtaken")
    other.get_by_role("button", name="Publish").click()
    expect(other.get_by_role("alert")).to_contain_text("published or ended this template meanwhile")
    expect(other.get_by_label("English name")).to_have_value("Overtaken")
    assert said(site, key) == first | {"valid": {"from": "2030-03-01", "until": "2030-04-15"}}

    page.get_by_role("link", name="End", exact=True).click()
    page.get_by_label("Reason").fill("the month is over")
    page.get_by_role("button", name="End the template").click()
    expect(page.get_by_text("It has ended: its coupons cannot be used")).to_be_visible()
    assert said(site, key) is None
