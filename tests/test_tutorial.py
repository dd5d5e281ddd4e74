"""The tutorial is run as it stands: every command in a shell, every answer held against what the page shows.

What the page may hold: ```bash blocks run in one shell, in order; a ```json block is a part of the answer of the
command before it; `NAME=value # field of the answer` notes a field of that answer; ```yaml is the programme;
```console shows what this test does in another way.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.foundation.apikeys import services as apikeys
from laoke.surfaces.cli.apikeys import TILL_SCOPES
from tests import shop as shops

PAGE = Path(__file__).parent.parent / "docs" / "tutorial" / "till.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTE = re.compile(r"(\w+)=\S+ # (\w+) of the answer\s*")
END = "--- end of the command ---"


class Shell:
    """One bash that keeps its variables from command to command, as the reader's does."""

    def __init__(self, **variables: str) -> None:
        self._process = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | variables
        )

    def run(self, command: str) -> str:
        """What the command prints."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{command}\nprintf '\\n%s\\n' '{END}'\n")
        self._process.stdin.flush()
        lines = iter(self._process.stdout.readline, "")
        printed = []
        for line in lines:
            if line.strip() == END:
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"the shell ended at: {command}")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=5)


@pytest.fixture
def shell(live_server: Any, transactional_db: None) -> Iterator[Shell]:
    """A shell with the shop's programme in force and the keys of office and till."""
    shops.forget()
    at = datetime.now(UTC)
    (document,) = [text for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if kind == "yaml"]
    programme.apply(SYSTEM, yaml.safe_load(document), at=at)
    _, office = apikeys.create(SYSTEM, "office", ["stores:write", "products:write"], None, None, at=at)
    _, till = apikeys.create(SYSTEM, "till 1", TILL_SCOPES, None, None, at=at)
    shell = Shell(LAOKE=live_server.url, OFFICE=office, TILL=till)
    if not shutil.which("curl"):
        shell.run(f"""curl() {{ '{sys.executable}' '{Path(__file__).with_name("curl.py")}' "$@"; }}""")
    yield shell
    shell.close()
    shops.forget()


def differences(shown: Any, found: Any, place: str = "answer") -> Iterator[str]:
    """Where the answer is not what the page shows. Objects may hold more than is shown, lists may not."""
    if isinstance(shown, dict) and isinstance(found, dict):
        for name, value in shown.items():
            if name in found:
                yield from differences(value, found[name], f"{place}.{name}")
            else:
                yield f"{place} has no {name}"
    elif isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found):
        for index, value in enumerate(shown):
            yield from differences(value, found[index], f"{place}[{index}]")
    elif shown != found:
        yield f"{place}: the page shows {shown!r}, it is {found!r}"


def test_the_page_is_true(shell: Shell) -> None:
    answer: Any = None
    compared = 0
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "bash" and (note := NOTE.fullmatch(text)):
            shell.run(f"{note[1]}={answer[note[2]]}")
        elif kind == "bash":
            answer = json.loads(shell.run(text))
        elif kind == "json":
            assert list(differences(json.loads(text), answer)) == []
            compared += 1
    assert compared == 16
