"""Who did what, when, to what, and why. Rows are added, never changed (the database refuses)."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One change of configuration or one look at personal data. Holds no personal data itself."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField()
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=500, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="audit_at"),
            models.Index(fields=["object_kind", "object_id", "-at"], name="audit_object"),
            models.Index(fields=["actor", "-at"], name="audit_actor"),
            models.Index(fields=["action", "-at"], name="audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor} {self.action} {self.object_kind} {self.object_id}"
