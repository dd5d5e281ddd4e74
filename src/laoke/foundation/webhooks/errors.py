"""Refusals around outgoing webhooks."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class BadWebhookUrl(LaokeError):
    """The address of a webhook endpoint cannot be used."""

    code, status, title = "bad-webhook-url", 422, "This address cannot receive webhooks"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NoSuchWebhookEndpoint(LaokeError):
    """No webhook endpoint has this id."""

    code, status, title = "no-such-webhook-endpoint", 404, "No such webhook endpoint"

    def __init__(self, endpoint_id: int) -> None:
        super().__init__(_("There is no webhook endpoint %(id)s.") % {"id": endpoint_id})


class NoSuchWebhookDelivery(LaokeError):
    """No delivery of this endpoint has this id; deliveries are kept for 30 days."""

    code, status, title = "no-such-webhook-delivery", 404, "No such delivery"

    def __init__(self, delivery_id: int) -> None:
        super().__init__(
            _("There is no delivery %(id)s. Deliveries are kept for 30 days.") % {"id": delivery_id}
        )


class WebhookEndpointInactive(LaokeError):
    """The endpoint is switched off; nothing is sent to it until it is switched on again."""

    code, status, title = "webhook-endpoint-inactive", 409, "This webhook endpoint is switched off"

    def __init__(self, endpoint_id: int) -> None:
        super().__init__(_("Switch endpoint %(id)s on first.") % {"id": endpoint_id})


class UnknownTopics(LaokeError):
    """An endpoint asked for events under a topic that nobody publishes."""

    code, status, title = "unknown-topics", 422, "There is no such topic"

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        super().__init__(
            f"Nothing is published under {', '.join(unknown)}. Known are {', '.join(known)}", field="topics"
        )
