"""Backtests of whole periods, run by a worker, for whoever writes an offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.jobs import progress, services
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.jobs.selectors import Progress
from laoke.promotions import publication
from laoke.promotions.backtest import report, running
from laoke.promotions.backtest.parallel import Stopped
from laoke.promotions.backtest.reading import Period
from laoke.promotions.backtest.report import Report
from laoke.promotions.documents.offers import OfferDocument, read_offer
from laoke.promotions.language import language
from laoke.purchases.selectors import stores_by_code

TASK = "promotions.backtest"
_OF_A_RESULT = ("document", "first_day", "last_day", "stores", "by", "report")


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody had tried: the offer as its text was then, the days, the stores (codes; None: all)."""

    document: Mapping[str, Any]
    first_day: date | None
    last_day: date | None
    stores: tuple[str, ...] | None
    by: str


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, and when. `report` is None where there were no orders."""

    tried: Tried
    ended_at: datetime
    report: Report | None


@dataclass(frozen=True, slots=True)
class Ran:
    """The latest backtest of an offer.

    Args:
        state: running, done, stopped or failed.
        result: of the newest that came to its end; it stays while another one is under way or broke off.
    """

    key: str
    state: str
    done: int
    total: int
    seconds_left: float | None
    started_at: datetime
    tried: Tried
    result: Result | None


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
    """Let a worker try an offer on the orders of these days, both included; False when one of it waits already.

    Raises:
        MissingScope
    """
    from laoke.promotions.tasks import backtest

    caller.require(Scope.PROGRAMME_WRITE)
    if is_waiting(key):
        return False
    asked = {
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "stores": None if stores is None else list(stores),
    }
    with transaction.atomic():
        record(caller, "offer.backtest_started", "offer", key, at=at, after=asked)
        return backtest.defer(at, key=key, document=publication.written(document), by=caller.label, **asked)


def is_waiting(key: str) -> bool:
    """Whether a backtest of this offer waits for a worker."""
    return jobs.is_waiting(TASK, {"key": key})


def stop(caller: Caller, key: str, *, at: datetime) -> None:
    """Ask a backtest that is under way to end.

    Raises:
        MissingScope, NotRunning
    """
    services.stop(caller, TASK, key, at=at)


def latest(key: str) -> Ran | None:
    """The latest backtest of an offer; None when there was none."""
    found = jobs.of(TASK, key)
    if found is None:
        return None
    return Ran(
        key,
        found.state,
        found.done,
        found.total,
        found.seconds_left,
        found.started_at,
        _tried(found.detail),
        _result(found),
    )


def _tried(detail: Mapping[str, Any]) -> Tried:
    stores = detail.get("stores")
    return Tried(
        detail.get("document", {}),
        _day(detail.get("first_day")),
        _day(detail.get("last_day")),
        None if stores is None else tuple(stores),
        detail.get("by", ""),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _result(found: Progress) -> Result | None:
    kept = _kept(found)
    if kept is None:
        return None
    text = kept.get("report")
    return Result(
        _tried(kept),
        datetime.fromisoformat(kept["ended_at"]),
        None if text is None else report.from_json(text),
    )


def _kept(found: Progress | None) -> dict[str, Any] | None:
    """The newest result, as it is stored: that of the run itself, or the one before it."""
    if found is None:
        return None
    if found.state == "done" and found.finished_at is not None:
        mine = {name: found.detail[name] for name in _OF_A_RESULT if name in found.detail}
        return mine | {"ended_at": found.finished_at.isoformat()}
    kept: dict[str, Any] | None = found.detail.get("last")
    return kept


def work(
    at: datetime,
    key: str,
    document: Mapping[str, Any],
    first_day: str,
    last_day: str,
    stores: Sequence[str] | None,
    by: str = "",
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
    detail: dict[str, Any] = {
        "document": dict(document),
        "first_day": first_day,
        "last_day": last_day,
        "stores": None if stores is None else list(stores),
        "by": by,
    }
    if (last := _kept(jobs.of(TASK, key))) is not None:
        detail["last"] = last
    with progress.track(TASK, 0, at, key=key, unit="orders", detail=detail) as tracked:

        def advance(done: int, whole: int) -> bool:
            if tracked.done == 0:
                tracked.phase("replaying", whole, "orders")
            tracked.advance(done - tracked.done)
            return not tracked.stop_requested

        try:
            tracked.detail["report"] = report.to_json(running.run(plan, advance=advance))
            tracked.detail.pop("last", None)
        except Stopped:
            return
        except running.NothingToReplay:
            tracked.detail.pop("last", None)
