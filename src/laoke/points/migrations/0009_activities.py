from django.db import migrations, models


class Migration(migrations.Migration):
    """Tables of their own: no row is touched."""

    dependencies = [
        ("points", "0008_month_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActivityRulesVersion",
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
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(db_default="", default="", max_length=100)),
                ("friend_id", models.BigIntegerField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("earned", "Earned"),
                            ("capped", "Capped"),
                            ("waiting", "Waiting"),
                            ("undone", "Undone"),
                        ],
                        max_length=8,
                    ),
                ),
                ("limit", models.CharField(db_default="", default="", max_length=8)),
                ("at", models.DateTimeField()),
                ("day", models.DateField()),
                ("points", models.IntegerField(db_default=0, default=0)),
                ("bonus", models.IntegerField(db_default=0, default=0)),
                ("friend_points", models.IntegerField(db_default=0, default=0)),
                ("lot_id", models.BigIntegerField(null=True)),
                ("friend_lot_id", models.BigIntegerField(null=True)),
                ("told_by", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(db_default="", default="", max_length=120)),
                ("undone_why", models.CharField(db_default="", default="", max_length=300)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["member_id", "kind", "day"], name="activity_of_kind"),
                    models.Index(fields=["member_id", "id"], name="activity_of_member"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("points__gte", 0), ("bonus__gte", 0), ("friend_points__gte", 0)),
                        name="activity_gives",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("friend_id", None),
                            models.Q(("friend_id", models.F("member_id")), _negated=True),
                            ("state", "undone"),
                            _connector="OR",
                        ),
                        name="activity_refers_another",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("friend_id__isnull", False), models.Q(("state", "undone"), _negated=True)
                        ),
                        fields=("friend_id",),
                        name="activity_referred_once",
                    ),
                ],
            },
        ),
    ]
