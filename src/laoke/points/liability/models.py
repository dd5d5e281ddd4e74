"""Closes of a month, their rows by month of issue, and their journal entries."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class LiabilityClose(models.Model):
    """One month closed. It stays when it is reopened, marked so."""

    month = models.DateField(help_text="its first day")
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=120)
    worth_points = models.IntegerField(help_text="so many points settle worth_minor")
    worth_minor = models.BigIntegerField()
    points_open = models.BigIntegerField(help_text="in lots, at the end of the month")
    points_debt = models.BigIntegerField(help_text="owed by members, at the end of the month")
    lapsing = models.BigIntegerField(help_text="of points_open, expected to lapse")
    lapsing_low = models.BigIntegerField(null=True)
    lapsing_high = models.BigIntegerField(null=True)
    liability_minor = models.BigIntegerField()
    movement = models.JSONField(help_text="points by what moved them, from opening to closing")
    late = models.JSONField(help_text="the same of what came late into months closed before")
    expiries = models.JSONField(help_text="twelve months to come: month, points, lapsing")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.CharField(max_length=120, default="", db_default="")
    reopened_why = models.CharField(max_length=300, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month"], condition=Q(reopened_at__isnull=True), name="liability_closed_once"
            )
        ]

    def __str__(self) -> str:
        return f"close of {self.month:%Y-%m}"


class LiabilityCohort(models.Model):
    """The points of one month of issue as a close saw them: summed since issue, money as booked since issue."""

    close = models.ForeignKey(LiabilityClose, models.CASCADE, related_name="cohorts", db_index=False)
    month = models.DateField(help_text="of issue")
    purchased = models.BigIntegerField()
    granted = models.BigIntegerField()
    withdrawn = models.BigIntegerField()
    redeemed = models.BigIntegerField()
    expired = models.BigIntegerField()
    open = models.BigIntegerField()
    lapsing = models.BigIntegerField()
    deferral_minor = models.BigIntegerField()
    grants_minor = models.BigIntegerField()
    taken_back_minor = models.BigIntegerField()
    released_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["close", "month"], name="liability_cohort_once")]

    def __str__(self) -> str:
        return f"points of {self.month:%Y-%m}"


class LiabilityEntry(models.Model):
    """One journal entry: an amount from one account to another. A fact."""

    close = models.ForeignKey(LiabilityClose, models.PROTECT, related_name="entries")
    cause = models.CharField(max_length=12)
    debit = models.CharField(max_length=24)
    credit = models.CharField(max_length=24)
    amount_minor = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(debit=F("credit")), name="liability_entry_moves"
            )
        ]

    def __str__(self) -> str:
        return f"{self.debit} to {self.credit} {self.amount_minor}"
