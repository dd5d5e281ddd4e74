"""What a member, or somebody for them, does with a coupon: give it to another member, have it revoked."""

from __future__ import annotations

from datetime import datetime

import psycopg
from django.db import transaction

from laoke.benefits import events
from laoke.benefits.coupons import limits, templates, use
from laoke.benefits.coupons.errors import CannotRevoke, CannotTransfer, UnknownCoupon
from laoke.benefits.models import Coupon
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members.errors import UnknownMember


@transaction.atomic
def transfer(caller: Caller, coupon_id: int, to_member: int, *, reason: str = "", at: datetime) -> int:
    """Put a coupon into another member's wallet; returns the member who had it.

    Only templates that allow it, and only while the coupon can be used and is not held. Limits on issuing stay with who
    got it first.

    Raises:
        MissingScope, UnknownCoupon, UnknownMember, CannotTransfer.
    """
    caller.require(Scope.COUPONS_ISSUE)
    with hot_cursor() as cursor:
        # The member first: a merge locks in this order too.
        status = _status(cursor, to_member)
    coupon = _locked(coupon_id)
    if (reason_against := _stays(coupon, at)) is not None:
        raise CannotTransfer(reason_against)
    if coupon.member_id == to_member:
        raise CannotTransfer("same_member")
    if status is None:
        raise UnknownMember
    if status != "active":
        raise CannotTransfer("member_not_active")
    with hot_cursor() as cursor:
        before, coupon.member_id = coupon.member_id, to_member
        assert before is not None  # or it would be in no wallet
        coupon.save(update_fields=["member_id"])
        use.write_event(
            cursor,
            coupon_id,
            "transferred",
            actor=caller.label,
            at=at,
            now=at,
            from_member=before,
            to_member=to_member,
            note=reason[:200],
        )
    audit.record(
        caller,
        "coupon.transferred",
        "coupon",
        coupon_id,
        at=at,
        before={"member_id": before},
        after={"member_id": to_member},
        reason=reason,
    )
    outbox.add(
        events.TRANSFERRED,
        {
            "coupon_id": coupon_id,
            "template": coupon.template,
            "member_id": to_member,
            "from_member_id": before,
        },
        at=at,
        member_id=to_member,
    )
    return before


def check_transfer(coupon_id: int, at: datetime) -> None:
    """Refuse what no member could be given, whoever it is.

    Raises:
        UnknownCoupon, CannotTransfer
    """
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None:
        raise UnknownCoupon
    if (reason := _stays(coupon, at)) is not None:
        raise CannotTransfer(reason)


def _stays(coupon: Coupon, at: datetime) -> str | None:
    """Why a coupon cannot leave the wallet it is in."""
    if coupon.shared:
        return "shared"
    if coupon.member_id is None:
        return "in_no_wallet"
    document = templates.current().documents.get(coupon.template)
    if document is None or not document.transferable:
        return "not_transferable"
    held = coupon.held_until is not None and coupon.held_until > at
    if coupon.state != Coupon.OPEN or held or at >= coupon.valid_until or coupon.revoke_when_back:
        return "not_open"
    return None


def revoke(caller: Caller, coupon_id: int, *, reason: str, at: datetime) -> bool:
    """Take a coupon out of use for good; False when it was revoked before. A hold on it ends too.

    Raises:
        MissingScope, UnknownCoupon.
        CannotRevoke: it was used.
    """
    caller.require(Scope.COUPONS_ISSUE)
    return once_more(lambda: _revoke(caller, coupon_id, reason, at))


@transaction.atomic
def _revoke(caller: Caller, coupon_id: int, reason: str, at: datetime) -> bool:
    with hot_cursor() as cursor:
        limits.begin(cursor)
    coupon = _locked(coupon_id)
    if coupon.state == Coupon.USED:
        raise CannotRevoke
    if coupon.state == Coupon.REVOKED:
        return False
    coupon.state = Coupon.REVOKED
    coupon.held_store_id, coupon.held_order_no, coupon.held_until = None, "", None
    coupon.save(update_fields=["state", "held_store_id", "held_order_no", "held_until"])
    with hot_cursor() as cursor:
        use.write_event(cursor, coupon_id, "revoked", actor=caller.label, at=at, now=at, note=reason[:200])
        limits.take_off(cursor, [(coupon.template, coupon.issued_to)])
    audit.record(
        caller,
        "coupon.revoked",
        "coupon",
        coupon_id,
        at=at,
        after={"template": coupon.template},
        reason=reason,
    )
    outbox.add(
        events.REVOKED,
        {
            "coupon_id": coupon_id,
            "template": coupon.template,
            "member_id": coupon.member_id,
            "order_id": None,
        },
        at=at,
        member_id=coupon.member_id,
    )
    return True


def _locked(coupon_id: int) -> Coupon:
    coupon = Coupon.objects.select_for_update().filter(pk=coupon_id).first()
    if coupon is None:
        raise UnknownCoupon
    return coupon


def _status(cursor: psycopg.Cursor[tuple[object, ...]], member_id: int) -> object:
    row = cursor.execute(
        "select status from members_member where id = %s for key share", (member_id,)
    ).fetchone()
    return None if row is None else row[0]
