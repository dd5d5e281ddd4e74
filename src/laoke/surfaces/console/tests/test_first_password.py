"""A password that somebody else knows is good for one thing: choosing another."""

from __future__ import annotations

import re
from html import unescape

import pytest

from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.errors import WeakPassword, WrongPassword
from laoke.foundation.staff.models import Staff, StaffSession
from laoke.surfaces.console.pages import NAVIGATION
from tests.shop import OPENING

from .conftest import PASSWORD, Browser

CHOOSE = "/account/password/first"
OWN = "qing-chun-hai-7"


@pytest.fixture
def lin(shop):
    return staff.create(SYSTEM, "lin", "林一", "operations", PASSWORD, at=OPENING, language="en", given=True)


def choose(browser, new, again=None, **more):
    return browser.post(
        CHOOSE, {"new_password": new, "again_password": new if again is None else again, **more}
    )


def test_the_first_page_is_the_one_to_choose_a_password(lin, browser):
    response = browser.sign_in("lin", next="/members?q=1")
    assert browser.get(response.url).url == f"{CHOOSE}?next=%2Fmembers%3Fq%3D1"
    page = browser.get(f"{CHOOSE}?next=%2Fmembers%3Fq%3D1").content.decode()
    assert "<h1>Choose your password</h1>" in page
    assert 'name="next" value="/members?q=1"' in page
    assert 'class="nav"' not in page
    assert browser.get(CHOOSE)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("ask", ["get", "post"])
def test_nothing_else_opens_before_that(lin, browser, ask):
    browser.sign_in("lin")
    paths = [entry.path for group in NAVIGATION for entry in group.entries]
    for path in [
        *paths,
        "/account",
        "/account/password",
        "/search?q=1",
        "/place",
        "/notices",
        "/imports/files",
    ]:
        response = getattr(browser, ask)(path)
        if response.status_code == 405:  # takes no forms at all
            continue
        assert response.status_code == 303, path
        assert response.url.startswith(CHOOSE), path
    # Parts of pages and dialogs are told to go there as a whole.
    part = browser.get("/search?q=1", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (204, CHOOSE)
    dialog = browser.get("/place", headers={"X-Laoke-Dialog": "1"})
    assert (dialog.status_code, dialog["X-Laoke-Go"]) == (204, CHOOSE)
    # A session opens no address of the API, before or after.
    assert browser.get("/v1/members").status_code in (401, 404, 405)
    assert browser.get("/v1/programme").status_code == 401


def test_signing_out_and_the_language_stay_open(lin, browser):
    browser.sign_in("lin")
    assert browser.post("/preferences", {"language": "zh-hans", "next": CHOOSE}).url == CHOOSE
    assert browser.post("/logout").url == "/login"
    assert browser.get(CHOOSE).url.startswith("/login")


def test_choosing_opens_the_page_that_was_wanted(lin, browser):
    browser.sign_in("lin", next="/members?q=1")
    response = choose(browser, OWN, next="/members?q=1")
    assert (response.status_code, response.url) == (303, "/members?q=1")
    page = browser.get("/members?q=1").content.decode()
    assert "From now on you sign in with the password you have chosen." in page
    lin.refresh_from_db()
    assert lin.check_password(OWN)
    assert lin.password_given is False
    assert Browser().sign_in("lin", OWN).url == "/"
    assert Browser().sign_in("lin", PASSWORD).status_code == 422
    told = AuditEntry.objects.filter(action="staff.password-set").get()
    assert (told.actor, told.before["password_given"], told.after["password_given"]) == ("lin", True, False)


def test_other_browsers_end(lin):
    one, other = Browser(), Browser()
    one.sign_in("lin")
    other.sign_in("lin")
    choose(one, OWN)
    assert StaffSession.objects.exclude(staff=None).count() == 1
    assert one.get("/account").status_code == 200
    assert other.get("/account").url.startswith("/login")


@pytest.mark.parametrize(
    ("new", "again", "why"),
    [
        (PASSWORD, PASSWORD, "This is the password you were given. Choose another one."),
        ("short", "short", "The password is too short: it takes at least 10 characters."),
        (OWN, "qing-chun-hai-8", "This is not the same as above."),
        ("", "", "This field is required."),
        ("🦊" * 201, "🦊" * 201, "Ensure this value has at most 200 characters (it has 201)."),
    ],
)
def test_what_will_not_do_changes_nothing(lin, browser, new, again, why):
    browser.sign_in("lin")
    response = choose(browser, new, again)
    assert response.status_code == 422
    assert why in unescape(response.content.decode())
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)
    assert lin.password_given is True
    assert not AuditEntry.objects.filter(action="staff.password-set").exists()


