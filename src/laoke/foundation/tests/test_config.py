"""Settings of the identity provider: half of them, or a typing error, stop the start with a sentence."""

from __future__ import annotations

import pytest

from laoke.foundation import config
from laoke.foundation.config import BadSetting

WHOLE = {
    "LAOKE_OIDC_ISSUER": "https://id.example.com/realms/shop",
    "LAOKE_OIDC_CLIENT_ID": "laoke",
    "LAOKE_OIDC_CLIENT_SECRET": "secret",
}


@pytest.fixture
def read(tmp_path):
    return lambda **more: config.read({"LAOKE_HOME": str(tmp_path), **more})


def test_without_anything_there_is_no_provider(read):
    assert read().oidc_issuer == ""
    assert read().trusted_proxies == 0


def test_the_three_that_belong_together(read):
    found = read(**WHOLE, LAOKE_OIDC_ROLE_CLAIM="groups", LAOKE_OIDC_ROLES="a=b=owner, shops=associate")
    assert (found.oidc_issuer, found.oidc_client_secret) == (WHOLE["LAOKE_OIDC_ISSUER"], "secret")
    assert found.oidc_roles == ("a=b=owner", "shops=associate")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"LAOKE_OIDC_ISSUER": "https://id.example.com"}, "LAOKE_OIDC_CLIENT_ID"),
        ({"LAOKE_OIDC_CLIENT_ID": "x"}, "LAOKE_OIDC_ISSUER"),
        (WHOLE | {"LAOKE_OIDC_ISSUER": "http://id.example.com"}, "LAOKE_OIDC_ISSUER"),
        (WHOLE | {"LAOKE_OIDC_ISSUER": "id.example.com"}, "LAOKE_OIDC_ISSUER"),
        (WHOLE | {"LAOKE_OIDC_ISSUER": "https://id.example.com?x=1"}, "LAOKE_OIDC_ISSUER"),
        (WHOLE | {"LAOKE_OIDC_SCOPES": "profile"}, "LAOKE_OIDC_SCOPES"),
        (WHOLE | {"LAOKE_OIDC_CREATE_ROLE": "boss"}, "LAOKE_OIDC_CREATE_ROLE"),
        (WHOLE | {"LAOKE_OIDC_ROLES": "a=owner"}, "LAOKE_OIDC_ROLE_CLAIM"),
        (WHOLE | {"LAOKE_OIDC_ROLE_CLAIM": "groups"}, "LAOKE_OIDC_ROLES"),
        (WHOLE | {"LAOKE_OIDC_ROLE_CLAIM": "g", "LAOKE_OIDC_ROLES": "owner"}, "LAOKE_OIDC_ROLES"),
        (WHOLE | {"LAOKE_OIDC_ROLE_CLAIM": "g", "LAOKE_OIDC_ROLES": "a=boss"}, "LAOKE_OIDC_ROLES"),
        ({"LAOKE_TRUSTED_PROXIES": "10"}, "LAOKE_TRUSTED_PROXIES"),
        ({"LAOKE_TRUSTED_PROXIES": "-1"}, "LAOKE_TRUSTED_PROXIES"),
    ],
)
def test_what_cannot_work_is_named(read, settings, named):
    with pytest.raises(BadSetting) as refusal:
        read(**settings)
    assert refusal.value.extensions["setting"] == named


def test_a_provider_on_this_machine_may_speak_in_clear(read):
    assert read(**WHOLE | {"LAOKE_OIDC_ISSUER": "http://localhost:8080/realms/shop"}).oidc_issuer
