"""How points are earned and spent, as the rules in force say, and what that gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from laoke.checkout import naming, programme
from laoke.checkout.programme import Programme
from laoke.foundation.access import Caller, Scope
from laoke.points.activities.rules import ActivityRule
from laoke.promotions import earning_words
from laoke.promotions.soundness.earning import highest_factor
from laoke.promotions.telling import Says
from laoke.review import selectors as review
from laoke.surfaces.console.naming import Named, face, tier_name

# What the give-back is shown of.
SAMPLE_MINOR = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with its name and its sentence."""

    name: Named
    says: Says


@dataclass(frozen=True, slots=True)
class TierFactor:
    """What the points of a tier count."""

    name: Named
    face: str
    says: Says


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The share of what members pay that comes back when every point is redeemed: at the rate alone, and where
    everything that multiplies meets.

    `cost_minor` is that at the members' sales of the last 90 days, for 30 days; None where nothing was counted yet.
    """

    rate: float
    highest: float
    sample_minor: int
    points: int
    worth_minor: int
    sales_minor: int | None
    cost_minor: int | None
    highest_cost_minor: int | None
    as_of: date | None


@dataclass(frozen=True, slots=True)
class PointsRulesPage:
    """The whole page."""

    version: int
    points: int
    per_minor: int
    rounding: str
    pays_points: bool
    rules: tuple[Rule, ...]
    tiers: tuple[TierFactor, ...]
    limits: tuple[Says, ...]
    activities: tuple[Rule, ...]
    late_days: int
    give_back: GiveBack
    spend_points: int
    spend_minor: int
    spend_step: int
    spend_percent: int
    expires: str
    valid_months: int
    grace_days: int
    may_publish: bool


def points_rules_page(caller: Caller) -> PointsRulesPage:
    """The rules in force, with what they cost at the sales of the caller's stores."""
    found = programme.current()
    policy = found.points
    return PointsRulesPage(
        version=found.version,
        points=policy.earn.points,
        per_minor=policy.earn.per_minor,
        rounding=policy.earn.rounding.value,
        pays_points=policy.earn.basis.value == "net",
        rules=tuple(_rules(found)),
        tiers=tuple(_tiers(found)),
        limits=_limits(found),
        activities=tuple(
            Rule(Named(rule.zh, rule.en), _activity(rule)) for rule in found.activities.kinds.values()
        ),
        late_days=found.activities.late_days,
        give_back=_give_back(found, caller),
        spend_points=policy.spend.points,
        spend_minor=policy.spend.worth_minor,
        spend_step=policy.spend.step,
        spend_percent=policy.spend.max_percent,
        expires=policy.expires.value,
        valid_months=policy.valid_months,
        grace_days=policy.grace_days,
        may_publish=Scope.PROGRAMME_WRITE in caller.scopes,
    )


def _rules(found: Programme) -> Iterator[Rule]:
    if found.earning is None:
        return
    telling = naming.telling(found)
    ladder = [tier.code for tier in found.ladder.tiers]
    for rule in found.earning.document.rules:
        yield Rule(Named(rule.name.zh, rule.name.en), earning_words.rule(rule, telling, ladder))


def _tiers(found: Programme) -> Iterator[TierFactor]:
    factors = {} if found.earning is None else found.earning.document.tiers
    if not factors:
        return
    for rank, tier in enumerate(found.ladder.tiers):
        factor = factors.get(tier.code, Fraction(1))
        says = Says("基础比例", "at the rate") if factor == 1 else earning_words.times(factor)
        yield TierFactor(tier_name(tier), face(rank, len(found.ladder.tiers)), says)


def _limits(found: Programme) -> tuple[Says, ...]:
    if found.earning is None:
        return ()
    return tuple(earning_words.limits(found.earning.document, naming.telling(found)))


def _give_back(found: Programme, caller: Caller) -> GiveBack:
    policy = found.points
    rate = policy.give_back
    highest = rate if found.earning is None else rate * highest_factor(found.earning.document)
    points = SAMPLE_MINOR * policy.earn.points // policy.earn.per_minor
    sales, as_of = review.members_sales(review.stores_of(caller)) or (None, None)
    return GiveBack(
        float(rate),
        float(highest),
        SAMPLE_MINOR,
        points,
        policy.worth(points),
        sales,
        None if sales is None else _monthly(sales, rate),
        None if sales is None or highest == rate else _monthly(sales, highest),
        as_of,
    )


def _monthly(sales_of_90_days: int, share: Fraction) -> int:
    return int(sales_of_90_days * share / 3)


def _activity(rule: ActivityRule) -> Says:
    zh, en = [f"{rule.points:,} 积分"], [earning_words.points(rule.points)]
    if rule.friend_points:
        zh.append(f"好友得 {rule.friend_points:,} 积分")
        en.append(f"the friend {rule.friend_points:,}")
    if rule.streak is not None:
        zh.append(f"每连续 {rule.streak.days} 天加 {rule.streak.bonus:,} 积分")
        en.append(f"{rule.streak.bonus:,} more for each {rule.streak.days} days in a row")
    for most, each_zh, each_en in (
        (rule.times.day, "每天", "a day"),
        (rule.times.week, "每周", "a week"),
        (rule.times.total, "累计", "in all"),
    ):
        if most is not None:
            zh.append(f"{each_zh}最多 {most:,} 次")
            en.append(f"at most {most:,} {each_en}")
    if rule.once_per_subject:
        zh.append("同一内容只计一次")
        en.append("once for each subject")
    return Says("，".join(zh), ", ".join(en))
