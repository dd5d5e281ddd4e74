"""Who the members are. Personal data is encrypted; look-ups go through blind indexes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Member(models.Model):
    """One person (or one card nobody has put a name to yet)."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        BLOCKED = "blocked"
        MERGED = "merged"
        ERASED = "erased"

    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
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
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class Identity(models.Model):
    """One way to recognise a member: card number, phone, e-mail, WeChat id, shop account."""

    class Kind(models.TextChoices):
        CARD = "card"
        PHONE = "phone"
        EMAIL = "email"
        WECHAT_OPENID = "wechat_openid"
        WECHAT_UNIONID = "wechat_unionid"
        SHOP_ACCOUNT = "shop_account"

    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # The app an openid belongs to, the shop an account belongs to; empty for the rest.
    issuer = models.CharField(max_length=40, default="")
    blind_index = models.BinaryField(max_length=32)
    # Blind index of the last four digits of a phone: a till often hears only these.
    tail_index = models.BinaryField(max_length=32, null=True)
    value_sealed = models.BinaryField()
    value_masked = models.CharField(max_length=80)
    added_at = models.DateTimeField()

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

    class Channel(models.TextChoices):
        SMS = "sms"
        EMAIL = "email"
        WECHAT = "wechat"
        APP = "app"
        PHONE = "phone"
        POST = "post"

    class Purpose(models.TextChoices):
        SERVICE = "service"
        MARKETING = "marketing"
        PROFILING = "profiling"

    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
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
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    tag = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    added_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tag", "member"], name="member_tag_tag")]

    def __str__(self) -> str:
        return self.tag


class Merge(models.Model):
    """Two members turned out to be one person. Holds what it takes to undo it."""

    kept = models.ForeignKey(Member, models.PROTECT, related_name="+")
    gone = models.ForeignKey(Member, models.PROTECT, related_name="+")
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
