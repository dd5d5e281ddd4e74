"""Cards of the overview: tier with the way to the next one, points with their lots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils.translation import get_language

from laoke.checkout.programme import Programme
from laoke.engine import tiering
from laoke.engine.tiering import Criterion as Asked
from laoke.engine.tiering import Fall, Finding, Ladder, Metric, Tier
from laoke.foundation.sql import hot_cursor
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.member.state import State
from laoke.tiers import lasting, spans, standing
from laoke.tiers import selectors as tiers
from laoke.tiers.progress import way_up
from laoke.tiers.words import Says, interaction

SOON_DAYS = 45


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: how far the member is, what keeps the tier and what the next one asks for.

    `kind` is what interactions are called. `money`: the values are minor units, else counts of what `metric` says.
    `months` or `days` is the window, the other one 0, or a whole one with the name `span`.
    """

    metric: str
    kind: Says
    money: bool
    months: int
    days: int
    span: str
    value: int
    keep: int | None
    reach: int | None
    missing: int

    @property
    def goal(self) -> int:
        """The right end of the track."""
        return self.reach or self.keep or 1

    @property
    def notch(self) -> int | None:
        """Where the mark for keeping the tier stands, when it is not the goal itself."""
        return self.keep if self.reach and self.keep and self.keep < self.reach else None


@dataclass(frozen=True, slots=True)
class TierCard:
    """The member's tier and the way to the next one.

    `says` is that way in a sentence where there are alternatives: a list of what is missing would ask for all of them.
    """

    name: Named
    face: str
    since: datetime | None
    next_name: Named | None
    next_face: str
    criteria: tuple[Criterion, ...]
    keeps: bool
    has_keep: bool
    says: str
    review_date: date | None
    lasting: tuple[Says, ...]


@dataclass(frozen=True, slots=True)
class LotMonth:
    """Open lots that expire in one month: `last_day` of the first of them, `days` from now."""

    last_day: date
    points: int
    lots: int
    days: int

    @property
    def soon(self) -> bool:
        """Whether a word about it is due."""
        return self.days <= SOON_DAYS


@dataclass(frozen=True, slots=True)
class PointsCard:
    """The member's points. `worth_minor` is what the till would take them for. Of those pending the first can be used
    from `usable_from` on."""

    available: int
    worth_minor: int
    held: int
    pending: int
    usable_from: datetime | None
    debt: int
    soonest: LotMonth | None
    soonest_worth_minor: int
    earned: int
    redeemed: int
    expired: int
    lots: tuple[LotMonth, ...]
    most: int


def tier_card(rules: Programme, state: State) -> TierCard:
    """Where the member stands and what both criteria say."""
    ladder = rules.ladder
    rank = ladder.rank(state.tier or ladder.lowest.code)
    tier, rungs = ladder.tiers[rank], len(ladder.tiers)
    following = tiering.next_tier(ladder, tier.code)
    zone, at = settings.LAOKE.zone, state.at
    facts: tiering.Facts = {}
    if ladder.windows or ladder.years:
        with hot_cursor() as cursor:
            facts = standing.facts(cursor, ladder, state.id, at)
    reviewed = ladder.fall is Fall.AT_REVIEW
    keep = tiering.findings(tier, facts) if reviewed else ()
    reach = tiering.findings(following, facts) if following else ()
    return TierCard(
        name=tier_name(tier),
        face=face(rank, rungs),
        since=state.since,
        next_name=tier_name(following) if following else None,
        next_face=face(min(rank + 1, rungs - 1), rungs),
        criteria=_apart(keep, reach) if _alternatives(tier, following) else _criteria(keep, reach),
        keeps=tier.holds(facts),
        has_keep=bool(keep),
        review_date=tiering.next_review(ladder, at.astimezone(zone).date()) if reviewed else None,
        lasting=lasting.says(tiers.lasting_of(state.id), ladder),
        says=_says(state.id, ladder, tier, following, at),
    )


def _alternatives(*tiers: Tier | None) -> bool:
    return any(not isinstance(need, Asked) for tier in tiers if tier for need in tier.needs)


def _says(member_id: int, ladder: Ladder, tier: Tier, following: Tier | None, at: datetime) -> str:
    if not _alternatives(following):
        return ""
    way = way_up(member_id, ladder, tier.code, at)
    return way.says["zh" if (get_language() or "").startswith("zh") else "en"] if way else ""


def _kind(found: Finding) -> Says:
    return interaction(found.kind) if found.metric is Metric.INTERACTIONS else Says("", "")


def _apart(keep: tuple[Finding, ...], reach: tuple[Finding, ...]) -> tuple[Criterion, ...]:
    """Every criterion of the next tier, or of this one at the top, for itself: two alternatives may count the same."""
    return tuple(
        Criterion(
            metric=found.metric.value,
            kind=_kind(found),
            money=found.metric is Metric.SPEND,
            months=found.window.months,
            days=found.window.days,
            span=spans.of(found.window),
            value=found.value,
            keep=None if reach else found.at_least,
            reach=found.at_least if reach else None,
            missing=found.missing if reach else 0,
        )
        for found in reach or keep
    )


def _criteria(keep: tuple[Finding, ...], reach: tuple[Finding, ...]) -> tuple[Criterion, ...]:
    """What is counted, each once, with both thresholds beside it."""
    kept = {(found.metric, found.window, found.kind): found for found in keep}
    reached = {(found.metric, found.window, found.kind): found for found in reach}
    criteria = []
    for key in {**kept, **reached}:
        low, high = kept.get(key), reached.get(key)
        found = high or low
        assert found is not None
        criteria.append(
            Criterion(
                metric=found.metric.value,
                kind=_kind(found),
                money=found.metric is Metric.SPEND,
                months=found.window.months,
                days=found.window.days,
                span=spans.of(found.window),
                value=found.value,
                keep=low.at_least if low else None,
                reach=high.at_least if high else None,
                missing=high.missing if high else 0,
            )
        )
    return tuple(criteria)


def points_card(rules: Programme, state: State) -> PointsCard:
    """What can be spent, and until when."""
    zone, at = settings.LAOKE.zone, state.at
    today = at.astimezone(zone).date()
    lots = []
    for first_at, points, count in state.lots:
        expires_at = datetime.fromisoformat(first_at)
        last_day = (expires_at - datetime.resolution).astimezone(zone).date()
        lots.append(LotMonth(last_day, points, count, (last_day - today).days))
    free = sum(lot.points for lot in lots)
    repaid = min(state.debt, free)
    available = free - repaid
    soonest = lots[0] if lots and lots[0].soon else None
    step = rules.points.spend.step
    return PointsCard(
        available=available,
        worth_minor=rules.points.worth(available // step * step),
        held=state.held,
        pending=sum(points for _, points in state.coming),
        usable_from=datetime.fromisoformat(state.coming[0][0]) if state.coming else None,
        debt=state.debt - repaid,
        soonest=soonest,
        soonest_worth_minor=rules.points.worth(soonest.points // step * step) if soonest else 0,
        earned=state.earned,
        redeemed=state.redeemed,
        expired=state.expired,
        lots=tuple(lots),
        most=max((lot.points for lot in lots), default=0),
    )
