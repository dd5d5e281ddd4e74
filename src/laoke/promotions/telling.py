"""Conditions told in words, in Chinese and English: 购买乳品满100元 / goods of Dairy for at least ¥100.00."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree
from laoke.engine.conditions.vocabulary import Attribute, Kind
from laoke.kernel.money import format_minor
from laoke.promotions.soundness.references import KINDS
from laoke.promotions.vocabulary import VOCABULARY


class Says(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str


# What a store, category, tier or article is called, by kind and code; None when nobody knows.
Names = Callable[[str, str], Says | None]

_OPS: dict[Op, Says] = {
    Op.EQ: Says("为", "is"),
    Op.NE: Says("不为", "is not"),
    Op.GT: Says("大于", "is above"),
    Op.GTE: Says("不少于", "is at least"),
    Op.LT: Says("小于", "is below"),
    Op.LTE: Says("不超过", "is at most"),
    Op.IN: Says("为", "is"),
    Op.NOT_IN: Says("不为", "is not"),
    Op.HAS_ALL: Says("同时有", "has all of"),
}
_DAYS = {
    "mon": Says("周一", "Monday"),
    "tue": Says("周二", "Tuesday"),
    "wed": Says("周三", "Wednesday"),
    "thu": Says("周四", "Thursday"),
    "fri": Says("周五", "Friday"),
    "sat": Says("周六", "Saturday"),
    "sun": Says("周日", "Sunday"),
}
_CLASSES = {
    "high_value": Says("高价值", "high value"),
    "potential": Says("潜力", "potential"),
    "dormant": Says("沉睡", "dormant"),
    "new": Says("新客户", "new"),
    "core": Says("核心忠诚", "core"),
    "basic": Says("基础", "basic"),
}
_MADE_OF = frozenset({"basket.subtotal", "basket.quantity", "basket.distinct_products"})
_WHOLE: dict[tuple[str, bool | int], Says] = {
    ("member.known", True): Says("会员", "a member"),
    ("member.known", False): Says("非会员", "not a member"),
    ("member.orders", 0): Says("首单", "the first order"),
    ("member.birthday_week", True): Says("生日周内", "in the birthday week"),
    ("member.birthday_week", False): Says("不在生日周内", "not in the birthday week"),
}


def money(minor: int, currency: str) -> Says:
    """An amount: 18元, 18.5元; ¥18.00."""
    amount = format_minor(minor, currency)
    if currency != "CNY":
        return Says(f"{amount} {currency}", f"{amount} {currency}")
    short = amount.rstrip("0").rstrip(".") if "." in amount else amount
    return Says(f"{short}元", f"¥{amount}")


def tell(tree: Tree, names: Names, currency: str) -> Says:
    """What has to hold."""
    match tree:
        case Is():
            return _leaf(tree, names, currency)
        case Not(part):
            inner = tell(part, names, currency)
            return Says(f"不满足“{inner.zh}”", f"not: {inner.en}")
        case All(parts):
            told = [tell(part, names, currency) for part in parts]
            return Says("，且".join(each.zh for each in told), " and ".join(each.en for each in told))
        case AnyOf(parts):
            told = [tell(part, names, currency) for part in parts]
            return Says("，或".join(each.zh for each in told), " or ".join(each.en for each in told))


def articles(tree: Tree | None, names: Names, currency: str) -> Says | None:
    """Which articles a tree chooses, in a word where there is one; None for any."""
    if tree is None:
        return None
    if isinstance(tree, Is) and tree.op in (Op.EQ, Op.IN):
        if tree.attribute == "product.personal_list":
            return Says("常购商品", "what you usually buy")
        if tree.attribute in KINDS or tree.attribute == "product.margin_class":
            return _values(tree, names, currency)
    return Says("指定商品", "selected articles")


def _leaf(leaf: Is, names: Names, currency: str) -> Says:
    attribute = VOCABULARY[leaf.attribute]
    if leaf.op is Op.EXISTS:
        if leaf.value:
            return Says(f"已有{attribute.zh}", f"{attribute.en} is known")
        return Says(f"没有{attribute.zh}", f"{attribute.en} is not known")
    if leaf.op is Op.EQ and isinstance(leaf.value, bool | int):
        whole = _WHOLE.get((leaf.attribute, leaf.value))
        if whole is not None:
            return whole
    value = _values(leaf, names, currency)
    if leaf.attribute in _MADE_OF and leaf.op is Op.GTE:
        return _bought(leaf, value, names, currency)
    if leaf.op in (Op.EQ, Op.IN) and leaf.attribute in ("moment.weekday", "moment.day", "moment.month"):
        return _on(leaf.attribute, value)
    op = _OPS[leaf.op]
    of = articles(leaf.of, names, currency)
    label = Says(attribute.zh, attribute.en)
    if of is not None:
        label = Says(f"{of.zh}的{label.zh}", f"{label.en} of {of.en}")
    return Says(f"{label.zh}{op.zh}{value.zh}", f"{label.en} {op.en} {value.en}")


def _bought(leaf: Is, value: Says, names: Names, currency: str) -> Says:
    of = articles(leaf.of, names, currency)
    zh, en = ("", "") if of is None else (of.zh, f" of {of.en}")
    if leaf.attribute == "basket.subtotal":
        return Says(f"购买{zh}满{value.zh}", f"goods{en} for at least {value.en}")
    if leaf.attribute == "basket.quantity":
        return Says(f"购买{zh}满{value.zh}件", f"at least {value.en} pieces{en}")
    return Says(f"购买{zh}满{value.zh}种", f"at least {value.en} different articles{en}")


def _on(attribute: str, value: Says) -> Says:
    if attribute == "moment.day":
        return Says(f"每月{value.zh}日", f"on day {value.en} of the month")
    if attribute == "moment.month":
        return Says(f"{value.zh}月", f"in month {value.en}")
    return Says(f"限{value.zh}", f"on {value.en}")


def _values(leaf: Is, names: Names, currency: str) -> Says:
    attribute = VOCABULARY[leaf.attribute]
    values: Iterable[bool | int | str] = (
        sorted(leaf.value, key=_in_order) if isinstance(leaf.value, frozenset) else [leaf.value]
    )
    told = [_value(attribute, each, names, currency) for each in values]
    last = Says("和", " and ") if leaf.op is Op.HAS_ALL else Says("或", " or ")
    return Says(
        _joined([each.zh for each in told], "、", last.zh), _joined([each.en for each in told], ", ", last.en)
    )


def _in_order(value: object) -> tuple[int, str]:
    days = list(_DAYS)
    return (days.index(value) if value in _DAYS else value if isinstance(value, int) else 0, str(value))


def _joined(words: list[str], comma: str, last: str) -> str:
    return words[0] if len(words) == 1 else comma.join(words[:-1]) + last + words[-1]


def _value(attribute: Attribute, value: bool | int | str, names: Names, currency: str) -> Says:
    if isinstance(value, bool):
        return Says("是", "true") if value else Says("否", "false")
    if attribute.kind is Kind.MONEY and isinstance(value, int):
        return money(value, currency)
    if attribute.kind is Kind.TIME and isinstance(value, int):
        clock = f"{value // 60:02d}:{value % 60:02d}"
        return Says(clock, clock)
    text = str(value)
    if attribute.name == "moment.weekday":
        return _DAYS.get(text, Says(text, text))
    if attribute.name in ("member.class", "member.value_class"):
        return _CLASSES.get(text, Says(text, text))
    kind = KINDS.get(attribute.name)
    found = names(kind, text) if kind is not None else None
    if found is not None:
        return found
    return Says(
        f"{text}天" if attribute.unit == "day" else text, f"{text} days" if attribute.unit == "day" else text
    )
