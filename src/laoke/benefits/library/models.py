"""Benefits: the library as published, grants, uses, what was seen, what is left, what tiers cost, codes of partners."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class LibraryVersion(models.Model):
    """The section `benefits` as published; the newest holds."""

    document = models.JSONField()
    programme_version = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"benefits of {self.programme_version}"


class BenefitGrant(models.Model):
    """A benefit given to one member for a time. What was used of it are its uses."""

    member_id = models.BigIntegerField()
    benefit = models.CharField(max_length=64)
    cause = models.CharField(max_length=12, help_text="birthday, upgrade, joining, hand")
    reference = models.CharField(max_length=80, help_text="what it is for: of a member each is granted once")
    quota = models.IntegerField(null=True, help_text="units; null: any number")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=120)
    note = models.CharField(max_length=200, default="")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=120, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "benefit", "reference"], name="benefit_granted_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="benefit_grant_holds_some_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.benefit} for member {self.member_id}: {self.reference}"


class BenefitUse(models.Model):
    """A benefit used. `undone_at`: it was taken back, and everything with it."""

    member_id = models.BigIntegerField()
    benefit = models.CharField(max_length=64)
    grant_id = models.BigIntegerField(null=True)
    units = models.IntegerField()
    amount = models.IntegerField(help_text="what a unit was worth: days, points, coupons")
    tier = models.CharField(max_length=20, default="", help_text="of the member at that moment")
    cost_minor = models.BigIntegerField()
    budget_starts = models.DateField(help_text="first day of the year whose budget it counts in")
    store_id = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=64, default="", help_text="order or receipt it goes with")
    outcome = models.JSONField(default=dict, help_text="what came of it: points, coupons, a code's number")
    used_at = models.DateTimeField()
    used_by = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, default="")
    undone_why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0) & Q(cost_minor__gte=0), name="benefit_use_of_something"
            )
        ]
        indexes = [
            models.Index(fields=["member_id", "benefit", "-used_at"], name="benefit_use_of_member"),
            models.Index(fields=["benefit", "used_at"], name="benefit_use_of_benefit"),
            models.Index(
                fields=["grant_id"], name="benefit_use_of_grant", condition=Q(grant_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.benefit} used by member {self.member_id}"


class BenefitSeen(models.Model):
    """A member was shown a benefit: when first and when last."""

    pk = models.CompositePrimaryKey("member_id", "benefit")
    member_id = models.BigIntegerField()
    benefit = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["benefit", "member_id"], name="benefit_seen_of_benefit")]

    def __str__(self) -> str:
        return f"{self.benefit} seen by member {self.member_id}"


class BenefitStock(models.Model):
    """Pieces, seats or units that many members share, and how many are taken."""

    key = models.CharField(max_length=80, primary_key=True, help_text="`benefit:` or `mall:` and a key")
    most = models.IntegerField()
    taken = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(taken__gte=0) & Q(taken__lte=F("most")), name="stock_suffices")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.taken} of {self.most}"


class TierBudget(models.Model):
    """What the benefits of a tier have cost in a year."""

    pk = models.CompositePrimaryKey("tier", "starts")
    tier = models.CharField(max_length=20)
    starts = models.DateField()
    spent_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(spent_minor__gte=0), name="tier_cost_not_negative")]

    def __str__(self) -> str:
        return f"{self.tier} from {self.starts}: {self.spent_minor}"


class PartnerCode(models.Model):
    """A code of a partner, kept sealed, and who got it."""

    OPEN, TAKEN, VOID = "open", "taken", "void"

    benefit = models.CharField(max_length=64)
    batch = models.CharField(max_length=64)
    code_index = models.BinaryField(max_length=32)
    code_sealed = models.BinaryField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=5, default=OPEN)
    use_id = models.BigIntegerField(null=True)
    taken_at = models.DateTimeField(null=True)
    settle_minor = models.BigIntegerField(default=0, help_text="what the partner gets for it")
    settlement_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["benefit", "code_index"], name="partner_code_once"),
            models.CheckConstraint(
                condition=Q(state="open", use_id__isnull=True) | ~Q(state="open"),
                name="partner_code_taken_by_a_use",
            ),
        ]
        indexes = [
            models.Index(
                fields=["benefit", "expires_at", "id"], name="partner_code_open", condition=Q(state="open")
            ),
            models.Index(
                fields=["benefit", "taken_at"],
                name="partner_code_to_settle",
                condition=Q(state="taken", settlement_id__isnull=True),
            ),
            models.Index(fields=["use_id"], name="partner_code_of_use", condition=Q(use_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"code {self.pk} of {self.benefit}: {self.state}"


class PartnerSettlement(models.Model):
    """Codes that members got until before an instant, settled with their partner. Added, never changed."""

    benefit = models.CharField(max_length=64)
    until = models.DateTimeField()
    codes = models.IntegerField()
    amount_minor = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["benefit", "-id"], name="settlement_of_benefit")]

    def __str__(self) -> str:
        return f"{self.benefit} until {self.until}: {self.amount_minor}"
