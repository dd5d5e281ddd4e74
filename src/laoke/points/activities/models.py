"""Events that earn points, and the rules they earn by."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ActivityRulesVersion(models.Model):
    """What events pay, as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"rules of activities {self.pk}"


class Activity(models.Model):
    """One event of a member, and what it paid.

    `points` and `bonus` are what its lot began with; of a referral, `friend_points` are the friend's. `points_back` is
    what undoing it took back: with a day in a row more than it earned, or less. `day` is the day
    it counts in. `limit` is the limit that kept it from paying.
    """

    class State(models.TextChoices):
        EARNED = "earned"
        CAPPED = "capped"
        WAITING = "waiting"
        UNDONE = "undone"

    member_id = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100, default="", db_default="")
    friend_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices)
    limit = models.CharField(max_length=8, default="", db_default="")
    at = models.DateTimeField()
    day = models.DateField()
    points = models.IntegerField(default=0, db_default=0)
    bonus = models.IntegerField(default=0, db_default=0)
    friend_points = models.IntegerField(default=0, db_default=0)
    points_back = models.IntegerField(default=0, db_default=0)
    lot_id = models.BigIntegerField(null=True)
    friend_lot_id = models.BigIntegerField(null=True)
    told_by = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, default="", db_default="")
    undone_why = models.CharField(max_length=300, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=0) & Q(bonus__gte=0) & Q(friend_points__gte=0),
                name="activity_gives",
            ),
            models.CheckConstraint(
                condition=Q(friend_id=None) | ~Q(friend_id=F("member_id")) | Q(state="undone"),
                name="activity_refers_another",
            ),
            models.UniqueConstraint(
                fields=["friend_id"],
                name="activity_referred_once",
                condition=Q(friend_id__isnull=False) & ~Q(state="undone"),
            ),
        ]
        indexes = [
            models.Index(fields=["member_id", "kind", "day"], name="activity_of_kind"),
            models.Index(fields=["member_id", "id"], name="activity_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of member {self.member_id}"
