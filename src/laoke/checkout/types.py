"""What goes into and comes out of the trip of an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from laoke.engine.tiering import Activity, Window
from laoke.tiers.standing import State


class MemberKey(NamedTuple):
    """How a till names a member: by id, or by the blind index of a card, phone or external id."""

    member_id: int | None
    kind: str | None = None
    issuer: str | None = None
    blind_index: bytes | None = None


@dataclass(frozen=True, slots=True)
class LineRequest:
    """One article as the till sends it. Without a price the list price holds."""

    sku: str
    quantity_milli: int
    unit_price_minor: int | None = None
    discount_minor: int = 0


@dataclass(frozen=True, slots=True)
class TenderRequest:
    """One means of payment with money."""

    kind: str
    amount_minor: int
    reference: str = ""


class ShippingRequest(NamedTuple):
    """How the goods are brought to the shopper, and what the shop asks for it before offers."""

    method: str
    fee_minor: int


@dataclass(frozen=True, slots=True)
class BasketRequest:
    """A basket to be priced."""

    store: str
    channel: str
    currency: str
    lines: tuple[LineRequest, ...]
    member: MemberKey | None = None
    points_to_redeem: int = 0
    codes: tuple[str, ...] = ()
    gift_choices: tuple[tuple[str, str], ...] = ()
    shipping: ShippingRequest | None = None
    order_no: str | None = None
    points_hold: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A basket to be made an order."""

    order_no: str
    basket: BasketRequest
    placed_at: datetime
    tenders: tuple[TenderRequest, ...] = ()
    quote: str | None = None
    delivery_status: str = "done"


@dataclass(frozen=True, slots=True)
class ReturnLineRequest:
    """How much of one line comes back."""

    line_no: int
    quantity_milli: int


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """Goods of one order brought back; no lines: all that is left of it."""

    return_no: str
    order_id: int
    returned_at: datetime
    lines: tuple[ReturnLineRequest, ...] | None = None
    store: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What the rules need to know about one member at one instant."""

    member_id: int
    available: int
    debt: int
    tier: str
    tier_since: datetime
    activity: Mapping[Window, Activity]
    version: int
    # What offers may ask of the member, by name, where it was read by the way.
    known: Mapping[str, Any] | None = None
    # Where it was locked: the whole standing, and whether the member has bought since.
    stand: State | None = None
    late: bool = False
    # Points of people they live with that can be spent too.
    pooled: int = 0
