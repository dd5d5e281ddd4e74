"""Staff and roles: who there is, letting them in or not, and what each role may do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from laoke.foundation.access import ROLE_SCOPES, SCOPE_LABELS, SYSTEM, Role, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.models import RecoveryCode, Staff, StaffSession
from laoke.foundation.webhooks.models import WebhookEndpoint
from laoke.purchases import services as purchases
from laoke.purchases.services import StoreInput
from laoke.surfaces.console.selectors.stores import places
from tests.shop import OPENING

from .conftest import PASSWORD, Browser

MADE = re.compile(r"(?:[a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}")
NEW = {
    "name": "吴桐 😀",
    "username": "wu",
    "role": "finance",
    "language": "en",
    "reach": "all",
    "means": "made",
}


@pytest.fixture
def owner(hire):
    return hire("owner")


@pytest.fixture
def wu(shop):
    return staff.create(SYSTEM, "wu", "吴桐", "finance", PASSWORD, at=OPENING, language="en")


def text(response):
    return response.content.decode()


def place(kind, n=0):
    return [each for each in places(SYSTEM) if each.key.startswith(kind)][n].key


def edit(account, **changes):
    return {"name": account.name, "role": account.role, "reach": "all"} | changes


@pytest.mark.parametrize("role", ["operations", "auditor", "finance"])
def test_a_limited_account_has_nothing_to_do_with_the_whole_shop(hire, shop, role):
    browser = hire(role, store_ids=[shop.stores["S1"]])
    page = text(browser.get("/members"))
    for path in ("/settings/webhooks", "/settings/webhooks/new", "/settings/audit"):
        refused = browser.get(path)
        assert refused.status_code == 403
        assert "that is limited to stores does not have it" in text(refused)
        assert f'href="{path}"' not in page
    sent = {"name": "x", "url": "https://shop.example/", "which": "all"}
    for path in (
        "/settings/webhooks/new",
        "/settings/audit/export",
        "/jobs/run/points.expire",
        "/overview/count",
    ):
        assert browser.post(path, sent).status_code == 403
    assert not WebhookEndpoint.objects.exists()


class TestTheList:
    def test_it_shows_everybody(self, owner, wu):
        staff.create(SYSTEM, "gone", "离职", "associate", PASSWORD, at=OPENING)
        staff.disable(SYSTEM, "gone", at=OPENING)
        Staff.objects.filter(username="wu").update(store_ids=[int(place("store").partition(":")[2])])
        page = text(owner.get("/settings/staff"))
        assert "2 people may sign in." in page
        assert (
            page.index("离职")
            < page.index("李 &amp; &lt;b&gt;梅&lt;/b&gt;", page.index("<main"))
            < page.index("吴桐")
        )
        assert page.count('<span class="pill end">Disabled</span>') == 1
        assert '<span class="tag">You</span>' in page
        assert page.count("never") == 2

    def test_it_is_cheap(self, owner, wu, statements):
        with statements() as sent:
            owner.get("/settings/staff")
        assert len(sent) <= 12
        with statements() as sent:
            owner.get(f"/settings/staff/{wu.pk}")
        assert len(sent) <= 12

    @pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.OWNER])
    def test_nobody_but_owners_is_served(self, hire, wu, role):
        browser = hire(role)
        before = Staff.objects.values().get(pk=wu.pk)
        pages = ["", "/new", f"/{wu.pk}", f"/{wu.pk}/disable", f"/{wu.pk}/password", f"/{wu.pk}/codes"]
        for page in [*pages, f"/{wu.pk}/unlink"]:
            assert browser.get(f"/settings/staff{page}").status_code == 403
        acts = ["disable", "enable", "password", "codes", "unlink", "sessions/end"]
        for act in acts:
            assert browser.post(f"/settings/staff/{wu.pk}/{act}", {"means": "made"}).status_code == 403
        assert browser.post("/settings/staff/new", NEW | {"username": "x"}).status_code == 403
        assert browser.post(f"/settings/staff/{wu.pk}", edit(wu, role="owner")).status_code == 403
        assert Staff.objects.values().get(pk=wu.pk) == before
        assert Staff.objects.count() == 2
        assert "/settings/staff" not in text(browser.get("/account"))

    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_it_is_read_in_both_languages(self, hire, wu, language):
        browser = hire("owner", language=language)
        word = {"zh-hans": "员工与角色", "en": "Staff and roles"}[language]
        for path in ("", "/new", f"/{wu.pk}", f"/{wu.pk}/disable", f"/{wu.pk}/password", f"/{wu.pk}/unlink"):
            page = text(browser.get(f"/settings/staff{path}"))
            assert f'<html lang="{language}"' in page
            assert "style=" not in page
            assert word in page or path not in ("", "/new", f"/{wu.pk}")


class TestNewAccounts:
    def test_a_password_is_made_up_and_shown_once(self, owner):
        answer = owner.post("/settings/staff/new", NEW | {"once": "a-token-of-the-form"})
        assert answer.status_code == 200
        (password,) = set(MADE.findall(text(answer)))
        assert "http://testserver/login" in text(answer)
        made = Staff.objects.get(username="wu")
        assert (made.name, made.role, made.store_ids, made.created_at) == (
            "吴桐 😀",
            "finance",
            None,
            OPENING,
        )
        assert Browser().sign_in("wu", password).status_code == 302
        # A double click shows the same once more, and makes nothing twice.
        again = owner.post("/settings/staff/new", NEW | {"once": "a-token-of-the-form"})
        assert password in text(again)
        assert AuditEntry.objects.filter(action="staff.created", object_id="wu").count() == 1
        assert password not in text(owner.get(f"/settings/staff/{made.pk}"))
        other = owner.post("/settings/staff/new", NEW | {"once": "another", "username": "wang"})
        assert MADE.findall(text(other)) != [password]

    def test_without_a_token_passwords_differ(self, owner, wu):
        answers = [owner.post(f"/settings/staff/{wu.pk}/password", {"means": "made"}) for _ in range(2)]
        first, second = (MADE.search(text(answer))[0] for answer in answers)
        assert first != second
        assert Browser().sign_in("wu", second).status_code == 302

    def test_a_chosen_password_and_limits(self, owner, shop):
        purchases.save_stores(SYSTEM, [StoreInput("S3", "三店", "east")], at=OPENING)
        limits = {"reach": "some", "stores": [place("store")], "regions": [place("region")]}
        sent = NEW | {"means": "own", "password": PASSWORD} | limits
        answer = owner.post("/settings/staff/new", sent)
        assert (answer.status_code, answer.url) == (303, "/settings/staff")
        made = Staff.objects.get(username="wu")
        assert made.store_ids == [int(limits["stores"][0].partition(":")[2])]
        assert made.region_ids == [int(limits["regions"][0].partition(":")[2])]
        assert Browser().sign_in("wu").status_code == 302

    def test_only_through_the_provider(self, owner, settings):
        assert owner.post("/settings/staff/new", NEW | {"means": "none"}).status_code == 422
        settings.LAOKE = replace(settings.LAOKE, oidc_issuer="https://id.example.com")
        assert owner.post("/settings/staff/new", NEW | {"means": "none"}).url == "/settings/staff"
        assert not Staff.objects.get(username="wu").has_usable_password()

    @pytest.mark.parametrize(
        ("sent", "wrong"),
        [
            ({"username": "owner-1"}, "username"),
            ({"username": "two words"}, "username"),
            ({"username": "x" * 65}, "username"),
            ({"username": ""}, "username"),
            ({"name": "名" * 10_000}, "name"),
            ({"name": " "}, "name"),
            ({"name": "a\u202eb\u0000"}, "name"),
            ({"role": "boss"}, "role"),
            ({"reach": "some"}, "stores"),
            ({"reach": "some", "stores": "store:999"}, "stores"),
            ({"means": "own"}, "password"),
            ({"means": "own", "password": "short"}, "password"),
            ({"language": "fr"}, "language"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, owner, sent, wrong):
        answer = owner.post("/settings/staff/new", NEW | sent)
        assert answer.status_code == 422
        assert f'id="id_{wrong}_error"' in text(answer)
        assert Staff.objects.count() == 1
        assert 'value="short"' not in text(answer)


class TestOneAccount:
    def test_role_name_and_limits_change_at_once(self, owner, wu):
        theirs = Browser()
        theirs.force_login(wu)
        assert theirs.get("/settings/staff").status_code == 403
        sent = edit(wu, name="吴", role="store_manager", reach="some", stores=[place("store", 1)])
        assert owner.post(f"/settings/staff/{wu.pk}", sent).url == "/settings/staff"
        wu.refresh_from_db()
        assert (wu.name, wu.role) == ("吴", "store_manager")
        assert wu.store_ids == [int(place("store", 1).partition(":")[2])]
        entry = AuditEntry.objects.get(action="staff.edited")
        assert (entry.actor, entry.before["role"], entry.after["role"]) == (
            "owner-1",
            "finance",
            "store_manager",
        )
        owner.post(f"/settings/staff/{wu.pk}", edit(wu, role="owner", reach="all"))
        assert theirs.get("/settings/staff").status_code == 200

    def test_an_owner_is_not_limited_to_stores(self, owner, wu):
        sent = edit(wu, role="owner", reach="some", stores=[place("store", 1)])
        answer = owner.post(f"/settings/staff/{wu.pk}", sent)
        assert answer.status_code == 422
        assert 'id="id_role_error"' in text(answer)
        wu.refresh_from_db()
        assert (wu.role, wu.store_ids) == ("finance", None)

    def test_stores_that_are_not_offered_stay(self, owner, wu):
        Staff.objects.filter(pk=wu.pk).update(store_ids=[987])
        sent = edit(wu, reach="some", stores=[place("store")])
        owner.post(f"/settings/staff/{wu.pk}", sent)
        wu.refresh_from_db()
        assert wu.store_ids == sorted([int(place("store").partition(":")[2]), 987])

    def test_the_last_owner_stays(self, owner):
        me = Staff.objects.get(username="owner-1")
        answer = owner.post(f"/settings/staff/{me.pk}", edit(me, role="finance"))
        assert answer.status_code == 422
        assert 'id="id_role_error"' in text(answer)
        assert "Make another account an owner first." in text(answer)
        assert owner.post(f"/settings/staff/{me.pk}/disable").status_code == 409
        me.refresh_from_db()
        assert (me.role, me.is_active) == ("owner", True)

    def test_two_who_edit_it_find_out(self, owner, wu):
        page = text(owner.get(f"/settings/staff/{wu.pk}"))
        seen = re.search(r'name="seen" value="(\w+)"', page)[1]
        staff.change_role(replace(SYSTEM, label="chen"), "wu", "auditor", at=OPENING)
        mine = edit(wu, name="吴同", seen=seen)
        answer = owner.post(f"/settings/staff/{wu.pk}", mine)
        assert answer.status_code == 409
        assert "chen changed this account meanwhile" in text(answer)
        assert "吴桐 · Auditor · All stores" in text(answer)
        assert 'value="吴同"' in text(answer)
        wu.refresh_from_db()
        assert (wu.name, wu.role) == ("吴桐", "auditor")
        fresh = re.search(r'name="seen" value="(\w+)"', text(answer))[1]
        assert fresh != seen
        assert owner.post(f"/settings/staff/{wu.pk}", mine | {"seen": fresh}).url == "/settings/staff"
        wu.refresh_from_db()
        assert (wu.name, wu.role) == ("吴同", "finance")

    def test_who_does_not_exist(self, owner):
        for path in ("", "/disable", "/password", "/codes", "/unlink"):
            assert owner.get(f"/settings/staff/999999{path}").status_code == 404


class TestLettingIn:
    def test_disabling_says_what_it_means_and_can_be_undone(self, owner, wu):
        theirs = Browser()
        theirs.sign_in("wu")
        page = text(owner.get(f"/settings/staff/{wu.pk}/disable"))
        assert "吴桐 is signed out of 1 browser with the next click there" in page
        assert owner.post(f"/settings/staff/{wu.pk}/disable").url == "/settings/staff"
        page = text(owner.get("/settings/staff"))
        assert "吴桐 can no longer sign in." in page
        assert f'<form action="/settings/staff/{wu.pk}/enable" method="post">' in page.split('id="toasts"')[1]
        assert theirs.get("/account").status_code == 302
        assert not StaffSession.objects.filter(staff=wu).exists()
        assert Browser().sign_in("wu").status_code == 422
        assert owner.post(f"/settings/staff/{wu.pk}/enable").url == "/settings/staff"
        assert Browser().sign_in("wu").status_code == 302

    def test_another_password(self, owner, wu):
        theirs = Browser()
        theirs.sign_in("wu")
        sent = {"means": "own", "password": "another-good-one-42"}
        assert owner.post(f"/settings/staff/{wu.pk}/password", sent).url == f"/settings/staff/{wu.pk}"
        assert theirs.get("/account").status_code == 302
        assert Browser().sign_in("wu", "another-good-one-42").status_code == 302
        weak = owner.post(f"/settings/staff/{wu.pk}/password", {"means": "own", "password": "short"})
        assert 'id="id_password_error"' in text(weak)

    def test_the_form_sent_again_sets_no_password_anew(self, owner, wu):
        path = f"/settings/staff/{wu.pk}/password"
        sent = {"means": "own", "password": "another-good-one-42", "once": "form-1"}
        owner.post(path, sent)
        staff.set_password(SYSTEM, "wu", "chosen-since-then-7", at=OPENING)
        assert owner.post(path, sent).status_code == 303
        assert Browser().sign_in("wu", "chosen-since-then-7").status_code == 302
        assert owner.post(path, sent | {"password": "yet-another-one-9"}).status_code == 409

    def test_ones_own_password_and_codes_take_more_than_an_open_browser(self, owner):
        me = Staff.objects.get(username="owner-1")
        Staff.objects.filter(pk=me.pk).update(code_secret=b"sealed", code_step=1)
        page = text(owner.get(f"/settings/staff/{me.pk}"))
        assert f"/settings/staff/{me.pk}/password" not in page
        assert f"/settings/staff/{me.pk}/codes" not in page
        sent = {"means": "own", "password": "another-good-one-42"}
        assert owner.post(f"/settings/staff/{me.pk}/password", sent).url == "/account/password"
        assert owner.post(f"/settings/staff/{me.pk}/codes").url == "/account/codes/off"
        me.refresh_from_db()
        assert me.code_secret is not None
        assert me.check_password(PASSWORD)

    def test_codes_of_somebody_who_lost_the_phone(self, owner, wu):
        Staff.objects.filter(pk=wu.pk).update(code_secret=b"sealed", code_step=1)
        RecoveryCode.objects.create(staff=wu, digest=b"x")
        assert "Make sure that it is they who asked." in text(owner.get(f"/settings/staff/{wu.pk}/codes"))
        assert owner.post(f"/settings/staff/{wu.pk}/codes").url == f"/settings/staff/{wu.pk}"
        assert Browser().sign_in("wu").url == "/"
        assert not RecoveryCode.objects.exists()
        assert AuditEntry.objects.filter(action="staff.codes-reset", actor="owner-1").count() == 1
        assert owner.post(f"/settings/staff/{wu.pk}/codes").status_code == 409

    def test_sessions_of_others(self, owner, wu):
        theirs = [Browser(), Browser()]
        for browser in theirs:
            browser.sign_in("wu")
        page = text(owner.get(f"/settings/staff/{wu.pk}"))
        ends = re.findall(rf'action="(/settings/staff/{wu.pk}/sessions/[0-9a-f-]{{36}}/end)"', page)
        assert len(ends) == 2
        assert owner.post(ends[0]).url == f"/settings/staff/{wu.pk}"
        assert sorted(browser.get("/account").status_code for browser in theirs) == [200, 302]
        assert owner.post(ends[0]).status_code == 404
        owner.post(f"/settings/staff/{wu.pk}/sessions/end")
        assert [browser.get("/account").status_code for browser in theirs] == [302, 302]
        me = Staff.objects.get(username="owner-1")
        owner.post(f"/settings/staff/{me.pk}/sessions/end")
        assert owner.get("/account").status_code == 200

    def test_untying(self, owner, wu):
        Staff.objects.filter(pk=wu.pk).update(sso_issuer="https://id.example.com", sso_subject="5")
        assert "no longer set up" in text(owner.get(f"/settings/staff/{wu.pk}"))
        assert owner.post(f"/settings/staff/{wu.pk}/unlink").url == f"/settings/staff/{wu.pk}"
        wu.refresh_from_db()
        assert (wu.sso_issuer, wu.sso_subject) == (None, None)


class TestRoles:
    def test_the_table_is_what_holds(self, hire):
        page = text(hire("associate").get("/settings/roles"))
        rows = re.findall(r'<th scope="row">.*?<code[^>]*>([\w:]+)</code></th>(.*?)</tr>', page)
        assert [scope for scope, _ in rows] == [scope.value for scope in Scope]
        for scope, cells in rows:
            held = [answer == "Yes" for answer in re.findall(r'class="vh">(Yes|No)<', cells)]
            assert held == [Scope(scope) in ROLE_SCOPES[role] for role in Role]

    def test_every_permission_has_words(self):
        assert set(SCOPE_LABELS) == set(Scope)

    def test_they_are_chinese_words_too(self, hire):
        page = text(hire("owner", language="zh-hans").get("/settings/roles"))
        assert "合并会员" in page
        assert "店长" in page


def test_many_stores_can_be_chosen_from(owner, wu):
    made = [StoreInput(f"N{n}", f"新店 {n}") for n in range(300)]
    purchases.save_stores(SYSTEM, made, at=OPENING)
    page = text(owner.get(f"/settings/staff/{wu.pk}"))
    assert page.count('name="stores"') >= 300
