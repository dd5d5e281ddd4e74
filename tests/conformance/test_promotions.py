"""Every promotion case: what the engine answers is what the case expects.

A case that cannot be right is listed in NOT_RIGHT with the reason; it is expected to fail, so it cannot pass unseen.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import promotions
from tests.conformance.conftest import BESIDE

NOT_RIGHT: dict[str, str] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the folder."""
    folder: Path = metafunc.config.getoption("--vectors") or BESIDE
    cases = [
        pytest.param(case, id=case["id"], marks=_marks(case["id"]))
        for file in sorted(folder.glob("*.json"))
        for case in json.loads(file.read_text(encoding="utf-8")).get("cases", ())
        if case["kind"] == "promotion"
    ]
    if not cases:
        cases = [pytest.param(None, id="none", marks=pytest.mark.skip(reason=f"no cases in {folder}"))]
    metafunc.parametrize("case", cases)


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(reason=NOT_RIGHT[name], strict=True)] if name in NOT_RIGHT else []


def test_case(case: dict[str, Any]) -> None:
    expect, found = case["expect"], promotions.answer(case)
    assert by_promotion(found["applied"]) == by_promotion(expect["applied"])
    assert found["lines"] == expect["lines"]
    totals = {name: found["totals"].get(name) for name in expect["totals"]}
    if case["config"]["tax"]["prices"] == "none":
        totals.pop("tax", None)
    assert totals == {name: value for name, value in expect["totals"].items() if name in totals}
    assert by_promotion(found["gifts"]) == by_promotion(expect.get("gifts", []))
    assert found["rejected_codes"] == expect.get("rejected_codes", [])
    if "redemption" in expect:
        assert found["redemption"] == expect["redemption"]
    if "points_earned" in expect:
        assert found["points_earned"] == Fraction(expect["points_earned"])


def by_promotion(entries: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Entries as sets keyed by promotion: their order is not compared."""
    keyed: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        keyed.setdefault(entry["promotion"], []).append(entry)
    return keyed
