"""How far long work has come."""

from __future__ import annotations

from django.db import models


class TaskProgress(models.Model):
    """The latest run of one piece of long work, named by kind (`name`) and object (`key`, e.g. a file).

    `done` and `total` count `unit`s; total 0 means that nobody knows. `stop_requested` is how a person asks
    the work to end early; the work looks at it from time to time.
    """

    RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped", "failed"

    name = models.CharField(max_length=60)
    key = models.CharField(max_length=200, default="")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    unit = models.CharField(max_length=20, default="")
    state = models.CharField(max_length=10, default=RUNNING)
    detail = models.JSONField(default=dict)
    stop_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "key"], name="progress_one_row_per_work")]
        indexes = [models.Index(fields=["-started_at"], name="progress_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.key}: {self.state}, {self.done} of {self.total}"


class TaskFailure(models.Model):
    """What the last failed try of a queued job said. Scrubbed of numbers, addresses and what the database quotes."""

    job_id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=60)
    error = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="task_failure_at")]

    def __str__(self) -> str:
        return f"{self.name} {self.job_id}: {self.error}"
