"""What the demo shop sells, written by hand: departments, shelves, families, brands."""

from __future__ import annotations

from . import fresh, grocery, household
from .brands import BRANDS, Brand
from .families import Department, Family, Shelf, Variant

DEPARTMENTS: tuple[Department, ...] = tuple(
    sorted(
        fresh.DEPARTMENTS + grocery.DEPARTMENTS + household.DEPARTMENTS,
        key=lambda department: department.code,
    )
)

__all__ = ["BRANDS", "DEPARTMENTS", "Brand", "Department", "Family", "Shelf", "Variant"]
