"""The nightly figures on a real database: export, count, store; once more; with something returned since."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from laoke.checkout import programme
from laoke.checkout.replay import GiveBackEvent, Player, Sale, SaleLine
from laoke.foundation.access import SYSTEM, Caller, Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.insight.metrics.catalogue import BY_CODE
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput
from laoke.review import figures, selectors
from laoke.review.models import Figure, FigureRun, StoreMonth
from laoke.review.tasks import compute_figures
from tests import shop as shops

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
# 04:30 in Shanghai on the eleventh.
NIGHT = datetime(2026, 3, 10, 20, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)

# Prices in yuan; the ladder's silver takes 500 within three months, gold 2,000 and three purchases.
BUYERS = """
    # phone      home  at  yuan  days ago
    13800000001  S1    S1  900   95,60,30,5
    13800000002  S2    S1  100   80,3
    13800000003  -     S2  100   85
    13800000004  S2    S2  100   200
"""
GOLDEN = """
    # metric            store  numerator  denominator
    repurchase_90       all    2          3
    repurchase_90       S1     1          1
    repurchase_90       S2     1          1
    high_value_share    all    270000     300000
    high_value_share    S1     270000     270000
    high_value_share    S2     0          20000
    monthly_active      all    2          4
    members             S2     2          -
    sales_30            all    100000     -
    sales_30            S1     100000     -
    points_holders      all    4          -
    selling_days        S1     2          -
"""


@pytest.fixture
def shop():
    shops.forget()
    stores = purchases.save_stores(SYSTEM, [StoreInput("S1", "一店"), StoreInput("S2", "二店")], at=NOW)
    channel = purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=NOW)["pos"]
    product = purchases.save_products(SYSTEM, [ProductInput("rice", "大米", 10_000)], at=NOW)["rice"]
    programme.apply(SYSTEM, {"points": shops.POINTS, "ladder": shops.LADDER}, at=NOW - timedelta(days=400))
    sales = []
    for row in BUYERS.strip().splitlines()[1:]:
        phone, home, place, yuan, days = row.split()
        member = members.register(
            caller=SYSTEM,
            at=NOW - timedelta(days=400),
            identities=[IdentityInput("phone", phone)],
            home_store_id=stores.get(home),
        )
        for ago in days.split(","):
            price = SaleLine(product, 1000, int(yuan) * 100, int(yuan) * 100, 0, int(yuan) * 100)
            at = NOW - timedelta(days=int(ago))
            sales.append(Sale(f"{phone}-{ago}", stores[place], channel, member, at, [price]))
    sales.sort(key=lambda sale: sale.placed_at)
    player().play(sales)
    yield stores
    shops.forget()


def player():
    return Player(programme.current(), settings.LAOKE.zone, "CNY", source="import", now=NOW)


def test_figures_are_counted_kept_and_counted_again(shop):
    steps = []
    found = figures.compute(as_of=TODAY, now=NOW, go_on=lambda step: steps.append(step) or True)
    names = {"all": selectors.WHOLE_SHOP, **shop}
    for row in GOLDEN.strip().splitlines()[1:]:
        metric, store, above, below = row.split("#")[0].split()
        kept = Figure.objects.get(metric=metric, part="", store_id=names[store], day=TODAY)
        assert (kept.numerator, kept.denominator) == (int(above), None if below == "-" else int(below)), row
    assert found.written == found.figures == Figure.objects.count()
    assert found.first_order == TODAY - timedelta(days=200)
    assert (steps[0], steps[1], steps[-1]) == ("export", "orders", "store")

    again = figures.compute(as_of=TODAY, now=NOW)
    assert (again.figures, again.written, again.dropped) == (found.figures, 0, 0)
    assert FigureRun.objects.filter(finished_at__isnull=False).count() == 2

    # The last purchase of the second buyer comes back: the past is counted with what is known now.
    player().play(
        [GiveBackEvent("R1", shop["S1"], "13800000002-3", NOW - timedelta(hours=1), {1: 1000}, "reason")]
    )
    figures.compute(as_of=TODAY, now=NOW)
    kept = Figure.objects.get(metric="repurchase_90", part="", store_id=selectors.WHOLE_SHOP, day=TODAY)
    assert (kept.numerator, kept.denominator) == (1, 3)
    assert not Figure.objects.filter(metric="selling_days", store_id=shop["S1"], numerator=2).exists()


def test_states_of_days_that_are_past_stay(shop):
    figures.compute(as_of=TODAY, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("update points_lot set remaining = 0")
    figures.compute(as_of=TODAY + timedelta(days=1), now=NOW)
    days = Figure.objects.filter(metric="points_open", store_id=0).values_list("day", flat=True)
    assert list(days) == [TODAY]
    # A day that is not kept any more goes with all its figures.
    figures.compute(as_of=TODAY + timedelta(days=90), now=NOW)
    assert not Figure.objects.filter(metric="points_open").exists()


def test_a_stopped_run_has_changed_nothing(shop):
    for last in ("export", "members", "store"):
        assert figures.compute(as_of=TODAY, now=NOW, go_on=lambda step, last=last: step != last) is None
        assert not Figure.objects.exists()
        assert selectors.last_run() is None
    assert figures.compute(as_of=TODAY, now=NOW).written > 0


def test_the_night_counts_to_yesterday_of_the_shop(shop):
    compute_figures(NIGHT)
    assert selectors.last_run().as_of == TODAY
    progress = jobs.of("review.figures")
    assert (progress.state, progress.detail["step"]) == ("done", "store")
    assert compute_figures.schedule == "30 4 * * *"


def test_the_night_counts_a_month_of_every_store(shop):
    figures.compute(as_of=TODAY, now=NOW)
    rows = StoreMonth.objects.order_by("store_id").values_list(
        "members", "orders", "buyers", "net_minor", "member_net_minor", "as_of"
    )
    # Of 29 days: the page adds the thirtieth, which has only begun.
    assert list(rows) == [(1, 2, 2, 100_000, 100_000, TODAY), (2, 0, 0, 0, 0, TODAY)]


def test_values_of_several_stores_are_sums_and_of_none_nothing(shop):
    figures.compute(as_of=TODAY, now=NOW)
    both = selectors.values(list(shop.values()), [TODAY])
    value = both["repurchase_90", "", TODAY]
    assert (value.numerator, value.denominator) == (2, 2)  # the third buyer has no home store
    assert value.amount(BY_CODE["repurchase_90"]) == 10_000
    assert selectors.values([], [TODAY]) == {}
    caller = Caller("staff", 1, "x", frozenset({Scope.INSIGHT_READ}), frozenset(shop.values()))
    assert selectors.stores_of(caller) == sorted(shop.values())
    series = selectors.series(BY_CODE["sales_30"], [0], TODAY - timedelta(days=3), TODAY)
    assert [point.value.numerator for point in series] == [190_000, 190_000, 190_000, 100_000]
