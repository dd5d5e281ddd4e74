"""What things are called in the sentences a till shows: tiers, coupons, categories, stores, articles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from laoke.checkout import catalogue
from laoke.checkout.catalogue import Known
from laoke.checkout.programme import Programme
from laoke.engine.pricing.deals import Refused
from laoke.promotions import words
from laoke.promotions.telling import Says
from laoke.promotions.words import Telling
from laoke.purchases import words as reference


@dataclass(slots=True)
class _Told:
    """Names and sentences of one programme and catalogue, kept until either is another one.

    Why an offer is refused says nothing of the basket: each reason is put into words once. `missed` counts articles
    whose name was not known, for this process has not read them yet: a sentence with one is made anew.
    """

    rules: Programme
    data: Known
    called: Mapping[tuple[str, str], Says]
    sentences: dict[tuple[str, str, int], dict[str, str]] = field(default_factory=dict)
    missed: int = 0

    def name(self, kind: str, code: str) -> Says | None:
        """What something is called."""
        if kind != "sku":
            return self.called.get((kind, code))
        product = self.data.products.get(code)
        if product is None:
            self.missed += 1
            return None
        return Says(product.name, product.name)


_last: _Told | None = None


def telling(rules: Programme) -> Telling:
    """What sentences about this programme are told with; articles as the till read them last."""
    return Telling(_told(rules).name, settings.LAOKE.currency, settings.LAOKE.zone)


def refusal(rules: Programme, refused: Refused) -> dict[str, str]:
    """Why an offer was not given, in both languages."""
    told = _told(rules)
    # The condition that failed is a part of the compiled programme, which is kept with the sentences: its id stays its.
    key = (refused.ready.offer.key, refused.code, id(refused.failed))
    says = told.sentences.get(key)
    if says is None:
        missed = told.missed
        document = rules.offers.documents[refused.ready.offer.key]
        says = words.refusal(refused, document, telling(rules))._asdict()
        if told.missed == missed:
            told.sentences[key] = says
    return says


def _told(rules: Programme) -> _Told:
    global _last
    data, last = catalogue.known(-1), _last
    if last is None or last.rules is not rules or last.data is not data:
        last = _last = _Told(rules, data, _called(rules))
    return last


def _called(rules: Programme) -> dict[tuple[str, str], Says]:
    found = {key: Says(*called) for key, called in reference.names().items()}
    for tier in rules.ladder.tiers:
        found["tier", tier.code] = Says(tier.name_zh, tier.name_en)
    for key, template in rules.coupons.documents.items():
        found["template", key] = Says(template.name.zh, template.name.en)
    return found
