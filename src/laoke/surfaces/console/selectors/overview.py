"""The shop at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from laoke.checkout import programme
from laoke.engine.policy import PointsPolicy
from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller
from laoke.foundation.outbox import selectors as outbox
from laoke.foundation.sql import hot_cursor, load
from laoke.insight.rfm.policy import SCORES, RfmClass, ValueClass
from laoke.surfaces.console.labels import CLASSES_RFM, CLASSES_VALUE
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
SHADES = 7
# A worker writes its heartbeat every ten seconds.
_WORKER_AWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """Members and sales. Windows are whole multiples of 24 hours before the instant of looking."""

    members: int
    members_new: int
    active_30: int
    active_90: int
    repeated_90: int
    orders: int
    orders_before: int
    net_minor: int
    net_before_minor: int
    member_net_minor: int

    @property
    def active_share(self) -> float | None:
        """Members who bought in 30 days, of all."""
        return _share(self.active_30, self.members)

    @property
    def active_90_share(self) -> float | None:
        """Members who bought in 90 days, of all."""
        return _share(self.active_90, self.members)

    @property
    def repurchase_rate(self) -> float | None:
        """Members who bought at least twice in 90 days, of those who bought."""
        return _share(self.repeated_90, self.active_90)

    @property
    def new_share(self) -> float | None:
        """Members registered within 30 days, of all."""
        return _share(self.members_new, self.members)

    @property
    def member_sales_share(self) -> float | None:
        """Sales to members, of all sales of 30 days."""
        return _share(self.member_net_minor, self.net_minor)

    @property
    def orders_change(self) -> float | None:
        """Change of orders against the 30 days before."""
        return _change(self.orders, self.orders_before)

    @property
    def net_change(self) -> float | None:
        """Change of sales against the 30 days before."""
        return _change(self.net_minor, self.net_before_minor)

    @property
    def most_orders(self) -> int:
        """The longer of the two orders bars."""
        return max(self.orders, self.orders_before)

    @property
    def most_net_minor(self) -> int:
        """The longer of the two sales bars."""
        return max(self.net_minor, self.net_before_minor)


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
class Cell:
    """One field of the grid. `mean_minor` is spend per member, `shade` its place among the cells, 0 to 6."""

    f: int
    members: int
    mean_minor: int | None
    shade: int


@dataclass(frozen=True, slots=True)
class GridRow:
    """One recency score with its days: `low` to `high`; `high` None: and longer."""

    r: int
    low: int | None
    high: int | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One frequency score with its purchases in the window: `low` to `high`; `high` None: and more."""

    f: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class with its size."""

    label: Any
    hint: Any
    members: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Classes:
    """What the night's computation found. None of it exists before its first run."""

    as_of: date
    rows: tuple[GridRow, ...]
    columns: tuple[GridColumn, ...]
    lowest_mean_minor: int
    highest_mean_minor: int
    without_purchase: int
    rfm: tuple[ClassRow, ...]
    value: tuple[ClassRow, ...]
    interactions_evaluated: bool


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old everything is. `worker_away` says that nothing was heard of a worker for a minute."""

    last_order_at: datetime | None
    computed_at: datetime | None
    worker_seen_at: datetime | None
    worker_away: bool
    waiting: int
    postponed: int
    given_up: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page."""

    at: datetime
    stores: int
    figures: Figures
    points: PointsFigures
    tiers: tuple[TierRow, ...]
    classes: Classes | None
    freshness: Freshness

    @property
    def fresh_shop(self) -> bool:
        """Whether nobody has registered and nothing was sold yet."""
        return not self.figures.members and self.freshness.last_order_at is None


def overview(caller: Caller, at: datetime) -> Overview:
    """Everything the first page shows, for the stores the caller is limited to."""
    rules = programme.current()
    limits = limit_of(caller)
    values = {"at": at, "stores": limits}
    with hot_cursor() as cursor:
        figures = Figures(*_one(cursor.execute(load(_PACKAGE, "figures"), values).fetchone()))
        held = _one(cursor.execute(load(_PACKAGE, "points"), values).fetchone())
        standing = cursor.execute(load(_PACKAGE, "tiers"), values).fetchall()
        grouped = cursor.execute(load(_PACKAGE, "classes"), values).fetchall()
        fresh = _one(cursor.execute(load(_PACKAGE, "freshness"), values).fetchone())
    last_order_at, worker_seen_at, stores, computed_at, as_of, summary = fresh
    backlog = outbox.backlog(at)
    away = worker_seen_at is None or (at - worker_seen_at).total_seconds() > _WORKER_AWAY_SECONDS
    return Overview(
        at=at,
        stores=stores if limits is None else len(limits),
        figures=figures,
        points=_points(held, rules.points),
        tiers=_tiers(standing, rules.ladder),
        classes=_classes(grouped, as_of, orjson.loads(summary)) if computed_at else None,
        freshness=Freshness(
            last_order_at,
            computed_at,
            worker_seen_at,
            away,
            backlog.waiting,
            backlog.postponed,
            backlog.failed,
            backlog.oldest_seconds,
        ),
    )


