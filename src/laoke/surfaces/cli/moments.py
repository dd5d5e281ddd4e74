"""Days and instants on the command line, read in the programme's time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

import typer

from laoke.kernel.calendar import start_of_day


def day(text: str, latest: date, option: str) -> date:
    """A calendar day that is not later than `latest`."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-03-31", param_hint=option) from None
    if found > latest:
        raise typer.BadParameter(f"{found} has not come yet; the latest is {latest}", param_hint=option)
    return found


def instant(text: str, zone: tzinfo, latest: datetime, option: str) -> datetime:
    """An instant that is not later than `latest`; without an offset it is in `zone`, a day is its beginning."""
    try:
        found = (
            start_of_day(date.fromisoformat(text), zone) if len(text) == 10 else datetime.fromisoformat(text)
        )
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a day nor an instant such as 2026-03-31T22:00", param_hint=option
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    if found > latest:
        raise typer.BadParameter(f"{text} has not come yet", param_hint=option)
    return found


def last_day(expires_at: datetime, zone: tzinfo) -> date:
    """The last day on which something that ends at `expires_at` can be used."""
    return (expires_at - timedelta(microseconds=1)).astimezone(zone).date()
