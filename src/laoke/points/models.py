"""Points: accounts, lots and the postings that move them."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, Value, When

from laoke.points.activities.models import Activity as Activity
from laoke.points.activities.models import ActivityRulesVersion as ActivityRulesVersion
from laoke.points.adjustments.models import Adjustment as Adjustment
from laoke.points.liability.models import LiabilityClose as LiabilityClose
from laoke.points.liability.models import MonthRequest as MonthRequest


class PointsPolicyVersion(models.Model):
    """The rules of earning and spending as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"points policy {self.pk}"


class Account(models.Model):
    """A member's points. The row that is locked when they move.

    `balance` is the sum of all postings: open lots less debt. Debt arises when points already spent are taken
    back; the next earnings repay it.
    """

    member_id = models.BigIntegerField(primary_key=True)
    balance = models.IntegerField(default=0, db_default=0)
    debt = models.IntegerField(default=0, db_default=0)
    # Of the points in lots, set aside in open holds.
    held = models.IntegerField(default=0, db_default=0)
    earned_total = models.BigIntegerField(default=0, db_default=0)
    redeemed_total = models.BigIntegerField(default=0, db_default=0)
    expired_total = models.BigIntegerField(default=0, db_default=0)
    # Counts every change; tells a reader that what it read beside the locked row is still true.
    version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(debt__gte=0), name="account_debt_not_negative")]

    def __str__(self) -> str:
        return f"account of member {self.member_id}"


