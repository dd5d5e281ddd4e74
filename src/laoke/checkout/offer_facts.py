"""What offers and rules of earning may know of member, store and moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings

from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberFacts
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.board import Facts, Uses
from laoke.foundation import sql
from laoke.purchases.types import StoreFacts
from laoke.segments import one

USES = sql.statement("laoke.checkout", "offer_uses")
USUAL = sql.statement("laoke.checkout", "usual_articles")

USUAL_LIST = "usual"
# These come with the member, as of the instant.
WITH_THE_MEMBER = frozenset({"member.known", "member.tier"})


def known(
    cursor: psycopg.Cursor[Any], store: StoreFacts, rules: Programme, member: MemberFacts | None, at: datetime
) -> Facts:
    """What is known now; of a member only what some offer or rule asks for."""
    zone = settings.LAOKE.zone
    told: dict[str, Any] = {**moment_facts(at, zone), "store.code": store.code}
    if store.region is not None:
        told["store.region"] = store.region
    if store.city is not None:
        told["store.city"] = store.city
    if member is None:
        return Facts(told)
    told["member.tier"] = member.tier
    asks = rules.asks
    if member.known is not None:
        told |= member.known
    else:
        told |= one.known(cursor, member.member_id, asks - WITH_THE_MEMBER, at, zone)
    uses: dict[str, Uses] = {}
    if "member.uses" in asks:
        today = at.astimezone(zone).date()
        USES.run(
            cursor, {"member_id": member.member_id, "today": today, "keys": list(rules.offers.per_member)}
        )
        uses = {key: Uses(by_member=total, by_member_today=today) for key, total, today in cursor.fetchall()}
    lists: Mapping[str, frozenset[str]] = {}
    if "product.personal_list" in asks:
        USUAL.run(cursor, {"member_id": member.member_id, "at": at})
        lists = {USUAL_LIST: frozenset(row[0] for row in cursor.fetchall())}
    return Facts(told, is_member=True, lists=lists, uses=uses)
