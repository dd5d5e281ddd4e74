"""The one door of the import: files, a mapping and a clock in, an outcome and a report out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.mapping import ImportMapping, extra, load
from laoke.surfaces.importing.outcome import Outcome
from laoke.surfaces.importing.setting import Setting
from laoke.surfaces.importing.staging import Stage, bench
from laoke.surfaces.importing.watch import Breaking, Stopped, Unwatched, Watch

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
    keep a row of progress of their own; who watches and keeps one says no. `spoken`: whether the report is in words.
    """

    kind: Kind
    files: Sequence[Path]
    mapping: str
    dry_run: bool = False
    as_of: date | None = None
    report: Path | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    tracked: bool = True
    spoken: bool = True


def run(caller: Caller, request: Request, *, now: datetime, watch: Watch | None = None) -> Outcome:
    """Import; what cannot be used goes to the report, the rest goes in. May be repeated and goes on where it stopped.

    Who is asked to stop before anything was written breaks off what it is at, and has an outcome that counts nothing.

    Raises:
        BadMapping, UnknownColumn, BadSource, WrongCurrency, ImportRunning: nothing was changed.
    """
    watch = watch or Unwatched()
    mapping = load(request.mapping, request.kind)
    if mapping.currency and mapping.currency != settings.LAOKE.currency:
        raise WrongCurrency(mapping.currency, settings.LAOKE.currency)
    until = until_of(request.as_of, now)
    outcome = Outcome(
        request.kind.value, dry_run=request.dry_run, as_of=until.astimezone(settings.LAOKE.zone).date()
    )
    with suppress(Stopped), _alone(request.dry_run):
        _run(caller, request, mapping, now, until, watch, outcome)
        return outcome
    outcome.interrupted = True
    return outcome


def _run(
    caller: Caller,
    request: Request,
    mapping: ImportMapping,
    now: datetime,
    until: datetime,
    watched: Watch,
    outcome: Outcome,
) -> None:
    with (
        bench(settings.LAOKE.home, settings.LAOKE.memory_mb) as (session, folder),
        Breaking(session, watched, dry_run=request.dry_run) as watch,
    ):
        setting = Setting(caller, now, until, request.dry_run, watch, outcome, request.tracked)
        # Loaded when a file is read: the libraries that read them take 60 MB, and most processes never do.
        from laoke.surfaces.importing.sources import open_sources

        sources = open_sources(session, [Path(file) for file in request.files], mapping, folder, watch)
        watch.phase("converting")
        stage = Stage(
            session,
            sources,
            mapping,
            zone=settings.LAOKE.time_zone,
            currency=settings.LAOKE.currency,
            until=until,
            extra=extra(mapping),
        )
        # Each kind brings its own machinery; a list of stores needs nothing of the replay.
        import_module(f"laoke.surfaces.importing.{_MACHINERY[request.kind]}").run(stage, setting)
        outcome.rows = stage.rows_read
        wide = sum(len(source.wrong_widths) for source in sources)
        outcome.rows_skipped = stage.rows_read - stage.rows_kept - wide
        outcome.kinds = report.kinds(stage)
        outcome.unknown = report.unknown(stage)
        outcome.rows_bad = stage.count("(select distinct file_no, row_no from bad)")
        if outcome.rows_bad or request.report:
            path = request.report or _report_path(request.kind, now)
            outcome.mistakes = report.write(stage, path, request.names, spoken=request.spoken)
            outcome.report = path


def until_of(as_of: date | None, now: datetime) -> datetime:
    """The last instant of the day the import counts to, but never later than now."""
    if as_of is None:
        return now
    end = start_of_day(as_of + timedelta(days=1), settings.LAOKE.zone) - timedelta(microseconds=1)
    return min(end.astimezone(UTC), now)


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
