"""Changing one coupon template while the rest of the programme stays: it is held against the offers in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from laoke.benefits.coupons import templates
from laoke.benefits.coupons.errors import BadTemplate, TemplateInUse, UnknownTemplate
from laoke.checkout import programme
from laoke.foundation.access import Caller, Scope
from laoke.members.errors import ReasonMissing
from laoke.promotions.documents.offers import OfferDocument

LONGEST_REASON = 300


def save(
    caller: Caller, key: str, document: Mapping[str, Any], *, seen: int | None, reason: str = "", at: datetime
) -> int:
    """Publish a template, new or changed. Returns the programme version, which stays where nothing changes.

    Args:
        seen: the programme version of the template as the caller saw it; None for a new one.
        reason: for the audit trail, at most 300 characters.
    Raises:
        MissingScope, ReasonMissing
        TemplateChanged: somebody published or ended it since; nothing is overwritten.
        BadTemplate: every place of the document that cannot be used; an announced code may be taken by a template, a
            coupon or an offer.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    reason = _reason(reason)
    programme.current()  # read before anybody waits: a process that has not seen this version yet compiles it
    with transaction.atomic():
        in_force = templates.hold(key, seen)
        wanted = templates.beside(key, document, in_force)
        rules = programme.current()
        if not templates.differ(wanted, in_force):
            return rules.version
        if faults := [
            (place[2:], says)
            for place, says in programme.taken_codes(rules.offers.documents, {key: wanted[key]})
        ]:
            raise BadTemplate(faults)
        try:
            return templates.publish(caller, wanted, at=at, reason=reason)
        except BadTemplate as error:
            raise BadTemplate([(place[2:], says) for place, says in error.faults]) from None


def end(caller: Caller, key: str, reason: str = "", *, seen: int | None, at: datetime) -> int:
    """End a template: its coupons cannot be used until it is published again. Returns the programme version.

    Raises:
        MissingScope, ReasonMissing, TemplateChanged, UnknownTemplate: it is not in force.
        TemplateInUse: offers in force name it.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    reason = _reason(reason)
    programme.current()  # read before anybody waits: a process that has not seen this version yet compiles it
    with transaction.atomic():
        in_force = templates.hold(key, seen)
        if key not in in_force.documents:
            raise UnknownTemplate(key)
        offers = programme.current().offers.documents
        if naming := sorted({*taken_by(offers, key), *given_by(offers, key)}):
            raise TemplateInUse(key, naming)
        return templates.publish(caller, templates.beside(key, None, in_force), at=at, reason=reason)


def taken_by(offers: Mapping[str, OfferDocument], key: str) -> list[str]:
    """The offers that coupons of a template are for."""
    return [name for name, offer in offers.items() if key in offer.coupons]


def given_by(offers: Mapping[str, OfferDocument], key: str) -> list[str]:
    """The offers that give coupons of a template (满额赠券)."""
    return [
        name
        for name, offer in offers.items()
        if any(gives.coupon is not None and gives.coupon.template == key for gives in offer.gives)
    ]


def _reason(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > LONGEST_REASON or not text.isprintable():
        raise ReasonMissing
    return text
