"""The nightly computation on a real database: export, score, store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from laoke.checkout import programme
from laoke.checkout.replay import Player, Sale, SaleLine
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput
from laoke.segments import services
from laoke.segments.models import FeatureRun, MemberFeatures

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)

BUYERS = """
    # phone      orders each  days ago           | frequency  spent    class_value
    13800000001  6            1,20,40,60,80,100  | 6          600000   core
    13800000002  1            200                | 1          100000   dormant
    13800000003  1            3                  | 1          100000   basic
    13800000004  0            -                  | 0          0        dormant
"""


@pytest.mark.django_db(transaction=True)
def test_members_are_scored_and_classified_and_a_second_night_replaces_the_first():
    store = purchases.save_stores(SYSTEM, [StoreInput("S1", "一店")], at=NOW)["S1"]
    channel = purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=NOW)["pos"]
    product = purchases.save_products(SYSTEM, [ProductInput("rice", "大米", 100_000)], at=NOW)["rice"]
    expected, sales = {}, []
    for line in BUYERS.strip().splitlines()[1:]:
        phone, _, days, _, frequency, spent, class_value = line.split()
        member = members.register(
            caller=SYSTEM, at=NOW - timedelta(days=400), identities=[IdentityInput("phone", phone)]
        )
        expected[member] = (int(frequency), int(spent), class_value)
        for ago in days.split(",") if days != "-" else []:
            at = NOW - timedelta(days=int(ago))
            price = SaleLine(product, 1000, 100_000, 100_000, 0, 100_000)
            sales.append(Sale(f"{member}-{ago}", store, channel, member, at, [price]))
    sales.sort(key=lambda sale: sale.placed_at)
    Player(programme.current(), settings.LAOKE.zone, "CNY", source="import", now=NOW).play(sales)

    steps = []
    summary = services.recompute(as_of=TODAY, now=NOW, progress=lambda step, rows: steps.append((step, rows)))
    services.recompute(as_of=TODAY, now=NOW)

    rows = MemberFeatures.objects.values_list("member_id", "frequency", "monetary_minor", "class_value")
    assert {member: rest for member, *rest in rows} == {member: list(row) for member, row in expected.items()}
    assert steps == [("export", len(sales) + 4), ("score", 4), ("store", 4)]
    assert (summary["members"], summary["members_without_purchase"]) == (4, 1)
    assert sum(summary["classes_rfm"].values()) == 4
    runs = FeatureRun.objects.order_by("id")
    assert len(runs) == 2
    assert all(run.finished_at > run.started_at for run in runs)
