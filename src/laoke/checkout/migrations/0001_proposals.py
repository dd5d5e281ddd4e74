"""Proposed changes of the programme."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("section", models.CharField(max_length=20)),
                ("preview", models.BigIntegerField(help_text="number of what it was seen to come to")),
                (
                    "digest",
                    models.CharField(
                        help_text="of what the preview showed when it was proposed", max_length=64
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "approved"])),
                        fields=("section",),
                        name="proposal_one_open",
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
                        name="proposal_two_people",
                    ),
                ],
            },
        ),
    ]
