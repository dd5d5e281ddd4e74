"""Taking back a tier that only returned goods had reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from laoke.engine.tiering.history import Deed, History
from laoke.engine.tiering.judging import Move, findings, qualified
from laoke.engine.tiering.ladder import Ladder
from laoke.engine.tiering.standing import Standing, extends
from laoke.engine.tiering.windows import Window

# Moves that purchases and what was done beside them cause, and their undoing; any other move (a review, a hand) starts
# from firm ground.
CLIMBING = frozenset({"threshold_reached", "return_downgraded", "undone_downgraded"})


class Climb(NamedTuple):
    """One move on the ladder that purchases or returns caused. An upgrade stands at the instant of its purchase."""

    from_tier: str
    cause: str
    at: datetime


class Bought(NamedTuple):
    """A purchase, or something done beside buying, as far as tiers count it: what is left of it.

    `points` are those it earned, `interaction` the kind of what was no purchase.
    """

    at: datetime
    spend_minor: int
    kept: bool
    points: int = 0
    interaction: str = ""

    @property
    def deed(self) -> Deed:
        """As the history takes it."""
        return Deed(self.at, self.spend_minor, int(self.kept), self.points, interaction=self.interaction)


class Path(NamedTuple):
    """How a member came to its tier: firm ground, and the moves since, the newest first.

    `ground_at` is None for a member who has stood on the lowest rung since the beginning.
    """

    ground_at: datetime | None
    climb: Sequence[Climb]


Starts = Callable[[datetime], Iterable[tuple[Window, datetime]]]


def withdraw(
    ladder: Ladder,
    current: str,
    path: Path,
    others: Sequence[Bought],
    returned: tuple[Bought, Bought],
    starts: Starts,
    floor: str | None = None,
    cause: str = "return_downgraded",
) -> Move | None:
    """Judge right after a return: a tier that only returned goods had reached is taken back.

    So it is with what was done beside buying, and is undone.

    Every purchase since firm ground is judged again as of its own instant with what is left of them all, also those
    that brought no move because the tier was had already. The best that still holds is the member's. A tier that
    would not hold with the returned goods either (the ladder has changed since) is left to the next review.

    Args:
        others: the member's other purchases, from the longest window before firm ground on.
        returned: the purchase that goods came back of, before and after this return.
        starts: the first instant of each window that ends with an instant.
        floor: a tier assigned, below which nothing takes the member.
        cause: of the move down.
    """
    upgrades = [move.at for move in path.climb if move.cause == "threshold_reached"]
    now, base = ladder.rank(current), ladder.rank(path.climb[-1].from_tier) if path.climb else 0
    if not upgrades or now <= base:
        return None
    before, after = returned
    instants = {
        bought.at for bought in (*others, before) if path.ground_at is None or bought.at >= path.ground_at
    }
    latest_first = sorted(instants.union(upgrades), reverse=True)
    left = _best(ladder, now, _history([*others, after]), latest_first, starts)
    had = _best(ladder, now, _history([*others, before]), latest_first, starts)
    rank = max(base, left.rank, min(now, ladder.rank(floor)) if floor else 0)
    if rank >= now or had.rank <= rank:
        return None
    missed = findings(ladder.tiers[now], _history([*others, after]).facts(starts(had.at), had.at))
    return Move(current, ladder.tiers[rank].code, cause, missed)


def still_extended(
    ladder: Ladder, standing: Standing, purchases: Sequence[Bought], at: datetime, zone: tzinfo
) -> bool:
    """Whether what is left of the purchases since the period began has made it longer, as of some of them.

    Args:
        purchases: from the longest window before the period on.
    """
    history = _history(purchases)
    for bought in purchases:
        day = bought.at.astimezone(zone).date()
        if bought.at > at or standing.period is None or day < standing.period:
            continue
        starts = [(window, window.start(bought.at, zone, standing.anchors)) for window in ladder.all_windows]
        if extends(ladder, standing, history.facts(starts, bought.at)):
            return True
    return False


class _Reached(NamedTuple):
    rank: int
    at: datetime


def _best(
    ladder: Ladder, enough: int, history: History, instants: Sequence[datetime], starts: Starts
) -> _Reached:
    """The highest rank at any of the instants; the search ends at `enough`."""
    best = _Reached(-1, instants[0])
    for at in instants:
        rank = ladder.rank(qualified(ladder, history.facts(starts(at), at)).code)
        if rank > best.rank:
            best = _Reached(rank, at)
            if rank >= enough:
                break
    return best


def _history(purchases: Iterable[Bought]) -> History:
    return History(bought.deed for bought in purchases)
