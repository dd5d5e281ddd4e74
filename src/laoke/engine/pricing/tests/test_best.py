"""Best for the member is what trying every set comes to."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given, settings

from laoke.engine.pricing import eligibility
from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.compiled import Programme, Ready
from laoke.engine.pricing.deals import Deal, deal
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.policies import Combine, Policies
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.tests import build
from laoke.engine.pricing.tests.build import AT, MEMBER


def in_turn(offers: tuple[Ready, ...], board: Board) -> State | None:
    """Give all of them in order; None when one of them cannot be given."""
    state = board.start()
    for ready in offers:
        found = deal(ready, board, state)
        if not isinstance(found, Deal):
            return None
        state = found.after
    return state


def brute_force(basket: Basket, programme: Programme) -> int:
    """The most that any set of the offers takes off."""
    matched, candidates = programme.concerned(basket, MEMBER)
    board = Board(basket, MEMBER, programme.policies, programme.guards, matched)
    start = board.start()
    ready = sorted(
        (each for each in candidates if _eligible(each, board, start)), key=lambda each: each.place
    )
    sets = chain.from_iterable(combinations(ready, size) for size in range(len(ready) + 1))
    states = (in_turn(chosen, board) for chosen in sets)
    return max(state.total() for state in states if state is not None)


def _eligible(ready: Ready, board: Board, state: State) -> bool:
    return eligibility.refusal(ready, board, state, AT) is None


@settings(max_examples=400, deadline=None)
@given(build.baskets(4), build.offers(8, conflicting=True), build.policies(Combine.BEST_FOR_MEMBER))
def test_best_equals_brute_force(basket: Basket, offers: list[Offer], policies: Policies) -> None:
    programme = Programme(offers, policies)
    priced = price(basket, programme, MEMBER, AT)
    assert priced.complete
    assert priced.items_discount_minor + priced.shipping_discount_minor == brute_force(basket, programme)


@settings(max_examples=200, deadline=None)
@given(build.baskets(4), build.offers(6, conflicting=True))
def test_best_gives_at_least_what_any_way_of_combining_gives(basket: Basket, offers: list[Offer]) -> None:
    best = price(basket, Programme(offers, Policies(combine=Combine.BEST_FOR_MEMBER)), MEMBER, AT)
    for combine in (Combine.ALL, Combine.BEST_PER_ORDER):
        other = price(basket, Programme(offers, Policies(combine=combine)), MEMBER, AT)
        assert best.total_minor <= other.total_minor


def test_giving_up_a_percentage_to_keep_a_threshold() -> None:
    """205.00: 10 % off leaves 184.50, below the 200.00 of 50 off; leaving the 10 % out is worth 29.50 more."""
    basket = build.basket(build.line(1, 20500))
    ten = Offer("ten", (build.Percent(build.Fraction(1, 10)),))
    fifty = Offer("fifty", (build.Amount(5000),), (build.spent(20000),), stage=1)
    in_order = price(basket, Programme([ten, fifty]), MEMBER, AT)
    best = price(basket, Programme([ten, fifty], Policies(combine=Combine.BEST_FOR_MEMBER)), MEMBER, AT)
    assert [deal.ready.offer.key for deal in in_order.given] == ["ten"]
    assert in_order.total_minor == 18450
    assert [deal.ready.offer.key for deal in best.given] == ["fifty"]
    assert best.total_minor == 15500
    assert [(each.ready.offer.key, each.code) for each in best.refused] == [("ten", "not_combinable")]


def test_a_search_that_is_cut_is_said_and_no_worse_than_in_order() -> None:
    offers = [
        Offer(f"o{n}", (build.NthItem(2, build.Fraction(1, 2)),), (build.spent(9000 - 400 * n),), stage=n)
        for n in range(14)
    ]
    basket = build.basket(*(build.line(n, 700 + 37 * n, 2) for n in range(1, 6)))
    programme = Programme(offers, Policies(combine=Combine.BEST_FOR_MEMBER, search_limit=5))
    in_order = price(basket, Programme(offers), MEMBER, AT)
    cut = price(basket, programme, MEMBER, AT)
    assert not cut.complete
    assert cut.total_minor <= in_order.total_minor
