"""Wallets and benefits follow a merge, and what is left of what was moved comes back with its undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from laoke.benefits.coupons import limits, use
from laoke.benefits.library import following as library
from laoke.benefits.models import Coupon, CouponUse
from laoke.foundation.sql import hot_cursor


class BenefitsFollow:
    """See laoke.members.followers."""

    name = "benefits"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Nobody begins with coupons."""

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """Coupons, uses and what limits have counted go to the kept member; together they may be more than a limit
        lets one member have."""
        with hot_cursor() as cursor:
            _lock(
                cursor,
                "member_id = %(gone)s or issued_to in (%(kept)s, %(gone)s)",
                {"kept": kept_id, "gone": gone_id},
            )
            coupons = cursor.execute(
                "update benefits_coupon set member_id = %s where member_id = %s returning id, state",
                (kept_id, gone_id),
            ).fetchall()
            firsts = cursor.execute(
                "update benefits_coupon set issued_to = %s where issued_to = %s returning id, template, state",
                (kept_id, gone_id),
            ).fetchall()
            uses = cursor.execute(
                "update benefits_couponuse set member_id = %s where member_id = %s returning id",
                (kept_id, gone_id),
            ).fetchall()
            limits.forget(cursor, (kept_id, gone_id))
        return {
            "coupons": [row[0] for row in coupons],
            "used": [row[0] for row in coupons if row[1] == Coupon.USED],
            "first": [row[0] for row in firsts],
            "uses": [row[0] for row in uses],
            "benefits": library.merge(kept_id, gone_id),
        }

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """What came from the gone member goes back to it, but for what was used or given away since."""
        numbers = [*moved.get("coupons", ()), *moved.get("first", ())]
        with hot_cursor() as cursor:
            _lock(
                cursor,
                "id = any(%(numbers)s) or issued_to in (%(kept)s, %(gone)s)",
                {"numbers": numbers, "kept": kept_id, "gone": gone_id},
            )
            cursor.execute(
                "update benefits_coupon set member_id = %s "
                "where id = any(%s) and member_id = %s and (state <> 'used' or id = any(%s))",
                (gone_id, list(moved.get("coupons", ())), kept_id, list(moved.get("used", ()))),
            )
            cursor.execute(
                "update benefits_coupon set issued_to = %s where id = any(%s)",
                (gone_id, list(moved.get("first", ()))),
            )
            cursor.execute(
                "update benefits_couponuse set member_id = %s where id = any(%s)",
                (gone_id, list(moved.get("uses", ()))),
            )
            limits.forget(cursor, (kept_id, gone_id))
        library.unmerge(kept_id, gone_id, moved.get("benefits", {}))

    def export(self, member_id: int) -> Mapping[str, object]:
        """Every coupon in the wallet and every use, without codes: a code in a file would be a coupon in a file."""
        return {
            "coupons": [
                {
                    "coupon_id": coupon.pk,
                    "template": coupon.template,
                    "state": coupon.state,
                    "issued_at": coupon.issued_at.isoformat(),
                    "valid_from": coupon.valid_from.isoformat(),
                    "valid_until": coupon.valid_until.isoformat(),
                }
                for coupon in Coupon.objects.filter(member_id=member_id).order_by("id")
            ],
            "coupons_used": [
                {
                    "coupon_id": each.coupon_id,
                    "order_id": each.order_id,
                    "amount_minor": each.amount_minor,
                    "at": each.used_at.isoformat(),
                }
                for each in CouponUse.objects.filter(member_id=member_id).order_by("id")
            ],
            **library.export(member_id),
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """Nobody can use what is left in the wallet: it is revoked, and so is what was used when it comes back.

        Uses hold only the member's number: they stay.
        """
        with hot_cursor() as cursor:
            _lock(cursor, "member_id = %(member)s and state <> 'revoked'", {"member": member_id})
            rows = cursor.execute(
                "update benefits_coupon set state = 'revoked', held_store_id = null, held_order_no = '', "
                "held_until = null where member_id = %s and state = 'open' returning id, template, issued_to",
                (member_id,),
            ).fetchall()
            cursor.execute(
                "update benefits_coupon set revoke_when_back = true where member_id = %s and state = 'used'",
                (member_id,),
            )
            for coupon_id, _, _ in rows:
                use.write_event(cursor, coupon_id, "revoked", actor="erasure", at=at, now=at)
            limits.take_off(cursor, [(template, first) for _, template, first in rows])
        library.erase(member_id, at)


def _lock(cursor: psycopg.Cursor[Any], which: str, values: Mapping[str, Any]) -> None:
    """Lock coupons in the order in which everybody does; see `limits`."""
    limits.begin(cursor)
    cursor.execute(
        f"select from benefits_coupon where {which} order by id for update",
        values,
    )
