"""Staff, keys, webhooks and settings on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from laoke.foundation.access import SYSTEM, Role
from laoke.foundation.apikeys import services as apikeys
from laoke.purchases import services as purchases
from laoke.purchases.services import StoreInput
from laoke.surfaces.cli import staff

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
PASSWORD = "a-garden-of-forking-paths\n"


@pytest.fixture
def stores(db):
    purchases.save_stores(SYSTEM, [StoreInput("S1", "一店", "east"), StoreInput("S2", "二店")], at=NOW)


class TestUsers:
    def test_the_roles_in_the_help_are_those_there_are(self):
        assert staff.ROLES.split(", ") == [role.value for role in Role]

    @pytest.mark.usefixtures("stores")
    def test_an_account_is_made_limited_changed_and_shut_out(self, laoke, asked):
        made = asked(
            "user",
            "add",
            "lin",
            "--role",
            "store_manager",
            "--store",
            "S1",
            "--password-stdin",
            input=PASSWORD,
        )
        assert (made["role"], made["stores"], made["regions"], made["active"]) == (
            "store_manager",
            ["S1"],
            [],
            True,
        )
        assert "password" not in made
        laoke("user", "add", "own", "--role", "owner", "--password-stdin", input=PASSWORD)
        assert asked("user", "role", "lin", "operations")["role"] == "operations"
        assert asked("user", "scope", "lin", "--region", "east", "--store", "S2")["regions"] == ["east"]
        assert asked("user", "scope", "lin", "--all")["stores"] is None
        assert asked("user", "disable", "lin")["active"] is False
        assert asked("user", "enable", "lin")["active"] is True
        assert (
            laoke("user", "password", "lin", "--password-stdin", input="another-good-one-42\n").exit_code == 0
        )
        listed = laoke("user", "list")
        assert [line.split()[:3] for line in listed.stdout.splitlines()] == [
            ["USER", "NAME", "ROLE"],
            ["lin", "lin", "operations"],
            ["own", "own", "owner"],
        ]

    def test_a_password_of_somebody_else_is_good_once(self, laoke):
        from laoke.foundation.staff.models import Staff

        def asked_for_another(name):
            return Staff.objects.get(username=name).password_given

        laoke("user", "add", "own", "--role", "owner", "--password-stdin", input=PASSWORD)
        laoke("user", "add", "lin", "--role", "finance", "--password-stdin", input=PASSWORD)
        laoke(
            "user", "add", "mei", "--role", "finance", "--password-stdin", "--password-stays", input=PASSWORD
        )
        assert [asked_for_another(name) for name in ("own", "lin", "mei")] == [False, True, False]
        for name in ("own", "lin", "mei"):
            laoke("user", "password", name, "--password-stdin", input="another-good-one-42\n")
        assert [asked_for_another(name) for name in ("own", "lin", "mei")] == [False, True, True]
        laoke("user", "password", "mei", "--password-stdin", "--password-stays", input=PASSWORD)
        assert not asked_for_another("mei")

    @pytest.mark.parametrize(
        ("arguments", "given", "says"),
        [
            (["add", "lin", "--role", "owner", "--password-stdin"], "short\n", "stronger password"),
            (["add", "lin", "--role", "owner", "--password-stdin"], "", "Standard input was empty"),
            (["add", "lin", "--role", "owner"], None, "--password-stdin"),
            (["add", "lin", "--role", "king", "--password-stdin"], PASSWORD, "There is no role king"),
            (["add", "lin", "--role", "owner", "--store", "S9"], None, "Store S9. Known are S1, S2."),
            (["role", "nobody", "owner"], None, "There is no account nobody"),
            (["scope", "nobody"], None, "takes stores or regions, or else --all"),
        ],
    )
    @pytest.mark.usefixtures("stores")
    def test_what_cannot_be_is_refused_and_leaves_no_account(self, laoke, arguments, given, says):
        result = laoke("user", *arguments, input=given)
        assert result.exit_code == 2
        assert says in result.stderr
        assert result.stdout == ""
        assert (
            laoke("user", "list").stdout
            == "No accounts yet. `laoke user add NAME --role owner` makes the first.\n"
        )

    def test_the_last_owner_stays(self, laoke):
        laoke("user", "add", "own", "--role", "owner", "--password-stdin", input=PASSWORD)
        result = laoke("user", "disable", "own")
        assert (result.exit_code, "Make another account an owner first." in result.stderr) == (2, True)


class TestKeys:
    @pytest.mark.usefixtures("stores")
    def test_a_key_is_shown_once_works_and_ends(self, laoke, asked):
        result = laoke("apikey", "create", "till 3", "--till", "--store", "S1")
        key = result.stdout.strip()
        assert "Keep it now" in result.stderr
        assert apikeys.authenticate(f"Bearer {key}", datetime.now(UTC)).label == "till 3"
        (listed,) = asked("apikey", "list")
        assert (listed["stores"], "key" in listed) == (["S1"], False)
        assert "quotes:write" in listed["scopes"]
        assert key not in laoke("apikey", "list").stdout
        revoked = asked("apikey", "revoke", listed["prefix"])
        assert revoked["revoked_at"] is not None

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["create", "x"], "at least one permission"),
            (["create", "x", "--scope", "world:rule"], "There is no scope world:rule"),
            (["revoke", "nosuch"], "There is no API key nosuch"),
        ],
    )
    def test_what_cannot_be_is_refused(self, laoke, arguments, says):
        result = laoke("apikey", *arguments)
        assert (result.exit_code, says in result.stderr) == (2, True)


class TestWebhooks:
    def test_an_endpoint_is_added_switched_off_and_on(self, laoke, asked):
        made = asked("webhook", "add", "crm", "https://example.com/laoke", "--topic", "order.committed")
        number = str(made["id"])
        assert made["secret"].startswith("whsec_")
        assert [("secret" in each, each["topics"]) for each in asked("webhook", "list")] == [
            (False, ["order.committed"])
        ]
        assert asked("webhook", "disable", number, "--reason", "moving")["disabled_reason"] == "moving"
        assert "off (moving)" in laoke("webhook", "list").stdout
        assert asked("webhook", "enable", number)["active"] is True
        assert asked("webhook", "deliveries", number, "--status", "given_up") == []

    @pytest.mark.parametrize(
        "arguments",
        [["disable", "77"], ["enable", "77"], ["deliveries", "77"], ["add", "x", "ftp://example.com/"]],
    )
    def test_what_cannot_be_is_refused(self, laoke, arguments):
        assert laoke("webhook", *arguments).exit_code == 2


class TestReseal:
    def test_webhook_secrets_are_sealed_with_the_new_key(self, laoke, asked, settings, monkeypatch):
        from dataclasses import replace

        asked("webhook", "add", "crm", "https://example.com/laoke")
        old = settings.LAOKE
        settings.LAOKE = replace(old, data_key=b"n" * 32, old_data_keys=(old.data_key,))
        assert asked("reseal")["webhook_endpoints"] == 1
        settings.LAOKE = replace(old, data_key=b"n" * 32)
        with connection.cursor() as cursor:
            cursor.execute("select secret from foundation_webhookendpoint")
            (secret,) = cursor.fetchone()
        from laoke.foundation import vault

        assert vault.unseal(secret, "webhook.secret").startswith("whsec_")


def test_settings_name_secrets_and_never_show_them(laoke, asked, settings):
    rows = {row["setting"]: row for row in asked("settings")}
    assert rows["LAOKE_PORT"] == {"setting": "LAOKE_PORT", "value": 8000, "from": "default"}
    assert rows["LAOKE_HOME"]["from"] == "environment"
    assert rows["LAOKE_DATA_KEY"]["value"] == "(secret)"
    text = laoke("settings").stdout
    assert settings.LAOKE.secret_key not in text
    assert settings.DATABASE_TARGET.password not in text
