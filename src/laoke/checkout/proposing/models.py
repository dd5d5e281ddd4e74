"""Changes of the programme that wait for a second person."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Proposal(models.Model):
    """A section of the programme to be changed: proposed by one person, let pass by another, done by a worker.

    `asked_*` is who proposed it, `decided_*` who let it pass, refused it or took it back.
    """

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting"
        APPROVED = "approved"  # a worker does it
        DONE = "done"
        FAILED = "failed"  # nothing was changed
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    section = models.CharField(max_length=20)
    preview = models.BigIntegerField(help_text="number of what it was seen to come to")
    digest = models.CharField(max_length=64, help_text="of what the preview showed when it was proposed")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=State)
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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["section"],
                condition=Q(state__in=["waiting", "approved"]),
                name="proposal_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "withdrawn", "refused"])
                | ~Q(asked_kind=F("decided_kind"), asked_id=F("decided_id")),
                name="proposal_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}: {self.section}"


class Draft(models.Model):
    """A section of the programme that people change before they propose it: one draft of each, nothing of it holds.

    `preview` is what it was seen to come to as it stands, None before. `tried_*` is who asked to see that; `tried_at`
    only while the answer is waited for.
    """

    section = models.CharField(max_length=20, primary_key=True)
    document = models.JSONField()
    revision = models.PositiveIntegerField(default=1, help_text="counts what was saved")
    edited_at = models.DateTimeField()
    edited_by = models.CharField(max_length=120)
    preview = models.BigIntegerField(null=True)
    tried_at = models.DateTimeField(null=True)
    tried_kind = models.CharField(max_length=8, default="", db_default="")
    tried_id = models.BigIntegerField(null=True)
    tried_by = models.CharField(max_length=120, default="", db_default="")
    broke_off = models.BooleanField(default=False, db_default=False, help_text="the last try came to nothing")
    misfit = models.TextField(
        default="", db_default="", help_text="what of offers and benefits did not fit it when it was tried"
    )

    def __str__(self) -> str:
        return f"draft of {self.section}"
