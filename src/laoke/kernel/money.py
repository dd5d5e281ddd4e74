"""Money: an integer of minor units with its currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# Decimal places of the minor unit (ISO 4217); two for every currency not listed.
MINOR_DIGITS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "JOD": 3,
}

# What stands before an amount on screen; other currencies are said by their code.
SIGNS = {"CNY": "¥", "JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "TWD": "NT$"}

# One order may not exceed this: far above any basket, far below the range of a 64-bit integer.
LARGEST_MINOR = 10**13


def minor_digits(currency: str) -> int:
    """Decimal places of the minor unit of an ISO 4217 currency code."""
    return MINOR_DIGITS.get(currency, 2)


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """A whole number of minor units (fen, cents) of one currency. Never a float.

    Raises:
        TypeError: an amount that is not an int (bool included).
        ValueError: a currency that is not three capital letters, or arithmetic across currencies.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Money takes an int of minor units, got {self.minor!r}")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError(f"A currency is three capital letters, got {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{format_minor(self.minor, self.currency)} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added or subtracted")
        return other.minor


def format_minor(minor: int, currency: str) -> str:
    """Write minor units as a plain decimal: `format_minor(-5, "CNY") == "-0.05"`."""
    digits = minor_digits(currency)
    sign, rest = ("-" if minor < 0 else ""), abs(minor)
    if not digits:
        return f"{sign}{rest}"
    whole, part = divmod(rest, 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}"


def sign_of(currency: str) -> str:
    """What stands before an amount: ¥, or "THB " where there is no sign."""
    return SIGNS.get(currency, f"{currency} ")


def shown_minor(minor: int, currency: str) -> str:
    """Minor units for a sentence, without decimals that say nothing: ¥1,234, ¥12.50, −¥0.05."""
    whole, _point, part = format_minor(abs(minor), currency).partition(".")
    cents = f".{part}" if part.strip("0") else ""
    return f"{'−' if minor < 0 else ''}{sign_of(currency)}{int(whole):,}{cents}"


def parse_minor(text: str | int | Decimal, currency: str) -> int:
    """Read a decimal amount into minor units, exactly.

    Raises:
        ValueError: not a finite number, more decimals than the currency has, or absurdly large.
    """
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount of money") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not an amount of money")
    scaled = value.scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text} has more decimals than {currency} has ({minor_digits(currency)})")
    if abs(scaled) > LARGEST_MINOR:
        raise ValueError(f"{text} is larger than any amount of money accepted here")
    return int(scaled)
