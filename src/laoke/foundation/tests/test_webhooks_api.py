"""Webhooks over HTTP, from the first endpoint to the last delivery."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.models import AuditEntry, WebhookDelivery
from laoke.foundation.outbox import dispatch, topics
from laoke.foundation.webhooks import handlers

ENDPOINT = {"name": "CRM", "url": "https://crm.example.com/hooks", "topics": ["order.committed"]}

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    handlers.register()
    _, key = apikeys.create(SYSTEM, "ops", [Scope.WEBHOOKS], None, None, at=datetime.now(UTC))

    def send(method: str, url: str, body: Any = None) -> Any:
        return Client().generic(
            method,
            f"/v1/webhooks{url}",
            json.dumps(body).encode() if body is not None else b"",
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return send


def test_an_endpoint_is_made_changed_and_removed_with_a_trace(call):
    made = call("POST", "", ENDPOINT).json()
    assert made["secret"].startswith("whsec_")
    shown = call("GET", f"/{made['endpoint_id']}").json()
    assert "secret" not in shown
    assert shown["topics"] == ["order.committed"]
    rotated = call("POST", f"/{made['endpoint_id']}/rotate-secret").json()
    assert rotated["secret"] != made["secret"]
    off = call("PUT", f"/{made['endpoint_id']}", ENDPOINT | {"active": False}).json()
    assert (off["active"], off["disabled_reason"]) == (False, "switched off by ops")
    for removed in (True, False):
        assert call("DELETE", f"/{made['endpoint_id']}").json() == {"removed": removed}
    assert call("GET", "").json() == {"endpoints": []}
    assert [entry.action for entry in AuditEntry.objects.filter(object_kind="webhook").order_by("id")] == [
        "webhook.created",
        "webhook.secret-rotated",
        "webhook.updated",
        "webhook.deleted",
    ]


def test_a_test_event_stands_in_the_log_and_can_be_sent_again(call):
    endpoint = call("POST", "", ENDPOINT).json()["endpoint_id"]
    for _ in range(3):
        assert call("POST", f"/{endpoint}/test").status_code == 202
    dispatch.dispatch_batch(datetime.now(UTC))
    seen, after = [], ""
    while True:
        page = call("GET", f"/{endpoint}/deliveries?limit=2{after}").json()
        seen += page["deliveries"]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert [delivery["topic"] for delivery in seen] == ["webhook.test"] * 3
    assert [delivery["delivery_id"] for delivery in seen] == sorted(
        (delivery["delivery_id"] for delivery in seen), reverse=True
    )
    WebhookDelivery.objects.update(next_at=None, attempts=10, last_status=500)
    assert len(call("GET", f"/{endpoint}/deliveries?status=given_up").json()["deliveries"]) == 3
    again = call("POST", f"/{endpoint}/deliveries/{seen[0]['delivery_id']}/redeliver")
    assert again.status_code == 202
    (waiting,) = call("GET", f"/{endpoint}/deliveries?status=waiting").json()["deliveries"]
    assert (waiting["delivery_id"], waiting["attempts"]) == (seen[0]["delivery_id"], 0)


def test_nothing_is_sent_to_what_is_switched_off(call):
    endpoint = call("POST", "", ENDPOINT).json()["endpoint_id"]
    call("PUT", f"/{endpoint}", ENDPOINT | {"active": False})
    for url in (f"/{endpoint}/test", f"/{endpoint}/deliveries/1/redeliver"):
        answer = call("POST", url)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/webhook-endpoint-inactive")


def test_a_mistyped_topic_is_told_with_those_there_are(call):
    answer = call("POST", "", ENDPOINT | {"topics": ["order.comitted"]})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-topics")
    assert "order.committed" in answer.json()["detail"]


def test_a_topic_says_one_thing():
    topics.declare(
        "webhook.test", "A test asked for; it goes to one endpoint alone.", endpoint_id="the endpoint"
    )
    with pytest.raises(ValueError, match="declared already"):
        topics.declare("webhook.test", "Something else.")
