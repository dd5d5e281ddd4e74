"""What fields are called on pages and in reports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _in

from laoke.surfaces.importing.fields import Kind

LABELS: dict[str, Any] = {
    "order_no": _("Order number"),
    "placed_at": _("Time of the order"),
    "store": _("Store code"),
    "channel": _("Channel code"),
    "member": _("Member"),
    "product": _("Product (SKU)"),
    "product_name": _("Product name"),
    "quantity": _("Quantity"),
    "paid": _("Paid for the line"),
    "gross": _("Value before reductions"),
    "discount": _("Reductions"),
    "unit_price": _("Price of one unit"),
    "points_spent": _("Points spent"),
    "tender": _("Means of payment"),
    "delivery_status": _("Delivery"),
    "original_order": _("Original order (returns)"),
    "original_store": _("Original store (returns)"),
    "return_reason": _("Reason of the return"),
    "card": _("Card number"),
    "phone": _("Phone number"),
    "email": _("E-mail address"),
    "wechat_openid": _("WeChat OpenID"),
    "wechat_unionid": _("WeChat UnionID"),
    "shop_account": _("Shop account"),
    "registered_at": _("Joined"),
    "name": _in("column", "Name"),
    "products.name": _in("column of products", "Name"),
    "stores.name": _in("column of stores", "Name"),
    "birth_date": _("Date of birth"),
    "gender": _("Gender"),
    "language": _("Language"),
    "home_store": _("Home store (code)"),
    "tags": _("Tags"),
    "sku": _("SKU"),
    "name_en": _("English name"),
    "category": _("Category, top level"),
    "category_2": _("Category, second level"),
    "category_3": _("Category, third level"),
    "brand": _("Brand"),
    "barcode": _("Barcode"),
    "price": _("List price"),
    "cost": _in("column", "Cost"),
    "unit": _("Selling unit"),
    "pack_size": _("Pack size"),
    "earns_points": _("Earns points"),
    "active": _in("column", "Active"),
    "code": _("Store code"),
    "region": _("Region code"),
    "region_name": _("Region name"),
    "city": _("City"),
    "opened_date": _("Opened on"),
    "currency": _("Currency"),
    "consents": _("Consents"),
}
# What a person has to know to choose a column; the reference of mappings says more.
HINTS: dict[str, Any] = {
    "order_no": _("Rows with the same number and store are one order"),
    "store": _("As on the page of stores"),
    "channel": _("If the file has none, write one that holds for every row"),
    "member": _("A phone or card number; empty: somebody without membership"),
    "product_name": _("For products that are added"),
    "paid": _("What was paid for the line after every reduction"),
    "gross": _("At list price"),
    "points_spent": _("Points the member paid a part with"),
    "delivery_status": _("pending, packed, shipped, delivered, done or cancelled; empty: done"),
    "original_order": _("The order the goods were bought with"),
    "original_store": _("If they were bought in another store"),
    "gender": _("男, 女, M, F and the like"),
    "language": _("zh-hans, en and the like"),
    "home_store": _("As on the page of stores"),
    "tags": _("Several in one cell are parted by ; , or |"),
    "products.name": _("Empty: the SKU"),
    "stores.name": _("Empty: the code"),
    "unit": _("Piece, kg and the like"),
    "earns_points": _("Yes or no"),
    "active": _("Yes or no"),
    "region_name": _("Needs the code of the region beside it"),
}


def label(kind: Kind, field: str) -> str:
    """A field in words; some are called otherwise for another kind of file."""
    return str(LABELS.get(f"{kind.value}.{field}") or LABELS.get(field, field))


def hint(kind: Kind, field: str) -> str:
    """What helps to choose the column of a field; nothing where its name says it."""
    return str(HINTS.get(f"{kind.value}.{field}") or HINTS.get(field, ""))
