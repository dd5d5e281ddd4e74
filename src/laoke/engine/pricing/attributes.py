"""What a basket and the moment of its pricing add to the vocabulary."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from laoke.engine.conditions.vocabulary import Attribute, Kind

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_COUNTED: dict[str, tuple[bool | str, ...]] = {
    "basis": ("original", "discounted"),
    "count_non_discountable": (False, True),
}

BASKET = (
    Attribute(
        "basket.subtotal",
        Kind.MONEY,
        "商品金额",
        "Goods",
        narrows=True,
        options={**_COUNTED, "include_shipping": (False, True)},
    ),
    Attribute(
        "basket.quantity",
        Kind.NUMBER,
        "件数",
        "Units",
        unit="piece",
        narrows=True,
        options={"count_non_discountable": (False, True)},
    ),
    Attribute(
        "basket.distinct_products",
        Kind.NUMBER,
        "不同商品数",
        "Different articles",
        narrows=True,
        options={"count_non_discountable": (False, True)},
    ),
    Attribute("basket.channel", Kind.TEXT, "渠道", "Channel"),
    Attribute("basket.currency", Kind.TEXT, "币种", "Currency"),
    Attribute("basket.shipping_method", Kind.TEXT, "配送方式", "Delivery method", several=True),
)
LINES = (
    Attribute("product.sku", Kind.TEXT, "商品", "Article"),
    Attribute("product.category", Kind.TEXT, "品类", "Category", several=True),
    Attribute("product.brand", Kind.TEXT, "品牌", "Brand"),
    Attribute("product.tag", Kind.TEXT, "商品标签", "Article tag", several=True),
    Attribute("product.margin_class", Kind.TEXT, "毛利档", "Margin class"),
    Attribute("product.personal_list", Kind.TEXT, "个人清单", "Personal list", several=True),
    Attribute("line.unit_price", Kind.MONEY, "单价", "Unit price"),
)
MOMENT = (
    Attribute("moment.weekday", Kind.TEXT, "星期", "Weekday", choices=WEEKDAYS),
    Attribute("moment.day", Kind.NUMBER, "每月几号", "Day of the month"),
    Attribute("moment.month", Kind.NUMBER, "月份", "Month"),
    Attribute("moment.date", Kind.DATE, "日期", "Date"),
    Attribute("moment.time", Kind.TIME, "时间", "Time of day"),
    Attribute("moment.weekend_of_month", Kind.NUMBER, "当月第几个周末", "Weekend of the month"),
)


def moment_facts(at: datetime, zone: tzinfo) -> dict[str, Any]:
    """What is known of an instant in the programme's time zone.

    The n-th weekend of a month is the one whose Saturday is its n-th; a Sunday belongs to the Saturday before it, and
    so may belong to the month before. On other days there is none.
    """
    here = at.astimezone(zone)
    weekday = here.weekday()
    facts: dict[str, Any] = {
        "moment.weekday": WEEKDAYS[weekday],
        "moment.day": here.day,
        "moment.month": here.month,
        "moment.date": here.date().isoformat(),
        "moment.time": here.hour * 60 + here.minute,
    }
    if weekday == 5:
        facts["moment.weekend_of_month"] = (here.day + 6) // 7
    elif weekday == 6 and here.day > 1:
        facts["moment.weekend_of_month"] = (here.day + 5) // 7
    return facts
