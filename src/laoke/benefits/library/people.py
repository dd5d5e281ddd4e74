"""What is known of members. The modules that know it stand above; each says once how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from laoke.engine.conditions import Tree

TIER = "member.tier"


class Knowledge(NamedTuple):
    """How to ask: `read` turns a condition as written into a tree; `known` gives attributes of a member by name, what
    is not known left out.
    """

    read: Callable[[Mapping[str, Any]], Tree]
    known: Callable[[int, frozenset[str], datetime], Mapping[str, Any]]


_knowledge: list[Knowledge] = []


def known_by(knowledge: Knowledge) -> None:
    """Tell how members are known; called once by the module that knows, when it is set up."""
    _knowledge[:] = [knowledge]


def read(condition: Mapping[str, Any]) -> Tree:
    """A condition on a member, as written.

    Raises:
        BadCondition, NotAboutMembers
    """
    return _knowledge[0].read(condition)


def known(member_id: int, names: frozenset[str], at: datetime) -> Mapping[str, Any]:
    """Attributes of a member, in one statement."""
    return _knowledge[0].known(member_id, names, at)
