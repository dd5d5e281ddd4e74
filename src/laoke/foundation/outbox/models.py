"""Events written with the fact, handed out afterwards."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OutboxMessage(models.Model):
    """One event. Exactly one transaction wrote it; handlers see it at least once, in order of id as a rule.

    `available_at` is also the claim: a dispatcher that takes the message moves it to the end of its lease, so
    the message of a killed worker comes back by itself. `attempts` counts claims.
    """

    topic = models.CharField(max_length=60)
    payload = models.JSONField()
    member_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0, db_default=0)
    available_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, default="", db_default="")
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["available_at", "id"],
                name="outbox_waiting",
                condition=Q(done_at=None, failed_at=None),
            ),
            models.Index(fields=["done_at"], name="outbox_done", condition=Q(done_at__isnull=False)),
            models.Index(fields=["id"], name="outbox_failed", condition=Q(failed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.id}"
