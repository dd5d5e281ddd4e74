"""Modules above keep something per member: orders, points, a tier. They follow what happens to the member.

Members may not import them, so each registers a follower in its `AppConfig.ready`. Followers are called in the order
of registration, within the transaction of the change: when one raises, nothing happened at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from laoke.members.types import MemberId


class Follower(Protocol):
    """What a module does when a member comes, is merged, or goes.

    While `merge`, `unmerge` and `erase` run, the rows of the members are locked for update.
    """

    name: str

    def registered(self, member_ids: Sequence[MemberId], at: datetime) -> None:
        """Members were registered; `at` is when they were recorded.

        A bulk registration calls once for all its members. Those of an import joined earlier than `at`:
        `selectors.registered_at` knows when.
        """

    def merge(self, kept_id: MemberId, gone_id: MemberId, at: datetime) -> Mapping[str, object]:
        """Move what hangs on `gone_id` to `kept_id`. Returns what `unmerge` needs, as JSON without personal data."""

    def unmerge(
        self, kept_id: MemberId, gone_id: MemberId, moved: Mapping[str, object], at: datetime
    ) -> None:
        """Give back to `gone_id` what `merge` moved."""

    def export(self, member_id: MemberId) -> Mapping[str, object]:
        """Everything kept of this member, as JSON, for the person to read."""

    def erase(self, member_id: MemberId, at: datetime) -> None:
        """Remove what points at the person. Facts that only hold the number stay."""


_followers: dict[str, Follower] = {}


def register(follower: Follower) -> None:
    """Add a follower; a second one of the same name is a mistake in the wiring and raises ValueError."""
    if follower.name in _followers:
        raise ValueError(f"a follower named {follower.name} is registered already")
    _followers[follower.name] = follower


def registered() -> tuple[Follower, ...]:
    """All followers in the order of registration."""
    return tuple(_followers.values())
