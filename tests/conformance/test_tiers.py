"""Every tier case: at each check the life on the ladder is where the case expects it.

A case that cannot be right is listed in NOT_RIGHT with the reason; it is expected to fail, so it cannot pass unseen.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.conformance.cases import parametrize
from tests.conformance.tiers import Play

NOT_RIGHT: dict[str, str] = {}
AS_VALUES = {"metric", "to_next"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the folder."""
    parametrize(metafunc, "tier", NOT_RIGHT)


def test_case(case: dict[str, Any]) -> None:
    play = Play(case)
    for event in case["given"]["timeline"]:
        if event["op"] != "check":
            play.tell(event)
            continue
        expected = {name: event[name] for name in event if name not in ("at", "op")}
        found = play.found(event)
        for name in AS_VALUES & expected.keys():
            expected[name] = None if expected[name] is None else Fraction(expected[name])
        assert {name: found[name] for name in expected} == expected, event
