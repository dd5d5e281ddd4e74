"""Who listens to which events. Modules subscribe in their handlers.py, which every worker imports at its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

EVERY_TOPIC = "*"


@dataclass(frozen=True, slots=True)
class Event:
    """One message as handlers see it. `id` is the same on every repeat, so it can guard against acting twice."""

    id: int
    topic: str
    payload: Mapping[str, Any]
    member_id: int | None
    occurred_at: datetime


# Called with the event and the instant of handling. What it writes is committed together with the message's
# being done, and rolled back when it raises. What it does outside the database may happen again.
Handler = Callable[[Event, datetime], None]

# Asked once a batch: whether the handler wants anything at all. Sparing a busy shop the look at every message.
Wants = Callable[[], bool]

_handlers: dict[str, dict[str, Handler]] = {}
_wants: dict[str, Wants] = {}


def subscribe(topic: str, name: str, handler: Handler, wants: Wants | None = None) -> None:
    """Hand every event of `topic` ("*": of all topics) to `handler`.

    `name` says whose it is in logs and metrics; it takes one handler per topic. With `wants` the handler is
    passed over in batches that begin while it answers False.

    Raises:
        ValueError: another handler already has this name on this topic.
    """
    taken = _handlers.setdefault(topic, {})
    if taken.get(name, handler) is not handler:
        raise ValueError(f"{topic} already has a handler named {name}")
    taken[name] = handler
    if wants is not None:
        _wants[name] = wants


def unsubscribe(topic: str, name: str) -> None:
    """Take a handler away; quiet when there is none."""
    _handlers.get(topic, {}).pop(name, None)


def asleep() -> frozenset[str]:
    """Names of the handlers that want nothing for now."""
    return frozenset(name for name, wants in _wants.items() if not wants())


def handlers_of(topic: str, without: frozenset[str] = frozenset()) -> list[tuple[str, Handler]]:
    """Names and handlers of a topic in order of subscription, those of every topic last."""
    known = [*_handlers.get(topic, {}).items(), *_handlers.get(EVERY_TOPIC, {}).items()]
    return [(name, handler) for name, handler in known if name not in without]
