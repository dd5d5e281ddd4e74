"""One member, all facts that the caller's role may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from django.conf import settings

from laoke.checkout import programme
from laoke.checkout.programme import Programme
from laoke.engine import tiering
from laoke.engine.tiering import Activity, Finding, Metric
from laoke.foundation.access import Caller, OutsideStores, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.insight.rfm.explain import Explanation, Statement, explain
from laoke.insight.rfm.features import MemberFeatures
from laoke.insight.rfm.rules import ClassPolicy
from laoke.members import selectors as members
from laoke.members.errors import MemberErased, UnknownMember
from laoke.members.types import MemberStatus, Profile
from laoke.purchases import selectors as purchases
from laoke.segments.policies import class_policies
from laoke.surfaces.console.labels import (
    CHANNELS,
    CLASSES_RFM,
    CLASSES_VALUE,
    DELIVERIES,
    GENDERS,
    HAPPENINGS,
    IDENTITIES,
    MEASURES,
    OTHER_MOVE,
    PURPOSES,
    RULES,
    STATUSES,
)
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
ORDERS = 20
HAPPENED = 20
_MONEY = frozenset({"monetary_minor", "annual_minor"})


@dataclass(frozen=True, slots=True)
class Way:
    """One way to recognise the member, masked."""

    label: Any
    masked: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the member said about one channel and purpose."""

    channel: Any
    icon: str
    purpose: Any
    granted: bool
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is, masked."""

    id: int
    name: str
    initial: str
    status: str
    status_label: Any
    card: str
    phone: str
    birthday: tuple[int, int] | None
    birthday_in_days: int | None
    gender: Any
    language: str
    registered_date: date
    store: Named
    channel: Named
    ways: tuple[Way, ...]
    tags: tuple[str, ...]
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: how far the member is, what keeps the tier and what the next one asks for.

    `money`: the values are minor units. `months` or `days` is the window, the other one 0.
    """

    money: bool
    months: int
    days: int
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
    """The member's tier and the way to the next one."""

    name: Named
    face: str
    since: datetime | None
    next_name: Named | None
    next_face: str
    criteria: tuple[Criterion, ...]
    keeps: bool
    has_keep: bool
    review_date: date | None


@dataclass(frozen=True, slots=True)
class LotMonth:
    """Open lots that expire in one month; `last_day` is the day the first of them can still be spent."""

    last_day: date
    points: int
    lots: int
    soon: bool


@dataclass(frozen=True, slots=True)
class PointsCard:
    """The member's points. `worth_minor` is what the till would take them for."""

    available: int
    worth_minor: int
    debt: int
    earned: int
    redeemed: int
    expired: int
    lots: tuple[LotMonth, ...]
    most: int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order."""

    order_no: str
    placed_at: datetime
    store: Named
    channel: Named
    total_minor: int
    returned_minor: int
    points_earned: int
    points_redeemed: int
    delivery: Any


@dataclass(frozen=True, slots=True)
class Happening:
    """One movement of points with the balance after it, or one move on the ladder."""

    at: datetime
    label: Any
    sign: str
    points: int | None
    balance: int | None
    order_no: str
    note: str
    tier: Named | None
    face: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A measure against its bounds."""

    label: Any
    money: bool
    value: int | None
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class NotThis:
    """A class the member is not in, and what was missing."""

    label: Any
    rule: Any
    unmet: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ClassCard:
    """One class with why."""

    label: Any
    rule: Any
    reasons: tuple[Reason, ...]
    others: tuple[NotThis, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """RFM scores and both classes as of a day."""

    as_of: date
    r: int | None
    f: int | None
    m: int | None
    rfm: ClassCard
    value: ClassCard


@dataclass(frozen=True, slots=True)
class MemberPage:
    """The whole page. A part is None where the role may not see it; `missing` names the scopes that would show it."""

    person: Person
    tier: TierCard | None
    points: PointsCard | None
    orders: tuple[OrderRow, ...] | None
    happenings: tuple[Happening, ...]
    scores: Scores | None
    missing: tuple[str, ...]
    limited: bool
    most_orders: int
    most_happenings: int


def member_page(caller: Caller, member_id: int, at: datetime) -> MemberPage:
    """One member as the caller may see them.

    Raises:
        UnknownMember: nobody; MemberErased: the person is forgotten.
        OutsideStores: the caller is limited to stores where the member is not at home and never bought.
    """
    if member_id >= 2**63:
        raise UnknownMember
    zone = settings.LAOKE.zone
    today = at.astimezone(zone).date()
    limits = limit_of(caller)
    profile = members.profile(member_id)
    if profile.status == MemberStatus.ERASED:
        raise MemberErased(member_id)
    wanted = {"member_id": member_id, "at": at, "stores": limits, "zone": str(zone)}
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "member_state"), wanted)
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        state = dict(zip(names, cursor.fetchone() or (), strict=True))
    if not state["visible"]:
        raise OutsideStores(state["store_code"] or "–")
    rules = programme.current()
    sees = {scope: scope in caller.scopes for scope in (*_PARTS,)}
    return MemberPage(
        person=_person(profile, state, today),
        tier=_tier(rules, member_id, state, at) if sees[Scope.TIERS_READ] else None,
        points=_points(rules, state, at) if sees[Scope.POINTS_READ] else None,
        orders=_orders(member_id, limits) if sees[Scope.ORDERS_READ] else None,
        happenings=_happenings(rules, member_id, limits, sees[Scope.POINTS_READ], sees[Scope.TIERS_READ]),
        scores=_scores(state["features"], profile) if sees[Scope.INSIGHT_READ] else None,
        missing=tuple(scope.value for scope, seen in sees.items() if not seen),
        limited=limits is not None,
        most_orders=ORDERS,
        most_happenings=HAPPENED,
    )


