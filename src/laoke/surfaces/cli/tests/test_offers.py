"""Offers on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from laoke.foundation.access import SYSTEM
from laoke.promotions import drafts, publication

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}


@pytest.fixture
def published(db):
    publication.stopped.cache_clear()
    with transaction.atomic():
        documents = {"tenth": TENTH | {"limits": {"budget": 500, "in_total": 9}}, "other": TENTH}
        publication.publish(SYSTEM, publication.parse(documents), at=AT)


@pytest.mark.usefixtures("published")
class TestOffers:
    def test_the_list_says_where_they_stand(self, laoke, asked):
        drafts.begin(SYSTEM, "tenth", at=AT)
        drafts.begin(SYSTEM, "unborn", TENTH, at=AT)
        listed = [line.split("  ") for line in laoke("offers", "list").stdout.splitlines()]
        assert [[cell.strip() for cell in line if cell] for line in listed] == [
            ["OFFER", "NAME", "STATE", "FROM", "UNTIL", "USES", "GIVEN"],
            ["unborn", "九折", "draft", "0", "0.00"],
            ["tenth", "九折", "live, being changed", "0 of 9", "0.00 of 500.00"],
            ["other", "九折", "live", "0", "0.00"],
        ]
        assert [each["key"] for each in asked("offers", "list", "--state", "draft")] == ["unborn"]
        assert laoke("offers", "list", "--state", "odd").exit_code == 2

    def test_each_step_says_where_the_offer_stands_now(self, laoke, asked):
        steps = (("pause",), ("resume",), ("stop", "--reason", "a wrong price"), ("resume",), ("end",))
        told = [asked("offers", step[0], "tenth", *step[1:]) for step in steps]
        assert [(each["state"], each["version"]) for each in told] == [
            ("paused", 2),
            ("live", 3),
            ("stopped", 4),
            ("live", 5),
            ("ended", 6),
        ]
        assert laoke("offers", "pause", "tenth").exit_code == 2
        assert laoke("offers", "pause", "nothing").exit_code == 2
        assert laoke("offers", "stop", "other").exit_code == 2

    def test_one_offer_with_what_each_publication_changed(self, laoke, asked):
        laoke("offers", "pause", "tenth")
        shown = laoke("offers", "show", "tenth").stdout
        assert "State    paused" in shown
        assert "  paused: (nothing) → True" in shown
        assert "Version 1, published 2026-03-10 04:00 UTC by system" in shown
        assert [each["version"] for each in asked("offers", "show", "tenth")["versions"]] == [2, 1]
