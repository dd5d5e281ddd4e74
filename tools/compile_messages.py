"""Compile every .po catalogue beside its source, without needing the gettext tools."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent.parent / "src" / "laoke" / "locale"

for source in sorted(LOCALES.glob("*/LC_MESSAGES/*.po")):
    with source.open("rb") as lines:
        catalogue = read_po(lines, locale=source.parent.parent.name)
    with source.with_suffix(".mo").open("wb") as target:
        write_mo(target, catalogue)
