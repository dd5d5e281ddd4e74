"""Endpoints of the till: quote, order, return, delivery; and what is composed of several modules."""

from __future__ import annotations

from dataclasses import asdict

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from laoke.checkout import orders, programme, quotes, returns
from laoke.checkout.overview import overview
from laoke.checkout.schemas import (
    BasketIn,
    DeliveryIn,
    DeliveryTakenOut,
    GiveBackOut,
    OrderIn,
    OrderOut,
    OverviewOut,
    ProgrammeOut,
    QuoteOut,
    ReturnIn,
    ReturnOut,
)
from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import MemberId, OrderId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.purchases import delivery
from laoke.purchases.api import order_router
from laoke.tiers.schemas import LadderOut

router = Router(tags=["till"])


@router.post("/quotes", auth=KeyAuth(Scope.QUOTES), response=QuoteOut, summary="Price a basket")
def post_quote(request: HttpRequest, body: BasketIn) -> HttpResponse:
    """What the basket costs, what it earns, how many points can be used, and what is missing to the next tier.

    Changes nothing. The answer's `quote` text guarantees prices and rules for 15 minutes.
    """
    answer = quotes.quote(caller(request), body.basket(), at=received_at(request))
    return HttpResponse(orjson.dumps(answer), content_type="application/json")


@order_router.post(
    "/orders",
    auth=KeyAuth(Scope.ORDERS_WRITE),
    response={201: OrderOut},
    tags=["till"],
    openapi_extra=IDEMPOTENT,
    summary="Record a purchase",
)
def post_order(request: HttpRequest, body: OrderIn) -> HttpResponse:
    """Record a purchase with everything that follows: points spent and earned, tier, events.

    Needs an `Idempotency-Key`: a repeat gets the first answer to the letter (with `Idempotency-Replayed: true`),
    the same key with another body is refused. All or nothing.
    """
    key = idempotency_key(request)
    return answered(
        orders.commit(caller(request), body.request(), key, request.body, now=received_at(request))
    )


@router.post(
    "/orders/{order_id}/returns",
    auth=KeyAuth(Scope.RETURNS_WRITE),
    response={201: ReturnOut},
    openapi_extra=IDEMPOTENT,
    summary="Take goods back",
)
def post_return(request: HttpRequest, order_id: OrderId, body: ReturnIn) -> HttpResponse:
    """Take back some or all of an order, as often as needed until nothing is left.

    The answer says how much money to give back; points and tier go back exactly. Needs an `Idempotency-Key`.
    """
    key = idempotency_key(request)
    return answered(
        returns.take_back(
            caller(request), body.request(order_id), key, request.body, now=received_at(request)
        )
    )


@router.post(
    "/orders/{order_id}/delivery",
    auth=KeyAuth(Scope.ORDERS_WRITE),
    response=DeliveryTakenOut,
    summary="Record a step of delivery",
)
def post_delivery(request: HttpRequest, order_id: OrderId, body: DeliveryIn) -> DeliveryTakenOut:
    """Placed, packed, shipped, delivered, done: forward, steps may be left out; cancelled until it has arrived.
    A repeat of the step the order stands at changes nothing.
    """
    step = delivery.advance(caller(request), order_id, body.status, at=body.at, now=received_at(request))
    return DeliveryTakenOut.model_validate(asdict(step))


@router.get(
    "/members/{member_id}/overview",
    auth=KeyAuth(Scope.MEMBERS_READ, Scope.POINTS_READ, Scope.TIERS_READ),
    response=OverviewOut,
    tags=["members"],
    summary="Show a member at a glance",
)
def get_overview(request: HttpRequest, member_id: MemberId) -> OverviewOut:
    """Who (masked), how many points, which tier and what is missing to the next; the classes too for keys with
    `insight:read`. Of a merged member it shows the one that was kept.
    """
    return OverviewOut.of(overview(caller(request), member_id, received_at(request)))


@router.get(
    "/programme",
    auth=KeyAuth(Scope.PROGRAMME_READ),
    response=ProgrammeOut,
    tags=["programme"],
    summary="Show the rules in force",
)
def get_programme(request: HttpRequest) -> ProgrammeOut:
    """The rules of points and tiers as published, and the share of spend that they give back."""
    current = programme.current()
    share = current.points.give_back
    return ProgrammeOut(
        version=current.version,
        currency=settings.LAOKE.currency,
        time_zone=settings.LAOKE.time_zone,
        points=programme.to_document(current)["points"],
        give_back=GiveBackOut(fraction=str(share), percent=programme.percent(share)),
        ladder=LadderOut.of(current.ladder),
    )
