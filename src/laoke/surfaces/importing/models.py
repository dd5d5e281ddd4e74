"""Imports that somebody started from the console, and the mappings they keep."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class FileImport(models.Model):
    """One upload on its way in. Its files lie in `folder` of LAOKE_HOME/uploads; what stands in them is not kept here.

    `files` says for each its name as the person calls it, the one it lies under, its size and form. `check` and
    `result` are the outcomes of the dry run and of the import, `failure` the sentence why there is none.
    """

    class State(StrEnum):
        """Where it stands."""

        MAPPING = "mapping"  # columns are being assigned
        CHECK_WAITS = "check_waits"
        CHECKING = "checking"
        CHECKED = "checked"
        WAITS = "waits"
        RUNNING = "running"
        STOPPED = "stopped"  # part of it may be in; it can go on
        FAILED = "failed"
        DONE = "done"
        DISCARDED = "discarded"

    staff_id = models.BigIntegerField()
    staff_name = models.CharField(max_length=100)
    language = models.CharField(max_length=10)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=12, default="mapping")
    folder = models.CharField(max_length=64)
    files = models.JSONField()
    choices = models.JSONField(null=True)  # the filled form; null: the mapping was written as text
    mapping = models.TextField(default="")
    as_of = models.DateField(null=True)
    check_outcome = models.JSONField(null=True)
    outcome = models.JSONField(null=True)
    failure = models.TextField(default="")
    another_runs = models.BooleanField(
        default=False
    )  # the command line imports at the moment: it waits for that
    stop_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    files_gone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="file_import_newest")]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.kind}: {self.state}"


class SavedMapping(models.Model):
    """A mapping under a name of its own, by kind. `choices` is the form it was made with, null if it was written."""

    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=60)
    text = models.TextField()
    choices = models.JSONField(null=True)
    saved_by = models.CharField(max_length=100)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="saved_mapping_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"
