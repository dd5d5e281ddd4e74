"""Moving points by hand, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import transaction

from laoke.engine.ledger import lots as rules
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.idempotency.services import Answer, Command, once
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.members.errors import MemberMerged, UnknownMember
from laoke.members.normal.person import checked_reason
from laoke.points import events, ledger, policy, selectors
from laoke.points.adjustments import allowance
from laoke.points.adjustments.limits import LARGEST as LARGEST
from laoke.points.errors import BadAdjustment
from laoke.points.ledger import Cause
from laoke.points.models import Account

_NO_REQUEST: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Taken:
    """How many points an adjustment takes from the lots that expire together."""

    expires_at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What an adjustment would do at an instant.

    `expires_at` is when the points given end, None when points are taken; `repaid` of them settle a debt at once.
    """

    available_before: int
    available: int
    debt: int
    expires_at: datetime | None
    repaid: int
    taken: tuple[Taken, ...]


def preview(member_id: int, points: int, *, at: datetime) -> Effect:
    """What `adjust` would do now, by the same rules and without a lock.

    Raises:
        BadAdjustment, UnknownMember.
        InsufficientPoints: more to take than can be spent.
    """
    if not 1 <= abs(points) <= LARGEST:
        raise BadAdjustment(LARGEST)
    account = Account.objects.filter(pk=member_id).first()
    if account is None:
        raise UnknownMember
    in_force = policy.in_force()
    held = selectors.lots_at(account, at)
    owed = min(account.debt, rules.available(held, at))
    before = rules.available(held, at) - owed
    if points < 0:
        expiries = {lot.id: lot.expires_at for lot in held}
        sums: dict[datetime, int] = {}
        for take in rules.plan_redemption(held, -points, at, in_force.terms.order_of_use):
            sums[expiries[take.lot_id]] = sums.get(expiries[take.lot_id], 0) + take.points
        taken = tuple(Taken(*pair) for pair in sums.items())
        return Effect(before, before + points, account.debt - owed, None, 0, taken)
    repaid = min(account.debt - owed, before + points)
    return Effect(
        available_before=before,
        available=before + points - repaid,
        debt=account.debt - owed - repaid,
        expires_at=in_force.terms.validity.ends(at, settings.LAOKE.zone),
        repaid=repaid,
        taken=(),
    )


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
        AboveLimit: a second person has to let it pass.
    """
    # Refused before the key is claimed: a program may mend the request and keep its key.
    checked(caller, points, reason)
    return once(caller, command, lambda: apply(caller, member_id, points, reason, at=at), at=at)


@transaction.atomic
def apply(caller: Caller, member_id: int, points: int, reason: str, *, at: datetime) -> dict[str, Any]:
    """As `adjust`, for callers that see to it themselves that a repeat acts once. The answer is its JSON as values."""
    why = checked(caller, points, reason)
    allowance.require(caller, points, at=at)
    answer = book(caller, member_id, points, why, at=at)
    allowance.note(caller, member_id, points, why, at=at)
    return answer


def book(
    caller: Caller,
    member_id: int,
    points: int,
    why: str,
    *,
    at: datetime,
    request: Mapping[str, Any] = _NO_REQUEST,
) -> dict[str, Any]:
    """Book an adjustment that was checked and may be made, within the running transaction.

    Args:
        request: what the audit trail says beside the points when somebody else had asked for them.
    """
    answer = move(member_id, points, why, at=at)
    audit.record(
        caller, "points.adjusted", "member", member_id, at=at, after={"points": points, **request}, reason=why
    )
    return answer


def move(member_id: int, points: int, why: str, *, at: datetime) -> dict[str, Any]:
    """As `book`, for callers that write the audit trail themselves."""
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
            expires_at = account.terms.validity.ends(at, settings.LAOKE.zone)
            account.accrue(points, expires_at, "adjustment", "adjustment", cause)
        else:
            account.take(account.plan(-points, at), "adjustment", cause)
        account.close()
    answer = {
        "member_id": member_id,
        "points": points,
        "points_available": account.available(at),
        "points_debt": account.debt,
    }
    payload = {name: answer[name] for name in ("member_id", "points", "points_available")}
    outbox.add(events.ADJUSTED, payload, at=at, member_id=member_id)
    return answer


def checked(caller: Caller, points: int, reason: str) -> str:
    """The reason of an adjustment that can be one.

    Raises:
        MissingScope, ReasonMissing, BadAdjustment
    """
    caller.require(Scope.POINTS_ADJUST)
    why = checked_reason(reason)
    if not 1 <= abs(points) <= LARGEST:
        raise BadAdjustment(LARGEST)
    return why
