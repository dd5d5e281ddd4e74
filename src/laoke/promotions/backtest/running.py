"""Running a backtest: here, or in several processes at once."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from laoke.foundation import generations
from laoke.kernel.errors import LaokeError
from laoke.promotions import publication
from laoke.promotions.backtest import trial
from laoke.promotions.backtest.evaluating import Evaluation, Part, evaluate
from laoke.promotions.backtest.parallel import Advance, Stopped, processors, replaying
from laoke.promotions.backtest.reading import Period, Reader, Slice, slices
from laoke.promotions.backtest.report import Asked, Report, report
from laoke.promotions.backtest.responses import STANDARD, Responses
from laoke.promotions.documents.offers import OfferDocument, Pacing, read_offer
from laoke.promotions.language import language
from laoke.promotions.pacing import Pace

# Orders of one part: some tenths of a second of work, and little to send.
SIZE = 4000
# Below this a process more would start longer than it works.
FEW = 12_000
_SAMPLE_SIZE = 250


class NothingToReplay(LaokeError):
    """No order was placed in those days and stores."""

    code, status, title = "nothing-to-replay", 422, "There are no orders to replay"


@dataclass(frozen=True, slots=True)
class Plan:
    """An offer to be tried on the orders of a period.

    Args:
        now: the instant it is asked at.
    """

    key: str
    document: OfferDocument
    period: Period
    now: datetime
    stores: tuple[str, ...] | None = None
    responses: Responses = STANDARD


def run(plan: Plan, *, processes: int | None = None, advance: Advance = lambda done, whole: True) -> Report:
    """Replay all orders of the period.

    Args:
        processes: how many at once; None: one for each processor that may be used.
    Raises:
        NothingToReplay
        Stopped: `advance` said so.
    """
    begun = time.perf_counter()
    parts = slices(plan.period, SIZE)
    whole = _whole(parts)
    order = Order.of(plan)
    here = Here.made(order)
    evaluation = Evaluation(here.replayer, _pace(plan))
    done = 0
    at_once = processes or (processors() if whole > FEW else 1)
    with replaying(here, f"{__name__}:worker", order._asdict(), at_once) as replay:
        for part, found in zip(parts, replay(parts), strict=True):
            evaluation.add(found)
            done += part.orders
            if not advance(done, whole):
                raise Stopped
    return _report(plan, here, evaluation, whole, begun)


def run_small(plan: Plan, *, seconds: float = 3.0, seed: int = 0) -> Report:
    """Replay as many orders as there is time for, chosen at random over the period, here.

    Raises:
        NothingToReplay
    """
    begun = time.perf_counter()
    parts = slices(plan.period, _SAMPLE_SIZE)
    whole = _whole(parts)
    here = Here.made(Order.of(plan))
    order = list(range(len(parts)))
    random.Random(seed).shuffle(order)  # noqa: S311 -- no secret: the same offer shows the same sample
    found: dict[int, Part] = {}
    for number in order:
        found[number] = here.replay(parts[number])
        if time.perf_counter() - begun > seconds:
            break
    evaluation = Evaluation(here.replayer, _pace(plan))
    for number in sorted(found):
        evaluation.add(found[number])
    return _report(plan, here, evaluation, whole, begun)


class Order(NamedTuple):
    """What a process has to know to replay: plain values, since it is sent."""

    key: str
    document: Mapping[str, Any]
    programme_version: int
    now: datetime

    @classmethod
    def of(cls, plan: Plan) -> Order:
        """What a plan asks of each process."""
        return cls(
            plan.key,
            publication.written(plan.document),
            generations.current(generations.PROGRAMME),
            plan.now,
        )


class Here:
    """Everything that replays parts in this process."""

    def __init__(self, found: trial.Trial, reader: Reader) -> None:
        self.trial = found
        self.reader = reader
        self.replayer = found.replayer(reader.costs_of(found.gifts()))

    @classmethod
    def made(cls, order: Order) -> Here:
        """Compile both programmes."""
        document = read_offer(order.document, language())
        found = trial.at_version(order.programme_version, order.key, document, order.now)
        return cls(found, Reader(found.asks, order.now))

    def replay(self, part: Slice) -> Part:
        """Read a part and replay it."""
        return evaluate(self.reader.read(part), self.replayer)


def worker(**order: Any) -> Here:
    """What another process makes of an order."""
    return Here.made(Order(**order))


def _pace(plan: Plan) -> Pace | None:
    """A budget that goes out evenly does so over the days that are replayed."""
    limits = plan.document.limits
    if limits.budget is None or limits.pacing is Pacing.NONE:
        return None
    days = (plan.period.last_day - plan.period.first_day).days + 1
    return Pace(limits.budget, plan.period.first_day, days)


def _whole(parts: Sequence[Slice]) -> int:
    whole = sum(part.orders for part in parts)
    if not whole:
        raise NothingToReplay("No order was placed in these days and stores.")
    return whole


def _report(plan: Plan, here: Here, evaluation: Evaluation, whole: int, begun: float) -> Report:
    found = here.trial
    assumptions = found.assumptions()
    if evaluation.is_rationed:
        assumptions = (*assumptions, "responses_beyond_limits")
        if evaluation.account.orders < whole:
            assumptions = (*assumptions, "limits_within_sample")
    asked = Asked(
        plan.key,
        plan.period.first_day,
        plan.period.last_day,
        plan.stores,
        found.programme_version,
        whole,
        plan.responses,
        assumptions,
    )
    return report(asked, evaluation.account, found.after, found.stages, time.perf_counter() - begun)
