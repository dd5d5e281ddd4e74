"""What the measures count: people, purchases and standings, with days as whole numbers since DAY_ZERO."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

DAY_ZERO = date(2000, 1, 1)
# Before and after every day that anybody asks about.
EVER, NEVER = -1_000_000, 1_000_000
COUNTED = ("active", "blocked")


def day_number(day: date) -> int:
    """Days since DAY_ZERO."""
    return (day - DAY_ZERO).days


@dataclass(frozen=True, slots=True)
class Facts:
    """The relations the measures read.

    Attributes:
        people: one row per counted member: member_id, store_id (home, may be NULL), since.
        purchases: one row per purchase of a counted member: member_id, store_id (home), day, net_minor, and the day of
            the member's purchase before (EVER when none) and after (NEVER).
        orders: one row per order with something kept: store_id (of the order), day, net_minor.
        standings: one row per counted member and stretch on a tier: member_id, store_id (home), tier, from_day,
            to_day (exclusive). The stretches of a member cover all time.
        lots: one row per open lot of a counted member that has not expired: member_id, store_id (home), expires,
            remaining.
        classes: one row per counted member with classes: store_id (home), class_rfm, class_value.
        high_value: codes of the tiers that count as high value.
        as_of: the last day that counts.
    """

    people: ir.Table
    purchases: ir.Table
    orders: ir.Table
    standings: ir.Table
    lots: ir.Table
    classes: ir.Table
    high_value: tuple[str, ...]
    as_of: int


def people_of(members: ir.Table, kept_orders: ir.Table) -> ir.Table:
    """See Facts.people. A member counts from the registration or the first purchase, whichever came first: a list of
    members that was imported after their orders must not make more buyers than members."""
    first = kept_orders.group_by(buyer_id=kept_orders.member_id).aggregate(first_day=kept_orders.day.min())
    counted = members.filter(members.status.isin(COUNTED))
    joined = counted.left_join(first, counted.member_id == first.buyer_id)
    registered = _number(joined.registered_date)
    since = ibis.least(
        ibis.coalesce(registered, joined.first_day, NEVER), ibis.coalesce(joined.first_day, NEVER)
    )
    return joined.select("member_id", store_id=joined.home_store_id, since=since.cast("int64"))


def orders_of(orders: ir.Table, as_of: date) -> ir.Table:
    """Orders of which something was kept, up to `as_of`: order_id, member_id, store_id, day, net_minor."""
    kept = orders.filter(orders.net_minor > 0, orders.biz_date <= as_of)
    return kept.select(
        "order_id", "member_id", "store_id", day=_number(kept.biz_date), net_minor=kept.net_minor
    )


def purchases_of(kept_orders: ir.Table, people: ir.Table) -> ir.Table:
    """See Facts.purchases."""
    home = people.select(buyer_id="member_id", home_id="store_id")
    bought = kept_orders.inner_join(home, kept_orders.member_id == home.buyer_id)
    bought = bought.select("member_id", "order_id", "day", "net_minor", store_id=bought.home_id)
    in_order = ibis.window(group_by="member_id", order_by=[bought.day, bought.order_id])
    return bought.select(
        "member_id",
        "store_id",
        "day",
        "net_minor",
        day_before=bought.day.lag().over(in_order).fill_null(EVER).cast("int64"),
        day_after=bought.day.lead().over(in_order).fill_null(NEVER).cast("int64"),
    )


def standings_of(moves: ir.Table, people: ir.Table, tiers: tuple[str, ...]) -> ir.Table:
    """See Facts.standings. Whoever has not moved yet stands on the lowest tier; an old ladder's tiers count as it."""
    lowest = tiers[0]
    moved = moves.select(
        mover_id="member_id", move_id="move_id", to_tier="to_tier", day=_number(moves.biz_date)
    )
    in_order = ibis.window(group_by="mover_id", order_by=[moved.day, moved.move_id])
    stretches = moved.select(
        "mover_id",
        tier=moved.to_tier.isin(tiers).ifelse(moved.to_tier, lowest),
        from_day=moved.day,
        to_day=moved.day.lead().over(in_order).fill_null(NEVER).cast("int64"),
    )
    first = moved.group_by(first_mover_id=moved.mover_id).aggregate(first_day=moved.day.min())
    before = people.left_join(first, people.member_id == first.first_mover_id)
    before = before.select(
        "member_id",
        "store_id",
        tier=ibis.literal(lowest),
        from_day=ibis.literal(EVER, "int64"),
        to_day=before.first_day.fill_null(NEVER).cast("int64"),
    )
    after = people.inner_join(stretches, people.member_id == stretches.mover_id)
    after = after.select("member_id", "store_id", "tier", "from_day", "to_day")
    both = before.union(after)
    # Of several moves on one day only the last leaves a stretch.
    return both.filter(both.from_day < both.to_day)


def lots_of(lots: ir.Table, people: ir.Table, as_of: date) -> ir.Table:
    """See Facts.lots. A lot is open on `as_of` when it expires later than that day ends."""
    home = people.select(holder_id="member_id", store_id="store_id")
    numbered = lots.select("member_id", "remaining", expires=_number(lots.expires_date))
    open_ = numbered.filter(numbered.remaining > 0, numbered.expires > day_number(as_of))
    joined = open_.inner_join(home, open_.member_id == home.holder_id)
    return joined.select("member_id", "store_id", "expires", "remaining")


def classes_of(classes: ir.Table, people: ir.Table) -> ir.Table:
    """See Facts.classes."""
    home = people.select(person_id="member_id", store_id="store_id")
    joined = classes.inner_join(home, classes.member_id == home.person_id)
    return joined.select("store_id", "class_rfm", "class_value")


def _number(day: ir.DateColumn) -> ir.IntegerColumn:
    return day.delta(ibis.date(DAY_ZERO), unit="day").cast("int64")
