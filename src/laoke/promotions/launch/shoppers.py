"""The shoppers who get the most: made of what the conditions of offers ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree, leaves
from laoke.engine.pricing.board import CouponFact, Facts
from laoke.engine.pricing.compiled import Programme, Ready

MOST = 40
_MOST_WAYS = 4
# Attributes of which one member may have several values.
_SEVERAL = frozenset({"member.tag", "member.segment"})

Wish = Mapping[str, Any]


class Shopper(NamedTuple):
    """Somebody at the till: what is known, what codes they enter."""

    facts: Facts
    codes: tuple[str, ...] = ()
    channel: str | None = None


def shoppers(
    programme: Programme, skus: Iterable[str] = (), *, lowest_tier: str | None = None
) -> list[Shopper]:
    """Somebody unknown first; then for each offer who has it, and who has as many others as possible with it.

    Args:
        skus: articles that stand in every personal list.
        lowest_tier: where everybody begins; None: nobody knows.
    """
    lists = dict.fromkeys(_lists(programme), frozenset(skus))
    found: dict[Any, Shopper] = {}

    def add(offers: Iterable[Ready], wish: Wish, *, member: bool) -> None:
        made = _made(offers, wish, lists, member=member)
        found.setdefault((made.codes, made.channel, _hashable(wish), member), made)

    add((), {}, member=False)
    add((), {}, member=True)
    wishes = {ready: list(islice(_ways(All(ready.offer.when)), _MOST_WAYS)) for ready in programme.offers}
    for ready, ways in wishes.items():
        for way in ways:
            if len(found) >= MOST:
                return list(found.values())
            together, offers = dict(way), [ready]
            for other, other_ways in wishes.items():
                if other is ready or not _may_meet(ready, other):
                    continue
                merged = next(
                    (
                        both
                        for each in other_ways
                        if (both := _both(together, each)) and _possible(both, lowest_tier)
                    ),
                    None,
                )
                if merged is not None or not other_ways:
                    together = merged or together
                    offers.append(other)
            add([ready], way, member=True)
            add(offers, together, member=True)
    return list(found.values())


def _made(
    offers: Iterable[Ready], wish: Wish, lists: Mapping[str, frozenset[str]], *, member: bool
) -> Shopper:
    codes: list[str] = []
    coupons: dict[str, CouponFact] = {}
    channel = None
    for ready in offers:
        offer = ready.offer
        codes += list(offer.codes[:1])
        for template in offer.coupons[:1]:
            code = f"coupon {template}"
            if code not in coupons:
                coupons[code] = CouponFact(len(coupons) + 1, template)
                codes.append(code)
        if offer.channels and channel is None:
            channel = min(offer.channels)
    bought = member and wish.get("member.orders") != 0
    facts = Facts(dict(wish), is_member=member, lists=lists if bought else {}, coupons=coupons)
    return Shopper(facts, tuple(dict.fromkeys(codes)), channel)


def _may_meet(one: Ready, other: Ready) -> bool:
    """Whether both may be given in one basket."""
    mine, its = one.offer, other.offer
    if mine.exclusive or its.exclusive:
        return False
    if mine.exclusive_set is not None and mine.exclusive_set == its.exclusive_set:
        return False
    same_group = mine.group is not None and mine.group == its.group and mine.stage == its.stage
    return not same_group and (
        mine.channels is None or its.channels is None or bool(mine.channels & its.channels)
    )


def _lists(programme: Programme) -> set[str]:
    """Personal lists that selectors ask for."""
    found: set[str] = set()
    for ready in programme.offers:
        for selector in ready.selectors:
            for leaf in leaves(selector.tree) if selector is not None else ():
                if leaf.attribute == "product.personal_list":
                    found.update(leaf.value if isinstance(leaf.value, frozenset) else {leaf.value})  # type: ignore[arg-type]
    return found


# Only who has bought before has these.
_OF_BUYERS = ("member.class", "member.value_class", "member.days_since_last_order")


def _possible(wish: Wish, lowest_tier: str | None) -> bool:
    """Whether there can be such a member: who never bought anything has no class, no last order, no higher tier."""
    if wish.get("member.orders") != 0:
        return True
    tier = wish.get("member.tier", lowest_tier)
    return (lowest_tier is None or tier == lowest_tier) and not any(name in wish for name in _OF_BUYERS)


def _both(one: Wish, other: Wish) -> dict[str, Any] | None:
    """Both wishes at once; None when they want different things."""
    both = dict(one)
    for name, value in other.items():
        if name in _SEVERAL:
            both[name] = both.get(name, frozenset()) | value
        elif both.setdefault(name, value) != value:
            return None
    return both


def _ways(tree: Tree) -> Iterator[dict[str, Any]]:
    """What has to be known for a tree to hold, one way after the other. What baskets decide is left to them."""
    match tree:
        case All(parts):
            yield from _all(parts)
        case AnyOf(parts):
            for part in parts:
                yield from _ways(part)
        case Not(part):
            yield from _ways_not(part)
        case Is():
            yield from _values(tree)


def _all(parts: tuple[Tree, ...]) -> Iterator[dict[str, Any]]:
    if not parts:
        yield {}
        return
    for first in _ways(parts[0]):
        for rest in _all(parts[1:]):
            if (both := _both(first, rest)) is not None:
                yield both


_OPPOSITE = {
    Op.EQ: Op.NE,
    Op.NE: Op.EQ,
    Op.GT: Op.LTE,
    Op.LTE: Op.GT,
    Op.GTE: Op.LT,
    Op.LT: Op.GTE,
    Op.IN: Op.NOT_IN,
    Op.NOT_IN: Op.IN,
}


def _ways_not(part: Tree) -> Iterator[dict[str, Any]]:
    """A denied leaf is its opposite; what is denied of several at once is left open."""
    if isinstance(part, Is) and part.op in _OPPOSITE:
        yield from _values(Is(part.attribute, _OPPOSITE[part.op], part.value, part.of, part.how))
    else:
        yield {}


def _values(leaf: Is) -> Iterator[dict[str, Any]]:
    name, value = leaf.attribute, leaf.value
    if not name.startswith(("member.", "store.", "moment.")) or name == "member.known":
        yield {}
    elif leaf.op in (Op.IN, Op.HAS_ALL, Op.EQ) and name in _SEVERAL:
        wanted = value if isinstance(value, frozenset) else frozenset({value})
        yield {name: wanted}
    elif leaf.op is Op.IN and isinstance(value, frozenset):
        for each in sorted(value, key=str):
            yield {name: each}
    elif leaf.op in (Op.EQ, Op.GTE, Op.LTE):
        yield {name: value}
    elif leaf.op in (Op.GT, Op.LT) and isinstance(value, int):
        yield {name: value + (1 if leaf.op is Op.GT else -1)}
    elif leaf.op in (Op.NE, Op.NOT_IN):
        yield {name: _another(value)}
    else:
        yield {}


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, frozenset) and value and all(isinstance(each, int) for each in value):
        return max(value) + 1
    return "another"


def _hashable(wish: Wish) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(wish.items()))
