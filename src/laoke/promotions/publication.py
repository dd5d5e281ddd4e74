"""The offers of a programme version: reading, checking and publishing their documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from laoke.engine.conditions import leaves
from laoke.engine.pricing.compiled import Programme
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record_many
from laoke.foundation.sql import hot_cursor, load
from laoke.promotions import counters
from laoke.promotions import policy as pricing_policy
from laoke.promotions.counters import Limits
from laoke.promotions.documents.offers import Fault, OfferDocument, Place, read_offer
from laoke.promotions.language import language as language
from laoke.promotions.models import OfferVersion
from laoke.promotions.pacing import Pace
from laoke.promotions.policy import STANDARD_PRICING, PricingPolicy
from laoke.promotions.uninterrupted import uninterrupted

LONGEST_KEY = 64
BAD_KEY = f"a key has 1 to {LONGEST_KEY} letters, digits and hyphens"


class Offers(NamedTuple):
    """The offers in force in one version.

    `asks` are the attributes that conditions ask for, `limited` the keys whose uses are counted, `per_member` those
    that one member has only so often, `for_coupons` the templates of coupons that some offer is for. `paces` says of
    whose budget a part is held back for later days, `ever_codes` are all codes that offers had up to this version, case
    folded.
    """

    documents: Mapping[str, OfferDocument]
    compiled: Programme | None
    asks: frozenset[str]
    limited: frozenset[str]
    paces: Mapping[str, Pace] = counters.NO_PACES
    ever_codes: frozenset[str] = frozenset()
    per_member: frozenset[str] = frozenset()
    for_coupons: frozenset[str] = frozenset()


NO_OFFERS = Offers({}, None, frozenset(), frozenset())


@uninterrupted()
def parse(documents: Any) -> dict[str, OfferDocument]:
    """Read the section `offers` of a programme document.

    Raises:
        Fault: every place that cannot be used.
    """
    if not isinstance(documents, Mapping):
        raise Fault([(("offers",), "takes offers by their key")])
    faults: list[tuple[Place, str]] = []
    found = {}
    words = language()
    for key, document in documents.items():
        place = ("offers", str(key))
        if not _is_key(key):
            faults.append((place, BAD_KEY))
            continue
        try:
            found[key] = read_offer(document, words)
        except Fault as error:
            faults += [((*place, *inner), says) for inner, says in error.faults]
            continue
    if faults:
        raise Fault(faults)
    return found


def check_key(key: str) -> None:
    """Raise Fault unless `key` can name an offer."""
    if not _is_key(key):
        raise Fault([(("key",), BAD_KEY)])


def _is_key(key: Any) -> bool:
    return isinstance(key, str) and 1 <= len(key) <= LONGEST_KEY and key.replace("-", "").isalnum()


def with_pause(document: Mapping[str, Any], *, paused: bool) -> dict[str, Any]:
    """A text of an offer that is paused, or is not; `paused: false` is not written."""
    text = {name: value for name, value in document.items() if name != "paused"}
    return text | {"paused": True} if paused else text


def to_document(offers: Offers) -> dict[str, Any]:
    """The documents that `parse` reads back into the same offers."""
    return {key: written(document) for key, document in offers.documents.items()}


def written(document: OfferDocument) -> dict[str, Any]:
    """An offer as plain values, as short as it was written."""
    return document.model_dump(mode="json", exclude_unset=True, context=language())


def differ(documents: Mapping[str, OfferDocument], offers: Offers) -> bool:
    """Whether publishing these would change anything."""
    return {key: written(each) for key, each in documents.items()} != to_document(offers)


@uninterrupted()
def at_version(programme_version: int) -> Offers:
    """The offers in force in a version of the programme, in the order in which they were first published."""
    words = language()
    documents = {
        key: read_offer(each.document, words)
        for key, each in newest(programme_version).items()
        if each.document is not None
    }
    offers = compiled(documents, pricing_policy.at_version(programme_version))
    return offers._replace(ever_codes=_ever_codes(programme_version))


def _ever_codes(programme_version: int) -> frozenset[str]:
    with hot_cursor() as cursor:
        rows = cursor.execute(
            "select distinct jsonb_array_elements_text(document -> 'codes') from promotions_offerversion "
            "where programme_version <= %s and document ? 'codes'",
            (programme_version,),
        ).fetchall()
    return frozenset(code.casefold() for (code,) in rows)


class Publication(NamedTuple):
    """An offer as a version of the programme has it. `document` is None when it has ended."""

    document: dict[str, Any] | None
    programme_version: int
    stopped: bool


def newest(programme_version: int) -> dict[str, Publication]:
    """Every offer there ever was, as a version has it, in the order in which they were first published."""
    with hot_cursor() as cursor:
        rows = cursor.execute(
            load("laoke.promotions", "newest_offers"), {"version": programme_version}
        ).fetchall()
    return {
        key: Publication(None if document is None else orjson.loads(document), version, is_stopped)
        for key, document, version, is_stopped in rows
    }


@lru_cache(maxsize=16)
def stopped(programme_version: int) -> frozenset[str]:
    """The offers that are stopped in an emergency as of a version: what was quoted of them is not honoured either."""
    rows = (
        OfferVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("key", "-programme_version")
        .distinct("key")
    )
    return frozenset(key for key, is_stopped in rows.values_list("key", "stopped") if is_stopped)


def compiled(documents: Mapping[str, OfferDocument], pricing: PricingPolicy = STANDARD_PRICING) -> Offers:
    """Offers made ready for the till, under the policies and guards of the programme."""
    if not documents:
        return NO_OFFERS
    zone = settings.LAOKE.zone
    offers = [document.offer(key, zone) for key, document in documents.items()]
    programme = Programme(offers, pricing.policies, guards=pricing.guards)
    asks = {leaf.attribute for offer in offers for tree in offer.when for leaf in leaves(tree)}
    if any(each.startswith("product.personal_list") for each in programme.line_attributes):
        asks.add("product.personal_list")
    limited = {
        offer.key
        for offer in offers
        if offer.limits.in_total is not None or offer.limits.budget_minor is not None
    }
    per_member = frozenset(
        offer.key for offer in offers if offer.limits.per_member or offer.limits.per_member_a_day
    )
    if per_member:
        asks.add("member.uses")
    paces = {key: pace for key, document in documents.items() if (pace := document.pace(zone)) is not None}
    return Offers(
        documents,
        programme,
        frozenset(asks),
        frozenset(limited),
        paces,
        per_member=per_member,
        for_coupons=frozenset(template for document in documents.values() for template in document.coupons),
    )


@uninterrupted()
def publish(caller: Caller, documents: Mapping[str, OfferDocument], *, at: datetime) -> int:
    """Put these offers in force from this commit on, and end all others; returns the programme version.

    Call in a transaction. Every process has them with its next price.

    Raises:
        Fault: an offer that was stopped in an emergency would run again.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = newest(generations.hold(generations.PROGRAMME))
    if faults := restarts(documents, before):
        raise Fault(faults)
    texts = {key: written(document) for key, document in documents.items()}
    changed = {
        key: texts.get(key)
        for key in [*documents, *(key for key in before if key not in documents)]
        if _changes(before.get(key), texts.get(key))
    }
    version = generations.bump(generations.PROGRAMME)
    _put(caller, before, changed, version=version, at=at)
    # The documents themselves are kept with the version.
    record_many(
        caller,
        "offer.published",
        "offer",
        [(key, _told(_text(before, key)), _told(text)) for key, text in changed.items() if text is not None],
        at=at,
    )
    record_many(
        caller,
        "offer.ended",
        "offer",
        [(key, _told(_text(before, key)), _told(text)) for key, text in changed.items() if text is None],
        at=at,
    )
    _allot({key: documents[key] for key in changed if key in documents}, version, at)
    return version


