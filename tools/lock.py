"""Renew the hash-pinned requirements: `make lock`, or `make lock ARGS=--upgrade` to move to the newest allowed.

One lock serves every Python from 3.11 on and every platform: differences stand in it as markers. Versions and
hashes only, no addresses: whoever installs takes the packages from the index they trust.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
OLDEST_PYTHON = "3.11"


def lock(name: str, options: list[str]) -> None:
    """Compile requirements/`name`.in. Versions already locked stay unless an option says otherwise."""
    subprocess.run(
        [
            find_uv_bin(), "pip", "compile", "--universal", "--python-version", OLDEST_PYTHON,
            "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
            "--quiet", *options, f"{name}.in", "-o", f"{name}.txt",
        ],
        cwd=REQUIREMENTS,
        check=True,
    )  # fmt: skip
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    if "://" in text:
        sys.exit(f"requirements/{name}.txt holds an address. A lock names versions and hashes only.")


if __name__ == "__main__":
    for each in ("base", "build", "dev"):
        lock(each, sys.argv[1:])
