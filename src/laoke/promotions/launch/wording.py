"""What checks say, in Chinese and English, with their numbers.

Articles of law are those of 《规范促销行为暂行规定》 (order 32 of the State Administration for Market Regulation, in
force since 2020-12-01) and of 《中华人民共和国广告法》.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from django.conf import settings

from laoke.kernel.money import shown_minor
from laoke.promotions.launch.meetings import Loop
from laoke.promotions.launch.prices import Misstated
from laoke.promotions.launch.worst import By, Worst
from laoke.promotions.telling import Says

ARTICLE_OF_BASES: Final = Says(
    "《规范促销行为暂行规定》第二十一条",
    "Interim Provisions on Regulating Promotional Activities, Article 21",
)
ARTICLE_OF_CONDITIONS: Final = Says(
    "《规范促销行为暂行规定》第二十条", "Interim Provisions on Regulating Promotional Activities, Article 20"
)
ARTICLE_OF_GIFTS: Final = Says("《中华人民共和国广告法》第八条", "Advertising Law of the PRC, Article 8")

CHAPTER_OF_PRIZES: Final = Says(
    "《规范促销行为暂行规定》第三章", "Interim Provisions on Regulating Promotional Activities, Chapter 3"
)


def worst_basket(found: Worst, called: Callable[[str], str]) -> Says:
    """The basket that leaves the least.

    Args:
        called: what the article of a SKU is called.
    """
    zh_lines = "、".join(f"{called(line.sku)}×{line.units}" for line in found.lines)
    en_lines = ", ".join(f"{line.units} × {called(line.sku)}" for line in found.lines)
    paid, left = _money(found.net_minor), _money(found.margin_minor)
    percent = "" if found.percent is None else f"{found.percent:g}%".replace("-", "−")
    share, en_share = (f"（{percent}）", f" ({percent})") if percent else ("", "")
    zh_sure, en_sure = ("", "") if found.exact else ("找到的", " (of those looked at)")
    title = "最亏的购物篮" if found.by is By.MONEY else "毛利率最低的购物篮"
    en_title = "The basket that leaves the least" if found.by is By.MONEY else "The lowest margin"
    zh_points, en_points = "", ""
    if found.points:
        worth = _money(found.points_cost_minor)
        zh_points = f"（已扣除加赠的 {found.points} 积分，值 {worth}）"
        en_points = f", {found.points} more points worth {worth} paid"
    return Says(
        f"{zh_sure}{title}：{zh_lines}，实付 {paid}，毛利 {left}{share}{zh_points}",
        f"{en_title}{en_sure}: {en_lines}; {paid} is paid, {left} is left{en_share}{en_points}",
    )


def no_costs() -> Says:
    """Nobody knows what anything costs."""
    return Says(
        "商品没有成本，无法查找最亏的购物篮",
        "No article has a cost: the worst basket cannot be looked for",
    )


def overlap(others: Sequence[Says], percent: float, offers: int) -> Says:
    """Offers take from the same goods.

    Args:
        others: what the others are called.
    """
    zh, en = "、".join(f"“{each.zh}”" for each in others), ", ".join(f"“{each.en}”" for each in others)
    return Says(
        f"与{zh}叠加在同一商品上，{offers} 个活动合计最多让利 {percent:g}%",
        f"Meets {en} on the same goods: {offers} offers take off up to {percent:g}% together",
    )


def loop(found: Loop, left: int) -> Says:
    """A coupon pays for the next one of its kind."""
    paid, rest, template = _money(found.net), _money(left), found.template
    zh = f"{found.used_by} 用掉的券 {template} 又由 {found.given_by} 赠回："
    en = f"The coupon {template} that {found.used_by} takes is given again by {found.given_by}: "
    return Says(
        f"{zh}每单实付 {paid}，扣除积分后剩 {rest}",
        f"{en}{paid} is paid each time, {rest} is left after points",
    )


def points(margin: int, worth: int) -> Says:
    """The points are worth more than what is left."""
    return Says(
        f"毛利率最低的购物篮剩 {_money(margin)}，而它赚的积分值 {_money(worth)}",
        f"The basket of the lowest margin leaves {_money(margin)} and earns points worth {_money(worth)}",
    )


def points_kept() -> Says:
    """Points that were spent before a return are given up."""
    return Says(
        "退货时已花掉的积分不追回：买入、花掉积分、再退货，积分白得",
        "Points spent before a return are given up: buy, spend the points, bring the goods back, and they were free",
    )


def gift_kept() -> Says:
    """A gift stays when a part of the goods comes back."""
    return Says(
        "部分退货不追回赠品和赠券：达到门槛后退到只剩一件，赠品仍然保留",
        "A return of a part keeps gifts and coupons: who brings back all but one piece keeps them",
    )


def lowest_price(articles: int, none: int, worst_one: Misstated) -> Says:
    """The reduction is measured against a lower price than the list price."""
    base, offered = _money(worst_one.base_minor), _money(worst_one.offered_minor)
    listed, sku = _money(worst_one.list_minor), worst_one.sku
    zh = f"{articles} 个商品七日内有过低于原价的成交，"
    en = f"{articles} articles were sold below their list price in the seven days before: "
    if none:
        zh += f"其中 {none} 处活动价不低于七日最低价，不得称为降价"
        en += f"in {none} places the offer is no reduction at all"
    else:
        zh += "降价幅度须以七日最低价为基准标示"
        en += "reductions count from these prices"
    return Says(
        f"{zh}。例如 {sku}：原价 {listed}，七日最低 {base}，活动价 {offered}",
        f"{en}. {sku}: listed {listed}, sold for {base}, offered for {offered}",
    )


def conditions() -> Says:
    """Conditions have to be shown."""
    return Says("活动有附加条件，须显著标明条件", "The offer has conditions: they have to be shown clearly")


def days() -> Says:
    """Its days have to be shown."""
    return Says("限时活动须显著标明期限", "The offer ends: its days have to be shown clearly")


def gifts() -> Says:
    """What gifts are has to be shown."""
    return Says(
        "有赠品，广告中须明示赠品的品种、规格、数量、期限和方式",
        "There are gifts: kind, size, number, days and manner have to be said in advertisements",
    )


def prizes(most: int | None) -> Says:
    """Gifts are prizes.

    Args:
        most: how many there can be, None when the offer does not say.
    """
    zh = "赠品属于有奖销售：开始前须公布品名、种类、数量、参与条件和兑奖方式，不得变更"
    en = "Gifts are prizes: what and how many they are, for whom and how they are given is published before and kept to"
    if most is None:
        return Says(f"{zh}；活动没有限定数量", f"{en}; the offer does not say how many")
    return Says(f"{zh}；最多 {most} 件", f"{en}; at most {most}")


def _money(minor: int) -> str:
    return shown_minor(minor, settings.LAOKE.currency)
