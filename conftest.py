"""What all tests share."""

from __future__ import annotations

import os
from dataclasses import replace

import hypothesis
import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations

# The machine may be busy: no example is judged by its time. Failing examples are still shrunk, within bounds.
hypothesis.settings.register_profile("laoke", deadline=None, max_examples=100)
hypothesis.settings.load_profile("laoke")


@pytest.fixture(scope="session", autouse=True)
def _facts_can_be_flushed_between_tests() -> None:
    """Facts refuse truncation by trigger; emptying the test database between tests is no use of the product."""
    flush = DatabaseOperations.execute_sql_flush

    def unguarded(self: DatabaseOperations, statements: list[str]) -> None:
        flush(
            self,
            ["set session_replication_role = replica", *statements, "set session_replication_role = origin"],
        )

    DatabaseOperations.execute_sql_flush = unguarded  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _a_home_for_each_process_of_tests() -> None:
    """Each process has a database of its own, so what lies beside the database must not be shared either."""
    home = settings.LAOKE.home / os.environ.get("PYTEST_XDIST_WORKER", "main")
    home.mkdir(exist_ok=True)
    settings.LAOKE = replace(settings.LAOKE, home=home)
