"""The audit trail by who did it and by what was done."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes on tables in use are built beside the traffic
    dependencies = [("foundation", "0003_task_failure")]
    operations = [
        AddIndexConcurrently("auditentry", models.Index(fields=["actor", "-at"], name="audit_actor")),
        AddIndexConcurrently("auditentry", models.Index(fields=["action", "-at"], name="audit_action")),
    ]
