"""What a movement of points is called: points that members earned beside buying say what for."""

from __future__ import annotations

from typing import Any

from laoke.checkout import programme
from laoke.points.activities.rules import NAMES
from laoke.surfaces.console.labels import HAPPENINGS
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.templatetags.figures import named


def told(kind: str, order_no: str | None, note: str) -> tuple[Any, str, str]:
    """The words for a movement, its sign and its note. The note of points given or taken for an event is its kind."""
    beside = f"{kind}:beside"
    if beside in HAPPENINGS and not order_no and (name := _activity(note)):
        return *HAPPENINGS[beside], named(name)
    return *HAPPENINGS.get(kind, (kind, "hand")), note


def _activity(kind: str) -> Named | None:
    """What a kind of event is called; one the programme no longer has goes by the name everybody knows, if any."""
    if rule := programme.current().activities.kinds.get(kind):
        return Named(rule.zh, rule.en)
    return Named(*NAMES[kind]) if kind in NAMES else None
