"""Grants, uses and what was seen of benefits follow a merge, and come back with its undo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat

from laoke.benefits.library.models import BenefitGrant, BenefitSeen, BenefitUse
from laoke.benefits.mall.models import MallOrder


def merge(kept_id: int, gone_id: int) -> dict[str, object]:
    """They go to the kept member, who may then have more than one occasion grants. Returns what `unmerge` needs."""
    mark = f"~{gone_id}"
    had = BenefitGrant.objects.filter(member_id=kept_id)
    grants = BenefitGrant.objects.filter(member_id=gone_id)
    numbers = sorted(grants.values_list("id", flat=True))
    # Of an occasion each member was granted once; both keep theirs.
    twice = [row.pk for row in grants if had.filter(benefit=row.benefit, reference=row.reference).exists()]
    BenefitGrant.objects.filter(pk__in=twice).update(reference=Concat(F("reference"), Value(mark)))
    grants.update(member_id=kept_id)
    uses = BenefitUse.objects.filter(member_id=gone_id)
    used = sorted(uses.values_list("id", flat=True))
    uses.update(member_id=kept_id)
    known = BenefitSeen.objects.filter(member_id=kept_id).values_list("benefit", flat=True)
    seen = BenefitSeen.objects.filter(member_id=gone_id).exclude(benefit__in=list(known))
    moved = sorted(seen.values_list("benefit", flat=True))
    seen.update(member_id=kept_id)
    orders = MallOrder.objects.filter(member_id=gone_id)
    ordered = sorted(orders.values_list("id", flat=True))
    orders.update(member_id=kept_id)
    return {"grants": numbers, "marked": sorted(twice), "uses": used, "seen": moved, "mall": ordered}


def unmerge(kept_id: int, gone_id: int, moved: Mapping[str, Any]) -> None:
    """What came from the gone member goes back to it, uses of its grants included."""
    mark = f"~{gone_id}"
    grants = list(moved.get("grants", ()))
    BenefitGrant.objects.filter(pk__in=grants).update(member_id=gone_id)
    for row in BenefitGrant.objects.filter(pk__in=list(moved.get("marked", ()))):
        row.reference = row.reference.removesuffix(mark)
        row.save(update_fields=["reference"])
    BenefitUse.objects.filter(pk__in=list(moved.get("uses", ()))).update(member_id=gone_id)
    BenefitUse.objects.filter(grant_id__in=grants).update(member_id=gone_id)
    MallOrder.objects.filter(pk__in=list(moved.get("mall", ()))).update(member_id=gone_id)
    BenefitSeen.objects.filter(member_id=kept_id, benefit__in=list(moved.get("seen", ()))).update(
        member_id=gone_id
    )


def export(member_id: int) -> dict[str, object]:
    """Every grant and use; codes of partners are read with their use."""
    return {
        "benefit_grants": [
            {
                "grant_id": row.pk,
                "benefit": row.benefit,
                "cause": row.cause,
                "valid_from": row.valid_from.isoformat(),
                "valid_until": row.valid_until.isoformat(),
                "revoked": row.revoked_at is not None,
            }
            for row in BenefitGrant.objects.filter(member_id=member_id).order_by("id")
        ],
        "benefits_used": [
            {
                "use_id": row.pk,
                "benefit": row.benefit,
                "units": row.units,
                "reference": row.reference,
                "at": row.used_at.isoformat(),
                "undone": row.undone_at is not None,
            }
            for row in BenefitUse.objects.filter(member_id=member_id).order_by("id")
        ],
        "mall_orders": [
            {
                "order_id": row.pk,
                "item": row.item,
                "quantity": row.quantity,
                "points": row.points,
                "state": row.state,
                "at": row.asked_at.isoformat(),
            }
            for row in MallOrder.objects.filter(member_id=member_id).order_by("id")
        ],
    }


def erase(member_id: int, at: datetime) -> None:
    """Nobody can use what was granted. Uses hold only the member's number: they stay."""
    BenefitGrant.objects.filter(member_id=member_id, revoked_at=None).update(
        revoked_at=at, revoked_by="erasure"
    )
    BenefitSeen.objects.filter(member_id=member_id).delete()
