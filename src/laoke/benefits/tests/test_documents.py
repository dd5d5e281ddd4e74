"""Templates as documents: when their coupons hold, and what is refused with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from laoke.benefits.coupons import documents, templates
from laoke.benefits.coupons.errors import BadTemplate

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAME = {"zh": "满100减20", "en": "20 off 100"}
# 22:30 in Shanghai.
ISSUED = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)


def template(**more: Any) -> dict[str, Any]:
    return {"name": NAME, "valid": {"days": 7}, **more}


def here(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("valid", "since", "until"),
    [
        ({"from": "2026-03-01", "until": "2026-03-31"}, here(2026, 3, 1), here(2026, 4, 1)),
        (
            {"from": "2026-03-01T08:00:00+08:00", "until": "2026-03-31"},
            here(2026, 3, 1, 8),
            here(2026, 4, 1),
        ),
        # Midnight written out is an instant: the 31st itself is not meant.
        (
            {"from": "2026-03-01", "until": "2026-03-31T00:00:00+08:00"},
            here(2026, 3, 1),
            here(2026, 3, 31),
        ),
        # The rest of the day of issue comes on top of seven whole days.
        ({"days": 7}, ISSUED, here(2026, 3, 18)),
        ({"days": 7, "starts": "next_day"}, here(2026, 3, 11), here(2026, 3, 18)),
        ({"hours": 48}, ISSUED, datetime(2026, 3, 12, 14, 30, tzinfo=UTC)),
        ({"hours": 48, "starts": "next_day"}, here(2026, 3, 11), here(2026, 3, 13)),
    ],
)
def test_windows(valid: dict[str, Any], since: datetime, until: datetime) -> None:
    document = documents.read(template(valid=valid))
    assert document.valid.window(ISSUED, SHANGHAI) == (since, until)
    assert documents.read(documents.written(document)) == document


def test_a_window_over_the_change_of_clocks_ends_at_midnight_there() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    document = documents.read(template(valid={"days": 1}))
    issued = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert document.valid.window(issued, berlin).until == datetime(2026, 3, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ({"valid": {}}, "valid", "takes from and until, or days, or hours"),
        ({"valid": {"days": 3, "hours": 2}}, "valid", "or days, or hours"),
        ({"valid": {"from": "2026-03-01"}}, "valid", "both from and until"),
        ({"valid": {"from": "2026-03-09", "until": "2026-03-01"}}, "", "lies before"),
        ({"valid": {"from": "2026-03-01", "until": "soon"}}, "valid.until", "takes a date"),
        ({"valid": {"from": "2026-03-01", "until": "2026-03-09T10:00"}}, "valid.until", "offset"),
        ({"valid": {"days": 0}}, "valid.days", "greater than or equal to 1"),
        ({"name": {"zh": "券"}}, "name.en", "missing"),
        ({"colour": "red"}, "colour", "no such field"),
        ({"announced": True}, "", "go together"),
        ({"announced": True, "code": {"text": "HELLO"}}, "", "kind takes shared"),
        ({"announced": True, "code": {"text": "HELLO"}, "kind": "shared"}, "", "fixed dates"),
        ({"code": {"text": "HELLO"}, "kind": "shared"}, "", "go together"),
        ({"kind": "shared", "transferable": True}, "", "in no wallet"),
        ({"kind": "shared", "limits": {"in_total": 5}}, "", "stand at the offer"),
        ({"on_return": "keep_used", "grace_days": 3}, "", "come back"),
        ({"code": {"prefix": "IOU"}}, "code", "prefix takes the characters"),
        ({"code": {"length": 12}}, "code.length", "greater than or equal to 13"),
        ({"limits": {"per_member": 0}}, "limits.per_member", "greater than or equal to 1"),
    ],
)
def test_faults_say_where(change: dict[str, Any], place: str, says: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        documents.read(template() | change)
    found = [(".".join(map(str, at)), text) for at, text in refused.value.faults]
    assert len(found) == 1
    assert found[0][0] == place
    assert says in found[0][1]


def test_faults_of_a_section_name_the_template() -> None:
    code = {"kind": "shared", "announced": True, "valid": {"from": "2026-03-01", "until": "2026-03-31"}}
    with pytest.raises(BadTemplate) as refused:
        templates.parse(
            {
                "a": template(**code, code={"text": "Hello-20"}),
                "b": template(**code, code={"text": "HELLO20"}),
                "c d": template(),
                "e": 5,
                "f": {"name": NAME},
            }
        )
    assert [(".".join(map(str, at)), says) for at, says in refused.value.faults] == [
        ("coupons.b.code.text", "is the code of a already"),
        ("coupons.c d", "a key has 1 to 64 letters, digits and hyphens"),
        ("coupons.e", "takes named fields"),
        ("coupons.f.valid", "is missing"),
    ]
