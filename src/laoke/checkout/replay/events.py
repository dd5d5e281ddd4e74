"""What a history is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple


class SaleLine(NamedTuple):
    """One article as it was sold. net = gross - discount; the price of a past sale is a fact, not worked out."""

    product_id: int
    quantity_milli: int
    unit_price_minor: int
    gross_minor: int
    discount_minor: int
    net_minor: int
    earns_points: bool = True


class Sale(NamedTuple):
    """A past order. `points_wish` is what the member wanted to settle with points; the programme's limits hold."""

    order_no: str
    store_id: int
    channel_id: int
    member_id: int | None
    placed_at: datetime
    lines: Sequence[SaleLine]
    tender: str = "unspecified"
    points_wish: int = 0
    delivery_status: str = "done"


class GiveBackEvent(NamedTuple):
    """A past return: thousandths by line number, or None for all that is left."""

    return_no: str
    store_id: int
    order_no: str
    returned_at: datetime
    lines: Mapping[int, int] | None
    reason: str = ""
