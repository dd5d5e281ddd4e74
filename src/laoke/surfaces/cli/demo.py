"""`laoke demo`: the demo shop, built once, then web and worker with the ways in printed."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from rich.progress import TaskID

from laoke.foundation.access import SYSTEM, Role, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.config import Config
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.errors import UsernameTaken
from laoke.surfaces.cli.apikeys import TILL_SCOPES
from laoke.surfaces.cli.progress import bars
from laoke.surfaces.cli.session import console, say
from laoke.surfaces.cli.up import address
from laoke.surfaces.demo import loader

_STEPS = {
    "generate": "inventing the shop",
    "members": "registering members",
    "orders": "playing orders and returns",
    "expire": "expiring points",
    "close": "closing the months that are over",
    "rewards": "giving benefits and what points buy",
    "rfm": "scoring members",
    "figures": "counting figures",
    "flows": "counting who moved on the ladder",
}
_LOGINS = (
    ("owner", "林禾", Role.OWNER),
    ("operations", "周邻", Role.OPERATIONS),
    ("finance", "吴算", Role.FINANCE),
    ("service", "郑晴", Role.CUSTOMER_SERVICE),
)


def build(members: int, now: datetime) -> dict[str, str]:
    """Build the shop if it is not there yet; returns the ways in, the same ones at every start."""
    with bars() as progress:
        tasks: dict[str, TaskID] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(_STEPS[name], total=total)
                if not console.is_terminal:
                    say(f"{_STEPS[name]} …")
            progress.update(tasks[name], completed=done, total=total)

        loader.load(members, now, step)
    return _ways_in(now)


def _ways_in(now: datetime) -> dict[str, str]:
    """Logins and an API key; kept in a file only this account can read, so that a later start shows the same.

    Without the file (a start was interrupted here, somebody removed it) the logins get a new password.
    """
    path = Path(settings.LAOKE.home) / "demo-access.json"
    if path.exists():
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return known
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    for username, name, role in _LOGINS:
        try:
            staff.create(SYSTEM, username, name, role, password, at=now)
        except UsernameTaken:
            staff.set_password(SYSTEM, username, password, at=now, given=False)
    _, key = apikeys.create(SYSTEM, "demo till", [*TILL_SCOPES, Scope.METRICS_READ], None, None, at=now)
    access = {
        "logins": ", ".join(username for username, _, _ in _LOGINS),
        "password": password,
        "api_key": key,
    }
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(access, file)
    return access


def ways_in(access: dict[str, str], config: Config, *, running: bool) -> str:
    """Where to go and how to get in, in lines that can be copied."""
    base = address(config).rstrip("/")
    key = access["api_key"]
    last = (
        f"Ctrl-C stops everything; the data stays in {config.home}"
        if running
        else f"`laoke up` starts it; the data is in {config.home}"
    )
    return "\n".join(
        (
            "",
            "Laoke 老客: the demo shop 禾邻生活 is ready.",
            "",
            f"Start page    {base}/",
            f"API docs      {base}/v1/docs",
            f"API key       {key}",
            f"Logins        {access['logins']}",
            f"Password      {access['password']}",
            "",
            "A first price:",
            f"curl -s {base}/v1/quotes -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' "
            f"-d '{loader.example_basket()}'",
            "",
            last,
        )
    )
