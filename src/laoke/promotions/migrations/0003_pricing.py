from django.db import migrations, models

from laoke.foundation.immutable import immutable


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0002_order_facts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PricingVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("document", models.JSONField()),
                ("programme_version", models.BigIntegerField(unique=True)),
                ("published_at", models.DateTimeField()),
                ("published_by", models.CharField(max_length=120)),
            ],
        ),
        immutable("promotions_pricingversion"),
    ]
