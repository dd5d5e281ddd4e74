"""Issuing coupons: to one member by hand, and with orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from django.db import transaction

from laoke.benefits import events
from laoke.benefits.coupons import limits, making, templates
from laoke.benefits.coupons.errors import CannotIssue
from laoke.benefits.coupons.making import Made, Wanted
from laoke.benefits.coupons.templates import Templates
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members

MOST_BY_HAND = 100


class Grant(NamedTuple):
    """Coupons an offer gives with an order."""

    offer: str
    template: str
    quantity: int


class Granted(NamedTuple):
    """What became of it: the coupons, or why there are none."""

    grant: Grant
    coupons: Sequence[Made]
    reason: str | None


@transaction.atomic
def give(
    caller: Caller, member_id: int, template: str, quantity: int = 1, *, reason: str = "", at: datetime
) -> list[Made]:
    """Issue coupons to one member by hand. A repeat issues again: see `idempotency.once`.

    Raises:
        MissingScope, UnknownTemplate, UnknownMember, MemberMerged, MemberErased.
        CannotIssue: closed, over, a shared code, a limit, or the member takes no part.
    """
    caller.require(Scope.COUPONS_ISSUE)
    version = generations.current(generations.PROGRAMME)
    document = templates.at_version(version).get(template)
    if document.shared:
        raise CannotIssue("shared")
    if not 1 <= quantity <= MOST_BY_HAND:
        raise CannotIssue("for_nobody")
    making.issuable(document, at)
    members.profile(member_id)
    with hot_cursor() as cursor:
        limits.begin(cursor)
        if not _active(cursor, member_id):
            raise CannotIssue("member_not_active")
        admitted = limits.admit(cursor, template, [member_id], quantity)
        if admitted.refused:
            raise CannotIssue(admitted.refused[member_id])
        wanted = [Wanted(member_id, nth=nth) for nth in range(1, quantity + 1)]
        made = making.make(cursor, template, document, version, wanted, by=caller.label, at=at)
    audit.record(
        caller,
        "coupon.issued",
        "member",
        member_id,
        at=at,
        after={"template": template, "coupons": [each.coupon_id for each in made]},
        reason=reason,
    )
    _tell(template, member_id, None, made, at)
    return made


def grant(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    member_id: int,
    grants: Sequence[Grant],
    in_force: Templates,
    version: int,
    at: datetime,
) -> list[Granted]:
    """Issue what offers give with an order, in its transaction, the member's account locked.

    What a limit or an end of the template stands against is left out with its reason: the order goes through.

    Args:
        in_force: the templates of the version the order was priced under.
        at: when the order was recorded; coupons that count from their issue count from here.
    """
    if not grants:
        return []
    limits.begin(cursor)
    found: dict[int, Granted] = {}
    # By template: everybody locks in this order.
    for place, each in sorted(enumerate(grants), key=lambda one: (one[1].template, one[0])):
        reason = _not_granted(each, in_force, at)
        if reason is None:
            reason = limits.admit(cursor, each.template, [member_id], each.quantity).refused.get(member_id)
        made: list[Made] = []
        if reason is None:
            document = in_force.documents[each.template]
            wanted = [
                Wanted(member_id, order_id=order_id, offer=each.offer, nth=nth)
                for nth in range(1, each.quantity + 1)
            ]
            made = making.make(cursor, each.template, document, version, wanted, by="order", at=at)
            _tell(each.template, member_id, order_id, made, at)
        found[place] = Granted(each, made, reason)
    return [found[place] for place in sorted(found)]


def _not_granted(wanted: Grant, in_force: Templates, at: datetime) -> str | None:
    document = in_force.documents.get(wanted.template)
    if document is None:
        return "template_ended"
    if document.shared:
        return "shared"
    try:
        making.issuable(document, at)
    except CannotIssue as error:
        return error.reason
    return None


def _active(cursor: psycopg.Cursor[Any], member_id: int) -> bool:
    # A merge or an erasure must not run between: they lock the member too.
    row = cursor.execute(
        "select status from members_member where id = %s for key share", (member_id,)
    ).fetchone()
    return row is not None and row[0] == "active"


def _tell(template: str, member_id: int, order_id: int | None, made: Sequence[Made], at: datetime) -> None:
    outbox.add_many(
        events.ISSUED,
        [
            (
                member_id,
                {
                    "coupon_id": each.coupon_id,
                    "template": template,
                    "member_id": member_id,
                    "order_id": order_id,
                    "valid_until": each.valid_until.isoformat(),
                },
            )
            for each in made
        ],
        at=at,
    )
