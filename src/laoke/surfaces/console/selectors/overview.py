"""The shop at a glance: the figures of the night against their plans, and what is going on right now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Generic, TypeVar

from django.conf import settings

from laoke.checkout import programme
from laoke.engine import tiering
from laoke.engine.policy import PointsPolicy
from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller, Scope
from laoke.foundation.outbox import selectors as outbox
from laoke.foundation.sql import hot_cursor, load
from laoke.insight.metrics import catalogue
from laoke.insight.metrics.catalogue import Better, Metric
from laoke.insight.rfm.policy import RfmClass, ValueClass
from laoke.kernel.calendar import start_of_day
from laoke.review import selectors as review
from laoke.review.plans import BASIS, Plan, Standing, standing
from laoke.review.selectors import Run, Target, Values
from laoke.surfaces.console.labels import CLASSES_RFM, CLASSES_VALUE
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import limit_of
from laoke.surfaces.console.spans import CUSTOM, Span, chosen

_PACKAGE = "laoke.surfaces.console"
_log = logging.getLogger(__name__)
COMPARED_DAYS = 28
# A worker writes its heartbeat every ten seconds.
_WORKER_AWAY_SECONDS = 60
# The night's figures of yesterday are there in the morning; a day and a half later a night was missed.
_FIGURES_OLD = timedelta(hours=36)
_REVIEW_SOON_DAYS = 14
_REGULAR_OF_14 = 13

CARDS = (
    catalogue.REPURCHASE_90,
    catalogue.HIGH_VALUE_SHARE,
    catalogue.HIGH_VALUE_CHURN,
    catalogue.MONTHLY_ACTIVE,
    catalogue.MEMBERS,
    catalogue.SALES_30,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One part of the page: its value, or that it could not be read. Parts do not stop each other."""

    value: T | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a value stands on its plan. `way` and `notch` are parts of the track, 0 to 1."""

    way: float
    notch: float
    ahead: Fraction
    off: bool
    on_path: bool  # too close to it for the figures shown
    baseline: int
    target: int


@dataclass(frozen=True, slots=True)
class Card:
    """One key figure.

    Attributes:
        amount: in whole units of the metric; None when there is nothing to say yet.
        above, below: what was counted over what; `below` None for sums.
        change: against four weeks before; None when one of the two is missing.
        improved: whether the change is for the better; None for no visible change.
        enough_on: the first day with enough history; None when there is enough.
    """

    metric: Metric
    amount: Fraction | None
    above: int
    below: int | None
    change: Fraction | None
    improved: bool | None
    goal: Goal | None
    also: int | None
    enough_on: date | None
    drawn: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One day of the table behind the chart."""

    day: date
    amount: Fraction | None
    above: int
    below: int | None
    planned: Fraction | None
    ahead: Fraction | None


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric over the range, newest row first, with its plan where there is one."""

    metric: Metric
    rows: tuple[Row, ...]
    plan: Plan | None
    first: date
    last: date
    as_of: date


@dataclass(frozen=True, slots=True)
class Alert:
    """Something real to deal with. `kind` says which; numbers and names are those of that kind.

    `path` is where it can be dealt with, empty when the viewer may not.
    """

    kind: str
    tone: str  # danger, bad, warn
    path: str = ""
    number: int = 0
    more: int = 0
    day: date | None = None
    names: tuple[Named, ...] = ()
    metric: Metric | None = None
    ahead: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PointsFigures:
    """Points that members can spend, and what that costs at the till."""

    outstanding: int
    holders: int
    expiring: int
    expiring_holders: int
    worth_minor: int
    expiring_worth_minor: int
    give_back: float
    earn_points: int
    earn_per_minor: int
    spend_points: int
    spend_worth_minor: int


@dataclass(frozen=True, slots=True)
class TierRow:
    """One rung: how many stand on it and what they bought in 90 days."""

    name: Named
    face: str
    members: int
    members_share: float | None
    net_minor: int
    net_share: float | None


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class with its size."""

    label: Any
    hint: Any
    members: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Classes:
    """Both systems of classes."""

    rfm: tuple[ClassRow, ...]
    value: tuple[ClassRow, ...]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old everything is. `worker_away` says that nothing was heard of a worker for a minute."""

    last_order_at: datetime | None
    worker_seen_at: datetime | None
    worker_away: bool
    waiting: int
    postponed: int
    given_up: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What a shop still needs before there is anything to show."""

    stores: int
    products: bool
    members: bool
    rules: bool


