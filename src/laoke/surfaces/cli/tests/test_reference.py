"""The reference pages say what the commands and the settings are."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

from laoke.foundation import config
from tools import cli_reference

DOCS = Path(__file__).parents[5] / "docs" / "reference"


def test_the_page_of_commands_is_what_they_say():
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == cli_reference.page(), (
        "run python tools/cli_reference.py"
    )


def test_the_page_of_settings_has_every_setting_with_its_default():
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", page, re.MULTILINE))
    assert set(told) == set(config.names()) | {"LAOKE_HOME", "DATABASE_URL"}
    defaults = {each.name: each.default for each in fields(config.Config) if each.default is not MISSING}
    for name, attribute in config.names().items():
        if attribute not in defaults:
            assert "secrets.json" in told[name]
            continue
        value = defaults[attribute]
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, tuple):
            value = ",".join(value)
        assert told[name] == (f"`{value}`" if value != "" else "none"), name
