"""`laoke settings`: what is in force, and where it comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import refusals

if TYPE_CHECKING:
    from laoke.foundation.database import DatabaseTarget

_SECRETS = {"secret_key", "data_key", "index_key", "old_data_keys", "oidc_client_secret"}


def settings(json: Json = False) -> None:
    """Print the settings in force, and where each comes from. Secrets are named, never shown.

    Example: laoke settings --json
    """
    with refusals():
        from laoke.foundation import config as configuration
        from laoke.foundation.database import resolve

        config = configuration.read(os.environ)
        rows: list[dict[str, Any]] = [
            {"setting": "LAOKE_HOME", "value": str(config.home), "from": _source("LAOKE_HOME")},
            {
                "setting": "DATABASE_URL",
                "value": _where(resolve(os.environ, config.home)),
                "from": _source("DATABASE_URL"),
            },
        ]
        for name, attribute in configuration.names().items():
            value = getattr(config, attribute)
            source = _source(name)
            if attribute in _SECRETS:
                if source == "default" and value:
                    source = str(config.home / "secrets.json")
                value = "(secret)" if value else ""
            elif isinstance(value, tuple):
                value = ",".join(value)
            rows.append({"setting": name, "value": value, "from": source})
        text = columns(("SETTING", "VALUE", "FROM"), [tuple(row.values()) for row in rows], "")
        emit(rows, as_json=json, text=text)


def _source(name: str) -> str:
    return "environment" if os.environ.get(name, "").strip() else "default"


def _where(target: DatabaseTarget) -> str:
    if target.embedded:
        return "(embedded)"
    host = target.host or "local socket"
    return f"{target.name} on {host}{f':{target.port}' if target.port else ''} as {target.user or 'this account'}"
