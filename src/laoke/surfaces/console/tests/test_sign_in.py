"""Signing in and out: sessions, guesses, forged forms, where it leads, and in which language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from laoke.foundation.access import SYSTEM
from laoke.foundation.staff import services as staff
from laoke.foundation.staff import sessions
from laoke.foundation.staff.models import StaffSession
from laoke.surfaces.console import throttle
from laoke.surfaces.console.models import SignInAttempts
from tests.shop import OPENING

from .conftest import PASSWORD, Browser

WRONG = "User name and password do not match an active account."


@pytest.fixture
def li(shop):
    return staff.create(SYSTEM, "li", "李梅", "owner", PASSWORD, at=OPENING, language="zh-hans")


class TestTheDoor:
    def test_whoever_is_not_signed_in_comes_to_the_form(self, shop, browser):
        assert browser.get("/").url == "/login"
        assert browser.get("/members?q=138").url == "/login?next=%2Fmembers%3Fq%3D138"
        page = browser.get("/login").content.decode()
        assert "/v1/docs" in page
        assert "/v1/openapi.json" in page

    def test_the_right_password_opens_a_new_session(self, li, browser):
        browser.get("/login")
        response = browser.sign_in("li")
        assert (response.status_code, response.url) == (302, "/")
        assert browser.get("/").status_code == 200
        assert browser.session["_auth_user_id"] == str(li.pk)

    def test_the_session_key_changes_with_the_sign_in(self, li, browser):
        session = browser.session
        session["planted"] = "by somebody else"
        session.save()
        before = session.session_key
        browser.sign_in("li")
        assert browser.session.session_key != before

    def test_signing_out_takes_a_form(self, li, browser):
        browser.sign_in("li")
        assert browser.get("/logout").status_code == 405
        assert browser.post("/logout").url == "/login"
        assert browser.get("/").url == "/login"

    def test_a_disabled_account_is_out_at_once(self, shop, hire):
        browser = hire("finance")
        assert browser.get("/").status_code == 200
        staff.disable(SYSTEM, "finance-1", at=OPENING)
        assert browser.get("/").url == "/login"

    def test_sessions_that_are_over_go_at_night(self, li, browser):
        browser.sign_in("li")
        assert sessions.purge(datetime.now(UTC) + timedelta(hours=11)) == 0
        assert StaffSession.objects.count() == 1
        assert sessions.purge(datetime.now(UTC) + timedelta(hours=13)) == 1
        assert not StaffSession.objects.exists()

    def test_forms_without_their_token_are_refused_with_a_page(self, li):
        browser = Browser(strict=True)
        response = browser.sign_in("li")
        assert response.status_code == 403
        assert "This form is out of date" in response.content.decode()
        token = re.search(
            r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/login").content.decode()
        )[1]
        assert browser.sign_in("li", csrfmiddlewaretoken=token).status_code == 302


class TestWrongAnswers:
    @pytest.mark.parametrize("username", ["li", "nobody", "gone"])
    def test_nobody_learns_which_accounts_there_are(self, li, browser, username):
        staff.create(SYSTEM, "gone", "离职", "finance", PASSWORD, at=OPENING)
        staff.disable(SYSTEM, "gone", at=OPENING)
        password = "not-this-one" if username == "li" else PASSWORD
        response = browser.sign_in(username, password)
        page = response.content.decode()
        assert response.status_code == 422
        assert WRONG in page
        assert 'id="password-error" role="alert"' in page
        assert f'value="{username}"' in page

    def test_empty_fields_are_named(self, shop, browser):
        assert 'id="username-error"' in browser.sign_in("", "x").content.decode()
        assert 'id="password-error"' in browser.sign_in("li", "").content.decode()
        assert not SignInAttempts.objects.exists()


class TestGuessing:
    def test_the_sixth_attempt_waits_even_with_the_right_password(self, li, browser):
        for _ in range(throttle.ATTEMPTS):
            assert browser.sign_in("li", "not-this-one").status_code == 422
        response = browser.sign_in("li")
        assert response.status_code == 429
        assert response["Retry-After"] == "600"
        assert "Try again in 10 minutes." in response.content.decode()
        # Knocking on does not make it longer, and then the door opens.
        assert browser.later(minutes=9).sign_in("li").status_code == 429
        assert browser.later(minutes=1, seconds=1).sign_in("li").status_code == 302

    def test_the_right_password_starts_the_count_over(self, li, browser):
        for _ in range(3):
            for _ in range(throttle.ATTEMPTS - 1):
                browser.sign_in("li", "not-this-one")
            assert browser.sign_in("li").status_code == 302
            browser.post("/logout")

    def test_accounts_and_addresses_are_counted_apart(self, li, browser):
        for _ in range(throttle.ATTEMPTS + 1):
            browser.sign_in("LI ", "not-this-one")
        assert browser.sign_in("li").status_code == 429
        assert browser.sign_in("wang", "not-this-one").status_code == 422
        elsewhere = browser.post("/login", {"username": "li", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9")
        assert elsewhere.status_code == 302

    def test_behind_proxies_the_address_of_the_person_counts(self, li, settings):
        settings.LAOKE = replace(settings.LAOKE, trusted_proxies=1)

        def attempt(told, password="not-this-one"):
            browser = Browser()
            browser.defaults["HTTP_X_FORWARDED_FOR"] = told
            return browser.sign_in("li", password).status_code

        # What the client claims itself stands further left and does not help it.
        assert [attempt(f"10.9.8.{n}, 203.0.113.7") for n in range(throttle.ATTEMPTS)] == [422] * 5
        assert attempt("10.9.8.77, 203.0.113.7", PASSWORD) == 429
        assert attempt("203.0.113.8", PASSWORD) == 302
        settings.LAOKE = replace(settings.LAOKE, trusted_proxies=0)
        assert [attempt(f"203.0.113.{n}") for n in range(throttle.ATTEMPTS)] == [422] * 5
        assert attempt("203.0.113.99", PASSWORD) == 429

    def test_neither_names_nor_addresses_are_kept_and_old_counts_go(self, shop, browser):
        browser.sign_in("nobody", "x")
        (kept,) = SignInAttempts.objects.all()
        assert re.fullmatch("[0-9a-f]{64}", kept.key)
        assert kept.until - OPENING == timedelta(minutes=10)
        browser.later(minutes=11).sign_in("another", "x")
        assert SignInAttempts.objects.count() == 1


class TestWhereItLeads:
    @pytest.mark.parametrize(
        ("wanted", "leads"),
        [
            ("/members?q=1&after=2", "/members?q=1&after=2"),
            ("", "/"),
            ("https://elsewhere.example/", "/"),
            ("//elsewhere.example/", "/"),
            ("/\\elsewhere.example/", "/"),
            ("\\\\elsewhere.example", "/"),
            ("javascript:alert(1)", "/"),
            ("members", "/"),
            ("/\r\nSet-Cookie: a=b", "/"),
        ],
    )
    def test_only_to_pages_of_ours(self, li, browser, wanted, leads):
        assert browser.sign_in("li", next=wanted).url == leads

    def test_to_the_first_page_the_role_may_see(self, shop, browser):
        staff.create(SYSTEM, "ying", "英", "associate", PASSWORD, at=OPENING)
        assert browser.sign_in("ying").url == "/members"


class TestLanguage:
    def test_the_browser_decides_before_anybody_chose(self, shop):
        assert "登录" in Browser(language="zh-CN").get("/login").content.decode()
        english = Browser(language="en-GB").get("/login")
        assert "Sign in" in english.content.decode()
        assert '<html lang="en">' in english.content.decode()
        assert english["Content-Language"] == "en"

    def test_the_account_decides_after_the_sign_in(self, li, browser):
        browser.sign_in("li")
        assert "经营总览" in browser.get("/").content.decode()

    def test_a_choice_holds_in_browser_and_account(self, li, browser):
        browser.sign_in("li")
        response = browser.post("/preferences", {"language": "en", "next": "/members"})
        assert response.url == "/members"
        assert "Overview" in browser.get("/").content.decode()
        li.refresh_from_db()
        assert li.language == "en"

    def test_a_choice_before_the_sign_in_stays(self, li, browser):
        browser.post("/preferences", {"language": "en"})
        browser.sign_in("li")
        assert "Overview" in browser.get("/").content.decode()

    def test_what_cannot_be_chosen_changes_nothing(self, li, browser):
        browser.sign_in("li")
        response = browser.post(
            "/preferences", {"language": "xx", "theme": "pink", "next": "//elsewhere.example"}
        )
        assert response.url == "/"
        li.refresh_from_db()
        assert li.language == "zh-hans"


class TestTheme:
    def test_the_server_writes_the_choice_into_the_page(self, shop, browser):
        assert "data-theme" not in browser.get("/login").content.decode()
        browser.post("/preferences", {"theme": "dark"})
        assert '<html lang="en" data-theme="dark">' in browser.get("/login").content.decode()
        browser.post("/preferences", {"theme": "auto"})
        assert "data-theme" not in browser.get("/login").content.decode()

    def test_a_cookie_from_elsewhere_goes_nowhere(self, shop, browser):
        browser.cookies["laoke_theme"] = '"><script>'
        assert "<script" not in browser.get("/login").content.decode()
