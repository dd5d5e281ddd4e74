"""Pausing, resuming, ending and stopping offers. Each step is a publication; doing it again changes
nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.members.errors import ReasonMissing
from laoke.promotions import publication
from laoke.promotions.documents.offers import OfferDocument, read_offer
from laoke.promotions.errors import OfferOver, UnknownOffer
from laoke.promotions.language import language
from laoke.promotions.publication import Publication

LONGEST_REASON = 300


def pause(caller: Caller, key: str, reason: str = "", *, at: datetime) -> int:
    """Give nothing from this commit on; orders quoted before still get it. Returns the programme version.

    Raises:
        MissingScope, UnknownOffer, OfferOver
    """
    reason = _reason(reason)
    with transaction.atomic():
        before, former = _hold(caller, key)
        version = publication.publish_one(caller, key, _document(key, former, paused=True), at=at)
        if version != before:
            record(caller, "offer.paused", "offer", key, at=at, after=_told(former), reason=reason)
    return version


def resume(caller: Caller, key: str, reason: str = "", *, at: datetime) -> int:
    """Go on with an offer that was paused or stopped, as it was published. Returns the programme version.

    Raises:
        MissingScope, UnknownOffer, OfferOver
    """
    reason = _reason(reason)
    with transaction.atomic():
        before, former = _hold(caller, key)
        document = _document(key, former, paused=False)
        version = publication.publish_one(caller, key, document, at=at, stopped=False)
        if version != before:
            record(caller, "offer.resumed", "offer", key, at=at, after=_told(former), reason=reason)
    return version


def end(caller: Caller, key: str, reason: str = "", *, at: datetime) -> int:
    """End an offer for good; orders quoted before still get it. Returns the programme version.

    Raises:
        MissingScope, UnknownOffer
    """
    reason = _reason(reason)
    with transaction.atomic():
        before, former = _hold(caller, key)
        version = publication.publish_one(caller, key, None, at=at)
        if version != before:
            record(caller, "offer.ended", "offer", key, at=at, before=_told(former), reason=reason)
    return version


def stop(caller: Caller, key: str, reason: str, *, at: datetime) -> int:
    """Stop an offer in an emergency: from this commit on no process gives it, to quoted orders neither.

    Args:
        reason: why, in 2 to 300 characters.
    Returns:
        The programme version.
    Raises:
        MissingScope, ReasonMissing, UnknownOffer
    """
    reason = _reason(reason, least=2)
    with transaction.atomic():
        before, former = _hold(caller, key)
        # What has ended may still stand in quotes.
        document = None if former.document is None else _document(key, former, paused=True)
        version = publication.publish_one(caller, key, document, at=at, stopped=True)
        if version != before:
            record(caller, "offer.stopped", "offer", key, at=at, after=_told(former), reason=reason)
    return version


def _hold(caller: Caller, key: str) -> tuple[int, Publication]:
    """The programme version, held, and the offer as it stands in it."""
    caller.require(Scope.PROGRAMME_WRITE)
    version = generations.hold(generations.PROGRAMME)
    former = publication.newest_of(key)
    if former is None:
        raise UnknownOffer(key)
    return version, former


def _document(key: str, former: Publication, *, paused: bool) -> OfferDocument:
    if former.document is None:
        raise OfferOver(key)
    return read_offer(publication.with_pause(former.document, paused=paused), language())


def _told(former: Publication) -> dict[str, object] | None:
    return None if former.document is None else {"name": former.document["name"]["zh"]}


def _reason(text: str, *, least: int = 0) -> str:
    text = text.strip()
    if not least <= len(text) <= LONGEST_REASON:
        raise ReasonMissing
    return text
