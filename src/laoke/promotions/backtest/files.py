"""Files with the offer to be tried: the section `offers` of a programme, and the responses assumed of shoppers.

offers:
  less-20: {...}
responses:
  moderate: {near_orders: 10, more_orders: 2}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from laoke.kernel.errors import LaokeError
from laoke.promotions import publication
from laoke.promotions.backtest.responses import Responses, read
from laoke.promotions.documents.offers import OfferDocument


class WhichOffer(LaokeError):
    """The file holds no offer, several of which one has to be named, or not the one that was named."""

    code, status, title = "which-offer", 422, "It is not clear which offer is meant"


class Tried(NamedTuple):
    """An offer and what is assumed of shoppers."""

    key: str
    document: OfferDocument
    responses: Responses


def tried(document: Any, key: str | None = None) -> Tried:
    """The offer of a file; of several the one called `key`.

    Raises:
        WhichOffer, BadResponses
        Fault: every place of the offer that cannot be used.
    """
    offers = document.get("offers") if isinstance(document, Mapping) else None
    if not isinstance(offers, Mapping) or not offers:
        raise WhichOffer("The file has no section `offers` with an offer in it.")
    if key is None:
        if len(offers) > 1:
            raise WhichOffer(f"The file has several offers: {', '.join(map(str, offers))}. Name one of them.")
        key = str(next(iter(offers)))
    if key not in offers:
        raise WhichOffer(f"The file has no offer {key[:64]!r}, only {', '.join(map(str, offers))}.")
    return Tried(key, publication.parse({key: offers[key]})[key], read(document.get("responses")))
