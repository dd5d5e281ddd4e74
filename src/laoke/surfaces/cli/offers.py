"""`laoke offers`: where offers stand, what they gave, and the switch that stops one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from laoke.promotions.states import OfferState
from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready

if TYPE_CHECKING:
    from laoke.promotions.selectors import OfferRow, VersionRow

app = typer.Typer(help="Offers: where they stand, and pausing or stopping one.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="Key of the offer, as `laoke offers list` shows it.")]
Reason = Annotated[str, typer.Option(help="Stands in the audit trail.")]


@app.command("list")
def show_all(
    state: Annotated[
        list[OfferState] | None, typer.Option("--state", help="Only these; repeat for more.")
    ] = None,
    json: Json = False,
) -> None:
    """Show every offer, drafts of new ones too, the newest change first.

    Example: laoke offers list --state live --state paused
    """
    with ready():
        from laoke.promotions import selectors

        rows = selectors.offers(now(), states=state or ())
        text = columns(
            ("OFFER", "NAME", "STATE", "FROM", "UNTIL", "USES", "GIVEN"),
            [
                (
                    row.key,
                    row.name_zh,
                    _state(row),
                    _day(row.starts),
                    _day(row.ends),
                    _of(str(row.uses), None if row.in_total is None else str(row.in_total)),
                    _of(
                        _money(row.spent_minor),
                        None if row.budget_minor is None else _money(row.budget_minor),
                    ),
                )
                for row in rows
            ],
            "No offers yet. `laoke programme apply FILE` publishes some.",
        )
        emit([asdict(row) for row in rows], as_json=json, text=text)


@app.command("show")
def show(key: Key, json: Json = False) -> None:
    """Show one offer with its text in force and what every publication changed.

    Example: laoke offers show members-monday
    """
    with ready():
        from laoke.promotions import selectors

        row, versions = selectors.offer(key, now()), selectors.versions(key)
        emit(
            asdict(row) | {"versions": [asdict(each) for each in versions]},
            as_json=json,
            text="\n".join(_words(row, versions)),
        )


@app.command("pause")
def pause(key: Key, reason: Reason = "", json: Json = False) -> None:
    """Give an offer to nobody until it is resumed. Orders that were quoted before still get it.

    Example: laoke offers pause members-monday --reason restocking
    """
    _step("pause", key, reason, json)


@app.command("resume")
def resume(key: Key, reason: Reason = "", json: Json = False) -> None:
    """Go on with an offer that was paused or stopped, as it was published.

    Example: laoke offers resume members-monday
    """
    _step("resume", key, reason, json)


@app.command("stop")
def stop(
    key: Key,
    reason: Annotated[str, typer.Option(help="Why; stands in the audit trail.")],
    json: Json = False,
) -> None:
    """Stop an offer in an emergency: from now on no till gives it, to orders that were quoted before neither.

    Example: laoke offers stop members-monday --reason "the wrong price went out"
    """
    _step("stop", key, reason, json)


@app.command("end")
def end(key: Key, reason: Reason = "", json: Json = False) -> None:
    """End an offer for good. Orders that were quoted before still get it.

    Example: laoke offers end members-monday
    """
    _step("end", key, reason, json)


def _step(name: str, key: str, reason: str, as_json: bool) -> None:
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.promotions import life, selectors

        at = now()
        step = {"pause": life.pause, "resume": life.resume, "stop": life.stop, "end": life.end}[name]
        version = step(SYSTEM, key, reason, at=at)
        row = selectors.offer(key, at)
        told = {"offer": key, "state": row.state.value, "version": version}
        emit(told, as_json=as_json, text=f"{key}: {row.state.value}, version {version} of the programme.")


def _words(row: OfferRow, versions: tuple[VersionRow, ...]) -> Iterator[str]:
    import yaml

    from laoke.promotions import selectors

    yield f"{row.key}: {row.name_zh} ({row.name_en})"
    yield f"State    {_state(row)}"
    yield f"Runs     {_day(row.starts) or 'from now on'} – {_day(row.ends) or 'open'}"
    yield f"Uses     {_of(str(row.uses), None if row.in_total is None else str(row.in_total))}"
    budget = None if row.budget_minor is None else _money(row.budget_minor)
    yield f"Given    {_of(_money(row.spent_minor), budget)}, returns taken off"
    newest = next((each.document for each in versions if each.document is not None), None)
    if newest is not None:
        yield ""
        yield str(yaml.safe_dump({row.key: dict(newest)}, allow_unicode=True, sort_keys=False)).rstrip()
    for number, each in enumerate(versions):
        before = versions[number + 1].document if number + 1 < len(versions) else None
        yield ""
        did = "ended" if each.document is None else "stopped" if each.stopped else "published"
        yield f"Version {each.version}, {did} {each.published_at:%Y-%m-%d %H:%M} UTC by {each.published_by}"
        if before is not None and each.document is not None:
            for place, old, new in selectors.difference(before, each.document):
                yield f"  {place}: {_shown(old)} → {_shown(new)}"


def _state(row: OfferRow) -> str:
    words = [row.state.value]
    if row.used_up:
        words.append("used up")
    if row.draft is not None and row.version is not None:
        words.append("being changed")
    return ", ".join(words)


def _of(some: str, of: str | None) -> str:
    return some if of is None else f"{some} of {of}"


def _money(minor: int) -> str:
    from django.conf import settings

    from laoke.kernel.money import format_minor

    return format_minor(minor, settings.LAOKE.currency)


def _day(moment: datetime | None) -> str:
    from django.conf import settings

    return "" if moment is None else moment.astimezone(settings.LAOKE.zone).strftime("%Y-%m-%d %H:%M")


def _shown(value: object) -> str:
    return "(nothing)" if value is None else str(value)
