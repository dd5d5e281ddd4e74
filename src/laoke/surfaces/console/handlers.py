"""What the console listens to."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.foundation.webhooks import selectors as webhooks
from laoke.foundation.webhooks.services import DISABLED_TOPIC
from laoke.promotions import selectors as offers
from laoke.promotions.events import BUDGET_ALARM, USED_UP
from laoke.surfaces.console.notices import services as notices


def endpoint_switched_off(event: Event, at: datetime) -> None:
    """Tell whoever minds webhooks that one of them gets nothing any more."""
    endpoint_id = int(event.payload["endpoint_id"])
    name = next(
        (each.name for each in webhooks.endpoints(SYSTEM) if each.id == endpoint_id), str(endpoint_id)
    )
    notices.tell_holders(Scope.WEBHOOKS, "webhook.off", {"name": name}, at, path="/settings/webhooks")


def offer_ran_low(event: Event, at: datetime) -> None:
    """Tell whoever makes the rules that an offer's budget runs low, or that nothing of it is left."""
    key = str(event.payload["offer"])
    zh, en = offers.names([key]).get(key, (key, key))
    told = {"zh": zh, "en": en, "percent": event.payload.get("percent", 100)}
    notices.tell_holders(Scope.PROGRAMME_WRITE, event.topic, told, at, path=f"/offers/{key}")


def register() -> None:
    """Listen to what people should hear of."""
    subscribe(DISABLED_TOPIC, "console", endpoint_switched_off)
    for topic in (BUDGET_ALARM, USED_UP):
        subscribe(topic, "console", offer_ran_low)


register()