_PARTS = (Scope.TIERS_READ, Scope.POINTS_READ, Scope.ORDERS_READ, Scope.INSIGHT_READ)


def _person(profile: Profile, state: Mapping[str, Any], today: date) -> Person:
    newest = {identity.kind.value: identity.masked for identity in profile.identities}
    return Person(
        id=profile.id,
        name=profile.name_masked,
        initial=profile.name_masked[:1].strip("*"),
        status=profile.status.value,
        status_label=STATUSES[profile.status.value],
        card=newest.get("card", ""),
        phone=newest.get("phone", ""),
        birthday=profile.birthday,
        birthday_in_days=_days_until(profile.birthday, today),
        gender=GENDERS.get(profile.gender, ""),
        language=profile.language,
        registered_date=profile.registered_date,
        store=_named(state, "store"),
        channel=_named(state, "channel"),
        ways=tuple(Way(IDENTITIES[each.kind.value], each.masked, each.issuer) for each in profile.identities),
        tags=tuple(tag.tag for tag in profile.tags),
        agreements=tuple(
            Agreement(
                *CHANNELS[each.channel.value],
                PURPOSES[each.purpose.value],
                each.granted,
                each.at,
                each.source,
            )
            for each in profile.consents
        ),
    )


def _days_until(birthday: tuple[int, int] | None, today: date) -> int | None:
    """Days to the next birthday; one on 29 February is kept on 1 March in other years."""
    if birthday is None:
        return None

    def in_year(year: int) -> date:
        try:
            return date(year, *birthday)
        except ValueError:
            return date(year, 3, 1)

    coming = in_year(today.year)
    return ((coming if coming >= today else in_year(today.year + 1)) - today).days


def _tier(rules: Programme, member_id: int, state: Mapping[str, Any], at: datetime) -> TierCard:
    ladder = rules.ladder
    rank = ladder.rank(state["tier"] or ladder.lowest.code)
    tier, rungs = ladder.tiers[rank], len(ladder.tiers)
    following = tiering.next_tier(ladder, tier.code)
    zone = settings.LAOKE.zone
    starts = [window.start(at, zone) for window in ladder.windows]
    facts: dict[tiering.Window, Activity] = {}
    if starts:
        with hot_cursor() as cursor:
            done = purchases.activity(cursor, member_id, starts, at)
        facts = {window: Activity(*did) for window, did in zip(ladder.windows, done, strict=True)}
    keep = tiering.findings(tier, facts)
    reach = tiering.findings(following, facts) if following else ()
    return TierCard(
        name=tier_name(tier),
        face=face(rank, rungs),
        since=state["since"],
        next_name=tier_name(following) if following else None,
        next_face=face(min(rank + 1, rungs - 1), rungs),
        criteria=_criteria(keep, reach),
        keeps=all(finding.met for finding in keep),
        has_keep=bool(keep),
        review_date=tiering.next_review(ladder, at.astimezone(zone).date()),
    )


def _criteria(keep: tuple[Finding, ...], reach: tuple[Finding, ...]) -> tuple[Criterion, ...]:
    """What is counted, each once, with both thresholds beside it."""
    kept = {(found.metric, found.window): found for found in keep}
    reached = {(found.metric, found.window): found for found in reach}
    criteria = []
    for key in {**kept, **reached}:
        low, high = kept.get(key), reached.get(key)
        found = high or low
        assert found is not None
        criteria.append(
            Criterion(
                money=found.metric is Metric.SPEND,
                months=found.window.months,
                days=found.window.days,
                value=found.value,
                keep=low.at_least if low else None,
                reach=high.at_least if high else None,
                missing=high.missing if high else 0,
            )
        )
    return tuple(criteria)


