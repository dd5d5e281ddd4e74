"""A session that ends while somebody fills a form: nothing typed is lost, and nobody else gets it."""

from __future__ import annotations

import base64
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from laoke.foundation.access import SYSTEM
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.models import Staff, StaffSession
from laoke.surfaces.console import resume
from tests.shop import OPENING

from .conftest import PASSWORD, Browser

FIELDS = {
    "name": '吴 "明" <b>😀',
    "username": "wu",
    "role": "finance",
    "reach": "all",
    "language": "en",
    "means": "own",
    "password": "sealed-away-9",
}


@pytest.fixture
def li(shop):
    return staff.create(SYSTEM, "li", "李梅", "owner", PASSWORD, at=OPENING, language="en")


def kept_in(response):
    found = re.search(r'name="kept" value="([^"]*)"', response.content.decode())
    return found[1] if found else ""


def hidden(response, action):
    """The fields of the form with this action, in their order."""
    form = response.content.decode().split(f'action="{action}"')[1].split("</form>")[0]
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return [(unescape(name), unescape(value)) for name, value in pairs]


def over(browser):
    """Have the session end."""
    StaffSession.objects.all().delete()
    return browser


def post_late(browser, path="/settings/staff/new", fields=FIELDS):
    browser.sign_in("li")
    return over(browser).post(path, fields)


def test_entries_come_through_the_sign_in(li, browser):
    late = post_late(browser)
    assert late.status_code == 401
    page = late.content.decode()
    assert "What you entered is kept" in page
    assert "<h1>Sign in</h1>" in page
    assert "sealed-away-9" not in page
    assert "吴" not in page
    assert late["Cache-Control"] == "private, no-store"
    # A wrong password does not lose them either.
    kept = kept_in(late)
    wrong = browser.sign_in("li", "not-it", kept=kept)
    assert kept_in(wrong) == kept
    assert browser.sign_in("li", kept=kept, next="/").url == "/resume"
    offered = browser.get("/resume")
    page = offered.content.decode()
    assert "Your session ended before they were sent, on a page under “Staff and roles”." in page
    assert '<li dir="auto">吴 &quot;明&quot; &lt;b&gt;😀</li>' in page
    assert "Passwords, codes and files were not kept." in page
    fields = hidden(offered, "/resume")
    assert {"csrfmiddlewaretoken", "once", "kept"} < {name for name, _ in fields}
    sent = browser.post("/resume", dict(fields))
    assert (sent.status_code, sent.url) == (307, "/settings/staff/new")
    # What the browser then does: the same fields to that address.
    answer = browser.post(sent.url, dict(fields))
    assert answer.status_code == 422
    assert 'id="id_password_error"' in answer.content.decode()
    assert not Staff.objects.filter(username="wu").exists()
    answer = browser.post(sent.url, dict(fields) | {"means": "made"})
    assert answer.status_code == 200
    assert Staff.objects.get(username="wu").name == FIELDS["name"]
    # Offered once.
    assert browser.get("/resume").url == "/"


def test_several_values_of_one_field_and_the_query_stay(li, browser):
    late = post_late(browser, "/settings/staff/new?from=list", {"stores": ["store:1", "store:2"]})
    browser.sign_in("li", kept=kept_in(late))
    offered = browser.get("/resume")
    assert [pair for pair in hidden(offered, "/resume") if pair[0] == "stores"] == [
        ("stores", "store:1"),
        ("stores", "store:2"),
    ]
    assert browser.post("/resume", {"kept": kept_in(offered)}).url == "/settings/staff/new?from=list"


def test_it_says_that_they_may_be_somebody_elses(li, browser):
    late = post_late(browser)  # the session is gone, and nobody knows whose it was
    browser.sign_in("li", kept=kept_in(late))
    said = "Send them only if you made these entries yourself"
    assert said in browser.get("/resume").content.decode()
    StaffSession.objects.update(expire_date=OPENING.replace(year=2020))
    again = browser.post("/settings/staff/new", FIELDS)
    browser.sign_in("li", kept=kept_in(again))
    page = browser.get("/resume").content.decode()
    assert "Your entries were kept" in page
    assert said not in page


def test_a_session_keeps_nothing_that_was_not_sealed_here(li, browser):
    Staff.objects.update(code_secret=b"sealed")
    assert browser.sign_in("li", kept="x" * 100_000).url == "/login/code"
    assert "kept" not in browser.session


def test_they_can_be_thrown_away(li, browser):
    browser.sign_in("li", kept=kept_in(post_late(browser)))
    assert browser.post("/resume?discard=1").url == "/"
    assert "thrown away" in browser.get("/account").content.decode()
    assert browser.get("/resume").url == "/"


def test_they_hold_for_half_an_hour(li, browser):
    kept = kept_in(post_late(browser))
    assert browser.later(minutes=31).sign_in("li", kept=kept).url == "/"
    fresh = Browser()
    fresh.sign_in("li", kept=kept)
    fresh.later(minutes=31)
    assert fresh.get("/resume").url == "/"


