"""The shop that browsers visit: a small demo in a home of its own, served by the real processes.

`python -m tests.browser.site MEMBERS` builds it in LAOKE_HOME and serves it at LAOKE_PORT until it is told to stop.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from laoke.foundation.access import Role
from laoke.foundation.database import resolve

PASSWORD = "wan-an-hutong-9"
# Sees one store only; the other accounts are named after their role.
LIMITED = "limited"
NAMES = {
    Role.OWNER: "林禾",
    Role.OPERATIONS: "周邻",
    Role.ANALYST: "何数",
    Role.FINANCE: "吴算",
    Role.STORE_MANAGER: "钱店",
    Role.ASSOCIATE: "孙导",
    Role.CUSTOMER_SERVICE: "郑晴",
    Role.AUDITOR: "王审",
}
_READY_SECONDS = 120
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Site:
    """A running shop. `known` holds ids of things that are there, by the names addresses use for them."""

    url: str
    home: Path
    known: dict[str, Any]

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a statement, or none."""
        with psycopg.connect(resolve({}, self.home).conninfo(), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def serving(members: int = 300, home: Path | None = None) -> Iterator[Site]:
    """Build a shop and have it served for the length of the block; without a `home` it is gone afterwards."""
    place = home or Path(tempfile.mkdtemp(prefix="laoke-site-"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAOKE_")}
    for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    environment |= {
        "LAOKE_HOME": str(place),
        "LAOKE_PORT": str(port),
        "LAOKE_LOG_LEVEL": "warning",
        "LAOKE_WEB_WORKERS": "1",
    }
    log = (place / "site.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.site", str(members)],
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )
    url = f"http://localhost:{port}"
    try:
        _wait(url, process, place)
        yield Site(url, place, json.loads((place / "site.json").read_text(encoding="utf-8")))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()
        if home is None:
            shutil.rmtree(place, ignore_errors=True)


def _end_with_parent() -> None:
    """Have the kernel end the site when the tests are killed and cannot do it themselves."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(url: str, process: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=1):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise RuntimeError(f"the site did not start:\n{(home / 'site.log').read_text(encoding='utf-8')[-3000:]}")


def main() -> None:
    """Build and serve."""
    from laoke.foundation import config
    from laoke.surfaces.cli import up
    from laoke.surfaces.cli.session import now, ready

    home, at = Path(os.environ["LAOKE_HOME"]), now()
    with ready(migrate=True):
        from django.conf import settings

        from laoke.surfaces.demo import loader
        from tests.browser import furnishing

        if loader.load(int(sys.argv[1]), at, lambda *step: None):
            known = furnishing.furnish(at)
            (home / "site.json").write_text(json.dumps(known), encoding="utf-8")
        sys.exit(up.run(config.read(os.environ), settings.DATABASE_TARGET))


if __name__ == "__main__":
    main()
