from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0003_own_identities_first")]

    operations = [
        migrations.AddIndex(
            "member",
            models.Index(
                fields=["registered_at", "id"],
                name="member_blocked",
                condition=models.Q(status="blocked"),
            ),
        ),
    ]
