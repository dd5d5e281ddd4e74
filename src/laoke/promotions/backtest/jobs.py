"""Backtests of whole periods, run by a worker, for whoever writes an offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from laoke.foundation.access import Caller, Scope
from laoke.foundation.jobs import progress
from laoke.foundation.jobs import selectors as jobs
from laoke.promotions import publication
from laoke.promotions.backtest import report, running
from laoke.promotions.backtest.parallel import Stopped
from laoke.promotions.backtest.reading import Period
from laoke.promotions.backtest.report import Report
from laoke.promotions.documents.offers import OfferDocument, read_offer
from laoke.promotions.language import language
from laoke.purchases.selectors import stores_by_code

TASK = "promotions.backtest"


@dataclass(frozen=True, slots=True)
class Ran:
    """The latest backtest of an offer.

    Args:
        state: running, done, stopped or failed. `report` is there when it is done and there were orders.
        document: the offer as it was tried, as text values.
    """

    key: str
    state: str
    done: int
    total: int
    seconds_left: float | None
    started_at: datetime
    document: Mapping[str, Any]
    report: Report | None


def start(
    caller: Caller,
    key: str,
    document: OfferDocument,
    first_day: date,
    last_day: date,
    stores: Sequence[str] | None = None,
    *,
    at: datetime,
) -> bool:
    """Let a worker try an offer on the orders of these days, both included; False when the same waits already.

    Raises:
        MissingScope
    """
    from laoke.promotions.tasks import backtest

    caller.require(Scope.PROGRAMME_READ)
    return backtest.defer(
        at,
        key=key,
        document=publication.written(document),
        first_day=first_day.isoformat(),
        last_day=last_day.isoformat(),
        stores=None if stores is None else list(stores),
    )


def stop(caller: Caller, key: str) -> bool:
    """Ask a backtest that is under way to end; False when none is.

    Raises:
        MissingScope
    """
    caller.require(Scope.PROGRAMME_READ)
    return progress.request_stop(TASK, key)


def latest(key: str) -> Ran | None:
    """The latest backtest of an offer; None when there was none."""
    found = jobs.of(TASK, key)
    if found is None:
        return None
    text = found.detail.get("report")
    return Ran(
        key,
        found.state,
        found.done,
        found.total,
        found.seconds_left,
        found.started_at,
        found.detail.get("document", {}),
        None if text is None else report.from_json(text),
    )


def work(
    at: datetime,
    key: str,
    document: Mapping[str, Any],
    first_day: str,
    last_day: str,
    stores: Sequence[str] | None,
) -> None:
    """What the worker does. It may be run again: a backtest changes nothing but the row that shows it."""
    known = stores_by_code()
    ids = None if stores is None else tuple(known[code].id for code in stores if code in known)
    plan = running.Plan(
        key,
        read_offer(document, language()),
        Period(date.fromisoformat(first_day), date.fromisoformat(last_day), ids),
        at,
        None if stores is None else tuple(stores),
    )
    with progress.track(TASK, 0, at, key=key, unit="orders", detail={"document": dict(document)}) as tracked:

        def advance(done: int, whole: int) -> bool:
            if tracked.done == 0:
                tracked.phase("replaying", whole, "orders")
            tracked.advance(done - tracked.done)
            return not tracked.stop_requested

        try:
            tracked.detail["report"] = report.to_json(running.run(plan, advance=advance))
        except Stopped:
            return
        except running.NothingToReplay:
            tracked.detail["nothing"] = True
