"""Codes of partners: imported as a whole or not at all, handed out once each, read by who may, settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min, Q, Sum

from laoke.benefits.library.errors import BadPartnerCodes, BenefitRefused
from laoke.benefits.library.models import PartnerCode, PartnerSettlement
from laoke.benefits.strategies.base import Delivery
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor
from laoke.foundation.vault import vault

PURPOSE = "partner.code"
LONGEST = 200
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Pool:
    """The codes of a benefit: open ones, those whose time is over, taken, void; when the first open one ends."""

    benefit: str
    open: int
    expired: int
    taken: int
    void: int
    ends: datetime | None
    to_settle: int
    to_settle_minor: int


def load(
    caller: Caller, benefit: str, batch: str, codes: Sequence[str], expires_at: datetime, *, at: datetime
) -> int:
    """Import codes, all or none; returns how many. They are kept sealed.

    Raises:
        MissingScope.
        BadPartnerCodes: empty, twice, known or expired ones, with their lines from 1.
    """
    caller.require(Scope.BENEFITS_GRANT)
    safe, seen = vault(), set[bytes]()
    faults: list[tuple[int, str]] = []
    rows = []
    for line, text in enumerate(codes[: MOST + 1], start=1):
        code = text.strip()
        if not 1 <= len(code) <= LONGEST or line > MOST:
            faults.append((line, "empty"))
            continue
        index = safe.blind(code, PURPOSE)
        if index in seen:
            faults.append((line, "twice"))
        seen.add(index)
        rows.append((line, index, code))
    if expires_at <= at:
        faults.append((1, "expired"))
    if faults or not rows:
        raise BadPartnerCodes(faults or [(1, "empty")])
    with transaction.atomic(), hot_cursor() as cursor:
        known = {
            bytes(row[0])
            for row in cursor.execute(
                "select code_index from benefits_partnercode where benefit = %s and code_index = any(%s)",
                (benefit, [index for _, index, _ in rows]),
            ).fetchall()
        }
        if known:
            raise BadPartnerCodes([(line, "known") for line, index, _ in rows if index in known])
        PartnerCode.objects.bulk_create(
            (
                PartnerCode(
                    benefit=benefit,
                    batch=batch,
                    code_index=index,
                    code_sealed=safe.seal(code, PURPOSE),
                    expires_at=expires_at,
                )
                for _, index, code in rows
            ),
            batch_size=1000,
        )
        audit.record(
            caller,
            "partner_codes.imported",
            "benefit",
            benefit,
            at=at,
            after={"codes": len(rows), "batch": batch, "expires_at": expires_at.isoformat()},
        )
    return len(rows)


def take(use: Delivery, settle_minor: int) -> list[int]:
    """Take codes for a use, those whose time is over first; nobody waits for another's.

    Raises:
        BenefitRefused: there are not as many.
    """
    wanted = use.units * use.amount
    taken = use.cursor.execute(
        "update benefits_partnercode set state = 'taken', use_id = %s, taken_at = %s, settle_minor = %s "
        "where id in (select id from benefits_partnercode where benefit = %s and state = 'open' and expires_at > %s "
        "order by expires_at, id limit %s for update skip locked) returning id",
        (use.use_id, use.at, settle_minor, use.benefit, use.at, wanted),
    ).fetchall()
    if len(taken) < wanted:
        raise BenefitRefused(use.benefit, [{"code": "none_left", "left": len(taken)}])
    return sorted(row[0] for row in taken)


def void(use: Delivery) -> bool:
    """Put the codes of a use out of play; False when one of them was settled."""
    rows = PartnerCode.objects.select_for_update().filter(use_id=use.use_id)
    if any(row.settlement_id is not None for row in rows.order_by("id")):
        return False
    rows.update(state=PartnerCode.VOID)
    return True


def codes_of(use_id: int) -> list[tuple[str, datetime]]:
    """The codes a use brought, in full, with the end of their time. For the member they belong to."""
    safe = vault()
    rows = PartnerCode.objects.filter(use_id=use_id, state=PartnerCode.TAKEN).order_by("id")
    return [(safe.unseal(row.code_sealed, PURPOSE), row.expires_at) for row in rows]


def pool(benefit: str, at: datetime) -> Pool:
    """How a pool stands at an instant."""
    open_now = Q(state=PartnerCode.OPEN, expires_at__gt=at)
    unsettled = Q(state=PartnerCode.TAKEN, settlement_id=None)
    found = PartnerCode.objects.filter(benefit=benefit).aggregate(
        open=Count("id", filter=open_now),
        expired=Count("id", filter=Q(state=PartnerCode.OPEN, expires_at__lte=at)),
        taken=Count("id", filter=Q(state=PartnerCode.TAKEN)),
        void=Count("id", filter=Q(state=PartnerCode.VOID)),
        ends=Min("expires_at", filter=open_now),
        to_settle=Count("id", filter=unsettled),
        to_settle_minor=Sum("settle_minor", filter=unsettled, default=0),
    )
    return Pool(benefit, **found)


def settle(caller: Caller, benefit: str, until: datetime, *, at: datetime) -> PartnerSettlement | None:
    """Settle the codes that members got until before an instant and that were not settled; None when there are none.

    Each code stands in one settlement at most, at any concurrency.

    Raises:
        MissingScope
    """
    caller.require(Scope.BENEFITS_GRANT)
    with transaction.atomic():
        rows = list(
            PartnerCode.objects.select_for_update()
            .filter(benefit=benefit, state=PartnerCode.TAKEN, settlement_id=None, taken_at__lt=min(until, at))
            .order_by("id")
            .values_list("id", "settle_minor")
        )
        if not rows:
            return None
        made = PartnerSettlement.objects.create(
            benefit=benefit,
            until=until,
            codes=len(rows),
            amount_minor=sum(minor for _, minor in rows),
            at=at,
            by=caller.label,
        )
        PartnerCode.objects.filter(pk__in=[number for number, _ in rows]).update(settlement_id=made.pk)
        audit.record(
            caller,
            "partner_codes.settled",
            "benefit",
            benefit,
            at=at,
            after={"codes": made.codes, "amount_minor": made.amount_minor, "until": until.isoformat()},
        )
        return made
