"""`laoke recompute`: judge tiers, score members."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated, Any

import typer

from laoke.surfaces.cli import moments
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import Exit, now, ready, say

app = typer.Typer(help="Compute anew what follows from the facts.", no_args_is_help=True)
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="A day such as 2026-03-31.")]


@app.command("tiers")
def tiers(as_of: AsOf = None, json: Json = False) -> None:
    """Judge the members above the lowest tier: by the latest review day, or as of the beginning of another day.

    Each member is judged once for a day, so a stopped run goes on where it stopped and a repeated one changes nothing.

    Example: laoke recompute tiers --as-of 2026-10-01
    """
    with ready():
        from django.conf import settings

        from laoke.checkout import programme
        from laoke.surfaces.cli.progress import shown
        from laoke.tiers import due, review

        at = now()
        if as_of is not None:
            ladder = programme.current().ladder
            day = moments.day(as_of, at.astimezone(settings.LAOKE.zone).date(), "--as-of")
        elif (found := due.latest(at)) is not None:
            ladder, day = found
        else:
            following = due.next_day(at)
            when = f"The next one is on {following}." if following else "The ladder never reviews."
            result: dict[str, Any] = {"day": None, "judged": 0, "moved": 0, "stopped": False}
            words = (
                f"No review day has come since the ladder was published. {when} --as-of judges any other day."
            )
            emit(result, as_json=json, text=words)
            return
        with shown("judging", due.waiting(ladder, day), "members", stoppable=True) as work:
            done = review.review(ladder, day, now=at, advance=work.advance)
        result = {"day": day, "judged": done.judged, "moved": len(done.moved), "stopped": work.stop_requested}
        words = f"As of {day}: {done.judged:,} members judged, {len(done.moved):,} of them moved."
        emit(result, as_json=json, text=words)
        if work.stop_requested:
            say("Stopped. Run it again to go on.")
            sys.exit(Exit.STOPPED)


@app.command("rfm")
def rfm(as_of: AsOf = None, json: Json = False) -> None:
    """Score every member (RFM) and find the classes, as of the end of a day; yesterday unless given.

    The new scores replace the old ones at once and only when all are there: a stopped run has changed nothing.

    Example: laoke recompute rfm --as-of 2026-03-31
    """
    with ready():
        from django.conf import settings

        from laoke.segments import services
        from laoke.surfaces.cli.progress import shown

        at = now()
        today = at.astimezone(settings.LAOKE.zone).date()
        day = moments.day(as_of, today, "--as-of") if as_of else today - timedelta(days=1)
        with shown("exporting, scoring, storing", 3, "steps") as work:
            summary = services.recompute(
                as_of=day, now=at, progress=lambda step, rows: work.reach(work.done + 1)
            )
        emit(summary, as_json=json, text=_words(summary))


@app.command("figures")
def figures(as_of: AsOf = None, json: Json = False) -> None:
    """Count the figures of the overview for every store and day, up to the end of a day; yesterday unless given.

    The new figures replace the old ones at once and only when all are there: a stopped run has changed nothing.

    Example: laoke recompute figures --as-of 2026-03-31
    """
    with ready():
        from django.conf import settings

        from laoke.review import figures
        from laoke.surfaces.cli.progress import shown

        at = now()
        today = at.astimezone(settings.LAOKE.zone).date()
        day = moments.day(as_of, today, "--as-of") if as_of else today - timedelta(days=1)
        with shown("exporting, counting, storing", None, "steps", stoppable=True) as work:
            found = figures.compute(as_of=day, now=at, go_on=lambda step: work.advance(1))
        if found is None:
            emit({"as_of": day, "stopped": True}, as_json=json, text="Stopped; the figures are the old ones.")
            sys.exit(Exit.STOPPED)
        result = {
            "as_of": found.as_of,
            "figures": found.figures,
            "written": found.written,
            "dropped": found.dropped,
            "days": found.days,
            "stopped": False,
        }
        words = (
            f"As of {found.as_of}: {found.figures:,} figures on {found.days:,} days, "
            f"{found.written:,} of them new or changed, {found.dropped:,} dropped."
        )
        emit(result, as_json=json, text=words)


def _words(summary: dict[str, Any]) -> str:
    lines = [
        f"As of {summary['as_of']}: {summary['members']:,} members scored, "
        f"{summary['members_without_purchase']:,} of them without a purchase."
    ]
    for title, classes in (("RFM", summary["classes_rfm"]), ("Value", summary["classes_value"])):
        lines.append(f"{title:7}" + ", ".join(f"{name} {count:,}" for name, count in classes.items()))
    return "\n".join(lines)
