"""How shoppers may answer an offer: assumptions, said as such, and what the offer earns under each.

Past orders that reach the offer would have been placed anyway: what it gives to them is given away. It earns by orders
that fill up to it, and by orders that would not have been placed. Nobody knows these shares before; a report says what
follows from three of them and which one is needed to break even.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from laoke.kernel.errors import LaokeError
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.promotions.backtest.account import Account


class BadResponses(LaokeError):
    """The section `responses` of an offer file cannot be used."""

    code, status, title = "bad-responses", 422, "The assumed responses cannot be used"


def _percent(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("takes percent like 2.5")
    return Decimal(str(value))


Percent = Annotated[Decimal, BeforeValidator(_percent), Field(ge=0, le=1000, decimal_places=4)]


class Response(BaseModel):
    """One assumption.

    Args:
        near_orders: percent of the orders within reach of the offer that fill up to it.
        more_orders: percent of orders like those the offer is given to, placed beside them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    near_orders: Annotated[Percent, Field(le=100)] = Decimal(0)
    more_orders: Percent = Decimal(0)


class Responses(BaseModel):
    """The three."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unchanged: Response = Response()
    moderate: Response = Response(near_orders=Decimal(10), more_orders=Decimal(2))
    strong: Response = Response(near_orders=Decimal(30), more_orders=Decimal(8))


STANDARD = Responses()


def read(document: Any) -> Responses:
    """Read the section `responses`; None takes the usual assumptions.

    Raises:
        BadResponses
    """
    if document is None:
        return STANDARD
    if not isinstance(document, Mapping):
        raise BadResponses("responses: takes unchanged, moderate and strong")
    try:
        return Responses.model_validate(dict(document))
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, ('responses', *each['loc'])))}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_url=False)
        )
        raise BadResponses(told) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an offer comes to under one assumption, against not having it; money in minor units.

    Args:
        given_minor: what it takes off, `given_anyway_minor` of it off orders that would have been placed anyway.
        turnover_minor, margin_minor: more or less than without the offer; margin of goods with known cost.
    """

    name: str
    near_orders: Decimal
    more_orders: Decimal
    orders_more: int
    given_minor: int
    given_anyway_minor: int
    turnover_minor: int
    margin_minor: int


def answers(account: Account, responses: Responses) -> tuple[Answer, ...]:
    """The three answers."""
    return tuple(
        _answer(name, getattr(responses, name), account) for name in ("unchanged", "moderate", "strong")
    )


def _answer(name: str, response: Response, account: Account) -> Answer:
    near, more = Fraction(response.near_orders) / 100, Fraction(response.more_orders) / 100
    before, after = account.hit_before, account.hit_after
    filled, as_they_were = account.near_after, account.near_before
    return Answer(
        name,
        response.near_orders,
        response.more_orders,
        _whole(more * account.given.orders),
        _whole(account.given.minor * (1 + more) + near * account.near_amount_minor),
        account.given.minor,
        _whole(after.net * (1 + more) - before.net + near * (filled.net - as_they_were.net)),
        _whole(after.margin * (1 + more) - before.margin + near * (filled.margin - as_they_were.margin)),
    )


def break_even(account: Account) -> Fraction | None:
    """The share of further orders, like those the offer is given to, that earn back what it costs.

    Zero when it costs nothing; None when no number of such orders does, since they bring no margin.
    """
    lost = account.hit_before.margin - account.hit_after.margin
    if lost <= 0:
        return Fraction(0)
    if account.hit_after.margin <= 0:
        return None
    return Fraction(lost, account.hit_after.margin)


def _whole(amount: Fraction) -> int:
    return round_ratio(amount.numerator, amount.denominator, Rounding.HALF_EVEN)
