import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("purchases", "0002_order_at_store"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderShipping",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="purchases.order",
                    ),
                ),
                ("method", models.CharField(max_length=64)),
                ("fee_minor", models.BigIntegerField(help_text="what the shop asks for it")),
                ("discount_minor", models.BigIntegerField(help_text="what offers took off the fee")),
                ("refunded_minor", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount_minor__gte", 0),
                            ("discount_minor__lte", models.F("fee_minor")),
                            ("refunded_minor__gte", 0),
                            ("refunded_minor__lte", models.F("fee_minor") - models.F("discount_minor")),
                        ),
                        name="shipping_parts_within",
                    )
                ],
            },
        ),
    ]
