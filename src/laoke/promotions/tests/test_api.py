"""The endpoints of offers: reading, and the switch."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.promotions import drafts, publication

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Client:
    publication.stopped.cache_clear()
    _, key = apikeys.create(
        SYSTEM, "shop", [Scope.PROGRAMME_READ, Scope.PROGRAMME_WRITE], None, None, at=datetime.now(UTC)
    )
    return Client(headers={"Authorization": f"Bearer {key}"})


def publish(**offers: dict[str, Any]) -> None:
    with transaction.atomic():
        publication.publish(SYSTEM, publication.parse(offers), at=AT)


def post(api: Client, path: str, **body: Any) -> tuple[int, Any]:
    answer = api.post(path, json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def test_the_switch(api):
    publish(tenth=TENTH, other=TENTH)
    stood = []
    for step in ("pause", "pause", "stop", "resume", "resume"):
        status, answer = post(api, f"/v1/offers/tenth/{step}", reason="a reason")
        stood.append((status, answer["state"], answer["version"]))
    assert stood == [
        (200, "paused", 2),
        (200, "paused", 2),
        (200, "stopped", 3),
        (200, "live", 4),
        (200, "live", 4),
    ]
    shown = api.get("/v1/offers/tenth").json()
    assert [
        (each["version"], each["stopped"], each["document"].get("paused")) for each in shown["versions"]
    ] == [
        (4, False, None),
        (3, True, True),
        (2, False, True),
        (1, False, None),
    ]
    assert api.get("/v1/offers/other").json()["version"] == 1


def test_refusals(api):
    publish(tenth=TENTH)
    found = [
        post(api, "/v1/offers/tenth/stop"),
        post(api, "/v1/offers/tenth/stop", reason=" x "),
        post(api, "/v1/offers/tenth/stop", reason="x" * 301),
        post(api, "/v1/offers/nothing/stop", reason="a reason"),
        post(api, "/v1/offers/tenth/pause", why="a reason"),
    ]
    assert [(status, answer["type"].rsplit("/", 1)[-1]) for status, answer in found] == [
        (422, "invalid-request"),
        (422, "reason-missing"),
        (422, "invalid-request"),
        (404, "unknown-offer"),
        (422, "invalid-request"),
    ]
    assert api.get("/v1/offers/nothing").status_code == 404
    assert api.get("/v1/offers/tenth").json()["state"] == "live"


def test_the_list_comes_in_pages_and_by_state_and_knows_no_drafts(api):
    publish(**{f"o{number}": TENTH for number in range(5)})
    drafts.begin(SYSTEM, "unborn", TENTH, at=AT)
    post(api, "/v1/offers/o3/pause")
    seen, after = [], None
    while True:
        page = api.get("/v1/offers", {"limit": 2} | ({"after": after} if after else {})).json()
        seen.append([each["offer"] for each in page["offers"]])
        if (after := page["after"]) is None:
            break
    assert seen == [["o0", "o1"], ["o2", "o3"], ["o4"]]
    assert [each["offer"] for each in api.get("/v1/offers", {"state": "paused"}).json()["offers"]] == ["o3"]
    assert api.get("/v1/offers", {"state": "odd"}).status_code == 422
    assert api.get("/v1/offers/unborn").status_code == 404
