"""What the console listens to."""

from __future__ import annotations

from datetime import datetime

from laoke.benefits.coupons import selectors as coupons
from laoke.benefits.events import BATCH_ENDED
from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.foundation.staff import selectors as staff
from laoke.foundation.webhooks import selectors as webhooks
from laoke.foundation.webhooks.services import DISABLED_TOPIC
from laoke.points.adjustments import selectors as adjustments
from laoke.points.events import ASKED, DECIDED
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


def coupons_issued(event: Event, at: datetime) -> None:
    """Tell whoever asked for an issue of coupons that it has ended."""
    batch_id = int(event.payload["batch_id"])
    asked_by = coupons.asked_by(batch_id)
    if asked_by is None or asked_by[0] != "staff":
        return
    told = {name: event.payload[name] for name in ("state", "issued", "refused")}
    notices.tell(asked_by[1], "coupons.issued", told, at, path=f"/coupons/issues/{batch_id}")


def adjustment_asked(event: Event, at: datetime) -> None:
    """Tell whoever may let adjustments pass that one waits; not the one who asked."""
    number = int(event.payload["adjustment_id"])
    asked = adjustments.one(SYSTEM, number, at=at)
    told = {"who": asked.asked_by, "points": asked.points, "member": asked.member_id}
    by = adjustments.asked_by(number)
    holders = [each for each in staff.holders(Scope.POINTS_APPROVE) if by != ("staff", each)]
    notices.tell_all(holders, "adjustment.asked", told, at, path="/points/adjustments")


def adjustment_decided(event: Event, at: datetime) -> None:
    """Tell who asked for an adjustment what became of it, unless they took it back themselves."""
    number, state = int(event.payload["adjustment_id"]), str(event.payload["state"])
    by = adjustments.asked_by(number)
    if by is None or by[0] != "staff" or state == "withdrawn":
        return
    asked = adjustments.one(SYSTEM, number, at=at)
    told = {"state": state, "points": asked.points, "member": asked.member_id, "note": asked.note}
    notices.tell(by[1], "adjustment.decided", told, at, path="/points/adjustments?which=done")


def register() -> None:
    """Listen to what people should hear of."""
    subscribe(BATCH_ENDED, "console", coupons_issued)
    subscribe(ASKED, "console", adjustment_asked)
    subscribe(DECIDED, "console", adjustment_decided)
    subscribe(DISABLED_TOPIC, "console", endpoint_switched_off)
    for topic in (BUDGET_ALARM, USED_UP):
        subscribe(topic, "console", offer_ran_low)


register()
