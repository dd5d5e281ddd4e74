"""What members ordered for points."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class MallOrder(models.Model):
    """Something a member got for points. Goods wait at a store, the rest is done at once. Cancelled: as if never."""

    RESERVED, READY, COLLECTED, DONE, CANCELLED = "reserved", "ready", "collected", "done", "cancelled"

    member_id = models.BigIntegerField()
    item = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, help_text="goods, service, coupon, seat, charity")
    quantity = models.IntegerField()
    points = models.IntegerField()
    cash_minor = models.BigIntegerField(default=0, help_text="to be paid when it is collected")
    cost_minor = models.BigIntegerField(default=0)
    stock = models.IntegerField(default=0, help_text="pieces taken of the item's stock")
    party = models.CharField(
        max_length=70, default="", help_text="who got the points, where not the programme"
    )
    store_id = models.BigIntegerField(null=True)
    keep_days = models.IntegerField(default=0, help_text="days goods wait once they are ready")
    state = models.CharField(max_length=9)
    outcome = models.JSONField(default=dict, help_text="coupons that came with it")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    ready_at = models.DateTimeField(null=True)
    keep_until = models.DateTimeField(null=True, help_text="goods not collected by then go back")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")
    why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(quantity__gt=0), name="mall_order_for_points"
            ),
        ]
        indexes = [
            models.Index(fields=["member_id", "-id"], name="mall_order_of_member"),
            models.Index(fields=["asked_at"], name="mall_order_asked"),
            models.Index(
                fields=["party"],
                include=["cost_minor"],
                name="mall_order_of_fund",
                condition=~Q(party=""),
            ),
            models.Index(
                fields=["store_id", "-id"],
                name="mall_order_to_hand_out",
                condition=Q(state__in=["reserved", "ready"]),
            ),
            models.Index(
                fields=["keep_until"], name="mall_order_lapses", condition=Q(state__in=["reserved", "ready"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.item} for member {self.member_id}: {self.state}"
