"""`laoke tiers preview`, `apply`, `rejudge`, `flows`, `endangered`: a ladder tried on everybody, and who went where."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.surfaces.cli import moments
from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import Exit, now, ready, say

if TYPE_CHECKING:
    from laoke.surfaces.cli.progress import Work
    from laoke.tiers.flows import Flows
    from laoke.tiers.preview import Preview


def join(app: typer.Typer) -> None:
    """Add the commands to `laoke tiers`."""
    for name, command in (
        ("preview", preview),
        ("apply", apply),
        ("rejudge", rejudge),
        ("flows", flows),
        ("endangered", endangered),
    ):
        app.command(name)(command)


def preview(
    file: Annotated[Path, typer.Argument(help="A programme document with a section `ladder`; - is stdin.")],
    json: Json = False,
) -> None:
    """Judge everybody by another ladder and show who would move. Nobody is moved, nothing is published.

    What is shown is kept under a number; `laoke tiers apply` does exactly that.

    Example: laoke tiers preview ladder.yaml
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.surfaces.cli.programme import planned
        from laoke.surfaces.cli.progress import shown
        from laoke.tiers import preview as previews

        ladder = planned(file).values.get("ladder")
        if ladder is None:
            raise typer.BadParameter("has no section `ladder`", param_hint="FILE")
        with shown("judging", previews.everybody(), "members", stoppable=True) as work:
            found = previews.make(SYSTEM, ladder, at=now(), advance=_going_on(work))
        if found is None:
            say("Stopped. Nothing is kept.")
            sys.exit(Exit.STOPPED)
        _tell(found, json, [f"laoke tiers apply {found.number} does exactly this."])


def apply(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of a preview.")],
    json: Json = False,
) -> None:
    """Put the ladder of a preview in force and move exactly whom it moves.

    Members who bought, returned or moved since are judged anew. A stopped run goes on when it is started again.

    Example: laoke tiers apply 3
    """
    with ready():
        from laoke.checkout import programme
        from laoke.foundation.access import SYSTEM
        from laoke.surfaces.cli.progress import shown
        from laoke.tiers import preview as previews

        at = now()
        previews.of(number)
        with shown("moving", previews.to_apply(number), "members", stoppable=True) as work:
            done = previews.apply(
                SYSTEM,
                number,
                at=at,
                advance=_going_on(work),
                check=lambda ladder: programme.plan_ladder(ladder, at=at),
            )
        _done(done, json, f"laoke tiers apply {number}")


