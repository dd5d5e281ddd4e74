"""The month-end on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from laoke.foundation.access import SYSTEM
from laoke.foundation.idempotency.services import Command
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points.services import adjust

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@pytest.fixture
def given(db):
    member = members.register(caller=SYSTEM, at=AT, identities=[IdentityInput("card", "88008213")])
    adjust(SYSTEM, member, 1250, "goodwill", Command("k", (b"k",)), at=AT)


@pytest.mark.usefixtures("given")
def test_a_month_is_closed_shown_and_reopened(laoke, asked):
    closed = asked("points", "close", "2026-03")
    assert (closed["points_open"], closed["face_minor"], closed["liability_minor"]) == (1250, 1250, 1250)
    assert [(each["cause"], each["debit"], each["amount_minor"]) for each in closed["entries"]] == [
        ("grants", "selling-expense", 1250)
    ]
    assert asked("points", "liability") == asked("points", "liability", "2026-03") == closed
    text = laoke("points", "liability").stdout
    assert "1,250 points outstanding, 12.50 at face value" in text
    assert "grants      selling-expense     contract-liability             12.50" in text
    assert (
        laoke("points", "reopen", "2026-03", "--reason", "a till was late").stdout
        == "2026-03 is open again.\n"
    )
    assert {each["broken"] for each in asked("check")} == {0}


def test_refusals_say_what_is_wrong(laoke):
    nothing = laoke("points", "liability")
    assert (nothing.exit_code, nothing.stdout) == (2, "")
    assert laoke("points", "close", "2999-01").exit_code == 2
    assert laoke("points", "close", "March").exit_code == 2
