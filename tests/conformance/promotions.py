"""From the neutral format of promotion cases to our own, and back. Knows the format, no case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree
from laoke.engine.pricing.basket import Article, Basket, Delivery, Line
from laoke.engine.pricing.board import Facts, Uses
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.earning import (
    Bonus,
    EarnBase,
    EarnRule,
    EarnTerms,
    Multiplier,
    PerAmount,
    PerUnit,
    RoundScope,
)
from laoke.engine.pricing.effects import amount, extras, percent, thresholds, units
from laoke.engine.pricing.effects.picking import Pick
from laoke.engine.pricing.effects.turn import Effect
from laoke.engine.pricing.offers import Limits, Offer, OnExceed
from laoke.engine.pricing.policies import (
    Combine,
    Consumption,
    GroupChoice,
    LimitedBase,
    PercentBase,
    PercentScope,
    Policies,
    Remainder,
    Repeated,
    SpreadOrder,
    TaxMode,
    Tie,
)
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.selectors import Selector
from laoke.engine.pricing.tender import OverCap, TenderTerms
from laoke.kernel.quantity import MILLI
from laoke.kernel.rounding import Rounding

Json = Mapping[str, Any]


def instant(text: str) -> datetime:
    """An instant of the format."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


class Case:
    """One case, translated."""

    def __init__(self, case: Json) -> None:
        self.config: Json = case["config"]
        self.given: Json = case["given"]
        self.minor_units: int = self.config["rounding"]["minor_units"]
        self._selectors: dict[Tree, Selector] = {}

    # Values

    def minor(self, text: str) -> int:
        """Money as minor units; the format allows no value finer than that in what a case states."""
        value = Fraction(text) * 10**self.minor_units
        if value.denominator != 1:
            raise ValueError(f"{text} is finer than the minor unit")
        return int(value)

    def money(self, minor: int) -> str:
        """Minor units as the format writes them."""
        if not self.minor_units:
            return str(minor)
        whole, part = divmod(minor, 10**self.minor_units)
        return f"{whole}.{part:0{self.minor_units}d}"

    @staticmethod
    def share(text: str) -> Fraction:
        """A percentage as a share; above 100 counts as 100."""
        return min(Fraction(text) / 100, Fraction(1))

    # The programme

    def policies(self) -> Policies:
        """What the case declares."""
        rounding, allocation = self.config["rounding"], self.config["allocation"]
        stacking, codes = self.config["stacking"], self.config["codes"]
        return Policies(
            rounding=Rounding(rounding["mode"]),
            percent_scope=PercentScope(rounding["percent_scope"]),
            remainder=Remainder(allocation["remainder"]),
            spread_order=SpreadOrder(allocation["order"]),
            share_rounding=Rounding(allocation["share_rounding"]),
            combine=Combine(stacking["combine"]),
            tie=Tie(stacking["tie"]),
            percent_base=PercentBase(stacking["percent_base"]),
            limited_base=LimitedBase(stacking["max_quantity_base"]),
            group_choice=GroupChoice(stacking["group_policy"]),
            consumption=Consumption(stacking["units_consumption"]),
            codes_case_sensitive=codes["case_sensitive"],
            repeated_codes=Repeated(codes["duplicate"]),
            tax=TaxMode(self.config["tax"]["prices"]),
        )

    def programme(self) -> Programme:
        """Its offers under its policies."""
        return Programme(
            [self.offer(each) for each in self.given["promotions"]],
            self.policies(),
            self.tender(),
            self.earning(),
        )

    def offer(self, each: Json) -> Offer:
        """One promotion."""
        codes = [each["code"]] if "code" in each else each.get("codes", [])
        return Offer(
            key=each["id"],
            effects=tuple(self.effect(effect) for effect in each["effects"]),
            when=tuple(self.condition(condition) for condition in each.get("conditions", ())),
            stage=each.get("phase", 0),
            priority=each.get("priority", 0),
            active=each.get("active", True),
            codes=tuple(codes),
            starts_at=instant(each["starts_at"]) if "starts_at" in each else None,
            ends_at=instant(each["ends_at"]) if "ends_at" in each else None,
            channels=frozenset(each["channels"]) if "channels" in each else None,
            group=each.get("stacking_group"),
            exclusive=each.get("exclusive", False),
            limits=self.limits(each.get("limits", {})),
        )

    def limits(self, limits: Json) -> Limits:
        """Uses and budgets."""
        budget, member = limits.get("budget", {}), limits.get("member_uses", {})
        by_uses = budget.get("type") == "usage"
        return Limits(
            in_total=limits["global_uses"]["limit"] if "global_uses" in limits else None,
            per_member=member.get("limit"),
            members_only=member.get("requires_member", False),
            budget_minor=self.minor(budget["limit"]) if budget and not by_uses else None,
            budget_uses=int(budget["limit"]) if by_uses else None,
            on_exceed=OnExceed.CLIP if budget.get("on_exceed") == "clip" else OnExceed.REFUSE,
        )

    # Conditions

    def selection(self, target: Json | None) -> Tree | None:
        """A selector as a tree over lines."""
        if not target:
            return None
        parts: list[Tree] = []
        for name, attribute, op in (
            ("skus", "product.sku", Op.IN),
            ("categories", "product.category", Op.IN),
            ("tags", "product.tag", Op.IN),
            ("exclude_skus", "product.sku", Op.NOT_IN),
            ("exclude_tags", "product.tag", Op.NOT_IN),
        ):
            if name in target:
                parts.append(Is(attribute, op, frozenset(target[name])))
        for name, op in (("min_unit_price", Op.GTE), ("max_unit_price", Op.LTE)):
            if name in target:
                parts.append(Is("line.unit_price", op, self.minor(target[name])))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def selector(self, target: Json | None) -> Selector | None:
        """The same, compiled; equal ones are one."""
        tree = self.selection(target)
        if tree is None:
            return None
        return self._selectors.setdefault(tree, Selector(tree))

    def condition(self, each: Json) -> Tree:
        """One condition."""
        kind = each["type"]
        if kind == "any_of":
            return AnyOf(tuple(self.condition(part) for part in each["conditions"]))
        if kind == "not":
            return Not(self.condition(each["condition"]))
        if kind in ("subtotal", "quantity", "distinct_products"):
            value = self.minor(each["value"]) if kind == "subtotal" else int(each["value"])
            how = {
                (name, each[name])
                for name in ("basis", "include_shipping", "count_non_discountable")
                if name in each
            }
            of = self.selection(each.get("target"))
            return Is(f"basket.{kind}", Op(each["op"]), value, of, frozenset(how))
        if kind == "member_known":
            return Is("member.known", Op.EQ, True)
        if kind == "completed_orders":
            counted = Is("member.orders", Op(each["op"]), int(each["value"]))
            known = Is("member.known", Op.EQ, True)
            if each.get("anonymous_passes"):
                return AnyOf((Not(known), counted))
            return All((known, counted))
        if kind == "days_since_last_order":
            return Is("member.days_since_last_order", Op(each["op"]), int(each["value"]))
        attribute = {
            "member_segment": "member.segment",
            "member_tier": "member.tier",
            "channel": "basket.channel",
            "currency": "basket.currency",
            "shipping_method": "basket.shipping_method",
        }[kind]
        return Is(attribute, Op.IN, frozenset(each["any"]))

    # Effects

    def effect(self, each: Json) -> Effect:
        """One effect."""
        return getattr(self, f"_{each['type']}")(each)

    def _percent(self, each: Json) -> Effect:
        return percent.Percent(
            self.share(each["value"]),
            percent.Allocation(each["allocation"]),
            self.selector(each.get("target")),
            each.get("max_quantity"),
            self.minor(each["max_amount"]) if "max_amount" in each else None,
            percent.CapDistribution(each.get("cap_distribution", "proportional")),
            PercentScope(each["rounding_scope"]) if "rounding_scope" in each else None,
        )

    def _amount(self, each: Json) -> Effect:
        return amount.Amount(
            self.minor(each["value"]),
            percent.Allocation(each["allocation"]),
            amount.AmountPer(each.get("amount_per", "unit")),
            self.selector(each.get("target")),
            each.get("max_quantity"),
        )

    def _fixed_price(self, each: Json) -> Effect:
        return amount.FixedPrice(
            self.minor(each["value"]), self.selector(each.get("target")), each.get("max_quantity")
        )

    def _bundle_price(self, each: Json) -> Effect:
        if "components" in each:
            parts = tuple(
                units.Part(part["quantity"], self.selector(part.get("target"))) for part in each["components"]
            )
        else:
            parts = (units.Part(each["quantity"], self.selector(each.get("target"))),)
        return units.BundlePrice(self.minor(each["value"]), parts, each["repeat"], Pick(each["pick"]))

    def _buy_get(self, each: Json) -> Effect:
        buy, get = each["buy"], each["get"]
        return units.BuyGet(
            units.Part(buy["quantity"], self.selector(buy.get("target"))),
            units.Part(get["quantity"], self.selector(get.get("target"))),
            self.share(get["percent"]) if "percent" in get else None,
            self.minor(get["amount"]) if "amount" in get else None,
            each["repeat"],
            each.get("max_get_units"),
            Pick(each["buy_pick"] + "_first"),
            Pick(each["get_pick"] + "_first"),
        )

    def _nth_item(self, each: Json) -> Effect:
        return units.NthItem(
            each["n"],
            self.share(each["percent"]),
            Pick(each["order"]),
            each["repeat"],
            each["group_by"] == "line",
            self.selector(each.get("target")),
        )

    def _tiered(self, each: Json) -> Effect:
        metric = thresholds.Metric(each["metric"])
        by_quantity = metric is thresholds.Metric.QUANTITY
        steps = (
            thresholds.Step(
                int(step["min"]) if by_quantity else self.minor(step["min"]),
                self.minor(step["amount"]) if "amount" in step else None,
                self.share(step["percent"]) if "percent" in step else None,
            )
            for step in each["tiers"]
        )
        return thresholds.Tiered(
            tuple(sorted(steps, key=lambda step: step.at_least)),
            metric,
            each["basis"] == "discounted",
            self.selector(each.get("target")),
            self.selector(each.get("metric_target")),
            percent.Allocation(each.get("allocation", "each")),
            PercentScope(each["rounding_scope"]) if "rounding_scope" in each else None,
        )

    def _per_threshold(self, each: Json) -> Effect:
        return thresholds.PerThreshold(
            self.minor(each["every"]),
            self.minor(each["amount"]),
            each["basis"] == "discounted",
            each.get("max_times"),
            self.selector(each.get("target")),
        )

    def _quantity_group(self, each: Json) -> Effect:
        return thresholds.QuantityGroup(
            each["group_size"],
            self.minor(each["amount_per_unit"]) if "amount_per_unit" in each else None,
            self.share(each["percent"]) if "percent" in each else None,
            self.selector(each.get("target")),
        )

    def _gift(self, each: Json) -> Effect:
        per = each.get("per")
        every = (
            extras.Every(quantity=per["every_quantity"], target=self.selector(per.get("target")))
            if per
            else None
        )
        return extras.GiveGift((each["sku"],), each["quantity"], every, each.get("max_times"))

    def _shipping(self, each: Json) -> Effect:
        mode = extras.ShippingMode(each["mode"])
        by_share = mode is extras.ShippingMode.PERCENT
        return extras.Shipping(
            mode,
            self.share(each["value"]) if by_share else None,
            self.minor(each["value"]) if "value" in each and not by_share else 0,
            percent.Allocation(each.get("allocation", "each")),
            frozenset(each["methods"]) if "methods" in each else None,
        )

    # The basket and the shopper

    def basket(self) -> Basket:
        """What is priced."""
        basket = self.given["basket"]
        return Basket(
            tuple(self.line(number, each) for number, each in enumerate(basket["lines"])),
            tuple(self.delivery(each) for each in basket.get("shipping", ())),
            tuple(self.given.get("codes", ())),
            self.given.get("channel"),
            self.config["currency"],
            redeem_points=self.given.get("redeem", {}).get("points", 0),
        )

    def line(self, number: int, each: Json) -> Line:
        """One line; its place stands for its id."""
        article = Article(
            each["sku"],
            frozenset(each.get("categories", ())),
            None,
            frozenset(each.get("tags", ())),
            None,
            each.get("discountable", True),
        )
        return Line(
            number,
            article,
            each["quantity"] * MILLI,
            self.minor(each["unit_price"]),
            min_unit_price_minor=self.minor(each.get("min_unit_price", "0")),
            tax_ppm=int(Fraction(each.get("tax_rate", "0")) * 1_000_000),
        )

    def delivery(self, each: Json) -> Delivery:
        """One delivery."""
        rate = int(Fraction(each.get("tax_rate", "0")) * 1_000_000)
        return Delivery(each["id"], self.minor(each["price"]), each.get("method", ""), rate)

    def facts(self) -> Facts:
        """The shopper."""
        member = self.given.get("member")
        uses = {each["id"]: self.uses(each, member or {}) for each in self.given["promotions"]}
        if member is None:
            return Facts(uses=uses)
        history = member.get("history", {})
        known: dict[str, Any] = {
            "member.tier": member.get("tier"),
            "member.segment": frozenset(member.get("segments", ())),
            "member.orders": history.get("completed_orders", 0),
        }
        if "last_order_at" in history:
            last, now = instant(history["last_order_at"]), instant(self.given["now"])
            known["member.days_since_last_order"] = (now.date() - last.date()).days
        balance = member.get("points_balance", 0)
        return Facts(known, is_member=True, uses=uses, points_balance=balance)

    # Points

    def tender(self) -> TenderTerms | None:
        """Points as tender."""
        terms = self.config.get("redemption")
        if terms is None:
            return None
        return TenderTerms(
            terms["points"],
            self.minor(terms["amount"]),
            terms["step"],
            terms.get("min_points", 0),
            self.share(terms.get("max_order_percent", "100")),
            self.minor(terms["max_amount"]) if "max_amount" in terms else None,
            OverCap(terms["over_cap"]),
        )

    def earning(self) -> EarnTerms | None:
        """Points earned."""
        terms = self.config.get("earning")
        if terms is None:
            return None
        return EarnTerms(
            tuple(self.earn_rule(rule) for rule in terms["rules"]),
            EarnBase(terms["base"]),
            {"floor": Rounding.DOWN, "half_up": Rounding.HALF_UP, "ceil": Rounding.UP, "none": None}[
                terms["rounding"]
            ],
            RoundScope(terms["round_scope"]),
            terms["tender_excluded"],
            {tier: Fraction(factor) for tier, factor in terms.get("tier_multipliers", {}).items()},
            terms.get("max_points"),
        )

    def earn_rule(self, rule: Json) -> EarnRule:
        """One rule of earning."""
        when: list[Tree] = []
        if "min_order" in rule:
            how = frozenset({("count_non_discountable", True)})
            when.append(Is("basket.subtotal", Op.GTE, self.minor(rule["min_order"]), None, how))
        for name, attribute in (("member_tiers", "member.tier"), ("member_segments", "member.segment")):
            if name in rule:
                when.append(Is(attribute, Op.IN, frozenset(rule[name])))
        rest: Any = {
            "target": self.selector(rule.get("target")),
            "when": tuple(when),
            "stop": rule.get("stop", False),
        }
        if rule["type"] == "multiplier":
            return Multiplier(Fraction(rule["factor"]), order_level=rule.get("order_level", False), **rest)
        points = Fraction(rule["points"])
        if rule["type"] == "per_amount":
            return PerAmount(points, self.minor(rule["per"]), **rest)
        return PerUnit(points, **rest) if rule["type"] == "per_unit" else Bonus(points, **rest)

    def uses(self, promotion: Json, member: Json) -> Uses:
        """Earlier uses of one promotion."""
        limits = promotion.get("limits", {})
        budget = limits.get("budget", {})
        by_uses = budget.get("type") == "usage"
        total = limits.get("global_uses", {}).get("used", 0)
        return Uses(
            by_member=member.get("history", {}).get("promotion_uses", {}).get(promotion["id"], 0),
            total=max(total, int(budget["used"])) if by_uses else total,
            spent_minor=self.minor(budget["used"]) if budget and not by_uses else 0,
        )


