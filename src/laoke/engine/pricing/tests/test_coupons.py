"""Coupons call their offers, once, and only those are spent that brought something."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.board import CouponFact, Facts
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.policies import Policies, Repeated
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.tests.build import AT, line, spent

OFFERS = [
    Offer("ten", (Amount(1000),), coupons=("ten",)),
    Offer("twenty", (Amount(2000),), (spent(10_000),), coupons=("twenty", "gold")),
    Offer("five", (Amount(500),), codes=("FIVE",), coupons=("five",)),
    Offer("always", (Amount(100),)),
]


def priced(
    *codes: str, amount: int = 9000, coupons: Mapping[str, CouponFact], policies: Policies | None = None
) -> Priced:
    """A basket of one line with these codes."""
    programme = Programme(OFFERS, policies or Policies())
    return price(Basket((line(1, amount),), codes=codes), programme, Facts(coupons=coupons), AT)


def given(found: Priced) -> dict[str, int]:
    return {deal.ready.offer.key: deal.amount for deal in found.given}


def of(template: str, number: int = 1, refused: str | None = None) -> CouponFact:
    return CouponFact(number, template, refused)


def used(found: Priced) -> list[tuple[int, list[str]]]:
    return [(each.number, [ready.offer.key for ready in each.offers]) for each in found.coupons]


def rejected(found: Priced) -> tuple[tuple[str, str], ...]:
    """The codes that brought nothing, with the reason."""
    return tuple((each.code, each.reason) for each in found.rejected_codes)


def test_an_offer_of_coupons_is_not_automatic() -> None:
    assert given(priced(coupons={})) == {"always": 100}
    found = priced("A", coupons={"A": of("ten")})
    assert (given(found), used(found)) == ({"ten": 1000, "always": 100}, [(1, ["ten"])])
    assert rejected(found) == ()


@pytest.mark.parametrize("reason", ["expired", "already_used", "not_yours", "held_elsewhere", "revoked"])
def test_what_is_refused_says_why(reason: str) -> None:
    found = priced("A", coupons={"A": of("ten", refused=reason)})
    assert (given(found), used(found)) == ({"always": 100}, [])
    assert rejected(found) == (("A", reason),)


def test_a_coupon_that_brings_nothing_is_not_spent() -> None:
    found = priced("A", coupons={"A": of("twenty")})
    assert used(found) == []
    assert rejected(found) == (("A", "conditions_not_met"),)
    found = priced("A", amount=10_000, coupons={"A": of("twenty")})
    assert used(found) == [(1, ["twenty"])]


def test_nobody_knows_the_code_or_the_template_has_no_offer() -> None:
    found = priced("A", "B", coupons={"B": of("gone")})
    assert rejected(found) == (("A", "unknown_code"), ("B", "template_ended"))


def test_a_second_coupon_for_the_same_is_kept() -> None:
    coupons = {"A": of("twenty", 1), "B": of("gold", 2), "C": of("twenty", 3)}
    found = priced("A", "B", "C", amount=20_000, coupons=coupons)
    assert given(found) == {"twenty": 2000, "always": 100}
    assert used(found) == [(1, ["twenty"])]
    assert rejected(found) == (("B", "one_per_order"), ("C", "one_per_order"))


def test_a_coupon_after_a_refused_one_is_taken() -> None:
    coupons = {"A": of("ten", 1, "expired"), "B": of("ten", 2)}
    found = priced("A", "B", coupons=coupons)
    assert (used(found), rejected(found)) == ([(2, ["ten"])], (("A", "expired"),))


@pytest.mark.parametrize("order", [("FIVE", "A"), ("A", "FIVE")])
def test_what_a_code_brings_costs_no_coupon(order: tuple[str, str]) -> None:
    found = priced(*order, coupons={"A": of("five")})
    assert given(found) == {"five": 500, "always": 100}
    assert (used(found), rejected(found)) == ([], (("A", "one_per_order"),))


def test_two_spellings_are_one_coupon() -> None:
    coupons = {"AB": of("ten"), "a-b": of("ten")}
    found = priced("AB", "a-b", coupons=coupons)
    assert (used(found), rejected(found)) == ([(1, ["ten"])], ())
    found = priced("AB", "a-b", coupons=coupons, policies=Policies(repeated_codes=Repeated.REJECT))
    assert (used(found), rejected(found)) == ([(1, ["ten"])], (("a-b", "already_applied"),))
