"""API keys: shown once, kept as a hash, checked cheaply, revoked everywhere within five seconds."""

from __future__ import annotations

import hashlib
import timeit
from datetime import UTC, datetime, timedelta

import pytest

from laoke.foundation.access import SYSTEM, WHOLE_SHOP, Caller, MissingScope
from laoke.foundation.apikeys import services
from laoke.foundation.apikeys.errors import (
    NoSuchApiKey,
    ScopesBeyondOwn,
    ScopesOfWholeShop,
    Unauthenticated,
    UnknownScopes,
)
from laoke.foundation.models import ApiKey, AuditEntry

T0 = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache():
    services.forget_cached()
    yield
    services.forget_cached()


def make(scopes=("orders:write", "quotes:write"), stores=None, expires=None):
    return services.create(SYSTEM, "Till 1", scopes, stores, expires, at=T0)


def test_a_key_is_shown_once_and_kept_as_a_hash():
    info, key = make(stores=[4, 2])
    assert key.startswith(f"lk_{info.prefix}_")
    assert len(key) == 3 + 10 + 1 + 43
    row = ApiKey.objects.get()
    assert bytes(row.digest) == hashlib.sha256(key.encode()).digest()
    assert (info.scopes, info.store_ids, info.created_by) == (
        ("orders:write", "quotes:write"),
        (2, 4),
        "system",
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id) == ("apikey.created", info.prefix)
    assert key not in str(entry.after)


def test_a_key_opens_the_door_to_its_scopes_and_stores():
    info, key = make(stores=[4])
    caller = services.authenticate(f"Bearer {key}", T0)
    assert caller == Caller(
        "apikey", info.id, "Till 1", frozenset({"orders:write", "quotes:write"}), frozenset({4})
    )


def test_what_is_not_a_valid_key_is_refused_alike():
    _, key = make()
    _, expired = make(expires=T0 + timedelta(hours=1))
    late = T0 + timedelta(hours=1)
    for header in (
        None,
        "",
        key,
        f"Basic {key}",
        "Bearer lk_",
        "Bearer lk_x",
        "Bearer lk_aaaaaaaaaa_bbb",
        "Bearer lk_a\0_b",
        f"Bearer {key}x",
        f"Bearer {key[:-1]}",
        "Bearer lk_\udcff_\udcff",
        f"Bearer {expired}",
    ):
        with pytest.raises(Unauthenticated) as refusal:
            services.authenticate(header, late)
        assert refusal.value.status == 401


def test_a_revoked_key_is_refused_at_once_here_and_after_five_seconds_elsewhere():
    info, key = make()
    other, _ = make()
    services.authenticate(f"Bearer {key}", T0)
    # Another process revokes: this one's memory still answers, for five seconds.
    ApiKey.objects.filter(pk=info.id).update(revoked_at=T0)
    services.authenticate(f"Bearer {key}", T0 + timedelta(seconds=4.9))
    with pytest.raises(Unauthenticated):
        services.authenticate(f"Bearer {key}", T0 + timedelta(seconds=5))

    ApiKey.objects.filter(pk=info.id).update(revoked_at=None)
    services.authenticate(f"Bearer {key}", T0)
    assert services.revoke(SYSTEM, info.prefix, at=T0).revoked_at == T0
    with pytest.raises(Unauthenticated):
        services.authenticate(f"Bearer {key}", T0)
    services.revoke(SYSTEM, info.prefix, at=T0 + timedelta(days=1))
    assert ApiKey.objects.get(pk=info.id).revoked_at == T0
    assert AuditEntry.objects.filter(action="apikey.revoked").count() == 1
    assert [key.prefix for key in services.list_keys(SYSTEM)] == [other.prefix, info.prefix]


def test_the_memory_never_outlives_the_key():
    _, key = make(expires=T0 + timedelta(seconds=2))
    services.authenticate(f"Bearer {key}", T0)
    with pytest.raises(Unauthenticated):
        services.authenticate(f"Bearer {key}", T0 + timedelta(seconds=2))


def test_last_use_is_written_once_a_minute(django_assert_num_queries):
    info, key = make()
    header = f"Bearer {key}"
    with django_assert_num_queries(2):
        services.authenticate(header, T0)
    with django_assert_num_queries(0):
        services.authenticate(header, T0 + timedelta(seconds=4))
    with django_assert_num_queries(1):
        services.authenticate(header, T0 + timedelta(seconds=30))
    with django_assert_num_queries(2):
        services.authenticate(header, T0 + timedelta(seconds=61))
    assert ApiKey.objects.get(pk=info.id).last_used_at == T0 + timedelta(seconds=61)


def test_a_remembered_key_costs_microseconds():
    _, key = make()
    header = f"Bearer {key}"
    services.authenticate(header, T0)
    best = min(timeit.repeat(lambda: services.authenticate(header, T0), number=2000, repeat=5)) / 2000
    assert best < 15e-6


def test_nobody_makes_a_key_that_may_do_more_than_they_may():
    manager = Caller("staff", 1, "li", frozenset({"apikeys:manage", "orders:read"}), frozenset({1, 2}))
    services.create(manager, "ok", ["orders:read"], [1], None, at=T0)
    for scopes, stores in ((["orders:write"], [1]), (["orders:read"], None), (["orders:read"], [1, 3])):
        with pytest.raises(ScopesBeyondOwn):
            services.create(manager, "more", scopes, stores, None, at=T0)
    with pytest.raises(UnknownScopes, match="There is no scope orders:wrte"):
        services.create(SYSTEM, "typo", ["orders:wrte"], None, None, at=T0)
    nobody = Caller("staff", 2, "wu", frozenset())
    for forbidden in (
        lambda: services.create(nobody, "x", [], None, None, at=T0),
        lambda: services.revoke(nobody, "x", at=T0),
        lambda: services.list_keys(nobody),
    ):
        with pytest.raises(MissingScope):
            forbidden()
    with pytest.raises(NoSuchApiKey):
        services.revoke(SYSTEM, "nothing", at=T0)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("scope", sorted(WHOLE_SHOP))
def test_a_key_limited_to_stores_holds_nothing_of_the_whole_shop(scope):
    with pytest.raises(ScopesOfWholeShop) as refused:
        make(scopes=["orders:read", scope], stores=[4])
    assert refused.value.extensions["scopes"] == [scope.value]
    assert scope.value in refused.value.detail
    assert not ApiKey.objects.exists()
    assert not AuditEntry.objects.exists()
    info, _ = make(scopes=["orders:read", scope])
    assert info.scopes == tuple(sorted(("orders:read", scope.value)))


def test_a_limited_key_made_before_that_was_refused_goes_on_without():
    _, key = make(scopes=["orders:read", *WHOLE_SHOP])
    ApiKey.objects.update(store_ids=[4])
    services.forget_cached()
    caller = services.authenticate(f"Bearer {key}", T0)
    assert caller.scopes == {"orders:read"}
    assert caller.stores == {4}
