from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns without a value and a table that is empty: no row is rewritten."""

    dependencies = [
        ("points", "0007_order_earning"),
    ]

    operations = [
        migrations.AddField(
            model_name="liabilityclose",
            name="curve",
            field=models.JSONField(
                help_text="share redeemed at each age in parts; null where unknown", null=True
            ),
        ),
        migrations.AddField(
            model_name="liabilityclose",
            name="held",
            field=models.JSONField(
                help_text="open: month of issue, of expiry or null, points; numbered", null=True
            ),
        ),
        migrations.AddField(
            model_name="liabilityclose",
            name="liability_high_minor",
            field=models.BigIntegerField(help_text="were lapsing at its lower end", null=True),
        ),
        migrations.AddField(
            model_name="liabilityclose",
            name="liability_low_minor",
            field=models.BigIntegerField(help_text="were lapsing at its upper end", null=True),
        ),
        migrations.AddField(
            model_name="liabilityclose",
            name="paid_minor",
            field=models.BigIntegerField(help_text="paid for purchases of the month that earned", null=True),
        ),
        migrations.AddField(
            model_name="liabilityclose",
            name="postings",
            field=models.BigIntegerField(help_text="how many were held against lots and accounts", null=True),
        ),
        migrations.AddField(
            model_name="liabilitycohort",
            name="ends_first",
            field=models.DateField(help_text="the month in which the first open points end", null=True),
        ),
        migrations.AddField(
            model_name="liabilitycohort",
            name="ends_last",
            field=models.DateField(help_text="the last; null: some have no end, or none are open", null=True),
        ),
        migrations.CreateModel(
            name="MonthRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(help_text="its first day")),
                ("act", models.CharField(choices=[("close", "Close"), ("reopen", "Reopen")], max_length=6)),
                ("reason", models.CharField(db_default="", default="", max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("asked_kind", models.CharField(max_length=8)),
                ("asked_id", models.BigIntegerField()),
                ("asked_by", models.CharField(max_length=120)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_kind", models.CharField(db_default="", default="", max_length=8)),
                ("decided_id", models.BigIntegerField(null=True)),
                ("decided_by", models.CharField(db_default="", default="", max_length=120)),
                ("note", models.CharField(db_default="", default="", max_length=300)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "problem",
                    models.CharField(
                        db_default="", default="", help_text="code of what refused it", max_length=64
                    ),
                ),
                ("found", models.JSONField(default=dict, help_text="numbers of the problem")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("state__in", ["waiting", "approved"])),
                        name="liability_one_request",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "withdrawn", "refused"]),
                            models.Q(
                                ("asked_id", models.F("decided_id")),
                                ("asked_kind", models.F("decided_kind")),
                                _negated=True,
                            ),
                            _connector="OR",
                        ),
                        name="liability_two_people",
                    ),
                ],
            },
        ),
    ]
