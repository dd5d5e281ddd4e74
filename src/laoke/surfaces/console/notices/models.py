"""What waits under the bell."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """Something an account should hear of: a file is ready, an import ended, a job was given up.

    `kind` picks the sentence (selectors), `data` fills it: plain values, no personal data. `path` leads to it.
    """

    staff_id = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    path = models.CharField(max_length=200, default="")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["staff_id", "-at", "-id"], name="notice_newest"),
            models.Index(fields=["staff_id"], name="notice_unread", condition=models.Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.staff_id}"
