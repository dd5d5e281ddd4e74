"""The one door of the import: files, a mapping and a clock in, an outcome and a report out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

from django.conf import settings

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.surfaces.importing import report
from laoke.surfaces.importing.errors import ImportRunning, WrongCurrency
from laoke.surfaces.importing.expressions import Expression
from laoke.surfaces.importing.fields import Kind, Takes
from laoke.surfaces.importing.mapping import ImportMapping, load
from laoke.surfaces.importing.outcome import Outcome
from laoke.surfaces.importing.setting import Setting
from laoke.surfaces.importing.sources import open_sources
from laoke.surfaces.importing.staging import Stage, bench
from laoke.surfaces.importing.watch import Unwatched, Watch

# "laoke.im": one import at a time in a database.
_LOCK = 0x6C616F6B652E696D
_MACHINERY = {
    Kind.ORDERS: "orders.run",
    Kind.MEMBERS: "members",
    Kind.PRODUCTS: "products",
    Kind.STORES: "stores",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be imported. `mapping` is a file or the name of one that comes with Laoke.

    `names` says what people call the files, by the names they lie under, for the report. `tracked`: whether orders
    keep a row of progress of their own; who watches and keeps one says no.
    """

    kind: Kind
    files: Sequence[Path]
    mapping: str
    dry_run: bool = False
    as_of: date | None = None
    report: Path | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    tracked: bool = True


def run(caller: Caller, request: Request, *, now: datetime, watch: Watch | None = None) -> Outcome:
    """Import; what cannot be used goes to the report, the rest goes in. May be repeated and goes on where it stopped.

    Raises:
        BadMapping, UnknownColumn, BadSource, WrongCurrency, ImportRunning: nothing was changed.
    """
    watch = watch or Unwatched()
    mapping = load(request.mapping, request.kind)
    if mapping.currency and mapping.currency != settings.LAOKE.currency:
        raise WrongCurrency(mapping.currency, settings.LAOKE.currency)
    until = _until(request.as_of, now)
    outcome = Outcome(
        request.kind.value, dry_run=request.dry_run, as_of=until.astimezone(settings.LAOKE.zone).date()
    )
    setting = Setting(caller, now, until, request.dry_run, watch, outcome, request.tracked)
    with _alone(request.dry_run), bench(settings.LAOKE.home, settings.LAOKE.memory_mb) as (session, folder):
        sources = open_sources(session, [Path(file) for file in request.files], mapping, folder, watch)
        watch.phase("converting")
        stage = Stage(
            session,
            sources,
            mapping,
            zone=settings.LAOKE.time_zone,
            currency=settings.LAOKE.currency,
            until=until,
            extra=_extra(mapping),
        )
        # Each kind brings its own machinery; a list of stores needs nothing of the replay.
        import_module(f"laoke.surfaces.importing.{_MACHINERY[request.kind]}").run(stage, setting)
        outcome.rows = stage.rows_read
        wide = sum(len(source.wrong_widths) for source in sources)
        outcome.rows_skipped = stage.rows_read - stage.rows_kept - wide
        outcome.kinds = report.kinds(stage)
        outcome.rows_bad = stage.count("(select distinct file_no, row_no from bad)")
        if outcome.rows_bad or request.report:
            path = request.report or _report_path(request.kind, now)
            outcome.mistakes = report.write(stage, path, request.names)
            outcome.report = path
    return outcome


def _until(as_of: date | None, now: datetime) -> datetime:
    """The last instant of the day the import counts to, but never later than now."""
    if as_of is None:
        return now
    end = start_of_day(as_of + timedelta(days=1), settings.LAOKE.zone) - timedelta(microseconds=1)
    return min(end.astimezone(UTC), now)


def _extra(mapping: ImportMapping) -> dict[str, tuple[Expression, Takes]]:
    extra = {f"path_{index}": (part, Takes.TEXT) for index, part in enumerate(mapping.path)}
    for index, consent in enumerate(mapping.consents):
        extra[f"granted_{index}"] = (consent.granted, Takes.YES_NO)
        if consent.at:
            extra[f"granted_at_{index}"] = (consent.at, Takes.INSTANT)
    return extra


def _report_path(kind: Kind, now: datetime) -> Path:
    local = now.astimezone(settings.LAOKE.zone)
    return settings.LAOKE.home / "imports" / f"{kind.value}-{local:%Y%m%d-%H%M%S}.csv"


@contextmanager
def _alone(dry_run: bool) -> Iterator[None]:
    """Let no second import write at the same time; a killed one's lock goes with its connection."""
    if dry_run:
        yield
        return
    with hot_cursor() as cursor:
        row = cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    if not row or not row[0]:
        raise ImportRunning
    try:
        yield
    finally:
        with hot_cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])
