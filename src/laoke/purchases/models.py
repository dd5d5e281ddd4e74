"""Where and what is sold, and what members bought and brought back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Region(models.Model):
    """A group of stores under one management."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, default="")

    def __str__(self) -> str:
        return self.name


class Store(models.Model):
    """A place of sale, physical or not."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, default="")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+")
    city = models.CharField(max_length=60, default="")
    active = models.BooleanField(default=True)
    opened_date = models.DateField(null=True)

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """A way of selling: till, self-checkout, mini-program, web shop."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, default="")

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A node of the assortment tree."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, default="")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One article as the till knows it."""

    sku = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, default="")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+")
    brand = models.CharField(max_length=100, default="")
    barcode = models.CharField(max_length=20, default="")
    price_minor = models.BigIntegerField(help_text="list price of one unit")
    cost_minor = models.BigIntegerField(null=True)
    unit = models.CharField(max_length=20, default="", help_text="piece, kg ...")
    pack_size = models.CharField(
        max_length=40, default="", help_text="what one unit holds: 900g, 12 rolls ..."
    )
    earns_points = models.BooleanField(default=True, help_text="false for gift cards, tobacco ...")
    tags = ArrayField(models.CharField(max_length=40), default=list)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="product_price_not_negative")
        ]
        indexes = [models.Index(fields=["category"], name="product_category")]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """One completed purchase. Amounts never change; what comes back is added up beside them."""

    order_no = models.CharField(max_length=64, help_text="the till's number, unique within the store")
    member_id = models.BigIntegerField(null=True, help_text="members.Member; null: an anonymous purchase")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_index=False)
    placed_at = models.DateTimeField()
    biz_date = models.DateField(help_text="calendar day in the programme's time zone")
    currency = models.CharField(max_length=3)
    items_minor = models.BigIntegerField(help_text="list value of all lines")
    discount_minor = models.BigIntegerField(help_text="all reductions")
    total_minor = models.BigIntegerField(help_text="amount due: items less discounts")
    points_minor = models.BigIntegerField(help_text="part of the amount due settled with points")
    paid_minor = models.BigIntegerField(help_text="part settled with money")
    points_redeemed = models.IntegerField()
    points_earned = models.IntegerField()
    earn_base_minor = models.BigIntegerField(help_text="amount the earned points were counted on")
    returned_minor = models.BigIntegerField(default=0, db_default=0, help_text="of total_minor, so far")
    refunded_minor = models.BigIntegerField(default=0, db_default=0, help_text="of paid_minor, so far")
    returned_earn_base_minor = models.BigIntegerField(default=0, db_default=0)
    points_clawed_back = models.IntegerField(default=0, db_default=0)
    points_restored = models.IntegerField(default=0, db_default=0)
    delivery_status = models.CharField(max_length=12, default="done", db_default="done")
    source = models.CharField(max_length=12, help_text="api, import, demo")
    programme_version = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "order_no"], name="order_once_per_store"),
            models.CheckConstraint(
                condition=Q(total_minor=F("items_minor") - F("discount_minor"))
                & Q(total_minor=F("points_minor") + F("paid_minor"))
                & Q(items_minor__gte=0, discount_minor__gte=0, total_minor__gte=0, points_minor__gte=0),
                name="order_parts_sum",
            ),
            models.CheckConstraint(
                condition=Q(returned_minor__gte=0)
                & Q(returned_minor__lte=F("total_minor"))
                & Q(refunded_minor__gte=0)
                & Q(refunded_minor__lte=F("paid_minor"))
                & Q(points_clawed_back__gte=0)
                & Q(points_clawed_back__lte=F("points_earned"))
                & Q(points_restored__gte=0)
                & Q(points_restored__lte=F("points_redeemed")),
                name="order_returns_within",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member_id", "placed_at"],
                name="order_of_member",
                include=["paid_minor", "refunded_minor", "total_minor", "returned_minor"],
                condition=Q(member_id__isnull=False),
            ),
            models.Index(fields=["placed_at", "id"], name="order_by_time"),
            # Who ever bought in a store: whom an account limited to stores may see. 24 bytes an order.
            models.Index(
                fields=["store", "member_id"], name="order_at_store", condition=Q(member_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.order_no


class OrderLine(models.Model):
    """One article of an order."""

    pk = models.CompositePrimaryKey("order", "line_no")
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", db_index=False)
    line_no = models.SmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    quantity_milli = models.BigIntegerField()
    unit_price_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    points_minor = models.BigIntegerField(help_text="this line's share of the part settled with points")
    earn_base_minor = models.BigIntegerField()
    returned_milli = models.BigIntegerField(default=0, db_default=0)
    returned_minor = models.BigIntegerField(default=0, db_default=0, help_text="of net_minor, so far")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(net_minor=F("gross_minor") - F("discount_minor"))
                & Q(discount_minor__gte=0, net_minor__gte=0, quantity_milli__gt=0),
                name="line_parts_sum",
            ),
            models.CheckConstraint(
                condition=Q(returned_milli__gte=0) & Q(returned_milli__lte=F("quantity_milli")),
                name="line_returned_within",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line_no} of order {self.order_id}"


class OrderTender(models.Model):
    """One means of payment of an order. Parts sum to the amount due."""

    pk = models.CompositePrimaryKey("order", "tender_no")
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", db_index=False)
    tender_no = models.SmallIntegerField()
    kind = models.CharField(max_length=20)
    amount_minor = models.BigIntegerField()
    reference = models.CharField(max_length=64, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class OrderShipping(models.Model):
    """What was paid for bringing an order to the shopper: fee less discount, on top of the order's total."""

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="+")
    method = models.CharField(max_length=64)
    fee_minor = models.BigIntegerField(help_text="what the shop asks for it")
    discount_minor = models.BigIntegerField(help_text="what offers took off the fee")
    refunded_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_minor__gte=0)
                & Q(discount_minor__lte=F("fee_minor"))
                & Q(refunded_minor__gte=0)
                & Q(refunded_minor__lte=F("fee_minor") - F("discount_minor")),
                name="shipping_parts_within",
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} for order {self.order_id}"


class DeliveryEvent(models.Model):
    """A step of an order on its way: packed, shipped, delivered."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="+")
    status = models.CharField(max_length=12)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.status


class OrderReturn(models.Model):
    """Goods of one order brought back."""

    return_no = models.CharField(max_length=64)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+")
    member_id = models.BigIntegerField(null=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", db_index=False)
    returned_at = models.DateTimeField()
    biz_date = models.DateField()
    returned_minor = models.BigIntegerField(help_text="value of the goods, of the order's total")
    refunded_minor = models.BigIntegerField(help_text="money given back")
    points_restored = models.IntegerField(help_text="points given back")
    points_clawed_back = models.IntegerField(help_text="points taken back")
    reason = models.CharField(max_length=200, default="")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "return_no"], name="return_once_per_order")]
        indexes = [
            models.Index(
                fields=["member_id", "returned_at"],
                name="return_of_member",
                condition=Q(member_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.return_no


class ReturnLine(models.Model):
    """How much of one order line came back."""

    pk = models.CompositePrimaryKey("order_return", "line_no")
    order_return = models.ForeignKey(OrderReturn, models.PROTECT, related_name="+", db_index=False)
    line_no = models.SmallIntegerField()
    quantity_milli = models.BigIntegerField()
    returned_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"line {self.line_no}"
