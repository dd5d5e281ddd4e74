"""The price of a basket. The steps of `price` are the algorithm, in order."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from laoke.engine.pricing import eligibility, stages
from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.board import Board, Facts, State
from laoke.engine.pricing.compiled import Programme, Ready
from laoke.engine.pricing.deals import Refused
from laoke.engine.pricing.hints import hints
from laoke.engine.pricing.policies import TaxMode
from laoke.engine.pricing.priced import DeliveryPrice, LinePrice, Priced
from laoke.engine.pricing.tax import tax_of
from laoke.engine.pricing.tender import Redemption, redeem

NONE_REDEEMED = Redemption()


def price(basket: Basket, programme: Programme, facts: Facts, at: datetime, *, most_hints: int = 0) -> Priced:
    """Price a basket under a programme.

    Args:
        facts: what is known of the shopper, the store and the moment.
        at: the instant the price is for; offers are judged by it.
        most_hints: how many hints the answer may hold.
    """
    # 1. The basket in columns, and the offers that concern it.
    matched, candidates = programme.concerned(basket, facts)
    board = Board(basket, facts, programme.policies, programme.guards, matched)
    state = board.start()

    # 2. Codes and coupons call their offers.
    entered = eligibility.read_codes(programme, basket.codes, facts.coupons)
    for code in entered:
        candidates.update(code.offers)

    # 3. Life, limits and conditions say which take part.
    eligible, refused = _taking_part(candidates, board, state, at)

    # 4. The stages give what they give; groups, sets and exclusive offers send others away.
    given, after, not_given, complete = stages.run(eligible, board, state)

    # 5. Lines, deliveries, sums.
    refused += not_given
    sums = _sums(board, after)

    # 6. Points settle a part, the rest earns points.
    redemption = NONE_REDEEMED
    if basket.redeem_points and programme.tender is not None:
        redemption = redeem(basket.redeem_points, facts.points_balance, sums.total, programme.tender)
    points = Fraction(0)
    if programme.earning is not None:
        points = programme.earning.points(board, after, given, redemption.minor)
    return Priced(
        sums.lines,
        sums.deliveries,
        tuple(given),
        tuple(refused),
        eligibility.rejected(entered, refused),
        sums.items,
        sums.items_off,
        sums.shipping,
        sums.shipping_off,
        sums.tax,
        sums.total,
        redemption,
        sums.total - redemption.minor,
        points,
        complete,
        tuple(hints(programme, board, after, given, refused, most_hints)) if most_hints else (),
        eligibility.spent(entered, refused) if facts.coupons else (),
    )


def _taking_part(
    candidates: set[Ready], board: Board, state: State, at: datetime
) -> tuple[list[Ready], list[Refused]]:
    eligible, refused = [], []
    for ready in sorted(candidates, key=_place):
        refusal = None if ready.unbound else eligibility.refusal(ready, board, state, at)
        if refusal is None:
            eligible.append(ready)
        else:
            refused.append(refusal)
    return eligible, refused


def _place(ready: Ready) -> int:
    return ready.place


class _Sums(NamedTuple):
    lines: tuple[LinePrice, ...]
    deliveries: tuple[DeliveryPrice, ...]
    items: int
    items_off: int
    shipping: int
    shipping_off: int
    tax: int
    total: int


def _sums(board: Board, state: State) -> _Sums:
    basket, policies = board.basket, board.policies
    if policies.tax is TaxMode.NONE:
        lines = tuple(
            LinePrice(line.line_no, amount, off, amount - off)
            for line, amount, off in zip(basket.lines, board.amounts, state.taken, strict=True)
        )
        deliveries = tuple(
            DeliveryPrice(delivery.key, price, off, price - off)
            for delivery, price, off in zip(
                basket.deliveries, board.delivery_prices, state.shipped, strict=True
            )
        )
        tax = 0
    else:
        tax_on = tax_of(policies.tax, policies.rounding)
        lines = tuple(
            LinePrice(line.line_no, amount, off, amount - off, tax_on(amount - off, line.tax_ppm))
            for line, amount, off in zip(basket.lines, board.amounts, state.taken, strict=True)
        )
        deliveries = tuple(
            DeliveryPrice(delivery.key, price, off, price - off, tax_on(price - off, delivery.tax_ppm))
            for delivery, price, off in zip(
                basket.deliveries, board.delivery_prices, state.shipped, strict=True
            )
        )
        tax = sum(line.tax_minor for line in lines) + sum(each.tax_minor for each in deliveries)
    items, items_off = sum(board.amounts), sum(state.taken)
    shipping, shipping_off = sum(board.delivery_prices), sum(state.shipped)
    total = items - items_off + shipping - shipping_off
    if policies.tax is TaxMode.EXCLUSIVE:
        total += tax
    return _Sums(lines, deliveries, items, items_off, shipping, shipping_off, tax, total)