def test_no_stranger_page_follows(lin, browser):
    browser.sign_in("lin")
    assert choose(browser, OWN, next="https://evil.example/").url == "/"


def test_sent_twice_it_counts_once(lin, browser):
    browser.sign_in("lin")
    choose(browser, OWN)
    assert choose(browser, "another-one-77").url == "/"
    lin.refresh_from_db()
    assert lin.check_password(OWN)


def test_whoever_has_chosen_is_not_asked(hire):
    browser = hire("owner")
    assert browser.get("/account").status_code == 200
    assert browser.get(CHOOSE).url == "/"
    assert choose(browser, OWN).url == "/"
    assert Staff.objects.get().check_password(PASSWORD)


def test_an_owner_who_sets_a_password_gives_it(hire, browser):
    owner = hire("owner")
    form = {
        "name": "林一",
        "username": "lin",
        "role": "analyst",
        "language": "en",
        "reach": "all",
        "means": "made",
    }
    page = owner.post("/settings/staff/new", form).content.decode()
    made = re.search(r'<p class="given"[^>]*>(.*?)</p>', page)[1]
    assert "At the next sign-in they choose their own." in page
    lin = Staff.objects.get(username="lin")
    assert lin.password_given is True
    assert "first password not replaced yet" in owner.get("/settings/staff").content.decode()
    assert "They have not chosen their own yet" in owner.get(f"/settings/staff/{lin.pk}").content.decode()
    browser.sign_in("lin", made)
    assert choose(browser, OWN).url == "/"
    assert "not replaced yet" not in owner.get("/settings/staff").content.decode()
    # Reset by the owner: the same again.
    owner.post(f"/settings/staff/{lin.pk}/password", {"means": "own", "password": "tian-mi-mi-9-9"})
    assert browser.get("/account").url.startswith("/login")
    browser.sign_in("lin", "tian-mi-mi-9-9")
    assert browser.get("/members").url.startswith(CHOOSE)
    lin.refresh_from_db()
    assert lin.password_given is True


def test_an_account_without_a_password_has_none_to_replace(hire):
    made = staff.create(SYSTEM, "sso", "林一", "analyst", None, at=OPENING, given=True)
    assert made.password_given is False


def test_the_service_guards_itself(lin):
    caller = staff.caller_for(lin, lambda regions: frozenset())
    with pytest.raises(WeakPassword):
        staff.replace_given_password(caller, PASSWORD, at=OPENING, keep=None)
    staff.replace_given_password(caller, OWN, at=OPENING, keep=None)
    with pytest.raises(WrongPassword):
        staff.replace_given_password(caller, "another-one-77", at=OPENING, keep=None)
    lin.refresh_from_db()
    assert lin.check_password(OWN)


def test_changing_ones_own_gives_nothing_away(lin):
    caller = staff.caller_for(lin, lambda regions: frozenset())
    staff.set_password(caller, "lin", OWN, at=OPENING)
    lin.refresh_from_db()
    assert lin.password_given is False
    staff.set_password(SYSTEM, "lin", PASSWORD, at=OPENING)
    lin.refresh_from_db()
    assert lin.password_given is True
    staff.change_own_password(caller, PASSWORD, OWN, at=OPENING, keep=None)
    lin.refresh_from_db()
    assert lin.password_given is False


@pytest.mark.parametrize(("language", "words"), [("en", "Save and go on"), ("zh-hans", "保存并继续")])
def test_both_languages(lin, language, words):
    staff.choose_language(lin.pk, language)
    browser = Browser(language=language)
    browser.sign_in("lin")
    page = browser.get(CHOOSE).content.decode()
    assert f'<html lang="{language}"' in page
    assert words in page
