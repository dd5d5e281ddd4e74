"""Have a Chromium for the browser tests: take the one that is there, else install the system's where that is allowed.

Installs only on systems with apt, as root or with a sudo that asks for no password. Never ends with an error: tests
that need a browser are skipped without one, and the end of the test run says so. Prints what it did.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.browser.chromium import find

# With a font for Chinese: without one, pages are boxes and widths are wrong.
PACKAGES = ("chromium", "fonts-noto-cjk")
_PATIENCE_SECONDS = 600


def main() -> None:
    """Entry point."""
    if find() is not None:
        return
    command = _allowed()
    if command is None:
        print("No Chromium, and this account may not install one: the browser tests will be skipped.")
        return
    print(f"Installing {' and '.join(PACKAGES)} for the browser tests …", flush=True)
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        try:
            done = subprocess.run(
                [*command, *step],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"apt-get {step[0]} took too long; the browser tests will be skipped.")
            return
        if done.returncode and step[0] == "install":
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            print(f"It could not be installed ({' '.join(last)}): the browser tests will be skipped.")


def _allowed() -> list[str] | None:
    """How to call apt-get with enough rights; None when there is no way."""
    if not shutil.which("apt-get"):
        return None
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    if os.geteuid() == 0:
        return apt
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n", *apt]
    return None


if __name__ == "__main__":
    main()
