"""What every test run needs before Django's settings are read: a home of its own and a database in it.

Loaded as a plugin (pyproject.toml), because pytest-django reads the settings before any conftest. The first
process makes the home; xdist's workers inherit it. The database keeps nothing on a crash: tests that kill it
bring their own, safe one.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

_MARK = "PYTEST_LAOKE_HOME"
_stack = ExitStack()


def _prepare() -> None:
    # Tests start the programme as a process over a hundred times, which need not compile it each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for name in [name for name in os.environ if name.startswith("LAOKE_") and name != "LAOKE_SHARED_DATA"]:
        del os.environ[name]
    if _MARK not in os.environ:
        home = Path(tempfile.mkdtemp(prefix="laoke-test-"))
        home.chmod(0o755)
        os.environ[_MARK] = str(home)
        _stack.callback(shutil.rmtree, home, ignore_errors=True)
    os.environ["LAOKE_HOME"] = os.environ[_MARK]


_prepare()


def pytest_configure(config: pytest.Config) -> None:
    """Start the database, unless DATABASE_URL names one."""
    if not os.environ.get("DATABASE_URL"):
        from laoke.foundation.database import running

        _stack.enter_context(running(Path(os.environ["LAOKE_HOME"]), fast_and_loose=True))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    _stack.close()
