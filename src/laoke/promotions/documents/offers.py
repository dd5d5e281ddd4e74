"""An offer as a document, and what is wrong with one that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from laoke.engine.conditions.documents import Language
from laoke.engine.pricing.effects.extras import GiveGift
from laoke.engine.pricing.effects.turn import Effect
from laoke.engine.pricing.offers import Limits, Offer, OnExceed
from laoke.kernel.errors import LaokeError
from laoke.promotions.documents.effects import Code, Count, Gives
from laoke.promotions.documents.values import Condition, ConditionFault, Document, Flag, Minor, Text
from laoke.promotions.pacing import Pace

Place = tuple[str | int, ...]


class Fault(LaokeError):
    """An offer that cannot be used; says where in the document and how to mend it."""

    code, status, title = "bad-offer", 422, "The offer cannot be used"

    def __init__(self, faults: list[tuple[Place, str]]) -> None:
        self.faults = faults
        super().__init__(
            "; ".join(f"{'.'.join(map(str, place)) or 'offer'}: {says}" for place, says in faults[:10]),
            faults=[{"at": list(place), "says": says} for place, says in faults],
        )


class Goal(StrEnum):
    """What an offer is for."""

    ACQUIRE = "acquire"  # 拉新
    REPEAT = "repeat"  # 复购
    CROSS_SELL = "cross_sell"  # 交叉销售


class Bearer(StrEnum):
    """Who bears its cost."""

    STORE = "store"
    SUPPLIER = "supplier"
    HEAD_OFFICE = "head_office"


class Stage(StrEnum):
    """The stages of a basket, in the order in which they run."""

    PRICE = "price"  # prices of articles: member price, fixed price, limited time
    ITEM = "item"  # articles among each other: n-th item, buy X get Y, bundles
    BASKET = "basket"  # the basket: 满减, gifts
    COUPON = "coupon"
    TIER = "tier"  # on what is left: 促销价再9折
    DELIVERY = "delivery"


STAGES = {stage: place for place, stage in enumerate(Stage)}


def _instant(value: Any) -> Any:
    """YAML gives dates and instants as such; a date alone is the shop's day."""
    naive = isinstance(value, datetime) and value.tzinfo is None
    if naive or not isinstance(value, str | date | None):
        raise ValueError("takes a date, or an instant with its offset like 2026-11-22T10:00+08:00")
    return value


def _near(value: date | datetime) -> date | datetime:
    """Of this millennium: the days around it can be reckoned in every time zone."""
    if not 2000 <= value.year < 3000:
        raise ValueError("takes a year from 2000 to 2999")
    return value


Moment = Annotated[date | datetime, BeforeValidator(_instant), AfterValidator(_near)]


class Pacing(StrEnum):
    """How a budget goes out."""

    NONE = "none"
    EVEN = "even"  # an equal share for each day; what a day leaves is there on the next


class Allowed(Document):
    """How often and for how much."""

    in_total: Count | None = None
    per_member: Count | None = None
    per_member_a_day: Count | None = None
    members_only: Flag = False
    budget: Minor | None = None
    on_exceed: OnExceed = OnExceed.REFUSE
    pacing: Pacing = Pacing.NONE
    alarm_at: tuple[Annotated[int, Field(strict=True, ge=1, le=100)], ...] = Field(default=(), max_length=10)

    @model_validator(mode="after")
    def _of_a_budget(self) -> Allowed:
        if self.budget is None and (self.pacing is not Pacing.NONE or self.alarm_at):
            raise ValueError("pacing and alarm_at need a budget")
        return self

    def limits(self) -> Limits:
        """As the engine knows them."""
        counted = self.per_member is not None or self.per_member_a_day is not None
        return Limits(
            self.in_total,
            self.per_member,
            self.per_member_a_day,
            self.members_only or counted,
            self.budget,
            on_exceed=self.on_exceed,
        )


