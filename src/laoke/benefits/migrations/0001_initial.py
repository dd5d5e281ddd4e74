from django.db import migrations, models

from laoke.foundation.immutable import immutable


class Migration(migrations.Migration):
    initial = True

    dependencies = [("foundation", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="CouponGuesses",
            fields=[
                ("caller", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("unknown", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Coupon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("template", models.CharField(max_length=64)),
                ("programme_version", models.BigIntegerField(help_text="the one it was issued under")),
                ("shared", models.BooleanField(help_text="one code for many; never becomes used")),
                (
                    "issued_for_all",
                    models.BooleanField(default=False, help_text="the announced code of its template"),
                ),
                ("code_index", models.BinaryField(max_length=32)),
                ("code_sealed", models.BinaryField()),
                ("member_id", models.BigIntegerField(help_text="null: whoever has the code", null=True)),
                ("issued_to", models.BigIntegerField(help_text="whose wallet it came into first", null=True)),
                ("state", models.CharField(default="open", max_length=8)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("issued_at", models.DateTimeField()),
                ("issued_by", models.CharField(max_length=120)),
                ("batch_id", models.BigIntegerField(null=True)),
                ("serial", models.BigIntegerField(help_text="its number in the batch", null=True)),
                ("order_id", models.BigIntegerField(help_text="the order it came with", null=True)),
                ("offer", models.CharField(default="", help_text="the offer that gave it", max_length=64)),
                (
                    "nth",
                    models.IntegerField(
                        default=1, help_text="its number among those of the offer and the template"
                    ),
                ),
                (
                    "revoke_when_back",
                    models.BooleanField(
                        default=False, help_text="the order it came with was returned while it was used"
                    ),
                ),
                ("used_order_id", models.BigIntegerField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("held_store_id", models.BigIntegerField(null=True)),
                ("held_order_no", models.CharField(default="", max_length=64)),
                ("held_until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("member_id__isnull", False)),
                        fields=["member_id", "-id"],
                        name="coupon_of_member",
                    ),
                    models.Index(fields=["template", "-id"], name="coupon_of_template"),
                    models.Index(
                        condition=models.Q(("issued_for_all", True)),
                        fields=["template"],
                        name="coupon_announced",
                    ),
                    models.Index(
                        condition=models.Q(("held_until__isnull", False)),
                        fields=["held_store_id", "held_order_no"],
                        name="coupon_held",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("code_index",), name="coupon_code_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("batch_id__isnull", False)),
                        fields=("batch_id", "serial"),
                        name="coupon_once_in_batch",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("order_id__isnull", False)),
                        fields=("order_id", "offer", "template", "nth"),
                        name="coupon_once_with_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gt", models.F("valid_from"))),
                        name="coupon_holds_some_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "used"), ("used_order_id__isnull", False), ("shared", False)),
                            models.Q(("state__in", ["open", "revoked"]), ("used_order_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="coupon_used_on_an_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("template", models.CharField(max_length=64)),
                ("name", models.CharField(default="", max_length=120)),
                ("kind", models.CharField(help_text="members, audience, codes", max_length=8)),
                ("source", models.JSONField(help_text="of an audience: the condition; never personal data")),
                ("each", models.IntegerField(help_text="coupons for each member; codes in all")),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("recipients", models.BigIntegerField(default=0)),
                ("position", models.BigIntegerField(default=0)),
                ("issued", models.BigIntegerField(default=0)),
                ("refused", models.BigIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("actor", models.CharField(max_length=120)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["template", "-id"], name="coupon_batch_of_template")],
            },
        ),
        migrations.CreateModel(
            name="CouponEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("coupon_id", models.BigIntegerField()),
                ("kind", models.CharField(help_text="given_back, revoked, transferred", max_length=12)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=120)),
                ("from_member", models.BigIntegerField(null=True)),
                ("to_member", models.BigIntegerField(null=True)),
                ("order_id", models.BigIntegerField(null=True)),
                ("note", models.CharField(default="", max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["coupon_id", "id"], name="coupon_event_of_coupon")],
            },
        ),
        migrations.CreateModel(
            name="CouponLimit",
            fields=[
                ("template", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("most", models.BigIntegerField(null=True)),
                ("issued", models.BigIntegerField(null=True)),
                ("most_each", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("issued__gte", 0)), name="coupons_issued_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponRecipient",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("batch_id", models.BigIntegerField()),
                ("place", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                ("refused", models.CharField(default="", max_length=24)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("refused", ""), _negated=True),
                        fields=["batch_id", "place"],
                        name="coupon_recipient_refused",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("batch_id", "member_id"), name="coupon_recipient_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponsOfMember",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "template", "member_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("template", models.CharField(max_length=64)),
                ("member_id", models.BigIntegerField()),
                ("issued", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["member_id"], name="coupons_of_member")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("issued__gte", 0)), name="coupons_of_member_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponTemplateVersion",
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
                        fields=("key", "programme_version"), name="coupon_template_once_per_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("coupon_id", models.BigIntegerField()),
                ("template", models.CharField(max_length=64)),
                ("shared", models.BooleanField()),
                ("order_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("offers", models.JSONField(help_text="keys of the offers it called")),
                ("amount_minor", models.BigIntegerField()),
                ("used_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["order_id"], name="coupon_use_of_order"),
                    models.Index(fields=["template", "used_at"], name="coupon_use_of_template"),
                    models.Index(
                        condition=models.Q(("member_id__isnull", False)),
                        fields=["member_id"],
                        name="coupon_use_of_member",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("coupon_id", "order_id"), name="coupon_once_per_order"),
                    models.UniqueConstraint(
                        condition=models.Q(("shared", False), ("undone_at__isnull", True)),
                        fields=("coupon_id",),
                        name="coupon_used_once",
                    ),
                ],
            },
        ),
        immutable("benefits_coupontemplateversion"),
        immutable("benefits_couponevent"),
    ]
