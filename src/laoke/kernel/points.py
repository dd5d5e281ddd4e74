"""Points: a whole number, never a float, never money by mistake."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Points:
    """A whole number of points; negative only in a reversal or a debt."""

    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Points take an int, got {self.amount!r}")

    def __add__(self, other: Points) -> Points:
        return Points(self.amount + other.amount)

    def __sub__(self, other: Points) -> Points:
        return Points(self.amount - other.amount)

    def __neg__(self) -> Points:
        return Points(-self.amount)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return str(self.amount)