@dataclass(frozen=True, slots=True)
class Worst:
    """The figure furthest behind its plan: how far, as a part of the planned value, and what is tolerated."""

    metric: Metric
    deviation: float
    tolerance: float
    within: bool


@dataclass(frozen=True, slots=True)
class Header:
    """What the figures are of.

    Attributes:
        hidden_targets: how many plans there are that are not shown, because they are for the whole shop.
        may_widen: whether the account sees the whole shop once no store is chosen.
        worst: None when nothing shown is held against a plan.
    """

    stores: int
    limited: bool
    shown: date | None
    run: Run | None
    old: bool
    plan: Plan | None
    plan_day: int
    plan_days: int
    plan_share: float
    hidden_targets: int
    may_widen: bool
    worst: Worst | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page."""

    at: datetime
    header: Header
    span: Span
    setup: Setup | None
    cards: Part[tuple[Card, ...]]
    chart: Part[Chart]
    alerts: Part[tuple[Alert, ...]]
    tiers: Part[tuple[TierRow, ...]]
    classes: Part[Classes | None]
    points: Part[PointsFigures | None]
    freshness: Part[Freshness]
    may_plan: bool
    may_count: bool
    may_segments: bool
    as_table: bool

    @property
    def chart_tolerance(self) -> float:
        """Of the plan drawn, as a part of the planned value."""
        drawn = self.chart.value
        return drawn.plan.tolerance_bp / BASIS if drawn and drawn.plan else 0.0

    @property
    def metric_query(self) -> str:
        """The parameter that keeps the metric drawn while the days change."""
        drawn = self.chart.value
        return f"&metric={drawn.metric.code}" if drawn else ""

    @property
    def query(self) -> str:
        """The parameters that keep metric and days while something else changes."""
        days = f"&from={self.span.first}&to={self.span.last}" if self.span.kind == CUSTOM else ""
        return f"&range={self.span.kind}{days}{self.metric_query}"

    @property
    def query_bare(self) -> str:
        """The same, to stand first in an address."""
        return self.query[1:]


@dataclass(frozen=True, slots=True)
class _Pulse:
    last_order_there: datetime | None
    last_order_at: datetime | None
    worker_seen_at: datetime | None
    stores: int
    products: bool
    members: bool
    jobs_given_up: int
    hooks_off: int
    hooks_failing: int


def overview(
    caller: Caller,
    at: datetime,
    metric: Metric,
    asked: Mapping[str, str],
    opens: Callable[[str], bool],
    *,
    account: Caller,
) -> Overview:
    """Everything the first page shows, for the stores the caller is limited to.

    Args:
        account: the caller before a store was chosen.
        metric: the one drawn as a curve.
        asked: the parameters of the address that choose the days; the cards show the last of them, or the last one
            there are figures for.
        opens: whether the caller may open the page of an address.
    """
    rules = programme.current()
    stores = review.stores_of(caller)
    run = review.last_run()
    pulse = _guarded("pulse", lambda: _pulse(caller, at))
    plans = _guarded("targets", review.targets)
    # A plan is for the whole shop: held against some stores it would say nothing.
    targets = (plans.value or {}) if caller.stores is None else {}
    span = span_of(asked, at, metric, run, targets)
    shown = None if run is None else _shown_day(span, run)
    before = None if shown is None else shown - timedelta(days=COMPARED_DAYS)
    found = _guarded("figures", lambda: _values(stores, shown, before))

    def cards() -> tuple[Card, ...]:
        assert found.value is not None
        assert shown is not None
        return tuple(
            _card(each, found.value, targets.get(each.code), shown, run, drawn=each is metric)
            for each in CARDS
        )

    built = _after(found, "cards", cards) if shown else Part()
    orders_seen = pulse.value is None or pulse.value.last_order_at is not None
    plan = _plan_of(metric, targets)
    return Overview(
        at=at,
        header=_header(
            caller, account, pulse.value, run, shown, plan, built.value or (), at, plans.value or {}
        ),
        span=span,
        setup=None
        if orders_seen
        else Setup(
            pulse.value.stores if pulse.value else 0,
            bool(pulse.value and pulse.value.products),
            bool(pulse.value and pulse.value.members),
            rules.version > 0,
        ),
        cards=built,
        chart=_guarded("chart", lambda: chart(stores, metric, span, run, targets)) if run else Part(),
        alerts=_after(
            pulse,
            "alerts",
            lambda: _alerts(caller, at, pulse, found, built, run, shown, rules.ladder, opens),
        ),
        tiers=_after(found, "tiers", lambda: _tiers(found.value or {}, shown, rules.ladder)),
        classes=_after(found, "classes", lambda: _classes(found.value or {}, shown)),
        points=_after(found, "points", lambda: _points(found.value or {}, shown, rules.points)),
        freshness=_after(pulse, "freshness", lambda: _freshness(pulse, caller, at)),
        may_plan=may_plan(account),
        may_count=Scope.PROGRAMME_WRITE in caller.scopes,
        may_segments=opens("/segments"),
        as_table=asked.get("view") == "table",
    )


def may_plan(caller: Caller) -> bool:
    """Whether the caller may set targets: they are for the whole shop."""
    return Scope.PROGRAMME_WRITE in caller.scopes and caller.stores is None


def chart(
    stores: Sequence[int], metric: Metric, span: Span, run: Run, targets: Mapping[str, Target]
) -> Chart:
    """The metric over the span, newest first: day by day in up to five weeks, else week by week and the last day."""
    target = targets.get(metric.code)
    plan = None if target is None else target.plan
    last = min(span.last, run.as_of)
    points = review.series(metric, stores, span.first, last)
    if span.days > 35:
        newest = points[-1].day if points else last
        points = [point for point in points if point.day.isoweekday() == 7 or point.day == newest]
    rows = []
    for point in reversed(points):
        amount = point.value.amount(metric)
        within = plan is not None and plan.start <= point.day <= plan.end
        stands = standing(plan, amount, point.day) if plan and within and amount is not None else None
        rows.append(
            Row(
                point.day,
                amount,
                point.value.numerator,
                point.value.denominator,
                stands.planned if stands else None,
                stands.ahead if stands else None,
            )
        )
    return Chart(metric, tuple(rows), plan, span.first, span.last, last)


def _guarded(name: str, build: Callable[[], T]) -> Part[T]:
    # A card that cannot be read must not take the page with it; whatever it was stands in the log.
    try:
        return Part(build())
    except Exception:
        _log.exception("a part of the overview could not be read", extra={"part": name})
        return Part(failed=True)


def _after(needed: Part[Any], name: str, build: Callable[[], T]) -> Part[T]:
    """`build`, unless what it is built from failed already."""
    return Part(failed=True) if needed.failed else _guarded(name, build)


def _pulse(caller: Caller, at: datetime) -> _Pulse:
    with hot_cursor() as cursor:
        asked = {"stores": limit_of(caller) or [], "at": at}
        row = cursor.execute(load(_PACKAGE, "pulse"), asked).fetchone()
    assert row is not None
    return _Pulse(*row)


def _values(stores: Sequence[int], shown: date | None, before: date | None) -> Values:
    return {} if shown is None or before is None else review.values(stores, [shown, before])


def _shown_day(span: Span, run: Run) -> date:
    """The day the cards are of: the end of the span, or the newest kept day before it."""
    wanted = min(span.last, run.as_of)
    if (run.as_of - wanted).days < 60 - COMPARED_DAYS:
        return wanted
    return wanted - timedelta(days=wanted.isoweekday() % 7)


def span_of(
    asked: Mapping[str, str], at: datetime, metric: Metric, run: Run | None, targets: Mapping[str, Target]
) -> Span:
    """The days an address asks for."""
    yesterday = at.astimezone(settings.LAOKE.zone).date() - timedelta(days=1)
    return chosen(asked, run.as_of if run else yesterday, _plan_of(metric, targets))


def _plan_of(metric: Metric, targets: Mapping[str, Target]) -> Plan | None:
    """The metric's plan, or the first of another one on the page: they mostly share their period."""
    codes = (metric.code, *(card.code for card in CARDS))
    return next((targets[code].plan for code in codes if code in targets), None)


