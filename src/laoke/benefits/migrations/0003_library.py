"""Benefits: the library, grants, uses, stock, budgets, codes of partners. New tables only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0002_got_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="LibraryVersion",
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
            name="BenefitGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("benefit", models.CharField(max_length=64)),
                ("cause", models.CharField(help_text="birthday, upgrade, joining, hand", max_length=12)),
                (
                    "reference",
                    models.CharField(
                        help_text="what it is for: of a member each is granted once", max_length=80
                    ),
                ),
                ("quota", models.IntegerField(help_text="units; null: any number", null=True)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("granted_at", models.DateTimeField()),
                ("granted_by", models.CharField(max_length=120)),
                ("note", models.CharField(default="", max_length=200)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by", models.CharField(default="", max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member_id", "benefit", "reference"), name="benefit_granted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gt", models.F("valid_from"))),
                        name="benefit_grant_holds_some_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BenefitSeen",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id", "benefit", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("benefit", models.CharField(max_length=64)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["benefit", "member_id"], name="benefit_seen_of_benefit")],
            },
        ),
        migrations.CreateModel(
            name="BenefitStock",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="`benefit:` or `mall:` and a key",
                        max_length=80,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("most", models.IntegerField()),
                ("taken", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("taken__gte", 0), ("taken__lte", models.F("most"))),
                        name="stock_suffices",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BenefitUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("benefit", models.CharField(max_length=64)),
                ("grant_id", models.BigIntegerField(null=True)),
                ("units", models.IntegerField()),
                ("amount", models.IntegerField(help_text="what a unit was worth: days, points, coupons")),
                (
                    "tier",
                    models.CharField(default="", help_text="of the member at that moment", max_length=20),
                ),
                ("cost_minor", models.BigIntegerField()),
                (
                    "budget_starts",
                    models.DateField(help_text="first day of the year whose budget it counts in"),
                ),
                ("store_id", models.BigIntegerField(null=True)),
                (
                    "reference",
                    models.CharField(default="", help_text="order or receipt it goes with", max_length=64),
                ),
                (
                    "outcome",
                    models.JSONField(
                        default=dict, help_text="what came of it: points, coupons, a code's number"
                    ),
                ),
                ("used_at", models.DateTimeField()),
                ("used_by", models.CharField(max_length=120)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(default="", max_length=120)),
                ("undone_why", models.CharField(default="", max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["member_id", "benefit", "-used_at"], name="benefit_use_of_member"),
                    models.Index(fields=["benefit", "used_at"], name="benefit_use_of_benefit"),
                    models.Index(
                        condition=models.Q(("grant_id__isnull", False)),
                        fields=["grant_id"],
                        name="benefit_use_of_grant",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("units__gt", 0), ("cost_minor__gte", 0)),
                        name="benefit_use_of_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("benefit", models.CharField(max_length=64)),
                ("batch", models.CharField(max_length=64)),
                ("code_index", models.BinaryField(max_length=32)),
                ("code_sealed", models.BinaryField()),
                ("expires_at", models.DateTimeField()),
                ("state", models.CharField(default="open", max_length=5)),
                ("use_id", models.BigIntegerField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("settle_minor", models.BigIntegerField(default=0, help_text="what the partner gets for it")),
                ("settlement_id", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["benefit", "expires_at", "id"],
                        name="partner_code_open",
                    ),
                    models.Index(
                        condition=models.Q(("settlement_id__isnull", True), ("state", "taken")),
                        fields=["benefit", "taken_at"],
                        name="partner_code_to_settle",
                    ),
                    models.Index(
                        condition=models.Q(("use_id__isnull", False)),
                        fields=["use_id"],
                        name="partner_code_of_use",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("benefit", "code_index"), name="partner_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "open"), ("use_id__isnull", True)),
                            models.Q(("state", "open"), _negated=True),
                            _connector="OR",
                        ),
                        name="partner_code_taken_by_a_use",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerSettlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("benefit", models.CharField(max_length=64)),
                ("until", models.DateTimeField()),
                ("codes", models.IntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
            options={
                "indexes": [models.Index(fields=["benefit", "-id"], name="settlement_of_benefit")],
            },
        ),
        migrations.CreateModel(
            name="TierBudget",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tier", "starts", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tier", models.CharField(max_length=20)),
                ("starts", models.DateField()),
                ("spent_minor", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("spent_minor__gte", 0)), name="tier_cost_not_negative"
                    )
                ],
            },
        ),
    ]
