"""Coupons on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction

from laoke.benefits.coupons import selectors, templates
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TEN = {"name": {"zh": "满50减10", "en": "10 off 50"}, "valid": {"days": 3000}, "limits": {"per_member": 2}}


@pytest.fixture
def people(db) -> list[int]:
    with transaction.atomic():
        templates.publish(SYSTEM, templates.parse({"ten": TEN}), at=AT)
    return [
        members.register(
            caller=SYSTEM, at=AT, identities=[IdentityInput("phone", f"1380000000{number}")], name="陈雨桐"
        )
        for number in range(3)
    ]


class TestCoupons:
    def test_one_is_given_found_and_revoked(self, people, laoke, asked):
        (made,) = asked("coupons", "give", "13800000001", "ten", "--reason", "late")
        (row,) = asked("coupons", "wallet", str(people[1]))
        assert (row["coupon_id"], row["state"]) == (made["coupon_id"], "usable")
        number = str(made["coupon_id"])
        code = selectors.reveal(SYSTEM, made["coupon_id"], reason="test", at=AT)
        assert asked("coupons", "show", code.lower())["coupon_id"] == made["coupon_id"]
        assert "Revoked." in laoke("coupons", "revoke", number, "--reason", "mistake").stderr
        assert [step["kind"] for step in asked("coupons", "show", number, "--id")["history"]] == [
            "issued",
            "revoked",
        ]
        assert asked("coupons", "wallet", "13800000001", "--state", "usable") == []
        assert [each["issued"] for each in asked("coupons", "templates")] == [1]
        assert "满50减10" in laoke("coupons", "templates").stdout

    def test_a_list_and_codes_are_issued_and_exported(self, people, laoke, asked, tmp_path):
        listed = tmp_path / "members.csv"
        listed.write_text("phone,name\n13800000000,x\n13800000002;y\n13911111111\n\n", encoding="utf-8")
        told = asked("coupons", "issue", "ten", "--members", str(listed), "--by", "phone", "--each", "2")
        assert (told["state"], told["issued"], told["refused"]) == ("done", 4, 0)
        numbers = tmp_path / "numbers.txt"
        numbers.write_text("\n".join(map(str, [*people, 10**9])), encoding="utf-8")
        told = asked("coupons", "issue", "ten", "--members", str(numbers))
        assert (told["issued"], told["refused"]) == (1, 2)
        told = asked("coupons", "issue", "ten", "--codes", "7", "--name", "print")
        file = tmp_path / "codes.csv"
        assert laoke("coupons", "export", str(told["batch_id"]), str(file)).exit_code == 0
        assert len(file.read_text(encoding="utf-8-sig").splitlines()) == 8
        assert Path(file).stat().st_mode & 0o777 == 0o600
        assert laoke("coupons", "export", str(told["batch_id"]), str(file)).exit_code == 2
        assert [each["kind"] for each in asked("coupons", "issues")] == ["codes", "members", "members"]
        assert laoke("coupons", "resume", str(told["batch_id"])).exit_code == 2

    def test_a_condition_chooses(self, people, asked):
        members.tag_many(caller=SYSTEM, member_ids=people[:2], tag="vip", at=AT)
        told = asked("coupons", "issue", "ten", "--when", "member.tag: vip")
        assert (told["state"], told["issued"]) == ("done", 2)

    def test_refusals(self, people, laoke, tmp_path):
        nobody = tmp_path / "nobody.txt"
        nobody.write_text("name\n", encoding="utf-8")
        for wrong in (
            ("issue", "ten"),
            ("issue", "ten", "--codes", "1", "--when", "member.tag: vip"),
            ("issue", "ten", "--when", "["),
            ("issue", "ten", "--when", "basket.subtotal: 5"),
            ("issue", "ten", "--members", str(nobody)),
            ("issue", "ten", "--members", str(tmp_path / "none")),
            ("issue", "none", "--codes", "1"),
            ("give", "13800000001", "none"),
            ("wallet", "13800000001", "--state", "odd"),
            ("show", "nothing"),
            ("show", "nothing", "--id"),
            ("revoke", "1", "--reason", "x"),
            ("stop", "1"),
        ):
            assert laoke("coupons", *wrong).exit_code == 2, wrong