def publish_one(
    caller: Caller, key: str, document: OfferDocument | None, *, at: datetime, stopped: bool | None = None
) -> int:
    """Put one offer in force from this commit on, or end it; the others stay. Returns the programme version.

    Call in a transaction, and record who did what. Where nothing changes the version stays.

    Args:
        stopped: whether it is stopped in an emergency; None: as it was, as long as it does not run.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    version = generations.hold(generations.PROGRAMME)
    former = newest_of(key)
    text = None if document is None else written(document)
    if not _changes(former, text, stopped):
        return version
    version = generations.bump(generations.PROGRAMME)
    _put(
        caller, {} if former is None else {key: former}, {key: text}, version=version, at=at, stopped=stopped
    )
    _allot({} if document is None else {key: document}, version, at)
    return version


def newest_of(key: str) -> Publication | None:
    """An offer as it was published last; None when it never was."""
    row = OfferVersion.objects.filter(key=key).order_by("-programme_version").first()
    return None if row is None else Publication(row.document, row.programme_version, row.stopped)


def last_text(key: str) -> dict[str, Any]:
    """What an offer said before it ended; empty when there was never one."""
    row = OfferVersion.objects.filter(key=key, document__isnull=False).order_by("-programme_version").first()
    return {} if row is None or row.document is None else dict(row.document)


def restarts(
    documents: Mapping[str, OfferDocument], before: Mapping[str, Publication]
) -> list[tuple[Place, str]]:
    """Faults of a text that would set running what was stopped in an emergency."""
    return [
        (
            ("offers", key, "paused"),
            "it was stopped in an emergency. Say `paused: true` to keep it so, or resume it first: "
            f"`laoke offers resume {key}`",
        )
        for key, document in documents.items()
        if (former := before.get(key)) is not None
        and former.document is not None
        and former.stopped
        and not document.paused
    ]


def _changes(former: Publication | None, text: dict[str, Any] | None, stopped: bool | None = None) -> bool:
    was = None if former is None else former.document
    is_stopped = former is not None and former.stopped
    return was != text or (stopped is not None and stopped is not is_stopped)


def _put(
    caller: Caller,
    before: Mapping[str, Publication],
    texts: Mapping[str, dict[str, Any] | None],
    *,
    version: int,
    at: datetime,
    stopped: bool | None = None,
) -> None:
    with (
        hot_cursor() as cursor,
        cursor.copy(
            "copy promotions_offerversion (key, programme_version, document, published_at, published_by, stopped) "
            "from stdin"
        ) as copy,
    ):
        for key, text in texts.items():
            runs = text is not None and not text.get("paused")
            was_stopped = key in before and before[key].stopped
            copy.write_row(
                (
                    key,
                    version,
                    None if text is None else orjson.dumps(text).decode(),
                    at,
                    caller.label,
                    (was_stopped and not runs) if stopped is None else stopped,
                )
            )


def _text(before: Mapping[str, Publication], key: str) -> dict[str, Any] | None:
    return before[key].document if key in before else None


def _told(text: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if text is None else {"name": text["name"]["zh"]}


def _allot(documents: Mapping[str, OfferDocument], version: int, at: datetime) -> None:
    zone = settings.LAOKE.zone
    limits = [
        Limits(
            key,
            document.limits.in_total,
            document.limits.budget,
            document.pace(zone),
            document.limits.alarm_at,
        )
        for key, document in documents.items()
    ]
    counters.allot(limits, version=version, today=at.astimezone(zone).date())
