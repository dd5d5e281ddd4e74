"""What waits under the bell."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("console", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("staff_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=40)),
                ("data", models.JSONField(default=dict)),
                ("path", models.CharField(default="", max_length=200)),
                ("at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["staff_id", "-at", "-id"], name="notice_newest"),
                    models.Index(
                        fields=["staff_id"], name="notice_unread", condition=models.Q(read_at__isnull=True)
                    ),
                ],
            },
        ),
    ]
