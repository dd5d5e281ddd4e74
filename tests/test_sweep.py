"""The sweep of expired points, stopped between batches and gone on with."""

from __future__ import annotations

from datetime import timedelta

from laoke.points import expiry
from laoke.points.expiry import Swept
from laoke.points.models import Lot, Posting
from tests.shop import OPENING, broken, line

YEARS = OPENING + timedelta(days=800)


def test_a_sweep_that_is_stopped_is_gone_on_with(shop):
    for number in range(5):
        shop.till().sell(f"A{number}", shop.member(), line("wine"))
    assert expiry.due(YEARS) == 5
    first = expiry.expire(at=YEARS, now=YEARS, batch=2, advance=lambda lots: False, rest=0.1)
    assert (first, expiry.due(YEARS)) == (Swept(2, 1000), 3)
    assert expiry.expire(at=YEARS, now=YEARS, batch=2) == Swept(3, 1500)
    assert expiry.expire(at=YEARS, now=YEARS, batch=2) == Swept(0, 0)
    assert Posting.objects.filter(kind="expiry").count() == 5
    assert not Lot.objects.filter(remaining__gt=0).exists()
    assert not broken()
