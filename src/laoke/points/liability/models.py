"""Closes of a month, their rows by month of issue, their journal entries, and requests to close or reopen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value


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
    liability_low_minor = models.BigIntegerField(null=True, help_text="were lapsing at its upper end")
    liability_high_minor = models.BigIntegerField(null=True, help_text="were lapsing at its lower end")
    paid_minor = models.BigIntegerField(null=True, help_text="paid for purchases of the month that earned")
    postings = models.BigIntegerField(null=True, help_text="how many were held against lots and accounts")
    movement = models.JSONField(help_text="points by what moved them, from opening to closing")
    late = models.JSONField(help_text="the same of what came late into months closed before")
    expiries = models.JSONField(help_text="twelve months to come: month, points, lapsing")
    curve = models.JSONField(null=True, help_text="share redeemed at each age in parts; null where unknown")
    held = models.JSONField(null=True, help_text="open: month of issue, of expiry or null, points; numbered")
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
    ends_first = models.DateField(null=True, help_text="the month in which the first open points end")
    ends_last = models.DateField(null=True, help_text="the last; null: some have no end, or none are open")
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


class MonthRequest(models.Model):
    """A month to be closed or reopened: asked for by one person, let pass by another, done by a worker.

    `asked_*` is who asked, `decided_*` who let it pass, refused it or took it back.
    """

    class Act(models.TextChoices):
        CLOSE = "close"
        REOPEN = "reopen"

    class State(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"  # a worker does it
        DONE = "done"
        FAILED = "failed"  # nothing was changed
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    month = models.DateField(help_text="its first day")
    act = models.CharField(max_length=6, choices=Act.choices)
    reason = models.CharField(max_length=300, default="", db_default="")
    state = models.CharField(max_length=9, choices=State.choices)
    asked_at = models.DateTimeField()
    asked_kind = models.CharField(max_length=8)
    asked_id = models.BigIntegerField()
    asked_by = models.CharField(max_length=120)
    decided_at = models.DateTimeField(null=True)
    decided_kind = models.CharField(max_length=8, default="", db_default="")
    decided_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=120, default="", db_default="")
    note = models.CharField(max_length=300, default="", db_default="")
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=64, default="", db_default="", help_text="code of what refused it")
    found = models.JSONField(default=dict, help_text="numbers of the problem")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Value(1),
                condition=Q(state__in=["waiting", "approved"]),
                name="liability_one_request",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "withdrawn", "refused"])
                | ~Q(asked_kind=F("decided_kind"), asked_id=F("decided_id")),
                name="liability_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.month:%Y-%m}"
