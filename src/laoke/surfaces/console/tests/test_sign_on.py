"""Signing in through an identity provider, which is a real one on a socket of this machine."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from joserfc.jwk import OctKey

from laoke.foundation import vault
from laoke.foundation.access import SYSTEM, Role
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.config import ROLES
from laoke.foundation.staff import oidc, sign_on
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.models import Staff, StaffSession
from tests.shop import OPENING

from .conftest import PASSWORD, Browser
from .identity_provider import CLIENT, KEYS, SECRET, Provider, named

CANNOT_BE_TRUSTED = "What the sign-in service sent cannot be trusted."


@pytest.fixture
def provider(settings):
    made = Provider(int(OPENING.timestamp()))
    settings.LAOKE = replace(
        settings.LAOKE,
        oidc_issuer=made.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_name="Shop ID",
    )
    yield made
    made.stop()


@pytest.fixture
def li(shop):
    return staff.create(SYSTEM, "li", "李梅", "finance", PASSWORD, at=OPENING, language="en")


def configured(settings, **more):
    settings.LAOKE = replace(settings.LAOKE, **more)


def away(browser, **more):
    """Press the button; the address of the provider that the page leads to."""
    response = browser.post("/login/sign-on", more)
    assert response.status_code == 200
    address = response["Refresh"].removeprefix("0; url=")
    assert f'href="{address}"' in unescape(response.content.decode())
    return address


def come_back(browser, provider, *, next="", **claims):
    return browser.get(provider.sign_in(away(browser, next=next), **claims))


def refused(response):
    """The sentence on the sign-in page."""
    assert response.status_code in (403, 422, 502)
    page = response.content.decode()
    assert "<h1>Sign in</h1>" in page
    return unescape(re.search(r'<div class="note danger" role="alert">.*?<div>(.*?)</div>', page)[1])


class TestTheButton:
    def test_it_is_there_when_a_provider_is(self, provider, shop, browser, settings):
        assert "Sign in with Shop ID" in browser.get("/login").content.decode()
        configured(settings, oidc_name="")
        assert "Sign in with 127.0.0.1" in browser.get("/login").content.decode()
        configured(settings, oidc_issuer="")
        assert "Sign in with" not in browser.get("/login").content.decode()
        assert browser.post("/login/sign-on").url == "/login"

    def test_the_way_there_says_what_the_standard_asks(self, provider, shop, browser):
        address = away(browser)
        assert address.startswith(f"{provider.issuer}/authorize?theme=shop&")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["redirect_uri"] == "http://testserver/login/sign-on/back"
        assert asked["scope"] == "openid profile email"
        assert len(asked["state"]) == len(asked["nonce"]) == 32
        other = parse_qs(urlsplit(away(Browser())).query)
        assert asked["state"] != other["state"][0]
        assert asked["nonce"] != other["nonce"][0]

    def test_what_was_not_sealed_here_is_not_taken_along(self, provider, shop, browser):
        away(browser, kept="x" * 100_000)
        assert "kept" not in browser.session

    def test_a_stranger_cannot_start_it_elsewhere(self, provider, shop):
        assert Browser(strict=True).post("/login/sign-on").status_code == 403
        assert Browser().get("/login/sign-on").status_code == 405


class TestComingBack:
    def test_the_account_is_found_and_tied_to_the_person(self, provider, li, browser):
        response = come_back(browser, provider, next="/members?q=1")
        assert response.url == "/members?q=1"
        assert browser.get("/account").status_code == 200
        li.refresh_from_db()
        assert (li.sso_issuer, li.sso_subject) == (provider.issuer, "subject-1")
        told = AuditEntry.objects.filter(object_kind="staff").order_by("id")
        assert list(told.values_list("action", "actor")) == [
            ("staff.created", "system"),
            ("staff.sign-on-linked", "system"),
            ("staff.signed-in", "li"),
        ]
        # From now on the name there does not matter.
        assert come_back(Browser(), provider, preferred_username="renamed").url == "/"

    def test_a_name_that_changed_hands_opens_nothing(self, provider, li):
        come_back(Browser(), provider)
        other = Browser()
        assert "belongs to somebody else" in refused(come_back(other, provider, sub="subject-2"))
        assert other.get("/account").status_code == 302
        staff.create(SYSTEM, "wu", "吴", "owner", PASSWORD, at=OPENING)
        sign_on.unlink(SYSTEM, "li", at=OPENING)
        assert come_back(Browser(), provider, sub="subject-2").status_code == 302

    def test_who_has_no_account_gets_none(self, provider, li, browser):
        sentence = refused(come_back(browser, provider, preferred_username="wang"))
        assert sentence == "There is no account wang here. Ask an owner to make one."
        assert Staff.objects.count() == 1

    def test_a_disabled_account_stays_out(self, provider, li, browser):
        staff.create(SYSTEM, "wu", "吴", "owner", PASSWORD, at=OPENING)
        staff.disable(SYSTEM, "li", at=OPENING)
        assert refused(come_back(browser, provider)) == "Your account is disabled. Ask an owner."
        assert Staff.objects.get(username="li").sso_subject is None

    def test_an_account_with_codes_is_asked_for_one(self, provider, li, browser):
        Staff.objects.filter(pk=li.pk).update(code_secret=b"sealed")
        assert come_back(browser, provider, next="/members").url == "/login/code"
        assert browser.get("/account").status_code == 302

    @pytest.mark.parametrize("verified", [False, None, "false", 1])
    def test_an_address_nobody_confirmed_is_nobodys(self, provider, shop, browser, verified):
        staff.create(SYSTEM, "li@shop.example", "李", "owner", PASSWORD, at=OPENING)
        claims = {"email": "li@shop.example", "email_verified": verified}
        if verified == 1:
            claims["email_verified"] = "1"
        for name in (None, "li@shop.example"):
            sentence = refused(come_back(browser, provider, preferred_username=name, **claims))
            assert "not confirmed" in sentence
        assert Staff.objects.get().sso_subject is None

    def test_a_confirmed_address_will_do(self, provider, shop, browser):
        staff.create(SYSTEM, "li@shop.example", "李", "owner", PASSWORD, at=OPENING)
        claims = {"email": "li@shop.example", "email_verified": True, "preferred_username": None}
        assert come_back(browser, provider, **claims).status_code == 302

    def test_the_claim_of_the_name_can_be_chosen(self, provider, li, browser, settings):
        configured(settings, oidc_user_claim="upn")
        assert come_back(browser, provider, upn="li", preferred_username="x").status_code == 302
        assert "did not say who you are" in refused(come_back(Browser(), provider, sub="subject-2"))


class TestNewAccounts:
    def test_they_are_made_with_the_role_that_is_named(self, provider, shop, browser, settings):
        configured(settings, oidc_create_role="analyst")
        come_back(browser, provider, preferred_username="wang", name="王 小\u0000明")
        made = Staff.objects.get()
        assert (made.username, made.name, made.role) == ("wang", "王 小明", "analyst")
        assert not made.has_usable_password()
        assert Browser().sign_in("wang", "").status_code == 422

    @pytest.mark.parametrize("name", ["a b", "x" * 65, "tab\there"])
    def test_not_under_names_that_cannot_be(self, provider, shop, browser, settings, name):
        configured(settings, oidc_create_role="analyst")
        assert "cannot be used here" in refused(come_back(browser, provider, preferred_username=name))
        assert not Staff.objects.exists()


class TestRoles:
    @pytest.fixture(autouse=True)
    def _mapped(self, provider, settings):
        configured(settings, oidc_role_claim="groups", oidc_roles=("head office=owner", "shops=associate"))

    def test_the_first_that_fits_counts_and_holds_at_once(self, provider, li):
        come_back(Browser(), provider, groups=["shops", "head office", 7])
        assert Staff.objects.get().role == "owner"
        entry = AuditEntry.objects.get(action="staff.role-changed")
        assert (entry.before["role"], entry.after["role"]) == ("finance", "owner")

    def test_a_single_word_will_do(self, provider, li):
        come_back(Browser(), provider, groups="shops")
        assert Staff.objects.get().role == "associate"

    @pytest.mark.parametrize("groups", [None, [], "other", {"shops": 1}, 5, [["shops"]]])
    def test_without_one_nobody_comes_in(self, provider, li, groups):
        assert "may not use Laoke" in refused(come_back(Browser(), provider, groups=groups))
        assert Staff.objects.get().role == "finance"

    def test_the_last_owner_stays_one(self, provider, li):
        staff.change_role(SYSTEM, "li", "owner", at=OPENING)
        assert come_back(Browser(), provider, groups=["shops"]).status_code == 302
        assert Staff.objects.get().role == "owner"


class TestWhatCannotBeTrusted:
    @pytest.mark.parametrize(
        "claims",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"aud": "somebody-else"},
            {"aud": ["somebody-else", "and-another"]},
            {"aud": [CLIENT, "somebody-else"]},  # without azp
            {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
            {"iss": "https://elsewhere.example"},
            {"iss": None},
            {"sub": None},
            {"exp": int(OPENING.timestamp()) - 121},
            {"exp": None},
            {"iat": int(OPENING.timestamp()) + 600},
            {"nbf": int(OPENING.timestamp()) + 600},
            {"at_hash": "wrong"},
        ],
        ids=str,
    )
    def test_claims(self, provider, li, browser, claims):
        assert CANNOT_BE_TRUSTED in refused(come_back(browser, provider, **claims))
        assert browser.get("/account").status_code == 302
        assert Staff.objects.get().sso_subject is None

    def test_a_signature_of_another_key(self, provider, li, browser):
        provider.sign_with = named(KEYS[1], "first")
        assert CANNOT_BE_TRUSTED in refused(come_back(browser, provider))

    def test_a_signature_by_the_shared_secret(self, provider, li, browser):
        provider.sign_with, provider.algorithm = OctKey.import_key(SECRET.ljust(32, "x")), "HS256"
        assert CANNOT_BE_TRUSTED in refused(come_back(browser, provider))

    def test_no_signature(self, provider, li, browser, monkeypatch):
        token = provider._token

        def unsigned(handler, form):
            status, body = token(handler, form)
            _header, payload, _signature = body["id_token"].split(".")
            return status, body | {"id_token": f"eyJhbGciOiJub25lIn0.{payload}."}

        monkeypatch.setattr(provider, "_token", unsigned)
        assert CANNOT_BE_TRUSTED in refused(come_back(browser, provider))

    def test_an_answer_counts_once(self, provider, li, browser):
        back = provider.sign_in(away(browser))
        assert browser.get(back).status_code == 302
        browser.post("/logout")
        assert "belongs to no sign-in of this browser" in refused(browser.get(back))

    def test_an_answer_counts_in_the_browser_that_asked(self, provider, li, browser):
        back = provider.sign_in(away(browser))
        thief = Browser()
        assert "belongs to no sign-in" in refused(thief.get(back))
        away(thief)
        assert "belongs to no sign-in" in refused(thief.get(back))
        assert "/shop/token" not in provider.asked

    def test_an_answer_does_not_wait(self, provider, li, browser):
        back = provider.sign_in(away(browser))
        assert "belongs to no sign-in" in refused(browser.later(minutes=10).get(back))

    def test_the_session_key_changes(self, provider, li, browser):
        back = provider.sign_in(away(browser))
        before = browser.session.session_key
        browser.get(back)
        assert browser.session.session_key != before


class TestTheProvider:
    def test_it_may_change_its_keys(self, provider, li):
        assert come_back(Browser(), provider).status_code == 302
        provider.rotate(KEYS[1], "second")
        assert come_back(Browser(), provider).status_code == 302
        provider.rotate(KEYS[2], "second")  # under the same name
        assert come_back(Browser(), provider).status_code == 302
        assert provider.asked.count("/shop/.well-known/openid-configuration") == 1

    def test_it_may_want_the_secret_in_the_form(self, provider, li, browser):
        provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        assert come_back(browser, provider).status_code == 302

    @pytest.mark.parametrize(
        "metadata",
        [{"issuer": "http://127.0.0.1:1/other"}, {"token_endpoint": None}, {"jwks_uri": 5}],
    )
    def test_what_it_says_of_itself_has_to_fit(self, provider, shop, browser, metadata):
        provider.metadata = metadata
        assert "cannot be reached" in refused(browser.post("/login/sign-on", {"next": "/members"}))

    @pytest.mark.parametrize("path", ["/shop/.well-known/openid-configuration", "/shop/token", "/shop/keys"])
    @pytest.mark.parametrize("status", [500, 302, 404])
    def test_when_it_is_broken_the_password_still_works(self, provider, li, browser, path, status):
        provider.status[path] = status
        response = browser.post("/login/sign-on")
        if response.status_code == 200:
            response = browser.get(provider.sign_in(response["Refresh"].removeprefix("0; url=")))
        assert "cannot be reached" in refused(response)
        assert browser.sign_in("li").status_code == 302

    def test_when_it_is_away(self, provider, li, browser):
        provider.stop()
        assert "cannot be reached" in refused(browser.post("/login/sign-on"))

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("error=access_denied", "The sign-in was cancelled."),
            ("error=server_error", "The sign-in service did not confirm the sign-in. Try again."),
            ("", "The sign-in service did not confirm the sign-in. Try again."),
            ("code=made-up", "The sign-in service did not confirm the sign-in. Try again."),
        ],
    )
    def test_when_it_says_no(self, provider, li, browser, query, sentence):
        state = parse_qs(urlsplit(away(browser)).query)["state"][0]
        assert refused(browser.get(f"/login/sign-on/back?state={state}&{query}")) == sentence


def test_the_roles_of_the_settings_are_those_there_are():
    assert list(ROLES) == [role.value for role in Role]


class TestSigningOut:
    def leave(self, browser):
        return browser.post("/logout")

    def test_it_ends_the_session_at_the_provider_too(self, provider, li, browser):
        come_back(browser, provider)
        response = self.leave(browser)
        assert response.status_code == 200
        assert browser.get("/account").status_code == 302
        address = response["Refresh"].removeprefix("0; url=")
        assert address.startswith(f"{provider.issuer}/logout?theme=shop&")
        page = unescape(response.content.decode())
        assert f'href="{address}"' in page
        assert "You are signed out here." in page
        assert "no-store" in response["Cache-Control"]
        # What the browser does then, on a real socket.
        answer = httpx.get(address, follow_redirects=False)
        assert answer.headers["Location"] == "http://testserver/login"
        (left,) = provider.left
        assert left["id_token_hint"] == provider.tokens[0]
        assert (left["sub"], left["client_id"]) == ("subject-1", CLIENT)

    def test_the_token_is_kept_on_the_server_and_sealed(self, provider, li, browser):
        come_back(browser, provider)
        (row,) = StaffSession.objects.exclude(staff=None)
        told = str(row.get_decoded())
        assert provider.tokens[0] not in told
        assert provider.tokens[0].split(".")[1] not in told
        assert row.get_decoded()["id-token"]
        assert provider.tokens[0] not in str(browser.cookies)

    def test_after_the_code_of_the_phone_it_is_known_still(self, provider, li, browser):
        li.code_secret, li.code_step = vault.seal("A" * 32, "staff.code-secret"), 0
        li.save()
        assert come_back(browser, provider).url == "/login/code"
        browser.post("/login/code", {"one_time_code": pyotp.TOTP("A" * 32).at(OPENING)})
        assert browser.get("/account").status_code == 200
        assert "/logout?" in self.leave(browser)["Refresh"]

    def test_whoever_came_by_password_is_led_nowhere(self, provider, li, browser):
        browser.sign_in("li")
        response = self.leave(browser)
        assert (response.status_code, response.url) == (302, "/login")
        # Nor does a sign-in by password inherit the token of the session before.
        come_back(browser, provider)
        browser.sign_in("li")
        assert self.leave(browser).status_code == 302

    def test_a_provider_without_it_is_not_asked(self, provider, li, browser):
        provider.metadata = {"end_session_endpoint": None}
        come_back(browser, provider)
        assert self.leave(browser).url == "/login"

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://x/", 5])
    def test_an_address_that_is_none_is_not_used(self, provider, li, browser, address):
        provider.metadata = {"end_session_endpoint": address}
        come_back(browser, provider)
        assert self.leave(browser).url == "/login"

    def test_one_that_is_away_does_not_keep_anybody_signed_in(self, provider, li, browser, monkeypatch):
        come_back(browser, provider)
        oidc._providers.clear()  # started anew: what the provider says of itself has to be asked again
        provider.status["/shop/.well-known/openid-configuration"] = 503
        response = self.leave(browser)
        assert refused(response) == (
            "You are signed out here. The sign-in service cannot be reached, so you may still be signed in there."
        )
        assert browser.get("/account").status_code == 302

    def test_a_token_that_cannot_be_read_any_more_does_not_either(self, provider, li, browser):
        come_back(browser, provider)
        session = browser.session
        session["id-token"] = "bm90IHNlYWxlZA=="
        session.save()
        assert self.leave(browser).url == "/login"
        assert browser.get("/account").status_code == 302

    def test_a_token_too_long_for_an_address_is_left_out(self, provider, settings):
        address = oidc.leaving(settings.LAOKE, "x" * 6001, "https://shop.example/login")
        assert parse_qs(urlsplit(address).query) == {
            "theme": ["shop"],
            "client_id": [CLIENT],
            "post_logout_redirect_uri": ["https://shop.example/login"],
        }
