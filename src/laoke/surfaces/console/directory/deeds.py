"""Words for what is done to many members: the deeds, and why one broke off."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

TITLES: dict[str, Any] = {
    "tag": _("Add a tag"),
    "untag": _("Remove a tag"),
    "block": _("Block members"),
    "unblock": _("Lift the block"),
}
# As the act and its notice keep the reason why a worker gave up.
ERROR, WORKER = "error", "worker"
BROKE_OFF: dict[str, Any] = {
    ERROR: _("Every try ended with an error. The page of jobs and the log of the worker say with which."),
    WORKER: _("The worker was ended every time it was at it. The log of the worker may say by what."),
}


def name_of(kind: str, word: str) -> str:
    """What to call an act: by its tag, else by what it does."""
    return word or str(TITLES.get(kind, ""))
