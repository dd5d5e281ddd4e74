"""Uses of offers follow a merge: who had an offer once has had it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from laoke.foundation.sql import hot_cursor
from laoke.promotions.models import OfferUse

# Of a person, not of a customer number: words staff put on them, birthday, gender, language.
PERSONAL = ("member.tag", "member.birthday_week", "member.birthday_month", "member.gender", "member.language")


class PromotionsFollow:
    """See laoke.members.followers."""

    name = "promotions"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Nobody begins with uses."""

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """The kept member has used what both have used."""
        with hot_cursor() as cursor:
            rows = cursor.execute(
                "update promotions_offeruse set member_id = %s where member_id = %s returning id",
                (kept_id, gone_id),
            ).fetchall()
        return {"uses": [row[0] for row in rows]}

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """What came from the gone member goes back to it."""
        with hot_cursor() as cursor:
            cursor.execute(
                "update promotions_offeruse set member_id = %s where id = any(%s)",
                (gone_id, list(moved.get("uses", ()))),
            )

    def export(self, member_id: int) -> Mapping[str, object]:
        """Every offer the member had."""
        uses = OfferUse.objects.filter(member_id=member_id).order_by("id")
        return {
            "offers_used": [
                {
                    "offer": use.key,
                    "order_id": use.order_id,
                    "amount_minor": use.amount_minor,
                    "at": use.used_at.isoformat(),
                }
                for use in uses
            ]
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """Uses hold only the number of the member: they stay. What was known of the person beside orders goes."""
        with hot_cursor() as cursor:
            cursor.execute(
                "update promotions_orderfacts f set document = jsonb_set(f.document, '{member}', "
                "(f.document -> 'member') - %s::text[]) from purchases_order o "
                "where o.member_id = %s and f.order_id = o.id and f.document ? 'member'",
                (list(PERSONAL), member_id),
            )
