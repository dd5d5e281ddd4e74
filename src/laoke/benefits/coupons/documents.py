"""A coupon template as a document, and what is wrong with one that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from laoke.benefits.coupons import codes
from laoke.benefits.coupons.errors import BadTemplate
from laoke.kernel.calendar import start_of_day

Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1, le=100_000_000)]


class Document(BaseModel):
    """A part of a document: no field that is not declared, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(Document):
    """A name or a text in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=2000)]
    en: Annotated[str, Field(min_length=1, max_length=2000)]


class Kind(StrEnum):
    """How many a code is for."""

    SINGLE_USE = "single_use"
    SHARED = "shared"


class Starts(StrEnum):
    """When a coupon that counts from its issue begins."""

    AT_ONCE = "at_once"
    NEXT_DAY = "next_day"


class OnReturn(StrEnum):
    """What becomes of a used coupon when everything it was used on comes back."""

    GIVE_BACK = "give_back"
    KEEP_USED = "keep_used"


def _instant(value: Any) -> Any:
    # Told apart by their form: midnight written out is an instant, not the day.
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("takes a date like 2026-11-22, or an instant with its offset") from None
    if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo is None):
        raise ValueError("takes a date, or an instant with its offset like 2026-11-22T10:00+08:00")
    return value


Moment = Annotated[date | datetime, BeforeValidator(_instant)]


class Window(NamedTuple):
    """From this instant until before that one."""

    since: datetime
    until: datetime


class Valid(Document):
    """When a coupon can be used: between fixed dates, or for some days or hours from its issue.

    Days are days of the shop: the last one counts to its midnight. Of a coupon that begins at once the rest of the day
    of its issue comes on top.
    """

    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=3660)] | None = None
    hours: Annotated[int, Field(strict=True, ge=1, le=8760)] | None = None
    starts: Starts = Starts.AT_ONCE

    @model_validator(mode="after")
    def _one_way(self) -> Valid:
        fixed = self.since is not None or self.until is not None
        if fixed + (self.days is not None) + (self.hours is not None) != 1:
            raise ValueError("takes from and until, or days, or hours")
        if fixed and (self.since is None or self.until is None):
            raise ValueError("takes both from and until")
        if fixed and self.starts is not Starts.AT_ONCE:
            raise ValueError("starts is for coupons whose time counts from their issue")
        return self

    @property
    def fixed(self) -> bool:
        """Whether it does not depend on when a coupon is issued."""
        return self.until is not None

    def window(self, issued_at: datetime, zone: tzinfo) -> Window:
        """For a coupon issued at an instant; `zone` is the programme's."""
        if self.since is not None and self.until is not None:
            return Window(begin(self.since, zone), end(self.until, zone))
        today = issued_at.astimezone(zone).date()
        next_day = start_of_day(today + timedelta(days=1), zone)
        since = issued_at if self.starts is Starts.AT_ONCE else next_day
        if self.hours is not None:
            return Window(since, since + timedelta(hours=self.hours))
        return Window(since, start_of_day(today + timedelta(days=1 + (self.days or 0)), zone))


class Issued(Document):
    """How many may be issued."""

    per_member: Count | None = None
    in_total: Count | None = None


class CodeForm(Document):
    """What codes look like: random characters after a prefix, or the announced text itself."""

    prefix: Annotated[str, Field(max_length=8)] = ""
    length: Annotated[int, Field(strict=True, ge=codes.SHORTEST, le=codes.LONGEST)] = codes.LENGTH
    text: Annotated[str, Field(min_length=3, max_length=32)] | None = None

    @model_validator(mode="after")
    def _readable(self) -> CodeForm:
        if any(each not in codes.ALPHABET for each in self.prefix):
            raise ValueError(f"prefix takes the characters {codes.ALPHABET}")
        if self.text is not None and not (self.text.isprintable() and len(codes.plain(self.text)) >= 3):
            raise ValueError("text takes at least three printable characters")
        return self


class TemplateDocument(Document):
    """What coupons of one kind are: their name and terms, when they can be used and by whom. What one gives is an
    offer that names the template.
    """

    name: Words
    terms: Words | None = None
    kind: Kind = Kind.SINGLE_USE
    valid: Valid
    transferable: Flag = False
    limits: Issued = Issued()
    on_return: OnReturn = OnReturn.GIVE_BACK
    grace_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0
    announced: Flag = False
    code: CodeForm = CodeForm()
    closed: Flag = False

    @model_validator(mode="after")
    def _fits(self) -> TemplateDocument:
        if self.announced != (self.code.text is not None):
            raise ValueError("announced and code.text go together: an announced code is written in the file")
        if self.announced and self.kind is not Kind.SHARED:
            raise ValueError("an announced code is for many: kind takes shared")
        if self.announced and not self.valid.fixed:
            raise ValueError("an announced code has fixed dates: valid takes from and until")
        if self.kind is Kind.SHARED:
            if self.transferable or self.limits != Issued():
                raise ValueError(
                    "a shared code is in no wallet: it is neither transferable nor limited here. "
                    "Limits of its use stand at the offer"
                )
        elif self.on_return is OnReturn.KEEP_USED and self.grace_days:
            raise ValueError("grace_days are for coupons that come back: on_return takes give_back")
        if _empty(self.valid):
            raise ValueError("valid.until lies before valid.from")
        return self

    @property
    def shared(self) -> bool:
        """Whether one code is for many."""
        return self.kind is Kind.SHARED


def read(document: Any) -> TemplateDocument:
    """Read a template.

    Raises:
        BadTemplate: every place that cannot be used, at once.
    """
    if not isinstance(document, Mapping):
        raise BadTemplate([((), "takes named fields")])
    try:
        return TemplateDocument.model_validate(document)
    except ValidationError as error:
        raise BadTemplate([_fault(each) for each in error.errors(include_url=False)]) from None


def written(document: TemplateDocument) -> dict[str, Any]:
    """A template as plain values, as short as it was written."""
    return document.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _fault(error: Any) -> tuple[tuple[str | int, ...], str]:
    # A union of date and datetime names its branches; only the field is of interest.
    place = tuple(part for part in error["loc"] if part not in ("date", "datetime"))
    if error["type"] == "extra_forbidden":
        return place, "there is no such field"
    if error["type"] == "missing":
        return place, "is missing"
    return place, str(error["msg"]).removeprefix("Value error, ")


def _empty(valid: Valid) -> bool:
    since, until = valid.since, valid.until
    if since is None or until is None:
        return False
    if isinstance(since, datetime) and isinstance(until, datetime):
        return since >= until
    return _day(since) > _day(until)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def begin(moment: date | datetime, zone: tzinfo) -> datetime:
    """The first instant of a day, or the instant itself."""
    return moment if isinstance(moment, datetime) else start_of_day(moment, zone)


def end(moment: date | datetime, zone: tzinfo) -> datetime:
    """The first instant after a day, or the instant itself."""
    return moment if isinstance(moment, datetime) else start_of_day(moment + timedelta(days=1), zone)
