"""What is missing to the next tier, as an associate says it: 再消费 360 元、购物 1 次，12 天内可升级为金卡会员."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from laoke.engine.tiering import (
    AllOf,
    AnyOf,
    Basis,
    Downgrade,
    Fall,
    Finding,
    Ladder,
    Metric,
    Missing,
    Need,
    Progress,
    Span,
    Term,
    Tier,
    Upgrade,
    Validity,
    Window,
)
from laoke.kernel.money import shown_minor
from laoke.points.activities import selectors as activities


class Says(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str


def says(progress: Progress, today: date, currency: str) -> Says:
    """The way up in a sentence, without its full stop."""
    tier = progress.tier
    if not progress.missing:
        return Says(
            f"条件已满足，下次评定时升级为{tier.name_zh}",
            f"Everything is reached: {tier.name_en} comes with the next judgement",
        )
    lacking = _together(progress.missing, currency)
    within = _within(progress.until, today)
    zh = f"再{lacking.zh}，{within.zh}可升级为{tier.name_zh}"
    en = f"{lacking.en}{within.en} for {tier.name_en}"
    return Says(zh, en[0].upper() + en[1:])


def _together(missing: Sequence[Missing], currency: str) -> Says:
    parts = [_one(lack, currency) for lack in missing]
    return Says("、".join(part.zh for part in parts), " and ".join(part.en for part in parts))


def _one(lack: Missing, currency: str) -> Says:
    if isinstance(lack, Finding):
        return _amount(lack.metric, lack.kind, lack.missing, currency)
    ways = [_together(way, currency) for way in lack.ways]
    return Says("或".join(way.zh for way in ways), " or ".join(way.en for way in ways))


def _amount(metric: Metric, kind: str, missing: int, currency: str) -> Says:
    match metric:
        case Metric.SPEND:
            money = _money(missing, currency)
            return Says(f"消费 {money.zh}", f"{money.en} more spent")
        case Metric.PURCHASES:
            return Says(f"购物 {missing} 次", f"{missing} more {_many('purchase', missing)}")
        case Metric.INTERACTIONS:
            return Says(f"{interaction(kind).zh} {missing} 次", f"{missing} more {_times(kind, missing)}")
        case Metric.POINTS_EARNED:
            return Says(f"获得 {missing} 积分", f"{missing} more {_many('point', missing)} earned")
    return Says(f"积攒 {missing} 积分", f"{missing} more {_many('point', missing)} kept")


def interaction(kind: str) -> Says:
    """What interactions are called: by the name of their kind, which a programme may have given it."""
    return Says(*activities.kind_names(kind)) if kind else Says("互动", "Interactions")


def counted(kind: str, count: int) -> str:
    """So many interactions, in English: 5 interactions, 3 times Check-in."""
    return f"{count} {_times(kind, count)}"


def _times(kind: str, count: int) -> str:
    return f"{_many('time', count)} {interaction(kind).en}" if kind else _many("interaction", count)


def _within(until: date | None, today: date) -> Says:
    if until is None:
        return Says("", "")
    days = (until - today).days
    if days <= 0:
        return Says("今天内", " today")
    return Says(f"{days} 天内", f" within {days} {_many('day', days)}")


def _money(minor: int, currency: str) -> Says:
    shown = shown_minor(minor, currency)
    if currency != "CNY":
        return Says(shown, shown)
    short = shown.replace("¥", "").replace(",", "")
    return Says(f"{short.rstrip('0') if '.' in short else short} 元", shown)


def _many(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def asks(needs: Iterable[Need], currency: str) -> Says:
    """What some needs ask for: 近 3 个月购物满 3 次、近 3 个月消费满 2,000 元."""
    parts = [_asks(need, currency) for need in needs]
    return Says("、".join(part.zh for part in parts), " and ".join(part.en for part in parts))


def _asks(need: Need, currency: str) -> Says:
    if isinstance(need, AnyOf):
        ways = [_asks(part, currency) for part in need.needs]
        return Says(f"（{'或'.join(way.zh for way in ways)}）", f"({' or '.join(way.en for way in ways)})")
    if isinstance(need, AllOf):
        return asks(need.needs, currency)
    window = _window(need.window)
    if need.metric is Metric.SPEND:
        money = _money(need.at_least, currency)
        return Says(f"{window.zh}消费满 {money.zh}", f"{money.en} spent {window.en}")
    count = need.at_least
    if need.metric is Metric.POINTS_EARNED:
        return Says(f"{window.zh}获得满 {count} 积分", f"{count} {_many('point', count)} earned {window.en}")
    if need.metric is Metric.INTERACTIONS:
        name = interaction(need.kind)
        return Says(f"{window.zh}{name.zh}满 {count} 次", f"{counted(need.kind, count)} {window.en}")
    return Says(f"{window.zh}购物满 {count} 次", f"{count} {_many('purchase', count)} {window.en}")


def _window(window: Window) -> Says:
    if window.months:
        return Says(f"近 {window.months} 个月", f"in {window.months} {_many('month', window.months)}")
    if window.days:
        return Says(f"近 {window.days} 天", f"in {window.days} {_many('day', window.days)}")
    return _SPANS[window.span]


_SPANS = {
    Span.CALENDAR_MONTH: Says("自然月内", "in the calendar month"),
    Span.CALENDAR_QUARTER: Says("自然季度内", "in the calendar quarter"),
    Span.CALENDAR_YEAR: Says("自然年内", "in the calendar year"),
    Span.MEMBERSHIP_YEAR: Says("会员年度内", "in the membership year"),
    Span.LIFETIME: Says("累计", "in all"),
    Span.PERIOD: Says("有效期内", "in its period"),
}


def lasts(tier: Tier, currency: str) -> list[Says]:
    """How long a tier lasts, what keeps it, makes it last longer or takes it, and what it costs."""
    found = [] if tier.validity is None else validity(tier.validity, currency)
    if days := tier.inactive_days:
        found.append(
            Says(
                f"连续 {days} 天未购物即失去该等级",
                f"lost after {days} {_many('day', days)} without a purchase",
            )
        )
    if price := tier.price:
        term = (
            Says(f"{price.months} 个月", f"{price.months} {_many('month', price.months)}")
            if price.months
            else Says(f"{price.days} 天", f"{price.days} {_many('day', price.days)}")
        )
        found.append(
            Says(f"{price.points:,} 积分可购买 {term.zh}", f"for sale: {price.points:,} points for {term.en}")
        )
    return found


def validity(validity: Validity, currency: str) -> list[Says]:
    """As `lasts`, of a period of validity alone."""
    found = [_lasts(validity)]
    if validity.basis is Basis.PERIOD:
        found.append(Says("保级只看有效期内的消费", "judged by what was done in its period"))
    if validity.keep is not None:
        keep = asks(validity.keep, currency)
        found.append(Says(f"保级条件：{keep.zh}", f"kept by {keep.en}"))
    if extension := validity.extension:
        needs, months = asks(extension.needs, currency), extension.months
        longer = f"延保 {months} 个月"
        found.append(
            Says(f"{needs.zh}，{longer}", f"{months} {_many('month', months)} longer with {needs.en}")
        )
    return found


def _lasts(validity: Validity) -> Says:
    match validity.term:
        case Term.YEAR_END:
            said = Says("有效至当年 12 月 31 日", "lasts until the end of the year")
        case Term.NEXT_YEAR_END:
            said = Says("有效至次年 12 月 31 日", "lasts until the end of the year after")
        case _ if validity.months:
            months = validity.months
            said = Says(f"有效期 {months} 个月", f"lasts {months} {_many('month', months)}")
        case _:
            days = validity.days
            said = Says(f"有效期 {days} 天", f"lasts {days} {_many('day', days)}")
    if grace := validity.grace_days:
        return Says(
            f"{said.zh}，宽限期 {grace} 天", f"{said.en}, with {grace} {_many('day', grace)} of grace"
        )
    return said


RISES = {
    Upgrade.AT_ONCE: Says("达到条件当天升级", "up at once"),
    Upgrade.AT_REVIEW: Says("在评定日升级", "up at reviews"),
}
FALLS = {
    Fall.NEVER: Says("不降级", "never down"),
    Fall.AT_ONCE: Says("消费或退货后条件不再满足即降级", "down at once, with a purchase or a return"),
    Fall.AT_REVIEW: Says("在评定日降级", "down at reviews"),
    Fall.AT_PERIOD_END: Says(
        "有效期和宽限期满仍未达到保级条件时降级", "down at the end of a period and its grace"
    ),
}
STEPS = {
    Downgrade.TO_QUALIFIED: Says("降至仍符合条件的最高等级", "down to what is earned"),
    Downgrade.ONE_STEP: Says("每次降一级", "one step down"),
}


def falls(ladder: Ladder) -> Says:
    """When members move down, and how far."""
    when, how_far = FALLS[ladder.fall], STEPS[ladder.downgrade]
    if ladder.fall is Fall.NEVER and not any(tier.inactive_days for tier in ladder.tiers):
        return when
    return Says(f"{when.zh}，{how_far.zh}", f"{when.en}, {how_far.en}")


CAUSES = {
    "enrolled": Says("入会", "joined"),
    "threshold_reached": Says("达标升级", "threshold reached"),
    "review_upgraded": Says("评定升级", "up at a review"),
    "review_downgraded": Says("评定降级", "down at a review"),
    "return_downgraded": Says("达标商品已退货", "goods that had reached it were returned"),
    "undone_downgraded": Says("达标互动已撤销", "what had reached it was undone"),
    "immediate_downgrade": Says("条件不再满足", "its criteria hold no longer"),
    "period_downgraded": Says("有效期满未保级", "not kept at the end of its period"),
    "inactivity_downgraded": Says("长期未购物", "no purchase for too long"),
    "merged": Says("与其他会员合并", "merged with another member"),
    "merge_undone": Says("撤销合并", "a merge was undone"),
    **{
        f"{how}_{what}": Says(f"{zh}{done.zh}", f"{en} {done.en}")
        for how, zh, en in (
            ("manual", "人工定级", "set by hand"),
            ("trial", "体验", "trial"),
            ("invitation", "邀请", "invitation"),
            ("bought", "积分购买", "bought with points"),
            ("paid", "付费会员", "paid membership"),
        )
        for what, done in (
            ("assigned", Says("", "began")),
            ("expired", Says("到期", "ended")),
            ("removed", Says("取消", "taken back")),
        )
    },
}
