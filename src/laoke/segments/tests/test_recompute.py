"""The nightly computation on a real database: export, score, store."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.segments import services
from laoke.segments.models import MemberFeatures

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_recompute():
    m = members.register(caller=SYSTEM, at=NOW, identities=[IdentityInput("phone", "13812345678")])
    print(services.recompute(as_of=date(2026, 3, 10), now=NOW))
    print(MemberFeatures.objects.values())
