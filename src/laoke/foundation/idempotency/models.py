"""Answers kept so that a repeated command is answered, not acted on again."""

from __future__ import annotations

from django.db import models


class CommandRecord(models.Model):
    """The first answer to one idempotency key of one caller."""

    pk = models.CompositePrimaryKey("caller", "key")
    caller = models.CharField(max_length=40)
    key = models.CharField(max_length=128)
    fingerprint = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    answer = models.TextField(help_text="JSON, kept to the letter")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="command_created")]

    def __str__(self) -> str:
        return f"{self.caller}:{self.key}"
