"""`python -m benchmarks`: every benchmark, each in a process of its own, results in benchmarks/results/.

`--quick` runs small sizes, to see that they still run; `NAME ...` runs some of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import growth_chart

RESULTS = Path(__file__).parent / "results"

# name: (module, arguments for the full size, arguments for a quick look)
ALL: dict[str, tuple[str, list[str], list[str]]] = {
    "till-10k": (
        "benchmarks.till",
        ["--members", "10000"],
        ["--members", "1000", "--seconds", "2", "--rounds", "1"],
    ),
    "till-1m": ("benchmarks.till", ["--members", "1000000"], []),
    "features-1m": ("benchmarks.features", ["--members", "1000000"], ["--members", "10000", "--rounds", "1"]),
    "figures-1m": ("benchmarks.figures", ["--members", "1000000"], ["--members", "10000"]),
    "pages-1m": (
        "benchmarks.pages",
        ["--members", "1000000"],
        ["--members", "10000", "--requests", "5"],
    ),
    "balance-1m": (
        "benchmarks.balance",
        ["--members", "1000000"],
        ["--members", "10000", "--requests", "500"],
    ),
    "benefits-1m": (
        "benchmarks.benefits",
        ["--members", "1000000"],
        ["--members", "10000", "--requests", "500"],
    ),
    "rfm-1m": ("benchmarks.rfm", ["--members", "1000000"], ["--members", "10000"]),
    "pricing": ("benchmarks.pricing", [], ["--baskets", "20", "--repeats", "2"]),
    "ledger": ("benchmarks.ledger", [], ["--steps", "1000"]),
    "ledger-machine": ("benchmarks.ledger_machine", [], ["--steps", "1000"]),
    "liability": ("benchmarks.liability", [], ["--lots", "50000", "--rounds", "1"]),
    "expiry": ("benchmarks.expiry", [], ["--members", "5000", "--usual", "3"]),
    "tiers": ("benchmarks.tiers", [], ["--members", "5000"]),
    "adjustments": ("benchmarks.adjustments", [], ["--members", "20000"]),
    "offers": ("benchmarks.offers", [], ["--members", "1000", "--seconds", "2", "--rounds", "1"]),
    "oscar": ("benchmarks.oscar", [], ["--baskets", "20", "--stacked", "10", "--rounds", "2"]),
    "backtest": ("benchmarks.backtest", [], ["--members", "2000", "--rounds", "1"]),
    "import-complete-journey": ("benchmarks.import_orders", [], []),
}


def main() -> int:
    """Run what was asked for; returns 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(ALL)}")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(ALL):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    failed = False
    RESULTS.mkdir(exist_ok=True)
    for name in arguments.names or ALL:
        module, full, quick = ALL[name]
        if arguments.quick and not quick:
            continue
        print(f"{name} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module, *(quick if arguments.quick else full)],
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            print(f"{name} failed with code {done.returncode}")
            failed = True
            continue
        result = {"benchmark": name, "date": f"{datetime.now(UTC):%F}"} | json.loads(done.stdout)
        text = json.dumps(result, indent=1, ensure_ascii=False)
        if not arguments.quick:
            (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            if name == "pricing":
                growth_chart.refresh(result)
        print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