def _header(
    caller: Caller,
    account: Caller,
    pulse: _Pulse | None,
    run: Run | None,
    shown: date | None,
    plan: Plan | None,
    cards: Sequence[Card],
    at: datetime,
    targets: Mapping[str, Target],
) -> Header:
    stores = len(caller.stores) if caller.stores is not None else pulse.stores if pulse else 0
    day = shown or at.astimezone(settings.LAOKE.zone).date()
    return Header(
        stores=stores,
        limited=caller.stores is not None,
        shown=shown,
        run=run,
        old=run is not None and at - run.finished_at > _FIGURES_OLD,
        plan=plan,
        plan_day=plan.day_of(day) if plan else 0,
        plan_days=plan.days if plan else 0,
        plan_share=float(plan.elapsed(day)) if plan else 0.0,
        hidden_targets=len(targets) if caller.stores is not None else 0,
        may_widen=caller.stores is not None and account.stores is None,
        worst=_worst(cards, shown, targets),
    )


def _worst(cards: Sequence[Card], shown: date | None, targets: Mapping[str, Target]) -> Worst | None:
    """Of the figures with a plan the one furthest behind; one beyond its tolerance goes before one within."""
    found = []
    for card in cards:
        if shown is not None and card.goal is not None and card.amount is not None:
            plan = targets[card.metric.code].plan
            stands = standing(plan, card.amount, shown)
            worst = Worst(card.metric, float(stands.deviation), plan.tolerance_bp / BASIS, not stands.off)
            found.append((stands.off, stands.deviation, worst))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _card(
    metric: Metric, found: Values, target: Target | None, shown: date, run: Run | None, *, drawn: bool
) -> Card:
    now = found.get((metric.code, "", shown))
    then = found.get((metric.code, "", shown - timedelta(days=COMPARED_DAYS)))
    amount = None if now is None else now.amount(metric)
    earlier = None if then is None else then.amount(metric)
    change = None if amount is None or earlier is None else amount - earlier
    improved = None
    if change is not None and visible(metric, change):
        improved = (change > 0) == (metric.better is Better.HIGHER)
    also = found.get((catalogue.NEW_MEMBERS_30.code, "", shown)) if metric is catalogue.MEMBERS else None
    enough_on = None
    if metric.needs_days and run and run.first_order and amount is None:
        first = run.first_order + timedelta(days=metric.needs_days - 1)
        enough_on = first if first > shown else None
    return Card(
        metric=metric,
        amount=amount,
        above=now.numerator if now else 0,
        below=now.denominator if now else None,
        change=change,
        improved=improved,
        goal=None if target is None or amount is None else _goal(metric, target.plan, amount, shown),
        also=None if metric is not catalogue.MEMBERS else also.numerator if also else 0,
        enough_on=enough_on,
        drawn=drawn,
    )


