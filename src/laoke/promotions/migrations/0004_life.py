import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("draft", "Draft"),
    ("review", "Review"),
    ("rejected", "Rejected"),
    ("published", "Published"),
    ("discarded", "Discarded"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0003_pricing"),
    ]

    operations = [
        migrations.AddField(
            "offerversion",
            "stopped",
            models.BooleanField(
                default=False, help_text="in an emergency: what was quoted before is not honoured either"
            ),
        ),
        migrations.CreateModel(
            name="OfferAllowance",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("programme_version", models.BigIntegerField(help_text="since when they stand so")),
                ("in_total", models.BigIntegerField(null=True)),
                ("budget_minor", models.BigIntegerField(null=True)),
                (
                    "first_day",
                    models.DateField(help_text="of even pacing, in the programme's time zone", null=True),
                ),
                ("days", models.IntegerField(help_text="of even pacing", null=True)),
                ("alarm_at", models.JSONField(default=list, help_text="percent of the budget, ascending")),
            ],
        ),
        migrations.CreateModel(
            name="OfferAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("programme_version", models.BigIntegerField(help_text="of the allowance")),
                ("percent", models.SmallIntegerField(help_text="of the budget; 0: nothing is left")),
                ("crossed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "programme_version", "percent"), name="offer_alarm_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("state", models.CharField(choices=STATES, default="draft", max_length=12)),
                ("revision", models.IntegerField(default=1)),
                ("content", models.IntegerField(default=1)),
                (
                    "base_version",
                    models.BigIntegerField(
                        help_text="the publication it began from; null: a new offer", null=True
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=120)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=120)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("submitted_by", models.CharField(blank=True, max_length=120)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=120)),
                ("note", models.CharField(blank=True, help_text="why it was rejected", max_length=500)),
                ("published_version", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["key", "id"], name="drafts_of_offer")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["draft", "review", "rejected"])),
                        fields=("key",),
                        name="one_open_draft_per_offer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferDraftRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.IntegerField()),
                ("before", models.IntegerField(null=True)),
                ("document", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=120)),
                ("who", models.CharField(help_text="kind and id of the account", max_length=40)),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="promotions.offerdraft",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "revision"), name="draft_text_once")
                ],
            },
        ),
    ]
