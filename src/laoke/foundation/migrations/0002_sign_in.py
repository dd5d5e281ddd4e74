import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]

    operations = [
        migrations.AddField("staff", "code_secret", models.BinaryField(null=True)),
        migrations.AddField("staff", "code_step", models.BigIntegerField(null=True)),
        migrations.AddField("staff", "sso_issuer", models.CharField(max_length=500, null=True)),
        migrations.AddField("staff", "sso_subject", models.CharField(max_length=255, null=True)),
        migrations.AddConstraint(
            "staff",
            models.UniqueConstraint(fields=["sso_issuer", "sso_subject"], name="staff_one_account_a_subject"),
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField()),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StaffSession",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("address", models.CharField(default="", max_length=45)),
                ("agent", models.CharField(default="", max_length=60)),
                (
                    "staff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        # The table of django.contrib.sessions, which this one takes the place of. Sessions are signed in to again.
        migrations.RunSQL("drop table if exists django_session", migrations.RunSQL.noop),
    ]
