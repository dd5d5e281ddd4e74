"""The policies in which loyalty systems differ, by name. A programme declares one of each; presets bundle them.

Nothing in the engine asks which system somebody came from: it calls the strategy of the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from laoke.kernel.rounding import Rounding


class PercentScope(StrEnum):
    """Where the amount of a percentage is rounded."""

    UNIT = "unit"  # per unit, then multiplied
    LINE = "line"
    ORDER = "order"  # once on the sum, which is then spread


class Remainder(StrEnum):
    """Who gets the minor units that proportional shares leave over."""

    LARGEST_REMAINDER = "largest_remainder"
    FIRST_LINES = "first_lines"
    LAST_LINE = "last_line"
    ROUND_THEN_FIRST_LINES = "round_then_first_lines"


class SpreadOrder(StrEnum):
    """The order in which lines share an amount; ties in basket order."""

    BASKET = "basket"
    UNIT_PRICE_ASC = "unit_price_asc"
    UNIT_PRICE_DESC = "unit_price_desc"


class Combine(StrEnum):
    """Which of the offers of one stage are given together."""

    ALL = "all"  # one after the other, each on what the earlier ones left
    BEST_PER_LINE = "best_per_line"  # each line and each delivery keeps its largest discount
    BEST_PER_ORDER = "best_per_order"  # only the offer with the largest total
    BEST_FOR_MEMBER = "best_for_member"  # the set of offers that takes most off the basket, over all stages


class Tie(StrEnum):
    """Who wins among equals."""

    FIRST = "first"
    LAST = "last"


class PercentBase(StrEnum):
    """What a percentage is taken of."""

    REMAINING = "remaining"  # the amount less all discounts so far
    ORIGINAL = "original"


class LimitedBase(StrEnum):
    """What of a line counts when an offer is for fewer units than the line has, and discounts are taken off first."""

    MIN_OF_REMAINING_AND_UNITS = "min_of_remaining_and_units"
    UNITS_MINUS_APPLIED = "units_minus_applied"


class GroupChoice(StrEnum):
    """Which offer of a stacking group stays."""

    BEST = "best"
    PRIORITY = "priority"


class Consumption(StrEnum):
    """Whether units that one buy-and-get offer used may serve another."""

    NONE = "none"
    BUY_GET = "buy_get"


class Repeated(StrEnum):
    """What happens to a code entered twice."""

    IGNORE = "ignore"
    REJECT = "reject"


class TaxMode(StrEnum):
    """Whether prices hold the tax."""

    NONE = "none"
    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


@dataclass(frozen=True, slots=True)
class Policies:
    """One choice of each."""

    rounding: Rounding = Rounding.HALF_UP
    percent_scope: PercentScope = PercentScope.LINE
    remainder: Remainder = Remainder.LARGEST_REMAINDER
    spread_order: SpreadOrder = SpreadOrder.BASKET
    share_rounding: Rounding = Rounding.DOWN
    combine: Combine = Combine.ALL
    tie: Tie = Tie.FIRST
    percent_base: PercentBase = PercentBase.REMAINING
    limited_base: LimitedBase = LimitedBase.MIN_OF_REMAINING_AND_UNITS
    group_choice: GroupChoice = GroupChoice.BEST
    consumption: Consumption = Consumption.NONE
    codes_case_sensitive: bool = False
    repeated_codes: Repeated = Repeated.IGNORE
    tax: TaxMode = TaxMode.NONE
    # How many deals the search for the best combination may compute for one cluster of conflicting offers. Eight
    # offers need at most 255.
    search_limit: int = 1000


STANDARD = Policies()

# What a shop that comes from another system declares to keep its cents.
PRESETS: Mapping[str, Policies] = MappingProxyType(
    {
        "standard": STANDARD,
        "best_for_member": Policies(combine=Combine.BEST_FOR_MEMBER),
        "unit_rounding": Policies(percent_scope=PercentScope.UNIT),
        "order_rounding": Policies(percent_scope=PercentScope.ORDER),
        "best_per_line": Policies(
            combine=Combine.BEST_PER_LINE, remainder=Remainder.FIRST_LINES, tie=Tie.LAST
        ),
        "round_then_first_lines": Policies(
            percent_scope=PercentScope.UNIT,
            remainder=Remainder.ROUND_THEN_FIRST_LINES,
            share_rounding=Rounding.HALF_DOWN,
        ),
        "cheapest_first": Policies(
            rounding=Rounding.DOWN,
            percent_scope=PercentScope.ORDER,
            remainder=Remainder.LAST_LINE,
            spread_order=SpreadOrder.UNIT_PRICE_ASC,
            consumption=Consumption.BUY_GET,
        ),
    }
)
