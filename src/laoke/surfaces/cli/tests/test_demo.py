"""What members of the demo do beside buying."""

from __future__ import annotations

import collections
import json


def test_members_of_the_demo_do_more_than_buy(shop):
    events = json.loads(shop.run("points", "events", "1", "--json").stdout)
    earned = collections.Counter(each["kind"] for each in events if each["state"] == "earned")
    # Here every day: 14 check-ins of 2 points, and 20 for each week of them.
    assert (earned["check_in"], earned["survey"], earned["share"]) == (14, 1, 2)
    assert sum(each["points"] + each["bonus"] for each in events if each["kind"] == "check_in") == 68
