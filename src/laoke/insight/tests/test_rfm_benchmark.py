"""The benchmark at a small size: it keeps running, and it checks its own answer."""

from __future__ import annotations

from benchmarks import rfm


def test_the_rfm_benchmark_runs_and_checks_its_answer():
    measured = rfm.run(2_000, runs=1, memory_limit="256MiB", threads=1)
    assert (measured["members"], measured["orders"], measured["lines"]) == (2_000, 10_000, 40_000)
    assert len(measured["seconds"]) == 1
