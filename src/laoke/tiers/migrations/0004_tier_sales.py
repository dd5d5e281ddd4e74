from django.db import migrations, models


class Migration(migrations.Migration):
    """A table that is empty."""

    dependencies = [
        ("tiers", "0003_tier_previews"),
    ]

    operations = [
        migrations.CreateModel(
            name="TierSale",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("tier", models.CharField(max_length=20)),
                (
                    "reference",
                    models.CharField(help_text="a repeat is recognised by it", max_length=64, unique=True),
                ),
                ("points", models.IntegerField()),
                ("until", models.DateField(help_text="the last day")),
                ("sold_at", models.DateTimeField()),
                ("sold_by", models.CharField(max_length=120)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(db_default="", max_length=120)),
            ],
            options={
                "indexes": [models.Index(fields=["member_id", "id"], name="tier_sale_of_member")],
            },
        ),
    ]
