"""Every promotion case: what the engine answers is what the case expects.

A case that cannot be right is listed in NOT_RIGHT with the reason; it is expected to fail, so it cannot pass unseen.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.conformance import promotions
from tests.conformance.cases import parametrize

NOT_RIGHT: dict[str, str] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the folder."""
    parametrize(metafunc, "promotion", NOT_RIGHT)


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
