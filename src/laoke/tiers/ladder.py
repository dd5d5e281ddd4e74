"""The published ladder: reading, checking and publishing its document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import (
    AllOf,
    AnyOf,
    Basis,
    Criterion,
    Downgrade,
    Extension,
    Fall,
    Ladder,
    Metric,
    Need,
    Price,
    Review,
    Span,
    Term,
    Tier,
    Upgrade,
    Validity,
    Window,
    window_as_json,
)
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.documents import choice, only
from laoke.points.activities.rules import LONGEST_KIND
from laoke.tiers.models import LadderVersion

# Everybody is on the one rung of a shop that has declared no ladder.
DEFAULT = Ladder((Tier("basic", "普通会员", "Member"),))


# Of months and days in a ladder: more than a life has.
_MOST = 36_500
# As many as can be spent at once.
MOST_POINTS = 10_000_000


class Counted(StrEnum):
    """What a published ladder may count.

    Spend and purchases are read for every member at the till and at a review; what else a ladder counts takes a
    statement more each. Points available are no criterion: see docs/explanation/tiers.md.
    """

    SPEND = Metric.SPEND.value
    PURCHASES = Metric.PURCHASES.value
    POINTS_EARNED = Metric.POINTS_EARNED.value
    INTERACTIONS = Metric.INTERACTIONS.value


class Whole(StrEnum):
    """A window that a published ladder may name; one of months or days has a length instead.

    Each begins for all members on the same day, so the till and the review read them with one statement; but for the
    year of the membership, which takes one more where a ladder names it.
    """

    CALENDAR_MONTH = Span.CALENDAR_MONTH.value
    CALENDAR_QUARTER = Span.CALENDAR_QUARTER.value
    CALENDAR_YEAR = Span.CALENDAR_YEAR.value
    MEMBERSHIP_YEAR = Span.MEMBERSHIP_YEAR.value
    LIFETIME = Span.LIFETIME.value


class Kept(StrEnum):
    """A window that what keeps a tier, or makes it last longer, may name: also the period of the tier itself."""

    CALENDAR_MONTH = Span.CALENDAR_MONTH.value
    CALENDAR_QUARTER = Span.CALENDAR_QUARTER.value
    CALENDAR_YEAR = Span.CALENDAR_YEAR.value
    MEMBERSHIP_YEAR = Span.MEMBERSHIP_YEAR.value
    LIFETIME = Span.LIFETIME.value
    PERIOD = Span.PERIOD.value


class Ends(StrEnum):
    """A period of validity that ends with a year; one of months or days has a length instead."""

    YEAR_END = Term.YEAR_END.value
    NEXT_YEAR_END = Term.NEXT_YEAR_END.value


@dataclass(frozen=True, slots=True)
class Published:
    """The ladder as it was published once. `number` counts the versions from 1."""

    number: int
    ladder: Ladder
    at: datetime
    by: str


def published(most: int) -> list[Published]:
    """The newest `most` versions of the ladder, newest first."""
    rows = LadderVersion.objects.order_by("-programme_version")[:most]
    last = LadderVersion.objects.count()
    return [
        Published(last - place, parse(row.document), row.published_at, row.published_by)
        for place, row in enumerate(rows)
    ]


def parse(document: Mapping[str, Any]) -> Ladder:
    """Read a ladder document.

    Raises:
        BadPolicy: an unknown field or a value that cannot be used, with its place.
    """
    only(document, "ladder", {"tiers", "review", "downgrade", "upgrade", "fall"})
    tiers = document.get("tiers")
    if not isinstance(tiers, list) or not all(isinstance(tier, Mapping) for tier in tiers):
        raise BadPolicy("ladder.tiers", "takes a list of tiers, the lowest first")
    ladder = Ladder(
        tiers=tuple(_tier(tier, f"ladder.tiers[{index}]") for index, tier in enumerate(tiers)),
        review=choice(Review, document.get("review", Review.QUARTERLY), "ladder.review"),
        downgrade=choice(Downgrade, document.get("downgrade", Downgrade.TO_QUALIFIED), "ladder.downgrade"),
        upgrade=choice(Upgrade, document.get("upgrade", Upgrade.AT_ONCE), "ladder.upgrade"),
        fall=choice(Fall, document.get("fall", Fall.AT_REVIEW), "ladder.fall"),
    )
    if ladder.upgrade is Upgrade.AT_REVIEW and ladder.review is Review.NEVER:
        raise BadPolicy("ladder.upgrade", "a ladder that never reviews lifts nobody at a review")
    if ladder.fall is Fall.AT_PERIOD_END and not any(tier.validity for tier in ladder.tiers):
        raise BadPolicy("ladder.fall", "at the end of a period: no tier has a validity")
    return ladder


def to_document(ladder: Ladder) -> dict[str, Any]:
    """The document that `parse` reads back into the same ladder."""
    return {
        "tiers": [
            {
                "code": tier.code,
                "name_zh": tier.name_zh,
                "name_en": tier.name_en,
                "needs": [_need_document(need) for need in tier.needs],
                **_lasts_document(tier),
            }
            for tier in ladder.tiers
        ],
        "review": ladder.review.value,
        "downgrade": ladder.downgrade.value,
        **({"upgrade": ladder.upgrade.value} if ladder.upgrade is not Upgrade.AT_ONCE else {}),
        **({"fall": ladder.fall.value} if ladder.fall is not Fall.AT_REVIEW else {}),
    }


def faults(ladder: Ladder, kinds: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Interactions that the ladder counts and nobody could tell, each with its place.

    Args:
        kinds: of events there are.
    """
    for tier in ladder.tiers:
        for kind in sorted({need.kind for need in tier.all_criteria if need.kind} - set(kinds)):
            yield ("ladder", "tiers", tier.code), f"there are no events of the kind {kind}"


