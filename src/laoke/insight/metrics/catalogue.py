"""The metrics: each one is a named thing with its definition. Loads no analytics engine.

A value is a whole number over a whole number, or a whole number alone. Both are names of measures (`measures.py`), so
two metrics that speak of the same thing count it once and in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DAYS_90 = 90
DAYS_30 = 30
EXPIRING_DAYS = 45
REGULAR_DAYS = 14


class Unit(StrEnum):
    """What a value is."""

    SHARE = "share"  # numerator over denominator
    MEMBERS = "members"
    MONEY = "money"  # minor units
    POINTS = "points"
    DAYS = "days"


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Grain(StrEnum):
    """Which store a figure belongs to. Everybody and every order belongs to one store at most, so figures of several
    stores add up to the figure of the set, and no member is counted twice."""

    HOME = "home"  # members at home in the store, wherever they bought
    PLACE = "place"  # orders placed in the store, by whomever


class Part(StrEnum):
    """How a figure is split further."""

    NONE = ""
    TIER = "tier"
    CLASS_RFM = "class_rfm"
    CLASS_VALUE = "class_value"


class Reach(StrEnum):
    """Whether past days can be counted, or only the state at the time of the computation."""

    HISTORY = "history"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        numerator, denominator: names of measures; no denominator: the value is the numerator.
        part: the values of all parts add up to the whole; a share of it is for the reader to work out.
        reach: whether past days can be counted.
        needs_days: days of orders before which the value would look smaller than it is, and is not given.
    """

    code: str
    name: Words
    definition: Words
    unit: Unit
    better: Better
    numerator: str
    denominator: str | None = None
    grain: Grain = Grain.HOME
    part: Part = Part.NONE
    reach: Reach = Reach.HISTORY
    needs_days: int = 0

    @property
    def in_money(self) -> bool:
        """Whether minor units are counted, a share of which the value may be."""
        return self.unit is Unit.MONEY or "sales" in self.numerator

    @property
    def may_have_target(self) -> bool:
        """Whether a plan can be set for it: it has a good direction, and one value a day."""
        return self.better is not Better.NEITHER and self.part is Part.NONE


