"""What acts on many members did to one of them is looked up by the member."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes on tables in use are built beside the traffic
    dependencies = [("console", "0004_bulk_failure")]
    operations = [
        AddIndexConcurrently(
            "bulkoutcome",
            models.Index(
                fields=["member_id", "act"],
                name="bulk_outcome_of",
                condition=models.Q(error__in=["", "undone"]),
            ),
        ),
        AddIndexConcurrently(
            "bulkoutcome",
            models.Index(
                fields=["act"],
                name="bulk_outcome_refused",
                condition=models.Q(("error__in", ["", "undone"]), _negated=True),
            ),
        ),
    ]
