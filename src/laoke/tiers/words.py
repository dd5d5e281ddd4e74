"""What is missing to the next tier, as an associate says it: 再消费 360 元、购物 1 次，12 天内可升级为金卡会员."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from laoke.engine.tiering import Finding, Metric, Missing, Progress
from laoke.kernel.money import shown_minor


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
        return _amount(lack.metric, lack.missing, currency)
    ways = [_together(way, currency) for way in lack.ways]
    return Says("或".join(way.zh for way in ways), " or ".join(way.en for way in ways))


def _amount(metric: Metric, missing: int, currency: str) -> Says:
    match metric:
        case Metric.SPEND:
            money = _money(missing, currency)
            return Says(f"消费 {money.zh}", f"{money.en} more spent")
        case Metric.PURCHASES:
            return Says(f"购物 {missing} 次", f"{missing} more {_many('purchase', missing)}")
        case Metric.INTERACTIONS:
            return Says(f"互动 {missing} 次", f"{missing} more {_many('interaction', missing)}")
        case Metric.POINTS_EARNED:
            return Says(f"获得 {missing} 积分", f"{missing} more {_many('point', missing)} earned")
    return Says(f"积攒 {missing} 积分", f"{missing} more {_many('point', missing)} kept")


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
