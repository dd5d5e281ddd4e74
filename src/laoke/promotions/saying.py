"""What an offer gives, as retailers announce it: 满100元减12元, 第二件半价 / Spend ¥100: ¥12 off.

Each kind of effect has one function; all are given as `Says`, in Chinese and English, with their numbers. What only
settles how cents are shared or rounded is left to the text of the offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from laoke.engine.conditions import All, Is, Not, Op, Tree
from laoke.engine.pricing.effects.amount import AmountPer
from laoke.engine.pricing.effects.percent import Allocation
from laoke.engine.pricing.effects.picking import Pick
from laoke.engine.pricing.selectors import Selector
from laoke.promotions.documents import effects as docs
from laoke.promotions.telling import Says, articles, money, tell
from laoke.promotions.words import Telling, decimal, nth, rebate

_COUNT = "零一二三四五六七八九十"
_FEW = 3
_PICKS = {
    Pick.CHEAPEST_FIRST: Says("按价格从低到高计件", "counted from the cheapest"),
    Pick.BASKET: Says("按购物篮顺序计件", "counted in the order of the basket"),
}


def effect(given: docs.Gives, telling: Telling, *, reached: Is | None = None, again: bool = False) -> Says:
    """One effect.

    Args:
        reached: a threshold it is given from, to be said with it.
        again: it comes on top of other reductions.
    """
    (body,) = given.said
    told = _EFFECTS[type(body)](body, telling)
    if again and isinstance(body, docs.PercentOff):
        told = Says(
            f"促销价再{told.zh.removeprefix('全场')}", f"another {told.en.removesuffix(' everything')}"
        )
    return told if reached is None else _from(reached, told, telling)


def threshold(tree: Tree | None) -> Is | None:
    """The one threshold a tree asks for of the basket, which effects are said with; None when there is none or
    several."""
    parts = tree.parts if isinstance(tree, All) else (tree,)
    found = [
        each
        for each in parts
        if isinstance(each, Is)
        and each.attribute in ("basket.subtotal", "basket.quantity")
        and each.op is Op.GTE
        and (each.attribute == "basket.subtotal" or each.value != 1)
    ]
    return found[0] if len(found) == 1 else None


def says_with(given: docs.Gives) -> bool:
    """Whether an effect has no threshold of its own, so that it reads well behind one."""
    (body,) = given.said
    return isinstance(
        body, docs.AmountOff | docs.PercentOff | docs.Gift | docs.Coupon | docs.Points | docs.Delivery
    ) and (getattr(body, "per", None) is None or isinstance(body, docs.AmountOff))


def condition(part: Tree, telling: Telling, ladder: Sequence[str] = ()) -> Says:
    """What has to hold, with how it is measured.

    Args:
        ladder: the tiers from the lowest on: the upper ones are said as "or above".
    """
    if isinstance(part, Is):
        if part.attribute == "member.tier" and (lowest := _upper(part, ladder)) is not None:
            called = telling.names("tier", lowest) or Says(lowest, lowest)
            return Says(f"会员等级为{called.zh}或以上", f"members of tier {called.en} or above")
        told = tell(part, telling.names, telling.currency)
        notes = list(_measured(part))
        return Says(
            told.zh + _bracket("，".join(each.zh for each in notes), zh=True),
            told.en + _bracket(", ".join(each.en for each in notes)),
        )
    return tell(part, telling.names, telling.currency)


def goods(of: Selector | Tree | None, telling: Telling) -> Says | None:
    """Which articles: 乳品（不含特价）; None for all of them."""
    tree = of.tree if isinstance(of, Selector) else of
    if tree is None:
        return None
    parts = tree.parts if isinstance(tree, All) else (tree,)
    within = [each for each in parts if _names(each)]
    without = [each for each in parts if _excludes(each)]
    rest = [each for each in parts if each not in within and each not in without]
    if len(within) > 1:
        rest += within[1:]
        within = within[:1]
    named = articles(within[0], telling.names, telling.currency) if within else Says("", "")
    assert named is not None
    apart = [articles(_inside(each), telling.names, telling.currency) for each in without]
    told = [tell(each, telling.names, telling.currency) for each in rest]
    zh = [f"不含{'、'.join(each.zh for each in apart if each)}"] if apart else []
    en = [f"without {', '.join(each.en for each in apart if each)}"] if apart else []
    zh += [each.zh for each in told]
    en += [each.en for each in told]
    return Says(
        (named.zh or "商品") + _bracket("，".join(zh), zh=True),
        (named.en or "articles") + _bracket(", ".join(en)),
    )


def off(share: Fraction) -> Says:
    """A share off: 半价, 8.8折, 免费; half price, 12% off, free."""
    if share == Fraction(1, 2):
        return Says("半价", "half price")
    return rebate(share)


# Each kind.


def _percent(body: docs.PercentOff, telling: Telling) -> Says:
    of, less = goods(body.of, telling), rebate(body.percent)
    zh, en = f"{of.zh if of else '全场'}{less.zh}", f"{less.en} {of.en if of else 'everything'}"
    if body.percent == 1:
        en = f"{of.en if of else 'everything'} free"
    if body.allocation is Allocation.ONCE:
        count = body.max_quantity or 1
        zh, en = f"{zh}，限最便宜的{count}件", f"{en}, on the {_pieces(count, 'cheapest ')}"
    elif body.max_quantity is not None:
        zh, en = f"{zh}，限{body.max_quantity}件", f"{en}, at most {_pieces(body.max_quantity)}"
    if body.max is not None:
        most = money(body.max, telling.currency)
        zh, en = f"{zh}，最多减{most.zh}", f"{en}, at most {most.en} off"
    return Says(zh, en)


def _amount(body: docs.AmountOff, telling: Telling) -> Says:
    of, less = goods(body.of, telling), money(body.discount, telling.currency)
    what = of or Says("", "")
    if body.allocation is Allocation.ACROSS:
        return Says(f"{what.zh}减{less.zh}", f"{less.en} off{f' {what.en}' if of else ''}")
    if body.allocation is Allocation.ONCE:
        count = body.max_quantity or 1
        return Says(
            f"{what.zh}最便宜的{count}件减{less.zh}",
            f"{less.en} off the {_pieces(count, 'cheapest ')}{_of(of)}",
        )
    each = Says("每件", "each piece") if body.per is AmountPer.UNIT else Says("每种商品", "each article")
    limit = (
        Says("", "")
        if body.max_quantity is None
        else Says(f"，限{body.max_quantity}件", f", at most {_pieces(body.max_quantity)}")
    )
    return Says(f"{what.zh}{each.zh}减{less.zh}{limit.zh}", f"{less.en} off {each.en}{_of(of)}{limit.en}")


def _fixed_price(body: docs.FixedPrice, telling: Telling) -> Says:
    of, paid = goods(body.of, telling), money(body.price, telling.currency)
    zh, en = f"{of.zh if of else '全场'}每件{paid.zh}", f"{of.en if of else 'Everything'} at {paid.en} each"
    if body.max_quantity is not None:
        zh, en = f"{zh}，限{body.max_quantity}件", f"{en}, at most {_pieces(body.max_quantity)}"
    return Says(zh, en)


def _member_price(body: docs.MemberPrice, telling: Telling) -> Says:
    shown = []
    for sku, minor in list(body.prices.items())[:_FEW]:
        called, paid = telling.names("sku", sku) or Says(sku, sku), money(minor, telling.currency)
        shown.append(Says(f"{called.zh}{paid.zh}", f"{called.en} at {paid.en}"))
    zh, en = "、".join(each.zh for each in shown), ", ".join(each.en for each in shown)
    more = len(body.prices) - len(shown)
    if more:
        zh, en = f"{zh}等{len(body.prices)}个商品特价", f"{en} and {more} more articles at special prices"
    if body.max_quantity is not None:
        zh, en = f"{zh}，限{body.max_quantity}件", f"{en}, at most {_pieces(body.max_quantity)}"
    return Says(zh, en)


def _tiered(body: docs.TieredOff, telling: Telling) -> Says:
    of, measured = goods(body.of, telling), goods(body.measured, telling)
    line = Says("单品", " of one article") if body.per_line else Says("", "")
    note = _basis(body.basis)
    steps = [(_reached(step, telling), _less(step, telling)) for step in body.steps]
    en = ", ".join(f"{less.en} {reached.en}" for reached, less in steps) + line.en
    if measured is None:
        zh = f"{of.zh if of else ''}{line.zh}" + "，".join(
            f"{reached.zh}{less.zh}" for reached, less in steps
        )
        en = f"{of.en}: {en}" if of else en
    else:
        what = of.zh if of else "全场"
        zh = f"购买{measured.zh}{line.zh}" + "，".join(
            f"{reached.zh}{what}{less.zh}" for reached, less in steps
        )
        en = f"{of.en if of else 'everything'}: {en}, counting {measured.en}"
    return Says(zh + _bracket(note.zh, zh=True), en + _bracket(note.en))


def _reached(step: docs.StepOff, telling: Telling) -> Says:
    if step.reaching is None:
        return Says(f"满{step.quantity}件", f"from {_pieces(step.quantity or 0)}")
    least = money(step.reaching, telling.currency)
    return Says(f"满{least.zh}", f"from {least.en}")


def _less(step: docs.StepOff, telling: Telling) -> Says:
    if step.discount is None:
        return rebate(step.percent or Fraction(0))
    less = money(step.discount, telling.currency)
    return Says(f"减{less.zh}", f"{less.en} off")


def _every(body: docs.EveryOff, telling: Telling) -> Says:
    of = goods(body.of, telling)
    least, less = money(body.reaching, telling.currency), money(body.discount, telling.currency)
    zh = f"{of.zh if of else ''}每满{least.zh}减{less.zh}"
    en = f"{less.en} off every {least.en}{f' of {of.en}' if of else ''}"
    zh, en = _at_most(zh, en, body.max_times)
    note = _basis(body.basis)
    return Says(zh + _bracket(note.zh, zh=True), en + _bracket(note.en))


def _nth(body: docs.NthOff, telling: Telling) -> Says:
    of, less = goods(body.of, telling), off(body.percent)
    same = Says("同款", " of the same article") if body.by_line else Says("", "")
    at = "at half price" if body.percent == Fraction(1, 2) else less.en
    zh = f"{of.zh if of else ''}{same.zh}第{_chinese(body.n)}件{less.zh}"
    en = f"{'every' if body.repeat else 'the'} {nth(body.n)} piece{_of(of)}{same.en} {at}"
    if not body.repeat:
        zh, en = f"{zh}，每单限一次", f"{en}, once a basket"
    pick = _PICKS.get(body.order)
    return Says(zh, en) if pick is None else Says(f"{zh}，{pick.zh}", f"{en}, {pick.en}")


def _buy_get(body: docs.BuyGetOff, telling: Telling) -> Says:
    bought, got = goods(body.buy.of, telling), goods(body.get.of, telling)
    buys, gets = body.buy.quantity, body.get.quantity
    if body.percent is not None:
        less = off(body.percent)
    else:
        minor = money(body.discount or 0, telling.currency)
        less = Says(
            f"每件减{minor.zh}" if gets > 1 else f"减{minor.zh}",
            f"{minor.en} off each" if gets > 1 else f"{minor.en} off",
        )
    at = "at half price" if less.en == "half price" else ("with " if body.percent is None else "") + less.en
    alike = bought == got
    if alike and body.percent == 1:
        zh = f"{bought.zh if bought else ''}买{buys}送{gets}"
        en = f"buy {buys}{_of(bought)}, get {gets} free"
    else:
        free = body.percent == 1
        first = f"买{buys}件{bought.zh if bought else ''}"
        second = f"{gets}件{got.zh if got else '任意商品'}" if not alike else f"再买{gets}件"
        zh = f"{first}，送{second}" if free else f"{first}，{second}{less.zh}"
        en = f"buy {buys}{_of(bought)}, get {gets}{_of(got) if not alike else ' more'} {at}"
    if body.max_get_units is not None:
        word = "送" if body.percent == 1 else "优惠"
        zh, en = f"{zh}，最多{word}{body.max_get_units}件", f"{en}, at most {_pieces(body.max_get_units)}"
    if not body.repeat:
        zh, en = f"{zh}，每单限一次", f"{en}, once a basket"
    return Says(zh, en)


def _pay_for(body: docs.PayForOff, telling: Telling) -> Says:
    of = goods(body.of, telling)
    zh, en = f"{of.zh if of else ''}买{body.buy}付{body.pay}", f"take {body.buy}{_of(of)}, pay for {body.pay}"
    return Says(zh, en) if body.repeat else Says(f"{zh}，每单限一次", f"{en}, once a basket")


def _bundle(body: docs.BundleOff, telling: Telling) -> Says:
    zh, en = [], []
    for part in body.parts:
        of = goods(part.of, telling)
        count = part.quantity
        zh.append(f"任意{count}件" if of is None else of.zh if count == 1 else f"{count}件{of.zh}")
        en.append(f"any {_pieces(count)}" if of is None else of.en if count == 1 else f"{count} {of.en}")
    minor = money(body.price if body.price is not None else body.discount or 0, telling.currency)
    what = (
        Says(f"套装价{minor.zh}", f"together for {minor.en}")
        if body.price is not None
        else Says(f"一起买减{minor.zh}", f"together {minor.en} off")
    )
    once = Says("", "") if body.repeat else Says("，每单限一次", ", once a basket")
    return Says(f"{'+'.join(zh)}，{what.zh}{once.zh}", f"{' + '.join(en)}: {what.en}{once.en}")


def _gift(body: docs.Gift, telling: Telling) -> Says:
    called = [telling.names("sku", sku) or Says(sku, sku) for sku in body.skus]
    per, count = _per(body.per, telling), body.quantity
    if len(called) == 1:
        zh, en = f"送{called[0].zh}{count}件", f"{count} × {called[0].en} free"
    else:
        zh = f"赠品任选{count}件：{'、'.join(each.zh for each in called)}"
        en = f"{count} free of {', '.join(each.en for each in called)}"
    zh, en = _at_most(f"{per.zh}{zh}", f"{en}{per.en}", body.max_times)
    return Says(zh, en)


def _coupon(body: docs.Coupon, telling: Telling) -> Says:
    called = telling.names("template", body.template) or Says(body.template, body.template)
    per, count = _per(body.per, telling), body.quantity
    zh, en = _at_most(
        f"{per.zh}送{count}张“{called.zh}”", f"{count} × the coupon “{called.en}”{per.en}", body.max_times
    )
    return Says(zh, en)


def _points(body: docs.Points, telling: Telling) -> Says:
    of = goods(body.of, telling)
    zh, en = of.zh if of else "", f" on {of.en}" if of else ""
    if body.factor is not None:
        times = decimal(body.factor)
        return Says(
            f"{zh}{'双倍' if times == '2' else f'{times}倍'}积分",
            f"{'double points' if times == '2' else f'{times} times the points'}{en}",
        )
    return Says(f"{zh}多得{body.bonus}积分", f"{body.bonus} more points{en}")


def _delivery(body: docs.Delivery, telling: Telling) -> Says:
    methods = list(body.methods or ())
    by_zh, by_en = "、".join(methods), f", only by {', '.join(methods)}" if methods else ""
    if body.free:
        return Says(f"{by_zh}免运费", f"free delivery{by_en}")
    if body.percent is not None:
        less = rebate(body.percent)
        return Says(
            f"{by_zh}运费{less.zh}",
            f"{less.en} delivery{by_en}" if body.percent < 1 else f"free delivery{by_en}",
        )
    minor = money(body.price if body.price is not None else body.discount or 0, telling.currency)
    if body.price is not None:
        return Says(f"{by_zh}运费{minor.zh}", f"delivery at {minor.en}{by_en}")
    return Says(f"{by_zh}运费减{minor.zh}", f"{minor.en} off delivery{by_en}")


_EFFECTS: dict[type, Callable[[Any, Telling], Says]] = {
    docs.PercentOff: _percent,
    docs.AmountOff: _amount,
    docs.FixedPrice: _fixed_price,
    docs.MemberPrice: _member_price,
    docs.TieredOff: _tiered,
    docs.EveryOff: _every,
    docs.NthOff: _nth,
    docs.BuyGetOff: _buy_get,
    docs.PayForOff: _pay_for,
    docs.BundleOff: _bundle,
    docs.Gift: _gift,
    docs.Coupon: _coupon,
    docs.Points: _points,
    docs.Delivery: _delivery,
}


# What they are made of.


def _from(reached: Is, told: Says, telling: Telling) -> Says:
    of = goods(reached.of, telling)
    value = reached.value
    assert isinstance(value, int)
    notes = list(_measured(reached))
    zh_note = _bracket("，".join(each.zh for each in notes), zh=True)
    en_note = _bracket(", ".join(each.en for each in notes))
    if reached.attribute == "basket.subtotal":
        least = money(value, telling.currency)
        return Says(
            f"{of.zh if of else ''}满{least.zh}{told.zh}{zh_note}",
            f"spend {least.en}{f' on {of.en}' if of else ''}: {told.en}{en_note}",
        )
    return Says(
        f"{of.zh if of else ''}满{value}件{told.zh}{zh_note}",
        f"buy {_pieces(value)}{_of(of)}: {told.en}{en_note}",
    )


def _measured(leaf: Is) -> Iterator[Says]:
    """How a threshold is measured, where it is not what shoppers take for granted: what is left after discounts."""
    how = dict(leaf.how)
    if leaf.attribute == "basket.subtotal" and how.get("basis", "original") == "original":
        yield _basis("original")
    if how.get("count_non_discountable"):
        yield Says("含不参加优惠的商品", "articles without discounts count too")
    if how.get("include_shipping"):
        yield Says("含运费", "delivery counts too")


def _basis(basis: str) -> Says:
    return Says("按原价计", "at list prices") if basis == "original" else Says("", "")


def _per(per: docs.PerSoMany | None, telling: Telling) -> Says:
    if per is None:
        return Says("", "")
    of = goods(per.of, telling)
    if per.quantity is not None:
        return Says(
            f"每{per.quantity}件{of.zh if of else ''}", f" for every {_pieces(per.quantity)}{_of(of)}"
        )
    least = money(per.reaching or 0, telling.currency)
    return Says(
        f"{of.zh if of else ''}每满{least.zh}", f" for every {least.en}{f' of {of.en}' if of else ''}"
    )


def _at_most(zh: str, en: str, times: int | None) -> tuple[str, str]:
    if times is None:
        return zh, en
    return f"{zh}，最多{times}次", f"{en}, at most {'once' if times == 1 else f'{times} times'}"


def _upper(leaf: Is, ladder: Sequence[str]) -> str | None:
    """The lowest of several tiers that are all there are from it on."""
    if leaf.op is not Op.IN or not isinstance(leaf.value, frozenset) or not 1 < len(leaf.value) < len(ladder):
        return None
    upper = list(ladder[-len(leaf.value) :])
    return upper[0] if set(upper) == {str(each) for each in leaf.value} else None


def _names(part: Tree) -> bool:
    return isinstance(part, Is) and part.op in (Op.EQ, Op.IN) and part.attribute.startswith("product.")


def _excludes(part: Tree) -> bool:
    if isinstance(part, Not):
        return _names(part.part)
    return isinstance(part, Is) and part.op in (Op.NE, Op.NOT_IN) and part.attribute.startswith("product.")


def _inside(part: Tree) -> Tree:
    """What an exclusion leaves out."""
    if isinstance(part, Not):
        return part.part
    assert isinstance(part, Is)
    return Is(part.attribute, Op.IN if part.op is Op.NOT_IN else Op.EQ, part.value, part.of, part.how)


def _of(of: Says | None) -> str:
    return "" if of is None else f" of {of.en}"


def _pieces(count: int, kind: str = "") -> str:
    return f"{kind}piece" if count == 1 and kind else f"{count} {kind}piece{'' if count == 1 else 's'}"


def _bracket(text: str, *, zh: bool = False) -> str:
    if not text:
        return ""
    return f"（{text}）" if zh else f" ({text})"


def _chinese(number: int) -> str:
    return _COUNT[number] if number <= 10 else str(number)
