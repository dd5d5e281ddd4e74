"""A new colleague: the account is made, signed in with, secured by a phone, and shut out again."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pyotp
from playwright.sync_api import Page, expect

from tests.browser import looking
from tests.browser.conftest import Open


def sign_in(page: Page, username: str, password: str) -> None:
    """By keyboard alone: the fields come in the order they are needed."""
    page.goto("/login")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_an_account_from_its_making_to_its_end(window: Open) -> None:
    owner, username = window("owner"), f"new-{uuid4().hex[:6]}"
    owner.goto("/settings/staff")
    owner.get_by_role("link", name="New account").click()
    owner.get_by_label("Name", exact=True).fill("新同事 <b>")
    owner.get_by_label("User name").fill(username)
    owner.get_by_label("Role").select_option(label="Store associate")
    owner.get_by_label("Only the stores and regions below").check()
    owner.get_by_role("button", name="Create the account").click()
    expect(owner.get_by_text("Choose at least one store or region")).to_be_visible()
    assert not looking.faults(owner)
    owner.get_by_role("group", name="Stores", exact=True).get_by_role("checkbox").first.check()
    owner.get_by_role("button", name="Create the account").click()
    password = owner.locator(".given").inner_text()
    assert not looking.faults(owner)

    # The phone.
    here = window()
    sign_in(here, username, password)
    # The password is known to the owner: nothing opens before the colleague has one of their own.
    looking.arrived(here, re.compile("/account/password/first"))
    assert not looking.faults(here)
    here.goto("/members")
    here.get_by_label("New password", exact=True).fill(password)
    here.get_by_label("New password once more").fill(password)
    here.get_by_role("button", name="Save and go on").click()
    expect(here.get_by_text("This is the password you were given.").first).to_be_visible()
    assert not looking.faults(here)
    password = f"qing-chun-{uuid4().hex[:6]}"
    here.get_by_label("New password", exact=True).fill(password)
    here.get_by_label("New password once more").fill(password)
    here.get_by_role("button", name="Save and go on").click()
    looking.arrived(here, re.compile("/members$"))
    here.goto("/account/codes")
    expect(here.get_by_role("img", name="QR code with the secret for the app")).to_be_visible()
    assert not looking.faults(here)
    here.get_by_text("Cannot scan? Type the secret").click()
    app = pyotp.TOTP(here.locator(".secret-text").inner_text().replace(" ", ""))
    here.get_by_label("Code", exact=True).fill("000000")
    here.keyboard.press("Enter")
    expect(here.get_by_text("This code is not right")).to_be_visible()
    assert not looking.faults(here)
    here.get_by_label("Code", exact=True).fill(app.now())
    here.keyboard.press("Enter")
    recovery = here.locator(".recovery li")
    expect(recovery).to_have_count(10)
    codes = recovery.all_inner_texts()
    assert not looking.faults(here)
    with here.expect_download() as waiting:
        here.get_by_role("button", name="Download as text").click()
    kept = Path(waiting.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert waiting.value.suggested_filename == "laoke-recovery-codes.txt"
    assert [line for line in kept if line in codes] == codes
    here.context.grant_permissions(["clipboard-read", "clipboard-write"])
    here.get_by_role("button", name="Copy").click()
    expect(here.get_by_text("Copied")).to_be_visible()
    assert here.evaluate("navigator.clipboard.readText()").split() == codes

    # The second step elsewhere, and signing that browser out from here.
    elsewhere = window()
    sign_in(elsewhere, username, password)
    expect(elsewhere.get_by_role("heading", name="Enter the code")).to_be_visible()
    assert not looking.faults(elsewhere)
    expect(elsewhere.get_by_label("Code", exact=True)).to_be_focused()
    elsewhere.keyboard.type(codes[0])
    elsewhere.keyboard.press("Enter")
    looking.arrived(elsewhere, re.compile("/members$"))
    here.goto("/account")
    expect(here.get_by_text("9 recovery codes left")).to_be_visible()
    assert not looking.faults(here)
    here.get_by_role("button", name=re.compile("Sign out Chrome")).click()
    expect(here.get_by_role("status").get_by_text("This browser is signed out.")).to_be_visible()
    elsewhere.goto("/account")
    looking.arrived(elsewhere, re.compile("/login"))

    # The end, and back.
    owner.goto("/settings/staff")
    row = owner.get_by_role("row", name=re.compile(username))
    row.get_by_role("link", name=re.compile("^Disable")).click()
    dialog = owner.get_by_role("dialog")
    expect(dialog.get_by_text("is signed out of 1 browser")).to_be_visible()
    assert not looking.faults(owner)
    dialog.get_by_role("button", name="Disable").click()
    expect(owner.get_by_role("status").get_by_text("can no longer sign in.")).to_be_visible()
    here.goto("/account")
    looking.arrived(here, re.compile("/login"))
    owner.get_by_role("button", name="Undo").click()
    expect(owner.get_by_role("status").get_by_text("may sign in again.")).to_be_visible()
