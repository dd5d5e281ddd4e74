"""Making, checking and revoking API keys.

A key reads `lk_<prefix>_<secret>`: the prefix is public and names the key in lists and logs, the secret has 256
random bits. Only its SHA-256 is kept; a slow hash would add nothing to a secret nobody can guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from laoke.foundation.access import WHOLE_SHOP, Caller, Scope
from laoke.foundation.apikeys.errors import (
    NoSuchApiKey,
    ScopesBeyondOwn,
    ScopesOfWholeShop,
    Unauthenticated,
    UnknownScopes,
)
from laoke.foundation.apikeys.models import ApiKey
from laoke.foundation.audit import services as audit

# A revoked key may be honoured this much longer by processes that used it just before.
CACHE_SECONDS = timedelta(seconds=5)
_LAST_USED_EVERY = timedelta(minutes=1)
_CACHE_SIZE = 4096
_PREFIX_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class ApiKeyInfo:
    """A key as lists show it. `store_ids` None: all stores."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    store_ids: tuple[int, ...] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class _Known(NamedTuple):
    caller: Caller
    until: datetime


_cache: dict[bytes, _Known] = {}


def create(
    caller: Caller,
    name: str,
    scopes: Collection[str],
    store_ids: Sequence[int] | None,
    expires_at: datetime | None,
    *,
    at: datetime,
) -> tuple[ApiKeyInfo, str]:
    """Make a key; the second part is the whole key, which is shown now and never again.

    Raises:
        MissingScope: the caller may not manage keys.
        UnknownScopes: a scope that does not exist.
        ScopesBeyondOwn: more scopes or stores than the caller has.
        ScopesOfWholeShop: limited to stores, and yet with what concerns all of them.
    """
    caller.require(Scope.API_KEYS)
    known = {scope.value for scope in Scope}
    if unknown := set(scopes) - known:
        raise UnknownScopes(unknown, known)
    beyond = set(scopes) - caller.scopes
    if beyond or (caller.stores is not None and not (store_ids and caller.stores.issuperset(store_ids))):
        raise ScopesBeyondOwn(beyond)
    if store_ids is not None and (whole := set(scopes) & WHOLE_SHOP):
        raise ScopesOfWholeShop(whole)
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(10))
    key = f"lk_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        row = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            digest=_digest(key),
            scopes=sorted(scopes),
            store_ids=None if store_ids is None else sorted(store_ids),
            created_by=caller.label,
            created_at=at,
            expires_at=expires_at,
        )
        after = {"name": name, "scopes": row.scopes, "store_ids": row.store_ids}
        audit.record(caller, "apikey.created", "apikey", prefix, at=at, after=after)
    return _info(row), key


def revoke(caller: Caller, prefix: str, *, at: datetime) -> ApiKeyInfo:
    """End a key for good. It is refused everywhere within 5 s, in this process at once. A repeat changes nothing.

    Raises:
        MissingScope, NoSuchApiKey.
    """
    caller.require(Scope.API_KEYS)
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().filter(prefix=prefix).first()
        if row is None:
            raise NoSuchApiKey(prefix)
        if row.revoked_at is None:
            row.revoked_at = at
            row.save(update_fields=["revoked_at"])
            audit.record(caller, "apikey.revoked", "apikey", prefix, at=at)
    forget_cached()
    return _info(row)


def list_keys(caller: Caller) -> list[ApiKeyInfo]:
    """All keys, newest first, revoked ones included.

    Raises:
        MissingScope: the caller may not manage keys.
    """
    caller.require(Scope.API_KEYS)
    return [_info(row) for row in ApiKey.objects.order_by("-id")]


def authenticate(authorization: str | None, at: datetime) -> Caller:
    """Who sends this Authorization header.

    The answer is remembered for 5 s per process: on the hot path this is one hash and one look-up, and a
    revocation holds everywhere within 5 s. A key's last use is written at most once a minute.

    Raises:
        Unauthenticated: no header, not a Bearer key, unknown, revoked or expired.
    """
    if not authorization or not authorization.startswith("Bearer lk_"):
        raise Unauthenticated
    key = authorization[7:]
    digest = _digest(key)
    known = _cache.get(digest)
    if known is not None and at < known.until:
        return known.caller
    return _look_up(key, digest, at)


def forget_cached() -> None:
    """Make this process look up every key anew."""
    _cache.clear()


def _look_up(key: str, digest: bytes, at: datetime) -> Caller:
    parts = key.split("_", 2)
    # A NUL cannot be in any prefix, and PostgreSQL refuses it in a parameter.
    row = ApiKey.objects.filter(prefix=parts[1]).first() if len(parts) == 3 and parts[1].isalnum() else None
    if row is None or not hmac.compare_digest(bytes(row.digest), digest):
        raise Unauthenticated
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= at):
        raise Unauthenticated
    stale = at - _LAST_USED_EVERY
    if row.last_used_at is None or row.last_used_at < stale:
        # Conditional, so that of several processes one writes.
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=stale), pk=row.pk).update(
            last_used_at=at
        )
    scopes = frozenset(row.scopes)
    if row.store_ids is not None:
        # Keys made before this was refused go on without what concerns the whole shop.
        scopes -= WHOLE_SHOP
    caller = Caller(
        kind="apikey",
        id=row.pk,
        label=row.name,
        scopes=scopes,
        stores=None if row.store_ids is None else frozenset(row.store_ids),
    )
    until = at + CACHE_SECONDS
    if row.expires_at is not None:
        until = min(until, row.expires_at)
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[digest] = _Known(caller, until)
    return caller


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _info(row: ApiKey) -> ApiKeyInfo:
    return ApiKeyInfo(
        id=row.pk,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        store_ids=None if row.store_ids is None else tuple(row.store_ids),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
