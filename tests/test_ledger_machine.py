"""The services against the model of coins; `make bench ARGS=ledger-machine` takes 100,000 steps."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger_machine import Services


def test_services_and_coins_say_the_same(shop):
    class Machine(Services):
        pass

    Machine.shop = shop
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            # A difference is told as it was found: shrinking takes minutes.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
