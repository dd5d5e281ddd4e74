"""`laoke import orders|members|products|stores FILE... --mapping M`: a retailer's files into the programme."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from laoke.surfaces.cli import moments
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.progress import Work, shown
from laoke.surfaces.cli.session import Exit, now, ready, say

app = typer.Typer(
    name="import",
    no_args_is_help=True,
    help=(
        "Bring files in: orders, members, products, stores.\n\n"
        "Exit codes: 0 everything went in, 1 some rows are in the report, 2 refused and nothing changed, 130 stopped."
    ),
)

Files = Annotated[
    list[Path], typer.Argument(help="CSV, XLSX or Parquet; several are read as one.", show_default=False)
]
MappingName = Annotated[
    str,
    typer.Option("--mapping", "-m", help="A mapping file (YAML), or the name of one that comes with Laoke."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check everything, write only the report.")]
Report = Annotated[Path | None, typer.Option("--report", help="Where to write what could not be used (CSV).")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        help="Count to the end of this day, such as 2026-03-31: points expire, tiers are reviewed and RFM is computed "
        "as of it, and later orders are refused. Left out: now.",
    ),
]


@app.command()
def orders(
    files: Files,
    mapping: MappingName,
    dry_run: DryRun = False,
    as_of: AsOf = None,
    report: Report = None,
    json: Json = False,
) -> None:
    """Import past orders: they get points, lots, expiries and tiers as if they had been live.

    Example: laoke import orders orders-2025.csv orders-2026.csv --mapping shop.yaml
    """
    _import("orders", files, mapping, dry_run, as_of, report, json)


@app.command()
def members(
    files: Files, mapping: MappingName, dry_run: DryRun = False, report: Report = None, json: Json = False
) -> None:
    """Import members. Whoever has one of the identities already is left as they are.

    Example: laoke import members cards.xlsx --mapping cards.yaml
    """
    _import("members", files, mapping, dry_run, None, report, json)


@app.command()
def products(
    files: Files, mapping: MappingName, dry_run: DryRun = False, report: Report = None, json: Json = False
) -> None:
    """Import products with their categories: added or changed by SKU; empty cells change nothing.

    Example: laoke import products articles.csv --mapping articles.yaml
    """
    _import("products", files, mapping, dry_run, None, report, json)


@app.command()
def stores(
    files: Files, mapping: MappingName, dry_run: DryRun = False, report: Report = None, json: Json = False
) -> None:
    """Import stores with their regions: added or changed by code; empty cells change nothing.

    Example: laoke import stores stores.csv --mapping stores.yaml --dry-run
    """
    _import("stores", files, mapping, dry_run, None, report, json)


def _import(
    kind: str,
    files: list[Path],
    mapping: str,
    dry_run: bool,
    as_of: str | None,
    report: Path | None,
    json: bool,
) -> None:
    with ready():
        from django.conf import settings

        from laoke.foundation.access import SYSTEM
        from laoke.surfaces.importing import Kind, Request, run

        at = now()
        today = at.astimezone(settings.LAOKE.zone).date()
        day = moments.day(as_of, today, "--as-of") if as_of else None
        request = Request(Kind(kind), files, mapping, dry_run, day, report)
        with _Shown() as watch:
            outcome = run(SYSTEM, request, now=at, watch=watch)
        emit(outcome.as_json() | {"rfm": outcome.rfm}, as_json=json, text=_words(outcome, at))
        if outcome.interrupted:
            say("Stopped. Run the same command again: it goes on from here.")
            sys.exit(Exit.STOPPED)
        if outcome.mistakes:
            sys.exit(Exit.DIFFERENCES)


class _Shown:
    """Shows each phase as one stretch of work; Ctrl-C stops after the batch in hand."""

    def __init__(self) -> None:
        self._phase = ExitStack()
        self._work: Work | None = None
        self._stop = False

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *error: Any) -> None:
        self._phase.__exit__(*error)

    def phase(self, name: str, total: int = 0) -> None:
        """Close the bar of the phase before and open the next."""
        self._stop = self.stop_requested
        self._phase.close()
        self._phase = ExitStack()
        unit = {"reading": "bytes"}.get(name, name)
        self._work = self._phase.enter_context(shown(name, total or None, unit, stoppable=True))

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._work:
            self._work.advance(count)

    @property
    def stop_requested(self) -> bool:
        """Whether somebody pressed Ctrl-C since the beginning."""
        return self._stop or (self._work is not None and self._work.stop_requested)


def _words(outcome: Any, begun: datetime) -> str:
    kind = outcome.kind
    lines = [
        f"{outcome.rows:,} rows read: {outcome.rows_skipped:,} skipped, {outcome.rows_bad:,} in the report.",
    ]
    if outcome.dry_run:
        new = outcome.things - outcome.known
        lines.append(
            f"Dry run: {new:,} {kind} would go in, {outcome.known:,} are in already. Nothing was written."
        )
    else:
        seconds = (datetime.now(UTC) - begun).total_seconds()
        lines.append(
            f"{outcome.added:,} {kind} went in, {outcome.known:,} were in already, in {seconds:,.0f} s."
        )
    if outcome.left_out:
        lines.append(f"{outcome.left_out:,} orders were left out as a whole: rows of them cannot be used.")
    if kind == "orders" and not outcome.dry_run:
        lines.append(f"{outcome.lines:,} order lines, {outcome.returns:,} returns.")
    if made := ", ".join(f"{count:,} {name}" for name, count in outcome.created.items()):
        lines.append(f"Made on the way: {made}.")
    if kind == "orders" and outcome.rfm:
        lines.append(
            f"Up to {outcome.as_of}: {outcome.members_reviewed:,} judgements in reviews of tiers, "
            f"{outcome.points_expired:,} points expired, {outcome.rfm['members']:,} members scored."
        )
    if outcome.report:
        lines.append(f"Report: {outcome.report} ({outcome.mistakes:,} entries).")
    return "\n".join(lines)