def _points(held: Sequence[Any], policy: PointsPolicy) -> PointsFigures:
    outstanding, holders, expiring, expiring_holders = held
    return PointsFigures(
        outstanding,
        holders,
        expiring,
        expiring_holders,
        policy.worth(outstanding),
        policy.worth(expiring),
        float(policy.give_back),
        policy.earn.points,
        policy.earn.per_minor,
        policy.spend.points,
        policy.spend.worth_minor,
    )


def _tiers(standing: Sequence[tuple[Any, ...]], ladder: Ladder) -> tuple[TierRow, ...]:
    """The highest rung first. Members of a rung the ladder no longer has count where they rank: the lowest."""
    found = [[0, 0] for _ in ladder.tiers]
    for code, members, net_minor in standing:
        place = found[ladder.rank(code)]
        place[0] += members
        place[1] += net_minor
    all_members, all_net = (sum(place[i] for place in found) for i in (0, 1))
    rows = [
        TierRow(
            tier_name(tier),
            face(rank, len(ladder.tiers)),
            members,
            _share(members, all_members),
            net_minor,
            _share(net_minor, all_net),
        )
        for rank, (tier, (members, net_minor)) in enumerate(zip(ladder.tiers, found, strict=True))
    ]
    return tuple(reversed(rows))


def _classes(grouped: Sequence[tuple[Any, ...]], as_of: date, summary: Mapping[str, Any]) -> Classes:
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    by_rfm: dict[str, int] = {}
    by_value: dict[str, int] = {}
    without = 0
    for r, f, class_rfm, class_value, members, monetary_minor in grouped:
        by_rfm[class_rfm] = by_rfm.get(class_rfm, 0) + members
        by_value[class_value] = by_value.get(class_value, 0) + members
        if r is None:
            without += members
            continue
        had = cells.get((r, f), (0, 0))
        cells[r, f] = (had[0] + members, had[1] + monetary_minor)
    means = {key: spent // members for key, (members, spent) in cells.items()}
    ordered = sorted(means.values())
    days = summary["breakpoints"]["recency_days_at_most"]
    times = summary["breakpoints"]["frequency_at_least"]

    def cell(r: int, f: int) -> Cell:
        mean = means.get((r, f))
        shade = 0 if mean is None else ordered.index(mean) * SHADES // len(ordered)
        return Cell(f, cells.get((r, f), (0, 0))[0], mean, shade)

    rows = []
    for r in reversed(SCORES):
        low, high = _recency_days(r, days)
        rows.append(GridRow(r, low, high, tuple(cell(r, f) for f in SCORES)))
    return Classes(
        as_of=as_of,
        rows=tuple(rows),
        columns=tuple(GridColumn(f, *_purchases(f, times)) for f in SCORES),
        lowest_mean_minor=ordered[0] if ordered else 0,
        highest_mean_minor=ordered[-1] if ordered else 0,
        without_purchase=without,
        rfm=_class_rows([str(each) for each in RfmClass], by_rfm, CLASSES_RFM),
        value=_class_rows([str(each) for each in ValueClass], by_value, CLASSES_VALUE),
        interactions_evaluated=bool(summary.get("interactions_evaluated")),
    )


def _recency_days(r: int, at_most: Sequence[int | None]) -> tuple[int | None, int | None]:
    """Days since the last purchase that score `r`: 5 begins today, 1 has no end. (None, None): nobody can have it."""
    edges = [None, *at_most]  # edges[r - 1]: at most so many days for score r, from 2 on
    high = edges[r - 1]
    if r > 1 and high is None:
        return None, None
    above = next((edge for edge in edges[r:] if edge is not None), None)
    low = 0 if above is None else above + 1
    return (low, high) if high is None or low <= high else (None, None)


def _purchases(f: int, at_least: Sequence[int | None]) -> tuple[int | None, int | None]:
    """Purchases in the window that score `f`: 5 has no end."""
    edges: list[int | None] = [0, *at_least]
    low = edges[f - 1]
    if low is None:
        return None, None
    above = next((edge for edge in edges[f:] if edge is not None), None)
    high = None if above is None else above - 1
    return (low, high) if high is None or low <= high else (None, None)


def _class_rows(
    order: Sequence[str], sizes: Mapping[str, int], labels: Mapping[str, tuple[Any, Any]]
) -> tuple[ClassRow, ...]:
    total = sum(sizes.values())
    return tuple(
        ClassRow(*labels[code], sizes.get(code, 0), _share(sizes.get(code, 0), total)) for code in order
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _change(now: int, before: int) -> float | None:
    return now / before - 1 if before else None


def _one(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    assert row is not None
    return row
