"""Stop with a sentence when this Python is too old or cannot make environments."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (this file is run by whatever Python there is)
    sys.exit(
        f"laoke needs Python 3.11 or later; this is {sys.version.split()[0]}. "
        "Install a newer one and run `make PYTHON=python3.12 ...`."
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit("This Python cannot make environments. On Debian or Ubuntu: apt-get install python3-venv")
