"""Where the cases lie: `--vectors DIR`, or the shared ones beside the project when they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "cases"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.addoption("--vectors", type=Path, default=None, help="a folder with conformance cases (*.json)")
