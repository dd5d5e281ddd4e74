from datetime import date
from zoneinfo import ZoneInfo

import pytest

from laoke.surfaces.demo import Shop, generate

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 7, 15)


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The shop of `make demo`."""
    return generate(5_000, TODAY, 7, ZONE)


@pytest.fixture(scope="session")
def events(shop):
    return list(shop.history)


@pytest.fixture(scope="session")
def zone() -> ZoneInfo:
    return ZONE
