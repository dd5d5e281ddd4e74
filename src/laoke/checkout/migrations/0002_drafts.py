"""Drafts of sections of the programme."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("checkout", "0001_proposals")]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("section", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("document", models.JSONField()),
                ("revision", models.PositiveIntegerField(default=1, help_text="counts what was saved")),
                ("edited_at", models.DateTimeField()),
                ("edited_by", models.CharField(max_length=120)),
                ("preview", models.BigIntegerField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("tried_kind", models.CharField(db_default="", default="", max_length=8)),
                ("tried_id", models.BigIntegerField(null=True)),
                ("tried_by", models.CharField(db_default="", default="", max_length=120)),
                (
                    "broke_off",
                    models.BooleanField(
                        db_default=False, default=False, help_text="the last try came to nothing"
                    ),
                ),
                (
                    "misfit",
                    models.TextField(
                        db_default="",
                        default="",
                        help_text="what of offers and benefits did not fit it when it was tried",
                    ),
                ),
            ],
        ),
    ]
