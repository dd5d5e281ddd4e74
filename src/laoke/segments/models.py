"""What is computed about each member overnight: RFM scores and classes."""

from __future__ import annotations

from django.db import models


class FeatureRun(models.Model):
    """One computation over all members, with the breakpoints it found."""

    as_of = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    members = models.IntegerField(default=0)
    summary = models.JSONField(default=dict, help_text="breakpoints, grid and class counts")

    def __str__(self) -> str:
        return f"features as of {self.as_of}"


class MemberFeatures(models.Model):
    """The newest features of one member."""

    member_id = models.BigIntegerField(primary_key=True)
    as_of = models.DateField()
    recency_days = models.IntegerField(null=True)
    frequency = models.IntegerField()
    monetary_minor = models.BigIntegerField()
    orders_total = models.IntegerField()
    first_purchase_date = models.DateField(null=True)
    last_purchase_date = models.DateField(null=True)
    r_score = models.SmallIntegerField(null=True)
    f_score = models.SmallIntegerField(null=True)
    m_score = models.SmallIntegerField(null=True)
    annual_minor = models.BigIntegerField()
    annual_repurchases = models.IntegerField()
    rule_rfm = models.CharField(max_length=40)
    class_rfm = models.CharField(max_length=12)
    rule_value = models.CharField(max_length=40)
    class_value = models.CharField(max_length=12)

    class Meta:
        indexes = [
            models.Index(fields=["class_rfm", "member_id"], name="features_class_rfm"),
            models.Index(fields=["class_value", "member_id"], name="features_class_value"),
            models.Index(fields=["r_score", "f_score", "member_id"], name="features_grid"),
        ]

    def __str__(self) -> str:
        return f"member {self.member_id}: {self.class_rfm}"
