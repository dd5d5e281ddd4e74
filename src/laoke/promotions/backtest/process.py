"""What a process that helps a backtest does. Nothing here may need Django before it is set up."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

_replay: Callable[[Any], Any] | None = None


def begin(made_by: str, order: Mapping[str, Any], database: str) -> None:
    """Set the process up; `made_by` names, as `module:function`, what makes its worker.

    Ctrl-C reaches all processes at once: whoever started this one ends it.
    """
    global _replay
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    module, _, name = made_by.partition(":")
    _replay = getattr(import_module(module), name)(**order).replay
    # Tens of thousands of lines live as long as a part does: looking through them for cycles again and again would
    # take a third of the time.
    gc.freeze()
    gc.disable()


def replay(part: Any) -> Any:
    """Replay a part of the orders."""
    assert _replay is not None
    found = _replay(part)
    gc.collect()
    return found