def _goal(metric: Metric, plan: Plan, amount: Fraction, shown: date) -> Goal:
    stands: Standing = standing(plan, amount, shown)
    return Goal(
        way=float(min(max(stands.way, Fraction(0)), Fraction(1))),
        notch=float(stands.notch),
        ahead=stands.ahead,
        off=stands.off,
        on_path=not visible(metric, stands.ahead),
        baseline=plan.baseline,
        target=plan.target,
    )


def visible(metric: Metric, difference: Fraction) -> bool:
    """Whether a difference is more than nothing once written: shares are written to a tenth of a point."""
    return abs(difference) >= (5 if metric.unit is catalogue.Unit.SHARE else 1)


def _tiers(found: Values, shown: date | None, ladder: Ladder) -> tuple[TierRow, ...]:
    """The highest rung first. Members of a rung the ladder no longer has were counted on the lowest."""

    def counted(metric: Metric, code: str) -> int:
        value = found.get((metric.code, code, shown)) if shown else None
        return value.numerator if value else 0

    rows = [
        (counted(catalogue.TIER_MEMBERS, tier.code), counted(catalogue.TIER_SALES_90, tier.code))
        for tier in ladder.tiers
    ]
    people, net = (sum(row[place] for row in rows) for place in (0, 1))
    built = [
        TierRow(
            tier_name(tier),
            face(rank, len(ladder.tiers)),
            members,
            _share(members, people),
            net_minor,
            _share(net_minor, net),
        )
        for rank, (tier, (members, net_minor)) in enumerate(zip(ladder.tiers, rows, strict=True))
    ]
    return tuple(reversed(built))


def _classes(found: Values, shown: date | None) -> Classes | None:
    def rows(
        metric: Metric, order: Sequence[str], labels: Mapping[str, tuple[Any, Any]]
    ) -> tuple[ClassRow, ...]:
        sizes = {
            part: value.numerator
            for (code, part, day), value in found.items()
            if code == metric.code and day == shown
        }
        total = sum(sizes.values())
        return tuple(
            ClassRow(*labels[code], sizes.get(code, 0), _share(sizes.get(code, 0), total)) for code in order
        )

    built = Classes(
        rows(catalogue.CLASS_RFM, [str(each) for each in RfmClass], CLASSES_RFM),
        rows(catalogue.CLASS_VALUE, [str(each) for each in ValueClass], CLASSES_VALUE),
    )
    return built if any(row.members for row in built.rfm) else None


