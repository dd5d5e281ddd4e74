"""One's own account: the password, codes from the phone, and the browsers one is signed in with."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff import codes
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.models import RecoveryCode, Staff, StaffSession
from laoke.surfaces.console import resume, throttle
from tests.shop import OPENING

from .conftest import PASSWORD, Browser

NEW = "another-good-one-42"
STEP = timedelta(seconds=codes.STEP_SECONDS)


@pytest.fixture
def li(shop):
    return staff.create(SYSTEM, "li", "李梅", "finance", PASSWORD, at=OPENING, language="en")


def signed_in(username="li", **headers):
    browser = Browser()
    assert browser.sign_in(username, **headers).status_code in (302, 303)
    return browser


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def text(response):
    return response.content.decode()


def turn_on(browser):
    """Set a phone up in the browser; the app's generator and the recovery codes."""
    page = text(browser.get("/account/codes"))
    secret = re.search(r'secret-text num">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    setup = re.search(r'name="setup" value="([^"]+)"', page)[1]
    app = pyotp.TOTP(secret)
    answer = browser.post("/account/codes", {"setup": setup, "one_time_code": app.at(browser.at)})
    assert answer.status_code == 200
    return app, re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", text(answer))


class TestPassword:
    def test_it_takes_the_old_one_and_signs_other_browsers_out(self, li):
        here, elsewhere = signed_in(), signed_in()
        sent = {"old_password": PASSWORD, "new_password": NEW, "again_password": NEW}
        assert here.post("/account/password", sent).url == "/account"
        assert "The password is changed" in text(here.get("/account"))
        assert elsewhere.get("/account").url == "/login?next=%2Faccount"
        assert StaffSession.objects.count() == 1
        assert Browser().sign_in("li").status_code == 422
        assert Browser().sign_in("li", NEW).status_code == 302
        assert actions()[-2:] == ["staff.password-set", "staff.signed-in"]

    @pytest.mark.parametrize(
        ("sent", "wrong"),
        [
            ({"old_password": "not-it", "new_password": NEW, "again_password": NEW}, "old_password"),
            ({"old_password": PASSWORD, "new_password": "short", "again_password": "short"}, "new_password"),
            ({"old_password": PASSWORD, "new_password": NEW, "again_password": "x"}, "again_password"),
            ({"old_password": "", "new_password": NEW, "again_password": NEW}, "old_password"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_and_nothing_changes(self, li, sent, wrong):
        browser = signed_in()
        answer = browser.post("/account/password", sent)
        assert answer.status_code == 422
        assert f'id="id_{wrong}_error"' in text(answer)
        assert not any(value and f'value="{value}"' in text(answer) for value in sent.values())
        assert Browser().sign_in("li").status_code == 302
        assert "staff.password-set" not in actions()

    def test_guessing_it_in_a_browser_left_open_is_slow(self, li):
        browser = signed_in()
        sent = {"old_password": "not-it", "new_password": NEW, "again_password": NEW}
        for _ in range(throttle.ATTEMPTS):
            assert browser.post("/account/password", sent).status_code == 422
        answer = browser.post("/account/password", sent | {"old_password": PASSWORD})
        assert "Too many attempts. Try again in 10 minutes." in text(answer)
        assert Browser().sign_in("li").status_code == 302

    def test_an_account_without_one_sets_one_without_the_old(self, shop):
        person = staff.create(SYSTEM, "sso", "吴", "finance", None, at=OPENING)
        browser = Browser()
        browser.force_login(person)
        assert "There is none" in text(browser.get("/account"))
        assert "old_password" not in text(browser.get("/account/password"))
        browser.post("/account/password", {"new_password": NEW, "again_password": NEW})
        assert Browser().sign_in("sso", NEW).status_code == 302


class TestCodes:
    def test_a_phone_is_set_up_and_asked_from_then_on(self, li):
        browser = signed_in()
        page = text(browser.get("/account/codes"))
        assert '<img class="qr" src="data:image/svg+xml' in page
        assert "<svg" not in page.split("<main")[1]
        app, recovery = turn_on(browser)
        assert len(recovery) == len(set(recovery)) == codes.RECOVERY_CODES
        kept = Staff.objects.get()
        assert app.secret.encode() not in bytes(kept.code_secret)
        assert not any(
            code.replace("-", "").encode() in bytes(row.digest)
            for code in recovery
            for row in RecoveryCode.objects.all()
        )
        assert "10 recovery codes left" in text(browser.get("/account"))
        fresh = Browser()
        fresh.at = browser.later(minutes=1).at
        assert fresh.sign_in("li", next="/members").url == "/login/code"
        assert fresh.get("/account").url == "/login?next=%2Faccount"
        form = text(fresh.get("/login/code"))
        assert 'autocomplete="one-time-code"' in form
        answer = fresh.post("/login/code", {"one_time_code": app.at(fresh.at)})
        assert answer.url == "/members"
        assert fresh.get("/account").status_code == 200
        assert actions()[-2:] == ["staff.codes-on", "staff.signed-in"]
        assert AuditEntry.objects.latest("id").after == {"by": "password, code"}

    def test_a_code_that_the_app_does_not_show_turns_nothing_on(self, li):
        browser = signed_in()
        page = text(browser.get("/account/codes"))
        setup = re.search(r'name="setup" value="([^"]+)"', page)[1]
        answer = browser.post("/account/codes", {"setup": setup, "one_time_code": "000000"})
        assert answer.status_code == 422
        assert 'id="id_one_time_code_error"' in text(answer)
        # The same secret again: nobody has to scan twice.
        secret = re.search(r'secret-text num">([A-Z2-7 ]+)<', page)[1]
        assert secret in text(answer)
        assert Staff.objects.get().code_secret is None
        late = browser.later(minutes=31).post("/account/codes", {"setup": setup, "one_time_code": "000000"})
        assert (late.status_code, "out of date" in text(late)) == (409, True)
        for nonsense in ("", "x", "é" * 2000):
            assert browser.post("/account/codes", {"setup": nonsense}).status_code == 409

    def test_somebody_elses_setup_is_none(self, li, shop):
        staff.create(SYSTEM, "wu", "吴", "finance", PASSWORD, at=OPENING, language="en")
        theirs = text(signed_in("wu").get("/account/codes"))
        setup = re.search(r'name="setup" value="([^"]+)"', theirs)[1]
        assert signed_in().post("/account/codes", {"setup": setup, "one_time_code": "1"}).status_code == 409

    def test_codes_count_once_and_near_their_time(self, li):
        app, _recovery = turn_on(signed_in())
        at = Browser().later(minutes=5).at

        def attempt(code, when=at):
            browser = Browser()
            browser.at = when
            browser.sign_in("li")
            return browser.post("/login/code", {"one_time_code": code}).status_code

        assert attempt(app.at(at + -2 * STEP)) == 422
        assert attempt(app.at(at + 2 * STEP)) == 422
        spaced = f" {app.at(at)[:3]} {app.at(at)[3:]}"
        assert attempt(spaced) == 302
        assert attempt(app.at(at)) == 422  # again
        assert attempt(app.at(at + -1 * STEP)) == 422  # older than the last one taken
        assert attempt(app.at(at + 1 * STEP)) == 302  # a phone that is a little fast
        assert attempt("") == 422

    def test_a_recovery_code_works_once(self, li):
        browser = signed_in()
        _app, recovery = turn_on(browser)
        for expected in (302, 422):
            fresh = Browser()
            fresh.sign_in("li")
            answer = fresh.post("/login/code", {"one_time_code": recovery[3].upper()})
            assert answer.status_code == expected
        assert "9 recovery codes left" in text(browser.get("/account"))
        assert actions().count("staff.recovery-code-used") == 1

    def test_guesses_are_counted_over_all_addresses(self, li):
        app, _recovery = turn_on(signed_in())
        browsers = [Browser() for _ in range(throttle.ATTEMPTS + 1)]
        for n, browser in enumerate(browsers):
            browser.defaults["REMOTE_ADDR"] = f"10.0.0.{n}"
            browser.sign_in("li")
            answer = browser.post("/login/code", {"one_time_code": "000000"})
        assert (answer.status_code, answer["Retry-After"]) == (429, "600")
        late = browsers[0].later(minutes=5)
        assert late.post("/login/code", {"one_time_code": app.at(late.at)}).status_code == 429

    def test_half_signed_in_does_not_last(self, li):
        app, _recovery = turn_on(signed_in())
        slow = Browser()
        slow.sign_in("li")
        slow.later(minutes=11)
        answer = slow.post("/login/code", {"one_time_code": app.at(slow.at)})
        assert "Too much time has passed" in text(answer)
        # Another password, or no account any more: neither does it then.
        changed = Browser().later(minutes=20)
        changed.sign_in("li")
        staff.set_password(SYSTEM, "li", NEW, at=OPENING)
        assert changed.post("/login/code", {"one_time_code": app.at(changed.at)}).status_code == 422
        gone = Browser().later(minutes=30)
        gone.sign_in("li", NEW)
        staff.create(SYSTEM, "wu", "吴", "owner", PASSWORD, at=OPENING)
        staff.disable(SYSTEM, "li", at=OPENING)
        assert gone.post("/login/code", {"one_time_code": app.at(gone.at)}).status_code == 422
        assert Browser().get("/login/code").url == "/login"
        assert Browser().post("/login/code").status_code == 422

    def test_turning_off_takes_password_and_code(self, li):
        browser = signed_in()
        app, _recovery = turn_on(browser)
        browser.later(minutes=2)
        code = app.at(browser.at)
        wrong = browser.post("/account/codes/off", {"password": "no", "one_time_code": code})
        assert 'id="id_password_error"' in text(wrong)
        wrong = browser.post("/account/codes/off", {"password": PASSWORD, "one_time_code": "000000"})
        assert 'id="id_one_time_code_error"' in text(wrong)
        right = browser.post("/account/codes/off", {"password": PASSWORD, "one_time_code": code})
        assert right.url == "/account"
        assert not RecoveryCode.objects.exists()
        assert browser.get("/account/codes/off").status_code == 409
        assert Browser().sign_in("li").url == "/"
        assert "staff.codes-off" in actions()

    def test_without_a_password_the_code_alone_turns_them_off(self, shop):
        person = staff.create(SYSTEM, "sso", "吴", "finance", None, at=OPENING, language="en")
        browser = Browser()
        browser.force_login(person)
        app, _recovery = turn_on(browser)
        browser.later(minutes=2)
        assert 'name="password"' not in text(browser.get("/account/codes/off"))
        assert browser.post("/account/codes/off", {"one_time_code": app.at(browser.at)}).url == "/account"
        person.refresh_from_db()
        assert person.code_secret is None

    def test_new_recovery_codes_take_the_place_of_the_old(self, li):
        browser = signed_in()
        app, old = turn_on(browser)
        browser.later(minutes=2)
        answer = browser.post("/account/codes/recovery", {"one_time_code": app.at(browser.at)})
        fresh = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", text(answer))
        assert len(fresh) == 10
        assert not set(fresh) & set(old)
        other = Browser()
        other.sign_in("li")
        assert other.post("/login/code", {"one_time_code": old[0]}).status_code == 422
        assert other.post("/login/code", {"one_time_code": fresh[0]}).status_code == 302

    def test_it_is_turned_on_once(self, li):
        browser = signed_in()
        turn_on(browser)
        assert browser.get("/account/codes").status_code == 409

    def test_a_change_of_the_data_key_takes_the_secret_along(self, li):
        turn_on(signed_in())
        before = bytes(Staff.objects.get().code_secret)
        assert codes.reseal(SYSTEM, at=OPENING) == 1
        assert bytes(Staff.objects.get().code_secret) != before


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"


class TestSessions:
    def test_they_are_listed_and_ended(self, li):
        here = signed_in()
        elsewhere = Browser(language="en")
        elsewhere.defaults |= {"REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": CHROME}
        elsewhere.sign_in("li")
        page = text(here.get("/account"))
        assert "Chrome 131 · Windows" in page
        assert "203.0.113.*" in page
        assert "203.0.113.77" not in page + str(list(StaffSession.objects.values()))
        assert page.count("This one") == 1
        (end,) = re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end)"', page)
        assert here.post(end).url == "/account"
        assert elsewhere.get("/account").url == "/login?next=%2Faccount"
        assert here.get("/account").status_code == 200
        assert here.post(end).status_code == 404
        assert actions()[-1] == "staff.signed-out"

    def test_all_others_at_once(self, li):
        here, *others = signed_in(), signed_in(), signed_in()
        here.post("/account/sessions/end")
        assert [browser.get("/account").status_code for browser in others] == [302, 302]
        assert "2 browsers are signed out." in text(here.get("/account"))

    def test_nobody_ends_somebody_elses_here(self, li, shop):
        staff.create(SYSTEM, "wu", "吴", "owner", PASSWORD, at=OPENING, language="en")
        theirs = StaffSession.objects.get(staff=li) if signed_in() else None
        assert signed_in("wu").post(f"/account/sessions/{theirs.public_id}/end").status_code == 404
        assert StaffSession.objects.filter(pk=theirs.pk).exists()

    def test_seen_is_written_every_five_minutes_and_costs_nothing_between(self, li, statements):
        browser = signed_in()
        for minutes, seen in ((4, 0), (0, 0), (1, 5), (4, 5), (7, 16)):
            browser.later(minutes=minutes)
            with statements() as sent:
                browser.get("/account/password")
            row = StaffSession.objects.get()
            assert round((row.seen_at - OPENING).total_seconds() / 60) == seen
            writes = [one for one in sent if "staffsession" in one and one.startswith("UPDATE")]
            assert len(writes) == (1 if minutes in (1, 7) else 0)
            assert sum("staffsession" in one and one.startswith("SELECT") for one in sent) == 1
        assert row.started_at == OPENING

    def test_the_page_is_cheap(self, li, statements):
        browser = signed_in()
        with statements() as sent:
            browser.get("/account")
        assert len(sent) <= 12

    def test_those_that_are_over_are_not_listed(self, li):
        browser = signed_in()
        StaffSession.objects.create(
            session_key="x" * 32,
            session_data="",
            staff=li,
            started_at=OPENING,
            seen_at=OPENING,
            expire_date=datetime(2020, 1, 1, tzinfo=UTC),
            agent="Old · Phone",
        )
        assert "Old · Phone" not in text(browser.get("/account"))


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/codes", "/settings/roles"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_role_reads_it_in_both_languages(hire, path, language):
    page = hire("associate", language=language).get(path)
    assert page.status_code == 200
    assert f'<html lang="{language}"' in text(page)
    assert "style=" not in text(page)


class TestRecoveryFile:
    """The page with fresh codes can be turned into a file; the codes come back sealed and are kept nowhere."""

    def shown(self, browser):
        page = browser.get("/account/codes").content.decode()
        setup = re.search(r'name="setup" value="([^"]+)"', page)[1]
        secret = re.search(r'<p class="secret-text num">([^<]+)<', page)[1].replace(" ", "")
        code = pyotp.TOTP(secret).at(browser.at)
        return browser.post("/account/codes", {"setup": setup, "one_time_code": code}).content.decode()

    def sealed(self, page):
        return re.search(r'name="secret_codes" value="([^"]+)"', page)[1]

    def codes(self, page):
        return re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page)

    def test_it_holds_the_codes_that_are_shown(self, li):
        browser = signed_in()
        page = self.shown(browser)
        answer = browser.later(minutes=59).post(
            "/account/codes/recovery/file", {"secret_codes": self.sealed(page)}
        )
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Content-Disposition"] == 'attachment; filename="laoke-recovery-codes.txt"'
        assert answer["Cache-Control"] == "private, no-store"
        lines = answer.content.decode("utf-8-sig").split("\r\n")
        assert lines[0] == "Recovery codes of li for testserver"
        assert lines[3:13] == self.codes(page)
        assert len(lines[3:13]) == 10

    def test_the_page_carries_them_for_copying_and_is_not_kept(self, li):
        browser = signed_in()
        page = self.shown(browser)
        copied = re.search(r'<textarea class="vh" id="codes-text"[^>]*>([^<]*)<', page)[1]
        assert copied.split() == self.codes(page)
        assert 'data-copy="codes-text"' in page

    def test_nothing_of_it_is_kept_or_logged(self, li, caplog, capfd):
        browser = signed_in()
        page = self.shown(browser)
        browser.post("/account/codes/recovery/file", {"secret_codes": self.sealed(page)})
        written = caplog.text + "".join(capfd.readouterr())
        everything = " ".join(str(row.get_decoded()) for row in StaffSession.objects.all())
        for code in self.codes(page):
            assert code not in written
            assert code not in everything
            assert code not in base64.urlsafe_b64decode(self.sealed(page)).decode("latin-1")
        assert self.sealed(page) not in written

    @pytest.mark.parametrize("sent", ["", "x", "bm90IHNlYWxlZA==", "🦊" * 3000, "A" * 10_000])
    def test_what_was_not_sealed_here_is_refused(self, li, sent):
        answer = signed_in().post("/account/codes/recovery/file", {"secret_codes": sent})
        assert answer.status_code == 410
        assert "Codes are kept nowhere." in text(answer)

    def test_too_late_or_somebody_elses(self, li, hire):
        browser = signed_in()
        sent = {"secret_codes": self.sealed(self.shown(browser))}
        assert hire("owner").post("/account/codes/recovery/file", sent).status_code == 410
        assert browser.later(hours=1).post("/account/codes/recovery/file", sent).status_code == 410

    def test_a_session_that_ended_takes_them_nowhere(self, li):
        browser = signed_in()
        sent = {"secret_codes": self.sealed(self.shown(browser))}
        answer = Browser().post("/account/codes/recovery/file", sent)
        assert answer.status_code == 401
        kept = re.search(r'name="kept" value="([^"]+)"', text(answer))[1]
        assert resume.opened(kept, OPENING).fields == ()
        assert resume.opened(kept, OPENING).left_out == ("secret_codes",)

    def test_in_chinese(self, li):
        staff.choose_language(li.pk, "zh-hans")
        browser = Browser(language="zh-hans")
        browser.sign_in("li")
        answer = browser.post(
            "/account/codes/recovery/file", {"secret_codes": self.sealed(self.shown(browser))}
        )
        assert answer.content.decode("utf-8-sig").startswith("li 在 testserver 的恢复码\r\n")
