"""What the tests of whole trips share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import shop as shops
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
