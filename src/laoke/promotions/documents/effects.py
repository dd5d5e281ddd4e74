"""What an offer gives, as documents. Each effect is a mapping with one key, its kind."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Protocol

from pydantic import ConfigDict, Field, model_validator

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.effects import amount, extras, thresholds, units
from laoke.engine.pricing.effects.percent import Allocation, CapDistribution, Percent
from laoke.engine.pricing.effects.picking import Pick
from laoke.engine.pricing.effects.turn import Effect
from laoke.engine.pricing.policies import PercentScope
from laoke.engine.pricing.selectors import Selector
from laoke.promotions.documents.values import Document, Flag, Lines, Minor, Share, Times

Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class Body(Protocol):
    """What follows the key of an effect."""

    def effect(self) -> Effect:
        """As the engine knows it."""
        ...


class PercentOff(Document):
    """So many percent off."""

    percent: Share
    of: Lines | None = None
    allocation: Allocation = Allocation.EACH
    max_quantity: Count | None = None
    max: Minor | None = None
    share_max: CapDistribution = CapDistribution.PROPORTIONAL
    rounded_per: PercentScope | None = None

    def effect(self) -> Effect:
        """As the engine knows it."""
        return Percent(
            self.percent,
            self.allocation,
            self.of,
            self.max_quantity,
            self.max,
            self.share_max,
            self.rounded_per,
        )


class AmountOff(Document):
    """An amount off."""

    discount: Minor
    of: Lines | None = None
    allocation: Allocation = Allocation.ACROSS
    per: amount.AmountPer = amount.AmountPer.UNIT
    max_quantity: Count | None = None

    def effect(self) -> Effect:
        """As the engine knows it."""
        return amount.Amount(self.discount, self.allocation, self.per, self.of, self.max_quantity)


class FixedPrice(Document):
    """A price of its own for every unit."""

    price: Minor
    of: Lines | None = None
    max_quantity: Count | None = None

    def effect(self) -> Effect:
        """As the engine knows it."""
        return amount.FixedPrice(self.price, self.of, self.max_quantity)


class MemberPrice(Document):
    """Prices by SKU."""

    prices: dict[Code, Minor] = Field(min_length=1, max_length=50_000)
    max_quantity: Count | None = None

    def effect(self) -> Effect:
        """As the engine knows it."""
        articles = Selector(Is("product.sku", Op.IN, frozenset(self.prices)))
        return amount.PriceList(self.prices, articles, self.max_quantity)


class StepOff(Document):
    """From so much on, an amount or percent off."""

    reaching: Minor | None = None
    quantity: Count | None = None
    discount: Minor | None = None
    percent: Share | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> StepOff:
        if (self.reaching is None) == (self.quantity is None):
            raise ValueError("takes either reaching or quantity")
        if (self.discount is None) == (self.percent is None):
            raise ValueError("takes either discount or percent")
        return self

    def step(self) -> thresholds.Step:
        """As the engine knows it."""
        at_least = self.reaching if self.reaching is not None else self.quantity
        return thresholds.Step(at_least or 0, self.discount, self.percent)


class TieredOff(Document):
    """阶梯满减: the highest step reached holds."""

    steps: tuple[StepOff, ...] = Field(min_length=1, max_length=20)
    of: Lines | None = None
    measured: Lines | None = None
    basis: Annotated[str, Field(pattern="^(original|discounted)$")] = "discounted"
    per_line: Flag = False

    @model_validator(mode="after")
    def _ascending(self) -> TieredOff:
        if len({step.quantity is None for step in self.steps}) > 1:
            raise ValueError("the steps are all by amount or all by quantity")
        reached = [step.step().at_least for step in self.steps]
        if any(later <= earlier for earlier, later in pairwise(reached)):
            raise ValueError("the steps overlap: each has to begin above the one before")
        for earlier, later in pairwise(self.steps):
            if _less(later, earlier):
                raise ValueError("a higher step gives less than the one before")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        if self.steps[0].quantity is not None:
            metric = thresholds.Metric.QUANTITY
        else:
            metric = thresholds.Metric.LINE_AMOUNT if self.per_line else thresholds.Metric.SUBTOTAL
        steps = tuple(step.step() for step in self.steps)
        return thresholds.Tiered(steps, metric, self.basis == "discounted", self.of, self.measured)


def _less(step: StepOff, than: StepOff) -> bool:
    if step.discount is not None and than.discount is not None:
        return step.discount < than.discount
    if step.percent is not None and than.percent is not None:
        return step.percent < than.percent
    return False


class EveryOff(Document):
    """每满减: so much off for every so much."""

    reaching: Minor
    discount: Minor
    max_times: Count | None = None
    of: Lines | None = None
    basis: Annotated[str, Field(pattern="^(original|discounted)$")] = "discounted"

    @model_validator(mode="after")
    def _leaves_something(self) -> EveryOff:
        if not self.reaching:
            raise ValueError("reaching takes an amount above zero")
        if self.discount > self.reaching:
            raise ValueError("more would be off than was reached")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        return thresholds.PerThreshold(
            self.reaching, self.discount, self.basis == "discounted", self.max_times, self.of
        )


class NthOff(Document):
    """第二件半价: percent off every n-th unit."""

    n: Annotated[int, Field(strict=True, ge=2, le=1000)]
    percent: Share
    of: Lines | None = None
    order: Pick = Pick.DEAREST_FIRST
    repeat: Flag = True
    by_line: Flag = False

    def effect(self) -> Effect:
        """As the engine knows it."""
        return units.NthItem(self.n, self.percent, self.order, self.repeat, self.by_line, self.of)


class PartOf(Document):
    """So many units of something."""

    quantity: Count = 1
    of: Lines | None = None

    def part(self) -> units.Part:
        """As the engine knows it."""
        return units.Part(self.quantity, self.of)


class BuyGetOff(Document):
    """买 X 送 Y: who buys so many gets so many others cheaper, or free."""

    buy: PartOf
    get: PartOf
    percent: Share | None = None
    discount: Minor | None = None
    repeat: Flag = True
    max_get_units: Count | None = None
    buy_pick: Pick = Pick.DEAREST_FIRST
    get_pick: Pick = Pick.CHEAPEST_FIRST

    @model_validator(mode="after")
    def _one(self) -> BuyGetOff:
        if (self.discount is None) == (self.percent is None):
            raise ValueError("takes either percent or discount")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        return units.BuyGet(
            self.buy.part(),
            self.get.part(),
            self.percent,
            self.discount,
            self.repeat,
            self.max_get_units,
            self.buy_pick,
            self.get_pick,
        )


class PayForOff(Document):
    """买 N 付 M: of every `buy` units the cheapest are free, so that `pay` are paid."""

    buy: Annotated[int, Field(strict=True, ge=2, le=1000)]
    pay: Count
    of: Lines | None = None
    repeat: Flag = True

    @model_validator(mode="after")
    def _pays_less(self) -> PayForOff:
        if self.pay >= self.buy:
            raise ValueError("pay has to be less than buy")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        return units.BuyGet(
            units.Part(self.pay, self.of),
            units.Part(self.buy - self.pay, self.of),
            Fraction(1),
            repeat=self.repeat,
        )


class BundleOff(Document):
    """A set of parts, or any so many units, for a price together or so much cheaper."""

    parts: tuple[PartOf, ...] = Field(min_length=1, max_length=10)
    price: Minor | None = None
    discount: Minor | None = None
    repeat: Flag = True
    pick: Pick = Pick.DEAREST_FIRST

    @model_validator(mode="after")
    def _one(self) -> BundleOff:
        if (self.discount is None) == (self.price is None):
            raise ValueError("takes either price or discount")
        if sum(part.quantity for part in self.parts) < 2:
            raise ValueError("a bundle has at least two units")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        parts = tuple(part.part() for part in self.parts)
        if self.price is not None:
            return units.BundlePrice(self.price, parts, self.repeat, self.pick)
        return units.BundleReduction(self.discount or 0, parts, self.repeat, self.pick)


class PerSoMany(Document):
    """Once for every so many units, or so much money."""

    quantity: Count | None = None
    reaching: Minor | None = None
    of: Lines | None = None

    @model_validator(mode="after")
    def _one(self) -> PerSoMany:
        if (self.quantity is None) == (self.reaching is None) or self.reaching == 0:
            raise ValueError("takes either quantity or reaching, above zero")
        return self

    def every(self) -> extras.Every:
        """As the engine knows it."""
        return extras.Every(self.quantity, self.reaching, self.of)


class Gift(Document):
    """An article for nothing, beside the basket; of several the shopper chooses one."""

    skus: tuple[Code, ...] = Field(min_length=1, max_length=20)
    quantity: Count = 1
    per: PerSoMany | None = None
    max_times: Count | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Gift:
        if self.per is not None and self.max_times is None:
            raise ValueError("without max_times nobody knows how many gifts a large basket takes")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        per = None if self.per is None else self.per.every()
        return extras.GiveGift(self.skus, self.quantity, per, self.max_times)


class Coupon(Document):
    """满额赠券: coupons for the wallet."""

    template: Code
    quantity: Count = 1
    per: PerSoMany | None = None
    max_times: Count | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Coupon:
        if self.per is not None and self.max_times is None:
            raise ValueError("without max_times nobody knows how many coupons a large basket takes")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        per = None if self.per is None else self.per.every()
        return extras.GrantCoupon(self.template, self.quantity, per, self.max_times)


class Points(Document):
    """More points for members: so many times as many, or so many on top once."""

    factor: Times | None = None
    bonus: Count | None = None
    of: Lines | None = None

    @model_validator(mode="after")
    def _one(self) -> Points:
        if (self.factor is None) == (self.bonus is None):
            raise ValueError("takes either factor or bonus")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        return extras.EarnMore(self.factor or Fraction(1), self.bonus or 0, self.of)


class Delivery(Document):
    """Cheaper deliveries."""

    free: Flag = False
    percent: Share | None = None
    price: Minor | None = None
    discount: Minor | None = None
    methods: tuple[Code, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> Delivery:
        said = [self.free, self.percent is not None, self.price is not None, self.discount is not None]
        if sum(said) != 1:
            raise ValueError("takes one of free, percent, price and discount")
        return self

    def effect(self) -> Effect:
        """As the engine knows it."""
        methods = None if self.methods is None else frozenset(self.methods)
        if self.free:
            return extras.Shipping(extras.ShippingMode.FREE, methods=methods)
        if self.percent is not None:
            return extras.Shipping(extras.ShippingMode.PERCENT, self.percent, methods=methods)
        if self.price is not None:
            return extras.Shipping(extras.ShippingMode.FIXED_PRICE, minor=self.price, methods=methods)
        return extras.Shipping(extras.ShippingMode.AMOUNT, minor=self.discount or 0, methods=methods)


class Gives(Document):
    """One effect: the one key that is there says its kind."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    percent: PercentOff | None = None
    amount: AmountOff | None = None
    fixed_price: FixedPrice | None = None
    member_price: MemberPrice | None = None
    tiered: TieredOff | None = None
    every: EveryOff | None = None
    nth: NthOff | None = None
    buy_get: BuyGetOff | None = None
    pay_for: PayForOff | None = None
    bundle: BundleOff | None = None
    gift: Gift | None = None
    coupon: Coupon | None = None
    points: Points | None = None
    delivery: Delivery | None = None

    @model_validator(mode="after")
    def _one(self) -> Gives:
        if len(self.said) != 1:
            raise ValueError(f"takes exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def said(self) -> list[Body]:
        """The effects that are there."""
        found = (getattr(self, name) for name in type(self).model_fields)
        return [body for body in found if body is not None]

    def effect(self) -> Effect:
        """As the engine knows it."""
        return self.said[0].effect()
