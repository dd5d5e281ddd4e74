"""Orders of the points mall. A new table only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0003_library"),
    ]

    operations = [
        migrations.CreateModel(
            name="MallOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("item", models.CharField(max_length=64)),
                ("kind", models.CharField(help_text="goods, service, coupon, seat, charity", max_length=8)),
                ("quantity", models.IntegerField()),
                ("points", models.IntegerField()),
                (
                    "cash_minor",
                    models.BigIntegerField(default=0, help_text="to be paid when it is collected"),
                ),
                ("cost_minor", models.BigIntegerField(default=0)),
                ("stock", models.IntegerField(default=0, help_text="pieces taken of the item's stock")),
                (
                    "party",
                    models.CharField(
                        default="", help_text="who got the points, where not the programme", max_length=70
                    ),
                ),
                ("store_id", models.BigIntegerField(null=True)),
                (
                    "keep_days",
                    models.IntegerField(default=0, help_text="days goods wait once they are ready"),
                ),
                ("state", models.CharField(max_length=9)),
                ("outcome", models.JSONField(default=dict, help_text="coupons that came with it")),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=120)),
                ("ready_at", models.DateTimeField(null=True)),
                (
                    "keep_until",
                    models.DateTimeField(help_text="goods not collected by then go back", null=True),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=120)),
                ("why", models.CharField(default="", max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["member_id", "-id"], name="mall_order_of_member"),
                    models.Index(fields=["asked_at"], name="mall_order_asked"),
                    models.Index(
                        condition=models.Q(("party", ""), _negated=True),
                        fields=["party"],
                        include=["cost_minor"],
                        name="mall_order_of_fund",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["reserved", "ready"])),
                        fields=["store_id", "-id"],
                        name="mall_order_to_hand_out",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["reserved", "ready"])),
                        fields=["keep_until"],
                        name="mall_order_lapses",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("points__gt", 0), ("quantity__gt", 0)),
                        name="mall_order_for_points",
                    )
                ],
            },
        ),
    ]
