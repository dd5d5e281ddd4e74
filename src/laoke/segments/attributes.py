"""What may be asked of a member, and where each of it lives.

One declaration serves both readings of a condition: the values of one member go into the Python predicate, the same
expressions go into the SQL that finds all members a tree holds for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from laoke.engine.conditions.vocabulary import Attribute, Kind


class Home(NamedTuple):
    """Where an attribute lives.

    Args:
        sql: an expression over `m` (members_member) and the joins named in `needs`; null where it is not known.
            Parameters: at (timestamptz), today (date, in the programme's zone), birthdays (of the week).
        type: the SQL type the values of conditions are compared as.
    """

    attribute: Attribute
    sql: str
    type: str
    needs: tuple[str, ...] = ()


# One row a member at most, so that no join multiplies.
JOINS: Mapping[str, str] = MappingProxyType(
    {
        "standing": "left join tiers_standing standing on standing.member_id = m.id",
        "features": "left join segments_memberfeatures features on features.member_id = m.id",
        "home": "left join purchases_store home on home.id = m.home_store_id",
        "region": "left join purchases_region region on region.id = home.region_id",
        "channel": "left join purchases_channel channel on channel.id = m.registered_channel_id",
        "placed": (
            "left join (select o.member_id, count(*)::int as orders, max(o.biz_date) as last_date "
            "from purchases_order o where o.placed_at <= %(at)s::timestamptz and o.member_id is not null "
            "and o.total_minor > o.returned_minor group by o.member_id) placed on placed.member_id = m.id"
        ),
    }
)

_HOMES = (
    Home(Attribute("member.known", Kind.FLAG, "是会员", "Is a member"), "true", "boolean"),
    Home(Attribute("member.tier", Kind.TEXT, "等级", "Tier"), "standing.tier", "text", ("standing",)),
    Home(
        Attribute("member.class", Kind.TEXT, "RFM 分类", "RFM class"),
        "features.class_rfm",
        "text",
        ("features",),
    ),
    Home(
        Attribute("member.value_class", Kind.TEXT, "价值分类", "Value class"),
        "features.class_value",
        "text",
        ("features",),
    ),
    Home(
        Attribute("member.tag", Kind.TEXT, "会员标签", "Member tag", several=True),
        "(select coalesce(array_agg(t.tag::text), '{}') from members_membertag t where t.member_id = m.id)",
        "text",
    ),
    Home(
        Attribute("member.orders", Kind.NUMBER, "已完成订单数", "Completed orders"),
        "coalesce(placed.orders, 0)",
        "bigint",
        ("placed",),
    ),
    Home(
        Attribute(
            "member.days_since_registration", Kind.NUMBER, "登记天数", "Days since registration", unit="day"
        ),
        "%(today)s::date - m.registered_date",
        "bigint",
    ),
    Home(
        Attribute(
            "member.days_since_last_order",
            Kind.NUMBER,
            "距上次消费天数",
            "Days since the last order",
            unit="day",
        ),
        "%(today)s::date - placed.last_date",
        "bigint",
        ("placed",),
    ),
    Home(
        Attribute("member.birthday_week", Kind.FLAG, "生日周内", "In the birthday week"),
        "m.birthday_mmdd = any(%(birthdays)s::smallint[])",
        "boolean",
    ),
    Home(
        Attribute("member.birthday_month", Kind.NUMBER, "生日月份", "Month of birth"),
        "m.birthday_mmdd / 100",
        "bigint",
    ),
    Home(
        Attribute("member.registered_on", Kind.DATE, "登记日期", "Registered on"),
        "to_char(m.registered_date, 'YYYY-MM-DD')",
        "text",
    ),
    Home(
        Attribute("member.channel", Kind.TEXT, "登记渠道", "Channel of registration"),
        "channel.code",
        "text",
        ("channel",),
    ),
    Home(Attribute("member.store", Kind.TEXT, "所属门店", "Home store"), "home.code", "text", ("home",)),
    Home(
        Attribute("member.region", Kind.TEXT, "所属大区", "Home region"),
        "region.code",
        "text",
        ("home", "region"),
    ),
    Home(Attribute("member.gender", Kind.TEXT, "性别", "Gender"), "nullif(m.gender, '')", "text"),
    Home(Attribute("member.language", Kind.TEXT, "语言", "Language"), "nullif(m.language, '')", "text"),
)
HOMES: Mapping[str, Home] = MappingProxyType({home.attribute.name: home for home in _HOMES})
MEMBER = tuple(home.attribute for home in _HOMES)
