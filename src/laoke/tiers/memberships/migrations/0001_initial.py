import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tables that are empty."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PlansVersion",
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
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("plan", models.CharField(max_length=40)),
                ("tier", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("ended", "Ended"),
                            ("refunded", "Refunded"),
                            ("upgraded", "Upgraded"),
                            ("merged", "Merged"),
                            ("erased", "Erased"),
                        ],
                        max_length=8,
                    ),
                ),
                ("trial", models.BooleanField(help_text="nothing but a trial was had so far")),
                ("renews", models.BooleanField(help_text="the payment system of the shop renews it")),
                ("started_on", models.DateField()),
                (
                    "anchor",
                    models.SmallIntegerField(help_text="day of the month that terms of months begin on"),
                ),
                ("until", models.DateField(help_text="last day paid")),
                ("through", models.DateField(help_text="last day of the tier: grace included")),
                ("paid_minor", models.BigIntegerField(default=0)),
                (
                    "credit_minor",
                    models.BigIntegerField(default=0, help_text="what came over from other memberships"),
                ),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("moved_minor", models.BigIntegerField(default=0, help_text="what went over to another one")),
                ("started_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("told_until", models.DateField(help_text="the end that was announced last", null=True)),
                ("told_days", models.SmallIntegerField(default=0, help_text="how many days ahead")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["member_id", "-id"], name="membership_of_member"),
                    models.Index(fields=["plan", "-id"], name="membership_of_plan"),
                    models.Index(fields=["state", "-id"], name="membership_in_state"),
                    models.Index(
                        condition=models.Q(("state", "running")),
                        fields=["until", "id"],
                        name="membership_ends",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("member_id",),
                        name="membership_running_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_minor__gte", 0),
                            ("credit_minor__gte", 0),
                            ("refunded_minor__gte", 0),
                            ("moved_minor__gte", 0),
                            (
                                "paid_minor__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("refunded_minor"), "+", models.F("moved_minor")
                                    ),
                                    "-",
                                    models.F("credit_minor"),
                                ),
                            ),
                        ),
                        name="membership_gives_back_what_it_got",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("through__gte", models.F("until")), ("until__gte", models.F("started_on"))
                        ),
                        name="membership_has_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("start", "Start"),
                            ("trial", "Trial"),
                            ("renewal", "Renewal"),
                            ("upgrade", "Upgrade"),
                            ("merge", "Merge"),
                        ],
                        max_length=7,
                    ),
                ),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("minor", models.BigIntegerField()),
                (
                    "credit_minor",
                    models.BigIntegerField(default=0, help_text="worth of days of another membership"),
                ),
                ("price_minor", models.BigIntegerField(help_text="of the plan then")),
                (
                    "reference",
                    models.CharField(
                        default="", help_text="of the payment; empty: none was made", max_length=64
                    ),
                ),
                ("paid_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=120)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "membership",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="memberships.membership",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["membership", "id"], name="membership_payments"),
                    models.Index(fields=["paid_at"], name="membership_payment_paid"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("reference",),
                        name="membership_paid_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit_minor__gte", 0), ("last__gte", models.F("first")), ("minor__gte", 0)
                        ),
                        name="membership_payment_for_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("minor", models.BigIntegerField()),
                ("full", models.BooleanField(help_text="all of some payment came back")),
                ("benefits_minor", models.BigIntegerField(help_text="taken off for benefits used")),
                ("unused_days", models.IntegerField()),
                ("reference", models.CharField(max_length=64, unique=True)),
                ("reason", models.CharField(max_length=300)),
                ("refunded_at", models.DateTimeField()),
                ("refunded_by", models.CharField(max_length=120)),
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="memberships.membership",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["refunded_at"], name="membership_refund_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minor__gt", 0)), name="membership_refund_of_something"
                    )
                ],
            },
        ),
    ]
