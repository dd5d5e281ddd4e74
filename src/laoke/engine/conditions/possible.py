"""Conditions that can never hold, found without a basket: the tree's ways to hold, each judged attribute by attribute.

What is said here is proven: a way that is called impossible is. Where a proof would need more than the tree says, the
way counts as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from laoke.engine.conditions.tree import All, AnyOf, Is, Not, Op, Scalar, Tree
from laoke.engine.conditions.vocabulary import Attribute, Kind, Subject, Vocabulary

# A tree with more ways to hold is taken as possible.
MOST_WAYS = 256

Key = tuple[str, Tree | None, frozenset[tuple[str, Scalar]]]
_SET_OPS = frozenset({Op.IN, Op.NOT_IN, Op.HAS_ALL})
_TURNED = {Op.GT: Op.LTE, Op.GTE: Op.LT, Op.LT: Op.GTE, Op.LTE: Op.GT}


@dataclass(frozen=True, slots=True)
class Asked:
    """One comparison of a way, `negated` where the tree says not."""

    leaf: Is
    negated: bool = False


Way = tuple[Asked, ...]


def ways(tree: Tree) -> list[Way] | None:
    """The ways in which a tree can hold, each a set of comparisons that all have to; None: too many to look at."""
    found = _ways(tree, False)
    return None if found is None else [tuple(each) for each in found]


def impossible(tree: Tree, vocabulary: Vocabulary) -> str | None:
    """The attribute that makes every way of the tree impossible, or None when it may hold."""
    found = ways(tree)
    if found is None:
        return None
    blamed: str | None = None
    for way in found:
        name = contradiction(way, vocabulary)
        if name is None:
            return None
        blamed = blamed or name
    return blamed or ""


def contradiction(way: Iterable[Asked], vocabulary: Vocabulary) -> str | None:
    """The attribute of which the comparisons cannot hold together, or None."""
    by_key: dict[Key, list[Asked]] = {}
    for asked in way:
        leaf = asked.leaf
        by_key.setdefault((leaf.attribute, leaf.of, leaf.how), []).append(asked)
    for (name, _, _), asks in by_key.items():
        attribute = vocabulary[name]
        empty = _several_empty(asks) if attribute.several else _single_empty(asks, attribute)
        if empty:
            return name
    return None


def apart(one: Tree, other: Tree, vocabulary: Vocabulary) -> bool:
    """Whether the two trees provably never hold together."""
    return impossible(All((one, other)), vocabulary) is not None


def holds_for(way: Iterable[Asked], values: Mapping[str, Any]) -> bool:
    """Whether a way's comparisons of the attributes in `values` hold for these values; others are not asked."""
    for asked in way:
        leaf = asked.leaf
        if leaf.attribute in values and _true(leaf, values[leaf.attribute]) is asked.negated:
            return False
    return True


def _ways(tree: Tree, negated: bool) -> list[list[Asked]] | None:
    match tree:
        case Is():
            return [[Asked(tree, negated)]]
        case Not(part):
            return _ways(part, not negated)
        case All(parts) | AnyOf(parts):
            inner = [_ways(part, negated) for part in parts]
            found = [each for each in inner if each is not None]
            if len(found) < len(inner):
                return None
            if isinstance(tree, All) is negated:
                joined = [way for each in found for way in each]
            else:
                count = 1
                for each in found:
                    count *= len(each)
                    if count > MOST_WAYS:
                        return None
                joined = [[asked for way in chosen for asked in way] for chosen in product(*found)]
            return joined if len(joined) <= MOST_WAYS else None


def _members(leaf: Is) -> frozenset[Any]:
    return leaf.value if isinstance(leaf.value, frozenset) else frozenset({leaf.value})


def _known_always(attribute: Attribute) -> bool:
    """Of which a value is known of every basket."""
    if attribute.subject is Subject.MOMENT:
        return attribute.name != "moment.weekend_of_month"
    return attribute.narrows


