"""What every page about one member begins with: one statement, and whether the account may see the member at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from django.conf import settings

from laoke.foundation.access import Caller, OutsideStores
from laoke.foundation.sql import hot_cursor, load
from laoke.members import selectors as members
from laoke.members.errors import MemberErased, MemberMerged, UnknownMember
from laoke.members.types import MemberStatus
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class State:
    """A member as the database has it, masked. Lists are rows as the statement's columns name them."""

    id: int
    status: str
    name: str
    birthday: tuple[int, int] | None
    gender: str
    language: str
    registered_at: datetime
    registered_date: date
    home_store_id: int | None
    updated_at: datetime
    version: int
    tier: str | None
    since: datetime | None
    balance: int
    debt: int
    held: int
    earned: int
    redeemed: int
    expired: int
    store: Named
    channel: Named
    identities: Sequence[Sequence[Any]]
    tags: Sequence[Sequence[Any]]
    consents: Sequence[Sequence[Any]]
    lots: Sequence[Sequence[Any]]
    coming: Sequence[Sequence[Any]]
    features: Any
    orders: int
    movements: int
    changes: int
    stores: tuple[int, ...] | None
    at: datetime

    def primary(self, kind: str) -> str:
        """The identity of a kind that is shown, masked: the newest of the member's own, before those that merged
        members brought along. Empty when there is none."""
        return next((row[3] for row in self.identities if row[1] == kind), "")


def state_of(caller: Caller, member_id: int, at: datetime) -> State:
    """The member, if the caller may see them.

    Raises:
        UnknownMember: nobody; MemberErased: the person is forgotten; MemberMerged: names the member to look at.
        OutsideStores: the caller is limited to stores where the member is not at home and never bought.
    """
    row = _row(limit_of(caller), member_id, at)
    if row["status"] == MemberStatus.ERASED:
        raise MemberErased(member_id)
    if row["status"] == MemberStatus.MERGED:
        raise MemberMerged(member_id, members.kept_id(member_id))
    if not row["visible"]:
        raise OutsideStores(row["store_code"] or "–")
    return _state(caller, member_id, row, at)


def remains_of(caller: Caller, member_id: int, at: datetime) -> State:
    """What is left of a member that was merged into one whom the caller may see.

    Raises:
        UnknownMember
    """
    return _state(caller, member_id, _row(limit_of(caller), member_id, at), at)


def _row(limits: list[int] | None, member_id: int, at: datetime) -> dict[str, Any]:
    if member_id > _LARGEST_ID:
        raise UnknownMember
    wanted = {"member_id": member_id, "at": at, "stores": limits, "zone": str(settings.LAOKE.zone)}
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "member_state"), wanted)
        found = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    if found is None:
        raise UnknownMember
    return dict(zip(names, found, strict=True))


def _state(caller: Caller, member_id: int, row: dict[str, Any], at: datetime) -> State:
    limits = limit_of(caller)
    return State(
        id=member_id,
        status=row["status"],
        name=row["name_masked"],
        birthday=divmod(row["birthday_mmdd"], 100) if row["birthday_mmdd"] else None,
        gender=row["gender"],
        language=row["language"],
        registered_at=row["registered_at"],
        registered_date=row["registered_date"],
        home_store_id=row["home_store_id"],
        updated_at=row["updated_at"],
        version=row["version"],
        tier=row["tier"],
        since=row["since"],
        balance=row["balance"] or 0,
        debt=row["debt"] or 0,
        held=row["held"],
        earned=row["earned_total"] or 0,
        redeemed=row["redeemed_total"] or 0,
        expired=row["expired_total"] or 0,
        store=_named(row["store"], row["store_en"]),
        channel=_named(row["channel"], row["channel_en"]),
        identities=orjson.loads(row["identities"]),
        tags=orjson.loads(row["tags"]),
        consents=orjson.loads(row["consents"]),
        lots=orjson.loads(row["lots"]),
        coming=orjson.loads(row["coming"]),
        features=orjson.loads(row["features"]) if row["features"] else None,
        orders=row["orders"],
        movements=row["movements"],
        changes=row["changes"],
        stores=None if limits is None else tuple(limits),
        at=at,
    )


def _named(name: str | None, name_en: str | None) -> Named:
    return Named(name or "", name_en or name or "")
