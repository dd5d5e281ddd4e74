"""`laoke user`: staff accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.surfaces.cli import passwords, places
from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready, say

if TYPE_CHECKING:
    from laoke.foundation.staff.models import Staff
    from laoke.foundation.staff.selectors import Account

app = typer.Typer(help="Staff accounts: who may log in, and what they may do.", no_args_is_help=True)
Username = Annotated[str, typer.Argument(help="Name of the account.")]
Stores = Annotated[
    list[str] | None, typer.Option("--store", help="Limit to this store (code); repeat for more.")
]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", help="Limit to the stores of this region (code); repeat for more."),
]
Stays = Annotated[
    bool,
    typer.Option(
        "--password-stays", help="The person typed the password here themselves and is asked for no other."
    ),
]
OWNER = "owner"
ROLES = "owner, operations, analyst, finance, store_manager, associate, customer_service, auditor"


@app.command("add")
def add(
    username: Username,
    role: Annotated[str, typer.Option(help=f"One of {ROLES}.")],
    name: Annotated[str, typer.Option(help="The person's name; the user name unless given.")] = "",
    store: Stores = None,
    region: Regions = None,
    language: Annotated[str, typer.Option(help="zh-hans or en.")] = "zh-hans",
    password_stdin: passwords.FromStdin = False,
    password_stays: Stays = False,
    json: Json = False,
) -> None:
    """Make an account. Asks for its password; whoever it is for chooses another at the first sign-in, owners excepted.

    Example: laoke user add lin --role store_manager --store S001
    """
    with ready():
        from django.conf import settings

        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import services

        known = [code for code, _ in settings.LANGUAGES]
        if language not in known:
            raise typer.BadParameter(f"takes one of {', '.join(known)}", param_hint="--language")
        stores, regions = _places(store, region)
        made = services.create(
            SYSTEM,
            username,
            name or username,
            role,
            passwords.ask(username, from_stdin=password_stdin),
            at=now(),
            language=language,
            store_ids=stores,
            region_ids=regions,
            given=not (password_stays or role == OWNER),
        )
        _tell(made, json, f"Account {username} made, role {made.role}.")


@app.command("list")
def show(json: Json = False) -> None:
    """Show every account, the disabled ones too.

    Example: laoke user list --json
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import selectors

        accounts = [_plain(account) for account in selectors.accounts(SYSTEM)]
        rows = [
            (
                each["username"],
                each["name"],
                each["role"],
                "active" if each["active"] else "disabled",
                "everything" if each["stores"] is None else " ".join(each["stores"] + each["regions"]),
                each["last_login"],
            )
            for each in accounts
        ]
        headings = ("USER", "NAME", "ROLE", "STATE", "SEES", "LAST LOGIN")
        empty = "No accounts yet. `laoke user add NAME --role owner` makes the first."
        emit(accounts, as_json=json, text=columns(headings, rows, empty))


@app.command("role")
def role(
    username: Username, role: Annotated[str, typer.Argument(help=f"One of {ROLES}.")], json: Json = False
) -> None:
    """Give an account another role. Holds from its next request on.

    Example: laoke user role lin operations
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import services

        _tell(
            services.change_role(SYSTEM, username, role, at=now()),
            json,
            f"{username} has the role {role} now.",
        )


@app.command("scope")
def scope(
    username: Username,
    store: Stores = None,
    region: Regions = None,
    everything: Annotated[bool, typer.Option("--all", help="Lift the limit: all stores.")] = False,
    json: Json = False,
) -> None:
    """Limit an account to stores or regions, or lift the limit with --all.

    Example: laoke user scope lin --store S001 --store S002
    """
    if everything == bool(store or region):
        raise typer.BadParameter("takes stores or regions, or else --all", param_hint="--store")
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import services

        stores, regions = _places(store, region)
        changed = services.change_scope(SYSTEM, username, store_ids=stores, region_ids=regions, at=now())
        sees = "everything" if everything else " ".join([*(store or ()), *(region or ())])
        _tell(changed, json, f"{username} sees {sees} now.")


@app.command("password")
def password(
    username: Username, password_stdin: passwords.FromStdin = False, password_stays: Stays = False
) -> None:
    """Set an account's password. Asks for it; the account's sessions end, and its person chooses another at the next
    sign-in, owners excepted.

    Example: laoke user password lin
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import selectors, services

        secret = passwords.ask(username, from_stdin=password_stdin)
        own = password_stays or any(
            each.username == username and each.role.value == OWNER for each in selectors.accounts(SYSTEM)
        )
        services.set_password(SYSTEM, username, secret, at=now(), given=not own)
        say(f"The password of {username} is set.")


@app.command("disable")
def disable(username: Username, json: Json = False) -> None:
    """Shut an account out; its sessions end with their next request.

    Example: laoke user disable lin
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import services

        _tell(services.disable(SYSTEM, username, at=now()), json, f"{username} is shut out.")


@app.command("enable")
def enable(username: Username, json: Json = False) -> None:
    """Let a disabled account in again.

    Example: laoke user enable lin
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import services

        _tell(services.enable(SYSTEM, username, at=now()), json, f"{username} may log in again.")


@app.command("codes-off")
def codes_off(username: Username) -> None:
    """Ask an account for no one-time codes any more: phone and recovery codes are lost.

    Example: laoke user codes-off lin
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import codes

        codes.reset(SYSTEM, username, at=now())
        say(f"{username} is asked for no codes any more.")


def _places(stores: list[str] | None, regions: list[str] | None) -> tuple[list[int] | None, list[int] | None]:
    if not stores and not regions:
        return None, None
    return places.store_ids(stores or []), places.region_ids(regions or [])


def _tell(row: Staff, as_json: bool, words: str) -> None:
    from laoke.foundation.staff import selectors

    if as_json:
        emit(_plain(selectors.described(row)), as_json=True, text="")
    else:
        say(words)


def _plain(account: Account) -> dict[str, Any]:
    from laoke.purchases import regions

    limited = account.store_ids is not None or account.region_ids is not None
    return {
        "username": account.username,
        "name": account.name,
        "role": account.role.value,
        "language": account.language,
        "active": account.active,
        "stores": places.codes(account.store_ids or (), places.store_ids_by_code()) if limited else None,
        "regions": places.codes(account.region_ids or (), regions.ids_by_code()) if limited else None,
        "created_at": account.created_at,
        "last_login": account.last_login,
    }
