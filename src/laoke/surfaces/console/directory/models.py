"""What the member list remembers: how each account likes it, saved views, counts, and what was done to many."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ListPreference(models.Model):
    """How an account wants the member list: its columns in their order, how dense, how many rows a page."""

    staff_id = models.BigIntegerField(primary_key=True)
    columns = ArrayField(models.CharField(max_length=20))
    density = models.CharField(max_length=10)
    rows = models.SmallIntegerField()

    class Meta:
        db_table = "console_list_preference"

    def __str__(self) -> str:
        return f"member list of {self.staff_id}"


class SavedView(models.Model):
    """A filter and an order under a name. `query` is as addresses have it, without a search text: that would be
    personal data. A deleted view is kept for a day, so that it can be taken back."""

    staff_id = models.BigIntegerField(help_text="who saved it")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=4000)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "console_saved_view"
        indexes = [models.Index(fields=["staff_id"], name="saved_view_of")]

    def __str__(self) -> str:
        return self.name


class ListCount(models.Model):
    """How many members a filter found, for filters that are dear to count. The key is a keyed hash of the filter
    and of the stores the account is limited to."""

    key = models.BinaryField(max_length=32, primary_key=True)
    members = models.IntegerField()
    exact = models.BooleanField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "console_list_count"
        indexes = [models.Index(fields=["counted_at"], name="list_count_age")]

    def __str__(self) -> str:
        return f"{self.members} members"


class BulkAct(models.Model):
    """One thing done to many members: what, by whom, to how many, and how far it has come.

    The filter is sealed, for it may hold a search text. `position` is the last member looked at: a run that was
    interrupted goes on behind it.
    """

    WAITING, RUNNING, STOPPING, DONE, STOPPED, UNDOING, UNDONE, FAILED = (
        "waiting", "running", "stopping", "done", "stopped", "undoing", "undone", "failed",
    )  # fmt: skip

    kind = models.CharField(max_length=10, help_text="tag, untag, block, unblock")
    word = models.CharField(max_length=40, default="", help_text="the tag")
    reason = models.CharField(max_length=300, default="")
    staff_id = models.BigIntegerField()
    actor = models.CharField(max_length=120)
    query_sealed = models.BinaryField(null=True)
    stores = ArrayField(models.BigIntegerField(), null=True)
    asked = models.IntegerField(help_text="how many were to be changed")
    changed = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    undone = models.IntegerField(default=0, help_text="of those changed, how many were put back")
    position = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10)
    failure = models.CharField(
        max_length=10, default="", help_text="why it broke off: a code of deeds.BROKE_OFF"
    )
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    undo_at = models.DateTimeField(null=True, help_text="when somebody first asked to take it back")

    class Meta:
        db_table = "console_bulk_act"
        indexes = [models.Index(fields=["staff_id", "-at"], name="bulk_act_of")]

    def __str__(self) -> str:
        return f"{self.kind} {self.word} for {self.asked} members"


class BulkOutcome(models.Model):
    """What became of one member: changed (`error` empty), with what was there before, or why not."""

    pk = models.CompositePrimaryKey("act", "member_id")
    act = models.ForeignKey(BulkAct, models.CASCADE, related_name="+", db_index=False)
    member_id = models.BigIntegerField()
    error = models.CharField(max_length=40, default="", help_text="the code of the refusal")
    # Of a tag that was taken off: who had put it on and when, so that undoing puts the same one back.
    source = models.CharField(max_length=40, default="")
    added_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "console_bulk_outcome"
        indexes = [
            # What was done to one member stands on that member's pages.
            models.Index(
                fields=["member_id", "act"],
                name="bulk_outcome_of",
                condition=models.Q(error__in=["", "undone"]),
            ),
            models.Index(
                fields=["act"], name="bulk_outcome_refused", condition=~models.Q(error__in=["", "undone"])
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.member_id}: {self.error or 'changed'}"
