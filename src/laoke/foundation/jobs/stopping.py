"""Whether this process has been asked to end: long work looks here and ends early."""

from __future__ import annotations

from threading import Event

STOPPING = Event()


class Interrupted(Exception):
    """Long work ended early because its process is stopping. The queue runs it again, as often as it takes."""
