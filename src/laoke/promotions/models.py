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
    points = models.JSONField(
        default=dict, db_default={}, help_text="by line number: more points the member earned"
    )
    gifts_back = models.JSONField(
        default=dict, db_default={}, help_text="of gifts: due back with what was returned"
    )
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
    """What the price of an order was asked with, where offers were in force.

    Added and never changed, but for what is personal in it: that goes when the member is erased.
    """

    order_id = models.BigIntegerField(primary_key=True)
    priced_at = models.DateTimeField()
    programme_version = models.BigIntegerField()
    document = models.JSONField(help_text="see laoke.promotions.facts")

    def __str__(self) -> str:
        return f"order {self.order_id} at {self.priced_at}"


class OfferDay(models.Model):
    """What an offer gave on a day that is over, as it stood in the night after; see `days`."""

    pk = models.CompositePrimaryKey("key", "day")
    key = models.CharField(max_length=64)
    day = models.DateField(help_text="in the programme's time zone")
    uses = models.IntegerField()
    undone = models.IntegerField(help_text="of these uses, by returns")
    amount_minor = models.BigIntegerField()
    returned_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.key} on {self.day}"


class OfferAllowance(models.Model):
    """The limits of an offer as they are counted now: what may go out by when, and when somebody is told.

    Written with every publication that changes them, under the locks of the offer's slots.
    """

    key = models.CharField(max_length=64, primary_key=True)
    programme_version = models.BigIntegerField(help_text="since when they stand so")
    in_total = models.BigIntegerField(null=True)
    budget_minor = models.BigIntegerField(null=True)
    first_day = models.DateField(null=True, help_text="of even pacing, in the programme's time zone")
    days = models.IntegerField(null=True, help_text="of even pacing")
    alarm_at = models.JSONField(default=list, help_text="percent of the budget, ascending")

    def __str__(self) -> str:
        return f"{self.key} since {self.programme_version}"


class OfferAlarm(models.Model):
    """A threshold that an offer has crossed: each is told of once."""

    key = models.CharField(max_length=64)
    programme_version = models.BigIntegerField(help_text="of the allowance")
    percent = models.SmallIntegerField(help_text="of the budget; 0: nothing is left")
    crossed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "programme_version", "percent"], name="offer_alarm_once")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.percent} %"


class DraftState(models.TextChoices):
    """Where a draft stands. The first three are open, the others history."""

    DRAFT = "draft"
    REVIEW = "review"
    REJECTED = "rejected"
    PUBLISHED = "published"
    DISCARDED = "discarded"


OPEN_STATES = (DraftState.DRAFT, DraftState.REVIEW, DraftState.REJECTED)


class OfferDraft(models.Model):
    """An offer that somebody is writing. `revision` grows with every change, undoing included: who saves says which
    they saw. `content` is the revision whose text holds.
    """

    key = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=DraftState.choices, default=DraftState.DRAFT)
    revision = models.IntegerField(default=1)
    content = models.IntegerField(default=1)
    base_version = models.BigIntegerField(
        null=True, help_text="the publication it began from; null: a new offer"
    )
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=120)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True, help_text="why it was rejected")
    published_version = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state__in=["draft", "review", "rejected"]),
                name="one_open_draft_per_offer",
            )
        ]
        indexes = [models.Index(fields=["key", "id"], name="drafts_of_offer")]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}, {self.revision}"


class OfferDraftRevision(models.Model):
    """A text of a draft, as somebody wrote it. `before` is the text it was written over."""

    draft = models.ForeignKey(OfferDraft, on_delete=models.CASCADE, related_name="texts")
    revision = models.IntegerField()
    before = models.IntegerField(null=True)
    document = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    who = models.CharField(max_length=40, help_text="kind and id of the account")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "revision"], name="draft_text_once")]

    def __str__(self) -> str:
        return f"{self.draft_id}, {self.revision}"
