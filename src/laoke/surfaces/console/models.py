"""What the console itself has to remember."""

from __future__ import annotations

from django.db import models

from laoke.surfaces.console.directory.models import BulkAct as BulkAct
from laoke.surfaces.console.directory.models import BulkOutcome as BulkOutcome
from laoke.surfaces.console.directory.models import ListCount as ListCount
from laoke.surfaces.console.directory.models import ListPreference as ListPreference
from laoke.surfaces.console.directory.models import SavedView as SavedView
from laoke.surfaces.console.exports.models import Export as Export
from laoke.surfaces.console.notices.models import Notice as Notice


class SignInAttempts(models.Model):
    """How often somebody tried to sign in to one account from one address, until when the count holds.

    The key is a keyed hash: neither names that do not exist nor addresses are kept in clear.
    """

    key = models.CharField(max_length=64, primary_key=True)
    attempts = models.SmallIntegerField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="sign_in_attempts_until")]

    def __str__(self) -> str:
        return f"{self.attempts} attempts"
