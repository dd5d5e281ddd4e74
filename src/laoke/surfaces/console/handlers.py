"""What the console listens to."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.foundation.webhooks import selectors as webhooks
from laoke.foundation.webhooks.services import DISABLED_TOPIC
from laoke.surfaces.console.notices import services as notices


def endpoint_switched_off(event: Event, at: datetime) -> None:
    """Tell whoever minds webhooks that one of them gets nothing any more."""
    endpoint_id = int(event.payload["endpoint_id"])
    name = next(
        (each.name for each in webhooks.endpoints(SYSTEM) if each.id == endpoint_id), str(endpoint_id)
    )
    notices.tell_holders(Scope.WEBHOOKS, "webhook.off", {"name": name}, at, path="/settings/webhooks")


def register() -> None:
    """Listen to what people should hear of."""
    subscribe(DISABLED_TOPIC, "console", endpoint_switched_off)


register()
