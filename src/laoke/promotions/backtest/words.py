"""What a backtest takes for granted, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from laoke.promotions.documents.values import Text

_SENTENCES: Mapping[str, Text] = MappingProxyType(
    {
        "costs_of_now": Text(zh="毛利按商品现在的成本计算。", en="Margins are counted at the costs of now."),
        "days_left_aside": Text(
            zh="不看活动的起止日期；星期、时段等条件照常判断。",
            en="First and last days of offers are left aside; weekdays, hours and all other conditions hold.",
        ),
        "limits_of_others_left_aside": Text(
            zh="其他活动的次数和预算限制不计。", en="Limits and budgets of the other offers are left aside."
        ),
        "limits_within_sample": Text(
            zh="这是抽样：活动的次数和预算只在样本内计算。",
            en="This is a sample: limits and the budget are counted within it.",
        ),
        "responses_beyond_limits": Text(
            zh="三种反应不受活动的次数和预算限制。",
            en="The three responses do not count limits and the budget.",
        ),
        "as_it_is_now": Text(
            zh="{name} 没有历史记录，按会员现在的情况判断。",
            en="{name} is not kept with its dates: it is taken as it is now.",
        ),
        "not_known_then": Text(
            zh="{name} 在过去的订单上无从得知，要求它的条件不成立。",
            en="{name} is not known of past orders: conditions that ask for it do not hold.",
        ),
    }
)


def assumption(code: str) -> Text:
    """The sentence of an assumption of a report."""
    name, _, about = code.partition(":")
    text = _SENTENCES[name]
    return Text(zh=text.zh.replace("{name}", about), en=text.en.replace("{name}", about))
