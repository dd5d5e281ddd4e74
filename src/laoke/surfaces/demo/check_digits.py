"""Check digits of barcodes and of membership cards."""

from __future__ import annotations


def with_gtin_check(body: str) -> str:
    """Append the GTIN check digit: weights 3 and 1 from the right (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def with_luhn_check(body: str) -> str:
    """Append the Luhn digit, so that a mistyped card number is noticed (ISO/IEC 7812-1, annex B)."""
    total = 0
    for i, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if i % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"
