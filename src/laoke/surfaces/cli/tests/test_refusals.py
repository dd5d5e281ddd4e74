"""What every command has in common: a setting that cannot be used, a database that is away, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import typer

from laoke.surfaces.cli.main import app

# Words for the arguments that a command insists on.
ARGUMENTS = {
    "user add": ["lin", "--role", "owner"],
    "user role": ["lin", "owner"],
    "user scope": ["lin", "--all"],
    "webhook add": ["crm", "https://example.com/"],
    "import orders": ["f.csv", "--mapping", "m.yaml"],
    "import members": ["f.csv", "--mapping", "m.yaml"],
    "import products": ["f.csv", "--mapping", "m.yaml"],
    "import stores": ["f.csv", "--mapping", "m.yaml"],
    "apikey create": ["till", "--till"],
    "points adjust": ["1", "50", "--reason", "Promised"],
}

# All in one process: loading the programme takes longer than any of them.
TRY_ALL = """
import sys
from typer.testing import CliRunner
from laoke.surfaces.cli.main import app

for line in sys.stdin:
    result = CliRunner().invoke(app, line.split())
    known = result.exception is None or isinstance(result.exception, SystemExit)
    words = result.stderr.strip().replace(chr(10), " ")
    print(result.exit_code, "refused" if known else repr(result.exception), words, sep="|")
"""


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "commands"):
        return [leaf for name, each in command.commands.items() for leaf in leaves(each, (*path, name))]
    return [(path, command)]


COMMANDS = leaves(typer.main.get_command(app))


def spelled(path: tuple[str, ...], command: Any) -> str:
    name = " ".join(path)
    if name in ARGUMENTS:
        return " ".join([name, *ARGUMENTS[name]])
    needed = sum(1 for each in command.params if each.param_type_name == "argument" and each.required)
    options = [each.opts[0] for each in command.params if each.param_type_name == "option" and each.required]
    return " ".join([name, *(["1"] * needed), *(f"{option} 1" for option in options)])


def try_all(lines: list[str], **environment: str) -> list[list[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAOKE_")}
    done = subprocess.run(
        [sys.executable, "-c", TRY_ALL],
        input="\n".join(lines),
        env=kept | {"LAOKE_HOME": os.environ["LAOKE_HOME"]} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [line.split("|", 2) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LAOKE_PORT", "abc", "LAOKE_PORT: 'abc' is not a whole number from 1 to 65535"),
        ("LAOKE_PROT", "8000", "LAOKE_PROT: there is no such setting."),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL: has to begin with postgresql://."),
    ],
)
def test_a_bad_setting_ends_every_command_with_its_sentence(name, value, says):
    lines = [spelled(path, command) for path, command in COMMANDS]
    if name == "DATABASE_URL":
        lines = ["check", "settings", "user list", "member show 1"]
    results = try_all(lines, **{name: value})
    assert [(code, kind) for code, kind, _ in results] == [("2", "refused")] * len(lines)
    assert [line for line, (*_, words) in zip(lines, results, strict=True) if says not in words] == []


def test_a_database_that_is_away_is_said_in_a_sentence():
    away = "postgresql://laoke:never-told@127.0.0.1:1/laoke?connect_timeout=2"
    results = try_all(["check", "user list", "backup /tmp/never.tar"], DATABASE_URL=away)
    for code, kind, words in results:
        assert (code, kind) == ("2", "refused")
        assert words.startswith("The database does not answer. ")
        assert "never-told" not in words


def test_the_version(laoke):
    assert laoke("--version").stdout.startswith("laoke 0.")


def test_there_are_all_commands():
    assert len(COMMANDS) >= 30


def test_every_command_has_a_short_help_with_an_example():
    for path, command in COMMANDS:
        help = command.help or ""
        assert "Example: " in help, path
        assert " ".join(path) in help.split("Example: ")[1], path
        assert all(each.help for each in command.params if each.param_type_name == "option"), path
