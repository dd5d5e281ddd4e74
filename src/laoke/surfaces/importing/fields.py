"""The fields that a mapping can fill, kind by kind, with what each takes. The reference page lists them from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _


class Kind(StrEnum):
    """What a file holds."""

    ORDERS = "orders"
    MEMBERS = "members"
    PRODUCTS = "products"
    STORES = "stores"


class Takes(StrEnum):
    """What a field is made of."""

    CODE = "code"  # printable, no line breaks, told apart exactly
    TEXT = "text"
    MONEY = "money"
    QUANTITY = "quantity"
    COUNT = "count"
    INSTANT = "instant"
    DAY = "day"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Field:
    """One target of a mapping's `columns`."""

    name: str
    takes: Takes
    about: str
    required: bool = False
    longest: int = 0
    # Its value never goes into a report.
    personal: bool = False
    # May be below zero, because the rest of the import knows what that means.
    signed: bool = False
    choices: tuple[str, ...] = ()


ORDERS = (
    Field("order_no", Takes.CODE, _("number of the order, unique within its store; a list joins columns"), True, 64),
    Field("placed_at", Takes.INSTANT, _("when it was placed"), True),
    Field("store", Takes.CODE, _("code of the store"), True, 40),
    Field("channel", Takes.CODE, _("code of the channel"), True, 40),
    Field("member", Takes.TEXT, _("what the member is known by; empty: anonymous"), longest=500, personal=True),
    Field("product", Takes.CODE, _("SKU of the line"), True, 60),
    Field("product_name", Takes.TEXT, _("its name, for products that are created"), longest=200),
    Field("quantity", Takes.QUANTITY, _("units sold; below zero: brought back (see returns)"), True, signed=True),
    Field("paid", Takes.MONEY, _("due for the line after every reduction"), signed=True),
    Field("gross", Takes.MONEY, _("value of the line before reductions"), signed=True),
    Field("discount", Takes.MONEY, _("reductions of the line"), signed=True),
    Field("unit_price", Takes.MONEY, _("price of one unit; left out: gross divided by quantity, rounded")),
    Field("points_spent", Takes.COUNT, _("points the member settled a part with; the programme's limits hold")),
    Field("tender", Takes.CODE, _("means of payment"), longest=20),
    Field(
        "delivery_status", Takes.CODE, _("where the goods are; left out: done"),
        choices=("pending", "packed", "shipped", "delivered", "done", "cancelled"), longest=12,
    ),
    Field("currency", Takes.CODE, _("currency of the row, checked against the mapping's"), longest=3),
    Field("original_order", Takes.CODE, _("for lines brought back: the order they were bought with"), longest=64),
    Field(
        "original_store", Takes.CODE, _("for lines brought back: that order's store; left out: the same"), longest=40,
    ),
    Field("return_reason", Takes.TEXT, _("for lines brought back: why"), longest=200),
)  # fmt: skip
IDENTITIES = ("card", "phone", "email", "wechat_openid", "wechat_unionid", "shop_account")
MEMBERS = (
    *(
        Field(kind, Takes.TEXT, about, longest=500, personal=True)
        for kind, about in zip(
            IDENTITIES,
            (
                _("member card number"), _("phone number"), _("e-mail address"), _("WeChat openid"),
                _("WeChat unionid"), _("account in a shop or older programme"),
            ),
            strict=True,
        )
    ),
    Field("registered_at", Takes.INSTANT, _("when the member joined"), True),
    Field("name", Takes.TEXT, _("name"), longest=100, personal=True),
    Field("birth_date", Takes.DAY, _("date of birth"), personal=True),
    Field("gender", Takes.CODE, _("m or f; `words` translates others"), longest=20, personal=True),
    Field("language", Takes.CODE, _("language tag such as zh-hans"), longest=10),
    Field("home_store", Takes.CODE, _("code of the store the member belongs to"), longest=40),
    Field("channel", Takes.CODE, _("code of the channel the member joined by"), longest=40),
    Field("tags", Takes.TEXT, _("tags, separated by ; , | or their full-width forms"), longest=2000),
)  # fmt: skip
PRODUCTS = (
    Field("sku", Takes.CODE, _("SKU"), True, 60),
    Field("name", Takes.TEXT, _("name; left out: the SKU"), longest=200),
    Field("name_en", Takes.TEXT, _("English name"), longest=200),
    Field("category", Takes.TEXT, _("category; a list is the path from the top"), longest=1000),
    Field("brand", Takes.TEXT, _("brand"), longest=100),
    Field("barcode", Takes.CODE, _("barcode"), longest=20),
    Field("price", Takes.MONEY, _("list price of one unit")),
    Field("cost", Takes.MONEY, _("cost of one unit")),
    Field("unit", Takes.TEXT, _("selling unit: piece, kg"), longest=20),
    Field("pack_size", Takes.TEXT, _("what one unit holds"), longest=40),
    Field("earns_points", Takes.YES_NO, _("whether it earns points")),
    Field("active", Takes.YES_NO, _("whether it is sold")),
    Field("tags", Takes.TEXT, _("tags, separated by ; , | or their full-width forms"), longest=2000),
)
STORES = (
    Field("code", Takes.CODE, _("code"), True, 40),
    Field("name", Takes.TEXT, _("name; left out: the code"), longest=100),
    Field("region", Takes.CODE, _("code of the region"), longest=40),
    Field("region_name", Takes.TEXT, _("name of the region"), longest=100),
    Field("city", Takes.TEXT, _("city"), longest=60),
    Field("active", Takes.YES_NO, _("whether it is open")),
    Field("opened_date", Takes.DAY, _("first day")),
)
FIELDS = {Kind.ORDERS: ORDERS, Kind.MEMBERS: MEMBERS, Kind.PRODUCTS: PRODUCTS, Kind.STORES: STORES}