def _single_empty(asks: list[Asked], attribute: Attribute) -> bool:
    low: tuple[Any, bool] | None = None
    high: tuple[Any, bool] | None = None
    if attribute.kind in (Kind.NUMBER, Kind.MONEY):
        low = (0, False)
    allowed: frozenset[Any] | None = frozenset(attribute.choices) or None
    if attribute.kind is Kind.FLAG:
        allowed = frozenset({True, False})
    excluded: frozenset[Any] = frozenset()
    exists: bool | None = None
    missing = False
    for asked in asks:
        leaf, op = asked.leaf, asked.leaf.op
        if op is Op.EXISTS:
            wanted = bool(leaf.value) is not asked.negated
            missing |= exists is not None and exists is not wanted
            exists = wanted
            continue
        if asked.negated and not _known_always(attribute):
            # What is not known matches no comparison, so its contrary may hold for want of a value.
            if op in (Op.EQ, Op.IN):
                excluded |= _members(leaf)
            continue
        if not asked.negated and exists is False:
            missing = True
        if asked.negated:
            op = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.IN: Op.NOT_IN, Op.NOT_IN: Op.IN, **_TURNED}[op]
        if op in (Op.EQ, Op.IN):
            allowed = _members(leaf) if allowed is None else allowed & _members(leaf)
        elif op in (Op.NE, Op.NOT_IN):
            excluded |= _members(leaf)
        elif op in (Op.GT, Op.GTE):
            low = _tighter(low, (leaf.value, op is Op.GT), 1)
        else:
            high = _tighter(high, (leaf.value, op is Op.LT), -1)
    positive = [asked for asked in asks if asked.leaf.op is not Op.EXISTS and not asked.negated]
    if missing or (exists is False and positive):
        return True
    if not positive and not _known_always(attribute):
        return False
    if allowed is not None:
        return not any(_within(value, low, high) for value in allowed - excluded)
    return _nothing_between(low, high, attribute.kind, excluded)


def _tighter(have: tuple[Any, bool] | None, new: tuple[Any, bool], sign: int) -> tuple[Any, bool]:
    if have is None or (new[0] > have[0] if sign > 0 else new[0] < have[0]):
        return new
    return (have[0], have[1] or new[1]) if new[0] == have[0] else have


def _within(value: Any, low: tuple[Any, bool] | None, high: tuple[Any, bool] | None) -> bool:
    above = low is None or (value > low[0] if low[1] else value >= low[0])
    return above and (high is None or (value < high[0] if high[1] else value <= high[0]))


def _nothing_between(
    low: tuple[Any, bool] | None, high: tuple[Any, bool] | None, kind: Kind, excluded: frozenset[Any]
) -> bool:
    if kind is Kind.TIME:
        low, high = low or (0, False), high or (24 * 60 - 1, False)
    if low is None or high is None:
        return False
    if kind is Kind.DATE:
        return bool(low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1] or low[0] in excluded)))
    first, last = low[0] + low[1], high[0] - high[1]
    if last - first >= len(excluded):
        return False
    return not any(value not in excluded for value in range(first, last + 1))


def _several_empty(asks: list[Asked]) -> bool:
    """Of an attribute that has several values: one that must be there must not."""
    none: frozenset[Any] = frozenset()
    every: frozenset[Any] = frozenset()
    some: list[frozenset[Any]] = []
    has: bool | None = None
    clash = False
    for asked in asks:
        leaf, op = asked.leaf, asked.leaf.op
        if op is Op.EXISTS:
            wanted = bool(leaf.value) is not asked.negated
            clash |= has is not None and has is not wanted
            has = wanted
        elif (op is Op.NOT_IN and not asked.negated) or (op is Op.IN and asked.negated):
            none |= _members(leaf)
        elif op is Op.HAS_ALL and not asked.negated:
            every |= _members(leaf)
        elif op is Op.IN:
            some.append(_members(leaf))
    if clash or (has is False and (every or some)):
        return True
    return not every.isdisjoint(none) or any(each <= none for each in some)


def _true(leaf: Is, value: Any) -> bool:
    if leaf.op is Op.EXISTS:
        return (value is not None) is bool(leaf.value)
    if value is None:
        return False
    if leaf.op in _SET_OPS:
        inside = value in _members(leaf)
        return not inside if leaf.op is Op.NOT_IN else inside
    wanted: Any = leaf.value
    return bool(
        {
            Op.EQ: lambda: value == wanted,
            Op.NE: lambda: value != wanted,
            Op.GT: lambda: value > wanted,
            Op.GTE: lambda: value >= wanted,
            Op.LT: lambda: value < wanted,
            Op.LTE: lambda: value <= wanted,
        }[leaf.op]()
    )


def narrowings(tree: Tree) -> Iterator[Tree]:
    """Every narrowing tree in a tree."""
    match tree:
        case Is():
            if tree.of is not None:
                yield tree.of
        case Not(part):
            yield from narrowings(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from narrowings(part)
