"""`laoke points adjust|requests|approve|refuse`: points given and taken by hand."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.progress import Work, shown
from laoke.surfaces.cli.session import Exit, now, ready, say

if TYPE_CHECKING:
    from laoke.points.adjustments.files import Outcome, Row
    from laoke.points.adjustments.selectors import AdjustmentView

# What a file may name members by.
MEMBER_COLUMNS = ("member_id", "card", "phone", "email")
_SHOWN = 10
_WHY = {
    "member": "is no such identifier",
    "unknown": "nobody has this identifier",
    "erased": "the member was erased",
    "merged": "the member was merged meanwhile: run the command again",
    "points": "points are a whole number from 1 to 10,000,000, or as many below zero",
    "reason": "a reason takes 2 to 300 characters",
    "short": "takes more than the member can spend",
}
Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help="Of the request, as `laoke points requests` shows it.")
]


def adjust(
    member: Annotated[int | None, typer.Argument(metavar="[MEMBER]", help="A member's number.")] = None,
    points: Annotated[
        int | None, typer.Argument(metavar="[POINTS]", help="To give; below zero to take (after --).")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Stands in the member's statement.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="Many at once: CSV or XLSX with the columns points, reason and one of "
            f"{', '.join(MEMBER_COLUMNS)}."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What a repeat of the file goes by; the file's name unless given.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file, book nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where to write the rows that were refused (CSV).")
    ] = None,
    json: Json = False,
) -> None:
    """Give a member points, or take some; or many members, from a file.

    A file is checked as a whole first, then booked in batches. Ctrl-C stops behind a batch; run again it goes on, and
    rows that were booked under its name are never booked twice. Exit code 1 when rows were refused.

    Example: laoke points adjust 1042 50 --reason "Promised in March"

    Example: laoke points adjust --file march.csv
    """
    if file is None:
        if member is None or points is None or reason is None:
            raise typer.BadParameter("name a member, points and --reason, or --file")
        _one(member, points, reason, json)
        return
    if member is not None or reason is not None:
        raise typer.BadParameter("members, points and reasons of many stand in the file", param_hint="--file")
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.adjustments import files

        by, rows = rows_of(file)
        with _Shown() as watch:
            outcome = files.adjust(
                SYSTEM, name or file.name, rows, by=by, at=now(), watch=watch, dry_run=dry_run
            )
        if report:
            _write(report, outcome)
        told = {
            "name": outcome.name,
            "rows": outcome.rows,
            "booked": outcome.booked,
            "known": outcome.known,
            "points": outcome.points,
            "stopped": outcome.stopped,
            "refused": [{"line": each.line, "why": each.why} for each in outcome.refused],
        }
        emit(told, as_json=json, text="\n".join(_told(outcome, dry_run, report)))
        if outcome.stopped:
            say("Stopped. Run the same command again: it goes on from here.")
            sys.exit(Exit.STOPPED)
        if outcome.refused:
            sys.exit(Exit.DIFFERENCES)


def requests(json: Json = False) -> None:
    """List adjustments above the limit of who asked for them, which wait for a second person.

    Example: laoke points requests
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.adjustments import selectors

        at, after, found = now(), None, []
        while True:
            page, after = selectors.waiting(SYSTEM, at=at, after=after, limit=200)
            found += page
            if after is None:
                break
        emit([_plain(each) for each in found], as_json=json, text=_listed(found))


def approve(number: Number, json: Json = False) -> None:
    """Let an adjustment pass that somebody asked for: it is booked now, once.

    Example: laoke points approve 31
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.adjustments import requests as services

        done = services.approve(SYSTEM, number, at=now())
        text = f"{done['points']:+,} points booked; the member has {done['points_available']:,}."
        emit(done, as_json=json, text=text)


def refuse(
    number: Number,
    note: Annotated[str, typer.Option(help="Why; whoever asked reads it.")],
    json: Json = False,
) -> None:
    """Refuse an adjustment that somebody asked for.

    Example: laoke points refuse 31 --note "The receipt is another member's"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.adjustments import requests as services

        emit(services.refuse(SYSTEM, number, note, at=now()), as_json=json, text="Refused.")


def _one(member: int, points: int, reason: str, json: bool) -> None:
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points import services

        done = services.apply(SYSTEM, member, points, reason, at=now())
        text = f"{points:+,} points; the member has {done['points_available']:,}."
        emit(done, as_json=json, text=text)


