"""`laoke points event|events|undo-event`: what members did beside buying."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer

from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready

Member = Annotated[int, typer.Argument(metavar="MEMBER", help="A member's number.")]


def event(
    member: Member,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="check_in, share, survey, referral, …")],
    at: Annotated[
        datetime | None, typer.Option(help="When it happened, in the shop's time zone; now unless given.")
    ] = None,
    subject: Annotated[str, typer.Option(help="What it is about.")] = "",
    friend: Annotated[int | None, typer.Option(help="Of a referral: the friend's number.")] = None,
    json: Json = False,
) -> None:
    """Record what a member did, and give what it pays.

    Example: laoke points event 1042 check_in
    """
    with ready():
        from django.conf import settings

        from laoke.foundation.access import SYSTEM
        from laoke.foundation.idempotency.services import Command
        from laoke.points.activities import services
        from laoke.points.activities.services import Told

        instant = now()
        when = instant if at is None else at.replace(tzinfo=settings.LAOKE.zone)
        told = Told(member, kind, when, subject, friend)
        answer = services.tell(SYSTEM, told, Command(str(uuid.uuid4()), (b"event",)), now=instant)
        done: dict[str, Any] = orjson.loads(answer.body)
        paid = done["points"] + done["bonus"]
        words = f"Event {done['event_id']}: {done['state']}, {paid:,} points."
        emit(done, as_json=json, text=words)


def events(member: Member, json: Json = False) -> None:
    """List what a member did, the newest first, and what it paid.

    Example: laoke points events 1042
    """
    with ready():
        from laoke.points.activities import selectors

        page, _more = selectors.of_member(member, after=None, limit=50)
        rows = [
            (
                str(each.event_id),
                f"{each.at:%Y-%m-%d}",
                each.kind,
                each.state + (f" ({each.limit})" if each.limit else ""),
                f"{each.points + each.bonus:,}",
                each.subject,
            )
            for each in page
        ]
        text = columns(("EVENT", "DAY", "KIND", "STATE", "POINTS", "SUBJECT"), rows, "No events.")
        emit([asdict(each) for each in page], as_json=json, text=text)


def undo_event(
    number: Annotated[int, typer.Argument(metavar="EVENT", help="As `laoke points events` shows it.")],
    reason: Annotated[str, typer.Option(help="Stands in the audit trail.")],
    json: Json = False,
) -> None:
    """Undo an event: what it earned is taken back.

    Example: laoke points undo-event 5120 --reason "Told twice"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.points.activities import services

        done = services.undo(SYSTEM, number, reason, now=now())
        emit(done, as_json=json, text=f"Undone: {done['points']:,} points taken back.")
