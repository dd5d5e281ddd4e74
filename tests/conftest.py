"""What the tests of whole trips share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests import api_shop
from tests import shop as shops
from tests.browser import chromium
from tests.shop import Shop


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    """An open shop that is gone after the test."""
    yield shops.open_shop()
    shops.forget()


@pytest.fixture
def committed_shop(transactional_db: None) -> Iterator[Shop]:
    """An open shop that other connections see too."""
    yield shops.open_shop()
    shops.forget()


@pytest.fixture(scope="module")
def _described_shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        with api_shop.opened():
            yield
        transaction.set_rollback(True)


@pytest.fixture
def described_shop(_described_shop: None, db: None) -> Iterator[None]:
    """The shop that the description of the API speaks of. It is opened once a file; what a test does to it is gone
    after the test. Other numbers than those of keys are not given
    out again.
    """
    with api_shop.visited():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, where it is seen, that the browser tests did not run, and what they need."""
    skipped = [
        each for each in terminalreporter.stats.get("skipped", []) if chromium.MISSING in str(each.longrepr)
    ]
    if skipped:
        terminalreporter.section("NOT RUN: the tests in a real browser", sep="!", yellow=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} tests were skipped: there is no Chromium, and this account may not install one.\n"
            "On Debian or Ubuntu: apt-get install --no-install-recommends chromium fonts-noto-cjk\n"
            "Elsewhere: install Chromium or Chrome and set CHROMIUM to its path. Then `make test` again."
        )