def _points(found: Values, shown: date | None, policy: PointsPolicy) -> PointsFigures | None:
    def counted(metric: Metric) -> int:
        value = found.get((metric.code, "", shown)) if shown else None
        return value.numerator if value else 0

    outstanding, expiring = counted(catalogue.POINTS_OPEN), counted(catalogue.POINTS_EXPIRING)
    if not outstanding:
        return None
    return PointsFigures(
        outstanding,
        counted(catalogue.POINTS_HOLDERS),
        expiring,
        counted(catalogue.EXPIRING_HOLDERS),
        policy.worth(outstanding),
        policy.worth(expiring),
        float(policy.give_back),
        policy.earn.points,
        policy.earn.per_minor,
        policy.spend.points,
        policy.spend.worth_minor,
    )


def _freshness(pulse: Part[_Pulse], caller: Caller, at: datetime) -> Freshness:
    assert pulse.value is not None
    now = pulse.value
    backlog = outbox.backlog(at)
    return Freshness(
        now.last_order_at if caller.stores is None else now.last_order_there,
        now.worker_seen_at,
        _worker_away(now, at),
        backlog.waiting,
        backlog.postponed,
        backlog.failed,
    )


def _worker_away(pulse: _Pulse, at: datetime) -> bool:
    seen = pulse.worker_seen_at
    return seen is None or (at - seen).total_seconds() > _WORKER_AWAY_SECONDS


def _alerts(
    caller: Caller,
    at: datetime,
    pulse: Part[_Pulse],
    found: Part[Values],
    cards: Part[tuple[Card, ...]],
    run: Run | None,
    shown: date | None,
    ladder: Ladder,
    opens: Callable[[str], bool],
) -> tuple[Alert, ...]:
    """What somebody should look at, the gravest first. Whatever concerns the installation and not these stores is told
    only to those who may deal with it."""
    now = pulse.value
    assert now is not None

    def path(address: str) -> str:
        return address if opens(address.split("?")[0]) else ""

    alerts = []
    if now.jobs_given_up and path("/jobs"):
        alerts.append(Alert("jobs", "danger", path("/jobs"), now.jobs_given_up))
    if (now.hooks_off or now.hooks_failing) and path("/settings/webhooks"):
        alerts.append(
            Alert("webhooks", "danger", path("/settings/webhooks"), now.hooks_off, now.hooks_failing)
        )
    if _worker_away(now, at) and now.last_order_at is not None:
        alerts.append(Alert("worker", "danger", path("/jobs")))
    silent = _silent_stores(caller, at, run)
    if silent:
        alerts.append(Alert("silent", "bad", path("/stores"), len(silent), names=silent[:3]))
    if run is not None and at - run.finished_at > _FIGURES_OLD:
        alerts.append(Alert("figures", "bad", path("/jobs"), day=run.as_of))
    alerts += [
        Alert(
            "behind",
            "bad",
            f"/?metric={card.metric.code}&range=plan#curve",
            metric=card.metric,
            ahead=card.goal.ahead,
        )
        for card in cards.value or ()
        if card.goal and card.goal.off
    ]
    expiring = (found.value or {}).get((catalogue.POINTS_EXPIRING.code, "", shown)) if shown else None
    if expiring and shown is not None and run is not None and shown == run.as_of:
        holders = (found.value or {})[catalogue.EXPIRING_HOLDERS.code, "", shown].numerator
        until = shown + timedelta(days=catalogue.EXPIRING_DAYS)
        alerts.append(Alert("expiring", "warn", "", expiring.numerator, holders, until))
    today = at.astimezone(settings.LAOKE.zone).date()
    due = tiering.next_review(ladder, today)
    if due is not None and (due - today).days <= _REVIEW_SOON_DAYS:
        alerts.append(Alert("review", "warn", path("/tiers"), (due - today).days, day=due))
    return tuple(alerts)


def _silent_stores(caller: Caller, at: datetime, run: Run | None) -> tuple[Named, ...]:
    if run is None:
        return ()
    zone = settings.LAOKE.zone
    yesterday = at.astimezone(zone).date() - timedelta(days=1)
    asked = {
        "as_of": run.as_of,
        "since": start_of_day(yesterday, zone),
        "regular": _REGULAR_OF_14,
        "stores": limit_of(caller),
    }
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "silent_stores"), asked).fetchall()
    return tuple(Named(name, name_en or name) for _, name, name_en in rows)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
