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


class Join(NamedTuple):
    """How a table is joined: for all members at once, and for one of them where that is another way."""

    of_all: str
    of_one: str


def _join(text: str) -> Join:
    return Join(text, text)


_PLACED = "count(*)::int as orders, max(o.biz_date) as last_date from purchases_order o where"
_COUNTS = "o.placed_at <= %(at)s::timestamptz and o.total_minor > o.returned_minor"
# One row a member at most, so that no join multiplies.
JOINS: Mapping[str, Join] = MappingProxyType(
    {
        "standing": _join("left join tiers_standing standing on standing.member_id = m.id"),
        "features": _join("left join segments_memberfeatures features on features.member_id = m.id"),
        "home": _join("left join purchases_store home on home.id = m.home_store_id"),
        "region": _join("left join purchases_region region on region.id = home.region_id"),
        "channel": _join("left join purchases_channel channel on channel.id = m.registered_channel_id"),
        "placed": Join(
            f"left join (select o.member_id, {_PLACED} {_COUNTS} and o.member_id is not null "
            "group by o.member_id) placed on placed.member_id = m.id",
            f"left join lateral (select {_PLACED} {_COUNTS} and o.member_id = m.id) placed on true",
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
