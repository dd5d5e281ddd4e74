"""`laoke points`: adjustments by hand, and the month-end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from laoke.kernel.money import format_minor
from laoke.surfaces.cli import adjusting, eventing
from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready

if TYPE_CHECKING:
    from laoke.points.liability.forecasting import Forecast
    from laoke.points.liability.selectors import CloseView

app = typer.Typer(help="Points: adjust by hand, close the month.", no_args_is_help=True)
for adjusted in (adjusting.adjust, adjusting.requests, adjusting.approve, adjusting.refuse):
    app.command()(adjusted)
for told in (eventing.event, eventing.events, eventing.undo_event):
    app.command()(told)
Month = Annotated[str, typer.Argument(metavar="MONTH", help="A month such as 2026-03.")]


@app.command("close")
def close(month: Month, json: Json = False) -> None:
    """Close a month: value the points outstanding at its end, write the journal entries. A repeat changes nothing.

    Months are closed in order. The first close brings what was outstanding before as an opening balance.

    Example: laoke points close 2026-03
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.liability import selectors, services

        wanted = _month(month)
        shown = selectors.view(services.close(SYSTEM, wanted, at=now()))
        emit(asdict(shown), as_json=json, text=_told(shown))


@app.command("reopen")
def reopen(
    month: Month,
    reason: Annotated[str, typer.Option(help="Stands with the close and in the audit trail.")],
) -> None:
    """Reopen the newest closed month: its entries are booked the other way round, none is removed.

    Example: laoke points reopen 2026-03 --reason "A till sent its day late"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.liability import services

        wanted = _month(month)
        services.reopen(SYSTEM, wanted, reason, at=now())
        typer.echo(f"{wanted:%Y-%m} is open again.")


@app.command("liability")
def liability(
    month: Annotated[
        str | None, typer.Argument(metavar="MONTH", help="A closed month; the newest unless given.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what points were worth at the end of a closed month, by month of issue, with its journal entries.

    Example: laoke points liability 2026-03 --json
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.liability import selectors

        shown = selectors.closed_month(SYSTEM, _month(month) if month else None)
        emit(asdict(shown), as_json=json, text=_told(shown))


@app.command("forecast")
def forecast(
    month: Annotated[
        str | None, typer.Argument(metavar="MONTH", help="A closed month; the newest unless given.")
    ] = None,
    ahead: Annotated[int, typer.Option(min=1, max=36, help="Months to look ahead.")] = 12,
    valid_months: Annotated[
        int | None, typer.Option(min=1, max=240, help="Points earned from now on end so many months later.")
    ] = None,
    earn_percent: Annotated[
        int, typer.Option(min=0, max=1000, help="So many points are issued for 100 issued now.")
    ] = 100,
    worth_minor: Annotated[
        int | None,
        typer.Option(min=1, max=10**9, help="What the points of the rate in force settle instead."),
    ] = None,
    json: Json = False,
) -> None:
    """Forecast points and their liability from a closed month, and what a change of the rules would make of it.

    Example: laoke points forecast --valid-months 18 --earn-percent 120
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.liability.forecasting import Change, look_ahead

        change = Change(valid_months, earn_percent, worth_minor)
        found = look_ahead(SYSTEM, _month(month) if month else None, change, ahead)
        emit(asdict(found), as_json=json, text=_foretold(found))


def _foretold(found: Forecast) -> str:
    from django.conf import settings

    def money(minor: int) -> str:
        return format_minor(minor, settings.LAOKE.currency)

    changed = found.changed or ()
    rows = []
    for place, each in enumerate(found.now):
        row = [
            f"{each.month:%Y-%m}",
            f"{each.issued:,}",
            f"{each.redeemed:,}",
            f"{each.lapsed:,}",
            f"{each.open:,}",
            money(each.liability_minor),
        ]
        if changed:
            other = changed[place]
            row += [f"{other.open:,}", money(other.liability_minor)]
        rows.append(tuple(row))
    headings: tuple[str, ...] = ("MONTH", "ISSUED", "REDEEMED", "LAPSED", "OPEN", "LIABILITY")
    if changed:
        headings += ("OPEN CHANGED", "LIABILITY CHANGED")
    lines = [
        f"From {found.month:%Y-%m}, {found.issued:,} points issued a month, redeemed as before",
        "",
        columns(headings, rows, "Nothing to show."),
    ]
    if changed:
        apart = changed[-1].liability_minor - found.now[-1].liability_minor
        sign = "+" if apart > 0 else ""
        lines += ["", f"At the end the liability differs by {sign}{money(apart)}"]
    return "\n".join(lines)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a month such as 2026-03", param_hint="MONTH") from None


def _told(shown: CloseView) -> str:
    from django.conf import settings

    def money(minor: int) -> str:
        return format_minor(minor, settings.LAOKE.currency)

    lines = [
        f"{shown.month:%Y-%m}, closed by {shown.closed_by}",
        f"{shown.points_open:,} points outstanding, {money(shown.face_minor)} at face value",
        f"{shown.lapsing:,} expected to lapse"
        + ("" if shown.lapsing_low is None else f" ({shown.lapsing_low:,} to {shown.lapsing_high:,})"),
        f"Contract liability {money(shown.liability_minor)}",
    ]
    if shown.late:
        late = ", ".join(f"{what.replace('_', ' ')} {points:+,}" for what, points in shown.late.items())
        lines.append(f"Came late into months closed before: {late}")
    lines += ["", "Points"]
    lines += [f"  {what.replace('_', ' '):<12}{points:>16,}" for what, points in shown.movement.items()]
    lines += ["", "Entries"]
    lines += [
        f"  {each.cause:<12}{each.debit:<20}{each.credit:<20}{money(each.amount_minor):>16}"
        for each in shown.entries
    ]
    rows = [
        (
            f"{each.month:%Y-%m}",
            f"{each.issued:,}",
            f"{each.redeemed:,}",
            f"{each.taken_back:,}",
            f"{each.expired:,}",
            f"{each.open:,}",
            f"{each.lapsing:,}",
            money(each.liability_minor),
        )
        for each in shown.cohorts
        if each.open or each.liability_minor
    ]
    headings = ("ISSUED IN", "ISSUED", "REDEEMED", "TAKEN BACK", "EXPIRED", "OPEN", "LAPSING", "LIABILITY")
    lines += ["", columns(headings, rows, "No points are outstanding.")]
    return "\n".join(lines)
