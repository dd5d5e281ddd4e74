"""Regions by their codes."""

from __future__ import annotations

from laoke.purchases.models import Region


def ids_by_code() -> dict[str, int]:
    """Every region's id."""
    return dict(Region.objects.values_list("code", "id"))
