"""Endpoints of the points mall."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from laoke.benefits.mall import selectors, services
from laoke.benefits.mall.schemas import (
    DonationReceiptOut,
    MallCancelIn,
    MallItemOut,
    MallOrderedOut,
    MallOrderIn,
    MallOrderOut,
    MallOrdersOut,
    MallOut,
)
from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command, once
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit, MemberId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.purchases import selectors as purchases
from laoke.purchases.errors import UnknownStore
from laoke.purchases.types import StoreFacts

router = Router(tags=["mall"])

READ = KeyAuth(Scope.BENEFITS_READ)
USE = KeyAuth(Scope.BENEFITS_USE)
OrderNumber = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[811])]
ReadyNumber = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[813])]
DonationNumber = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[812])]
OfStore = Annotated[str | None, Query(max_length=64, description="only of this store", examples=["S001"])]


@router.get("/mall", auth=READ, response=MallOut, summary="What there is for points")
def show_mall(request: HttpRequest) -> MallOut:
    """Everything in the points mall with what is left of it, and how far the funds are."""
    return MallOut(items=[MallItemOut.of(row) for row in selectors.item_rows()])


@router.post(
    "/members/{member_id}/mall-orders",
    auth=USE,
    response={201: MallOrderedOut},
    openapi_extra=IDEMPOTENT,
    summary="Get something for points",
)
def order(request: HttpRequest, member_id: MemberId, body: MallOrderIn) -> HttpResponse:
    """Points, stock and what it brings move together or not at all. Goods are reserved and collected at a store, the
    rest is done at once. Needs an `Idempotency-Key`.
    """
    who, at = caller(request), received_at(request)
    store = None if body.store is None else _store(body.store)

    def run() -> dict[str, Any]:
        made = services.order(
            who,
            member_id,
            body.item,
            body.quantity,
            store_id=None if store is None else store.id,
            store_code=body.store or "",
            at=at,
        )
        return asdict(made)

    command = Command(idempotency_key(request), (b"mall order", b"%d" % member_id, request.body))
    return answered(once(who, command, run, at=at))


@router.get(
    "/members/{member_id}/mall-orders",
    auth=READ,
    response=MallOrdersOut,
    summary="A member's orders for points",
)
def of_member(
    request: HttpRequest, member_id: MemberId, after: After = None, limit: Limit = 50
) -> MallOrdersOut:
    """The newest first, cancelled ones too."""
    page, more = selectors.of_member(member_id, after=after, limit=limit)
    return MallOrdersOut(orders=[MallOrderOut.of(row) for row in page], after=more)


@router.get("/mall-orders", auth=READ, response=MallOrdersOut, summary="Goods to hand out")
def to_hand_out(
    request: HttpRequest, store: OfStore = None, after: After = None, limit: Limit = 50
) -> MallOrdersOut:
    """What waits to be made ready or collected, the newest first; of a key limited to stores at these only."""
    store_id = None if store is None else _store(store).id
    page, more = selectors.to_hand_out(caller(request), store_id=store_id, after=after, limit=limit)
    return MallOrdersOut(orders=[MallOrderOut.of(row) for row in page], after=more)


@router.post(
    "/mall-orders/{order_id}/ready", auth=USE, response=MallOrderOut, summary="Goods can be collected"
)
def ready(request: HttpRequest, order_id: OrderNumber) -> MallOrderOut:
    """They lie at the store; the member is told by an event. A repeat changes nothing."""
    return MallOrderOut.of(selectors.view(services.ready(caller(request), order_id, at=received_at(request))))


@router.post(
    "/mall-orders/{order_id}/collect", auth=USE, response=MallOrderOut, summary="Goods were collected"
)
def collect(request: HttpRequest, order_id: ReadyNumber) -> MallOrderOut:
    """They were handed out. A repeat changes nothing."""
    return MallOrderOut.of(
        selectors.view(services.collect(caller(request), order_id, at=received_at(request)))
    )


@router.post(
    "/mall-orders/{order_id}/cancel", auth=USE, response=MallOrderOut, summary="Cancel an order for points"
)
def cancel(request: HttpRequest, order_id: OrderNumber, body: MallCancelIn) -> MallOrderOut:
    """Points go back to their lots with their old expiry, pieces to the stock. A repeat changes nothing."""
    row = services.cancel(caller(request), order_id, reason=body.reason, at=received_at(request))
    return MallOrderOut.of(selectors.view(row))


@router.get(
    "/mall-orders/{order_id}/receipt",
    auth=READ,
    response=DonationReceiptOut,
    summary="The receipt of a donation",
)
def receipt(request: HttpRequest, order_id: DonationNumber) -> DonationReceiptOut:
    """What was given, to which fund, and what the shop gives for it."""
    return DonationReceiptOut.of(selectors.receipt(order_id))


def _store(code: str) -> StoreFacts:
    found = purchases.stores_by_code().get(code)
    if found is None:
        raise UnknownStore(f"There is no store {code[:60]!r}")
    return found
