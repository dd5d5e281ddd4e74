"""Fields that API requests share: amounts, quantities, codes, instants."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from laoke.kernel.quantity import parse_milli


def _quantity(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("takes a number or a decimal string")
    return parse_milli(str(value) if isinstance(value, float) else value)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone: 2026-03-10T12:00:00+08:00")
    return value.astimezone(UTC)


def _printable(value: str) -> str:
    if "\0" in value:
        raise ValueError("holds a NUL character")
    return value


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
    AfterValidator(_aware),
    Field(description="with time zone (RFC 3339)", examples=["2026-03-10T12:00:00+08:00"]),
]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["CNY"])]
