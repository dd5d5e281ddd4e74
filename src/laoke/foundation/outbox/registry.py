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

_handlers: dict[str, dict[str, Handler]] = {}


def subscribe(topic: str, name: str, handler: Handler) -> None:
    """Hand every event of `topic` ("*": of all topics) to `handler`.

    `name` says whose it is in logs and metrics; it takes one handler per topic.

    Raises:
        ValueError: another handler already has this name on this topic.
    """
    taken = _handlers.setdefault(topic, {})
    if taken.get(name, handler) is not handler:
        raise ValueError(f"{topic} already has a handler named {name}")
    taken[name] = handler


def unsubscribe(topic: str, name: str) -> None:
    """Take a handler away; quiet when there is none."""
    _handlers.get(topic, {}).pop(name, None)


def handlers_of(topic: str) -> list[tuple[str, Handler]]:
    """Names and handlers of a topic in order of subscription, those of every topic last."""
    return [*_handlers.get(topic, {}).items(), *_handlers.get(EVERY_TOPIC, {}).items()]
