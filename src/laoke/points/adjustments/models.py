"""What somebody gave or took by hand, who let it pass, and files of many."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Adjustment(models.Model):
    """One adjustment by hand: booked at once within the limit of who made it, or asked for and decided by another.

    `asked_*` is who named the points and why, `decided_*` who let them pass or did not. Of one booked at once both
    are the same person; `open_until` is null. A request that nobody decided until then is over by the clock.
    """

    class State(models.TextChoices):
        BOOKED = "booked"
        WAITING = "waiting"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"
        LAPSED = "lapsed"

    member_id = models.BigIntegerField()
    points = models.IntegerField(help_text="above zero: given; below: taken")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=State.choices)
    asked_at = models.DateTimeField()
    asked_kind = models.CharField(max_length=8)
    asked_id = models.BigIntegerField()
    asked_by = models.CharField(max_length=120)
    open_until = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_kind = models.CharField(max_length=8, default="", db_default="")
    decided_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=120, default="", db_default="")
    note = models.CharField(max_length=300, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="adjustment_moves_points"),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at=None) | ~Q(state="waiting") & ~Q(decided_at=None),
                name="adjustment_decided_or_waits",
            ),
            # Whoever asks for what is above the limit never lets it pass.
            models.CheckConstraint(
                condition=~Q(state="booked")
                | Q(open_until=None)
                | ~Q(decided_kind=F("asked_kind"), decided_id=F("asked_id")),
                name="adjustment_four_eyes",
            ),
        ]
        indexes = [
            models.Index(fields=["open_until"], name="adjustment_waiting", condition=Q(state="waiting")),
            models.Index(fields=["asked_kind", "asked_id", "asked_at"], name="adjustment_of_person"),
            models.Index(fields=["member_id", "id"], name="adjustment_of_member"),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}: {self.points:+d}, {self.state}"


class AdjustmentRulesVersion(models.Model):
    """Who may adjust how much alone, as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"adjustment rules {self.pk}"


class AdjustmentFile(models.Model):
    """Adjustments that came together under a name. Under the same name the same row is booked once.

    Rows up to number `done` are decided: booked, or refused where they say why. The rest waits.
    """

    name = models.CharField(max_length=120, unique=True)
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=120)
    done = models.IntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return self.name


class AdjustmentRow(models.Model):
    """One row of such a file whose member is known. `at` is what it is booked with, `line` where it stands."""

    pk = models.CompositePrimaryKey("file", "number")
    file = models.ForeignKey(AdjustmentFile, models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()
    line = models.IntegerField()
    member_id = models.BigIntegerField()
    points = models.IntegerField()
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    refused = models.CharField(max_length=12, default="", db_default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(points=0), name="adjustment_row_moves_points")]

    def __str__(self) -> str:
        return f"row {self.line}: {self.points:+d}"
