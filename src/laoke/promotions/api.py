"""Endpoints of offers."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query, Router

from laoke.foundation import paging
from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller, received_at
from laoke.foundation.web.fields import After, Code, Limit
from laoke.promotions import life, selectors
from laoke.promotions.errors import UnknownOffer
from laoke.promotions.schemas import OfferReasonIn, OfferShownOut, OffersOut, OfferStandOut, OfferStopIn
from laoke.promotions.selectors import OfferRow
from laoke.promotions.states import OfferState

router = Router(tags=["offers"])

READ = KeyAuth(Scope.PROGRAMME_READ)
WRITE = KeyAuth(Scope.PROGRAMME_WRITE)
Key = Annotated[Code, Path(examples=["members-monday"])]


@router.get("/offers", auth=READ, response=OffersOut, summary="List offers")
def list_offers(
    request: HttpRequest,
    state: Annotated[
        OfferState | None, Query(description="only those that stand there", examples=["live"])
    ] = None,
    after: After = None,
    limit: Limit = 50,
) -> OffersOut:
    """Every offer that was ever published, by key: where it stands, its limits, and what it has given."""
    begun = paging.read(after, paging.text)
    rows = sorted(
        (
            row
            for row in selectors.offers(received_at(request), states=() if state is None else (state,))
            if row.version is not None and (begun is None or row.key > begun[0])
        ),
        key=lambda row: row.key,
    )
    page, more = paging.cut(rows[: limit + 1], limit, lambda row: paging.write(row.key))
    return OffersOut(offers=[OfferStandOut.of(row) for row in page], after=more)


@router.get("/offers/{offer}", auth=READ, response=OfferShownOut, summary="Show an offer")
def show(request: HttpRequest, offer: Key) -> OfferShownOut:
    """One offer with the text of every publication, the newest first."""
    return OfferShownOut.with_versions(_published(request, offer), selectors.versions(offer))


@router.post("/offers/{offer}/pause", auth=WRITE, response=OfferStandOut, summary="Pause an offer")
def pause(request: HttpRequest, offer: Key, body: OfferReasonIn) -> OfferStandOut:
    """From now on quotes do not give it; orders that were quoted before still get it. Repeating changes nothing."""
    life.pause(caller(request), offer, body.reason, at=received_at(request))
    return OfferStandOut.of(_published(request, offer))


@router.post("/offers/{offer}/resume", auth=WRITE, response=OfferStandOut, summary="Resume an offer")
def resume(request: HttpRequest, offer: Key, body: OfferReasonIn) -> OfferStandOut:
    """Go on with an offer that was paused or stopped, as it was published. Repeating changes nothing."""
    life.resume(caller(request), offer, body.reason, at=received_at(request))
    return OfferStandOut.of(_published(request, offer))


@router.post(
    "/offers/{offer}/stop", auth=WRITE, response=OfferStandOut, summary="Stop an offer in an emergency"
)
def stop(request: HttpRequest, offer: Key, body: OfferStopIn) -> OfferStandOut:
    """From now on no till gives it. Orders on a quote that holds it are refused with `offer-stopped` and need a new
    quote. Repeating changes nothing.
    """
    life.stop(caller(request), offer, body.reason, at=received_at(request))
    return OfferStandOut.of(_published(request, offer))


def _published(request: HttpRequest, key: str) -> OfferRow:
    row = selectors.offer(key, received_at(request))
    if row.version is None:
        raise UnknownOffer(key)
    return row
