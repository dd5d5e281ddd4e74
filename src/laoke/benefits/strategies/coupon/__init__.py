"""Coupons of a template: a use issues them, taking it back revokes them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from laoke.benefits.coupons import issuing, wallet
from laoke.benefits.coupons.errors import CannotIssue, CannotRevoke
from laoke.benefits.library.errors import BenefitRefused, CannotUndo
from laoke.benefits.strategies.base import Delivery, Plain, Terms, Unit
from laoke.foundation.access import SYSTEM


class CouponTerms(Terms):
    """Coupons that are issued, `amount` of the tier at each use."""

    template: Annotated[str, Field(min_length=1, max_length=64)]


class Coupons(Plain):
    """Issues coupons into the member's wallet."""

    def unit(self, terms: CouponTerms) -> Unit:
        """Times: each brings as many coupons as the tier says."""
        return Unit.TIME

    def deliver(self, terms: CouponTerms, use: Delivery) -> dict[str, Any]:
        """Issue them, by the rules of their template."""
        try:
            # The benefit is the right to them: whoever may record its use need not hold `coupons:issue`.
            made = issuing.give(
                SYSTEM, use.member_id, terms.template, use.units * use.amount, reason=use.name, at=use.at
            )
        except CannotIssue as error:
            raise BenefitRefused(use.benefit, [{"code": "coupons", "reason": error.reason}]) from None
        return {"coupons": [each.coupon_id for each in made]}

    def take_back(self, terms: CouponTerms, use: Delivery, outcome: dict[str, Any]) -> None:
        """Revoke them, unless one was used."""
        for coupon_id in outcome["coupons"]:
            try:
                wallet.revoke(SYSTEM, coupon_id, reason=use.name, at=use.at)
            except CannotRevoke:
                raise CannotUndo("coupon_used") from None
