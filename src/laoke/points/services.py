"""Moving points by hand, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from laoke.engine import lots as rules
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.idempotency.services import Answer, Command, once
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.members.errors import MemberMerged, UnknownMember
from laoke.members.normal.person import checked_reason
from laoke.points import events, ledger, policy
from laoke.points.errors import BadAdjustment
from laoke.points.ledger import Cause

LARGEST = 10_000_000


def adjust(
    caller: Caller, member_id: int, points: int, reason: str, command: Command, *, at: datetime
) -> Answer:
    """Give a member points, or take some.

    Points given are a lot of their own, valid as long as earned ones; a debt is repaid from it. Points taken leave
    the lots in the order of use, and never more than can be spent.

    Args:
        points: above zero to give, below zero to take.
    Returns:
        {"member_id", "points", "points_available", "points_debt"} as JSON.
    Raises:
        MissingScope, BadAdjustment, ReasonMissing, UnknownMember, MemberMerged, MemberErased, IdempotencyKeyReused.
        InsufficientPoints: more to take than can be spent.
    """
    caller.require(Scope.POINTS_ADJUST)
    why = checked_reason(reason)
    if not 1 <= abs(points) <= LARGEST:
        raise BadAdjustment(LARGEST)
    return once(caller, command, lambda: _adjust(caller, member_id, points, why, at), at=at)


def _adjust(caller: Caller, member_id: int, points: int, why: str, at: datetime) -> dict[str, Any]:
    with hot_cursor() as cursor:
        try:
            account = ledger.lock(cursor, member_id, at)
        except LookupError:
            raise UnknownMember from None
        # The lock is on the member too: merged or erased it cannot be from here on.
        alive = members.resolve({"member_id": member_id})
        if alive.id != member_id:
            raise MemberMerged(member_id, alive.id)
        cause = Cause(at=at, recorded_at=at, note=why)
        if points > 0:
            in_force = policy.at_version(generations.current(generations.PROGRAMME))
            expires_at = rules.expiry(at, in_force, settings.LAOKE.zone)
            account.accrue(points, expires_at, "adjustment", "adjustment", cause)
        else:
            takes = rules.plan_redemption(account.lots.values(), -points, at)
            account.take(takes, "adjustment", cause)
        account.close()
    answer = {
        "member_id": member_id,
        "points": points,
        "points_available": account.available(at),
        "points_debt": account.debt,
    }
    audit.record(caller, "points.adjusted", "member", member_id, at=at, after={"points": points}, reason=why)
    payload = {name: answer[name] for name in ("member_id", "points", "points_available")}
    outbox.add(events.ADJUSTED, payload, at=at, member_id=member_id)
    return answer
