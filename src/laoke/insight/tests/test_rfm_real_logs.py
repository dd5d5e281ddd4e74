"""Two retailers' real logs, counted: golden values, so that a change of the method shows itself.

The logs are in US dollars and the thresholds of R12 are given in dollars as they stand in yuan.
"""

from __future__ import annotations

from datetime import date

import ibis
import pytest

from laoke.insight.rfm.breakpoints import Breakpoints
from laoke.insight.rfm.compute import compute_rfm
from laoke.insight.rfm.policy import RfmPolicy, ValueClassPolicy

# One row is one CD order; the file has no order numbers and no shop.
CDNOW = """
select row_number() over () as order_id, customer_id::bigint as member_id, date as day,
       (amount * 100)::bigint as minor
from '{folder}/cdnow/transactions.parquet'
"""
# What the retailer received, before manufacturers' coupons; fuel and lines of zero included.
COMPLETE_JOURNEY = """
select basket_id as order_id, any_value(household_id)::bigint as member_id,
       any_value(transaction_timestamp)::date as day, (sum(sales_value) * 100)::bigint as minor
from '{folder}/complete_journey/transactions.parquet' group by basket_id
"""
AS_ORDERS = """
select order_id, member_id, 1::bigint as store_id, 1::bigint as channel_id, day::timestamp as placed_at,
       day as biz_date, 12::smallint as biz_hour, 'USD' as currency, minor as total_minor, minor as net_minor,
       'completed' as status
from ({log})
"""


@pytest.fixture
def rfm_of(session, shared_data):
    def rfm(log, as_of):
        orders = session.sql(AS_ORDERS.format(log=log.format(folder=shared_data)), dialect="duckdb")
        first_days = orders.group_by("member_id").aggregate(registered_date=orders.biz_date.min())
        members = first_days.mutate(status=ibis.literal("active"), home_store_id=ibis.null("int64"))
        result = compute_rfm(
            orders,
            members,
            as_of=as_of,
            rfm=RfmPolicy(currency="USD"),
            value=ValueClassPolicy(currency="USD"),
        )
        assert result.members == sum(result.members_by_rfm_class().values())
        assert result.members == sum(result.members_by_value_class().values())
        return result

    return rfm


def rules(groups):
    return {group.rule: group.members for group in groups}


def test_cdnow(rfm_of):
    """A cohort of one quarter, 15 to 18 months later: most came once, and one in twelve gives 60 % of the sales."""
    result = rfm_of(CDNOW, date(1998, 6, 30))
    assert (result.members, result.members_without_purchase) == (23_570, 68)
    assert result.breakpoints == Breakpoints((246, 159, 91, 33), (2, 3, 4, 6), (24_99, 46_99, 85_40, 168_55))
    assert result.members_by_rfm_class() == {
        "high_value": 1_871,
        "potential": 3_138,
        "dormant": 18_561,
        "new": 0,
    }
    assert result.members_by_value_class() == {"core": 2, "potential": 18, "basic": 5_370, "dormant": 18_180}
    assert rules(result.groups_rfm) == {
        "near-high-high": 1_871, "near-low-low": 1_282, "near-mid-mid": 899, "near-seldom-large": 838,
        "near-often-small": 119, "far-low-low": 17_065, "far-between": 1_210, "far-high-high": 218, "never-bought": 68,
    }  # fmt: skip


def test_complete_journey(rfm_of):
    """A grocer's frequent shoppers over nine months: a third give two thirds of the sales."""
    result = rfm_of(COMPLETE_JOURNEY, date(2017, 10, 2))
    assert (result.members, result.members_without_purchase) == (2_447, 0)
    # All trade lies in the window, so the grid holds all of it: 3,417,389.93 USD.
    assert sum(cell.monetary_minor for cell in result.grid) == 3_417_389_93
    assert result.breakpoints == Breakpoints(
        (26, 9, 4, 2), (13, 25, 43, 72), (250_76, 630_93, 1204_43, 2266_00)
    )
    assert result.members_by_rfm_class() == {"high_value": 770, "potential": 1_246, "dormant": 416, "new": 15}
    assert result.members_by_value_class() == {"core": 82, "potential": 499, "basic": 1_837, "dormant": 29}
    assert rules(result.groups_rfm) == {
        "near-high-high": 770, "near-mid-mid": 489, "near-low-low": 463, "near-seldom-large": 151,
        "near-often-small": 143, "far-low-low": 342, "far-between": 66, "far-high-high": 8, "new-low-low": 15,
    }  # fmt: skip
