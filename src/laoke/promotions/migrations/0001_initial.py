from django.db import migrations, models

from laoke.foundation.immutable import immutable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("foundation", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferCounter",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("slot", models.SmallIntegerField()),
                ("uses", models.BigIntegerField(default=0)),
                ("uses_allotted", models.BigIntegerField(null=True)),
                ("spent_minor", models.BigIntegerField(default=0)),
                ("spent_allotted", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("uses_allotted__isnull", True),
                            ("uses__lte", models.F("uses_allotted")),
                            _connector="OR",
                        ),
                        name="uses_within_allotment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("spent_allotted__isnull", True),
                            ("spent_minor__lte", models.F("spent_allotted")),
                            _connector="OR",
                        ),
                        name="spent_within_allotment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("order_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("programme_version", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("lines", models.JSONField()),
                (
                    "gifts",
                    models.JSONField(help_text="pieces by SKU; an empty SKU is a gift still to be chosen"),
                ),
                ("used_at", models.DateTimeField()),
                ("used_date", models.DateField(help_text="in the programme's time zone")),
                ("counted", models.BooleanField(help_text="the offer has limits: counters hold this use")),
                ("returned_minor", models.BigIntegerField(default=0)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("member_id__isnull", False)),
                        fields=["member_id", "key"],
                        name="offer_use_of_member",
                    ),
                    models.Index(fields=["key", "used_at"], name="offer_use_of_offer"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order_id", "key"), name="offer_once_per_order")
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("programme_version", models.BigIntegerField()),
                ("document", models.JSONField(help_text="null: ended", null=True)),
                ("published_at", models.DateTimeField()),
                ("published_by", models.CharField(max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "programme_version"), name="offer_once_per_version"
                    )
                ],
            },
        ),
        immutable("promotions_offerversion"),
    ]
