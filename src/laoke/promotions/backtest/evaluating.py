"""Orders, one after the other, into one account: the offer is given until its limits are reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from laoke.promotions.backtest.account import Account
from laoke.promotions.backtest.past import Past
from laoke.promotions.backtest.rationing import Rationing, Verdict
from laoke.promotions.backtest.replay import Hit, Replayer
from laoke.promotions.pacing import Pace


class Part(NamedTuple):
    """What a part of the orders came to. `waiting` are hits on which only the limits can decide."""

    account: Account
    waiting: Sequence[Hit]


def evaluate(orders: Iterable[Past], replayer: Replayer) -> Part:
    """Replay a part of the orders. Parts can be replayed anywhere, in any order."""
    account, waiting = Account(), []
    rationed = Rationing(replayer.ready.offer.limits).needed
    for past in orders:
        found = replayer.replay(past)
        account.add_order(past, found)
        if found.hit is None:
            continue
        if rationed:
            waiting.append(found.hit)
        else:
            account.add_hit(found.hit)
    return Part(account, waiting)


class Evaluation:
    """Puts parts together, in the order of time."""

    def __init__(self, replayer: Replayer, pace: Pace | None = None) -> None:
        self.account = Account()
        self._replayer = replayer
        self._rationing = Rationing(replayer.ready.offer.limits, pace)

    @property
    def is_rationed(self) -> bool:
        """Whether the offer has limits that are counted."""
        return self._rationing.needed

    def add(self, part: Part) -> None:
        """Take in the next part."""
        self.account.merge(part.account)
        for hit in part.waiting:
            self._decide(hit)

    def _decide(self, hit: Hit) -> None:
        verdict = self._rationing.judge(hit)
        became: Hit | None = hit
        if verdict is Verdict.OVER_LIMIT:
            became = hit.over_limit
        elif verdict is Verdict.SPENT:
            became = hit.over_limit
            if hit.past is not None:
                became = self._replayer.again(hit.past, self._rationing.so_far(hit))
        if became is not None and became.given:
            self._rationing.count(became)
        elif hit.given:
            self.account.refused.add(hit.amount)
        if became is not None:
            self.account.add_hit(became)
