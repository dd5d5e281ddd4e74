"""What offers may know of member, store and moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.conf import settings

from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberFacts
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.board import Facts, Uses
from laoke.foundation import sql
from laoke.promotions.moments import in_birthday_week
from laoke.purchases.types import StoreFacts

FACTS = sql.statement("laoke.checkout", "offer_facts")
USUAL = sql.statement("laoke.checkout", "usual_articles")

# Attributes that are read of a member only when an offer asks for one of them.
_MEMBER = frozenset(
    {
        "member.class",
        "member.tag",
        "member.orders",
        "member.days_since_registration",
        "member.days_since_last_order",
        "member.birthday_week",
        "member.uses",
    }
)
USUAL_LIST = "usual"


def known(
    cursor: psycopg.Cursor[Any], store: StoreFacts, rules: Programme, member: MemberFacts | None, at: datetime
) -> Facts:
    """What is known now; of a member only what some offer asks for."""
    zone = settings.LAOKE.zone
    told: dict[str, Any] = {**moment_facts(at, zone), "store.code": store.code}
    if member is None:
        return Facts(told)
    told["member.tier"] = member.tier
    asks = rules.offers.asks
    uses: dict[str, Uses] = {}
    if not asks.isdisjoint(_MEMBER):
        today = at.astimezone(zone).date()
        FACTS.run(cursor, {"member_id": member.member_id, "at": at, "today": today})
        row = cursor.fetchone()
        assert row is not None
        registered, birthday, orders, last, tags, rfm, used = row
        told["member.days_since_registration"] = (today - registered).days
        told["member.orders"] = orders
        told["member.tag"] = frozenset(tags)
        if rfm is not None:
            told["member.class"] = rfm
        if last is not None:
            told["member.days_since_last_order"] = (today - last).days
        if birthday is not None:
            told["member.birthday_week"] = in_birthday_week(birthday, today)
        uses = {
            key: Uses(by_member=total, by_member_today=days)
            for key, (total, days) in orjson.loads(used or b"{}").items()
        }
    lists: Mapping[str, frozenset[str]] = {}
    if "product.personal_list" in asks:
        USUAL.run(cursor, {"member_id": member.member_id, "at": at})
        lists = {USUAL_LIST: frozenset(row[0] for row in cursor.fetchall())}
    return Facts(told, is_member=True, lists=lists, uses=uses)
