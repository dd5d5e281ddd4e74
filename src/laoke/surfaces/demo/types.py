"""What the demo shop is made of: plain facts, named by business keys, ready to be played through real services.

Money is in minor units (fen), quantities in thousandths of the selling unit, instants are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class Delivery(StrEnum):
    """How far an order has come on its way to the buyer, as of the day the shop was generated."""

    NONE = "none"  # taken along at the counter
    PLACED = "placed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


class Household(StrEnum):
    """Who is at home. The generator's hidden truth: a loader does not store it, analyses try to find it."""

    SINGLE = "single"
    COUPLE = "couple"
    BABY = "baby"
    SCHOOL = "school"
    ELDERLY = "elderly"


@dataclass(frozen=True, slots=True)
class Term:
    """A code with its two names: a kind of tender, a reason for a return."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Store:
    """A place that sells. `online` stores ship the orders of the website and the app."""

    code: str
    name: str
    name_en: str
    region_code: str
    city: str
    city_en: str
    opened_on: date
    online: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """The way an order reaches the shop; `online` channels deliver."""

    code: str
    name: str
    name_en: str
    online: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the two-level tree; a department has no parent, products hang on its children."""

    code: str
    parent_code: str | None
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Product:
    """An article.

    `price_minor` is today's list price of one selling unit: a piece, or a kilogram when `weighed`.
    `pack_size` is the whole content of one selling unit in `pack_unit` (g, ml, roll, sheet, pack, piece, egg);
    `need_cycle_days` is how long one unit lasts a typical household, None when nothing is used up.
    """

    sku: str
    barcode: str
    name: str
    name_en: str
    category_code: str
    brand: str
    brand_en: str
    price_minor: int
    cost_minor: int
    pack_size: int
    pack_unit: str
    weighed: bool
    margin_class: str  # "low", "mid" or "high"
    need_cycle_days: int | None


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer of a member: may this channel be used for this purpose."""

    channel: str  # "sms", "email", "wechat", "app_push"
    purpose: str  # "marketing", "service"
    granted: bool
    at: datetime
    source: str  # code of the channel of registration


@dataclass(frozen=True, slots=True)
class Person:
    """A member as the shop registered them.

    `same_person_as` names the card of the first registration when this one is a duplicate; with `household`
    it is the generator's truth, for tests and demonstrations, and not for loading.
    """

    card_no: str
    name: str | None
    phone: str | None
    email: str | None
    external_ids: tuple[tuple[str, str], ...]  # (system, id), systems "wechat_openid" and "shop_account"
    birth_date: date | None
    gender: str | None  # "f", "m"
    home_store_code: str
    registered_at: datetime
    registered_channel_code: str
    tags: tuple[str, ...]
    consents: tuple[Consent, ...]
    household: Household
    same_person_as: str | None


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line: gross is `quantity_milli * unit_price_minor / 1000` rounded half up, less `discount_minor`."""

    sku: str
    quantity_milli: int
    unit_price_minor: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase. `wish_points` is what the member would like to spend; the loader clips it to what there is."""

    order_no: str
    placed_at: datetime
    store_code: str
    channel_code: str
    card_no: str | None
    lines: tuple[SaleLine, ...]
    tender_code: str
    wish_points: int
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class GiveBack:
    """A return: `lines` are (line number from 1, quantity in thousandths) of the order it belongs to."""

    return_no: str
    order_no: str
    returned_at: datetime
    lines: tuple[tuple[int, int], ...]
    reason_code: str


class Events(Protocol):
    """The history: events in time order, made while iterating, the same ones on every iteration."""

    @property
    def sales(self) -> int: ...

    @property
    def returns(self) -> int: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sale | GiveBack]: ...


@dataclass(frozen=True, slots=True)
class Shop:
    """The whole retailer. `people` are in order of registration; `history` runs over the days of `period`."""

    name: str
    name_en: str
    currency: str
    regions: tuple[Region, ...]
    stores: tuple[Store, ...]
    channels: tuple[Channel, ...]
    categories: tuple[Category, ...]
    products: tuple[Product, ...]
    tenders: tuple[Term, ...]
    reasons: tuple[Term, ...]
    people: tuple[Person, ...]
    period: tuple[date, date]  # first and last day of the history, both inside it
    history: Events
