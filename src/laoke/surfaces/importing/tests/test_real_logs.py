"""The public logs through the mappings that come along: exact totals. Skipped where the data is not."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from laoke.foundation.access import SYSTEM
from laoke.surfaces.importing import Kind, Request, run
from laoke.surfaces.importing.tests.conftest import NOW, ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(settings) -> Path:
    """The folder of the logs, with the programme in the money of the logs."""
    beside = Path(__file__).parents[6] / "shared" / "data"
    folder = Path(os.environ.get("LAOKE_SHARED_DATA", beside))
    if not (folder / "cdnow" / "transactions.parquet").exists():
        pytest.skip("the public retail logs are not here (LAOKE_SHARED_DATA)")
    settings.LAOKE = replace(settings.LAOKE, currency="USD", time_zone="America/New_York")
    return folder


def test_cdnow(log):
    files = [log / "cdnow" / "transactions.parquet"]
    outcome = run(SYSTEM, Request(Kind.ORDERS, files, "cdnow_orders", as_of=date(1998, 6, 30)), now=NOW)
    assert (outcome.rows, outcome.rows_bad, outcome.added, outcome.lines) == (69_659, 0, 69_659, 69_659)
    assert outcome.created == {"stores": 1, "channels": 1, "products": 1, "members": 23_570}
    assert ask(
        "select count(*), sum(total_minor)::bigint, count(distinct member_id) from purchases_order"
    ) == [(69_659, 250_031_563, 23_570)]
    assert ask("select sum(quantity_milli)::bigint from purchases_orderline") == [(167_881_000,)]
    assert ask("select min(biz_date), max(biz_date) from purchases_order") == [
        (date(1997, 1, 1), date(1998, 6, 30))
    ]
    # One point a whole dollar of each order; those of the first half year have expired by the last day.
    earned, cents = ask(
        "select sum(points_earned)::bigint, sum(total_minor / 100)::bigint from purchases_order"
    )[0]
    assert earned == cents
    assert ask("select sum(points_earned) from purchases_order where placed_at < '1997-06-30 04:00+00'") == [
        (outcome.points_expired,)
    ]
    assert ask("select sum(balance) from points_account") == [(earned - outcome.points_expired,)]


def test_complete_journey_can_be_read_as_a_whole(log):
    files = [log / "complete_journey" / "transactions.parquet"]
    request = Request(Kind.ORDERS, files, "complete_journey_orders", dry_run=True, as_of=date(2017, 10, 2))
    outcome = run(SYSTEM, request, now=NOW)
    assert (outcome.rows, outcome.rows_skipped, outcome.rows_bad) == (1_101_174, 6_475, 0)
    assert (outcome.things, outcome.left_out, outcome.report) == (117_035, 0, None)
