"""The Python reading of a condition tree: a predicate for one member, basket or line.

Compiled once, called for every basket: a leaf becomes one closure, a tree of leaves one loop over closures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from laoke.engine.conditions.tree import All, AnyOf, Is, Not, Op, Tree

Ctx = TypeVar("Ctx")
Getter = Callable[[Ctx], Any]
Predicate = Callable[[Ctx], bool]
_NOTHING: frozenset[str] = frozenset()
# How an attribute is found: the leaf goes in, since its `of` and `how` belong to the question.
Reader = Callable[[Is], "Getter[Ctx]"]


def predicate(tree: Tree, reader: Reader[Ctx]) -> Predicate[Ctx]:
    """Compile a tree.

    Args:
        reader: gives the getter of a leaf's attribute; a getter answers None for what is not known, and what is not
            known matches nothing except `exists: false`.
    """
    match tree:
        case Is():
            return _leaf(tree, reader(tree))
        case Not(part):
            inner = predicate(part, reader)
            return lambda ctx: not inner(ctx)
        case All(parts):
            return _all([predicate(part, reader) for part in parts])
        case AnyOf(parts):
            return _any([predicate(part, reader) for part in parts])


def first_failure(tree: Tree, reader: Reader[Ctx]) -> Callable[[Ctx], Tree | None]:
    """Compile a tree into the question why it does not hold.

    The answer is the first part of `all` that fails, followed down to a leaf; of `any` and `not` the node itself,
    for no single leaf of theirs is to blame. None when the tree holds.
    """
    if isinstance(tree, All):
        steps = [first_failure(part, reader) for part in tree.parts]
        if len(steps) == 1:
            return steps[0]

        def through(ctx: Ctx) -> Tree | None:
            for step in steps:
                failed = step(ctx)
                if failed is not None:
                    return failed
            return None

        return through
    holds = predicate(tree, reader)
    return lambda ctx: None if holds(ctx) else tree


def _all(parts: list[Predicate[Ctx]]) -> Predicate[Ctx]:
    if len(parts) == 1:
        return parts[0]

    def holds(ctx: Ctx) -> bool:
        # A loop, not all() over a generator: this runs for every offer of every basket.
        for part in parts:  # noqa: SIM110
            if not part(ctx):
                return False
        return True

    return holds


def _any(parts: list[Predicate[Ctx]]) -> Predicate[Ctx]:
    def holds(ctx: Ctx) -> bool:
        for part in parts:  # noqa: SIM110
            if part(ctx):
                return True
        return False

    return holds


def _leaf(leaf: Is, get: Getter[Ctx]) -> Predicate[Ctx]:
    wanted: Any = leaf.value
    return _LEAVES[leaf.op](get, wanted)


def _eq(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and found == wanted


def _ne(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and found != wanted


def _gt(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and found > wanted


def _gte(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and found >= wanted


def _lt(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and found < wanted


def _lte(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and found <= wanted


def _shares(found: Any, wanted: frozenset[Any]) -> bool:
    return not wanted.isdisjoint(found) if isinstance(found, frozenset) else found in wanted


def _in(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and _shares(found, wanted)


def _not_in(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and not _shares(found, wanted)


def _has_all(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    return lambda ctx: (found := get(ctx)) is not None and wanted <= found


def _exists(get: Getter[Ctx], wanted: Any) -> Predicate[Ctx]:
    # Who has no tags is known to have none: for `not_in` that is something, for `exists` it is nothing.
    return lambda ctx: ((found := get(ctx)) is not None and found != _NOTHING) is wanted


_LEAVES: dict[Op, Callable[[Getter[Any], Any], Predicate[Any]]] = {
    Op.EQ: _eq,
    Op.NE: _ne,
    Op.GT: _gt,
    Op.GTE: _gte,
    Op.LT: _lt,
    Op.LTE: _lte,
    Op.IN: _in,
    Op.NOT_IN: _not_in,
    Op.HAS_ALL: _has_all,
    Op.EXISTS: _exists,
}
