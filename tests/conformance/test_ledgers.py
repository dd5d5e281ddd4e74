"""Every ledger case: what the engine's books say is what the case expects, and the books balance.

A case that cannot be right is listed in NOT_RIGHT with the reason; it is expected to fail, so it cannot pass unseen.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from laoke.engine.ledger.book import by_contra
from tests.conformance import ledgers
from tests.conformance.cases import parametrize

NOT_RIGHT: dict[str, str] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the folder."""
    if "case" in metafunc.fixturenames:
        parametrize(metafunc, "ledger", NOT_RIGHT)


def test_case(case: dict[str, Any]) -> None:
    play = ledgers.Play(case)
    for event in case["given"]["timeline"]:
        if event["op"] == "check":
            check(play, event)
            continue
        found, expect = play.answer(event), event.get("expect", {})
        if "points" in expect:
            assert found["points"] == Fraction(expect["points"]), event
        else:
            wanted = expect.get("error") or expect.get("replayed", False)
            assert found.get("error", found.get("replayed")) == wanted, event
    contra = by_contra(play.book.journal)
    assert contra.get("transfer", 0) == 0
    balance = sum(movement.points for movement in play.book.journal)
    assert balance + sum(contra.values()) == 0


def check(play: ledgers.Play, event: dict[str, Any]) -> None:
    """The balances of a `check`."""
    at = ledgers.moment(event["at"])
    for expected in event["balances"]:
        found = play.balance(expected["member"], at)
        numbers = {name: value for name, value in expected.items() if name not in ("member", "lots")}
        assert {name: found[name] for name in numbers} == {
            name: Fraction(value) for name, value in numbers.items()
        }, event
        for lot in expected.get("lots", ()):
            kept = play.lot(lot["lot"])
            assert kept is not None, lot
            assert kept[0] == Fraction(lot["remaining"]), (event, lot)
            if "expires_at" in lot:
                assert kept[1] == play.end(lot["expires_at"]), (event, lot)
