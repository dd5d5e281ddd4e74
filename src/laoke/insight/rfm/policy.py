"""The thresholds of the two class systems, with the defaults of the plans (R11, R12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from laoke.insight.errors import InvalidClassPolicy
from laoke.insight.rfm.rules import AnyOf, Bound, Condition, Rule
from laoke.kernel.calendar import add_months

SCORES = (1, 2, 3, 4, 5)


class RfmClass(StrEnum):
    """The four groups of R11."""

    HIGH_VALUE = "high_value"  # 高价值
    POTENTIAL = "potential"  # 潜力
    DORMANT = "dormant"  # 沉睡
    NEW = "new"  # 新客户


class ValueClass(StrEnum):
    """The four groups of R12."""

    CORE = "core"  # 核心忠诚
    POTENTIAL = "potential"  # 潜力
    BASIC = "basic"  # 基础
    DORMANT = "dormant"  # 沉睡


class Ties(StrEnum):
    """Where members with equal values go when an edge between two fifths falls among them."""

    LOWER = "lower"  # all get the score of the last among them
    UPPER = "upper"  # all get the score of the first among them


@dataclass(frozen=True, slots=True)
class QuintileScores:
    """Scores by fifths of the members who bought in the window, from worst (1) to best (5).

    The defaults follow where ties gather: many members have bought once, and one purchase must not score as
    medium because half of all have made just one; many have bought yesterday, and none of them may miss a 5.
    """

    recency: Ties = Ties.UPPER
    frequency: Ties = Ties.LOWER
    monetary: Ties = Ties.LOWER


@dataclass(frozen=True, slots=True)
class FixedScores:
    """Scores by breakpoints the retailer sets, each for the scores 2, 3, 4, 5 in this order."""

    recency_days_at_most: tuple[int, int, int, int]
    frequency_at_least: tuple[int, int, int, int]
    monetary_minor_at_least: tuple[int, int, int, int]

    def __post_init__(self) -> None:
        if list(self.recency_days_at_most) != sorted(set(self.recency_days_at_most), reverse=True):
            raise InvalidClassPolicy("Days for the recency scores 2 to 5 must fall, such as 180, 90, 60, 30.")
        for name in ("frequency_at_least", "monetary_minor_at_least"):
            points: tuple[int, ...] = getattr(self, name)
            if list(points) != sorted(set(points)) or points[0] < 1:
                raise InvalidClassPolicy(f"{name} for the scores 2 to 5 must rise from at least 1.")
        if self.recency_days_at_most[-1] < 0:
            raise InvalidClassPolicy("Days since the last purchase cannot be negative.")


@dataclass(frozen=True, slots=True)
class RfmPolicy:
    """RFM scores and the four classes of R11.

    Attributes:
        currency: the currency of the orders; no sum crosses currencies.
        window_days: calendar days in the window of frequency and spend, of which `as_of` is the last
            (`as_of - window_days < biz_date <= as_of`).
        scoring: quintiles of this shop's members, or fixed breakpoints.
        near_score, near_within_days: "near" is a recency score of at least the one, **or** a purchase within
            the other. The second keeps a weekly shop from calling someone dormant after six days.
        mid_score, high_score: a frequency or monetary score is low below the first, high from the second.
        new_within_days: how long after registration or first purchase a member is new (that day is day 0).
    Raises:
        InvalidClassPolicy: values that cannot be, or that leave a class without members.
    """

    currency: str = "CNY"
    window_days: int = 365
    scoring: QuintileScores | FixedScores = field(default_factory=QuintileScores)
    near_score: int = 3
    near_within_days: int = 30
    mid_score: int = 3
    high_score: int = 4
    new_within_days: int = 30

    def __post_init__(self) -> None:
        _require_currency(self.currency)
        _require_days("window_days", self.window_days, at_least=1)
        _require_days("near_within_days", self.near_within_days, at_least=0)
        _require_days("new_within_days", self.new_within_days, at_least=1)
        if self.near_score not in SCORES[1:]:
            raise InvalidClassPolicy("near_score must be 2, 3, 4 or 5: with 1 everyone would be near.")
        if not 1 < self.mid_score < self.high_score <= SCORES[-1]:
            raise InvalidClassPolicy("mid_score and high_score must rise within 2 to 5, such as 3 and 4.")

    def rules(self, as_of: date, *, interactions: bool = False) -> tuple[Rule, ...]:
        """R11 as a total list: the four named corners, and the ground between them given to the nearest."""
        never = Bound("orders_total", at_most=0)
        near = AnyOf(
            (
                Bound("r_score", at_least=self.near_score),
                Bound("recency_days", at_most=self.near_within_days),
            )
        )
        far = (
            Bound("r_score", at_most=self.near_score - 1),
            Bound("recency_days", at_least=self.near_within_days + 1),
        )
        f_high, m_high = (
            Bound("f_score", at_least=self.high_score),
            Bound("m_score", at_least=self.high_score),
        )
        f_mid, m_mid = Bound("f_score", at_least=self.mid_score), Bound("m_score", at_least=self.mid_score)
        f_low, m_low = (
            Bound("f_score", at_most=self.mid_score - 1),
            Bound("m_score", at_most=self.mid_score - 1),
        )
        first_is_new = Bound("days_since_first", at_most=self.new_within_days - 1)
        registered_is_new = Bound("days_since_registration", at_most=self.new_within_days - 1)
        return (
            Rule("registered-recently", RfmClass.NEW, (never, registered_is_new)),
            Rule("never-bought", RfmClass.DORMANT, (never,)),
            Rule("near-high-high", RfmClass.HIGH_VALUE, (near, f_high, m_high)),
            Rule("new-low-low", RfmClass.NEW, (first_is_new, f_low, m_low)),
            Rule("near-mid-mid", RfmClass.POTENTIAL, (near, f_mid, m_mid)),
            Rule("near-often-small", RfmClass.POTENTIAL, (near, f_mid)),
            Rule("near-seldom-large", RfmClass.POTENTIAL, (near, m_mid)),
            Rule("near-low-low", RfmClass.POTENTIAL, (near, f_low, m_low)),
            Rule("far-high-high", RfmClass.DORMANT, (*far, f_high, m_high)),
            Rule("far-low-low", RfmClass.DORMANT, (*far, f_low, m_low)),
            Rule("far-between", RfmClass.DORMANT, far),
        )


@dataclass(frozen=True, slots=True)
class ValueThresholds:
    """What one class of R12 asks for; all of it together.

    Attributes:
        spend_minor: spend in the window, minor units.
        repurchases: purchases in the window that were not the member's first ever.
        interactions_a_month: mean over `interaction_months`; asked only where interactions are known.
    """

    spend_minor: int
    repurchases: int
    interactions_a_month: int = 0


@dataclass(frozen=True, slots=True)
class ValueClassPolicy:
    """The four classes of R12: core, potential, basic, dormant.

    Attributes:
        currency: the currency of the thresholds and of the orders.
        window_days: the year of "annual spend"; bounds as in `RfmPolicy`.
        core, potential, basic: thresholds, each no higher than those of the class above.
        dormant_after_months: whole calendar months without a purchase after which a member who does not reach
            `basic` is dormant (last purchase on or before the day so many months before `as_of`).
        interaction_months: months over which interactions are averaged.
    Raises:
        InvalidClassPolicy: values that cannot be, or a lower class that asks for more than a higher one.
    """

    currency: str = "CNY"
    window_days: int = 365
    core: ValueThresholds = ValueThresholds(5000_00, 4, 2)
    potential: ValueThresholds = ValueThresholds(2000_00, 2, 1)
    basic: ValueThresholds = ValueThresholds(500_00, 1, 0)
    dormant_after_months: int = 6
    interaction_months: int = 3

    def __post_init__(self) -> None:
        _require_currency(self.currency)
        _require_days("window_days", self.window_days, at_least=1)
        if self.dormant_after_months < 1 or self.interaction_months < 1:
            raise InvalidClassPolicy("dormant_after_months and interaction_months must be at least 1.")
        for threshold in ("spend_minor", "repurchases", "interactions_a_month"):
            falling = [getattr(level, threshold) for level in (self.core, self.potential, self.basic)]
            if falling != sorted(falling, reverse=True) or falling[-1] < 0:
                raise InvalidClassPolicy(
                    f"{threshold} must not rise from core to potential to basic, nor be negative: {falling}."
                )
        if not self.core.spend_minor > self.potential.spend_minor > self.basic.spend_minor > 0:
            raise InvalidClassPolicy(
                "spend_minor must fall from core to potential to basic and stay above 0."
            )

    def interactions_after(self, as_of: date) -> date:
        """Interactions count when later than this day and not later than `as_of`."""
        return add_months(as_of, -self.interaction_months)

    def rules(self, as_of: date, *, interactions: bool) -> tuple[Rule, ...]:
        """R12 as a total list; the gaps the plan leaves are `never-bought`, `silent`, `active-small`."""
        silent_days = (as_of - add_months(as_of, -self.dormant_after_months)).days
        no_interaction = (Bound("interactions", at_most=0),) if interactions else ()
        bought_lately = Bound("recency_days", at_most=silent_days - 1)
        awake: Condition = bought_lately
        if interactions:
            awake = AnyOf((bought_lately, Bound("interactions", at_least=1)))
        return (
            Rule("core", ValueClass.CORE, self._asks(self.core, interactions)),
            Rule("potential", ValueClass.POTENTIAL, self._asks(self.potential, interactions)),
            Rule("basic", ValueClass.BASIC, self._asks(self.basic, interactions)),
            Rule("never-bought", ValueClass.DORMANT, (Bound("orders_total", at_most=0), *no_interaction)),
            Rule(
                "silent", ValueClass.DORMANT, (Bound("recency_days", at_least=silent_days), *no_interaction)
            ),
            Rule("active-small", ValueClass.BASIC, (awake,)),
        )

    def _asks(self, level: ValueThresholds, interactions: bool) -> tuple[Bound, ...]:
        asked = [
            Bound("annual_minor", at_least=level.spend_minor),
            Bound("annual_repurchases", at_least=level.repurchases),
        ]
        if interactions and level.interactions_a_month:
            # A mean of k a month over n months is at least k * n in all: no division.
            asked.append(Bound("interactions", at_least=level.interactions_a_month * self.interaction_months))
        return tuple(asked)


def _require_currency(currency: str) -> None:
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise InvalidClassPolicy(f"A currency is three capital letters such as CNY, not {currency!r}.")


def _require_days(name: str, days: int, *, at_least: int) -> None:
    # Ten years: beyond it a keying error is likelier than a wish.
    if type(days) is not int or not at_least <= days <= 3660:
        raise InvalidClassPolicy(
            f"{name} must be a whole number of days from {at_least} to 3660, not {days!r}."
        )
