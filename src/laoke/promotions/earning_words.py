"""Rules of earning told in words, in Chinese and English: 首单积分 2 倍 / the first order: 2 times the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from laoke.engine.conditions import All, Tree
from laoke.promotions.documents.earning import EarningDocument, RuleDocument
from laoke.promotions.saying import condition, goods
from laoke.promotions.telling import Says, money
from laoke.promotions.words import Telling

# Means of payment that shops commonly exclude; others as the till names them.
_TENDERS = {
    "gift_card": Says("礼品卡", "gift cards"),
    "stored_value": Says("储值", "stored value"),
    "voucher": Says("代金券", "vouchers"),
}


def rule(document: RuleDocument, telling: Telling, ladder: Sequence[str] = ()) -> Says:
    """One rule: when, for which articles, and what it does."""
    when = [condition(part, telling, ladder) for part in _parts(document.when)]
    of = goods(document.of, telling)
    does = _does(document, telling)
    zh = "，".join([*(each.zh for each in when), *([of.zh] if of else []), does.zh])
    en = ", ".join([*(each.en for each in when), *([of.en] if of else [])])
    return Says(zh, f"{en}: {does.en}" if en else does.en)


def limits(document: EarningDocument, telling: Telling) -> Iterator[Says]:
    """What earns nothing, and how much is the most."""
    if document.without is not None and (of := goods(document.without, telling)) is not None:
        yield Says(f"{of.zh}不积分", f"{of.en} earn nothing")
    if document.without_tenders:
        kinds = [_TENDERS.get(kind, Says(f" {kind} ", kind)) for kind in document.without_tenders]
        zh, en = "、".join(each.zh for each in kinds), ", ".join(each.en for each in kinds)
        yield Says(f"以{zh}支付的部分不积分", f"what is paid with {en} earns nothing")
    caps = document.caps
    for most, zh, en in (
        (caps.order, "每单", "an order"),
        (caps.day, "每天", "a day"),
        (caps.month, "每月", "a month"),
    ):
        if most is not None:
            yield Says(f"{zh}最多 {most:,} 积分", f"at most {most:,} points {en}")


def _parts(tree: Tree | None) -> Sequence[Tree]:
    if tree is None:
        return ()
    return tree.parts if isinstance(tree, All) else (tree,)


def _does(document: RuleDocument, telling: Telling) -> Says:
    if document.factor is not None:
        return times(document.factor)
    if document.bonus is not None:
        return Says(f"加赠 {document.bonus:,} 积分", f"{points(document.bonus)} more")
    if document.per_unit is not None:
        return Says(f"每件加 {document.per_unit:,} 积分", f"{points(document.per_unit)} more for each piece")
    assert document.per_amount is not None
    amount, each = money(document.per_amount.amount, telling.currency), document.per_amount.points
    return Says(f"每 {amount.zh} 加 {each:,} 积分", f"{points(each)} more for every {amount.en}")


def points(number: int) -> str:
    """So many points, in English."""
    return "1 point" if number == 1 else f"{number:,} points"


def times(factor: Fraction) -> Says:
    """So many times the points."""
    if not factor:
        return Says("不积分", "no points")
    number = f"{Decimal(factor.numerator) / Decimal(factor.denominator):f}"
    return Says(f"积分 {number} 倍", f"{number} times the points")
