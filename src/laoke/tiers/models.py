"""Tiers: the ladder as published, where each member stands, and every move with its cause."""

from __future__ import annotations

from django.db import models


class LadderVersion(models.Model):
    """The ladder as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"ladder {self.pk}"


class Standing(models.Model):
    """A member's tier now."""

    member_id = models.BigIntegerField(primary_key=True)
    tier = models.CharField(max_length=20)
    since = models.DateTimeField()
    reviewed_date = models.DateField(null=True, help_text="day of the last review that judged this member")
    period_date = models.DateField(null=True, help_text="day the running period of validity began")
    valid_until = models.DateField(null=True, help_text="its last day")
    extended_from = models.DateField(null=True, help_text="its last day before it was extended")
    floor_tier = models.CharField(max_length=20, db_default="", help_text="a tier assigned")
    how = models.CharField(
        max_length=12, db_default="", help_text="manual, trial, invitation, bought or paid"
    )
    floor_until = models.DateField(null=True, help_text="its last day; null: until it is removed")
    back = models.JSONField(null=True, help_text="tier and period that the member had before it was assigned")
    due_date = models.DateField(null=True, help_text="nothing comes by the clock before this day")
    dues_version = models.BigIntegerField(db_default=0, help_text="programme version that said so")

    class Meta:
        indexes = [
            models.Index(fields=["tier", "member_id"], name="standing_tier"),
            models.Index(
                fields=["due_date", "member_id"],
                name="standing_due",
                condition=models.Q(due_date__isnull=False),
            ),
            models.Index(
                fields=["floor_tier", "member_id"], name="standing_floor", condition=~models.Q(floor_tier="")
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.member_id}: {self.tier}"


class TierChange(models.Model):
    """One move on the ladder and why. Added, never changed."""

    member_id = models.BigIntegerField()
    from_tier = models.CharField(max_length=20, default="")
    to_tier = models.CharField(max_length=20)
    at = models.DateTimeField()
    cause = models.CharField(max_length=24, help_text="enrolled, threshold_reached, review_downgraded ...")
    reasons = models.JSONField(help_text="each criterion with its value and its threshold")
    order_id = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["member_id", "at", "id"], name="tier_change_of_member")]

    def __str__(self) -> str:
        return f"{self.from_tier} to {self.to_tier}"


class TierPreview(models.Model):
    """Who would move under a ladder, as of an instant; applied, who did."""

    class State(models.TextChoices):
        """How far it has come."""

        MAKING = "making"
        READY = "ready"
        APPLYING = "applying"
        APPLIED = "applied"

    document = models.JSONField(help_text="the ladder that everybody was judged by")
    before = models.JSONField(help_text="the ladder in force then")
    state = models.CharField(max_length=12, choices=State)
    as_of = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    last_order = models.BigIntegerField(help_text="newest order, return and change of tier it knows")
    last_return = models.BigIntegerField()
    last_change = models.BigIntegerField()
    found = models.JSONField(null=True, help_text="members, money and benefits, by tier before and after")
    applied_at = models.DateTimeField(null=True, help_text="when applying began")
    applied_by = models.CharField(max_length=120, default="", db_default="")
    orders_then = models.BigIntegerField(null=True, help_text="newest order when applying began")

    def __str__(self) -> str:
        return f"preview {self.pk}"


class TierPreviewMove(models.Model):
    """A member who would move; or, once applying has begun, one who is judged anew."""

    pk = models.CompositePrimaryKey("preview", "member_id")
    preview = models.ForeignKey(TierPreview, models.CASCADE, related_name="+", db_index=False)
    member_id = models.BigIntegerField()
    from_tier = models.CharField(max_length=20)
    to_tier = models.CharField(max_length=20)
    again = models.BooleanField(db_default=False, help_text="bought, returned or moved since")
    outcome = models.CharField(
        max_length=12, db_default="", help_text="as_previewed, otherwise or stayed; empty: not looked at yet"
    )

    class Meta:
        indexes = [
            models.Index(fields=["preview", "from_tier", "to_tier", "member_id"], name="preview_moves"),
            models.Index(
                fields=["preview", "member_id"], name="preview_move_open", condition=models.Q(outcome="")
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.member_id}: {self.from_tier} to {self.to_tier}"


class TierSale(models.Model):
    """A tier bought with points. Its number is the reference of the spending."""

    member_id = models.BigIntegerField()
    tier = models.CharField(max_length=20)
    reference = models.CharField(max_length=64, unique=True, help_text="a repeat is recognised by it")
    points = models.IntegerField()
    until = models.DateField(help_text="the last day")
    sold_at = models.DateTimeField()
    sold_by = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, db_default="")

    class Meta:
        indexes = [models.Index(fields=["member_id", "id"], name="tier_sale_of_member")]

    def __str__(self) -> str:
        return f"{self.tier} for {self.points} points"


class TierFlowRun(models.Model):
    """Where everybody stood on two days and would stand if judged on a third: one count over all members.

    `done_to` is the number of the last member counted, so that a stopped count goes on behind it.
    """

    as_of = models.DateField(help_text="the day at whose end members were judged")
    first_date = models.DateField(help_text="the end of the quarter before the last one")
    second_date = models.DateField(help_text="the end of the last quarter")
    ladder_version = models.BigIntegerField(help_text="programme version that brought the ladder, 0 for none")
    done_to = models.BigIntegerField(db_default=0)
    members = models.IntegerField(db_default=0, help_text="looked at so far")
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"flows as of {self.as_of}"


class TierFlowCell(models.Model):
    """Members at home in one store who went from one tier to another, or stayed; and what they paid in a year."""

    pk = models.CompositePrimaryKey("run", "flow", "store_id", "from_tier", "to_tier")
    run = models.ForeignKey(TierFlowRun, models.CASCADE, related_name="+", db_index=False)
    flow = models.SmallIntegerField(help_text="1: to the second day, 2: from there to the judging")
    store_id = models.BigIntegerField(help_text="home store; 0: none")
    from_tier = models.CharField(max_length=20, help_text="empty: joined since")
    to_tier = models.CharField(max_length=20, help_text="empty: left since")
    members = models.IntegerField()
    spend_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.from_tier} to {self.to_tier}: {self.members}"


class TierFlowFall(models.Model):
    """A member of one of the two highest tiers who would fall, and what is missing to keep the tier."""

    class Lack(models.TextChoices):
        """How much is missing: little of one thing, little of both, or more."""

        PURCHASE = "purchase"
        SPEND = "spend"
        BOTH = "both"
        MORE = "more"

    pk = models.CompositePrimaryKey("run", "member_id")
    run = models.ForeignKey(TierFlowRun, models.CASCADE, related_name="+", db_index=False)
    member_id = models.BigIntegerField()
    store_id = models.BigIntegerField(help_text="home store; 0: none")
    from_tier = models.CharField(max_length=20)
    to_tier = models.CharField(max_length=20)
    lack = models.CharField(max_length=8, choices=Lack)
    purchases = models.IntegerField(help_text="purchases missing")
    spend_minor = models.BigIntegerField(help_text="money missing")

    class Meta:
        indexes = [models.Index(fields=["run", "lack", "member_id"], name="tier_flow_fall_lack")]

    def __str__(self) -> str:
        return f"member {self.member_id}: {self.from_tier} to {self.to_tier}"
