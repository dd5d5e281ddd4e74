"""Budgets that go out evenly, and drafts that become offers, seen from the till."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.promotions import alarms, drafts, life, selectors
from laoke.promotions.documents.offers import Fault
from tests.shop import OPENING, Shop, Till, broken, line
from tests.test_concurrency import at_once

# OPENING is noon on 10 March in Shanghai; a bag of rice is 69.90.
EVEN: dict[str, Any] = {
    "name": {"zh": "减十元", "en": "Ten off"},
    "goal": "repeat",
    "stage": "basket",
    "starts": "2026-03-10",
    "ends": "2026-03-12",
    "gives": [{"amount": {"discount": 10}}],
    "limits": {"budget": 70, "pacing": "even", "alarm_at": [50]},
}


def publish(**more: Any) -> None:
    programme.apply(SYSTEM, {"offers": {"ten-off": EVEN | more}}, at=OPENING)


def off(reply: Any) -> int:
    """What the offer gave."""
    assert reply.status in (200, 201), reply.body
    return sum(each["amount_minor"] for each in reply["offers"])


def sold(till: Till, *numbers: str) -> list[int]:
    return [off(till.sell(number, None, line("rice"))) for number in numbers]


def test_a_day_gives_its_share_and_the_rest_waits(shop):
    publish()
    till = shop.till()
    # A third of 70.00 is 23.33.
    assert sold(till, "A", "B", "C") == [1000, 1000, 0]
    quoted = till.quote(None, line("rice"))
    assert {each["offer"]: each["reason"] for each in quoted["offers_refused"]} == {
        "ten-off": "budget_exhausted"
    }
    till.later(hours=11, minutes=59)
    assert sold(till, "D") == [0]
    till.later(minutes=1)
    # 46.66 by the end of the second day.
    assert sold(till, "E", "F", "G") == [1000, 1000, 0]
    till.later(days=1)
    assert sold(till, "H", "I", "J", "K") == [1000, 1000, 1000, 0]
    assert selectors.spent(["ten-off"])["ten-off"] == selectors.Spent(7, 7000)
    assert broken() == {}


def test_what_is_cut_is_cut_to_the_share_of_the_day(shop):
    publish(limits=EVEN["limits"] | {"on_exceed": "clip"})
    till = shop.till()
    assert sold(till, "A", "B", "C", "D") == [1000, 1000, 333, 0]
    till.later(days=1)
    assert sold(till, "E", "F", "G", "H") == [1000, 1000, 333, 0]
    till.later(days=1)
    assert sold(till, "I", "J", "K", "L") == [1000, 1000, 334, 0]
    assert broken() == {}


def test_what_comes_back_can_go_out_again(shop):
    publish()
    till = shop.till()
    first = till.sell("A", None, line("rice"))
    assert (off(first), *sold(till, "B", "C")) == (1000, 1000, 0)
    assert till.take_back(first["order_id"]).status == 201
    assert sold(till, "D", "E") == [1000, 0]
    assert broken() == {}


def test_a_quote_over_midnight_is_kept(shop):
    publish()
    till = Till(shop.key, datetime.fromisoformat("2026-03-10T23:55:00+08:00"))
    quoted = till.quote(None, line("rice"))
    assert off(quoted) == 1000
    till.later(minutes=10)
    assert off(till.sell("A", None, line("rice"), quote=quoted["quote"])) == 1000


def test_the_share_of_a_day_is_never_overspent(committed_shop):
    publish(limits={"budget": 600, "pacing": "even"})

    def buying(number: int, day: int) -> Any:
        till = committed_shop.till(OPENING + timedelta(days=day))
        return lambda: [
            off(till.sell(f"{day}-{number}-{turn}", None, line("rice"), key=f"{day}-{number}-{turn}"))
            for turn in range(4)
        ]

    for day in range(3):
        given = at_once(*(buying(number, day) for number in range(8)))
        assert Counter(amount for each in given for amount in each) == {1000: 20, 0: 12}
    assert broken() == {}


def test_somebody_is_told_when_the_budget_runs_low(shop):
    publish(limits={"budget": 40, "alarm_at": [50, 75]})
    till = shop.till()
    told = []
    for number in range(5):
        sold(till, str(number))
        told.append(alarms.tell(till.at))
    assert told == [0, 1, 1, 1, 0]


@pytest.fixture
def drafted(shop: Shop) -> Shop:
    publish()
    drafts.begin(
        SYSTEM, "five-off", EVEN | {"gives": [{"amount": {"discount": 5}}], "limits": {}}, at=OPENING
    )
    drafts.submit(SYSTEM, "five-off", at=OPENING)
    return shop


def test_a_draft_is_given_from_its_approval_on_beside_the_others(drafted):
    till = drafted.till()
    assert off(till.quote(None, line("rice"))) == 1000
    drafts.approve(SYSTEM, "five-off", at=OPENING)
    reply = till.quote(None, line("rice"))
    assert {each["offer"]: each["amount_minor"] for each in reply["offers"]} == {
        "ten-off": 1000,
        "five-off": 500,
    }


def test_a_plan_does_not_set_a_stopped_offer_running(shop):
    publish()
    life.stop(SYSTEM, "ten-off", "a wrong price", at=OPENING)
    with pytest.raises(Fault) as refused:
        programme.plan({"offers": {"ten-off": EVEN}}, at=OPENING)
    ((place, says),) = refused.value.faults
    assert (place, "laoke offers resume ten-off" in says) == (("offers", "ten-off", "paused"), True)
    exported = programme.to_document(programme.current())
    assert exported["offers"]["ten-off"]["paused"] is True
    assert programme.plan(exported, at=OPENING).changed == ()


def test_a_rejected_draft_is_never_given(drafted):
    drafts.reject(SYSTEM, "five-off", "too much", at=OPENING)
    assert off(drafted.till().quote(None, line("rice"))) == 1000
