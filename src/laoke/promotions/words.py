"""What a till says of offers: why one was not given, why a code brought nothing, how little more would bring how much.

Every sentence is there in Chinese and English, with its numbers, for a cashier to read out or an app to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from fractions import Fraction
from typing import NamedTuple

from laoke.engine.pricing.deals import Refused
from laoke.engine.pricing.effects.units import BuyGet, NthItem
from laoke.engine.pricing.eligibility import Rejected
from laoke.engine.pricing.hints import Gain, Hint
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.telling import Names, Says, articles, money, tell

# Reasons that stand for themselves, without numbers.
PLAIN: Mapping[str, Says] = {
    "inactive": Says("活动已暂停", "The offer is paused"),
    "member_not_eligible": Says("仅限会员", "For members only"),
    "conditions_not_met": Says("未满足活动条件", "The conditions are not met"),
    "usage_limit_reached": Says("活动名额已用完", "The offer is used up"),
    "member_limit_reached": Says("您的参与次数已达上限", "You have used it as often as allowed"),
    "budget_exhausted": Says("活动预算已用完", "The budget of the offer is used up"),
    "discount_limit_reached": Says("本单优惠已达上限", "This basket has the largest discount allowed"),
    "not_combinable": Says("不可与已享优惠同享", "Cannot be combined with what was given"),
    "no_effect": Says("本单没有可享优惠的商品", "Nothing in the basket to take it off"),
    "stopped": Says("活动已紧急停用", "The offer was stopped"),
}

# Of codes that were entered; those of offers that were refused have the offer's reason.
CODES: Mapping[str, Says] = {
    "unknown_code": Says("没有这个券码，请核对后重新输入", "No such code; check it and enter it again"),
    "already_applied": Says("这个券码已经输入过了", "This code was entered already"),
    "expired": Says("券已过期", "The coupon has expired"),
    "not_yet_valid": Says("券还没到可用时间", "The coupon cannot be used yet"),
    "already_used": Says("券已使用过", "The coupon was used already"),
    "held_elsewhere": Says("券已被另一笔订单锁定", "The coupon is held by another order"),
    "not_yours": Says("券属于另一位会员", "The coupon is another member's"),
    "revoked": Says("券已作废", "The coupon was withdrawn"),
    "template_ended": Says("券对应的活动已结束", "What the coupon was for has ended"),
    "one_per_order": Says("每单只能使用一张这种券", "One coupon of this kind for each order"),
}


class Telling(NamedTuple):
    """What sentences are told with: what things are called, the currency and the time zone."""

    names: Names
    currency: str
    zone: tzinfo


def refusal(refused: Refused, document: OfferDocument, telling: Telling) -> Says:
    """Why an offer was not given."""
    limits = document.limits
    if refused.code == "not_started" and document.starts is not None:
        day = _day(document.starts, telling.zone)
        return Says(f"活动{day.zh}开始", f"Begins on {day.en}")
    if refused.code == "expired" and document.ends is not None:
        day = _day(document.ends, telling.zone)
        return Says(f"活动已于{day.zh}结束", f"Ended on {day.en}")
    if refused.code == "wrong_channel" and document.channels:
        called = [telling.names("channel", code) or Says(code, code) for code in document.channels]
        return Says(
            f"仅限{'、'.join(each.zh for each in called)}", f"Only in {', '.join(each.en for each in called)}"
        )
    if refused.code == "usage_limit_reached" and limits.in_total is not None:
        return Says(f"限{limits.in_total}份，已用完", f"All {limits.in_total} are used")
    if refused.code == "member_limit_reached":
        return _member_limit(limits.per_member, limits.per_member_a_day)
    if refused.code in ("conditions_not_met", "member_not_eligible") and refused.failed is not None:
        told = tell(refused.failed, telling.names, telling.currency)
        return Says(f"未满足条件：{told.zh}", f"Condition not met: {told.en}")
    return PLAIN.get(refused.code, Says("未能享受此活动", "The offer was not given"))


def code(rejected: Rejected, offers: Mapping[str, OfferDocument], telling: Telling) -> Says:
    """Why a code brought nothing."""
    if rejected.refused is not None:
        return refusal(rejected.refused, offers[rejected.refused.ready.offer.key], telling)
    return CODES.get(rejected.reason, Says("券码无法使用", "The code cannot be used"))


def hint(hint: Hint, telling: Telling) -> Says:
    """How little more would bring how much: 再买18元可减20元."""
    more = _more(hint, telling)
    picked = next((each for each in hint.ready.offer.effects if isinstance(each, NthItem | BuyGet)), None)
    if picked is not None and hint.gain.share is not None and hint.missing_units is not None:
        return _unit(hint, more, picked, hint.gain.share)
    gain = _gain(hint.gain, telling)
    return Says(f"{more.zh}{gain.zh}", f"{more.en} and {gain.en}")


def points_hint(missing_minor: int, points: int, currency: str) -> Says:
    """How little more earns the next points: 再买8元可得10积分."""
    amount = money(missing_minor, currency)
    return Says(f"再买{amount.zh}可得{points}积分", f"Buy for {amount.en} more and earn {points} points")


def wallet_hint(zh_name: str, en_name: str, saving_minor: int, currency: str) -> Says:
    """A coupon that was not presented: 钱包里的“满100减20”券可再省20元，需要时请出示."""
    amount = money(saving_minor, currency)
    kind = "" if zh_name.endswith("券") else "券"
    return Says(
        f"钱包里的“{zh_name}”{kind}可再省{amount.zh}，需要时请出示",
        f"“{en_name}” in the wallet would save {amount.en} more; present it to use it",
    )


def rebate(share: Fraction) -> Says:
    """A share off: 8.8折; 12 % off."""
    if share == 1:
        return Says("免费", "free")
    return Says(f"{decimal((1 - share) * 10)}折", f"{decimal(share * 100)}% off")


def _more(hint: Hint, telling: Telling) -> Says:
    of = articles(hint.of, telling.names, telling.currency)
    zh, en = ("", "") if of is None else (of.zh, f" of {of.en}")
    if hint.missing_minor is not None:
        amount = money(hint.missing_minor, telling.currency)
        return Says(
            f"再买{amount.zh}{zh}", f"Buy{en} for {amount.en} more" if of else f"Buy for {amount.en} more"
        )
    units = hint.missing_units or 0
    return Says(f"再买{units}件{zh}", f"Buy {units} more{en}")


def _unit(hint: Hint, more: Says, effect: NthItem | BuyGet, share: Fraction) -> Says:
    """The piece that is still to be bought is the one that gets cheaper."""
    cheaper = rebate(share)
    if isinstance(effect, NthItem):
        return Says(
            f"{more.zh}，第{effect.n}件{cheaper.zh}", f"{more.en}: every {nth(effect.n)} is {cheaper.en}"
        )
    return Says(f"{more.zh}，该商品{cheaper.zh}", f"{more.en}: it is {cheaper.en}")


def _gain(gain: Gain, telling: Telling) -> Says:
    if gain.minor is not None:
        amount = money(gain.minor, telling.currency)
        return Says(f"可减{amount.zh}", f"get {amount.en} off")
    if gain.share is not None:
        off = rebate(gain.share)
        return Says(f"可享{off.zh}", f"get {off.en}")
    if gain.skus:
        called = [telling.names("sku", sku) or Says(sku, sku) for sku in gain.skus]
        return Says(
            f"可得赠品：{'或'.join(each.zh for each in called)}",
            f"get as a gift: {' or '.join(each.en for each in called)}",
        )
    if gain.points is not None:
        return Says(f"可多得{gain.points}积分", f"earn {gain.points} more points")
    if gain.times is not None:
        times = decimal(gain.times)
        return Says(f"可得{'双' if times == '2' else times}倍积分", f"earn {times} times the points")
    if gain.coupon is not None:
        called_coupon = telling.names("template", gain.coupon)
        if called_coupon is not None:
            return Says(f"可得“{called_coupon.zh}”", f"get the coupon {called_coupon.en}")
    return Says("可得券", "get a coupon")


def _member_limit(total: int | None, a_day: int | None) -> Says:
    if total is not None and a_day is None:
        return Says(f"每人限{total}次，您已用完", f"{_times(total)} for each member; you have used it")
    if a_day is not None and total is None:
        return Says(f"每人每天限{a_day}次，您今天已用完", f"{_times(a_day)} a day; you have used it today")
    return PLAIN["member_limit_reached"]


def _times(count: int) -> str:
    return {1: "Once", 2: "Twice"}.get(count, f"{count} times")


def nth(number: int) -> str:
    """An English ordinal: 1st, 2nd."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def decimal(value: Fraction) -> str:
    """Up to two decimals, no zeros at the end."""
    hundredths = round(value * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")


def _day(moment: date | datetime, zone: tzinfo) -> Says:
    if isinstance(moment, datetime):
        here = moment.astimezone(zone)
        return Says(f"{here.month}月{here.day}日{here:%H:%M}", f"{here:%Y-%m-%d %H:%M}")
    return Says(f"{moment.month}月{moment.day}日", moment.isoformat())
