"""A new key: old values stay readable, are sealed again, and then need the old key no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.conf import settings as django_settings

from laoke.foundation.access import MissingScope
from laoke.foundation.vault import SealedWithOtherKey
from laoke.members import selectors, services
from laoke.members.services import rotation

pytestmark = pytest.mark.django_db


def test_a_rotation(join, clerk, t0, settings, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    ids = [join(f"card:100{n}", name="陈雨桐", birth_date=date(1990, 1, n + 1)) for n in range(5)]

    def look(field):
        return selectors.reveal(caller=clerk, member_id=ids[3], field=field, reason="回访", at=t0)

    old = django_settings.LAOKE
    settings.LAOKE = replace(old, data_key=b"n" * 32)
    with pytest.raises(SealedWithOtherKey):
        look("name")
    settings.LAOKE = replace(old, data_key=b"n" * 32, old_data_keys=(old.data_key,))
    assert look("name") == ("陈雨桐",)
    newest = join("card:2000", name="王伟")
    assert list(services.reseal(caller=clerk, at=t0))[-1] == 12
    settings.LAOKE = replace(old, data_key=b"n" * 32)
    assert (look("name"), look("birth_date"), look("card")) == (("陈雨桐",), ("1990-01-04",), ("1003",))
    assert selectors.find("card", "1003") == ids[3]
    assert selectors.find("card", "2000") == newest


def test_strangers_may_not(stranger, t0):
    with pytest.raises(MissingScope):
        list(services.reseal(caller=stranger, at=t0))
