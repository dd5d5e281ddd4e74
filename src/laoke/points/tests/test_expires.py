"""Points that end with the calendar year."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from laoke.engine.policy import BadPolicy, Expires, PointsPolicy
from laoke.points import policy, services
from tests import shop as shops

# New Year of 2027 and 2028 in Shanghai.
NEW_YEAR, YEAR_AFTER = datetime(2026, 12, 31, 16, tzinfo=UTC), datetime(2027, 12, 31, 16, tzinfo=UTC)


def test_a_document_says_it_and_old_ones_mean_rolling():
    assert policy.parse({}).expires is Expires.ROLLING
    ends = policy.parse({"expires": "year_end"})
    assert ends == PointsPolicy(expires=Expires.YEAR_END)
    assert policy.parse(policy.to_document(ends)) == ends
    with pytest.raises(
        BadPolicy, match="takes one of rolling, year_end, next_year_end, inactivity, got 'never'"
    ):
        policy.parse({"expires": "never"})


@pytest.mark.django_db
@pytest.mark.parametrize(("expires", "ends"), [("year_end", NEW_YEAR), ("next_year_end", YEAR_AFTER)])
def test_points_of_purchases_and_gifts_end_together(expires, ends):
    shop = shops.open_shop(points=shops.POINTS | {"expires": expires})
    member, till = shop.member(), shop.till()
    assert till.at.year == 2026
    assert till.sell("A1", member, shops.line("wine")).status == 201
    assert till.later(days=30).sell("A2", member, shops.line("rice")).status == 201
    assert [lot[1] for lot in shops.lots(member)] == [ends, ends]
    assert services.preview(member, 50, at=till.at).expires_at == ends
