import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0004_audit_indexes")]

    operations = [
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("milliseconds", models.IntegerField()),
                ("status", models.SmallIntegerField(help_text="null: no answer", null=True)),
                ("error", models.CharField(default="", max_length=300)),
                (
                    "answer_headers",
                    models.JSONField(default=list, help_text="pairs of names and values"),
                ),
                ("answer", models.TextField(default="")),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="foundation.webhookdelivery",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["delivery", "id"], name="webhook_attempts")]},
        ),
    ]
