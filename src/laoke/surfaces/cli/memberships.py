"""`laoke memberships`: plans, and paid memberships sold, renewed, upgraded, cancelled, refunded."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready

if TYPE_CHECKING:
    from laoke.tiers.memberships.records import Notice, Paid

LONGEST_REFERENCE = 64
app = typer.Typer(
    help="Paid memberships: plans, sold, renewed, upgraded, cancelled, refunded.", no_args_is_help=True
)
Member = Annotated[int, typer.Argument(metavar="MEMBER", help="A member's number.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the membership.")]
PlanCode = Annotated[str, typer.Argument(metavar="PLAN", help="Code of a plan.")]
PaidMinor = Annotated[int, typer.Option("--paid", min=0, help="What was paid, in minor units (fen).")]
Reference = Annotated[str, typer.Option(help="Of the payment; a repeat is recognised by it.")]
PaidAt = Annotated[
    str | None, typer.Option(metavar="WHEN", help="A day or an instant, up to 92 days back; left out: now.")
]
Reason = Annotated[str, typer.Option(help="Stands in the audit trail.")]


@app.command("plans")
def show_plans(json: Json = False) -> None:
    """Show the plans of the programme and how they go.

    Example: laoke memberships plans
    """
    with ready():
        from django.conf import settings

        from laoke.kernel.money import shown_minor
        from laoke.tiers.memberships import selectors

        currency = settings.LAOKE.currency
        rows = selectors.plan_rows(now())
        shown = [
            (
                row.code,
                row.plan.tier if row.plan else "-",
                shown_minor(row.plan.price_minor, currency) if row.plan else "-",
                bool(row.plan and row.plan.on_sale),
                row.running,
                row.trials,
                row.ending,
                shown_minor(row.paid_minor - row.refunded_minor, currency),
            )
            for row in rows
        ]
        headings = ("PLAN", "TIER", "PRICE", "ON SALE", "RUNNING", "TRIALS", "ENDING", "INCOME")
        emit(
            [asdict(row) for row in rows], as_json=json, text=columns(headings, shown, "There are no plans.")
        )


@app.command("show")
def show(member: Member, json: Json = False) -> None:
    """Show a member's paid memberships, the newest first.

    Example: laoke memberships show 1042
    """
    with ready():
        from django.conf import settings

        from laoke.kernel.money import shown_minor
        from laoke.tiers.memberships import selectors

        found = selectors.of_member(member)
        rows = [
            (
                each.membership_id,
                each.plan,
                each.tier,
                each.state,
                each.started_on,
                each.until,
                shown_minor(each.paid_minor, settings.LAOKE.currency),
                shown_minor(each.refunded_minor, settings.LAOKE.currency),
            )
            for each in found
        ]
        headings = ("NUMBER", "PLAN", "TIER", "STATE", "FROM", "UNTIL", "PAID", "BACK")
        text = columns(headings, rows, "The member has had no paid membership.")
        emit([asdict(each) for each in found], as_json=json, text=text)


@app.command("sell")
def sell(
    member: Member,
    plan: PlanCode,
    paid: PaidMinor,
    reference: Reference,
    paid_at: PaidAt = None,
    trial: Annotated[bool, typer.Option("--trial", help="Its trial, once for each member.")] = False,
    renews: Annotated[bool, typer.Option("--renews", help="The payment system renews it.")] = False,
    json: Json = False,
) -> None:
    """Begin a paid membership, or the trial of one. A repeat of the same payment changes nothing.

    Example: laoke memberships sell 1042 gold-year --paid 19900 --reference WX-20260310-7
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.tiers.memberships import services

        notice, at = _notice(paid, reference, paid_at), now()
        _tell(services.start(SYSTEM, member, plan, notice, trial=trial, renews=renews, at=at), json)


