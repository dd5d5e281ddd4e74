"""Who ever bought in a store."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False  # indexes on tables in use are built beside the traffic
    dependencies = [("purchases", "0001_initial")]
    operations = [
        AddIndexConcurrently(
            "order",
            models.Index(
                fields=["store", "member_id"],
                name="order_at_store",
                condition=Q(member_id__isnull=False),
            ),
        ),
    ]
