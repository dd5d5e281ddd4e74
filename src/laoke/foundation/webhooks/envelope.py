"""What is sent: the body of an event, and the headers that prove it (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from standardwebhooks import Webhook

from laoke.foundation.outbox.registry import Event


def body_of(event: Event) -> str:
    """The JSON that receivers get: type, timestamp (UTC, ISO 8601) and data."""
    timestamp = event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": event.topic, "timestamp": timestamp, "data": event.payload}).decode()


def headers(message_id: int, body: str, secret_keys: Sequence[str], at: datetime) -> dict[str, str]:
    """The three headers of the scheme. Several secrets sign side by side while one replaces another.

    Args:
        message_id: the same for every attempt, so that receivers can tell repeats.
        at: of this attempt, in UTC; receivers refuse old ones.
    """
    at = at.astimezone(UTC)
    name = f"msg_{message_id}"
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(name, at, body) for key in secret_keys),
    }


def new_secret() -> str:
    """A signing secret in the form the scheme asks for: `whsec_` and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
