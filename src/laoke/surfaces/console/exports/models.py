"""Files that were asked for."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Export(models.Model):
    """A list as a file. The filter is sealed, for it may hold a search text; the file holds masked data only."""

    WAITING, RUNNING, READY, STOPPED, FAILED, GONE = (
        "waiting", "running", "ready", "stopped", "failed", "gone",
    )  # fmt: skip

    staff_id = models.BigIntegerField(help_text="who asked; only they and owners may have the file")
    actor = models.CharField(max_length=120)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=4, help_text="xlsx or csv")
    language = models.CharField(max_length=10)
    columns = ArrayField(models.CharField(max_length=20))
    query_sealed = models.BinaryField()
    stores = ArrayField(models.BigIntegerField(), null=True)
    state = models.CharField(max_length=10)
    rows = models.IntegerField(default=0, help_text="as expected until the file is ready")
    bytes = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "console_export"
        indexes = [
            models.Index(fields=["staff_id", "-at", "-id"], name="export_of"),
            models.Index(fields=["-at", "-id"], name="export_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}.{self.kind}: {self.state}"
