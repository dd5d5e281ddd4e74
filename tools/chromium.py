"""Have a Chromium for the browser tests: take the one that is there, else install the system's where that is allowed.

Installs only on systems with apt, as root or with a sudo that asks for no password, and never when CHROMIUM names
another. Never ends with an error: tests that need a browser are skipped without one, and the end of the test run says
so. Prints what it did, and why it did not.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from tests.browser.chromium import find

# With a font for Chinese: without one, pages are boxes and widths are wrong.
PACKAGES = ("chromium", "fonts-noto-cjk")
# Another apt may be at work; a mirror that does not answer is given up for the next.
_OPTIONS = (
    "-qq",
    "-o",
    "DPkg::Lock::Timeout=120",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
)
_SKIPPED = "the browser tests will be skipped"
_PATIENCE_SECONDS = 600
_QUICK_SECONDS = 15


class _TooLong(Exception):
    """A command was ended because it took too long."""


def main() -> None:
    """Entry point."""
    if find() is not None:
        return
    if named := os.environ.get("CHROMIUM", "").strip():
        print(f"CHROMIUM names {named}, which is not here: {_SKIPPED}.")
        return
    command = _allowed()
    if command is None:
        print(f"No Chromium, and this account may not install one: {_SKIPPED}.")
        return
    print(f"Installing {' and '.join(PACKAGES)} for the browser tests …", flush=True)
    for step in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        try:
            done = _run([*command, step[0], *_OPTIONS, *step[1:]], _PATIENCE_SECONDS)
        except _TooLong:
            print(f"apt-get {step[0]} took too long: {_SKIPPED}.")
            return
        # Lists that could not be brought up to date are no reason to stop: what is known may do.
        if done.returncode and step[0] == "install":
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            print(f"It could not be installed ({' '.join(last)}): {_SKIPPED}.")
            return
    path = find()
    if path is None:
        print(f"It was installed, and there is no {PACKAGES[0]} to be found all the same: {_SKIPPED}.")
    elif not _starts(path):
        print(f"{path} is there and does not start: the browser tests will fail. Try `{path} --version`.")


def _allowed() -> list[str] | None:
    """How to call apt-get with enough rights; None when there is no way."""
    if not shutil.which("apt-get"):
        return None
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l", "apt-get"]
    if os.geteuid() == 0:
        return apt
    if not shutil.which("sudo"):
        return None
    try:
        asks = _run(["sudo", "-n", "true"], _QUICK_SECONDS).returncode != 0
    except _TooLong:
        return None  # it asks a directory that is away
    return None if asks else ["sudo", "-n", *apt]


def _starts(path: str) -> bool:
    """Some systems ship a file of this name that only says where to get the browser from."""
    try:
        return _run([path, "--version"], _QUICK_SECONDS).returncode == 0
    except _TooLong:
        return False


def _run(command: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal to ask at. What it started ends with it when it takes too long.

    Raises:
        _TooLong.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        raise _TooLong from None
    return subprocess.CompletedProcess(list(command), process.returncode, out, err)


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the whole group to end, so that apt gives its locks back; then make it."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        except (ProcessLookupError, PermissionError):  # gone; or root's, started by sudo, and not ours to end
            pass
        return


if __name__ == "__main__":
    main()
