"""The topics that events are published under, each declared once by the module that publishes it.

The reference of webhooks is written from these (docs/reference/events.md, held to them by a test), and an endpoint
that asks for a topic nobody publishes is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of event: what it tells, and the fields of its payload with their meaning."""

    name: str
    about: str
    fields: Mapping[str, str]


_topics: dict[str, Topic] = {}


def declare(name: str, about: str, /, **fields: str) -> str:
    """Declare a topic; returns its name.

    Raises:
        ValueError: another declaration of this name says something else.
    """
    topic = Topic(name, about, fields)
    if _topics.setdefault(name, topic) != topic:
        raise ValueError(f"{name} is declared already")
    return name


def known() -> list[Topic]:
    """Every topic, by name. Modules declare theirs in their `events.py`, which this imports."""
    autodiscover_modules("events")
    return [_topics[name] for name in sorted(_topics)]
