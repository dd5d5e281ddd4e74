"""Points set aside for an order: it may spend them, and they are free again as far as it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from laoke.engine.ledger import lots as rules
from laoke.engine.ledger.lots import Take
from laoke.points import holds
from laoke.points.errors import UnknownHold
from laoke.points.holds import Held as Part


@dataclass(frozen=True, slots=True)
class Held:
    """The hold an order names."""

    hold_id: int
    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        """What the order may spend of it."""
        return sum(part.take.points for part in self.parts)

    def takes(self, wanted: int) -> tuple[Take, ...]:
        """What of so many points comes out of the hold, the lots used first."""
        spent = min(wanted, self.points)
        return rules.less([part.take for part in self.parts], self.points - spent)

    def lost(self, wanted: int, at: datetime) -> int:
        """What of the rest is not free again, since its lots have ended meanwhile."""
        taken = {take.lot_id: take.points for take in self.takes(wanted)}
        return sum(
            part.take.points - taken.get(part.take.lot_id, 0) for part in self.parts if part.expires_at <= at
        )


def named(hold_id: int | None, member_id: int | None, now: datetime) -> Held | None:
    """The hold that a basket names, of its member.

    Raises:
        UnknownHold, HoldEnded
    """
    if hold_id is None:
        return None
    if member_id is None:
        raise UnknownHold
    return Held(hold_id, holds.for_order(hold_id, member_id, now))


def together(first: Sequence[Take], then: Iterable[Take]) -> tuple[Take, ...]:
    """Takes of both, each lot once."""
    sums = {take.lot_id: take.points for take in first}
    for take in then:
        sums[take.lot_id] = sums.get(take.lot_id, 0) + take.points
    return tuple(Take(*pair) for pair in sums.items())
