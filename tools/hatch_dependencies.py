"""Read the package's dependencies from requirements/base.in, so that they are written down once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class CustomMetadataHook(MetadataHookInterface):
    """Fill `project.dependencies` from requirements/base.in."""

    def update(self, metadata: dict[str, Any]) -> None:
        lines = (Path(self.root) / "requirements" / "base.in").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [
            line for line in map(str.strip, lines) if line and not line.startswith("#")
        ]
