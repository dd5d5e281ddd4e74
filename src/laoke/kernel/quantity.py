"""Quantities: thousandths of the selling unit, as an integer, so that weighed goods stay exact."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MILLI = 1000
# A million units on one line is a keying error, not a purchase.
LARGEST_MILLI = 1_000_000 * MILLI


def parse_milli(text: str | int | Decimal) -> int:
    """Read a quantity ("2", "0.456") into thousandths.

    Raises:
        ValueError: not a finite number, more than three decimals, or absurdly large.
    """
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a quantity") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a quantity")
    scaled = value * MILLI
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text} has more than three decimals")
    if abs(scaled) > LARGEST_MILLI:
        raise ValueError(f"{text} is larger than any quantity accepted here")
    return int(scaled)


def format_milli(milli: int) -> str:
    """Write thousandths as the shortest decimal: 2000 becomes "2", 456 becomes "0.456"."""
    sign, rest = ("-" if milli < 0 else ""), abs(milli)
    whole, part = divmod(rest, MILLI)
    return f"{sign}{whole}" + (f".{part:03d}".rstrip("0") if part else "")