class Lot(models.Model):
    """Points of one accrual that expire together."""

    member_id = models.BigIntegerField()
    origin = models.CharField(max_length=12, help_text="order, adjustment, merge, restore, transfer")
    order_id = models.BigIntegerField(null=True)
    # The lot it was carried over from when two members were merged, or one gave points to another, or others of the
    # household gave them for one purchase: such a lot (pool) is empty again at once.
    carried_from_id = models.BigIntegerField(null=True)
    accrued_at = models.DateTimeField()
    # Pending until then; null: never was.
    available_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    points = models.IntegerField(help_text="as accrued")
    remaining = models.IntegerField()
    held = models.IntegerField(default=0, db_default=0, help_text="of what remains, set aside in open holds")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0) & Q(remaining__lte=F("points")) & Q(points__gt=0),
                name="lot_within",
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0) & Q(held__lte=F("remaining")), name="lot_held_within"
            ),
        ]
        indexes = [
            models.Index(
                fields=["member_id", "expires_at"],
                name="lot_open",
                include=["remaining", "held", "available_at"],
                condition=Q(remaining__gt=0),
            ),
            models.Index(fields=["expires_at"], name="lot_due", condition=Q(remaining__gt=0)),
            models.Index(fields=["order_id"], name="lot_order", condition=Q(order_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"lot {self.pk}: {self.remaining} of {self.points}"


class Posting(models.Model):
    """One immutable movement of points of one lot, or of the debt when `lot` is null.

    A double entry: as many points move the other way in the account that `contra` names, which is the party's where
    there is one: `charity:<code>`, `partner:<code>`.
    """

    class Contra(models.TextChoices):
        """The other side of the books."""

        PROGRAMME = "programme"  # gives points, and takes back what it gave
        REDEMPTION = "redemption"
        EXPIRY = "expiry"
        TRANSFER = "transfer"  # between members, or between a lot and the debt: sums to zero

    class Kind(models.TextChoices):
        ACCRUAL = "accrual"
        REDEMPTION = "redemption"
        EXPIRY = "expiry"
        CLAWBACK = "clawback"  # earned points taken back with a return
        RESTORATION = "restoration"  # redeemed points given back with a return
        REPAYMENT = "repayment"  # from a lot to the debt: two postings that sum to zero
        ADJUSTMENT = "adjustment"
        MERGE = "merge"
        TRANSFER = "transfer"  # from one member to another, and back when it is undone

    member_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    points = models.IntegerField(help_text="signed")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+", db_index=False)
    order_id = models.BigIntegerField(null=True)
    return_id = models.BigIntegerField(null=True)
    spending_id = models.BigIntegerField(null=True)
    transfer_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    note = models.CharField(max_length=300, default="", db_default="")
    party = models.CharField(max_length=72, default="", db_default="")
    contra = models.GeneratedField(
        expression=Case(
            When(~Q(party=""), then=F("party")),
            When(kind__in=[Kind.REDEMPTION, Kind.RESTORATION], then=Value(Contra.REDEMPTION)),
            When(kind=Kind.EXPIRY, then=Value(Contra.EXPIRY)),
            When(kind__in=[Kind.REPAYMENT, Kind.MERGE, Kind.TRANSFER], then=Value(Contra.TRANSFER)),
            default=Value(Contra.PROGRAMME),
        ),
        output_field=models.CharField(max_length=72),
        db_persist=True,
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(points=0), name="posting_moves_points")]
        indexes = [
            models.Index(fields=["member_id", "at", "id"], name="posting_of_member"),
            models.Index(fields=["order_id"], name="posting_order", condition=Q(order_id__isnull=False)),
            models.Index(
                fields=["spending_id"], name="posting_spending", condition=Q(spending_id__isnull=False)
            ),
            models.Index(
                fields=["transfer_id"], name="posting_transfer", condition=Q(transfer_id__isnull=False)
            ),
            # The list of all movements: of one kind, or of all merged, the newest first.
            models.Index(fields=["kind", "at", "id"], name="posting_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"


class ExpiryNotice(models.Model):
    """A member was told, `stage` days ahead at most, that points end with a day. Kept until the day is over."""

    pk = models.CompositePrimaryKey("ends_on", "member_id", "stage")
    ends_on = models.DateField(help_text="the last day on which the points can be used")
    member_id = models.BigIntegerField()
    stage = models.SmallIntegerField()
    points = models.IntegerField()
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.points} points of member {self.member_id} end on {self.ends_on}"


class Spending(models.Model):
    """Points spent outside an order, for one thing that `sink` and `reference` name."""

    class Sink(models.TextChoices):
        """What points go for."""

        MALL = "mall"
        TIER = "tier"
        LOTTERY = "lottery"
        EVENT = "event"
        CHARITY = "charity"
        PARTNER = "partner"
        HOLD = "hold"  # set aside before, and taken without an order

    member_id = models.BigIntegerField()
    sink = models.CharField(max_length=8, choices=Sink.choices)
    reference = models.CharField(max_length=64)
    points = models.IntegerField()
    party = models.CharField(max_length=72, default="", db_default="")
    at = models.DateTimeField()
    spent_by = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sink", "reference"], name="spending_once"),
            models.CheckConstraint(condition=Q(points__gt=0), name="spending_spends"),
        ]
        indexes = [models.Index(fields=["member_id", "at"], name="spending_of_member")]

    def __str__(self) -> str:
        return f"{self.points} points for {self.sink} {self.reference}"


class Hold(models.Model):
    """Points set aside for something that is not paid yet. The member's account counts those of open holds."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open"
        CAPTURED = "captured"
        VOIDED = "voided"
        EXPIRED = "expired"

    member_id = models.BigIntegerField()
    reference = models.CharField(max_length=64, help_text="what for, in the words of who asked")
    points = models.IntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN, db_default="open")
    at = models.DateTimeField()
    until = models.DateTimeField(help_text="free again from then on, unless captured")
    held_by = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)
    captured = models.IntegerField(default=0, db_default=0)
    order_id = models.BigIntegerField(null=True)
    spending = models.ForeignKey(Spending, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(captured__gte=0) & Q(captured__lte=F("points")),
                name="hold_within",
            )
        ]
        indexes = [
            models.Index(fields=["member_id"], name="hold_open", condition=Q(state="open")),
            models.Index(fields=["until"], name="hold_due", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.points} points held for {self.reference}"


class HoldPart(models.Model):
    """What of a hold is in which lot. Parts of an open hold sum to it."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="+", db_index=False)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="+", db_index=False)
    points = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "lot"], name="hold_part_once"),
            models.CheckConstraint(condition=Q(points__gt=0), name="hold_part_holds"),
        ]

    def __str__(self) -> str:
        return f"{self.points} of lot {self.lot_id}"


class Transfer(models.Model):
    """Points one member gave to another."""

    giver_id = models.BigIntegerField()
    receiver_id = models.BigIntegerField()
    points = models.IntegerField()
    at = models.DateTimeField()
    biz_date = models.DateField()
    note = models.CharField(max_length=300, default="", db_default="")
    made_by = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, default="", db_default="")
    undone_why = models.CharField(max_length=300, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & ~Q(giver_id=F("receiver_id")), name="transfer_moves_points"
            )
        ]
        indexes = [
            models.Index(fields=["giver_id", "biz_date"], name="transfer_of_giver"),
            models.Index(fields=["receiver_id", "biz_date"], name="transfer_of_receiver"),
        ]

    def __str__(self) -> str:
        return f"{self.points} points from member {self.giver_id} to {self.receiver_id}"


class OrderEarning(models.Model):
    """What the rules of earning gave to an order, by line and by rule. A fact: never changed."""

    order_id = models.BigIntegerField(primary_key=True)
    lines = models.JSONField(help_text="points by line number")
    rules = models.JSONField(help_text="[rule, points], in order")

    def __str__(self) -> str:
        return f"earned by order {self.order_id}"
