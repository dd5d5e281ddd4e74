"""Fields that API requests share: amounts, quantities, codes, instants."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from laoke.foundation.paging import MOST_ROWS
from laoke.kernel.quantity import parse_milli

_LONGEST_QUANTITY = 30
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _quantity(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("takes a number or a decimal string")
    if isinstance(value, str) and len(value) > _LONGEST_QUANTITY:
        raise ValueError("is no quantity")
    try:
        return parse_milli(str(value) if isinstance(value, float) else value)
    except ArithmeticError:
        # An exponent beyond what decimals can hold.
        raise ValueError("is larger than any quantity accepted here") from None


def _written_out(value: Any) -> Any:
    # Numbers would be taken for seconds since 1970, or days, or milliseconds.
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("is written as 2026-03-10, instants with time and zone: 2026-03-10T12:00:00+08:00")
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone: 2026-03-10T12:00:00+08:00")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar") from None


def _printable(value: str) -> str:
    if "\0" in value:
        raise ValueError("holds a NUL character")
    return value


def example(**fields: Any) -> ConfigDict:
    """The configuration of a schema that shows this example of itself."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class In(BaseModel):
    """The body of a request: a field nobody knows is refused, so that a mistyped one cannot be lost."""

    model_config = ConfigDict(extra="forbid")


LARGEST_ID = 2**63 - 1

Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID, examples=[1042])]
Minor = Annotated[int, Field(strict=True, ge=0, le=10**12, description="minor units (fen)", examples=[1250])]
PositivePoints = Annotated[int, Field(strict=True, ge=0, le=10**9, description="points", examples=[200])]
Quantity = Annotated[
    int,
    BeforeValidator(_quantity),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string"}],
            "description": "units, up to three decimals; as a string or a number",
            "examples": ["2", "0.456"],
        }
    ),
]
Code = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Text = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Instant = Annotated[
    datetime,
    BeforeValidator(_written_out),
    AfterValidator(_aware),
    Field(description="with time zone (RFC 3339)", examples=["2026-03-10T12:00:00+08:00"]),
]
Day = Annotated[date, BeforeValidator(_written_out), Field(examples=["2026-03-10"])]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["CNY"])]

# Parts of addresses. Codes may hold slashes, so their routes take the rest of the path.
MemberId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[1042])]
OrderId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[88213])]
After = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="the mark `after` of the page before",
        examples=["WyIxMDAzNDAxMDMwMDEiXQ"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows on a page", examples=[50])]