def answer(case: Json) -> dict[str, Any]:
    """Price the case and say what came out the way `expect` does."""
    own = Case(case)
    priced = price(own.basket(), own.programme(), own.facts(), instant(own.given["now"]))
    names = [line["id"] for line in own.given["basket"]["lines"]]
    applied = []
    for deal in priced.given:
        entry: dict[str, Any] = {"promotion": deal.ready.offer.key, "amount": own.money(deal.amount)}
        if lines := _parts(own, zip(names, deal.lines, strict=True), "line"):
            entry["lines"] = lines
        keys = [delivery.key for delivery in priced.deliveries]
        if deliveries := _parts(own, zip(keys, deal.deliveries, strict=True), "shipping"):
            entry["shipping"] = deliveries
        applied.append(entry)
    totals = {
        "items": own.money(priced.items_minor),
        "items_discount": own.money(priced.items_discount_minor),
        "shipping": own.money(priced.shipping_minor),
        "shipping_discount": own.money(priced.shipping_discount_minor),
        "total": own.money(priced.total_minor),
        "payable": own.money(priced.payable_minor),
    }
    if own.policies().tax is not TaxMode.NONE:
        totals["tax"] = own.money(priced.tax_minor)
    redemption = priced.redemption
    redeemed: dict[str, Any] = {"points": redemption.points, "amount": own.money(redemption.minor)}
    if redemption.rejected is not None:
        redeemed["rejected"] = redemption.rejected
    return {
        "redemption": redeemed,
        "points_earned": priced.points_earned,
        "applied": applied,
        "lines": [
            {
                "line": name,
                "amount": own.money(line.amount_minor),
                "discount": own.money(line.discount_minor),
                "net": own.money(line.net_minor),
            }
            for name, line in zip(names, priced.lines, strict=True)
        ],
        "totals": totals,
        "gifts": [
            {"promotion": deal.ready.offer.key, "sku": gift.sku, "quantity": gift.quantity}
            for deal in priced.given
            for gift in deal.gifts
        ],
        "rejected_codes": [{"code": each.code, "reason": each.reason} for each in priced.rejected_codes],
    }


def _parts(own: Case, parts: Iterable[tuple[str, int]], name: str) -> list[dict[str, str]]:
    return [{name: key, "amount": own.money(part)} for key, part in parts if part]