@app.command("renew")
def renew(
    membership: Number, paid: PaidMinor, reference: Reference, paid_at: PaidAt = None, json: Json = False
) -> None:
    """Renew a paid membership by a term of its plan. A repeat of the same payment changes nothing.

    Example: laoke memberships renew 91 --paid 19900 --reference WX-20270301-2
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.tiers.memberships import services

        _tell(services.renew(SYSTEM, membership, _notice(paid, reference, paid_at), at=now()), json)


@app.command("upgrade")
def upgrade(
    membership: Number,
    plan: PlanCode,
    paid: Annotated[
        int | None, typer.Option("--paid", min=0, help="What was paid; left out: shows what is due.")
    ] = None,
    reference: Annotated[str, typer.Option(help="Of the payment; a repeat is recognised by it.")] = "",
    json: Json = False,
) -> None:
    """Change to a dearer plan; unused days are counted against its price. Without `--paid` shows what it costs now.

    Example: laoke memberships upgrade 91 diamond-year --paid 30055 --reference WX-20260310-9
    """
    with ready():
        from django.conf import settings

        from laoke.foundation.access import SYSTEM
        from laoke.kernel.money import shown_minor
        from laoke.tiers.memberships import services

        at = now()
        if paid is not None:
            _tell(services.upgrade(SYSTEM, membership, plan, _notice(paid, reference, None), at=at), json)
            return
        asked = services.upgrade_now(membership, plan, at)
        price, credit, due = (
            shown_minor(minor, settings.LAOKE.currency)
            for minor in (asked.price_minor, asked.credit_minor, asked.due_minor)
        )
        emit(asdict(asked), as_json=json, text=f"{plan} costs {price}, less {credit} for unused days: {due}.")


@app.command("cancel")
def cancel(membership: Number, reason: Reason = "", json: Json = False) -> None:
    """Let a paid membership end on its last day. A repeat changes nothing; renewing takes it back.

    Example: laoke memberships cancel 91 --reason "The member asked for it"
    """
    with ready():
        from laoke.foundation.access import SYSTEM
        from laoke.tiers.memberships import services

        _tell(services.cancel(SYSTEM, membership, reason=reason, at=now()), json)


@app.command("refund")
def refund(
    membership: Number,
    reference: Annotated[
        str, typer.Option(help="Of the refund, which is booked then; left out: shows what comes back.")
    ] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Show what comes back of a paid membership; with `--reference` give it up: it ends at once with its tier.

    Example: laoke memberships refund 91 --reference RF-20260310-1 --reason "The member asked for it"
    """
    with ready():
        from django.conf import settings

        from laoke.foundation.access import SYSTEM
        from laoke.kernel.money import shown_minor
        from laoke.tiers.memberships import refunds

        currency = settings.LAOKE.currency
        if reference:
            _require_short(reference)
            done = refunds.give_up(SYSTEM, membership, reference, reason=reason, at=now())
            words = f"Membership {done.membership_id} has ended; {shown_minor(done.refund_minor, currency)} come back."
            emit(asdict(done), as_json=json, text=words if done.first else f"{words} Nothing changed.")
            return
        found = refunds.refund_now(membership, now())
        less = shown_minor(found.benefits_minor, currency)
        words = f"{shown_minor(found.minor, currency)} would come back for {found.unused} unused days"
        words += f", less {less} for benefits used." if found.benefits_minor else "."
        told = {
            "refund_minor": found.minor,
            "unused_days": found.unused,
            "benefits_minor": found.benefits_minor,
            "reason": found.reason,
        }
        emit(told, as_json=json, text=f"{words} Why: {found.reason}." if found.reason else words)


def _notice(paid: int, reference: str, paid_at: str | None) -> Notice:
    from laoke.tiers.memberships.records import Notice

    _require_short(reference)
    return Notice(paid, reference, None if paid_at is None else _instant(paid_at))


def _require_short(reference: str) -> None:
    if not 1 <= len(reference) <= LONGEST_REFERENCE:
        raise typer.BadParameter(f"takes 1 to {LONGEST_REFERENCE} characters", param_hint="--reference")


def _instant(text: str) -> datetime:
    from django.conf import settings

    from laoke.surfaces.cli.moments import instant

    return instant(text, settings.LAOKE.zone, now(), "--paid-at")


def _tell(paid: Paid, json: bool) -> None:
    what = f"{paid.plan} ({paid.tier}) until {paid.until}"
    words = f"Membership {paid.membership_id}: member {paid.member_id} has {what}."
    emit(asdict(paid), as_json=json, text=words if paid.first else f"{words} Nothing changed.")