def at_version(programme_version: int) -> Ladder:
    """The ladder in force in a version of the programme; one rung before anything was published."""
    row = (
        LadderVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .first()
    )
    return parse(row.document) if row else DEFAULT


def number_at(programme_version: int) -> int:
    """The version of the programme that brought the ladder in force in another one; 0 before anything was published."""
    found = LadderVersion.objects.filter(programme_version__lte=programme_version)
    newest = found.order_by("-programme_version").values_list("programme_version", flat=True).first()
    return newest or 0


def which(programme_version: int) -> tuple[int, bool]:
    """The how many'th ladder a version of the programme brought, counted from 1, and whether it is the newest."""
    found = LadderVersion.objects.aggregate(
        place=Count("id", filter=Q(programme_version__lte=programme_version)), all=Count("id")
    )
    return found["place"], found["place"] == found["all"]


def publish(caller: Caller, ladder: Ladder, *, at: datetime) -> int:
    """Put a ladder in force from this commit on; returns the programme version. Call in a transaction.

    Members keep their tier until their next purchase or review judges them by the new rungs.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = at_version(generations.current(generations.PROGRAMME))
    version = generations.bump(generations.PROGRAMME)
    document = to_document(ladder)
    LadderVersion.objects.create(
        document=document, programme_version=version, published_at=at, published_by=caller.label
    )
    record(
        caller, "ladder.published", "programme", version, at=at, before=to_document(before), after=document
    )
    return version


def _tier(document: Mapping[str, Any], place: str) -> Tier:
    only(document, place, {"code", "name_zh", "name_en", "needs", "validity", "inactive_days", "price"})
    code = document.get("code")
    if not (
        isinstance(code, str) and 1 <= len(code) <= 20 and code.replace("_", "").isalnum() and code.isascii()
    ):
        raise BadPolicy(f"{place}.code", "takes 1 to 20 letters, digits and underscores")
    needs = _list(document, place, "needs")
    return Tier(
        code=code,
        name_zh=_name(document, place, "name_zh") or code,
        name_en=_name(document, place, "name_en") or code,
        needs=_needs(needs, f"{place}.needs"),
        validity=_validity(document, place),
        inactive_days=_whole(document, place, "inactive_days"),
        price=_price(document, place),
    )


def _price(document: Mapping[str, Any], place: str) -> Price | None:
    """What the tier can be bought for; None: it is not for sale."""
    if "price" not in document:
        return None
    place, found = f"{place}.price", document["price"]
    if not isinstance(found, Mapping):
        raise BadPolicy(place, f"takes a group of fields, got {found!r}")
    only(found, place, {"points", "months", "days"})
    points = found.get("points")
    if type(points) is not int or not 0 < points <= MOST_POINTS:
        raise BadPolicy(f"{place}.points", f"takes a whole number from 1 to {MOST_POINTS}, got {points!r}")
    return Price(points, _whole(found, place, "months"), _whole(found, place, "days"))


def _validity(document: Mapping[str, Any], place: str) -> Validity | None:
    """How long the tier lasts; None: until something takes it."""
    if "validity" not in document:
        return None
    place, found = f"{place}.validity", document["validity"]
    if not isinstance(found, Mapping):
        raise BadPolicy(place, f"takes a group of fields, got {found!r}")
    only(found, place, {"months", "days", "ends", "grace_days", "basis", "keep", "extension"})
    term = Term(choice(Ends, found["ends"], f"{place}.ends").value) if "ends" in found else Term.FIXED
    keep = _needs(_list(found, place, "keep"), f"{place}.keep", windows=Kept) if "keep" in found else None
    if keep == ():
        raise BadPolicy(f"{place}.keep", "takes a list of criteria")
    return Validity(
        term,
        months=_whole(found, place, "months"),
        days=_whole(found, place, "days"),
        grace_days=_whole(found, place, "grace_days"),
        basis=choice(Basis, found.get("basis", Basis.WINDOW), f"{place}.basis"),
        keep=keep,
        extension=_extension(found, f"{place}.extension") if "extension" in found else None,
    )


def validity(document: Mapping[str, Any]) -> Validity:
    """How long a tier lasts, out of a ladder that was published."""
    found = _validity({"validity": document}, "tier")
    assert found is not None
    return found


def _extension(document: Mapping[str, Any], place: str) -> Extension:
    found = document["extension"]
    if not isinstance(found, Mapping):
        raise BadPolicy(place, f"takes a group of fields, got {found!r}")
    only(found, place, {"months", "needs"})
    needs = _needs(_list(found, place, "needs"), f"{place}.needs", windows=Kept)
    months = _whole(found, place, "months")
    if not needs or months <= 0:
        raise BadPolicy(place, "takes criteria, and months above zero")
    return Extension(needs, months)


def _lasts_document(tier: Tier) -> dict[str, Any]:
    """How long a tier lasts, where it does not simply last."""
    found: dict[str, Any] = {"inactive_days": tier.inactive_days} if tier.inactive_days else {}
    if tier.validity is not None:
        found["validity"] = _validity_document(tier.validity)
    if price := tier.price:
        lasts = {"months": price.months} if price.months else {"days": price.days}
        found["price"] = {"points": price.points, **lasts}
    return found


def _validity_document(validity: Validity) -> dict[str, Any]:
    lasts: dict[str, Any] = {}
    if validity.term is Term.FIXED:
        lasts |= {"months": validity.months} if validity.months else {"days": validity.days}
    else:
        lasts["ends"] = validity.term.value
    if validity.grace_days:
        lasts["grace_days"] = validity.grace_days
    if validity.basis is not Basis.WINDOW:
        lasts["basis"] = validity.basis.value
    if validity.keep is not None:
        lasts["keep"] = [_need_document(need) for need in validity.keep]
    if extension := validity.extension:
        lasts["extension"] = {
            "months": extension.months,
            "needs": [_need_document(need) for need in extension.needs],
        }
    return lasts


def _list(document: Mapping[str, Any], place: str, name: str) -> list[Mapping[str, Any]]:
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise BadPolicy(f"{place}.{name}", "takes a list of criteria")
    return found


def _whole(document: Mapping[str, Any], place: str, name: str) -> int:
    found = document.get(name, 0)
    if type(found) is not int or not 0 <= found <= _MOST:
        raise BadPolicy(f"{place}.{name}", f"takes a whole number from 0 to {_MOST}, got {found!r}")
    return found


Windows = type[Whole] | type[Kept]


def _needs(
    documents: list[Mapping[str, Any]], place: str, group: str = "any", windows: Windows = Whole
) -> tuple[Need, ...]:
    return tuple(
        _need(document, f"{place}[{index}]", group, windows) for index, document in enumerate(documents)
    )


def _need(document: Mapping[str, Any], place: str, group: str, windows: Windows) -> Need:
    """A criterion, or the group that may stand here: `any` of some is enough, each of them `all` of some."""
    if group not in document:
        return _criterion(document, place, windows)
    only(document, place, {group})
    parts = document[group]
    if not isinstance(parts, list) or not parts or not all(isinstance(part, Mapping) for part in parts):
        raise BadPolicy(f"{place}.{group}", "takes a list of criteria")
    if group == "any":
        return AnyOf(_needs(parts, f"{place}.any", "all", windows))
    return AllOf(
        tuple(_criterion(part, f"{place}.all[{index}]", windows) for index, part in enumerate(parts))
    )


def _need_document(need: Need) -> dict[str, Any]:
    match need:
        case AnyOf(parts):
            return {"any": [_need_document(part) for part in parts]}
        case AllOf(parts):
            return {"all": [_need_document(part) for part in parts]}
    kind = {"kind": need.kind} if need.kind else {}
    return {"metric": need.metric.value, **kind, **window_as_json(need.window), "at_least": need.at_least}


def _name(document: Mapping[str, Any], place: str, field: str) -> str:
    name = document.get(field, "")
    if not isinstance(name, str):
        raise BadPolicy(f"{place}.{field}", f"takes text, got {name!r}")
    return name


def _criterion(document: Mapping[str, Any], place: str, windows: Windows) -> Criterion:
    only(document, place, {"metric", "kind", "months", "days", "window", "at_least"})
    for name in ("months", "days", "at_least"):
        if type(document.get(name, 0)) is not int:
            raise BadPolicy(f"{place}.{name}", f"takes a whole number, got {document[name]!r}")
    return Criterion(
        metric=Metric(choice(Counted, document.get("metric"), f"{place}.metric").value),
        window=Window(
            months=document.get("months", 0),
            days=document.get("days", 0),
            span=_span(document, place, windows),
        ),
        at_least=document.get("at_least", 0),
        kind=_kind(document, place),
    )


def _kind(document: Mapping[str, Any], place: str) -> str:
    """The kind of interactions that count; empty: all kinds."""
    if "kind" not in document:
        return ""
    kind = document["kind"]
    if not isinstance(kind, str) or not 1 <= len(kind) <= LONGEST_KIND:
        raise BadPolicy(f"{place}.kind", f"takes a kind of events, got {kind!r}")
    return kind


def _span(document: Mapping[str, Any], place: str, windows: Windows) -> Span:
    if "window" not in document:
        return Span.ROLLING
    if windows is Kept:
        return Span(choice(Kept, document["window"], f"{place}.window").value)
    return Span(choice(Whole, document["window"], f"{place}.window").value)
