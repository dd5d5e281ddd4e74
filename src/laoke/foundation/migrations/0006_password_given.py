"""Passwords that somebody else knows. Accounts there are already keep theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0005_webhook_attempts")]

    operations = [
        migrations.AddField("staff", "password_given", models.BooleanField(default=False)),
    ]
