"""`laoke expire`: empty the lots of points whose time is over."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from laoke.surfaces.cli import moments
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import Exit, now, ready, say


def expire(
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="INSTANT", help="A day or an instant up to now; now unless given."),
    ] = None,
    json: Json = False,
) -> None:
    """Expire points whose time is over. The worker does so every night; points past their time buy nothing anyway.

    A stopped run goes on where it stopped, a repeated one finds nothing.

    Example: laoke expire --at 2026-03-31
    """
    with ready():
        from django.conf import settings

        from laoke.points import expiry
        from laoke.surfaces.cli.progress import shown

        clock = now()
        instant = moments.instant(at, settings.LAOKE.zone, clock, "--at") if at else clock
        with shown("expiring", expiry.due(instant), "lots", stoppable=True) as work:
            swept = expiry.expire(at=instant, now=clock, advance=work.advance, rest=expiry.REST)
        result = {"at": instant, "lots": swept.lots, "points": swept.points, "stopped": work.stop_requested}
        emit(result, as_json=json, text=f"{swept.points:,} points in {swept.lots:,} lots expired.")
        if work.stop_requested:
            say("Stopped. Run it again to go on.")
            sys.exit(Exit.STOPPED)
