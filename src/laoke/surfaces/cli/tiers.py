"""`laoke tiers`: tiers that were not earned."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import now, ready

if TYPE_CHECKING:
    from laoke.tiers.assigning import Assignment
    from laoke.tiers.buying import Sale

LONGEST_REFERENCE = 64
app = typer.Typer(help="Tiers: give or sell one that was not earned, take it back.", no_args_is_help=True)
Member = Annotated[int, typer.Argument(metavar="MEMBER", help="A member's number.")]
Reason = Annotated[str, typer.Option(help="Stands in the audit trail.")]


@app.command("assign")
def assign(
    member: Member,
    tier: Annotated[str, typer.Argument(metavar="TIER", help="Code of a tier of the ladder.")],
    reason: Reason,
    how: Annotated[str, typer.Option(help="manual, trial or invitation.")] = "manual",
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="The last day, such as 2026-12-31.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Or so many days, today the first; a trial: 30.")
    ] = None,
    json: Json = False,
) -> None:
    """Give a member a tier that was not earned: set by hand, by invitation, or on trial. A repeat changes nothing.

    Afterwards the member has what was earned by then. Set by hand and without an end, it stays until it is removed.

    Example: laoke tiers assign 1042 gold --how trial --days 30 --reason "Opening of the new store"
    """
    with ready():
        from laoke.engine.tiering import How
        from laoke.foundation.access import SYSTEM
        from laoke.tiers import assigning

        at = now()
        if how not in assigning.BY_STAFF:
            raise typer.BadParameter(
                f"{how!r} is none of {', '.join(assigning.BY_STAFF)}", param_hint="--how"
            )
        if until is not None and days is not None:
            raise typer.BadParameter("takes a last day or a number of days", param_hint="--until")
        if days is None and until is None and how == How.TRIAL:
            days = assigning.TRIAL_DAYS
        last = assigning.last_day(days, at) if days else _day(until) if until else None
        done = assigning.assign(SYSTEM, member, tier, how=How(how), until=last, reason=reason, at=at)
        end = f" until {last}" if last else ""
        _tell(done, f"{tier} ({how}){end}", json)


@app.command("remove")
def remove(member: Member, reason: Reason, json: Json = False) -> None:
    """Take back a tier that was not earned. The member has what it has earned by now, or had before.

    Example: laoke tiers remove 1042 --reason "Given to the wrong member"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.tiers import assigning

        done = assigning.remove(SYSTEM, member, reason=reason, at=now())
        _tell(done, "nothing any more", json)


@app.command("buy")
def buy(
    member: Member,
    tier: Annotated[str, typer.Argument(metavar="TIER", help="Code of a tier that has a price.")],
    reference: Annotated[str, typer.Option(help="A repeat is recognised by it: 1 to 64 characters.")],
    json: Json = False,
) -> None:
    """Sell a member a higher tier for the points that the ladder asks for. A repeat changes nothing.

    Example: laoke tiers buy 1042 gold --reference APP-20260310-7
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.tiers import buying

        if not 1 <= len(reference) <= LONGEST_REFERENCE:
            raise typer.BadParameter(f"takes 1 to {LONGEST_REFERENCE} characters", param_hint="--reference")
        _sold(buying.buy(SYSTEM, member, tier, reference, at=now()), "has", json)


@app.command("undo-purchase")
def undo_purchase(
    sale: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the purchase, as `buy` gave it.")],
    reason: Reason,
    json: Json = False,
) -> None:
    """Take back a tier that was bought, while it is in force; its points come back. A repeat changes nothing.

    Example: laoke tiers undo-purchase 71 --reason "Bought by mistake"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.tiers import buying

        _sold(buying.undo(SYSTEM, sale, reason, at=now()), "gave back", json)


def _sold(sale: Sale, what: str, json: bool) -> None:
    words = (
        f"Purchase {sale.sale_id}: member {sale.member_id} {what} {sale.tier} until {sale.until} "
        f"for {sale.points:,} points."
    )
    emit(asdict(sale), as_json=json, text=words if sale.first else f"{words} Nothing changed.")


def _tell(done: Assignment, given: str, json: bool) -> None:
    words = f"Member {done.member_id} has {given}; the tier is {done.tier}."
    emit(asdict(done), as_json=json, text=words if done.changed else f"{words} Nothing changed.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-12-31", param_hint="--until") from None