def rejudge(json: Json = False) -> None:
    """Judge everybody by the ladder in force, and move them. First goes on with what was stopped.

    A repeat finds everybody where the ladder has them and changes nothing.

    Example: laoke tiers rejudge
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.surfaces.cli.progress import shown
        from laoke.tiers import preview as previews

        with shown("judging and moving", None, "members", stoppable=True) as work:
            done = previews.rejudge(SYSTEM, at=now(), advance=_going_on(work))
        if done is None:
            say("Stopped. Nobody was moved.")
            sys.exit(Exit.STOPPED)
        _done(done, json, "laoke tiers rejudge")


def flows(
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="90 days ago.")] = None,
    second: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Yesterday.")] = None,
    json: Json = False,
) -> None:
    """Show where the members of one day were on another, at the end of either.

    Example: laoke tiers flows --from 2026-06-30 --to 2026-09-30
    """
    with ready():
        from django.conf import settings

        from laoke.tiers import flows as tier_flows

        today = now().astimezone(settings.LAOKE.zone).date()
        start = moments.day(first, today, "--from") if first else today - timedelta(days=90)
        end = moments.day(second, today, "--to") if second else today - timedelta(days=1)
        if end < start:
            raise typer.BadParameter(f"{end} is before {start}", param_hint="--to")
        found = tier_flows.between(start, end)
        result = {
            "first": found.first,
            "second": found.second,
            "flows": [each._asdict() for each in found.flows],
            "tiers": [each._asdict() for each in found.tiers],
        }
        emit(result, as_json=json, text="\n".join(_flowed(found)))


def endangered(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead to look.")] = 30,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="List so many members.")] = 20,
    json: Json = False,
) -> None:
    """Show who falls unless they buy, at the next review or at the end of a period, and what each is missing.

    Example: laoke tiers endangered --days 60
    """
    with ready():
        from laoke.tiers import flows as tier_flows

        found = tier_flows.endangered(now(), days=days, most=most)
        members = [
            {
                "member_id": each.member_id,
                "from_tier": each.from_tier,
                "to_tier": each.to_tier,
                "day": each.day,
                "cause": each.cause,
                "missing": [{"metric": lack.metric, "missing": lack.missing} for lack in each.missing],
            }
            for each in found.members
        ]
        result = {
            "day": found.day,
            "until": found.until,
            "judged": found.judged,
            "flows": [each._asdict() for each in found.flows],
            "members": members,
        }
        review = f"at the review of {found.day} or " if found.day else ""
        lines = [
            f"Of {found.judged:,} members above the lowest tier, {review}by what ends until {found.until}:"
        ]
        lines += [f"  {each.from_tier} → {each.to_tier}: {each.members:,}" for each in found.flows]
        lines += [
            f"Member {each.member_id}, {each.from_tier}, on {each.day}: "
            + (", ".join(f"{lack.metric} {lack.missing:,} missing" for lack in each.missing) or each.cause)
            for each in found.members
        ]
        emit(result, as_json=json, text="\n".join(lines if found.flows else [*lines, "  nobody falls."]))


def _going_on(work: Work) -> Callable[[int], bool]:
    def advance(members: int) -> bool:
        work.advance(members)
        return not work.stop_requested

    return advance


def _tell(found: Preview, json: bool, further: Sequence[str]) -> None:
    emit(_result(found), as_json=json, text="\n".join([*_told(found), *further]))


def _done(found: Preview, json: bool, again: str) -> None:
    went = found.outcomes
    words = [
        f"{went['as_previewed']:,} members moved as previewed, {went['otherwise']:,} otherwise, "
        f"{went['stayed']:,} of those judged anew stayed."
    ]
    _tell(found, json, words)
    if found.state != "applied":
        say(f"Stopped. {again} goes on.")
        sys.exit(Exit.STOPPED)


def _result(found: Preview) -> dict[str, Any]:
    return asdict(found) | {
        "tiers": [each._asdict() for each in found.tiers],
        "cells": [each._asdict() for each in found.cells],
        "outcomes": dict(found.outcomes),
    }


def _told(found: Preview) -> Iterator[str]:
    from django.conf import settings

    from laoke.kernel.money import shown_minor

    def money(minor: int) -> str:
        return shown_minor(minor, settings.LAOKE.currency)

    yield f"Preview {found.number}: {found.judged:,} members judged, {found.up:,} up, {found.down:,} down."
    yield f"{'tier':20} {'before':>10} {'unchanged':>10} {'after':>10} {'by rules':>10}"
    for each in found.tiers:
        by_rules = each.after - each.unchanged
        yield f"{each.code:20} {each.before:>10,} {each.unchanged:>10,} {each.after:>10,} {by_rules:>+10,}"
    for cell in found.cells:
        if cell.from_tier != cell.to_tier:
            yield f"{cell.from_tier} → {cell.to_tier}: {cell.members:,} members, {money(cell.spend_minor)} in 12 months"
    yield f"Paid in 12 months by those who move: {money(found.spend_minor)}"
    if found.cost_minor is not None:
        more = money(found.cost_minor)
        yield f"Benefits, at what members of each tier had in 12 months: {more} more a year than by the rules in force"


def _flowed(found: Flows) -> Iterator[str]:
    yield f"From the end of {found.first} to the end of {found.second}:"
    yield f"{'tier':20} {'before':>10} {'after':>10} {'up':>10} {'kept':>10} {'down':>10} {'new':>10} {'left':>10}"
    for code, *numbers in found.tiers:
        yield f"{code:20} " + " ".join(f"{number:>10,}" for number in numbers)
    for flow in found.flows:
        if flow.from_tier and flow.to_tier and flow.from_tier != flow.to_tier:
            yield f"{flow.from_tier} → {flow.to_tier}: {flow.members:,}"
