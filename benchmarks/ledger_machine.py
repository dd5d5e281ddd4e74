"""Random commands on the services with their database and on the model of coins: 100,000 steps, no difference.

`python -m benchmarks.ledger_machine --steps 100000`. A step takes some 5 ms; nothing of it stays in the database.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

A_RUN = 50
# Examples of one test: hypothesis keeps every one of them in memory.
A_ROUND = 200


def run(steps: int) -> dict[str, Any]:
    """Compare so many steps; a difference ends it with the way to it."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return _compare(steps)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _compare(steps: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import ready

    with ready(migrate=True):
        from hypothesis import HealthCheck, Phase, settings
        from hypothesis.stateful import run_state_machine_as_test

        from tests import shop
        from tests.ledger_machine import Services

        done = 0
        carried_out: Counter[str] = Counter()

        class Counted(Services):
            def check_invariants(self, *args: object, **kwargs: object) -> None:
                nonlocal done
                done += 1
                super().check_invariants(*args, **kwargs)

            def teardown(self) -> None:
                carried_out.update(self.carried_out)
                super().teardown()

        Counted.shop = shop.open_shop()
        began = time.perf_counter()
        while done < steps:
            run_state_machine_as_test(
                Counted,
                settings=settings(
                    max_examples=max(1, min(A_ROUND, (steps - done) // A_RUN)),
                    stateful_step_count=A_RUN,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        seconds = round(time.perf_counter() - began, 1)
    return {
        "steps": done,
        "differences": 0,
        "seconds": seconds,
        "carried_out": dict(sorted(carried_out.items())),
    }


def main() -> None:
    """Print what was compared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    print(json.dumps(run(parser.parse_args().steps)))


if __name__ == "__main__":
    main()
