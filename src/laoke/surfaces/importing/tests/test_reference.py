"""The reference page names every key and field there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from laoke.surfaces.importing import mapping
from laoke.surfaces.importing.fields import FIELDS, Kind

PAGE = Path(__file__).parents[5] / "docs" / "reference" / "import-mapping.md"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_key_and_field_is_in_the_reference(kind):
    text = PAGE.read_text(encoding="utf-8")
    _, _, section = text.partition(f"### {kind.value.capitalize()}\n")
    section = section.partition("\n### ")[0].partition("\n## ")[0]
    missing = [field.name for field in FIELDS[kind] if f"`{field.name}`" not in section]
    assert missing == []
    assert [key for key in mapping._KEYS[kind] if f"| `{key}` |" not in text] == []
