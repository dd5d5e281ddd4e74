"""What the endpoints of webhooks take and give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from laoke.foundation.outbox import topics
from laoke.foundation.web.fields import In, Text, example
from laoke.foundation.webhooks.errors import UnknownTopics
from laoke.foundation.webhooks.selectors import Delivery, DeliveryStatus, Endpoint

_EXAMPLE: dict[str, object] = {
    "name": "CRM",
    "url": "https://crm.example.com/hooks/loyalty",
    "topics": ["order.committed", "order.returned"],
}


class EndpointIn(In):
    """An address that receives events. No topics: all of them."""

    model_config = example(**_EXAMPLE)

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    url: Annotated[Text, Field(min_length=1, max_length=500)]
    topics: Annotated[list[Annotated[str, Field(pattern="^[a-z_.]{1,60}$")]], Field(max_length=100)] = []

    def topics_known(self) -> Sequence[str]:
        """The topics asked for.

        Raises:
            UnknownTopics
        """
        names = [topic.name for topic in topics.known()]
        if unknown := [topic for topic in self.topics if topic not in names]:
            raise UnknownTopics(unknown[:5], names)
        return self.topics


class EndpointChangeIn(EndpointIn):
    """An endpoint as it shall be from now on."""

    model_config = example(**_EXAMPLE, active=True)

    active: Annotated[bool, Field(strict=True)] = True


class EndpointOut(BaseModel):
    """An endpoint; its secret is shown only when it is made."""

    endpoint_id: int = Field(examples=[3])
    name: str = Field(examples=["CRM"])
    url: str = Field(examples=["https://crm.example.com/hooks/loyalty"])
    topics: list[str] = Field(examples=[["order.committed", "order.returned"]])
    active: bool
    disabled_reason: str = Field(examples=[""])
    created_at: datetime = Field(examples=["2026-03-10T04:00:00Z"])

    @classmethod
    def of(cls, endpoint: Endpoint) -> EndpointOut:
        """From the module's own type."""
        return cls(**_fields(endpoint))


class EndpointMadeOut(EndpointOut):
    """An endpoint with its new signing secret, which is shown now and never again."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4xGc3Jd0bZk="])

    @classmethod
    def with_secret(cls, endpoint: Endpoint, secret: str) -> EndpointMadeOut:
        """From the module's own types."""
        return cls(**_fields(endpoint), secret=secret)


class EndpointsOut(BaseModel):
    """All endpoints, oldest first."""

    endpoints: list[EndpointOut]


class DeliveryOut(BaseModel):
    """One event on its way to one endpoint, with the result of the last attempt."""

    delivery_id: int = Field(examples=[7711])
    message_id: str = Field(
        examples=["msg_90412"], description="the header webhook-id: the same at every attempt"
    )
    topic: str = Field(examples=["order.committed"])
    body: str = Field(
        examples=['{"type":"order.committed","timestamp":"2026-03-10T04:00:01Z","data":{"order_id":88213}}']
    )
    status: DeliveryStatus = Field(examples=["delivered"])
    attempts: int = Field(examples=[1])
    created_at: datetime = Field(examples=["2026-03-10T04:00:01Z"])
    next_at: datetime | None = Field(examples=[None])
    delivered_at: datetime | None = Field(examples=["2026-03-10T04:00:02Z"])
    last_status: int | None = Field(examples=[200])
    last_error: str = Field(examples=[""])

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """From the module's own type."""
        return cls(
            delivery_id=delivery.id,
            message_id=delivery.message_id,
            topic=delivery.topic,
            body=delivery.body,
            status=delivery.status,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            next_at=delivery.next_at,
            delivered_at=delivery.delivered_at,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
        )


class DeliveriesOut(BaseModel):
    """A page of the log, newest first. `after` opens the next page."""

    deliveries: list[DeliveryOut]
    after: str | None = Field(examples=["Wzc3MTFd"])


class SentOut(BaseModel):
    """The event is on its way; the log of deliveries shows what becomes of it."""

    queued: bool


class RemovedOut(BaseModel):
    """Whether it was there; a repeat says no."""

    removed: bool


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint.id,
        "name": endpoint.name,
        "url": endpoint.url,
        "topics": list(endpoint.topics),
        "active": endpoint.active,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": endpoint.created_at,
    }
