"""How `make test` comes by its browser: what it installs, when it does not, and that it never waits for anybody.

apt-get and sudo are scripts that write down what they were asked. On a machine without Chromium the real ones were
run, in a copy of the system that was thrown away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import chromium

ROOT = Path(__file__).parent.parent
PLAIN = ["env", "sh", "sleep", "chmod"]
WORKS = """echo "apt-get $@" >> "$LOG"
case "$1" in install) printf "#!/bin/sh\\nexit 0\\n" > "$BIN/chromium"; chmod +x "$BIN/chromium";; esac"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A PATH with nothing but these scripts on it, and an account of root or of nobody in particular."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PLAIN:
        found = next(path for each in ("/usr/bin", "/bin") if (path := Path(each, name)).exists())
        (folder / name).symlink_to(found)

    def made(*, root: bool = True, **scripts: str) -> Path:
        for name, text in scripts.items():
            script = folder / name.replace("_", "-")
            script.write_text(f"#!/bin/sh\n{text}\n")
            script.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("BIN", str(folder))
        monkeypatch.setenv("LOG", str(tmp_path / "log"))
        monkeypatch.delenv("CHROMIUM", raising=False)
        monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(chromium, "_PATIENCE_SECONDS", 3)
        monkeypatch.setattr(chromium, "_QUICK_SECONDS", 1)
        return tmp_path / "log"

    return made


def asked(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_root_installs_it_with_a_font(machine, capsys):
    log = machine(apt_get=WORKS)
    chromium.main()
    update, install = asked(log)
    assert update.startswith("apt-get update ")
    assert install.startswith("apt-get install ")
    assert install.endswith(" -y --no-install-recommends chromium fonts-noto-cjk")
    assert "DPkg::Lock::Timeout=120" in install
    assert capsys.readouterr().out == "Installing chromium and fonts-noto-cjk for the browser tests …\n"


def test_one_that_is_there_is_taken(machine, capsys):
    log = machine(apt_get=WORKS, chromium="exit 0")
    chromium.main()
    assert asked(log) == []
    assert capsys.readouterr().out == ""


def test_one_that_was_named_is_not_replaced_by_another(machine, monkeypatch, capsys):
    log = machine(apt_get=WORKS)
    monkeypatch.setenv("CHROMIUM", "/opt/mine/chrome")
    chromium.main()
    assert asked(log) == []
    assert capsys.readouterr().out == (
        "CHROMIUM names /opt/mine/chrome, which is not here: the browser tests will be skipped.\n"
    )


MAY_NOT = "No Chromium, and this account may not install one: the browser tests will be skipped.\n"


@pytest.mark.parametrize(
    "scripts",
    [
        {},  # no apt: not Debian
        {"sudo": "exit 0"},
        {"apt_get": WORKS},  # nobody in particular, and no sudo
        {"apt_get": WORKS, "sudo": 'echo "sudo: a password is required" >&2; exit 1'},
        {"apt_get": WORKS, "sudo": "exec sleep 60"},  # a directory of accounts that is away
    ],
)
def test_where_it_may_not_it_says_so_and_does_nothing(machine, capsys, scripts):
    log = machine(root=False, **scripts)
    began = time.monotonic()
    chromium.main()
    assert time.monotonic() - began < 5
    assert asked(log) == []
    assert capsys.readouterr().out == MAY_NOT


def test_a_sudo_without_password_is_used_and_never_asks(machine, capsys):
    sudo = 'echo "sudo $@" >> "$LOG"; [ "$1" = -n ] || exit 9; [ -t 0 ] && exit 9; shift; [ "$1" = true ] || exec "$@"'
    log = machine(root=False, apt_get=WORKS, sudo=sudo)
    chromium.main()
    told = asked(log)
    assert told[0] == "sudo -n true"
    assert told[1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive ")
    assert [line.split()[1] for line in told if line.startswith("apt-get")] == ["update", "install"]
    assert "skipped" not in capsys.readouterr().out


def test_without_a_network_it_says_why(machine, capsys):
    away = """case "$1" in
update) echo "W: Failed to fetch" >&2; exit 100;;
install) echo "E: Failed to fetch http://deb.example/chromium.deb" >&2; echo "E: Unable to fetch some archives" >&2
  exit 100;;
esac"""
    machine(apt_get=away)
    chromium.main()
    assert capsys.readouterr().out.endswith(
        "It could not be installed (E: Unable to fetch some archives): the browser tests will be skipped.\n"
    )


def test_old_lists_may_do(machine, capsys):
    log = machine(apt_get=f'{WORKS}; [ "$1" = install ]')
    chromium.main()
    assert [line.split()[1] for line in asked(log)] == ["update", "install"]
    assert "skipped" not in capsys.readouterr().out


def test_one_that_hangs_is_ended_with_what_it_started(machine, tmp_path, capsys):
    machine(apt_get='sleep 300 & echo $! > "$BIN/pid"; wait')
    began = time.monotonic()
    chromium.main()
    assert time.monotonic() - began < 10
    assert capsys.readouterr().out.endswith(
        "apt-get update took too long: the browser tests will be skipped.\n"
    )
    child = int((tmp_path / "bin" / "pid").read_text())
    for _ in range(50):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            return
        time.sleep(0.1)
    raise AssertionError("what apt-get started is still there")


def test_a_package_without_a_browser_is_told(machine, capsys):
    machine(apt_get="exit 0")
    chromium.main()
    assert "there is no chromium to be found all the same" in capsys.readouterr().out


def test_a_browser_that_does_not_start_is_told(machine, capsys):
    stub = WORKS.replace("exit 0", "exit 1")
    machine(apt_get=stub)
    chromium.main()
    assert "is there and does not start" in capsys.readouterr().out


def test_it_never_ends_with_an_error(machine, tmp_path):
    machine(root=False)
    done = subprocess.run(
        [sys.executable, "-m", "tools.chromium"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == MAY_NOT
