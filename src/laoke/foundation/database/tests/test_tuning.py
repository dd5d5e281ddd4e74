"""The server's settings follow the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from laoke.foundation.database import tuning


def conf(**wanted: object) -> dict[str, str]:
    machine = {
        "memory_mib": 4096,
        "shared_memory_mib": 2048,
        "log": Path("/srv/log"),
        "fast_and_loose": False,
    }
    text = tuning.server_conf(**(machine | wanted))  # type: ignore[arg-type]
    return dict(line.split(" = ", 1) for line in text.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize(
    ("memory_mib", "shared_buffers", "effective_cache_size", "maintenance_work_mem"),
    [
        (512, "'128MB'", "'256MB'", "'64MB'"),
        (4096, "'512MB'", "'2048MB'", "'128MB'"),
        (64 * 1024, "'1024MB'", "'32768MB'", "'256MB'"),
    ],
)
def test_memory_is_shared_with_the_rest_of_the_machine(
    memory_mib: int, shared_buffers: str, effective_cache_size: str, maintenance_work_mem: str
) -> None:
    written = conf(memory_mib=memory_mib)
    assert written["shared_buffers"] == shared_buffers
    assert written["effective_cache_size"] == effective_cache_size
    assert written["maintenance_work_mem"] == maintenance_work_mem


@pytest.mark.parametrize(("shared_memory_mib", "kind"), [(64, "'mmap'"), (2048, "'posix'")])
def test_a_container_with_little_shared_memory_does_without(shared_memory_mib: int, kind: str) -> None:
    assert conf(shared_memory_mib=shared_memory_mib)["dynamic_shared_memory_type"] == kind


def test_safety_is_given_up_only_on_request() -> None:
    safe, loose = conf(), conf(fast_and_loose=True)
    assert "fsync" not in safe
    assert "full_page_writes" not in safe
    assert safe["synchronous_commit"] == "'on'"
    assert [loose[name] for name in ("fsync", "full_page_writes", "synchronous_commit")] == ["'off'"] * 3


def test_a_path_with_a_quote_is_quoted() -> None:
    assert conf(log=Path("/srv/o'neill\\x"))["log_directory"] == r"'/srv/o''neill\\x'"


def test_this_machine_has_memory() -> None:
    assert tuning.memory_mib() > 100
    assert tuning.shared_memory_mib() >= 0
