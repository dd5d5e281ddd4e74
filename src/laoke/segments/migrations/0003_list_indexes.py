"""The orders of the member list: by last purchase and by spend."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes on tables in use are built beside the traffic
    dependencies = [("segments", "0002_cube")]
    operations = [
        AddIndexConcurrently(
            "memberfeatures",
            models.Index(fields=["last_purchase_date", "member_id"], name="features_last_purchase"),
        ),
        AddIndexConcurrently(
            "memberfeatures",
            models.Index(fields=["annual_minor", "member_id"], name="features_annual"),
        ),
    ]
