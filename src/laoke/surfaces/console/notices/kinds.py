"""The sentences of notices: one for each kind, filled with what the notice keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Kind:
    """`say` makes the sentence in the language of the reader; `tone` is "", "good" or "bad"."""

    icon: str
    tone: str
    say: Callable[[Mapping[str, Any]], str]


KINDS: dict[str, Kind] = {
    "export.ready": Kind(
        "download", "good", lambda told: _("The export “%(name)s” is ready: %(rows)s rows.") % told
    ),
    "export.failed": Kind(
        "download", "bad", lambda told: _("The export “%(name)s” could not be made.") % told
    ),
    "import.done": Kind(
        "upload",
        "good",
        lambda told: _("The import “%(name)s” is done: %(added)s added, %(left_out)s left out.") % told,
    ),
    "import.failed": Kind("upload", "bad", lambda told: _("The import “%(name)s” stopped.") % told),
    "bulk.done": Kind(
        "users", "good", lambda told: _("“%(name)s”: %(done)s members changed, %(failed)s not.") % told
    ),
    "job.given_up": Kind(
        "alert-triangle",
        "bad",
        lambda told: _("The task %(name)s was given up after %(tries)s tries.") % told,
    ),
    "webhook.off": Kind(
        "alert-triangle",
        "bad",
        lambda told: _("Deliveries to %(name)s were switched off after failing.") % told,
    ),
}
