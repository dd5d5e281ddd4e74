"""What the member list narrows by: home store and birthday."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False  # indexes on tables in use are built beside the traffic
    dependencies = [("members", "0001_initial")]
    operations = [
        AddIndexConcurrently(
            "member",
            models.Index(fields=["home_store_id", "registered_at", "id"], name="member_home_store"),
        ),
        AddIndexConcurrently(
            "member",
            models.Index(
                fields=["birthday_mmdd", "id"],
                name="member_birthday",
                condition=Q(birthday_mmdd__isnull=False),
            ),
        ),
    ]
