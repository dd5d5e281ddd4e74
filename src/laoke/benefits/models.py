"""Coupons: templates as published, every coupon with its state, its uses, and the issues to many."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from laoke.benefits.library.models import BenefitUse as BenefitUse
from laoke.benefits.mall.models import MallOrder as MallOrder


class CouponTemplateVersion(models.Model):
    """A coupon template as published, or its end. Added, never changed; the newest of a key holds."""

    key = models.CharField(max_length=64)
    programme_version = models.BigIntegerField()
    document = models.JSONField(null=True, help_text="null: ended")
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "programme_version"], name="coupon_template_once_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.programme_version}"


class Coupon(models.Model):
    """One coupon. Its code is kept as a blind index and sealed.

    It can be used from `valid_from` until before `valid_until`; that its time is over is not written down. A hold ends
    by the clock in the same way.
    """

    OPEN, USED, REVOKED = "open", "used", "revoked"

    template = models.CharField(max_length=64)
    programme_version = models.BigIntegerField(help_text="the one it was issued under")
    shared = models.BooleanField(help_text="one code for many; never becomes used")
    issued_for_all = models.BooleanField(default=False, help_text="the announced code of its template")
    code_index = models.BinaryField(max_length=32)
    code_sealed = models.BinaryField()
    member_id = models.BigIntegerField(null=True, help_text="null: whoever has the code")
    issued_to = models.BigIntegerField(null=True, help_text="whose wallet it came into first")
    state = models.CharField(max_length=8, default=OPEN)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=120)
    batch_id = models.BigIntegerField(null=True)
    serial = models.BigIntegerField(null=True, help_text="its number in the batch")
    order_id = models.BigIntegerField(null=True, help_text="the order it came with")
    offer = models.CharField(max_length=64, default="", help_text="the offer that gave it")
    nth = models.IntegerField(default=1, help_text="its number among those of the offer and the template")
    revoke_when_back = models.BooleanField(
        default=False, help_text="the order it came with was returned while it was used"
    )
    used_order_id = models.BigIntegerField(null=True)
    used_at = models.DateTimeField(null=True)
    held_store_id = models.BigIntegerField(null=True)
    held_order_no = models.CharField(max_length=64, default="")
    held_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code_index"], name="coupon_code_once"),
            models.UniqueConstraint(
                fields=["batch_id", "serial"],
                condition=Q(batch_id__isnull=False),
                name="coupon_once_in_batch",
            ),
            models.UniqueConstraint(
                fields=["order_id", "offer", "template", "nth"],
                condition=Q(order_id__isnull=False),
                name="coupon_once_with_order",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="coupon_holds_some_time"
            ),
            models.CheckConstraint(
                condition=(Q(state="used") & Q(used_order_id__isnull=False) & Q(shared=False))
                | (Q(state__in=["open", "revoked"]) & Q(used_order_id__isnull=True)),
                name="coupon_used_on_an_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member_id", "-id"], name="coupon_of_member", condition=Q(member_id__isnull=False)
            ),
            models.Index(
                fields=["issued_to", "template"],
                name="coupon_got_first",
                condition=Q(issued_to__isnull=False),
            ),
            models.Index(fields=["template", "-id"], name="coupon_of_template"),
            models.Index(fields=["template"], name="coupon_announced", condition=Q(issued_for_all=True)),
            models.Index(
                fields=["held_store_id", "held_order_no"],
                name="coupon_held",
                condition=Q(held_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"coupon {self.pk} of {self.template}: {self.state}"


class CouponUse(models.Model):
    """A coupon used on an order, and what the offers it called gave. `undone_at`: it came back with the goods."""

    coupon_id = models.BigIntegerField()
    template = models.CharField(max_length=64)
    shared = models.BooleanField()
    order_id = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    offers = models.JSONField(help_text="keys of the offers it called")
    amount_minor = models.BigIntegerField()
    used_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coupon_id", "order_id"], name="coupon_once_per_order"),
            models.UniqueConstraint(
                fields=["coupon_id"],
                condition=Q(shared=False, undone_at__isnull=True),
                name="coupon_used_once",
            ),
        ]
        indexes = [
            models.Index(fields=["order_id"], name="coupon_use_of_order"),
            models.Index(fields=["template", "used_at"], name="coupon_use_of_template"),
            models.Index(
                fields=["member_id"], name="coupon_use_of_member", condition=Q(member_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"coupon {self.coupon_id} on order {self.order_id}"


class CouponEvent(models.Model):
    """What happened to a coupon beside its issue and use: given back, revoked, transferred. Added, never changed."""

    coupon_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, help_text="given_back, revoked, transferred")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    from_member = models.BigIntegerField(null=True)
    to_member = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["coupon_id", "id"], name="coupon_event_of_coupon")]

    def __str__(self) -> str:
        return f"coupon {self.coupon_id}: {self.kind}"


class CouponLimit(models.Model):
    """How many coupons of a template may be out, in total and for each member; only of templates that have a limit.

    `issued` counts the coupons that were not revoked, null without a limit in total.
    """

    template = models.CharField(max_length=64, primary_key=True)
    most = models.BigIntegerField(null=True)
    issued = models.BigIntegerField(null=True)
    most_each = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(issued__gte=0), name="coupons_issued_not_negative")]

    def __str__(self) -> str:
        return f"{self.template}: {self.issued} of {self.most}"


class CouponsOfMember(models.Model):
    """How many coupons a member got that were not revoked, of templates with a limit for each member.

    A member has a row from when it is first asked for; until then the coupons themselves are the count.
    """

    pk = models.CompositePrimaryKey("template", "member_id")
    template = models.CharField(max_length=64)
    member_id = models.BigIntegerField()
    issued = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(issued__gte=0), name="coupons_of_member_not_negative")
        ]
        indexes = [models.Index(fields=["member_id"], name="coupons_of_member")]

    def __str__(self) -> str:
        return f"{self.template} for {self.member_id}: {self.issued}"


class CouponBatch(models.Model):
    """Coupons issued to many members, or codes for nobody in particular.

    Recipients are written down first, then get theirs in the order of their place; `position` is the last place done.
    """

    WAITING, GATHERING, ISSUING, DONE, STOPPED, FAILED = (
        "waiting",
        "gathering",
        "issuing",
        "done",
        "stopped",
        "failed",
    )

    template = models.CharField(max_length=64)
    name = models.CharField(max_length=120, default="")
    kind = models.CharField(max_length=8, help_text="members, audience, codes")
    source = models.JSONField(help_text="of an audience: the condition; never personal data")
    each = models.IntegerField(help_text="coupons for each member; codes in all")
    state = models.CharField(max_length=10, default=WAITING)
    recipients = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    issued = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=120)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["template", "-id"], name="coupon_batch_of_template")]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.template}: {self.state}, {self.issued} issued"


class CouponRecipient(models.Model):
    """A member a batch is for, and why they got nothing, if so."""

    pk = models.CompositePrimaryKey("batch_id", "place")
    batch_id = models.BigIntegerField()
    place = models.BigIntegerField()
    member_id = models.BigIntegerField()
    refused = models.CharField(max_length=24, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch_id", "member_id"], name="coupon_recipient_once")
        ]
        indexes = [
            models.Index(
                fields=["batch_id", "place"], name="coupon_recipient_refused", condition=~Q(refused="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.place} of batch {self.batch_id}"


class CouponGuesses(models.Model):
    """Codes that nobody knows, as entered by one caller since an instant."""

    caller = models.CharField(max_length=60, primary_key=True)
    since = models.DateTimeField()
    unknown = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.caller}: {self.unknown}"
