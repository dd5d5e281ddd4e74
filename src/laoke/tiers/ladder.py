"""The published ladder: reading, checking and publishing its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import (
    AllOf,
    AnyOf,
    Criterion,
    Downgrade,
    Ladder,
    Metric,
    Need,
    Review,
    Span,
    Tier,
    Window,
    window_as_json,
)
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.documents import choice, only
from laoke.tiers.models import LadderVersion

# Everybody is on the one rung of a shop that has declared no ladder.
DEFAULT = Ladder((Tier("basic", "普通会员", "Member"),))


class Counted(StrEnum):
    """What a published ladder may count: what is read for every member at the till and at a review."""

    SPEND = Metric.SPEND.value
    PURCHASES = Metric.PURCHASES.value


class Whole(StrEnum):
    """A window that a published ladder may name; one of months or days has a length instead.

    Each begins for all members on the same day: that is what the till and the review read with one statement.
    """

    CALENDAR_MONTH = Span.CALENDAR_MONTH.value
    CALENDAR_QUARTER = Span.CALENDAR_QUARTER.value
    CALENDAR_YEAR = Span.CALENDAR_YEAR.value
    LIFETIME = Span.LIFETIME.value


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
    only(document, "ladder", {"tiers", "review", "downgrade"})
    tiers = document.get("tiers")
    if not isinstance(tiers, list) or not all(isinstance(tier, Mapping) for tier in tiers):
        raise BadPolicy("ladder.tiers", "takes a list of tiers, the lowest first")
    return Ladder(
        tiers=tuple(_tier(tier, f"ladder.tiers[{index}]") for index, tier in enumerate(tiers)),
        review=choice(Review, document.get("review", Review.QUARTERLY), "ladder.review"),
        downgrade=choice(Downgrade, document.get("downgrade", Downgrade.TO_QUALIFIED), "ladder.downgrade"),
    )


def to_document(ladder: Ladder) -> dict[str, Any]:
    """The document that `parse` reads back into the same ladder."""
    return {
        "tiers": [
            {
                "code": tier.code,
                "name_zh": tier.name_zh,
                "name_en": tier.name_en,
                "needs": [_need_document(need) for need in tier.needs],
            }
            for tier in ladder.tiers
        ],
        "review": ladder.review.value,
        "downgrade": ladder.downgrade.value,
    }


def at_version(programme_version: int) -> Ladder:
    """The ladder in force in a version of the programme; one rung before anything was published."""
    row = (
        LadderVersion.objects.filter(programme_version__lte=programme_version)
        .order_by("-programme_version")
        .first()
    )
    return parse(row.document) if row else DEFAULT


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
    only(document, place, {"code", "name_zh", "name_en", "needs"})
    code = document.get("code")
    if not (
        isinstance(code, str) and 1 <= len(code) <= 20 and code.replace("_", "").isalnum() and code.isascii()
    ):
        raise BadPolicy(f"{place}.code", "takes 1 to 20 letters, digits and underscores")
    needs = document.get("needs", [])
    if not isinstance(needs, list) or not all(isinstance(need, Mapping) for need in needs):
        raise BadPolicy(f"{place}.needs", "takes a list of criteria")
    return Tier(
        code=code,
        name_zh=_name(document, place, "name_zh") or code,
        name_en=_name(document, place, "name_en") or code,
        needs=_needs(needs, f"{place}.needs"),
    )


def _needs(documents: list[Mapping[str, Any]], place: str, group: str = "any") -> tuple[Need, ...]:
    return tuple(_need(document, f"{place}[{index}]", group) for index, document in enumerate(documents))


def _need(document: Mapping[str, Any], place: str, group: str) -> Need:
    """A criterion, or the group that may stand here: `any` of some is enough, each of them `all` of some."""
    if group not in document:
        return _criterion(document, place)
    only(document, place, {group})
    parts = document[group]
    if not isinstance(parts, list) or not parts or not all(isinstance(part, Mapping) for part in parts):
        raise BadPolicy(f"{place}.{group}", "takes a list of criteria")
    if group == "any":
        return AnyOf(_needs(parts, f"{place}.any", "all"))
    return AllOf(tuple(_criterion(part, f"{place}.all[{index}]") for index, part in enumerate(parts)))


def _need_document(need: Need) -> dict[str, Any]:
    match need:
        case AnyOf(parts):
            return {"any": [_need_document(part) for part in parts]}
        case AllOf(parts):
            return {"all": [_need_document(part) for part in parts]}
    return {"metric": need.metric.value, **window_as_json(need.window), "at_least": need.at_least}


def _name(document: Mapping[str, Any], place: str, field: str) -> str:
    name = document.get(field, "")
    if not isinstance(name, str):
        raise BadPolicy(f"{place}.{field}", f"takes text, got {name!r}")
    return name


def _criterion(document: Mapping[str, Any], place: str) -> Criterion:
    only(document, place, {"metric", "months", "days", "window", "at_least"})
    for name in ("months", "days", "at_least"):
        if type(document.get(name, 0)) is not int:
            raise BadPolicy(f"{place}.{name}", f"takes a whole number, got {document[name]!r}")
    return Criterion(
        metric=Metric(choice(Counted, document.get("metric"), f"{place}.metric").value),
        window=Window(
            months=document.get("months", 0), days=document.get("days", 0), span=_span(document, place)
        ),
        at_least=document.get("at_least", 0),
    )


def _span(document: Mapping[str, Any], place: str) -> Span:
    if "window" not in document:
        return Span.ROLLING
    return Span(choice(Whole, document["window"], f"{place}.window").value)
