"""The member list: preferences, saved views, counts, what was done to many; exports."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0002_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListPreference",
            fields=[
                ("staff_id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), size=None
                    ),
                ),
                ("density", models.CharField(max_length=10)),
                ("rows", models.SmallIntegerField()),
            ],
            options={
                "db_table": "console_list_preference",
            },
        ),
        migrations.CreateModel(
            name="BulkAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(help_text="tag, untag, block, unblock", max_length=10)),
                ("word", models.CharField(default="", help_text="the tag", max_length=40)),
                ("reason", models.CharField(default="", max_length=300)),
                ("staff_id", models.BigIntegerField()),
                ("actor", models.CharField(max_length=120)),
                ("query_sealed", models.BinaryField(null=True)),
                (
                    "stores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
                ("asked", models.IntegerField(help_text="how many were to be changed")),
                ("changed", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
                ("position", models.BigIntegerField(default=0)),
                ("state", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "console_bulk_act",
                "indexes": [models.Index(fields=["staff_id", "-at"], name="bulk_act_of")],
            },
        ),
        migrations.CreateModel(
            name="BulkOutcome",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "act", "member_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("member_id", models.BigIntegerField()),
                ("error", models.CharField(default="", help_text="the code of the refusal", max_length=40)),
                ("source", models.CharField(default="", max_length=40)),
                ("added_at", models.DateTimeField(null=True)),
                (
                    "act",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="console.bulkact",
                    ),
                ),
            ],
            options={
                "db_table": "console_bulk_outcome",
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "staff_id",
                    models.BigIntegerField(help_text="who asked; only they and owners may have the file"),
                ),
                ("actor", models.CharField(max_length=120)),
                ("name", models.CharField(max_length=80)),
                ("kind", models.CharField(help_text="xlsx or csv", max_length=4)),
                ("language", models.CharField(max_length=10)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), size=None
                    ),
                ),
                ("query_sealed", models.BinaryField()),
                (
                    "stores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
                ("state", models.CharField(max_length=10)),
                ("rows", models.IntegerField(default=0, help_text="as expected until the file is ready")),
                ("bytes", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "console_export",
                "indexes": [
                    models.Index(fields=["staff_id", "-at", "-id"], name="export_of"),
                    models.Index(fields=["-at", "-id"], name="export_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListCount",
            fields=[
                ("key", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("members", models.IntegerField()),
                ("exact", models.BooleanField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "console_list_count",
                "indexes": [models.Index(fields=["counted_at"], name="list_count_age")],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("staff_id", models.BigIntegerField(help_text="who saved it")),
                ("name", models.CharField(max_length=40)),
                ("query", models.CharField(max_length=4000)),
                ("shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "console_saved_view",
                "indexes": [models.Index(fields=["staff_id"], name="saved_view_of")],
            },
        ),
    ]
