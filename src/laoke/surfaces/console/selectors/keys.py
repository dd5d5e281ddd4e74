"""API keys as the page shows them, and what a new one can be given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from laoke.foundation.access import SCOPE_LABELS, Caller, Scope
from laoke.foundation.apikeys import services
from laoke.foundation.apikeys.errors import NoSuchApiKey
from laoke.foundation.apikeys.services import ApiKeyInfo
from laoke.purchases import entries
from laoke.surfaces.console.naming import Named

# What belongs together on the form and in the list.
GROUPS: tuple[tuple[Any, tuple[Scope, ...]], ...] = (
    (_("Tills and orders"), (Scope.QUOTES, Scope.ORDERS_WRITE, Scope.RETURNS_WRITE, Scope.ORDERS_READ)),
    (
        _("Members"),
        (
            Scope.MEMBERS_READ,
            Scope.MEMBERS_WRITE,
            Scope.MEMBERS_REVEAL,
            Scope.MEMBERS_MERGE,
            Scope.MEMBERS_ERASE,
        ),
    ),
    (_("Points and tiers"), (Scope.POINTS_READ, Scope.POINTS_ADJUST, Scope.TIERS_READ)),
    (
        _("Stores and products"),
        (Scope.STORES_READ, Scope.STORES_WRITE, Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE),
    ),
    (
        _("Rules and figures"),
        (Scope.PROGRAMME_READ, Scope.PROGRAMME_WRITE, Scope.INSIGHT_READ, Scope.METRICS_READ),
    ),
    (_("Management"), (Scope.WEBHOOKS, Scope.STAFF, Scope.API_KEYS, Scope.AUDIT_READ)),
)
# What can do harm that no undo mends, or shows personal data in clear.
GRAVE = frozenset(
    {Scope.MEMBERS_REVEAL, Scope.MEMBERS_ERASE, Scope.PROGRAMME_WRITE, Scope.STAFF, Scope.API_KEYS}
)
_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key. `state` is "live", "soon" (expires within two weeks), "expired" or "revoked".

    `scopes` are words, `stores` names; None: all stores.
    """

    name: str
    prefix: str
    state: str
    scopes: tuple[Any, ...]
    stores: tuple[Named, ...] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyList:
    """Keys that work and keys that do so no more, each newest first."""

    live: tuple[KeyLine, ...]
    ended: tuple[KeyLine, ...]


def key_list(caller: Caller, at: datetime) -> KeyList:
    """All keys.

    Raises:
        MissingScope
    """
    found = services.list_keys(caller)
    names = _stores({store for key in found for store in key.store_ids or ()})
    lines = [_line(key, names, at) for key in found]
    return KeyList(
        tuple(line for line in lines if line.state in ("live", "soon")),
        tuple(line for line in lines if line.state in ("expired", "revoked")),
    )


def key_line(caller: Caller, prefix: str, at: datetime) -> KeyLine:
    """One key.

    Raises:
        MissingScope, NoSuchApiKey
    """
    key = next((each for each in services.list_keys(caller) if each.prefix == prefix), None)
    if key is None:
        raise NoSuchApiKey(prefix)
    return _line(key, _stores(set(key.store_ids or ())), at)


def scope_choices(caller: Caller) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """What the caller may hand on, in groups: a key never may more than its maker."""
    grouped = (
        (label, [(scope.value, SCOPE_LABELS[scope]) for scope in scopes if scope in caller.scopes])
        for label, scopes in GROUPS
    )
    return [(label, choices) for label, choices in grouped if choices]


def store_choices(caller: Caller) -> list[tuple[str, str]]:
    """The active stores the caller may limit a key to, by code."""
    return [
        (str(row.id), f"{row.store.code} {row.store.name}")
        for row in entries.stores(caller.stores, active=True)
    ]


def _stores(ids: set[int]) -> dict[int, Named]:
    found = entries.stores(ids) if ids else ()
    return {row.id: Named(row.store.name, row.store.name_en or row.store.name) for row in found}


def _line(key: ApiKeyInfo, names: dict[int, Named], at: datetime) -> KeyLine:
    if key.revoked_at is not None:
        state = "revoked"
    elif key.expires_at is None:
        state = "live"
    elif key.expires_at <= at:
        state = "expired"
    else:
        state = "soon" if key.expires_at <= at + _SOON else "live"
    known = {scope.value: label for scope, label in SCOPE_LABELS.items()}
    return KeyLine(
        name=key.name,
        prefix=key.prefix,
        state=state,
        scopes=tuple(known.get(scope, scope) for scope in key.scopes),
        stores=None
        if key.store_ids is None
        else tuple(names.get(store, Named(str(store), str(store))) for store in key.store_ids),
        created_by=key.created_by,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )
