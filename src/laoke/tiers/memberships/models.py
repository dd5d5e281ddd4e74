"""Paid memberships: plans as published, memberships, what was paid for them and what came back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class PlansVersion(models.Model):
    """The section `memberships` as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"plans of {self.programme_version}"


class Membership(models.Model):
    """A plan that a member has paid for. Running, it is the tier that the member's standing says was paid."""

    class State(models.TextChoices):
        """Running, or how it ended."""

        RUNNING = "running"
        ENDED = "ended"
        REFUNDED = "refunded"
        UPGRADED = "upgraded"
        MERGED = "merged"
        ERASED = "erased"

    member_id = models.BigIntegerField()
    plan = models.CharField(max_length=40)
    tier = models.CharField(max_length=20)
    state = models.CharField(max_length=8, choices=State)
    trial = models.BooleanField(help_text="nothing but a trial was had so far")
    renews = models.BooleanField(help_text="the payment system of the shop renews it")
    started_on = models.DateField()
    anchor = models.SmallIntegerField(help_text="day of the month that terms of months begin on")
    until = models.DateField(help_text="last day paid")
    through = models.DateField(help_text="last day of the tier: grace included")
    paid_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0, help_text="what came over from other memberships")
    refunded_minor = models.BigIntegerField(default=0)
    moved_minor = models.BigIntegerField(default=0, help_text="what went over to another one")
    started_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    told_until = models.DateField(null=True, help_text="the end that was announced last")
    told_days = models.SmallIntegerField(default=0, help_text="how many days ahead")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member_id"], name="membership_running_once", condition=Q(state="running")
            ),
            models.CheckConstraint(
                condition=Q(paid_minor__gte=0)
                & Q(credit_minor__gte=0)
                & Q(refunded_minor__gte=0)
                & Q(moved_minor__gte=0)
                & Q(paid_minor__gte=F("refunded_minor") + F("moved_minor") - F("credit_minor")),
                name="membership_gives_back_what_it_got",
            ),
            models.CheckConstraint(
                condition=Q(through__gte=F("until"), until__gte=F("started_on")), name="membership_has_days"
            ),
        ]
        indexes = [
            models.Index(fields=["member_id", "-id"], name="membership_of_member"),
            models.Index(fields=["plan", "-id"], name="membership_of_plan"),
            models.Index(fields=["state", "-id"], name="membership_in_state"),
            models.Index(fields=["until", "id"], name="membership_ends", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"{self.plan} of member {self.member_id}: {self.state}"


class Payment(models.Model):
    """Days that were paid. Added; `undone_at` only where a merge that brought it was undone."""

    class Kind(models.TextChoices):
        """What it was for."""

        START = "start"
        TRIAL = "trial"
        RENEWAL = "renewal"
        UPGRADE = "upgrade"
        MERGE = "merge"

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind)
    first = models.DateField()
    last = models.DateField()
    minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField(default=0, help_text="worth of days of another membership")
    price_minor = models.BigIntegerField(help_text="of the plan then")
    reference = models.CharField(max_length=64, default="", help_text="of the payment; empty: none was made")
    paid_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], name="membership_paid_once", condition=~Q(reference="")
            ),
            models.CheckConstraint(
                condition=Q(last__gte=F("first"), minor__gte=0, credit_minor__gte=0),
                name="membership_payment_for_days",
            ),
        ]
        indexes = [
            models.Index(fields=["membership", "id"], name="membership_payments"),
            models.Index(fields=["paid_at"], name="membership_payment_paid"),
        ]

    def __str__(self) -> str:
        return f"{self.minor} for {self.first} to {self.last}"


class Refund(models.Model):
    """Money that came back when a membership was given up."""

    membership = models.OneToOneField(Membership, models.PROTECT, related_name="+")
    minor = models.BigIntegerField()
    full = models.BooleanField(help_text="all of some payment came back")
    benefits_minor = models.BigIntegerField(help_text="taken off for benefits used")
    unused_days = models.IntegerField()
    reference = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=300)
    refunded_at = models.DateTimeField()
    refunded_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minor__gt=0), name="membership_refund_of_something")
        ]
        indexes = [models.Index(fields=["refunded_at"], name="membership_refund_at")]

    def __str__(self) -> str:
        return f"{self.minor} back"
