"""Cases of one kind, from the folder that `--vectors` names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance.conftest import BESIDE


def parametrize(metafunc: pytest.Metafunc, kind: str, not_right: Mapping[str, str]) -> None:
    """One test a case. A case in `not_right` (id to reason) has to fail."""
    folder: Path = metafunc.config.getoption("--vectors") or BESIDE
    cases = [
        pytest.param(case, id=case["id"], marks=_marks(case["id"], not_right))
        for file in sorted(folder.glob("*.json"))
        for case in json.loads(file.read_text(encoding="utf-8")).get("cases", ())
        if case["kind"] == kind
    ]
    if not cases:
        cases = [pytest.param(None, id="none", marks=pytest.mark.skip(reason=f"no cases in {folder}"))]
    metafunc.parametrize("case", cases)


def _marks(name: str, not_right: Mapping[str, str]) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(reason=not_right[name], strict=True)] if name in not_right else []
