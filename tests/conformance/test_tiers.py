"""Every tier case: at each check the life on the ladder is where the case expects it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import BESIDE
from tests.conformance.tiers import Play

AS_VALUES = {"metric", "to_next"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the folder."""
    folder: Path = metafunc.config.getoption("--vectors") or BESIDE
    cases = [
        pytest.param(case, id=case["id"])
        for file in sorted(folder.glob("*.json"))
        for case in json.loads(file.read_text(encoding="utf-8")).get("cases", ())
        if case["kind"] == "tier"
    ]
    if not cases:
        cases = [pytest.param(None, id="none", marks=pytest.mark.skip(reason=f"no cases in {folder}"))]
    metafunc.parametrize("case", cases)


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
