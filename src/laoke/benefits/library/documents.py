"""A benefit as a document, and what tiers may cost."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from laoke.benefits.coupons.documents import Document, Moment, Words
from laoke.benefits.library.errors import BadBenefits, Place
from laoke.benefits.mall.documents import ItemDocument
from laoke.benefits.strategies.access import AccessTerms
from laoke.benefits.strategies.base import Terms, Unit
from laoke.benefits.strategies.coupon import CouponTerms
from laoke.benefits.strategies.experience import ExperienceTerms
from laoke.benefits.strategies.gift import GiftTerms
from laoke.benefits.strategies.kinds import STRATEGIES, Kind
from laoke.benefits.strategies.partner_code import PartnerCodeTerms
from laoke.benefits.strategies.points import PointsTerms
from laoke.benefits.strategies.service import ServiceTerms
from laoke.engine.entitlement import Period

LONGEST_KEY = 64
Key = Annotated[str, Field(pattern="^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$", max_length=LONGEST_KEY)]
Tier = Annotated[str, Field(min_length=1, max_length=20)]
Whole = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Some = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Amount = Annotated[int, Field(strict=True, ge=0, le=10**12)]


class ShareDocument(Document):
    """What a tier has: `amount` is what one use is worth, `quota` how many units a period has, left out: any number."""

    amount: Some = 1
    quota: Whole | None = None


class On(StrEnum):
    """When a benefit is granted."""

    BIRTHDAY = "birthday"
    UPGRADE = "upgrade"
    JOINING = "joining"
    HAND = "hand"


class GrantDocument(Document):
    """Granted on an occasion, to be used within some days; of a birthday it can begin days before."""

    on: On
    days: Annotated[int, Field(strict=True, ge=1, le=3660)]
    days_before: Annotated[int, Field(strict=True, ge=0, le=60)] = 0

    @model_validator(mode="after")
    def _fits(self) -> GrantDocument:
        if self.days_before and self.on is not On.BIRTHDAY:
            raise ValueError("days_before is for birthdays")
        return self


class Gradient(StrEnum):
    """Whether higher tiers may have less of it."""

    RISING = "rising"
    FREE = "free"


class BenefitDocument(Document):
    """A benefit: what it is (exactly one of the kinds), who has how much of it, when, and what a unit costs."""

    name: Words
    about: Words | None = None
    coupon: CouponTerms | None = None
    points: PointsTerms | None = None
    gift: GiftTerms | None = None
    service: ServiceTerms | None = None
    experience: ExperienceTerms | None = None
    access: AccessTerms | None = None
    partner_code: PartnerCodeTerms | None = None
    tiers: dict[Tier, ShareDocument] = {}
    everybody: ShareDocument | None = None
    when: dict[str, Any] | None = None
    per: Period = Period.YEAR
    granted: GrantDocument | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    cost_minor: Amount = 0
    gradient: Gradient = Gradient.RISING

    @model_validator(mode="after")
    def _fits(self) -> BenefitDocument:
        if sum(getattr(self, kind) is not None for kind in Kind) != 1:
            raise ValueError(f"takes exactly one of {', '.join(Kind)}")
        if not self.tiers and self.everybody is None:
            raise ValueError("nobody has it: takes tiers, or everybody, or both")
        return self

    @property
    def kind(self) -> Kind:
        """What it is."""
        return next(kind for kind in Kind if getattr(self, kind) is not None)

    @property
    def terms(self) -> Terms:
        """The terms of its kind."""
        terms: Terms = getattr(self, self.kind)
        return terms

    @property
    def unit(self) -> Unit:
        """What its quotas count."""
        return STRATEGIES[self.kind].unit(self.terms)

    @property
    def stock(self) -> int | None:
        """How many there are for everybody together; None: it is not counted."""
        return STRATEGIES[self.kind].stock(self.terms)


class BudgetDocument(Document):
    """What the benefits of a tier may cost in a calendar year.

    Somebody is told at `alarm_percent` of it and when it is reached; no use takes it further than `over_percent` above.
    """

    per_year_minor: Amount
    alarm_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = 90
    over_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 2

    @property
    def most_minor(self) -> int:
        """What is never gone beyond."""
        return self.per_year_minor * (100 + self.over_percent) // 100

    @property
    def alarm_minor(self) -> int:
        """From here on somebody is told."""
        return -(-self.per_year_minor * self.alarm_percent // 100)


class LibraryDocument(Document):
    """All benefits there are to be, by their key, what they may cost by tier, and what the points mall gives."""

    library: dict[Key, BenefitDocument] = {}
    budgets: dict[Tier, BudgetDocument] = {}
    mall: dict[Key, ItemDocument] = {}


def read(document: Any) -> LibraryDocument:
    """Read the section.

    Raises:
        BadBenefits: every place that cannot be used, at once.
    """
    if not isinstance(document, Mapping):
        raise BadBenefits([(("benefits",), "takes the fields library, budgets and mall")])
    try:
        return LibraryDocument.model_validate(document)
    except ValidationError as error:
        raise BadBenefits([_fault(each) for each in error.errors(include_url=False)]) from None


def written(document: LibraryDocument) -> dict[str, Any]:
    """The section as plain values, as short as it was written."""
    return document.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _fault(error: Any) -> tuple[Place, str]:
    # A union of date and datetime names its branches, a key of a mapping itself; only the field is of interest.
    place = ("benefits", *(part for part in error["loc"] if part not in ("date", "datetime", "[key]")))
    if error["type"] == "extra_forbidden":
        return place, "there is no such field"
    if error["type"] == "missing":
        return place, "is missing"
    return place, str(error["msg"]).removeprefix("Value error, ")