def _points(rules: Programme, state: Mapping[str, Any], at: datetime) -> PointsCard:
    zone = settings.LAOKE.zone
    lots = []
    for first_at, points, count in orjson.loads(state["lots"]):
        expires_at = datetime.fromisoformat(first_at)
        last_day = (expires_at - datetime.resolution).astimezone(zone).date()
        lots.append(LotMonth(last_day, points, count, (expires_at - at).days < 30))
    available = sum(lot.points for lot in lots)
    return PointsCard(
        available=available,
        worth_minor=rules.points.worth(available // rules.points.spend.step * rules.points.spend.step),
        debt=state["debt"] or 0,
        earned=state["earned_total"] or 0,
        redeemed=state["redeemed_total"] or 0,
        expired=state["expired_total"] or 0,
        lots=tuple(lots),
        most=max((lot.points for lot in lots), default=0),
    )


def _orders(member_id: int, limits: list[int] | None) -> tuple[OrderRow, ...]:
    with hot_cursor() as cursor:
        cursor.execute(
            load(_PACKAGE, "member_orders"), {"member_id": member_id, "stores": limits, "limit": ORDERS}
        )
        return tuple(
            OrderRow(
                order_no,
                placed_at,
                Named(store, store_en or store),
                Named(channel, channel_en or channel),
                total_minor,
                returned_minor,
                earned,
                redeemed,
                DELIVERIES.get(delivery, delivery),
            )
            for (
                order_no,
                placed_at,
                store,
                store_en,
                channel,
                channel_en,
                total_minor,
                returned_minor,
                earned,
                redeemed,
                delivery,
            ) in cursor
        )


def _happenings(
    rules: Programme, member_id: int, limits: list[int] | None, see_points: bool, see_tiers: bool
) -> tuple[Happening, ...]:
    wanted = {
        "member_id": member_id,
        "stores": limits,
        "points": see_points,
        "tiers": see_tiers,
        "limit": HAPPENED,
    }
    ladder = rules.ladder
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "member_timeline"), wanted)
        rows = cursor.fetchall()
    happenings = []
    for at, kind, points, balance, order_no, note, _from_tier, to_tier in rows:
        label, sign = HAPPENINGS.get(kind, OTHER_MOVE)
        rank = ladder.rank(to_tier)
        tier = tier_name(ladder.tiers[rank]) if to_tier else None
        happenings.append(
            Happening(
                at, label, sign, points, balance, order_no or "", note, tier, face(rank, len(ladder.tiers))
            )
        )
    return tuple(happenings)


def _scores(found: str | None, profile: Profile) -> Scores | None:
    if found is None:
        return None
    row = orjson.loads(found)
    features = MemberFeatures(
        member_id=profile.id,
        as_of=date.fromisoformat(row["as_of"]),
        registered_date=profile.registered_date,
        recency_days=row["recency_days"],
        frequency=row["frequency"],
        monetary_minor=row["monetary_minor"],
        orders_total=row["orders_total"],
        first_purchase_date=_day(row["first_purchase_date"]),
        last_purchase_date=_day(row["last_purchase_date"]),
        r_score=row["r_score"],
        f_score=row["f_score"],
        m_score=row["m_score"],
        annual_minor=row["annual_minor"],
        annual_repurchases=row["annual_repurchases"],
        interactions=None,
    )
    rfm, value = class_policies(settings.LAOKE.currency)
    return Scores(
        features.as_of,
        features.r_score,
        features.f_score,
        features.m_score,
        _class(features, rfm, CLASSES_RFM),
        _class(features, value, CLASSES_VALUE),
    )


def _class(features: MemberFeatures, policy: ClassPolicy, labels: Mapping[str, tuple[Any, Any]]) -> ClassCard:
    found: Explanation = explain(features, policy)
    others: dict[str, NotThis] = {}
    for passed in found.passed_over:
        # The first rule of each other class says it best; the later ones are its special cases.
        if passed.outcome != found.outcome and passed.outcome not in others:
            others[passed.outcome] = NotThis(
                labels[passed.outcome][0], RULES[passed.rule], tuple(_reason(each) for each in passed.unmet)
            )
    return ClassCard(
        labels[found.outcome][0],
        RULES[found.rule],
        tuple(_reason(each) for each in found.because),
        tuple(others.values()),
    )


def _reason(statement: Statement) -> Reason:
    return Reason(
        MEASURES[statement.measure],
        statement.measure in _MONEY,
        statement.value,
        statement.at_least,
        statement.at_most,
    )


def _named(state: Mapping[str, Any], column: str) -> Named:
    name = state[column] or ""
    return Named(name, state[f"{column}_en"] or name)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
