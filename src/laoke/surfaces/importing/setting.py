"""What an import is told besides the files: who, when, and where to say what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import Caller
from laoke.surfaces.importing.outcome import Outcome
from laoke.surfaces.importing.watch import Watch


@dataclass(frozen=True, slots=True)
class Setting:
    """`now` is when rows are recorded; `until` the instant up to which the import counts.

    `tracked`: whether the playing of orders keeps a row of progress of its own.
    """

    caller: Caller
    now: datetime
    until: datetime
    dry_run: bool
    watch: Watch
    outcome: Outcome
    tracked: bool = True
