"""From the neutral format of tier cases to our own ladder and life on it. Knows the format, no case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import lcm
from typing import Any

from laoke.engine.tiering import (
    Basis,
    Criterion,
    Deed,
    Downgrade,
    Fall,
    Ladder,
    Life,
    Metric,
    Review,
    Span,
    Term,
    Tier,
    Upgrade,
    Validity,
    Window,
    next_tier,
)

Json = Mapping[str, Any]

METRICS = {
    "spend": Metric.SPEND,
    "orders": Metric.PURCHASES,
    "points_earned": Metric.POINTS_EARNED,
    "points_available": Metric.POINTS_AVAILABLE,
}
FALLS = {
    "never": Fall.NEVER,
    "immediate": Fall.AT_ONCE,
    "on_review": Fall.AT_REVIEW,
    "at_period_end": Fall.AT_PERIOD_END,
}
STEPS = {"to_qualified": Downgrade.TO_QUALIFIED, "one_level": Downgrade.ONE_STEP}
UPGRADES = {"immediate": Upgrade.AT_ONCE, "on_review": Upgrade.AT_REVIEW}
TERMS = {
    "fixed_days": Term.FIXED,
    "until_year_end": Term.YEAR_END,
    "until_next_year_end": Term.NEXT_YEAR_END,
}
# The rung below a ladder of which no tier is everybody's: who stands on it has none.
NOBODY = ""
LIFETIME = Window(span=Span.LIFETIME)


class Case:
    """One case, translated. Values are whole numbers of the smallest part that occurs in the case."""

    def __init__(self, case: Json) -> None:
        self.config: Json = case["config"]
        self.timeline: list[Json] = case["given"]["timeline"]
        self.metric = METRICS[self.config["metric"]]
        self.parts = 1 if self.metric is Metric.PURCHASES else lcm(*map(_denominator, self._values()))
        self.window = self._window()
        self.ladder = self._ladder()

    def _values(self) -> list[str]:
        tiers, events = self.config["tiers"], self.timeline
        named = [tier[name] for tier in tiers for name in ("min", "keep_min") if name in tier]
        return named + [event[name] for event in events for name in ("amount", "points") if name in event]

    def whole(self, text: str) -> int:
        """A value of the case; a number of orders between two whole ones is reached, or exceeded, by the next."""
        value = Fraction(text) * self.parts
        return int(value) if self._beyond or value.denominator == 1 else int(value) + 1

    def _window(self) -> Window:
        window = self.config["window"]
        if self.metric is Metric.POINTS_AVAILABLE:
            return LIFETIME
        match window["type"]:
            case "rolling_days":
                # Strictly later than the day so many days before: that many days, today the last.
                return Window(days=window["days"], span=Span.LAST_DAYS)
            case "calendar_year":
                return Window(span=Span.CALENDAR_YEAR)
            case "since_tier_start":
                return Window(span=Span.SINCE_TIER)
        return LIFETIME

    def _ladder(self) -> Ladder:
        tiers = [self._tier(number, tier) for number, tier in enumerate(self.config["tiers"])]
        if tiers[0].needs:
            tiers.insert(0, Tier(NOBODY, NOBODY, NOBODY))
        downgrade = self.config["downgrade"]
        return Ladder(
            tuple(tiers),
            Review.NEVER,  # reviews are told as events
            STEPS[downgrade["steps"]],
            UPGRADES[self.config["upgrade"]],
            FALLS[downgrade["mode"]],
        )

    def _tier(self, number: int, tier: Json) -> Tier:
        lowest = number == 0
        return Tier(
            tier["id"],
            tier["id"],
            tier["id"],
            self._needs(tier["min"], tier.get("min_orders", 0)),
            None if lowest else self._validity(tier),
        )

    def _needs(self, at_least: str, orders: int) -> tuple[Criterion, ...]:
        if Fraction(at_least) == 0:  # always reached
            return ()
        needs = [Criterion(self.metric, self.window, self.whole(at_least), beyond=self._beyond)]
        if orders:
            needs.append(Criterion(Metric.PURCHASES, self.window, orders))
        return tuple(needs)

    @property
    def _beyond(self) -> bool:
        return bool(self.config["comparator"] == "gt")

    def _validity(self, tier: Json) -> Validity | None:
        retention = self.config["retention"]
        if retention["type"] == "none":
            return None
        keep = tier.get("keep_min")
        return Validity(
            TERMS[retention["type"]],
            days=retention.get("days", 0),
            grace_days=retention["grace_days"],
            basis=Basis(retention["basis"]),
            keep=None if keep is None else self._needs(keep, tier.get("min_orders", 0)),
        )


def _denominator(text: str) -> int:
    return Fraction(text).denominator


def noon(day: str) -> datetime:
    """A day of a case; the hour does not matter, the order of what is told does."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=12)


class Play:
    """A timeline, played event by event."""

    def __init__(self, case: Json) -> None:
        self.case = Case(case)
        self.life: Life | None = None

    def tell(self, event: Json) -> None:
        """One event that is no check."""
        at, op = noon(event["at"]), event["op"]
        if op == "enroll":
            self.life = Life(self.case.ladder, UTC, at)
            return
        assert self.life is not None
        if op == "assign":
            until = date.fromisoformat(event["until"]) if "until" in event else None
            self.life.assigned(event["tier"], at, until=until)
        elif op == "remove_manual":
            self.life.unassigned(at)
        elif op == "review":
            self.life.reviewed(at)
        else:
            deed = self._deed(event, at)
            self.life.did(deed, returned=op == "return", judged=self._moves(deed))

    def found(self, event: Json) -> dict[str, Any]:
        """What a check finds, under the names of the format."""
        assert self.life is not None
        at = noon(event["at"])
        self.life.come_to(at)
        standing, case = self.life.standing, self.case
        value = self.life.activity(case.window, at).value(case.metric)
        upper = next_tier(case.ladder, standing.tier)
        return {
            "tier": None if standing.tier == NOBODY else standing.tier,
            "cause": standing.cause,
            "metric": Fraction(value, case.parts),
            "valid_until": standing.valid_until and standing.valid_until.isoformat(),
            "to_next": None if upper is None else self._missing(upper, value),
        }

    def _missing(self, upper: Tier, value: int) -> Fraction:
        at_least = next(
            (Fraction(tier["min"]) for tier in self.case.config["tiers"] if tier["id"] == upper.code),
            Fraction(0),
        )
        return max(Fraction(0), at_least - Fraction(value, self.case.parts))

    def _deed(self, event: Json, at: datetime) -> Deed:
        # A case counts either money or points, so both may be told in the parts of the case.
        value = self.case.whole(event.get("amount") or event["points"])
        match event["op"]:
            case "purchase":
                return Deed(at, spend_minor=value, purchases=1)
            case "return":
                return Deed(at, spend_minor=-value if self.case.config["returns_count"] else 0)
            case "earn_points":
                return Deed(at, points_earned=value, points_change=value)
        return Deed(at, points_change=-value)

    def _moves(self, deed: Deed) -> bool:
        """Whether the ladder counts anything that the deed is."""
        counted = {need.metric for tier in self.case.ladder.tiers for need in tier.criteria}
        parts = {
            Metric.SPEND: deed.spend_minor,
            Metric.PURCHASES: deed.purchases,
            Metric.POINTS_EARNED: deed.points_earned,
            Metric.POINTS_AVAILABLE: deed.points_change,
        }
        return any(part and metric in counted for metric, part in parts.items())
