"""`laoke backup` and `laoke restore`: everything in one file, and back, proved before it counts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from laoke.kernel.errors import LaokeError
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import console, now, ready, say

if TYPE_CHECKING:
    from laoke.foundation.checks import Finding
    from laoke.foundation.database import DatabaseTarget, Manifest

# More than can be published between the last look at the old counters and the swap, seconds later.
_LEAP = 100
_PHASES = {
    "dump": "writing",
    "load": "loading",
    "index": "building indexes",
    "prove": "proving",
    "swap": "swapping",
}
_LINE_EVERY = 10.0  # seconds


class OtherKeys(LaokeError):
    """The personal data in a backup is encrypted with keys that this installation does not have."""

    code, status, title = "other-keys", 409, "This backup belongs to other keys"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"It needs {' and '.join(missing)}, which this installation does not have: names, phones and cards could "
            "not be read. Put back the secrets.json that was kept with the backup (or LAOKE_DATA_KEY, LAOKE_INDEX_KEY "
            "and LAOKE_OLD_DATA_KEYS). To restore everything but the personal data, add --other-keys."
        )


class NotProven(LaokeError):
    """The books in a backup do not hold. The data that was there is untouched."""

    code, status, title = "restore-not-proven", 422, "The backup does not hold"

    def __init__(self, broken: Sequence[Finding]) -> None:
        listed = "; ".join(f"{each.name}: {each.says} ({each.broken} times not)" for each in broken)
        super().__init__(
            f"{listed}. Nothing was changed. Take an earlier backup, or --unproven to restore it anyway."
        )


class NewerBackup(LaokeError):
    """The backup was made by a later version of Laoke. The data that was there is untouched."""

    code, status, title = "newer-backup", 409, "This backup was made by a newer version"

    def __init__(self, version: str) -> None:
        super().__init__(
            f"It was made by Laoke {version}. Install that version or a later one. Nothing was changed."
        )


def backup(
    file: Annotated[
        Path, typer.Argument(help="Where to; an older file of that name is replaced when the new is whole.")
    ],
    json: Json = False,
) -> None:
    """Write everything into one file, as it is at one instant. Tills go on selling meanwhile.

    The personal data in it stays encrypted: keep secrets.json of the home too, and in another place.

    Example: laoke backup /mnt/backup/laoke-monday.tar
    """
    with ready():
        from django.conf import settings

        from laoke.foundation.database import dump

        begun = time.monotonic()
        with _shown() as progress:
            manifest = dump(settings.DATABASE_TARGET, file, progress, at=now(), about=_about())
        seconds = time.monotonic() - begun
        size = file.stat().st_size
        words = f"{file}: {size / 1e6:,.1f} MB in {seconds:.1f} s. `laoke restore {file}` puts it back."
        emit(_plain(manifest) | {"file": str(file), "bytes": size}, as_json=json, text=words)


def restore(
    file: Annotated[Path, typer.Argument(help="A file of `laoke backup`.")],
    other_keys: Annotated[
        bool, typer.Option("--other-keys", help="Restore although the personal data in it cannot be read.")
    ] = False,
    unproven: Annotated[
        bool, typer.Option("--unproven", help="Restore although its books do not hold.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a backup in the place of all data. It is proved by `check` first; until then nothing changes.

    Events that waited to be sent when the backup was made are sent again; receivers tell repeats by their id.

    Example: laoke restore /mnt/backup/laoke-monday.tar
    """
    with ready(migrate=True):
        from django.conf import settings

        from laoke.foundation import generations
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.audit import services as audit
        from laoke.foundation.database import read_manifest
        from laoke.foundation.database import restore as put_back

        target = settings.DATABASE_TARGET
        manifest = read_manifest(file)
        if (missing := _missing_keys(manifest)) and not other_keys:
            raise OtherKeys(missing)
        found: list[Finding] = []

        def prove(fresh: DatabaseTarget) -> None:
            counters = generations.numbers()
            with _connected_to(fresh):
                found.extend(_proof(manifest))
                broken = [each for each in found if each.broken]
                if broken and not unproven:
                    raise NotProven(broken)
                generations.leap(counters, _LEAP)
                after = {"made_at": manifest.made_at.isoformat(), "broken": [each.name for each in broken]}
                audit.record(SYSTEM, "database.restored", "database", target.name, at=now(), after=after)

        with _shown() as progress:
            put_back(target, file, progress, prove=prove)
        _connection().close()
        holds = sum(not each.broken for each in found)
        words = f"{file} of {manifest.made_at:%Y-%m-%d %H:%M} UTC is restored; {holds} of {len(found)} checks hold."
        emit(_plain(manifest) | {"checks": len(found), "checks_that_hold": holds}, as_json=json, text=words)
        if missing:
            say("The personal data in it cannot be read: its keys are not here.")


def _proof(manifest: Manifest) -> list[Finding]:
    """Bring the restored tables up to this version and hold them against every identity."""
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor

    from laoke.checkout.checks import CHECKS
    from laoke.foundation.checks import run

    executor = MigrationExecutor(_connection())
    if set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations):
        raise NewerBackup(manifest.about.get("laoke", "of a later date"))
    call_command("migrate", verbosity=0, interactive=False)
    return run(CHECKS)


@contextmanager
def _connected_to(target: DatabaseTarget) -> Iterator[None]:
    """Have Django talk to another database of the same server for the length of the block."""
    connection = _connection()
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = target.name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _connection() -> Any:
    from django.db import connections

    return connections["default"]


def _about() -> dict[str, str]:
    """Notes for the manifest: this version, and fingerprints of the keys, which tell nothing about them."""
    from importlib.metadata import version

    data, index = _fingerprints()
    return {"laoke": version("laoke"), "data_keys": ",".join(data), "index_key": index}


def _fingerprints() -> tuple[list[str], str]:
    """Ids of the data keys, the current one first, and one of the index key."""
    from django.conf import settings

    from laoke.foundation.vault import Vault

    config = settings.LAOKE
    boxes = [Vault(key, config.index_key) for key in (config.data_key, *config.old_data_keys)]
    return [box.header.hex() for box in boxes], boxes[0].blind("", "backup.index-key-id")[:8].hex()


def _missing_keys(manifest: Manifest) -> list[str]:
    data, index = _fingerprints()
    needed = [key for key in manifest.about.get("data_keys", "").split(",") if key]
    missing = [f"the data key {key}" for key in needed if key not in data]
    if manifest.about.get("index_key", index) != index:
        missing.append(f"the index key {manifest.about['index_key']}")
    return missing


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "postgresql": manifest.server,
        "dump_bytes": manifest.dump_bytes,
        "sha256": manifest.sha256,
        "about": dict(manifest.about),
    }


@contextmanager
def _shown() -> Iterator[Any]:
    """A bar for each phase: bytes, their rate, and the time left where the end is known."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        tasks: dict[str, TaskID] = {}
        told = time.monotonic()

        def progress(phase: str, done: int, total: int | None) -> None:
            nonlocal told
            if phase not in tasks:
                for task in tasks.values():
                    bars.stop_task(task)
                tasks[phase] = bars.add_task(_PHASES[phase], total=total)
                if not console.is_terminal:
                    say(f"{_PHASES[phase]} …")
            bars.update(tasks[phase], completed=done, total=total)
            if done and not console.is_terminal and time.monotonic() - told >= _LINE_EVERY:
                told = time.monotonic()
                of = f" of {total / 1e6:,.0f}" if total else ""
                say(f"{_PHASES[phase]}: {done / 1e6:,.0f}{of} MB")

        yield progress
