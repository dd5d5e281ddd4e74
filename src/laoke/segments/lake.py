"""What of orders and members goes to the lake: no personal data."""

from __future__ import annotations

from laoke.foundation import sql


def queries() -> dict[str, str]:
    """The queries of the relations `orders` and `members`, as the lake's export takes them."""
    return {name: sql.load("laoke.segments", f"lake_{name}") for name in ("orders", "members")}
