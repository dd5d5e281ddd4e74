"""Endpoints of the till: quote, order, return."""

from __future__ import annotations

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Router

from laoke.checkout import orders, quotes, returns
from laoke.checkout.orders import Answer
from laoke.checkout.schemas import BasketIn, OrderIn, OrderOut, QuoteOut, ReturnIn, ReturnOut
from laoke.foundation.web.api import caller, idempotency_key, received_at

router = Router(tags=["till"])


@router.post("/quotes", response=QuoteOut, summary="Price a basket")
def post_quote(request: HttpRequest, body: BasketIn) -> HttpResponse:
    """What the basket costs, what it earns, how many points can be used, and what is missing to the next tier.

    Changes nothing. The answer's `quote` text guarantees prices and rules for 15 minutes.
    """
    answer = quotes.quote(caller(request), body.basket(), at=received_at(request))
    return HttpResponse(orjson.dumps(answer), content_type="application/json")


@router.post("/orders", response={201: OrderOut}, summary="Record a purchase")
def post_order(request: HttpRequest, body: OrderIn) -> HttpResponse:
    """Record a purchase with everything that follows: points spent and earned, tier, events.

    Needs an `Idempotency-Key`: a repeat gets the first answer to the letter (with `Idempotency-Replayed: true`),
    the same key with another body is refused. All or nothing.
    """
    key = idempotency_key(request)
    return _response(
        orders.commit(caller(request), body.request(), key, request.body, now=received_at(request))
    )


@router.post("/orders/{int:order_id}/returns", response={201: ReturnOut}, summary="Take goods back")
def post_return(request: HttpRequest, order_id: int, body: ReturnIn) -> HttpResponse:
    """Take back some or all of an order, as often as needed until nothing is left.

    The answer says how much money to give back; points and tier go back exactly. Needs an `Idempotency-Key`.
    """
    key = idempotency_key(request)
    return _response(
        returns.take_back(
            caller(request), body.request(order_id), key, request.body, now=received_at(request)
        )
    )


def _response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    if not answer.first:
        response["Idempotency-Replayed"] = "true"
    return response
