"""The month-end on the command line."""

from __future__ import annotations

import json
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


@pytest.mark.django_db
def test_points_are_given_and_taken(laoke, asked):
    member = members.register(caller=SYSTEM, at=AT, identities=[IdentityInput("card", "88008213")])
    assert asked("points", "adjust", str(member), "50", "--reason", "promised") == {
        "member_id": member,
        "points": 50,
        "points_available": 50,
        "points_debt": 0,
    }
    taken = laoke("points", "adjust", "--reason", "mistake", "--", str(member), "-20")
    assert taken.stdout == "-20 points; the member has 30.\n"
    assert laoke("points", "adjust", "--reason", "mistake", "--", str(member), "-31").exit_code == 2
    assert laoke("points", "adjust", str(member)).exit_code == 2
    assert asked("points", "requests") == []


@pytest.mark.django_db
def test_a_file_is_checked_booked_and_reported(laoke, asked, tmp_path):
    for card in ("88008213", "88008214"):
        members.register(caller=SYSTEM, at=AT, identities=[IdentityInput("card", card)])
    file, report = tmp_path / "march.csv", tmp_path / "refused.csv"
    rows = [
        "card,points,reason",
        "88008213,50,补发",
        "88008214,-5,录错",
        "88008299,5,补发",
        "",
        "88008214,7,补发",
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    dry = laoke("points", "adjust", "--file", str(file), "--dry-run")
    assert (dry.exit_code, dry.stdout.splitlines()[:2]) == (
        1,
        ["Dry run: 2 of 4 rows would be booked, 0 are already.", "2 rows were refused:"],
    )
    done = laoke("points", "adjust", "--file", str(file), "--report", str(report))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        1,
        "2 of 4 rows booked (+57 points), 0 were already.",
    )
    assert report.read_text(encoding="utf-8-sig").splitlines() == [
        "line,code,why",
        "3,short,takes more than the member can spend",
        "4,unknown,nobody has this identifier",
    ]
    again = json.loads(laoke("points", "adjust", "--file", str(file), "--json").stdout)
    assert (again["booked"], again["known"], again["refused"]) == (
        1,  # what was short is there now
        2,
        [{"line": 4, "why": "unknown"}],
    )
    assert {each["broken"] for each in asked("check")} == {0}
    file.write_text("who,points,reason\n1,2,xx", encoding="utf-8")
    assert (
        "exactly one of member_id, card, phone, email"
        in laoke("points", "adjust", "--file", str(file)).stderr
    )
    file.write_text("card,points,reason\n1,2", encoding="utf-8")
    assert laoke("points", "adjust", "--file", str(file)).exit_code == 2
    assert laoke("points", "adjust", "--file", str(tmp_path / "none.csv")).exit_code == 2