def test_only_whose_session_it_was_gets_them(li):
    staff.create(SYSTEM, "wu", "吴", "owner", PASSWORD, at=OPENING, language="en")
    browser = Browser()
    browser.sign_in("li")
    # Over, but the row is not yet purged: the server still knows whose it was.
    StaffSession.objects.update(expire_date=OPENING.replace(year=2020))
    kept = kept_in(browser.post("/settings/staff/new", FIELDS))
    assert browser.sign_in("wu", kept=kept).url == "/resume"
    assert browser.get("/resume").url == "/"
    page = browser.get("/account").content.decode()
    assert "belong to another account" in page
    mine = Browser()
    mine.sign_in("li", kept=kept)
    assert mine.get("/resume").status_code == 200


def test_the_session_may_end_again_while_they_are_looked_at(li, browser):
    browser.sign_in("li", kept=kept_in(post_late(browser)))
    fields = dict(hidden(browser.get("/resume"), "/resume"))
    again = over(browser).post("/resume", fields)
    assert again.status_code == 401
    browser.sign_in("li", kept=kept_in(again))
    assert browser.get("/resume").status_code == 200


def test_what_was_tampered_with_is_nothing(li, browser):
    kept = kept_in(post_late(browser))
    raw = bytearray(base64.urlsafe_b64decode(kept))
    raw[40] ^= 1
    for nonsense in (base64.urlsafe_b64encode(bytes(raw)).decode(), "x", "é", "A" * 200, kept[:-8]):
        assert resume.opened(nonsense, OPENING) is None
        assert Browser().sign_in("li", kept=nonsense).url == "/"


def test_too_much_is_not_kept_and_said_so(li, browser):
    late = post_late(browser, fields={"name": "长" * 60_000})
    assert (late.status_code, kept_in(late)) == (401, "")
    assert "too long to be kept" in late.content.decode()
    assert kept_in(post_late(Browser(), fields={"name": "长" * 10_000}))


def test_files_are_left_out(li, browser):
    file = SimpleUploadedFile("orders.csv", b"a,b")
    late = post_late(browser, fields={"name": "orders", "file": file})
    kept = resume.opened(kept_in(late), OPENING)
    assert kept.fields == (("name", "orders"),)
    assert kept.left_out == ("file",)


def test_the_code_does_not_lose_them(li, browser, monkeypatch):
    late = post_late(browser)
    Staff.objects.update(code_secret=b"sealed")
    monkeypatch.setattr("laoke.foundation.staff.codes._take", lambda *_: None)
    assert browser.sign_in("li", kept=kept_in(late)).url == "/login/code"
    assert browser.post("/login/code", {"one_time_code": "1"}).url == "/resume"
    assert browser.get("/resume").status_code == 200


def test_a_part_of_a_page_becomes_the_whole_sign_in(li, browser):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/members?q=1"}
    answer = browser.get("/members", headers=headers)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/login?next=%2Fmembers")
    answer = browser.post("/settings/staff/new", FIELDS, headers=headers)
    assert (answer.status_code, answer["HX-Retarget"]) == (401, "body")
    foreign = {"HX-Request": "true", "HX-Current-URL": "https://elsewhere.example//x"}
    assert browser.get("/members", headers=foreign)["HX-Redirect"] == "/login"


class TestFormsOlderThanTheSignIn:
    """Signing in changes the token against forgery: forms open in other tabs are refused, and offered again."""

    @pytest.fixture
    def strict(self, li):
        browser = Browser(strict=True)
        browser.force_login(li)
        browser.cookies["csrftoken"] = "a" * 32
        return browser

    def test_a_form_of_ours_is_offered_again(self, strict):
        sent = FIELDS | {"csrfmiddlewaretoken": "b" * 32}
        answer = strict.post("/settings/staff/new", sent, headers={"Origin": "http://testserver"})
        assert (answer.status_code, answer.url) == (303, "/resume")
        assert not Staff.objects.filter(username="wu").exists()
        assert "吴" in strict.get("/resume").content.decode()
        headers = {"Origin": "http://testserver", "HX-Request": "true"}
        assert strict.post("/settings/staff/new", sent, headers=headers)["HX-Redirect"] == "/resume"

    @pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://testserver:81"])
    def test_a_form_of_others_is_not(self, strict, origin):
        answer = strict.post("/settings/staff/new", FIELDS, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "This form is out of date" in answer.content.decode()
        assert strict.get("/resume").url == "/"

    def test_without_a_session_it_takes_the_sign_in(self, strict):
        over(strict)
        answer = strict.post("/settings/staff/new", FIELDS, headers={"Origin": "http://testserver"})
        assert answer.status_code == 401
        assert kept_in(answer)

    def test_the_sign_in_itself_is_not_kept(self, strict):
        headers = {"Origin": "http://testserver"}
        answer = strict.post("/login", {"username": "li", "password": PASSWORD}, headers=headers)
        assert answer.status_code == 403
