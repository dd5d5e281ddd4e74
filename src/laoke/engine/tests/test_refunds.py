"""Refunds under the three policies: a worked table, and that nothing is left over after the last piece."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.refunds import Bought, RefundPolicy, by_line, due_back, refund

# 200.00 less 50 (满200减50): coffee 150.00 and cake 50.00; the 50 lie on them as 37.50 and 12.50.
COFFEE = Bought(1, 3000, 15000, 11250)
CAKE = Bought(2, 1000, 5000, 3750)


def kept(left: Mapping[int, int]) -> int:
    """Priced anew: below 200.00 there is nothing off."""
    amount = left[1] * 5 + left[2] * 5
    return amount - 5000 if amount >= 20000 else amount


@pytest.mark.parametrize(
    ("policy", "first", "second", "third"),
    [
        # The cake, then one coffee, then the other two.
        (RefundPolicy.KEEP_THE_DEAL, 3750, 3750, 7500),
        # Without the cake the threshold is missed: the coffee costs 150.00, nothing is due for the cake.
        (RefundPolicy.REPRICE_KEPT, 0, 5000, 10000),
        (RefundPolicy.PRO_RATA, 3750, 3750, 7500),
    ],
)
def test_a_threshold_order_comes_back_in_three_returns(
    policy: RefundPolicy, first: int, second: int, third: int
) -> None:
    lines = [COFFEE, CAKE]
    assert refund(lines, {}, {2: 1000}, 0, policy, kept) == first
    assert refund(lines, {2: 1000}, {1: 1000}, first, policy, kept) == second
    assert refund(lines, {2: 1000, 1: 1000}, {1: 2000}, first + second, policy, kept) == third
    assert first + second + third == 15000


def test_a_discount_on_one_line_alone_is_where_keeping_and_sharing_differ() -> None:
    """Half price on the second line only: who keeps the deal gets 100.00 or 50.00 back, who shares it 75.00 each."""
    full, half = Bought(1, 1000, 10000, 10000), Bought(2, 1000, 10000, 5000)
    for policy, first, second in (
        (RefundPolicy.KEEP_THE_DEAL, 10000, 5000),
        (RefundPolicy.PRO_RATA, 7500, 7500),
    ):
        assert refund([full, half], {}, {1: 1000}, 0, policy) == first
        assert refund([full, half], {1: 1000}, {2: 1000}, first, policy) == second


def test_repricing_needs_a_price() -> None:
    with pytest.raises(ValueError, match="price of what is kept"):
        refund([COFFEE, CAKE], {}, {2: 1000}, 0, RefundPolicy.REPRICE_KEPT)


def test_gifts_and_coupons_that_are_no_longer_earned_are_due() -> None:
    assert due_back({"toy": 2, "book": 1}, {"toy": 1}) == {"toy": 1, "book": 1}
    assert due_back({"toy": 1}, {"toy": 1}) == {}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Bought], list[dict[int, int]]]:
    """Lines, and returns that bring back every piece of them in some order."""
    lines = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        amount = draw(st.integers(0, 10_000))
        lines.append(Bought(number, draw(st.integers(1, 4)) * 1000, amount, draw(st.integers(0, amount))))
    pieces = [line.line_no for line in lines for _ in range(line.quantity_milli // 1000)]
    returns: list[dict[int, int]] = []
    for number in draw(st.permutations(pieces)):
        if not returns or draw(st.booleans()):
            returns.append({})
        returns[-1][number] = returns[-1].get(number, 0) + 1000
    return lines, returns


@given(histories(), st.sampled_from(RefundPolicy), st.integers(0, 5000))
def test_after_the_last_piece_all_is_paid_back(
    history: tuple[list[Bought], list[dict[int, int]]], policy: RefundPolicy, threshold: int
) -> None:
    lines, returns = history
    paid = sum(line.net_minor for line in lines)

    def price_of_kept(left: Mapping[int, int]) -> int:
        amount = sum(line.amount_minor * left[line.line_no] // line.quantity_milli for line in lines)
        return amount - amount // 3 if amount >= threshold else amount

    back: dict[int, int] = {}
    refunded = 0
    for pieces in returns:
        value = refund(lines, back, pieces, refunded, policy, price_of_kept)
        assert value >= 0
        shares = by_line(lines, pieces, value)
        assert sum(shares.values()) == value
        assert set(shares) == set(pieces)
        refunded += value
        back = {number: back.get(number, 0) + pieces.get(number, 0) for number in {*back, *pieces}}
        assert refunded <= paid
    assert refunded == paid
