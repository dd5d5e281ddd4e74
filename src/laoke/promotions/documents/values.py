"""The values documents hold: money, shares, names, conditions. Each knows how it is written, read and published.

Reading needs to know the currency and the vocabulary: they come in pydantic's context as a `Language`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from laoke.engine.conditions import Tree
from laoke.engine.conditions.documents import BadCondition, Language
from laoke.engine.pricing.selectors import Selector
from laoke.kernel.money import format_minor, parse_minor


class Document(BaseModel):
    """A part of a document: no field that is not declared, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


# Of points: more is a keying error, not an offer.
MOST_TIMES = 20
# True or false, and nothing that merely looks like it: 0, "yes".
Flag = Annotated[bool, Field(strict=True)]


def language_of(info: ValidationInfo) -> Language:
    """The language of the document that is read."""
    context = info.context
    if not isinstance(context, Language):
        raise TypeError("Documents are read with a Language as their context")
    return context


def _minor(value: Any, info: ValidationInfo) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("takes an amount of money like 19.90")
    minor = parse_minor(str(value), language_of(info).currency)
    if minor < 0:
        raise ValueError("takes an amount of money that is not negative")
    return minor


def _written_minor(value: int, info: Any) -> str:
    return format_minor(value, info.context.currency)


def _share(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("takes percent like 12.5")
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("takes percent like 12.5") from None
    if not percent.is_finite() or not 0 < percent <= 100:
        raise ValueError("takes percent above 0 and up to 100")
    if percent != percent.quantize(Decimal("0.0001")):
        raise ValueError("takes percent with at most four decimals")
    return Fraction(percent) / 100


def _part(value: Any) -> Fraction:
    share = _share(value)
    if share == 1:
        raise ValueError("takes percent above 0 and below 100")
    return share


def _times(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("takes a number of times like 2 or 1.5")
    try:
        times = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("takes a number of times like 2 or 1.5") from None
    if not times.is_finite() or not 1 < times <= MOST_TIMES:
        raise ValueError(f"takes a number of times above 1 and up to {MOST_TIMES}")
    if times != times.quantize(Decimal("0.01")):
        raise ValueError("takes a number of times with at most two decimals")
    return Fraction(times)


def _written_times(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def _written_share(value: Fraction) -> str:
    percent = value * 100
    return f"{Decimal(percent.numerator) / Decimal(percent.denominator):f}"


def _tree(value: Any, info: ValidationInfo) -> Tree:
    return _asked(value, info, lines=False)


def _lines(value: Any, info: ValidationInfo) -> Selector:
    return Selector(_asked(value, info, lines=True))


def _asked(value: Any, info: ValidationInfo, *, lines: bool) -> Tree:
    language = language_of(info)
    try:
        return language.read_lines(value) if lines else language.read(value)
    except BadCondition as error:
        raise ConditionFault(error) from None


class ConditionFault(ValueError):
    """A condition that cannot be used, inside a document that pydantic reads."""

    def __init__(self, error: BadCondition) -> None:
        super().__init__(error.detail)
        self.place = error.place


_MONEY_SCHEMA = {
    "type": ["number", "string"],
    "description": "An amount in the programme's currency, like 19.90",
}
_CONDITION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "description": "Attributes with what they are compared with, or all, any, not",
}
# By these titles `laoke.promotions.schema` finds the places of trees and types them with the vocabulary.
CONDITION, LINES = "Condition", "Lines"

Minor = Annotated[
    int, BeforeValidator(_minor), PlainSerializer(_written_minor), WithJsonSchema(_MONEY_SCHEMA)
]
Share = Annotated[
    Fraction,
    BeforeValidator(_share),
    PlainSerializer(_written_share),
    WithJsonSchema({"type": ["number", "string"], "description": "Percent, above 0 and up to 100"}),
]
PartShare = Annotated[
    Fraction,
    BeforeValidator(_part),
    PlainSerializer(_written_share),
    WithJsonSchema({"type": ["number", "string"], "description": "Percent, above 0 and below 100"}),
]
Times = Annotated[
    Fraction,
    BeforeValidator(_times),
    PlainSerializer(_written_times),
    WithJsonSchema(
        {"type": ["number", "string"], "description": f"How many times, above 1 and up to {MOST_TIMES}"}
    ),
]
Condition = Annotated[
    Any,
    BeforeValidator(_tree),
    PlainSerializer(lambda tree, info: info.context.write(tree)),
    WithJsonSchema(_CONDITION_SCHEMA | {"title": CONDITION}),
]
Lines = Annotated[
    Selector,
    BeforeValidator(_lines),
    PlainSerializer(lambda selector, info: info.context.write(selector.tree)),
    WithJsonSchema(_CONDITION_SCHEMA | {"title": LINES}),
]


class Text(Document):
    """A name or sentence in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, words: Mapping[str, str]) -> Text:
        """From a mapping of languages."""
        return cls(zh=words["zh"], en=words["en"])
