"""`laoke apikey`: keys for tills, shops and scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.surfaces.cli import places
from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready, say

if TYPE_CHECKING:
    from laoke.foundation.apikeys.services import ApiKeyInfo

app = typer.Typer(help="API keys: what tills, shops and scripts call with.", no_args_is_help=True)
# What a till needs for its whole conversation.
TILL_SCOPES = (
    "quotes:write", "orders:read", "orders:write", "returns:write", "members:read", "members:write", "points:read",
    "tiers:read", "stores:read", "products:read", "programme:read",
)  # fmt: skip


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, such as “till 3”.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="A permission; repeat for more.")] = None,
    till: Annotated[bool, typer.Option("--till", help="Everything a till needs.")] = False,
    store: Annotated[
        list[str] | None, typer.Option("--store", help="Limit to this store (code); repeat for more.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Ends after so many days.")] = None,
    json: Json = False,
) -> None:
    """Make a key and print it on stdout: now, and never again.

    Example: laoke apikey create "till 3" --till --store S001
    """
    scopes = sorted({*(scope or ()), *(TILL_SCOPES if till else ())})
    if not scopes:
        raise typer.BadParameter("takes at least one permission, or else --till", param_hint="--scope")
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.apikeys import services

        at = now()
        ends = at + timedelta(days=days) if days else None
        stores = places.store_ids(store) if store else None
        info, key = services.create(SYSTEM, name, scopes, stores, ends, at=at)
        emit(_plain(info) | {"key": key}, as_json=json, text=key)
        if not json:
            say(f"Keep it now: it is not shown again. `laoke apikey revoke {info.prefix}` ends it.")


@app.command("list")
def show(json: Json = False) -> None:
    """Show every key, revoked ones too, newest first. The keys themselves are not kept.

    Example: laoke apikey list
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.apikeys import services

        at = now()
        keys = services.list_keys(SYSTEM)
        rows = [
            (
                key.prefix,
                key.name,
                "revoked"
                if key.revoked_at
                else "ended"
                if key.expires_at and key.expires_at <= at
                else "valid",
                "all" if (stores := _plain(key)["stores"]) is None else " ".join(stores),
                key.last_used_at,
                " ".join(key.scopes),
            )
            for key in keys
        ]
        headings = ("PREFIX", "NAME", "STATE", "STORES", "LAST USED", "SCOPES")
        text = columns(headings, rows, "No keys yet. `laoke apikey create NAME --till` makes one.")
        emit([_plain(key) for key in keys], as_json=json, text=text)


@app.command("revoke")
def revoke(
    prefix: Annotated[str, typer.Argument(help="The part after lk_, as `laoke apikey list` shows it.")],
    json: Json = False,
) -> None:
    """End a key for good. It is refused everywhere within 5 seconds.

    Example: laoke apikey revoke 3k7x9q2m1a
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.apikeys import services

        info = services.revoke(SYSTEM, prefix, at=now())
        if json:
            emit(_plain(info), as_json=True, text="")
        else:
            say(f"The key {prefix} ({info.name}) is revoked.")


def _plain(info: ApiKeyInfo) -> dict[str, Any]:
    return {
        "prefix": info.prefix,
        "name": info.name,
        "scopes": list(info.scopes),
        "stores": None
        if info.store_ids is None
        else places.codes(info.store_ids, places.store_ids_by_code()),
        "created_by": info.created_by,
        "created_at": info.created_at,
        "expires_at": info.expires_at,
        "revoked_at": info.revoked_at,
        "last_used_at": info.last_used_at,
    }
