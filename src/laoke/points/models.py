"""Points: accounts, lots and the postings that move them."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, Value, When

from laoke.points.liability.models import LiabilityClose as LiabilityClose


class PointsPolicyVersion(models.Model):
    """The rules of earning and spending as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"points policy {self.pk}"


class Account(models.Model):
    """A member's points. The row that is locked when they move.

    `balance` is the sum of all postings: open lots less debt. Debt arises when points already spent are taken
    back; the next earnings repay it.
    """

    member_id = models.BigIntegerField(primary_key=True)
    balance = models.IntegerField(default=0, db_default=0)
    debt = models.IntegerField(default=0, db_default=0)
    earned_total = models.BigIntegerField(default=0, db_default=0)
    redeemed_total = models.BigIntegerField(default=0, db_default=0)
    expired_total = models.BigIntegerField(default=0, db_default=0)
    # Counts every change; tells a reader that what it read beside the locked row is still true.
    version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(debt__gte=0), name="account_debt_not_negative")]

    def __str__(self) -> str:
        return f"account of member {self.member_id}"


class Lot(models.Model):
    """Points of one accrual that expire together."""

    member_id = models.BigIntegerField()
    origin = models.CharField(max_length=12, help_text="order, adjustment, merge, restore")
    order_id = models.BigIntegerField(null=True)
    # The lot it was carried over from when two members were merged.
    carried_from_id = models.BigIntegerField(null=True)
    accrued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    points = models.IntegerField(help_text="as accrued")
    remaining = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0) & Q(remaining__lte=F("points")) & Q(points__gt=0),
                name="lot_within",
            )
        ]
        indexes = [
            models.Index(
                fields=["member_id", "expires_at"],
                name="lot_open",
                include=["remaining"],
                condition=Q(remaining__gt=0),
            ),
            models.Index(fields=["expires_at"], name="lot_due", condition=Q(remaining__gt=0)),
            models.Index(fields=["order_id"], name="lot_order", condition=Q(order_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"lot {self.pk}: {self.remaining} of {self.points}"


class Posting(models.Model):
    """One immutable movement of points of one lot, or of the debt when `lot` is null.

    A double entry: as many points move the other way in the account that `contra` names.
    """

    class Contra(models.TextChoices):
        """The other side of the books."""

        PROGRAMME = "programme"  # gives points, and takes back what it gave
        REDEMPTION = "redemption"
        EXPIRY = "expiry"
        TRANSFER = "transfer"  # between members, or between a lot and the debt: sums to zero

    class Kind(models.TextChoices):
        ACCRUAL = "accrual"
        REDEMPTION = "redemption"
        EXPIRY = "expiry"
        CLAWBACK = "clawback"  # earned points taken back with a return
        RESTORATION = "restoration"  # redeemed points given back with a return
        REPAYMENT = "repayment"  # from a lot to the debt: two postings that sum to zero
        ADJUSTMENT = "adjustment"
        MERGE = "merge"

    member_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    points = models.IntegerField(help_text="signed")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+", db_index=False)
    order_id = models.BigIntegerField(null=True)
    return_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    note = models.CharField(max_length=300, default="", db_default="")
    contra = models.GeneratedField(
        expression=Case(
            When(kind__in=[Kind.REDEMPTION, Kind.RESTORATION], then=Value(Contra.REDEMPTION)),
            When(kind=Kind.EXPIRY, then=Value(Contra.EXPIRY)),
            When(kind__in=[Kind.REPAYMENT, Kind.MERGE], then=Value(Contra.TRANSFER)),
            default=Value(Contra.PROGRAMME),
        ),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(points=0), name="posting_moves_points")]
        indexes = [
            models.Index(fields=["member_id", "at", "id"], name="posting_of_member"),
            models.Index(fields=["order_id"], name="posting_order", condition=Q(order_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"
