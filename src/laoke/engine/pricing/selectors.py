"""Which lines an offer speaks of: a condition tree over articles and lines, and where to look it up.

The attributes of articles never change while a catalogue is in memory, so trees over them are answered once per
article; trees that look at the line or the member (its price, a personal list) are asked for every basket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from laoke.engine.conditions import All, AnyOf, Is, Op, Tree, leaves
from laoke.engine.conditions.predicates import predicate
from laoke.engine.pricing.basket import Article, Line

Lists = Mapping[str, frozenset[str]]


class Seen(NamedTuple):
    """What a tree over lines is read from. `lists` are the member's personal lists of SKUs, by name."""

    article: Article
    line: Line | None = None
    lists: Lists = {}


def _lists_of(seen: Seen) -> frozenset[str]:
    sku = seen.article.sku
    return frozenset(name for name, skus in seen.lists.items() if sku in skus)


# Attributes of the article: looked up by key.
_ARTICLE: dict[str, Callable[[Seen], Any]] = {
    "product.sku": lambda seen: seen.article.sku,
    "product.category": lambda seen: seen.article.categories,
    "product.brand": lambda seen: seen.article.brand,
    "product.tag": lambda seen: seen.article.tags,
    "product.margin_class": lambda seen: seen.article.margin_class,
}
# Attributes of the line in this basket, of this member.
_LINE: dict[str, Callable[[Seen], Any]] = {
    "line.unit_price": lambda seen: seen.line.unit_price_minor if seen.line else None,
    "product.personal_list": _lists_of,
}

Key = tuple[str, str]


def keys_of(article: Article) -> list[Key]:
    """Every key under which a selector may have filed itself for this article."""
    found: list[Key] = [("product.sku", article.sku)]
    found += [("product.category", each) for each in article.categories]
    found += [("product.tag", each) for each in article.tags]
    if article.brand is not None:
        found.append(("product.brand", article.brand))
    if article.margin_class is not None:
        found.append(("product.margin_class", article.margin_class))
    return found


class Selector:
    """A tree over lines, compiled. Two selectors are the same only when they are one object."""

    __slots__ = ("keys", "matches", "static", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.static = all(leaf.attribute in _ARTICLE for leaf in leaves(tree))
        self.keys = required_keys(tree)
        self.matches: Callable[[Seen], bool] = predicate(tree, _reader)

    def __repr__(self) -> str:
        return f"Selector({self.tree!r})"


def _reader(leaf: Is) -> Callable[[Seen], Any]:
    return _ARTICLE.get(leaf.attribute) or _LINE[leaf.attribute]


def required_keys(tree: Tree) -> frozenset[Key] | None:
    """Keys of which an article must have one for the tree to hold; None when no such set is known."""
    match tree:
        case Is(attribute, Op.IN | Op.HAS_ALL, frozenset() as values) if attribute in _ARTICLE:
            return frozenset((attribute, str(value)) for value in values)
        case Is(attribute, Op.EQ, value) if attribute in _ARTICLE:
            return frozenset({(attribute, str(value))})
        case All(parts):
            known = [keys for part in parts if (keys := required_keys(part)) is not None]
            return min(known, key=len) if known else None
        case AnyOf(parts):
            each = [required_keys(part) for part in parts]
            if any(keys is None for keys in each):
                return None
            return frozenset().union(*(keys for keys in each if keys is not None))
        case _:
            return None
