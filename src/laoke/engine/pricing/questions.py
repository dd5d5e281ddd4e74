"""What the conditions of an offer may ask of a basket and its shopper, and how each is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from laoke.engine.conditions import Is, Tree, leaves
from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.selectors import Selector


class Asked(NamedTuple):
    """A basket at one moment of its pricing."""

    board: Board
    state: State


Find = Callable[[Asked], Any]
SelectorOf = Callable[[Tree], Selector]


def reader(selector_of: SelectorOf) -> Callable[[Is], Find]:
    """How attributes are found. `selector_of` gives the compiled selector of a narrowing tree."""

    def find(leaf: Is) -> Find:
        make = _BASKET.get(leaf.attribute)
        if make is not None:
            return make(leaf, None if leaf.of is None else selector_of(leaf.of))
        name = leaf.attribute
        return lambda asked: asked.board.facts.known.get(name)

    return find


def is_late(tree: Tree) -> bool:
    """Whether the answer depends on what other offers took: such a condition waits for the offer's turn."""
    return any(leaf.option("basis", "original") == "discounted" for leaf in leaves(tree))


def is_about_member(tree: Tree) -> bool:
    """Whether only the shopper decides, not the basket."""
    return all(leaf.attribute.startswith("member.") for leaf in leaves(tree))


def _lines(leaf: Is, selector: Selector | None) -> Callable[[Asked], list[int]]:
    if leaf.option("count_non_discountable", False):
        return lambda asked: asked.board.counted(selector)
    return lambda asked: asked.board.targets(selector)


def _subtotal(leaf: Is, selector: Selector | None) -> Find:
    lines = _lines(leaf, selector)
    discounted = leaf.option("basis", "original") == "discounted"
    with_shipping = bool(leaf.option("include_shipping", False))

    def found(asked: Asked) -> int:
        board, state = asked
        amounts, taken = board.amounts, state.taken
        chosen = lines(asked)
        total = sum([amounts[i] for i in chosen])
        if discounted:
            total -= sum([taken[i] for i in chosen])
        if with_shipping:
            total += sum(board.delivery_prices)
            if discounted:
                total -= sum(state.shipped)
        return total

    return found


def _quantity(leaf: Is, selector: Selector | None) -> Find:
    lines = _lines(leaf, selector)
    return lambda asked: sum([asked.board.units[i] for i in lines(asked)])


def _distinct(leaf: Is, selector: Selector | None) -> Find:
    lines = _lines(leaf, selector)
    return lambda asked: len(
        {asked.board.basket.lines[i].article.sku for i in lines(asked) if asked.board.units[i]}
    )


def _channel(leaf: Is, selector: Selector | None) -> Find:
    return lambda asked: asked.board.basket.channel


def _currency(leaf: Is, selector: Selector | None) -> Find:
    return lambda asked: asked.board.basket.currency


def _shipping_method(leaf: Is, selector: Selector | None) -> Find:
    return lambda asked: frozenset(each.method for each in asked.board.basket.deliveries)


def _known(leaf: Is, selector: Selector | None) -> Find:
    return lambda asked: asked.board.facts.is_member


_BASKET: dict[str, Callable[[Is, Selector | None], Find]] = {
    "basket.subtotal": _subtotal,
    "basket.quantity": _quantity,
    "basket.distinct_products": _distinct,
    "basket.channel": _channel,
    "basket.currency": _currency,
    "basket.shipping_method": _shipping_method,
    "member.known": _known,
}
