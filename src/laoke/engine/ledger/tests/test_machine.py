"""The books against the model of coins; `make bench ARGS=ledger` takes 100,000 steps."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from laoke.engine.ledger.tests.machine import Ledgers


def test_books_and_coins_say_the_same():
    run_state_machine_as_test(
        Ledgers,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
