"""Endpoints to look after webhooks: who wants which events, and what became of them."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query, Router
from ninja.responses import Status

from laoke.foundation import paging
from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit
from laoke.foundation.webhooks import selectors, services
from laoke.foundation.webhooks.schemas import (
    DeliveriesOut,
    DeliveryOut,
    EndpointChangeIn,
    EndpointIn,
    EndpointMadeOut,
    EndpointOut,
    EndpointsOut,
    RemovedOut,
    SentOut,
)
from laoke.foundation.webhooks.selectors import DeliveryStatus

router = Router(tags=["webhooks"])

EndpointId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[3])]
DeliveryId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[7711])]

MANAGE = KeyAuth(Scope.WEBHOOKS)


@router.get("/webhooks", auth=MANAGE, response=EndpointsOut, summary="List webhook endpoints")
def list_endpoints(request: HttpRequest) -> EndpointsOut:
    """All endpoints, switched-off ones included. There are few: they come in one answer."""
    return EndpointsOut(endpoints=[EndpointOut.of(each) for each in selectors.endpoints(caller(request))])


@router.post("/webhooks", auth=MANAGE, response={201: EndpointMadeOut}, summary="Add a webhook endpoint")
def create(request: HttpRequest, body: EndpointIn) -> Status[EndpointMadeOut]:
    """Add an address that receives events, signed by the Standard Webhooks scheme. The secret is shown now and never
    again; a repeat adds another endpoint.
    """
    endpoint, secret = services.create_endpoint(
        caller(request), body.name, body.url, body.topics_known(), at=received_at(request)
    )
    return Status(201, EndpointMadeOut.with_secret(endpoint, secret))


@router.get("/webhooks/{endpoint_id}", auth=MANAGE, response=EndpointOut, summary="Show a webhook endpoint")
def show(request: HttpRequest, endpoint_id: EndpointId) -> EndpointOut:
    """One endpoint without its secret."""
    return EndpointOut.of(selectors.endpoint(caller(request), endpoint_id))


@router.put("/webhooks/{endpoint_id}", auth=MANAGE, response=EndpointOut, summary="Change a webhook endpoint")
def update(request: HttpRequest, endpoint_id: EndpointId, body: EndpointChangeIn) -> EndpointOut:
    """Change it, switch it off or on. Switched on again it gets what is still waiting for it."""
    endpoint = services.update_endpoint(
        caller(request),
        endpoint_id,
        name=body.name,
        url=body.url,
        topics=body.topics_known(),
        active=body.active,
        at=received_at(request),
    )
    return EndpointOut.of(endpoint)


@router.delete(
    "/webhooks/{endpoint_id}", auth=MANAGE, response=RemovedOut, summary="Remove a webhook endpoint"
)
def delete(request: HttpRequest, endpoint_id: EndpointId) -> RemovedOut:
    """Remove it with its log; what still waits for it is never sent."""
    return RemovedOut(removed=services.delete_endpoint(caller(request), endpoint_id, at=received_at(request)))


@router.post(
    "/webhooks/{endpoint_id}/rotate-secret",
    auth=MANAGE,
    response=EndpointMadeOut,
    summary="Give a webhook endpoint a new secret",
)
def rotate_secret(request: HttpRequest, endpoint_id: EndpointId) -> EndpointMadeOut:
    """The new secret is shown now and never again. For 24 hours both sign, so the receiver can change over."""
    endpoint, secret = services.rotate_secret(caller(request), endpoint_id, at=received_at(request))
    return EndpointMadeOut.with_secret(endpoint, secret)


@router.post(
    "/webhooks/{endpoint_id}/test", auth=MANAGE, response={202: SentOut}, summary="Send a test event"
)
def send_test(request: HttpRequest, endpoint_id: EndpointId) -> Status[SentOut]:
    """A `webhook.test` event for this endpoint alone, by the way all events take."""
    services.send_test(caller(request), endpoint_id, at=received_at(request))
    return Status(202, SentOut(queued=True))


@router.get(
    "/webhooks/{endpoint_id}/deliveries",
    auth=MANAGE,
    response=DeliveriesOut,
    summary="List what was sent to an endpoint",
)
def deliveries(
    request: HttpRequest,
    endpoint_id: EndpointId,
    status: Annotated[DeliveryStatus | None, Query(examples=["given_up"])] = None,
    after: After = None,
    limit: Limit = 50,
) -> DeliveriesOut:
    """The log of 30 days, newest first."""
    who = caller(request)
    selectors.endpoint(who, endpoint_id)
    mark = paging.read(after, paging.number)
    found = selectors.deliveries(who, endpoint_id, status, mark[0] if mark else None, limit + 1)
    page, more = paging.cut(found, limit, lambda delivery: paging.write(delivery.id))
    return DeliveriesOut(deliveries=[DeliveryOut.of(each) for each in page], after=more)


@router.post(
    "/webhooks/{endpoint_id}/deliveries/{delivery_id}/redeliver",
    auth=MANAGE,
    response={202: SentOut},
    summary="Send something once more",
)
def redeliver(request: HttpRequest, endpoint_id: EndpointId, delivery_id: DeliveryId) -> Status[SentOut]:
    """Whether it had arrived or been given up; with a fresh set of attempts."""
    services.redeliver(caller(request), endpoint_id, delivery_id, at=received_at(request))
    return Status(202, SentOut(queued=True))
