"""`laoke demo`: the demo shop, built once, then web and worker with the ways in printed."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from laoke.foundation.access import SYSTEM, Role, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.staff import services as staff
from laoke.surfaces.cli.session import console
from laoke.surfaces.demo import loader

_STEPS = {
    "generate": "inventing the shop",
    "members": "registering members",
    "orders": "playing orders and returns",
    "expire": "expiring points",
    "rfm": "scoring members",
}
_LOGINS = (
    ("owner", "林禾", Role.OWNER),
    ("operations", "周邻", Role.OPERATIONS),
    ("finance", "吴算", Role.FINANCE),
    ("service", "郑晴", Role.CUSTOMER_SERVICE),
)
# A till's key: what the tutorial uses, and what one would look at with it.
_TILL_SCOPES = (
    Scope.QUOTES, Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.RETURNS_WRITE, Scope.MEMBERS_READ,
    Scope.MEMBERS_WRITE, Scope.POINTS_READ, Scope.TIERS_READ, Scope.STORES_READ, Scope.PRODUCTS_READ,
    Scope.PROGRAMME_READ, Scope.METRICS_READ,
)  # fmt: skip


def build(members: int, now: datetime) -> dict[str, str]:
    """Build the shop if it is not there yet; returns the ways in, the same ones at every start."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        tasks: dict[str, int] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(_STEPS[name], total=total)
                if not console.is_terminal:
                    console.print(f"{_STEPS[name]} …")
            bars.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        loader.load(members, now, step)
    return _ways_in(now)


def _ways_in(now: datetime) -> dict[str, str]:
    """Logins and an API key; kept in a file only this account can read, so that a later start shows the same."""
    path = Path(settings.LAOKE.home) / "demo-access.json"
    if path.exists():
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return known
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    for username, name, role in _LOGINS:
        staff.create(SYSTEM, username, name, role, password, at=now)
    _, key = apikeys.create(SYSTEM, "demo till", [scope.value for scope in _TILL_SCOPES], None, None, at=now)
    access = {
        "logins": ", ".join(username for username, _, _ in _LOGINS),
        "password": password,
        "api_key": key,
    }
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(access, file)
    return access


def show(access: dict[str, str]) -> None:
    """Print where to go and how to get in."""
    config = settings.LAOKE
    base = f"http://{'localhost' if config.host in ('127.0.0.1', '0.0.0.0') else config.host}:{config.port}"  # noqa: S104
    console.print(
        Panel(
            f"[bold]禾邻生活[/] is open.\n\n"
            f"Start page    {base}/\n"
            f"API docs      {base}/v1/docs\n"
            f"API key       {access['api_key']}\n"
            f"Logins        {access['logins']}\n"
            f"Password      {access['password']}\n\n"
            f"A first price:\n"
            f"curl -s {base}/v1/quotes -H 'Authorization: Bearer {access['api_key']}' \\\n"
            f"  -H 'Content-Type: application/json' \\\n"
            f"  -d '{loader.example_basket()}'\n\n"
            f"Ctrl-C stops everything; the data stays in {config.home}",
            title="Laoke 老客",
            expand=False,
        )
    )
