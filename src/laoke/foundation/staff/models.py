"""Staff accounts, their sessions and their recovery codes."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from laoke.foundation.access import ROLE_LABELS, Role


class Staff(AbstractBaseUser):
    """A person who works with Laoke. `store_ids` and `region_ids` limit what is seen; both null: everything."""

    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=[(role.value, ROLE_LABELS[role]) for role in Role])
    language = models.CharField(max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    # Ids of purchases.Store and purchases.Region, which stand above this module: no foreign key may point up.
    store_ids = ArrayField(models.BigIntegerField(), null=True)
    region_ids = ArrayField(models.BigIntegerField(), null=True)
    created_at = models.DateTimeField()
    # Somebody else knows the password: the person has to choose one before anything else.
    password_given = models.BooleanField(default=False)
    # The secret that one-time codes are made from, sealed, and the last 30 s step a code was taken for. Null: no codes.
    code_secret = models.BinaryField(null=True)
    code_step = models.BigIntegerField(null=True)
    # Who the account is at the identity provider. Names there can change hands, subjects cannot.
    sso_issuer = models.CharField(max_length=500, null=True)  # noqa: DJ001 - "" would be a second way to say none
    sso_subject = models.CharField(max_length=255, null=True)  # noqa: DJ001

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name", "role"]
    objects = BaseUserManager[Any]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sso_issuer", "sso_subject"], name="staff_one_account_a_subject")
        ]

    def __str__(self) -> str:
        return self.username


class RecoveryCode(models.Model):
    """A code that stands in for a one-time code, once. Only its keyed hash is kept; used ones are deleted."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField()

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class StaffSession(AbstractBaseSession):
    """A browser that knocked or signed in. Whoever holds `session_key` is in, so others name it by `public_id`.

    `address` is masked (203.0.113.*): enough to tell the shop from elsewhere. `staff` is null before the sign-in.
    """

    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    staff = models.ForeignKey(Staff, models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=45, default="")
    agent = models.CharField(max_length=60, default="")

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that fills this table."""
        from laoke.foundation.staff.session_store import SessionStore

        return SessionStore
