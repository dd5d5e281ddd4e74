"""API keys: who holds them, the one look at the secret, their end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from laoke.foundation.access import ROLE_SCOPES, Role, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.apikeys.errors import Unauthenticated
from laoke.foundation.apikeys.models import ApiKey
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.idempotency.models import CommandRecord
from tests.shop import OPENING

from .test_stores import words

FORM = {"name": "田林店收银", "scopes": ["quotes:write", "orders:write"], "reach": "all", "once": "k1"}


def secret_of(response) -> str | None:
    found = re.search(r'id="secret" value="(lk_[^"]+)"', response.content.decode())
    return found[1] if found else None


class TestMaking:
    def test_the_secret_is_shown_once_and_works(self, shop, hire):
        browser = hire()
        made = browser.post("/settings/keys/new", FORM)
        secret = secret_of(made)
        caller = apikeys.authenticate(f"Bearer {secret}", OPENING)
        assert caller.scopes == {"quotes:write", "orders:write"}
        assert caller.stores is None
        assert "no-store" in made.headers["Cache-Control"]
        again = browser.post("/settings/keys/new", FORM)
        assert secret_of(again) is None
        assert "was created when this form was sent before" in words(again)
        assert ApiKey.objects.filter(name="田林店收银").count() == 1
        assert secret not in browser.get("/settings/keys").content.decode()
        assert AuditEntry.objects.filter(action="apikey.created", actor="owner-1").count() == 1

    def test_no_table_keeps_the_secret(self, shop, hire):
        secret = secret_of(hire().post("/settings/keys/new", FORM))
        kept = "".join(CommandRecord.objects.values_list("answer", flat=True))
        assert '"prefix"' in kept
        assert secret.removeprefix("lk_").split("_", 1)[1] not in kept

    def test_limited_to_stores_until_the_end_of_a_day(self, shop, hire):
        store = shop.stores["S1"]
        form = FORM | {"reach": "some", "stores": [str(store)], "last_day": "2026-03-31"}
        hire().post("/settings/keys/new", form)
        row = ApiKey.objects.get(name="田林店收银")
        assert row.store_ids == [store]
        assert row.expires_at == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)

    def test_limited_to_stores_it_holds_nothing_of_the_whole_shop(self, shop, hire):
        some = {
            "reach": "some",
            "stores": [str(shop.stores["S1"])],
            "scopes": ["orders:read", "webhooks:manage"],
        }
        answer = hire().post("/settings/keys/new", FORM | some)
        assert answer.status_code == 422
        assert "cannot hold what concerns the whole shop: Manage webhooks (webhooks:manage)." in words(answer)
        assert 'id="scopes-error"' in answer.content.decode()
        assert not ApiKey.objects.exclude(name="till 1").exists()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"name": ""}, "This field is required."),
            ({"name": "长" * 10_000}, "at most 100 characters"),
            ({"scopes": []}, "Choose at least one thing it may do."),
            ({"scopes": ["root"]}, "Select a valid choice."),
            ({"reach": "some"}, "Choose at least one store"),
            ({"reach": "some", "stores": ["999999"]}, "Select a valid choice."),
            ({"last_day": "2026-03-09"}, "This day is over."),
            ({"last_day": "soon"}, "Enter a valid date."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, shop, hire, change, said):
        answer = hire().post("/settings/keys/new", FORM | change)
        assert answer.status_code == 422
        assert said in words(answer)
        assert not ApiKey.objects.exclude(name="till 1").exists()

    def test_a_limited_account_makes_no_key_for_all_stores(self, shop, hire, monkeypatch):
        # No role that is limited today makes keys; the rule holds for the day one does.
        held = ROLE_SCOPES[Role.STORE_MANAGER] | {Scope.API_KEYS, Scope.ORDERS_WRITE}
        monkeypatch.setitem(ROLE_SCOPES, Role.STORE_MANAGER, held)
        browser = hire("store_manager", store_ids=[shop.stores["S1"]])
        assert "Your own account is limited" in words(browser.post("/settings/keys/new", FORM))
        other = FORM | {"reach": "some", "stores": [str(shop.stores["S2"])]}
        assert browser.post("/settings/keys/new", other).status_code == 422
        own = FORM | {"reach": "some", "stores": [str(shop.stores["S1"])]}
        assert secret_of(browser.post("/settings/keys/new", own))

    def test_what_was_chosen_stays_chosen(self, shop, hire):
        body = (
            hire().post("/settings/keys/new", FORM | {"name": "🙂 مرحبا", "last_day": "x"}).content.decode()
        )
        assert 'value="orders:write" checked' in body
        assert 'value="returns:write">' in body
        assert 'value="🙂 مرحبا"' in body


class TestRevoking:
    def test_says_what_ends_and_ends_it(self, shop, hire):
        browser = hire()
        prefix = ApiKey.objects.get(name="till 1").prefix
        assert "refused within five seconds" in words(browser.get(f"/settings/keys/{prefix}/revoke"))
        assert browser.post(f"/settings/keys/{prefix}/revoke").headers["Location"] == "/settings/keys"
        with pytest.raises(Unauthenticated):
            apikeys.authenticate(f"Bearer {shop.key}", OPENING)
        page = browser.get("/settings/keys")
        assert "The key till 1 is revoked." in page.content.decode()
        assert "1 key that has ended" in words(page)
        browser.post(f"/settings/keys/{prefix}/revoke")
        assert AuditEntry.objects.filter(action="apikey.revoked").count() == 1

    def test_no_such_key(self, shop, hire):
        assert hire().get("/settings/keys/nothing/revoke").status_code == 404


class TestTheList:
    def test_states(self, shop, hire):
        ApiKey.objects.filter(name="till 1").update(
            expires_at=OPENING + timedelta(days=2), last_used_at=OPENING
        )
        browser = hire()
        said = words(browser.get("/settings/keys"))
        assert "Expires soon 2026-03-12 12:00" in said
        assert f"{len(Scope)} permissions" in said
        assert "2026-03-10 12:00" in said
        assert "Expired" in words(browser.later(days=3).get("/settings/keys"))


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_roles(self, shop, hire, role):
        browser = hire(role.value)
        may = Scope.API_KEYS in ROLE_SCOPES[role]
        prefix = ApiKey.objects.get(name="till 1").prefix
        for path in ("/settings/keys", "/settings/keys/new", f"/settings/keys/{prefix}/revoke"):
            assert browser.get(path).status_code == (200 if may else 403)
        if not may:
            assert browser.post("/settings/keys/new", FORM).status_code == 403
            assert browser.post(f"/settings/keys/{prefix}/revoke").status_code == 403
            assert ApiKey.objects.get().revoked_at is None

    def test_both_languages(self, shop, hire):
        browser = hire(language="zh-hans")
        assert "新建密钥" in browser.get("/settings/keys").content.decode()
        assert "权限" in browser.get("/settings/keys/new").content.decode()

    def test_at_most_twelve_statements(self, shop, hire, statements):
        browser = hire()
        for path in ("/settings/keys", "/settings/keys/new"):
            with statements() as sent:
                browser.get(path)
            assert len(sent) <= 12, (path, sent)
