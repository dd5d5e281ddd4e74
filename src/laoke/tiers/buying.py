"""Tiers bought with points: for as long as the price says, then the member has what was earned meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from laoke.engine.tiering import How
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.members.normal.person import checked_reason
from laoke.points import redeeming
from laoke.tiers import assigning
from laoke.tiers.errors import TierNotAssigned, UnknownTierSale
from laoke.tiers.models import TierSale


@dataclass(frozen=True, slots=True)
class Sale:
    """A tier sold for points. `first` is false for a repeat, which changes nothing."""

    sale_id: int
    member_id: int
    tier: str
    points: int
    until: date
    undone: bool
    first: bool


def buy(caller: Caller, member_id: int, tier: str, reference: str, *, at: datetime) -> Sale:
    """Sell a member a higher tier for the points that the ladder asks for. A repeat is recognised by `reference`.

    Raises:
        MissingScope, UnknownMember, MemberErased, InsufficientPoints, PointsOwed.
        TierNotAssigned: the tier is not for sale, not higher, or the member is blocked or has one assigned.
    """
    caller.require(Scope.TIERS_ASSIGN)
    with transaction.atomic(), hot_cursor() as cursor:
        number, ladder, state = assigning.settled(cursor, member_id, at)
        if before := TierSale.objects.filter(reference=reference).first():
            if members.resolve({"member_id": before.member_id}).id != number or before.tier != tier:
                raise TierNotAssigned("reference_taken")
            return _sale(before, number, first=False)
        price = next((rung.price for rung in ladder.tiers if rung.code == tier), None)
        if price is None:
            raise TierNotAssigned("not_for_sale")
        if state.standing.assigned:
            raise TierNotAssigned("assigned_otherwise")
        if ladder.rank(tier) <= ladder.rank(state.standing.tier):
            raise TierNotAssigned("not_higher")
        until = price.until(at.astimezone(settings.LAOKE.zone).date())
        row = TierSale.objects.create(
            member_id=number,
            tier=tier,
            reference=reference,
            points=price.points,
            until=until,
            sold_at=at,
            sold_by=caller.label,
        )
        spent = str(row.pk)
        redeeming.spend(
            caller, number, price.points, sink=redeeming.Sink.TIER, reference=spent, note=tier, at=at
        )
        assigning.give(caller, number, tier, how=How.BOUGHT, until=until, at=at)
        return _sale(row, number, first=True)


def undo(caller: Caller, sale_id: int, reason: str, *, at: datetime) -> Sale:
    """Take back a tier that was sold, and give back its points. A repeat changes nothing.

    Raises:
        MissingScope, ReasonMissing, UnknownTierSale, MemberErased.
        TierNotAssigned: its time is over, or the member is blocked.
    """
    caller.require(Scope.TIERS_ASSIGN)
    why = checked_reason(reason)
    found = TierSale.objects.filter(pk=sale_id).first()
    if found is None:
        raise UnknownTierSale
    with transaction.atomic(), hot_cursor() as cursor:
        number, _ladder, state = assigning.settled(cursor, found.member_id, at)
        # Under the lock: a twin may have undone it while this one waited.
        row = TierSale.objects.get(pk=sale_id)
        if row.undone_at is not None:
            return _sale(row, number, first=False)
        held = state.standing.assigned
        if held is None or (held.tier, held.how, held.until) != (row.tier, How.BOUGHT, row.until):
            raise TierNotAssigned("not_in_force")
        row.undone_at, row.undone_by = at, caller.label
        row.save(update_fields=["undone_at", "undone_by"])
        assigning.take_away(caller, number, (How.BOUGHT,), reason=why, at=at)
        redeeming.undo(caller, redeeming.Sink.TIER, str(row.pk), note=row.tier, at=at)
        return _sale(row, number, first=True)


def _sale(row: TierSale, member_id: int, *, first: bool) -> Sale:
    return Sale(row.pk, member_id, row.tier, row.points, row.until, row.undone_at is not None, first)
