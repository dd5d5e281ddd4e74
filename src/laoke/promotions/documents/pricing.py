"""How baskets are priced, as a document: a preset, what differs from it, what offers must leave, refunds."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from laoke.engine.pricing.guards import UNGUARDED, Guards
from laoke.engine.pricing.policies import (
    PRESETS,
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
    Tie,
)
from laoke.engine.refunds import RefundPolicy
from laoke.kernel.rounding import Rounding
from laoke.promotions.documents.effects import Code
from laoke.promotions.documents.values import Document, Flag, Minor, PartShare, Share


class Preset(StrEnum):
    """The bundles of policies, by name."""

    STANDARD = "standard"
    BEST_FOR_MEMBER = "best_for_member"
    UNIT_ROUNDING = "unit_rounding"
    ORDER_ROUNDING = "order_rounding"
    BEST_PER_LINE = "best_per_line"
    ROUND_THEN_FIRST_LINES = "round_then_first_lines"
    CHEAPEST_FIRST = "cheapest_first"

    @property
    def policies(self) -> Policies:
        """What it stands for."""
        return PRESETS[self.value]


class Choices(Document):
    """What differs from the preset.

    Tax is not among them: tills send prices that hold it, and what offers give is counted on these.
    """

    rounding: Rounding | None = None
    percent_scope: PercentScope | None = None
    remainder: Remainder | None = None
    spread_order: SpreadOrder | None = None
    share_rounding: Rounding | None = None
    combine: Combine | None = None
    tie: Tie | None = None
    percent_base: PercentBase | None = None
    limited_base: LimitedBase | None = None
    group_choice: GroupChoice | None = None
    consumption: Consumption | None = None
    codes_case_sensitive: Flag | None = None
    repeated_codes: Repeated | None = None
    search_limit: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None

    def over(self, preset: Policies) -> Policies:
        """The preset with these choices."""
        said = {name: getattr(self, name) for name in type(self).model_fields}
        return replace(preset, **{name: value for name, value in said.items() if value is not None})


class GuardsDocument(Document):
    """What offers must leave, whatever their stage."""

    line_share: Share | None = None
    basket_share: Share | None = None
    price_floors: dict[Code, Share] = Field(default={}, max_length=10_000)
    margins: dict[Code, PartShare] = Field(default={}, max_length=10_000)

    def guards(self) -> Guards:
        """As the engine knows them."""
        if (
            (self.line_share, self.basket_share) == (None, None)
            and not self.price_floors
            and not self.margins
        ):
            return UNGUARDED
        return Guards(
            self.line_share,
            self.basket_share,
            MappingProxyType(self.price_floors),
            MappingProxyType(self.margins),
        )


class LegalChecks(Document):
    """Checks of the law of price promotions before an offer starts; where nothing is said they are on for shops that
    count in yuan."""

    lowest_price: bool | None = None
    announcement: bool | None = None
    prizes: bool | None = None


class PricingDocument(Document):
    """The section `pricing` of a programme."""

    preset: Preset = Preset.STANDARD
    policies: Choices = Choices()
    guards: GuardsDocument = GuardsDocument()
    refunds: RefundPolicy = RefundPolicy.KEEP_THE_DEAL
    four_eyes_above: Minor | None = None
    checks: LegalChecks = LegalChecks()
