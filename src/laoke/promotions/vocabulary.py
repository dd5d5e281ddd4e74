"""The vocabulary of offers: what may be asked of lines, basket, member, store and moment."""

from __future__ import annotations

from laoke.engine.conditions.vocabulary import Attribute, Kind, Vocabulary
from laoke.engine.pricing import attributes

MEMBER = (
    Attribute("member.known", Kind.FLAG, "是会员", "Is a member"),
    Attribute("member.tier", Kind.TEXT, "等级", "Tier"),
    Attribute("member.class", Kind.TEXT, "RFM 分类", "RFM class"),
    Attribute("member.tag", Kind.TEXT, "会员标签", "Member tag", several=True),
    Attribute("member.orders", Kind.NUMBER, "已完成订单数", "Completed orders"),
    Attribute(
        "member.days_since_registration", Kind.NUMBER, "登记天数", "Days since registration", unit="day"
    ),
    Attribute(
        "member.days_since_last_order", Kind.NUMBER, "距上次消费天数", "Days since the last order", unit="day"
    ),
    Attribute("member.birthday_week", Kind.FLAG, "生日周内", "In the birthday week"),
)
STORE = (Attribute("store.code", Kind.TEXT, "门店", "Store"),)

VOCABULARY = Vocabulary([*attributes.LINES, *attributes.BASKET, *MEMBER, *STORE, *attributes.MOMENT])
