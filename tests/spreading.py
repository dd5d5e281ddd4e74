"""Which process runs which tests: what shares something dear stays together, what takes long begins first.

Loaded as a plugin (pyproject.toml). Tests of a file that follow one another are a unit of work; a process takes one
unit after the other. (xdist's own groups are told apart by the names of tests, which pytest no longer lets it change.)
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# In one process: two cores do not carry three Chromiums, nor build the shop twice.
TOGETHER = "tests/browser/"
# Begun first, each test for itself: at the end of a run one process would wait for them.
FIRST = (
    "tests/test_faults.py",
    "tests/test_one_account.py",
    "tests/test_coupon_faults.py",
    "src/laoke/surfaces/importing/tests/test_interruption.py",
)


def file_of(nodeid: str) -> str:
    """The file of a test by its name."""
    return nodeid.partition("::")[0]


class Spread(LoadScopeScheduling):
    """xdist's scheduling with units of its own."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        self._units: dict[str, str] = {}

    def schedule(self) -> None:
        """Find the units when the tests are known, then go on as always."""
        if not self._units and self.collection_is_completed:
            self._units = units(next(iter(self.registered_collections.values())))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._units[nodeid]


def units(nodeids: list[str]) -> dict[str, str]:
    """The unit of each test. Runs of a file, not whole files: tests that leave the database empty come last."""
    found = {}
    for number, (file, run) in enumerate(groupby(nodeids, file_of)):
        for nodeid in run:
            if file.startswith(TOGETHER):
                found[nodeid] = TOGETHER
            else:
                found[nodeid] = nodeid if file in FIRST else f"{number} {file}"
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long to the front. None of it uses the tests' own database, whose order stays."""

    def rank(item: pytest.Item) -> int:
        file = file_of(item.nodeid)
        return 0 if file.startswith(TOGETHER) else 1 if file in FIRST else 2

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Spread tests our way unless another was asked for; in the order of the tests, not of the size of units."""
    if config.getvalue("dist") != "load":
        return None
    config.option.loadscopereorder = False
    return Spread(config, log)
