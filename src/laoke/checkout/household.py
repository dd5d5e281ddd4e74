"""Points of people who live with the member, at the till: what can be had, and what of it a basket takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from laoke.checkout.programme import Programme
from laoke.checkout.types import BasketRequest, MemberFacts
from laoke.engine.policy import Household
from laoke.engine.pricing.plain import Price
from laoke.foundation import sql
from laoke.foundation.access import Caller, Scope
from laoke.members import selectors as members
from laoke.points import pooling
from laoke.points.ledger import Cause
from laoke.points.pooling import Drawn, Pool, Shared

LIVING = sql.statement("laoke.checkout", "household")
NOTHING = Drawn((), ())


def shared(rules: Programme, facts: MemberFacts | None, at: datetime) -> Shared | None:
    """What others share with a member, read for a quote; None where the programme says nothing of it. Who owes points
    spends nobody else's."""
    if facts is None or rules.points.household is Household.OFF:
        return None
    return Shared({}, at) if facts.debt else pooling.shared(facts.member_id, at)


def lock(
    cursor: psycopg.Cursor[Any],
    hot: psycopg.Cursor[Any],
    basket: BasketRequest,
    rules: Programme,
    at: datetime,
    now: datetime,
) -> Pool | None:
    """Lock the accounts of a household, the member's own with them, where points of others may be wanted."""
    if rules.points.household is Household.OFF or not basket.points_to_redeem or basket.member is None:
        return None
    LIVING.run(cursor, basket.member._asdict())
    row = cursor.fetchone()
    if row is None:
        return None
    return pooling.lock(hot, row[0], row[1], at, rules.points.terms, now=now)


def draw(
    pool: Pool | None, facts: MemberFacts | None, price: Price, order_id: int, at: datetime, now: datetime
) -> Drawn:
    """Bring into the member's account what an order spends beyond the member's own points."""
    wanted = beyond(facts, price)
    if pool is None or not wanted:
        return NOTHING
    drawn = pool.draw(wanted, Cause(at=at, recorded_at=now, order_id=order_id))
    pool.buyer.close()
    return drawn


def beyond(facts: MemberFacts | None, price: Price) -> int:
    """Points that are spent beyond the member's own."""
    return max(0, price.points_redeemed - facts.available) if facts else 0


def answer(
    caller: Caller, points: int, people: int, used: int, givers: tuple[int, ...]
) -> dict[str, Any] | None:
    """What is told of it, and kept with an order: whose points are used is for who may see members, by number only,
    since an answer that is kept outlives an erasure."""
    if not points:
        return None
    return {
        "points_available": points,
        "people": people,
        "points_used": used,
        "used_from": len(givers),
        "members": list(givers) if Scope.MEMBERS_READ in caller.scopes else None,
    }


def quoted(caller: Caller, others: Shared, used: int) -> dict[str, Any] | None:
    """As `answer`, with masked names: a quote is not kept."""
    givers = others.givers(used)
    told = answer(caller, others.points, others.people, used, givers)
    if told is None or told["members"] is None:
        return told and told | {"names": None}
    masked = members.masked_names(givers) if givers else {}
    return told | {"names": [masked[giver] for giver in givers]}
