from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="FileImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("staff_id", models.BigIntegerField()),
                ("staff_name", models.CharField(max_length=100)),
                ("language", models.CharField(max_length=10)),
                ("kind", models.CharField(max_length=10)),
                ("state", models.CharField(default="mapping", max_length=12)),
                ("folder", models.CharField(max_length=64)),
                ("files", models.JSONField()),
                ("choices", models.JSONField(null=True)),
                ("mapping", models.TextField(default="")),
                ("as_of", models.DateField(null=True)),
                ("check_outcome", models.JSONField(null=True)),
                ("outcome", models.JSONField(null=True)),
                ("failure", models.TextField(default="")),
                ("another_runs", models.BooleanField(default=False)),
                ("stop_requested", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("files_gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-created_at", "-id"], name="file_import_newest")],
            },
        ),
        migrations.CreateModel(
            name="SavedMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=60)),
                ("text", models.TextField()),
                ("choices", models.JSONField(null=True)),
                ("saved_by", models.CharField(max_length=100)),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "name"), name="saved_mapping_once")],
            },
        ),
    ]
