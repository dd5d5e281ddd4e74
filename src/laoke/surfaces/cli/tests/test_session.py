"""What a command says before it begins."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db.migrations.executor import MigrationExecutor

from laoke.surfaces.cli import session

pytestmark = pytest.mark.django_db


def test_tables_of_an_older_version_are_refused_and_their_place_is_named(monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("points", "0001_initial")])
    with pytest.raises(session.NotMigrated) as refused:
        session._migrations(False)
    place = str(settings.LAOKE.home) if settings.DATABASE_TARGET.embedded else "DATABASE_URL"
    assert f"It is that of {place}. " in refused.value.detail
