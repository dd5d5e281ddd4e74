"""What the console itself has to remember."""

from __future__ import annotations

from django.db import models


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
