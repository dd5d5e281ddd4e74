"""Figures as computed over night, and the plans they are held against."""

from __future__ import annotations

from django.db import models


class FigureRun(models.Model):
    """One computation of all figures."""

    as_of = models.DateField(help_text="the last day that counts")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    first_order_date = models.DateField(null=True)
    rows = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["-id"], name="figure_run_done", condition=models.Q(finished_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"figures as of {self.as_of}"


class Figure(models.Model):
    """One metric of one store on one day. Store 0 is the whole shop, members without a home store included.

    Figures of stores may be added up: every member and every order belongs to one store. See insight.metrics.
    """

    pk = models.CompositePrimaryKey("store_id", "metric", "part", "day")
    store_id = models.BigIntegerField()
    metric = models.CharField(max_length=32)
    part = models.CharField(max_length=20)
    day = models.DateField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["day", "store_id"], name="figure_day")]

    def __str__(self) -> str:
        return f"{self.metric} {self.part} of store {self.store_id} on {self.day}"


class StoreMonth(models.Model):
    """What a store did in the 29 days that end with the night's day. With today they are 30.

    Buyers are counted once each, so that those of two stores or of two nights cannot be added up.
    """

    store_id = models.BigIntegerField(primary_key=True)
    as_of = models.DateField(help_text="the last day that counts")
    members = models.IntegerField(help_text="at home in the store")
    orders = models.IntegerField(help_text="of which something was kept")
    buyers = models.IntegerField()
    net_minor = models.BigIntegerField()
    member_net_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"store {self.store_id} to {self.as_of}"


class TargetVersion(models.Model):
    """A plan for one metric of the whole shop, as set or taken away. Added, never changed; the newest holds.

    Values are whole numbers of the metric's unit: hundredths of a percent for shares, minor units, members.
    """

    metric = models.CharField(max_length=32)
    removed = models.BooleanField(default=False)
    baseline = models.BigIntegerField()
    target = models.BigIntegerField()
    start_date = models.DateField()
    end_date = models.DateField()
    tolerance_bp = models.IntegerField(help_text="of the planned value, in hundredths of a percent")
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["metric", "-id"], name="target_newest")]

    def __str__(self) -> str:
        return f"{self.metric}: {self.baseline} to {self.target}"
