"""What is computed about each member overnight: RFM scores and classes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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
            models.Index(fields=["last_purchase_date", "member_id"], name="features_last_purchase"),
            models.Index(fields=["annual_minor", "member_id"], name="features_annual"),
        ]

    def __str__(self) -> str:
        return f"member {self.member_id}: {self.class_rfm}"


class Cube(models.Model):
    """The members of a run counted by scores and classes: all of them, or those of some stores."""

    run = models.ForeignKey(FeatureRun, models.CASCADE, related_name="+")
    stores = ArrayField(models.BigIntegerField(), null=True, help_text="ids, ascending; null: all members")
    cells = models.JSONField(help_text="see laoke.segments.cubes.Cell")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "stores"], nulls_distinct=False, name="cube_once_per_run")
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} in {self.stores or 'all stores'}"
