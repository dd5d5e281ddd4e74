"""Codes used twice, sets and groups that choose between nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from laoke.promotions.documents.offers import OfferDocument, Place, Stage
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.soundness.findings import Findings


def examine(documents: Mapping[str, OfferDocument], pricing: PricingPolicy, found: Findings) -> None:
    """Look at codes, exclusive sets and groups."""
    _codes(documents, pricing.policies.codes_case_sensitive, found)
    _sets(documents, found)


def _codes(documents: Mapping[str, OfferDocument], exact: bool, found: Findings) -> None:
    """One code may call offers of several stages; two of one stage are one too many."""
    first: dict[tuple[str, Stage], str] = {}
    for key, document in documents.items():
        mine: set[str] = set()
        for number, text in enumerate(document.codes):
            code = text if exact else text.casefold()
            place = ("offers", key, "codes", number)
            if code in mine:
                found.fault(place, f"{text!r} stands here twice")
                continue
            mine.add(code)
            other = first.setdefault((code, document.stage), key)
            if other != key:
                found.fault(
                    place, f"{text!r} is a code of {other} too, in the same stage {document.stage.value}"
                )


def _sets(documents: Mapping[str, OfferDocument], found: Findings) -> None:
    sets: defaultdict[str, list[str]] = defaultdict(list)
    groups: defaultdict[tuple[str, Stage], list[str]] = defaultdict(list)
    for key, document in documents.items():
        if document.exclusive_set is not None:
            sets[document.exclusive_set].append(key)
        if document.group is not None:
            groups[document.group, document.stage].append(key)
    for name, keys in sets.items():
        if len(keys) == 1:
            found.warning(_at(keys[0], "exclusive_set"), f"nothing else is in the set {name!r}")
    for (name, stage), keys in groups.items():
        if len(keys) == 1:
            where = f"no other offer of the stage {stage.value} is in the group {name!r}"
            elsewhere = [other for other in Stage if (name, other) in groups and other is not stage]
            if elsewhere:
                where += "; a group chooses within a stage, an exclusive_set over all of them"
            found.warning(_at(keys[0], "group"), where)
        pairs = {documents[key].exclusive_set for key in keys} - {None}
        if len(keys) > 1 and len(pairs) == 1 and all(documents[key].exclusive_set for key in keys):
            found.warning(_at(keys[-1], "group"), "the exclusive_set of these offers says the same")


def _at(key: str, field: str) -> Place:
    return ("offers", key, field)