def rows_of(path: Path) -> tuple[str, Iterator[Row]]:
    """What the file names members by, and its rows. The header is read at once, the rows as they are asked for."""
    from laoke.points.adjustments.errors import BadFile
    from laoke.points.adjustments.files import Row
    from laoke.surfaces.importing.sources.csv_files import CsvTable
    from laoke.surfaces.importing.sources.xlsx_files import XlsxTable

    if not path.is_file():
        raise BadFile(f"There is no file {path}.")
    table: Any = XlsxTable(path, "") if path.suffix.lower() in (".xlsx", ".xlsm") else CsvTable(path, "", "")
    there = list(table.columns)
    named = [column for column in MEMBER_COLUMNS if column in there]
    if len(named) != 1 or "points" not in there or "reason" not in there:
        raise BadFile(
            f"{path.name} needs the columns points, reason and exactly one of {', '.join(MEMBER_COLUMNS)}; "
            f"it has {', '.join(there)[:200]}."
        )

    def read() -> Iterator[Row]:
        for batch in table.batches([named[0], "points", "reason"], _Blind()):
            for line, member, points, reason in zip(*(column.to_pylist() for column in batch), strict=True):
                if member or points or reason:
                    yield Row(line, (member or "").strip(), points or "", reason or "")
        if table.wrong_widths:
            lines = ", ".join(str(line) for line, _, _ in table.wrong_widths[:_SHOWN])
            raise BadFile(f"Lines of another width than the header: {lines}. Nothing was booked.")

    return named[0], read()


class _Blind:
    """Reading a file is fast beside booking it: nobody looks on."""

    stop_requested = False

    def phase(self, name: str, total: int = 0) -> None:
        """Nothing to show."""

    def advance(self, count: int) -> None:
        """Nothing to show."""


class _Shown:
    """Shows each phase as one stretch of work; Ctrl-C stops after the batch in hand."""

    def __init__(self) -> None:
        self._phase = ExitStack()
        self._work: Work | None = None

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *error: Any) -> None:
        self._phase.__exit__(*error)

    def phase(self, name: str, total: int = 0) -> None:
        """Close the bar of the phase before and open the next."""
        self._phase.close()
        self._phase = ExitStack()
        stoppable = name == "booking"
        self._work = self._phase.enter_context(shown(name, total or None, "rows", stoppable=stoppable))

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._work:
            self._work.advance(count)

    @property
    def stop_requested(self) -> bool:
        """Whether somebody pressed Ctrl-C."""
        return self._work is not None and self._work.stop_requested


def _told(outcome: Outcome, dry_run: bool, report: Path | None) -> Iterator[str]:
    if dry_run:
        new = outcome.rows - outcome.known - len(outcome.refused)
        yield f"Dry run: {new:,} of {outcome.rows:,} rows would be booked, {outcome.known:,} are already."
    else:
        yield (
            f"{outcome.booked:,} of {outcome.rows:,} rows booked ({outcome.points:+,} points), "
            f"{outcome.known:,} were already."
        )
    if outcome.refused:
        yield (
            f"{len(outcome.refused):,} rows were refused:"
            if not report
            else (f"{len(outcome.refused):,} rows were refused, listed in {report}:")
        )
        yield from (f"  line {each.line}: {_WHY[each.why]}" for each in outcome.refused[:_SHOWN])
        if len(outcome.refused) > _SHOWN:
            yield f"  … and {len(outcome.refused) - _SHOWN:,} more" + (
                "" if report else " (--report lists them all)"
            )


def _write(path: Path, outcome: Outcome) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "code", "why"))
        writer.writerows((each.line, each.why, _WHY[each.why]) for each in outcome.refused)


def _plain(found: AdjustmentView) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)


def _listed(found: list[AdjustmentView]) -> str:
    rows = [
        (
            str(each.adjustment_id),
            str(each.member_id),
            f"{each.points:+,}",
            each.asked_by,
            f"{each.open_until:%Y-%m-%d %H:%M}Z" if each.open_until else "",
            each.reason,
        )
        for each in found
    ]
    return columns(
        ("NUMBER", "MEMBER", "POINTS", "ASKED BY", "WAITS UNTIL", "REASON"), rows, "Nothing waits."
    )