class OfferDocument(Document):
    """One offer."""

    name: Text
    goal: Goal
    bearer: Bearer = Bearer.STORE
    stage: Stage
    priority: Annotated[int, Field(strict=True, ge=-1000, le=1000)] = 0
    starts: Moment | None = None
    ends: Moment | None = None
    channels: tuple[Code, ...] | None = None
    codes: tuple[Code, ...] = ()
    coupons: tuple[Code, ...] = ()
    when: Condition = None
    gives: tuple[Gives, ...] = Field(min_length=1, max_length=10)
    group: Code | None = None
    exclusive_set: Code | None = None
    exclusive: Flag = False
    once_per_line: Flag = False
    limits: Allowed = Allowed()
    paused: Flag = False

    @model_validator(mode="after")
    def _window(self) -> OfferDocument:
        if self.starts is not None and self.ends is not None and _later(self.starts, self.ends):
            raise ValueError("ends before it starts")
        if self.limits.pacing is Pacing.EVEN and (self.starts is None or self.ends is None):
            raise ValueError("an even pace needs starts and ends")
        return self

    def window(self, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """The first and the last instant. A date alone means the whole day in `zone`."""
        return _first_instant(self.starts, zone), _last_instant(self.ends, zone)

    def pace(self, zone: tzinfo) -> Pace | None:
        """How its budget goes out; None: as it is asked for."""
        first, last = self.window(zone)
        if self.limits.pacing is Pacing.NONE or self.limits.budget is None or first is None or last is None:
            return None
        first_day, last_day = first.astimezone(zone).date(), last.astimezone(zone).date()
        return Pace(self.limits.budget, first_day, (last_day - first_day).days + 1)

    def offer(self, key: str, zone: tzinfo) -> Offer:
        """As the engine knows it. A date alone means the whole day in `zone`; points are for members only."""
        limits = self.limits.limits()
        if all(each.points for each in self.gives):
            limits = replace(limits, members_only=True)
        return Offer(
            key=key,
            effects=tuple(_chosen_by(key, each.effect()) for each in self.gives),
            when=() if self.when is None else (self.when,),
            stage=STAGES[self.stage],
            priority=self.priority,
            active=not self.paused,
            codes=self.codes,
            coupons=self.coupons,
            starts_at=_first_instant(self.starts, zone),
            ends_at=_last_instant(self.ends, zone),
            channels=None if self.channels is None else frozenset(self.channels),
            group=self.group,
            exclusive_set=self.exclusive_set,
            exclusive=self.exclusive,
            once_per_line=self.once_per_line,
            limits=limits,
        )


def read_offer(document: Mapping[str, Any], language: Language) -> OfferDocument:
    """Read an offer.

    Raises:
        Fault: every place that cannot be used, at once.
    """
    try:
        return OfferDocument.model_validate(document, context=language)
    except ValidationError as error:
        raise Fault(faults_of(error)) from None


def faults_of(error: ValidationError) -> list[tuple[Place, str]]:
    """What is wrong, each thing once: a list that is called too short because its items are wrong is not short."""
    errors = error.errors(include_url=False)
    inside = {each["loc"][:depth] for each in errors for depth in range(len(each["loc"]))}
    return [_fault(each) for each in errors if each["type"] != "too_short" or each["loc"] not in inside]


def _fault(error: Any) -> tuple[Place, str]:
    place: Place = tuple(error["loc"])
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, ConditionFault):
        inner = cause.place
        return (*place, *inner), str(cause).split(": ", 1)[-1]
    if error["type"] == "extra_forbidden":
        return place, "there is no such field"
    if error["type"] == "missing":
        return place, "is missing"
    return place, str(error["msg"]).removeprefix("Value error, ")


def _chosen_by(key: str, effect: Effect) -> Effect:
    """Gifts to choose from are chosen under the offer's name."""
    return replace(effect, choice_key=key) if isinstance(effect, GiveGift) else effect


def _later(one: date | datetime, than: date | datetime) -> bool:
    if isinstance(one, datetime) and isinstance(than, datetime):
        return one > than
    first = one.date() if isinstance(one, datetime) else one
    second = than.date() if isinstance(than, datetime) else than
    return first > second


def _first_instant(day: date | datetime | None, zone: tzinfo) -> datetime | None:
    if day is None or isinstance(day, datetime):
        return day
    return datetime.combine(day, time(), tzinfo=zone)


def _last_instant(day: date | datetime | None, zone: tzinfo) -> datetime | None:
    if day is None or isinstance(day, datetime):
        return day
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone) - timedelta(microseconds=1)