REPURCHASE_90 = Metric(
    "repurchase_90",
    Words("90 天复购率", "90-day repurchase"),
    Words(
        "近 90 天购买 2 次及以上的会员 ÷ 近 90 天购买过的会员；整单退回的订单不算",
        "Members with 2 or more purchases in 90 days ÷ members with 1 or more. An order returned in full is none.",
    ),
    Unit.SHARE,
    Better.HIGHER,
    "buyers_twice_90",
    "buyers_90",
    needs_days=DAYS_90,
)
HIGH_VALUE_SHARE = Metric(
    "high_value_share",
    Words("高价值贡献占比", "High-value share"),
    Words(
        "当日处于高价值等级的会员近 90 天的净销售额 ÷ 全部会员近 90 天的净销售额。"
        "高价值等级：四级及以上取最高两级（如金卡、钻石），两三级取最高一级",
        "Net sales of 90 days to members who hold a high-value tier that day ÷ net sales to all members. "
        "High-value tiers: the top two of four or more, the top one of two or three",
    ),
    Unit.SHARE,
    Better.HIGHER,
    "high_value_sales_90",
    "member_sales_90",
)
HIGH_VALUE_CHURN = Metric(
    "high_value_churn",
    Words("高价值流失率", "High-value churn"),
    Words(
        "90 天前处于高价值等级的会员中，此后 90 天没有购买的比例，越低越好",
        "Of the members who held a high-value tier 90 days ago, those who have not bought since. Lower is better",
    ),
    Unit.SHARE,
    Better.LOWER,
    "high_value_lost_90",
    "high_value_before_90",
    needs_days=DAYS_90,
)
MONTHLY_ACTIVE = Metric(
    "monthly_active",
    Words("月活跃率", "Monthly active"),
    Words("近 30 天购买过的会员 ÷ 全部会员", "Members who bought in 30 days ÷ all members"),
    Unit.SHARE,
    Better.HIGHER,
    "buyers_30",
    "members",
    needs_days=DAYS_30,
)
MEMBERS = Metric(
    "members",
    Words("会员数", "Members"),
    Words(
        "正常与停用的会员；已合并、已删除个人信息的不计，过去各天也不计",
        "Active and blocked members. Merged and erased ones are not counted, in past figures neither",
    ),
    Unit.MEMBERS,
    Better.HIGHER,
    "members",
)
NEW_MEMBERS_30 = Metric(
    "new_members_30",
    Words("30 天新会员", "New members, 30 days"),
    Words(
        "近 30 天登记的会员；先有购买后登记的，从首次购买算起",
        "Members who registered in 30 days; whoever bought before registering counts from the first purchase",
    ),
    Unit.MEMBERS,
    Better.HIGHER,
    "members_new_30",
)
SALES_30 = Metric(
    "sales_30",
    Words("30 天净销售额", "Net sales, 30 days"),
    Words(
        "近 30 天全部订单（含非会员）应付金额减去至今的退货，按下单门店计",
        "Amount due of all orders of 30 days, non-members' too, less what came back so far; by the store of the order",
    ),
    Unit.MONEY,
    Better.HIGHER,
    "sales_30",
    grain=Grain.PLACE,
)
SALES_BEFORE_30 = Metric(
    "sales_before_30",
    Words("前 30 天净销售额", "Net sales, the 30 days before"),
    Words("再前 30 天的净销售额", "Net sales of the 30 days before those"),
    Unit.MONEY,
    Better.NEITHER,
    "sales_before_30",
    grain=Grain.PLACE,
)
TIER_MEMBERS = Metric(
    "tier_members",
    Words("各等级人数", "Members by tier"),
    Words("当日处于该等级的会员", "Members who hold the tier that day"),
    Unit.MEMBERS,
    Better.NEITHER,
    "tier_members",
    part=Part.TIER,
)
TIER_SALES_90 = Metric(
    "tier_sales_90",
    Words("各等级销售贡献", "Sales by tier"),
    Words(
        "当日处于该等级的会员近 90 天的净销售额",
        "Net sales of 90 days to members who hold the tier that day",
    ),
    Unit.MONEY,
    Better.NEITHER,
    "tier_sales_90",
    part=Part.TIER,
)
CLASS_RFM = Metric(
    "class_rfm",
    Words("RFM 分类人数", "Members by RFM class"),
    Words("最近一次计算所分的类", "Classes as computed last"),
    Unit.MEMBERS,
    Better.NEITHER,
    "class_rfm",
    part=Part.CLASS_RFM,
    reach=Reach.STATE,
)
CLASS_VALUE = Metric(
    "class_value",
    Words("价值分类人数", "Members by value class"),
    Words("最近一次计算所分的类", "Classes as computed last"),
    Unit.MEMBERS,
    Better.NEITHER,
    "class_value",
    part=Part.CLASS_VALUE,
    reach=Reach.STATE,
)
POINTS_OPEN = Metric(
    "points_open",
    Words("可用积分", "Points outstanding"),
    Words("可以使用的积分", "Points that can be spent"),
    Unit.POINTS,
    Better.NEITHER,
    "points_open",
    reach=Reach.STATE,
)
POINTS_HOLDERS = Metric(
    "points_holders",
    Words("持有积分的会员", "Members who hold points"),
    Words("有可用积分的会员", "Members with points that can be spent"),
    Unit.MEMBERS,
    Better.NEITHER,
    "points_holders",
    reach=Reach.STATE,
)
POINTS_EXPIRING = Metric(
    "points_expiring",
    Words("45 天内到期积分", "Points expiring in 45 days"),
    Words("45 天内到期的未用积分", "Outstanding points that expire within 45 days"),
    Unit.POINTS,
    Better.NEITHER,
    "points_expiring",
    reach=Reach.STATE,
)
EXPIRING_HOLDERS = Metric(
    "expiring_holders",
    Words("45 天内有积分到期的会员", "Members with points expiring in 45 days"),
    Words("45 天内有积分到期的会员", "Members with points that expire within 45 days"),
    Unit.MEMBERS,
    Better.NEITHER,
    "expiring_holders",
    reach=Reach.STATE,
)
SELLING_DAYS = Metric(
    "selling_days",
    Words("14 天内有订单的天数", "Days with orders, of 14"),
    Words("门店最近 14 天中有订单的天数", "Of the last 14 days, those on which the store had an order"),
    Unit.DAYS,
    Better.NEITHER,
    "selling_days",
    grain=Grain.PLACE,
    reach=Reach.STATE,
)

METRICS = (
    REPURCHASE_90,
    HIGH_VALUE_SHARE,
    HIGH_VALUE_CHURN,
    MONTHLY_ACTIVE,
    MEMBERS,
    NEW_MEMBERS_30,
    SALES_30,
    SALES_BEFORE_30,
    TIER_MEMBERS,
    TIER_SALES_90,
    CLASS_RFM,
    CLASS_VALUE,
    POINTS_OPEN,
    POINTS_HOLDERS,
    POINTS_EXPIRING,
    EXPIRING_HOLDERS,
    SELLING_DAYS,
)
BY_CODE = {metric.code: metric for metric in METRICS}


def high_value_tiers(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Of the codes of a ladder, the lowest first, those that count as high value: the top two of four or more, the top
    one of two or three, none of a ladder with one rung."""
    return codes[-2:] if len(codes) > 3 else codes[-1:] if len(codes) > 1 else ()
