"""What one member did, summed up so that a window costs two look-ups."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from laoke.engine.tiering.metrics import Activity, Criterion, Facts, Metric
from laoke.engine.tiering.windows import Window


class Deed(NamedTuple):
    """One thing that moves metrics, at its instant. Negative where something was taken back.

    `points_change` is what it does to the points available; `interaction` is the kind of one.
    """

    at: datetime
    spend_minor: int = 0
    purchases: int = 0
    points_earned: int = 0
    points_change: int = 0
    interaction: str = ""


class History:
    """Deeds in order of time; of one instant, in the order they came."""

    def __init__(self, deeds: Iterable[Deed] = ()) -> None:
        self._at: list[datetime] = []
        self._sums: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]
        self._interactions: dict[str, list[datetime]] = {}
        for deed in sorted(deeds, key=lambda deed: deed.at):
            self.add(deed)

    def add(self, deed: Deed) -> None:
        """One more, not before the last."""
        if self._at and deed.at < self._at[-1]:
            raise ValueError("deeds are added in order of time")
        self._at.append(deed.at)
        spend, purchases, earned, available = self._sums[-1]
        self._sums.append(
            (
                spend + deed.spend_minor,
                purchases + deed.purchases,
                earned + deed.points_earned,
                available + deed.points_change,
            )
        )
        if deed.interaction:
            self._interactions.setdefault(deed.interaction, []).append(deed.at)

    def facts(self, starts: Iterable[tuple[Window, datetime]], at: datetime) -> Facts:
        """What was done in each window that ends with `at`. Points available are those of `at`."""
        end = bisect_right(self._at, at)
        found = {}
        for window, start in starts:
            before, now = self._sums[min(bisect_left(self._at, start), end)], self._sums[end]
            kinds = {
                kind: count
                for kind, instants in self._interactions.items()
                if (count := bisect_right(instants, at) - bisect_left(instants, start)) > 0
            }
            found[window] = Activity(
                now[0] - before[0], now[1] - before[1], now[2] - before[2], now[3], kinds
            )
        return found

    def lasts(self, need: Criterion, start: datetime, at: datetime, zone: tzinfo) -> date | None:
        """The last day on which what counts at `at` still meets a criterion, or is still all there while it does not.

        Args:
            start: the first instant of the criterion's window.
        Returns:
            None where nothing of it is lost by the passing of days.
        """
        counted = list(self._counted(need, start, at))
        left = sum(value for _, value in counted)
        enough = need.at_least + need.beyond if left >= need.at_least + need.beyond else left
        for instant, value in counted:
            left -= value
            if left < enough:
                return need.window.last_day_of(instant.astimezone(zone).date())
        return None

    def _counted(self, need: Criterion, start: datetime, at: datetime) -> Iterator[tuple[datetime, int]]:
        if need.metric is Metric.INTERACTIONS:
            instants = sorted(
                instant
                for kind, found in self._interactions.items()
                if need.kind in ("", kind)
                for instant in found
            )
            yield from ((instant, 1) for instant in instants if start <= instant <= at)
            return
        place = _PLACES.get(need.metric)
        if place is None:
            return
        for position in range(bisect_left(self._at, start), bisect_right(self._at, at)):
            value = self._sums[position + 1][place] - self._sums[position][place]
            yield self._at[position], value


# Where the sums hold a metric. Points available are those of now: no window loses them.
_PLACES = {Metric.SPEND: 0, Metric.PURCHASES: 1, Metric.POINTS_EARNED: 2}
