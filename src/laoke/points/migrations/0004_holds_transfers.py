import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Points set aside, pending, given to others, and spent with a party.

    `contra` follows the party now. What a stored column is made from cannot be changed: it goes and comes anew, which
    writes points_posting once (30 s for 10 M postings); the index `lot_open` is built anew too (8 s for 10 M lots).
    Everything else only changes the catalogue.
    """

    dependencies = [
        ("points", "0003_liability"),
    ]

    operations = [
        migrations.AddField("account", "held", models.IntegerField(db_default=0, default=0)),
        migrations.RemoveIndex("lot", "lot_open"),
        migrations.AlterField(
            "lot",
            "origin",
            models.CharField(help_text="order, adjustment, merge, restore, transfer", max_length=12),
        ),
        migrations.AddField("lot", "available_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "lot",
            "held",
            models.IntegerField(
                db_default=0, default=0, help_text="of what remains, set aside in open holds"
            ),
        ),
        migrations.AddConstraint(
            "lot",
            models.CheckConstraint(
                condition=models.Q(("held__gte", 0), ("held__lte", models.F("remaining"))),
                name="lot_held_within",
            ),
        ),
        migrations.AddIndex(
            "lot",
            models.Index(
                condition=models.Q(("remaining__gt", 0)),
                fields=["member_id", "expires_at"],
                include=("remaining", "held", "available_at"),
                name="lot_open",
            ),
        ),
        migrations.RemoveField("posting", "contra"),
        migrations.AddField("posting", "party", models.CharField(db_default="", default="", max_length=72)),
        migrations.AddField("posting", "spending_id", models.BigIntegerField(null=True)),
        migrations.AddField("posting", "transfer_id", models.BigIntegerField(null=True)),
        migrations.AlterField(
            "posting",
            "kind",
            models.CharField(
                choices=[
                    ("accrual", "Accrual"),
                    ("redemption", "Redemption"),
                    ("expiry", "Expiry"),
                    ("clawback", "Clawback"),
                    ("restoration", "Restoration"),
                    ("repayment", "Repayment"),
                    ("adjustment", "Adjustment"),
                    ("merge", "Merge"),
                    ("transfer", "Transfer"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            "posting",
            "contra",
            models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(models.Q(("party", ""), _negated=True), then=models.F("party")),
                    models.When(kind__in=["redemption", "restoration"], then=models.Value("redemption")),
                    models.When(kind="expiry", then=models.Value("expiry")),
                    models.When(kind__in=["repayment", "merge", "transfer"], then=models.Value("transfer")),
                    default=models.Value("programme"),
                ),
                output_field=models.CharField(max_length=72),
            ),
        ),
        migrations.AddIndex(
            "posting",
            models.Index(
                condition=models.Q(("spending_id__isnull", False)),
                fields=["spending_id"],
                name="posting_spending",
            ),
        ),
        migrations.AddIndex(
            "posting",
            models.Index(
                condition=models.Q(("transfer_id__isnull", False)),
                fields=["transfer_id"],
                name="posting_transfer",
            ),
        ),
        migrations.CreateModel(
            name="Spending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                (
                    "sink",
                    models.CharField(
                        choices=[
                            ("mall", "Mall"),
                            ("tier", "Tier"),
                            ("lottery", "Lottery"),
                            ("event", "Event"),
                            ("charity", "Charity"),
                            ("partner", "Partner"),
                            ("hold", "Hold"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reference", models.CharField(max_length=64)),
                ("points", models.IntegerField()),
                ("party", models.CharField(db_default="", default="", max_length=72)),
                ("at", models.DateTimeField()),
                ("spent_by", models.CharField(max_length=120)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(db_default="", default="", max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sink", "reference"), name="spending_once"),
                    models.CheckConstraint(condition=models.Q(("points__gt", 0)), name="spending_spends"),
                ],
                "indexes": [models.Index(fields=["member_id", "at"], name="spending_of_member")],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                (
                    "reference",
                    models.CharField(help_text="what for, in the words of who asked", max_length=64),
                ),
                ("points", models.IntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("captured", "Captured"),
                            ("voided", "Voided"),
                            ("expired", "Expired"),
                        ],
                        db_default="open",
                        default="open",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(help_text="free again from then on, unless captured")),
                ("held_by", models.CharField(max_length=120)),
                ("ended_at", models.DateTimeField(null=True)),
                ("captured", models.IntegerField(db_default=0, default=0)),
                ("order_id", models.BigIntegerField(null=True)),
                (
                    "spending",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="points.spending",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("points__gt", 0),
                            ("captured__gte", 0),
                            ("captured__lte", models.F("points")),
                        ),
                        name="hold_within",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["member_id"], name="hold_open"
                    ),
                    models.Index(condition=models.Q(("state", "open")), fields=["until"], name="hold_due"),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="points.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="points.lot",
                    ),
                ),
                ("points", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("hold", "lot"), name="hold_part_once"),
                    models.CheckConstraint(condition=models.Q(("points__gt", 0)), name="hold_part_holds"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("giver_id", models.BigIntegerField()),
                ("receiver_id", models.BigIntegerField()),
                ("points", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("biz_date", models.DateField()),
                ("note", models.CharField(db_default="", default="", max_length=300)),
                ("made_by", models.CharField(max_length=120)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(db_default="", default="", max_length=120)),
                ("undone_why", models.CharField(db_default="", default="", max_length=300)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("points__gt", 0),
                            models.Q(("giver_id", models.F("receiver_id")), _negated=True),
                        ),
                        name="transfer_moves_points",
                    )
                ],
                "indexes": [
                    models.Index(fields=["giver_id", "biz_date"], name="transfer_of_giver"),
                    models.Index(fields=["receiver_id", "biz_date"], name="transfer_of_receiver"),
                ],
            },
        ),
    ]
