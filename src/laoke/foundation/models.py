"""The tables of the foundation, each defined beside its services."""

from __future__ import annotations

from django.db import models

from laoke.foundation.apikeys.models import ApiKey
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.idempotency.models import CommandRecord
from laoke.foundation.jobs.models import TaskFailure, TaskProgress
from laoke.foundation.outbox.models import OutboxMessage
from laoke.foundation.staff.models import RecoveryCode, Staff, StaffSession
from laoke.foundation.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


class Generation(models.Model):
    """A counter per kind of reference data; see generations.py."""

    name = models.CharField(max_length=20, primary_key=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


__all__ = [
    "ApiKey",
    "AuditEntry",
    "CommandRecord",
    "Generation",
    "OutboxMessage",
    "RecoveryCode",
    "Staff",
    "StaffSession",
    "TaskFailure",
    "TaskProgress",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
