"""Random commands on the books of the ledger and on the model of coins: 100,000 steps, no difference."""

from __future__ import annotations

import argparse
import json
import time

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from laoke.engine.ledger.tests.machine import Ledgers

A_RUN = 50


def main() -> None:
    """Print how many steps were compared; a difference ends it with the shortest way to it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    arguments = parser.parse_args()
    steps = 0

    class Counted(Ledgers):
        def check_invariants(self, *args: object, **kwargs: object) -> None:
            nonlocal steps
            steps += 1
            super().check_invariants(*args, **kwargs)

    began = time.perf_counter()
    while steps < arguments.steps:
        run_state_machine_as_test(
            Counted,
            settings=settings(
                max_examples=max(1, (arguments.steps - steps) // A_RUN),
                stateful_step_count=A_RUN,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(json.dumps({"steps": steps, "differences": 0, "seconds": round(time.perf_counter() - began, 1)}))


if __name__ == "__main__":
    main()
