"""Outgoing webhooks: who wants which events, and the visible log of what was sent."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class WebhookEndpoint(models.Model):
    """An address that receives events, with the secret that signs them (encrypted at rest).

    After a rotation the previous secret signs beside the new one until `previous_until`, so the receiver can
    change over without losing an event.
    """

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    topics = ArrayField(models.CharField(max_length=60), help_text="empty: every topic")
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    disabled_reason = models.CharField(max_length=200, default="")

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint, with the result of the last attempt.

    `next_at` is also the claim: whoever posts it moves it to the end of a lease first. `attempts` counts claims.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="+")
    message_id = models.BigIntegerField(help_text="the outbox message it carries")
    topic = models.CharField(max_length=60)
    body = models.TextField()
    created_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, help_text="null: delivered or given up")
    delivered_at = models.DateTimeField(null=True)
    last_status = models.SmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message_id"], name="webhook_event_once_per_endpoint")
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"], name="webhook_due", condition=Q(next_at__isnull=False)
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(fields=["created_at"], name="webhook_created"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.endpoint_id}"


class WebhookAttempt(models.Model):
    """One post of a delivery and what came back. Of answers that were no success the beginning is kept."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    milliseconds = models.IntegerField()
    status = models.SmallIntegerField(null=True, help_text="null: no answer")
    error = models.CharField(max_length=300, default="")
    answer_headers = models.JSONField(default=list, help_text="pairs of names and values")
    answer = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["delivery", "id"], name="webhook_attempts")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.status or self.error}"
