"""Staff accounts: roles, store scope, and an owner who cannot lock everybody out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import translation

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, MissingScope, Role
from laoke.foundation.models import AuditEntry, Staff
from laoke.foundation.staff import services
from laoke.foundation.staff.errors import (
    LastOwner,
    NoSuchStaff,
    OwnerSeesAll,
    UnknownRole,
    UsernameTaken,
    WeakPassword,
)

T0 = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
PASSWORD = "wan-an-hutong-9"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_hash(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make(username="li", role="owner", **scope):
    return services.create(SYSTEM, username, "李", role, PASSWORD, at=T0, **scope)


def no_regions(region_ids):
    raise AssertionError("nobody should ask")


def test_an_account_has_the_scopes_of_its_role():
    staff = make(role="analyst")
    assert staff.check_password(PASSWORD)
    caller = services.caller_for(staff, no_regions)
    assert (caller.kind, caller.id, caller.label) == ("staff", staff.pk, "li")
    assert caller.scopes == {scope.value for scope in ROLE_SCOPES[Role.ANALYST]}
    assert caller.stores is None
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.after["role"]) == ("staff.created", "li", "analyst")


def test_stores_and_regions_limit_an_account():
    def regions(ids):
        return frozenset(100 + i for i in ids)

    assert services.caller_for(make("a", "operations", store_ids=[1]), no_regions).stores == {1}
    assert services.caller_for(make("b", "operations", store_ids=[1], region_ids=[7]), regions).stores == {
        1,
        107,
    }
    # Limited to no store at all is not the same as unlimited.
    assert services.caller_for(make("c", "operations", store_ids=[]), no_regions).stores == frozenset()
    staff = services.change_scope(SYSTEM, "c", store_ids=None, region_ids=[9, 8], at=T0)
    assert services.caller_for(staff, regions).stores == {108, 109}


def test_the_last_owner_stays():
    make("li", "owner")
    with pytest.raises(LastOwner):
        services.disable(SYSTEM, "li", at=T0)
    with pytest.raises(LastOwner):
        services.change_role(SYSTEM, "li", "analyst", at=T0)
    make("wu", "owner")
    assert services.change_role(SYSTEM, "li", "analyst", at=T0).role == "analyst"
    with pytest.raises(LastOwner):
        services.disable(SYSTEM, "wu", at=T0)
    services.enable(SYSTEM, "wu", at=T0)
    assert Staff.objects.get(username="wu").is_active


def test_a_disabled_account_may_nothing():
    make("wu", "owner")
    make("li", "finance")
    staff = services.disable(SYSTEM, "li", at=T0)
    assert services.caller_for(staff, no_regions).scopes == frozenset()
    assert services.caller_for(services.enable(SYSTEM, "li", at=T0), no_regions).scopes != frozenset()
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["staff.created", "staff.created", "staff.disabled", "staff.enabled"]


@pytest.mark.parametrize("password", ["short", "password123", "1234567890", "operations-li"])
def test_weak_passwords_are_refused_with_the_reason(password):
    with pytest.raises(WeakPassword) as refusal:
        services.create(SYSTEM, "operations-l", "李", "owner", password, at=T0)
    assert refusal.value.extensions["reasons"]
    assert Staff.objects.count() == 0


def test_one_sets_ones_own_password_and_managers_anybodys():
    staff = make("li", "associate")
    make("wu", "associate")
    own = services.caller_for(staff, no_regions)
    services.set_password(own, "li", "xin-de-mima-88", at=T0)
    assert Staff.objects.get(username="li").check_password("xin-de-mima-88")
    with pytest.raises(MissingScope):
        services.set_password(own, "wu", "xin-de-mima-88", at=T0)
    # An API key that happens to be called like the account is not the account.
    with pytest.raises(MissingScope):
        services.set_password(Caller("apikey", 1, "li", frozenset()), "li", "xin-de-mima-99", at=T0)
    assert "mima" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_refusals_leave_nothing_behind():
    make("li")
    with pytest.raises(UsernameTaken):
        make("li")
    with translation.override("en"), pytest.raises(UnknownRole, match="There is no role boss"):
        make("wu", "boss")
    with pytest.raises(NoSuchStaff):
        services.disable(SYSTEM, "wu", at=T0)
    with pytest.raises(MissingScope):
        services.create(Caller("staff", 1, "x", frozenset()), "wu", "吴", "owner", PASSWORD, at=T0)
    assert Staff.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_owners_are_not_limited_to_stores():
    """Who gives rights out must hold all of them."""
    with pytest.raises(OwnerSeesAll):
        make("boss", store_ids=[1])
    make("anna", "store_manager", store_ids=[1])
    with pytest.raises(OwnerSeesAll):
        services.change_role(SYSTEM, "anna", "owner", at=T0)
    make("chief")
    with pytest.raises(OwnerSeesAll):
        services.change_scope(SYSTEM, "chief", store_ids=None, region_ids=[2], at=T0)
    with pytest.raises(OwnerSeesAll):
        services.edit(SYSTEM, "anna", name="Anna", role="owner", store_ids=[1], region_ids=None, at=T0)
    assert not Staff.objects.filter(username="boss").exists()
    anna, chief = Staff.objects.get(username="anna"), Staff.objects.get(username="chief")
    assert (anna.role, anna.store_ids, chief.region_ids) == ("store_manager", [1], None)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-hans", "密码太短：至少需要 10 个字符。"),
        ("en", "The password is too short: it takes at least 10 characters."),
    ],
)
def test_a_short_password_is_refused_in_the_language_of_the_page(language, said):
    with translation.override(language), pytest.raises(WeakPassword) as refused:
        services.create(SYSTEM, "li", "李", "analyst", "kx7-Q", at=T0)
    assert said in refused.value.detail
    assert not Staff.objects.exists()
