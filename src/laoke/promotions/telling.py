"""Conditions told in words, in Chinese and English: 购买乳品满100元 / goods of Dairy for at least ¥100."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree
from laoke.engine.conditions.vocabulary import Attribute, Kind, Subject
from laoke.kernel.money import shown_minor
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
    Op.GT: Says("超过", "is above"),
    Op.GTE: Says("不少于", "is at least"),
    Op.LT: Says("少于", "is below"),
    Op.LTE: Says("不超过", "is at most"),
    Op.IN: Says("为", "is"),
    Op.NOT_IN: Says("不为", "is not"),
    Op.HAS_ALL: Says("同时有", "has all of"),
}
# Amounts are low and high, counts few and many.
_OPS_OF_MONEY = {**_OPS, Op.GTE: Says("不低于", "is at least"), Op.LT: Says("低于", "is below")}
_FROM_TO: dict[Op, Says] = {
    Op.GT: Says("{}之后", "after {}"),
    Op.GTE: Says("{}起", "from {} on"),
    Op.LT: Says("{}之前", "before {}"),
    Op.LTE: Says("截至{}", "until {}"),
}
# What is said of an attribute with its values: that it is one of them, and that it is none.
_PHRASES: dict[str, tuple[Says, Says]] = {
    "member.tier": (
        Says("会员等级为{}", "members of tier {}"),
        Says("会员等级不为{}", "members of other tiers than {}"),
    ),
    "member.tag": (
        Says("有会员标签{}", "members tagged {}"),
        Says("没有会员标签{}", "members not tagged {}"),
    ),
    "member.birthday_month": (Says("{}月生日", "birthday in {}"), Says("非{}月生日", "birthday not in {}")),
    "member.registered_on": (Says("{}登记", "registered on {}"), Says("非{}登记", "not registered on {}")),
    "store.code": (Says("限{}", "only at {}"), Says("{}除外", "not at {}")),
    "store.region": (Says("限{}", "only in {}"), Says("{}除外", "not in {}")),
    "store.city": (Says("限{}门店", "only in {}"), Says("{}门店除外", "not in {}")),
    "basket.channel": (Says("限{}", "only in {}"), Says("{}除外", "not in {}")),
    "moment.weekday": (Says("限{}", "on {}"), Says("{}除外", "not on {}")),
    "moment.day": (
        Says("每月{}日", "on day {} of the month"),
        Says("每月{}日除外", "not on day {} of the month"),
    ),
    "moment.month": (Says("限{}月", "in {}"), Says("{}月除外", "not in {}")),
    "moment.date": (Says("限{}", "on {}"), Says("{}除外", "not on {}")),
    "moment.weekend_of_month": (
        Says("限当月第{}个周末", "on weekend {} of the month"),
        Says("当月第{}个周末除外", "not on weekend {} of the month"),
    ),
}
# Numbers that are counted in something: how often, how long.
_COUNTED: dict[str, Says] = {
    "member.orders": Says("已完成订单{op}{}单", "{op} {} completed orders"),
    "member.days_since_registration": Says("登记{op}{}天", "registered {op} {} days ago"),
    "member.days_since_last_order": Says("距上次消费{op}{}天", "last order {op} {} days ago"),
    "basket.quantity": Says("{op}{}件", "{op} {} pieces"),
    "basket.distinct_products": Says("{op}{}种商品", "{op} {} different articles"),
}
_HOW_MANY: dict[Op, Says] = {
    Op.EQ: Says("为", "exactly"),
    Op.NE: Says("不为", "not"),
    Op.GT: Says("超过", "more than"),
    Op.GTE: Says("不少于", "at least"),
    Op.LT: Says("少于", "fewer than"),
    Op.LTE: Says("不超过", "at most"),
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
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
_MARGINS = {
    "high": Says("高毛利商品", "high-margin goods"),
    "mid": Says("中毛利商品", "medium-margin goods"),
    "low": Says("低毛利商品", "low-margin goods"),
}
_GENDERS = {"m": Says("男", "male"), "f": Says("女", "female")}
_MADE_OF = frozenset({"basket.subtotal", "basket.quantity", "basket.distinct_products"})
_WHOLE: dict[tuple[str, bool | int], Says] = {
    ("member.known", True): Says("会员", "a member"),
    ("member.known", False): Says("非会员", "not a member"),
    ("member.orders", 0): Says("首单", "the first order"),
    ("member.birthday_week", True): Says("生日周内", "in the birthday week"),
    ("member.birthday_week", False): Says("不在生日周内", "not in the birthday week"),
}


def money(minor: int, currency: str) -> Says:
    """An amount: 18元, 18.5元; ¥18, ¥18.50."""
    shown = shown_minor(minor, currency)
    if currency != "CNY":
        return Says(shown, shown)
    short = shown.replace("¥", "").replace(",", "")
    return Says(f"{short.rstrip('0') if '.' in short else short}元", shown)


def tell(tree: Tree, names: Names, currency: str) -> Says:
    """What has to hold."""
    match tree:
        case Is():
            return _leaf(tree, names, currency)
        case Not(Is(op=Op.EQ | Op.IN) as leaf):
            other = Op.NOT_IN if leaf.op is Op.IN else Op.NE
            if isinstance(leaf.value, bool):
                return _leaf(replace(leaf, value=not leaf.value), names, currency)
            return _leaf(replace(leaf, op=other), names, currency)
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
        called = _apart(attribute.zh)
        if leaf.value:
            return Says(f"已有{called}", f"{attribute.en} is known")
        return Says(f"没有{called}", f"{attribute.en} is not known")
    if leaf.op is Op.EQ and isinstance(leaf.value, bool | int):
        whole = _WHOLE.get((leaf.attribute, leaf.value))
        if whole is not None:
            return whole
    value = _values(leaf, names, currency)
    if leaf.attribute in _MADE_OF and leaf.op is Op.GTE:
        return _bought(leaf, value, names, currency)
    of = articles(leaf.of, names, currency)
    phrase = _phrase(leaf, value)
    if phrase is not None and of is None:
        return phrase
    op = (_OPS_OF_MONEY if attribute.kind is Kind.MONEY else _OPS)[leaf.op]
    label = Says(attribute.zh, attribute.en)
    if of is not None:
        label = Says(f"{of.zh}的{attribute.zh}", f"{attribute.en} of {of.en}")
    return Says(f"{label.zh}{op.zh}{value.zh}", f"{label.en} {op.en} {value.en}")


def _phrase(leaf: Is, value: Says) -> Says | None:
    """How people say it, where they do not say "attribute is value"."""
    attribute = VOCABULARY[leaf.attribute]
    if leaf.op in _FROM_TO and attribute.kind in (Kind.DATE, Kind.TIME):
        when = _FROM_TO[leaf.op]
        registered = leaf.attribute == "member.registered_on"
        zh, en = when.zh.format(value.zh), when.en.format(value.en)
        return Says(f"{zh}登记", f"registered {en}") if registered else Says(zh, en)
    counted = _COUNTED.get(leaf.attribute)
    if counted is not None and leaf.op in _HOW_MANY:
        op = _HOW_MANY[leaf.op]
        zh, en = value.zh.removesuffix("天"), value.en.removesuffix(" days")
        return Says(counted.zh.format(zh, op=op.zh), counted.en.format(en, op=op.en))
    phrases = _PHRASES.get(leaf.attribute)
    if phrases is None or leaf.op not in (Op.EQ, Op.IN, Op.NE, Op.NOT_IN, Op.HAS_ALL):
        return None
    wanted = phrases[leaf.op in (Op.NE, Op.NOT_IN)]
    return Says(wanted.zh.format(value.zh), wanted.en.format(value.en))


def _apart(word: str) -> str:
    """A word that begins with Latin letters stands apart from Chinese ones."""
    return f" {word}" if word[:1].isascii() else word


def _bought(leaf: Is, value: Says, names: Names, currency: str) -> Says:
    of = articles(leaf.of, names, currency)
    zh, en = ("", "") if of is None else (of.zh, f" of {of.en}")
    if leaf.attribute == "basket.subtotal":
        return Says(f"购买{zh}满{value.zh}", f"goods{en} for at least {value.en}")
    if leaf.attribute == "basket.quantity" and leaf.value == 1:
        return Says(f"购买{zh or '商品'}", f"at least 1 piece{en}")
    if leaf.attribute == "basket.quantity":
        return Says(f"购买{zh}满{value.zh}件", f"at least {value.en} pieces{en}")
    return Says(f"购买{zh}满{value.zh}种", f"at least {value.en} different articles{en}")


def _values(leaf: Is, names: Names, currency: str) -> Says:
    attribute = VOCABULARY[leaf.attribute]
    values: list[bool | int | str] = (
        sorted(leaf.value, key=_in_order) if isinstance(leaf.value, frozenset) else [leaf.value]
    )
    if leaf.attribute == "moment.weekday" and (span := _span(values)) is not None:
        return span
    told = [_value(attribute, each, names, currency) for each in values]
    last = Says("和", " and ") if leaf.op is Op.HAS_ALL else Says("或", " or ")
    if attribute.subject is Subject.MOMENT or leaf.op is Op.NOT_IN:
        last = Says("、", " or ")
    return Says(
        _joined([each.zh for each in told], "、", last.zh), _joined([each.en for each in told], ", ", last.en)
    )


def _span(values: list[bool | int | str]) -> Says | None:
    """Three days and more in a row: 周一至周五."""
    places = [list(_DAYS).index(each) for each in values if isinstance(each, str) and each in _DAYS]
    if len(places) < 3 or len(places) < len(values) or places != list(range(places[0], places[-1] + 1)):
        return None
    first, last = (_DAYS[str(each)] for each in (values[0], values[-1]))
    return Says(f"{first.zh}至{last.zh}", f"{first.en} to {last.en}")


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
    if attribute.name == "product.margin_class":
        return _MARGINS.get(text, Says(text, text))
    if attribute.name == "member.gender":
        return _GENDERS.get(text, Says(text, text))
    if attribute.name in ("moment.month", "member.birthday_month") and text.isdigit() and 0 < int(text) < 13:
        return Says(text, _MONTHS[int(text) - 1])
    kind = KINDS.get(attribute.name)
    found = names(kind, text) if kind is not None else None
    if found is not None:
        return found
    return Says(
        f"{text}天" if attribute.unit == "day" else text, f"{text} days" if attribute.unit == "day" else text
    )
