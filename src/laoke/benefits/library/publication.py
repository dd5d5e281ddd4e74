"""The benefits of a programme version: read, published, announced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from laoke.benefits import events
from laoke.benefits.coupons.documents import begin, end
from laoke.benefits.library import documents, people
from laoke.benefits.library.documents import BenefitDocument, BudgetDocument, Gradient, LibraryDocument
from laoke.benefits.library.errors import BadBenefits, Place, UnknownBenefit
from laoke.benefits.library.models import LibraryVersion
from laoke.benefits.mall.documents import ItemDocument
from laoke.engine.conditions import ALWAYS, leaves
from laoke.engine.entitlement import Right, Share, falls
from laoke.engine.entitlement.rights import EVERYBODY
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.outbox import services as outbox
from laoke.kernel.errors import LaokeError


@dataclass(frozen=True, slots=True)
class Benefit:
    """A benefit in force: as written, and as a rule."""

    key: str
    document: BenefitDocument
    right: Right


@dataclass(frozen=True, slots=True)
class Item:
    """Something for points: as written, and who may have it when as a rule."""

    key: str
    document: ItemDocument
    right: Right


@dataclass(frozen=True, slots=True)
class Library:
    """The benefits in force, what they may cost, and what is given for points.

    Args:
        asks: the attributes of members that their rules need.
    """

    document: LibraryDocument
    benefits: Mapping[str, Benefit]
    items: Mapping[str, Item]
    asks: frozenset[str]

    def get(self, key: str) -> Benefit:
        """One of them.

        Raises:
            UnknownBenefit
        """
        if key not in self.benefits:
            raise UnknownBenefit(key)
        return self.benefits[key]

    def budget(self, tier: str | None) -> BudgetDocument | None:
        """What the benefits of a tier may cost; None: anything."""
        return self.document.budgets.get(tier) if tier is not None else None


def compiled(document: LibraryDocument) -> Library:
    """The library as rules.

    Raises:
        BadBenefits: a condition that cannot be used, a time that is over before it begins.
    """
    faults: list[tuple[Place, str]] = []
    found: dict[str, Benefit] = {}
    for key, each in document.library.items():
        try:
            found[key] = Benefit(key, each, _right(key, each))
        except LaokeError as error:
            faults.append((("benefits", "library", key, "when", *getattr(error, "place", ())), error.detail))
    items: dict[str, Item] = {}
    for key, item in document.mall.items():
        try:
            items[key] = Item(key, item, _right_to_order(key, item))
        except LaokeError as error:
            faults.append((("benefits", "mall", key, "when", *getattr(error, "place", ())), error.detail))
    rights = [
        *((("benefits", "library", key, "until"), each.right) for key, each in found.items()),
        *((("benefits", "mall", key, "until"), each.right) for key, each in items.items()),
    ]
    faults += [
        (place, "lies before from")
        for place, right in rights
        if right.starts is not None and right.ends is not None and right.starts >= right.ends
    ]
    if faults:
        raise BadBenefits(faults)
    asks = {leaf.attribute for _, right in rights for leaf in leaves(right.when)}
    return Library(document, found, items, frozenset({people.TIER, *asks}))


def _right_to_order(key: str, document: ItemDocument) -> Right:
    zone = settings.LAOKE.zone
    return Right(
        key,
        {tier: Share() for tier in document.tiers or (EVERYBODY,)},
        ALWAYS if document.when is None else people.read(document.when),
        starts=None if document.since is None else begin(document.since, zone),
        ends=None if document.until is None else end(document.until, zone),
    )


def _right(key: str, document: BenefitDocument) -> Right:
    zone = settings.LAOKE.zone
    shares = {tier: Share(each.amount, each.quota) for tier, each in document.tiers.items()}
    if document.everybody is not None:
        shares[EVERYBODY] = Share(document.everybody.amount, document.everybody.quota)
    return Right(
        key,
        shares,
        ALWAYS if document.when is None else people.read(document.when),
        document.per,
        document.granted is not None,
        None if document.since is None else begin(document.since, zone),
        None if document.until is None else end(document.until, zone),
        document.cost_minor,
    )


def parse(section: Any) -> Library:
    """Read the section `benefits` of a programme document.

    Raises:
        BadBenefits: every place that cannot be used.
    """
    return compiled(documents.read(section))


def to_document(library: Library) -> dict[str, Any]:
    """The document that `parse` reads back into the same library."""
    return documents.written(library.document)


def faults(library: Library, ladder: Sequence[str], templates: frozenset[str]) -> Iterator[tuple[Place, str]]:
    """What does not fit the rest of the programme: tiers and templates there are none of, benefits that fall on the way
    up a ladder (its tiers from the lowest on) and do not say that they may.
    """
    known = frozenset(ladder)
    for tier in library.document.budgets:
        if tier not in known:
            yield ("benefits", "budgets", tier), f"there is no tier {tier}"
    for key, benefit in library.benefits.items():
        place: Place = ("benefits", "library", key)
        unknown = [tier for tier in benefit.document.tiers if tier not in known]
        yield from (((*place, "tiers", tier), f"there is no tier {tier}") for tier in unknown)
        terms = benefit.document.coupon
        if terms is not None and terms.template not in templates:
            yield (*place, "coupon", "template"), f"there is no coupon template {terms.template}"
        if benefit.document.gradient is Gradient.RISING and not unknown:
            for step in falls(benefit.right, ladder):
                yield (
                    (*place, "tiers"),
                    f"{step.higher} has less of it than {step.lower} ({step.what}). "
                    "Who stands higher never gets less, unless gradient takes free",
                )
    for key, item in library.items.items():
        for tier in item.document.tiers or ():
            if tier not in known:
                yield ("benefits", "mall", key, "tiers"), f"there is no tier {tier}"
        coupon = item.document.coupon
        if coupon is not None and coupon.template not in templates:
            yield (
                ("benefits", "mall", key, "coupon", "template"),
                f"there is no coupon template {coupon.template}",
            )


def at_version(programme_version: int) -> Library:
    """The benefits in force in a version of the programme; none before any were published."""
    row = (
        LibraryVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .values_list("id", flat=True)
        .first()
    )
    return of_row(row)


@lru_cache(maxsize=16)
def of_row(number: int | None) -> Library:
    """The library of a publication, by its number: a fact, so a process reads each of them once."""
    if number is None:
        return compiled(LibraryDocument())
    return parse(LibraryVersion.objects.values_list("document", flat=True).get(pk=number))


def in_force() -> Library:
    """The benefits in force now."""
    return of_row(LibraryVersion.objects.order_by("-id").values_list("id", flat=True).first())


def publish(caller: Caller, library: Library, *, at: datetime) -> int:
    """Put benefits in force from this commit on; returns the programme version. Call in a transaction.

    Every benefit that is new, another one or gone is announced as an event of its own, so that members can be told.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = in_force()
    version = generations.bump(generations.PROGRAMME)
    document = to_document(library)
    LibraryVersion.objects.create(
        document=document, programme_version=version, published_at=at, published_by=caller.label
    )
    changed = list(changes(before, library))
    record(
        caller,
        "benefits.published",
        "programme",
        version,
        at=at,
        before={"benefits": len(before.benefits)},
        after={"benefits": len(library.benefits), "changed": [key for key, _ in changed[:100]]},
    )
    for key, what in changed:
        each = (library if what != "ended" else before).benefits[key]
        outbox.add(
            events.PUBLISHED,
            {
                "benefit": key,
                "change": what,
                "kind": each.document.kind.value,
                "tiers": list(each.document.tiers),
                "programme_version": version,
            },
            at=at,
        )
    return version


def changes(before: Library, after: Library) -> Iterator[tuple[str, str]]:
    """Benefits by key that a publication adds, changes or ends."""
    for key in [*after.benefits, *(key for key in before.benefits if key not in after.benefits)]:
        old, new = (library.document.library.get(key) for library in (before, after))
        if old is None or new is None:
            yield key, "ended" if new is None else "added"
        elif old != new:
            yield key, "changed"
