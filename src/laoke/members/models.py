"""Who the members are. Personal data is encrypted; look-ups go through blind indexes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from laoke.members.types import ConsentChannel, ConsentPurpose, IdentityKind, MemberStatus


class Member(models.Model):
    """One person (or one card nobody has put a name to yet).

    `merged_into` of a merged row is the row it was merged into, which may be merged itself; the end of the chain
    is the member. When that one is erased, the whole chain is, and keeps its pointers.
    """

    status = models.CharField(max_length=8, choices=MemberStatus.choices, default=MemberStatus.ACTIVE)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    name_sealed = models.BinaryField(null=True)
    name_masked = models.CharField(max_length=100, default="")
    # Keyed hashes of the whole name and of its parts, so that staff can search without clear text.
    name_tokens = ArrayField(models.BigIntegerField(), default=list)
    birth_date_sealed = models.BinaryField(null=True)
    # Month * 100 + day, in clear: birthday rules need it for all members at once; without year and name it
    # points at nobody.
    birthday_mmdd = models.SmallIntegerField(null=True)
    gender = models.CharField(max_length=1, default="", help_text="m, f or empty")
    language = models.CharField(max_length=10, default="")
    registered_at = models.DateTimeField()
    registered_date = models.DateField(help_text="in the programme's time zone")
    # Ids of purchases.Store and purchases.Channel, which stand above this module.
    home_store_id = models.BigIntegerField(null=True)
    registered_channel_id = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()
    version = models.IntegerField(default=1)

    class Meta:
        indexes = [
            GinIndex(fields=["name_tokens"], name="member_name_tokens", fastupdate=False),
            models.Index(fields=["-registered_at", "-id"], name="member_newest"),
            models.Index(
                fields=["merged_into"], name="member_merged_into", condition=Q(merged_into__isnull=False)
            ),
            # Both are written at registration only: no sale and no points touch this table.
            models.Index(fields=["home_store_id", "registered_at", "id"], name="member_home_store"),
            models.Index(
                fields=["birthday_mmdd", "id"],
                name="member_birthday",
                condition=Q(birthday_mmdd__isnull=False),
            ),
            # Few are blocked: whoever looks for them must not read everybody.
            models.Index(
                fields=["registered_at", "id"], name="member_blocked", condition=Q(status="blocked")
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class Identity(models.Model):
    """One way to recognise a member: card number, phone, e-mail, WeChat id, shop account."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=IdentityKind.choices)
    # The app an openid belongs to, the shop an account belongs to; empty for the rest.
    issuer = models.CharField(max_length=40, default="")
    blind_index = models.BinaryField(max_length=32)
    # Blind index of the last four digits of a phone: a till often hears only these.
    tail_index = models.BinaryField(max_length=32, null=True)
    value_sealed = models.BinaryField()
    value_masked = models.CharField(max_length=80)
    added_at = models.DateTimeField()
    # How many merges brought it to this member. What the kept member had of its own comes first, see PRIMARY_FIRST.
    carried = models.SmallIntegerField(default=0, db_default=0)

    # Of several phones or cards the first in this order is the one shown: the newest of the member's own, before
    # those that merged members brought along.
    PRIMARY_FIRST = ("carried", "-added_at", "kind", "-pk")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["blind_index", "kind", "issuer"], name="identity_belongs_to_one_member"
            )
        ]
        indexes = [
            models.Index(fields=["member"], name="identity_member"),
            models.Index(fields=["tail_index"], name="identity_tail", condition=Q(tail_index__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of member {self.member_id}"


class ConsentEvent(models.Model):
    """A member said yes or no to one purpose over one channel. The newest event holds."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=8, choices=ConsentChannel.choices)
    purpose = models.CharField(max_length=10, choices=ConsentPurpose.choices)
    granted = models.BooleanField()
    at = models.DateTimeField()
    source = models.CharField(
        max_length=40, help_text="where it was said: pos, mini_program, call, import ..."
    )
    recorded_by = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["member", "channel", "purpose", "-at", "-id"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.purpose} over {self.channel}: {self.granted}"


class MemberTag(models.Model):
    """A word staff or rules put on a member."""

    pk = models.CompositePrimaryKey("member", "tag")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    tag = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    added_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tag", "member"], name="member_tag_tag")]

    def __str__(self) -> str:
        return self.tag


class Household(models.Model):
    """People who live together. The row that is locked while somebody joins."""

    formed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"household {self.pk}"


class HouseholdMember(models.Model):
    """A member lives in a household, in one at a time."""

    member = models.OneToOneField(Member, models.PROTECT, primary_key=True, related_name="+")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    # The member's own word: others of the household may spend their points.
    shares_points = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"member {self.member_id} in household {self.household_id}"


class Merge(models.Model):
    """Two members turned out to be one person. Holds what it takes to undo it."""

    kept = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    gone = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    undo_until = models.DateTimeField()
    # What each module moved, by module name; ids only, no personal data.
    moved = models.JSONField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, default="")

    class Meta:
        indexes = [
            models.Index(fields=["kept"], name="merge_kept"),
            models.Index(fields=["gone"], name="merge_gone"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"
