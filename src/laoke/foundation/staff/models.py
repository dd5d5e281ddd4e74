"""Staff accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
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

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name", "role"]
    objects = BaseUserManager[Any]()

    def __str__(self) -> str:
        return self.username
