"""Offers: as published, how often they were used, and what they gave to each order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OfferVersion(models.Model):
    """An offer as published, or its end. Added, never changed; the newest of a key holds."""

    key = models.CharField(max_length=64)
    programme_version = models.BigIntegerField()
    document = models.JSONField(null=True, help_text="null: ended")
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)
    stopped = models.BooleanField(
        default=False, help_text="in an emergency: what was quoted before is not honoured either"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "programme_version"], name="offer_once_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.programme_version}"


class PricingVersion(models.Model):
    """How baskets are priced, as published: policies, guards, refunds. Added, never changed; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"pricing of {self.programme_version}"


class OfferCounter(models.Model):
    """A part of an offer's limits and of what was used of them.

    Limits are split into slots, so that tills that use one offer do not wait for each other. A null allotment is no
    limit. Under its lock a slot never goes above its allotment; allotments move between slots when one runs dry.
    """

    pk = models.CompositePrimaryKey("key", "slot")
    key = models.CharField(max_length=64)
    slot = models.SmallIntegerField()
    uses = models.BigIntegerField(default=0)
    uses_allotted = models.BigIntegerField(null=True)
    spent_minor = models.BigIntegerField(default=0)
    spent_allotted = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(uses_allotted__isnull=True) | Q(uses__lte=models.F("uses_allotted")),
                name="uses_within_allotment",
            ),
            models.CheckConstraint(
                condition=Q(spent_allotted__isnull=True) | Q(spent_minor__lte=models.F("spent_allotted")),
                name="spent_within_allotment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.slot}: {self.uses}"


class OfferUse(models.Model):
    """What an offer gave to one order, and what of it came back. `lines` holds minor units by line number."""

    key = models.CharField(max_length=64)
    order_id = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    programme_version = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    lines = models.JSONField()
    gifts = models.JSONField(help_text="pieces by SKU; an empty SKU is a gift still to be chosen")
    used_at = models.DateTimeField()
    used_date = models.DateField(help_text="in the programme's time zone")
    counted = models.BooleanField(help_text="the offer has limits: counters hold this use")
    returned_minor = models.BigIntegerField(default=0)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_id", "key"], name="offer_once_per_order")]
        indexes = [
            models.Index(
                fields=["member_id", "key"], name="offer_use_of_member", condition=Q(member_id__isnull=False)
            ),
            models.Index(fields=["key", "used_at"], name="offer_use_of_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.key} for order {self.order_id}: {self.amount_minor}"


class OrderFacts(models.Model):
    """What the price of an order was asked with, where offers were in force."""

    order_id = models.BigIntegerField(primary_key=True)
    priced_at = models.DateTimeField()
    programme_version = models.BigIntegerField()
    document = models.JSONField(help_text="see laoke.promotions.facts")

    def __str__(self) -> str:
        return f"order {self.order_id} at {self.priced_at}"
