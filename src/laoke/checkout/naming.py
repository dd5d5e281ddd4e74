"""What things are called in the sentences a till shows: tiers, coupons, categories, stores, articles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings

from laoke.checkout import catalogue
from laoke.checkout.catalogue import Known
from laoke.checkout.programme import Programme
from laoke.promotions.telling import Says
from laoke.promotions.words import Telling
from laoke.purchases import words


class _Last(NamedTuple):
    """What was told with last: kept until the programme or the catalogue is another one."""

    rules: Programme | None
    data: Known | None
    called: Mapping[tuple[str, str], Says]


_last = _Last(None, None, {})


def telling(rules: Programme) -> Telling:
    """What sentences about this programme are told with; articles as the till read them last."""
    global _last
    data = catalogue.known(-1)
    last = _last
    if last.rules is not rules or last.data is not data:
        last = _last = _Last(rules, data, _called(rules))

    def names(kind: str, code: str) -> Says | None:
        if kind == "sku":
            product = data.products.get(code)
            return None if product is None else Says(product.name, product.name)
        return last.called.get((kind, code))

    return Telling(names, settings.LAOKE.currency, settings.LAOKE.zone)


def _called(rules: Programme) -> dict[tuple[str, str], Says]:
    found = {key: Says(*called) for key, called in words.names().items()}
    for tier in rules.ladder.tiers:
        found["tier", tier.code] = Says(tier.name_zh, tier.name_en)
    for key, template in rules.coupons.documents.items():
        found["template", key] = Says(template.name.zh, template.name.en)
    return found
