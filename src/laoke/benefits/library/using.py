"""Using a benefit, and undoing that: each in one transaction with everything it brings or takes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.benefits import events
from laoke.benefits.library import budgets, entitlements, stock
from laoke.benefits.library.entitlements import Facts, describe, stock_key
from laoke.benefits.library.errors import BenefitRefused, UnknownBenefitUse
from laoke.benefits.library.models import BenefitUse
from laoke.benefits.library.publication import Benefit
from laoke.benefits.strategies.base import Delivery
from laoke.benefits.strategies.kinds import STRATEGIES
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members

MOST_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Used:
    """A benefit used. `left`: units that can still be used of the quota or grant; None: any number."""

    use_id: int
    member_id: int
    benefit: str
    units: int
    left: int | None
    cost_minor: int
    outcome: dict[str, Any]


def use(
    caller: Caller,
    member_id: int,
    benefit: str,
    units: int = 1,
    *,
    store_id: int | None = None,
    store_code: str = "",
    reference: str = "",
    at: datetime,
) -> Used:
    """Use so many units of a benefit, in one transaction. A repeat uses again: see `idempotency.once`.

    Everybody locks in one order: the member, what the kind brings (points, coupons, codes), stock, the tier's budget.

    Args:
        store_id: where; `reference` is the order or receipt it goes with.
    Raises:
        MissingScope, OutsideStores, UnknownBenefit, UnknownMember, MemberErased.
        BenefitRefused: with every reason.
    """
    caller.require(Scope.BENEFITS_USE)
    if store_id is not None:
        caller.require_store(store_id, store_code)
    return once_more(lambda: _use(caller, member_id, benefit, units, store_id, reference, at))


@transaction.atomic
def _use(
    caller: Caller, member_id: int, key: str, units: int, store_id: int | None, reference: str, at: datetime
) -> Used:
    with hot_cursor() as cursor:
        facts, member_id = _locked(cursor, member_id, at)
        benefit = facts.library.get(key)
        verdict = facts.judge(benefit, at, units)
        if not verdict.usable or verdict.share is None:
            raise BenefitRefused(key, describe(verdict))
        document, tier = benefit.document, facts.holder.tier or ""
        row = BenefitUse.objects.create(
            member_id=member_id,
            benefit=key,
            grant_id=verdict.grant_id,
            units=units,
            amount=verdict.share.amount,
            tier=tier,
            cost_minor=document.cost_minor * units,
            budget_starts=budgets.year_of(at, settings.LAOKE.zone),
            store_id=store_id,
            reference=reference,
            used_at=at,
            used_by=caller.label,
        )
        outcome = STRATEGIES[document.kind].deliver(
            document.terms, _delivery(caller, cursor, row, benefit, at)
        )
        if document.stock is not None:
            if not stock.take(cursor, stock_key(key), document.stock, units):
                raise BenefitRefused(key, [{"code": "none_left", "left": 0}])
            outcome["stock"] = units
        if outcome:
            row.outcome = outcome
            row.save(update_fields=["outcome"])
        budget = facts.library.budget(facts.holder.tier)
        if not budgets.count(cursor, tier, row.budget_starts, row.cost_minor, budget, at=at):
            raise BenefitRefused(key, [{"code": "budget"}])
        outbox.add(
            events.USED_BENEFIT,
            {
                "use_id": row.pk,
                "benefit": key,
                "kind": document.kind.value,
                "member_id": member_id,
                "units": units,
                "cost_minor": row.cost_minor,
                "reference": reference,
            },
            at=at,
            member_id=member_id,
        )
        left = None if verdict.left is None else verdict.left - units
        return Used(row.pk, member_id, key, units, left, row.cost_minor, outcome)


def undo(caller: Caller, use_id: int, *, reason: str = "", at: datetime) -> bool:
    """Take back a use and what it brought: quota, stock and budget are as before. False when it was undone before.

    Raises:
        MissingScope, OutsideStores, UnknownBenefitUse.
        CannotUndo: what it brought was spent meanwhile.
    """
    caller.require(Scope.BENEFITS_USE)
    return once_more(lambda: _undo(caller, use_id, reason, at))


@transaction.atomic
def _undo(caller: Caller, use_id: int, reason: str, at: datetime) -> bool:
    found = BenefitUse.objects.filter(pk=use_id).first()
    if found is None:
        raise UnknownBenefitUse
    if found.store_id is not None:
        caller.require_store(found.store_id, "")
    with hot_cursor() as cursor:
        _lock(cursor, members.kept_id(found.member_id))
        row = BenefitUse.objects.select_for_update().get(pk=use_id)
        if row.undone_at is not None:
            return False
        # Terms as they are now; of a benefit that has ended, as they were last.
        benefit = entitlements.as_used(row.benefit)
        document = benefit.document
        STRATEGIES[document.kind].take_back(
            document.terms, _delivery(caller, cursor, row, benefit, at), row.outcome
        )
        if "stock" in row.outcome:
            stock.put_back(cursor, stock_key(row.benefit), row.outcome["stock"])
        budgets.take_off(cursor, row.tier, row.budget_starts, row.cost_minor)
        row.undone_at, row.undone_by, row.undone_why = at, caller.label, reason[:200]
        row.save(update_fields=["undone_at", "undone_by", "undone_why"])
    audit.record(
        caller,
        "benefit.undone",
        "member",
        row.member_id,
        at=at,
        after={"benefit": row.benefit, "use": use_id},
        reason=reason,
    )
    outbox.add(
        events.UNDONE_BENEFIT,
        {
            "use_id": row.pk,
            "benefit": row.benefit,
            "member_id": row.member_id,
            "units": row.units,
            "cost_minor": row.cost_minor,
            "reference": row.reference,
        },
        at=at,
        member_id=row.member_id,
    )
    return True


def _locked(cursor: psycopg.Cursor[Any], member_id: int, at: datetime) -> tuple[Facts, int]:
    """What decides, read with the member locked: whoever used before is counted. A merge may come in while waiting."""
    while True:
        kept = members.kept_id(member_id)
        _lock(cursor, kept)
        facts = entitlements.facts_of(kept, at)
        if facts.member_id == kept:
            return facts, kept


def _lock(cursor: psycopg.Cursor[Any], member_id: int) -> None:
    # Sales and points do not wait for this: they lock the account.
    cursor.execute("select from members_member where id = %s for no key update", (member_id,))


def _delivery(
    caller: Caller, cursor: psycopg.Cursor[Any], row: BenefitUse, benefit: Benefit, at: datetime
) -> Delivery:
    name = benefit.document.name.zh
    return Delivery(caller, cursor, row.pk, row.member_id, row.benefit, name, row.units, row.amount, at)
