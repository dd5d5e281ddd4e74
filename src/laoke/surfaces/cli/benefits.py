"""`laoke benefits` and `laoke mall`: what members may use and used, codes of partners, orders for points."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.kernel.errors import LaokeError
from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import now, ready

if TYPE_CHECKING:
    from laoke.benefits.mall.selectors import OrderView

app = typer.Typer(
    help="Benefits: what members may use, uses, grants, codes of partners.", no_args_is_help=True
)
mall_app = typer.Typer(help="The points mall: what there is, orders to hand out.", no_args_is_help=True)
Member = Annotated[int, typer.Argument(metavar="MEMBER", help="A member's number.")]
Key = Annotated[str, typer.Argument(metavar="BENEFIT", help="Key of the benefit.")]
Order = Annotated[int, typer.Argument(metavar="ORDER", help="As `laoke mall orders` shows it.")]
Reason = Annotated[str, typer.Option(help="Stands in the audit trail.")]


class UnreadableCodes(LaokeError):
    """A file of codes cannot be read."""

    code, status, title = "unreadable-codes", 422, "The codes cannot be read"


@app.command()
def show(member: Member, json: Json = False) -> None:
    """Show what a member may use now, and why not the rest.

    Example: laoke benefits show 1042
    """
    with ready():
        from laoke.benefits.library import entitlements
        from laoke.benefits.library.errors import refusal_words

        found = entitlements.of(member, now())
        rows, told = [], []
        for each in found.rows:
            verdict = each.verdict
            why = " ".join(dict.fromkeys(refusal_words(reason.code) for reason in verdict.reasons))
            left = "" if verdict.left is None or not verdict.usable else f"{verdict.left} left"
            rows.append((each.benefit.key, each.benefit.document.kind.value, left, why or "can be used"))
            told.append(
                {
                    "benefit": each.benefit.key,
                    "usable": verdict.usable,
                    "left": verdict.left if verdict.usable else None,
                    "reasons": entitlements.describe(verdict),
                }
            )
        text = columns(("BENEFIT", "KIND", "LEFT", "NOW"), rows, "No benefits in force.")
        emit(told, as_json=json, text=text)


@app.command()
def use(
    member: Member,
    benefit: Key,
    units: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 1,
    reference: Annotated[str, typer.Option(help="The order or receipt it goes with.")] = "",
    json: Json = False,
) -> None:
    """Use a benefit.

    Example: laoke benefits use 1042 parking --units 2
    """
    with ready():
        from laoke.benefits.library import using
        from laoke.foundation.access import SYSTEM

        made = using.use(SYSTEM, member, benefit, units, reference=reference, at=now())
        left = "" if made.left is None else f" {made.left} left."
        emit(asdict(made), as_json=json, text=f"Use {made.use_id}.{left}")


@app.command()
def undo(
    number: Annotated[int, typer.Argument(metavar="USE", help="Number of the use.")],
    reason: Reason,
    json: Json = False,
) -> None:
    """Undo a use: quota, stock and budget are as before.

    Example: laoke benefits undo 311 --reason "Wrong member"
    """
    with ready():
        from laoke.benefits.library import using
        from laoke.foundation.access import SYSTEM

        changed = using.undo(SYSTEM, number, reason=reason, at=now())
        text = "Undone." if changed else "It was undone before."
        emit({"use_id": number, "changed": changed}, as_json=json, text=text)


@app.command()
def grant(
    member: Member,
    benefit: Key,
    reason: Reason,
    reference: Annotated[str, typer.Option(help="What it is for: of a member each counts once.")],
    json: Json = False,
) -> None:
    """Grant a benefit by hand.

    Example: laoke benefits grant 1042 thanks --reference 2026 --reason "Ten years with us"
    """
    with ready():
        from laoke.benefits.library import granting
        from laoke.foundation.access import SYSTEM

        given = granting.by_hand(SYSTEM, member, benefit, reference, reason=reason, at=now())
        text = f"Grant {given.grant_id}." if given.first else f"Granted before: {given.grant_id}."
        emit({"grant_id": given.grant_id, "first": given.first}, as_json=json, text=text)


@app.command()
def codes(
    benefit: Key,
    file: Annotated[Path, typer.Argument(help="The codes of the partner, one a line. - is stdin.")],
    expires: Annotated[str, typer.Option(help="The last day on which they hold.")],
    batch: Annotated[str, typer.Option(help="What they are called together.")],
    json: Json = False,
) -> None:
    """Import codes of a partner, all or none.

    Example: laoke benefits codes coffee codes.txt --expires 2026-12-31 --batch autumn
    """
    with ready():
        from django.conf import settings

        from laoke.benefits.strategies.partner_code import pool
        from laoke.foundation.access import SYSTEM
        from laoke.kernel.calendar import start_of_day

        ends = start_of_day(_day(expires, "--expires") + timedelta(days=1), settings.LAOKE.zone)
        count = pool.load(SYSTEM, benefit, batch, _lines(file), ends, at=now())
        emit({"benefit": benefit, "codes": count}, as_json=json, text=f"{count:,} codes.")


@app.command()
def settle(
    benefit: Key,
    until: Annotated[str, typer.Option(help="The last day whose codes are settled.")],
    json: Json = False,
) -> None:
    """Settle with a partner the codes that members got.

    Example: laoke benefits settle coffee --until 2026-09-30
    """
    with ready():
        from django.conf import settings

        from laoke.benefits.strategies.partner_code import pool
        from laoke.foundation.access import SYSTEM
        from laoke.kernel.calendar import start_of_day

        ends = start_of_day(_day(until, "--until") + timedelta(days=1), settings.LAOKE.zone)
        made = pool.settle(SYSTEM, benefit, ends, at=now())
        told: dict[str, Any] = {
            "benefit": benefit,
            "codes": 0 if made is None else made.codes,
            "amount_minor": 0 if made is None else made.amount_minor,
        }
        text = f"{told['codes']:,} codes, {told['amount_minor']:,} in minor units."
        emit(told, as_json=json, text=text)


@mall_app.command("show")
def show_mall(json: Json = False) -> None:
    """Show what there is for points, and what is left of it.

    Example: laoke mall show
    """
    with ready():
        from laoke.benefits.mall import selectors

        rows, told = [], []
        for each in selectors.item_rows():
            document = each.item.document
            left = "" if each.left is None else f"{each.left:,} of {document.stock:,}"
            rows.append((each.item.key, document.kind.value, f"{document.points:,}", left, document.name.zh))
            told.append(
                {
                    "item": each.item.key,
                    "points": document.points,
                    "left": each.left,
                    "raised_minor": each.raised_minor,
                }
            )
        text = columns(("ITEM", "KIND", "POINTS", "LEFT", "NAME"), rows, "Nothing for points.")
        emit(told, as_json=json, text=text)


@mall_app.command("orders")
def show_orders(json: Json = False) -> None:
    """Show the newest orders that wait to be made ready or collected.

    Example: laoke mall orders
    """
    with ready():
        from laoke.benefits.mall import selectors
        from laoke.foundation.access import SYSTEM

        page, _more = selectors.to_hand_out(SYSTEM, limit=50)
        rows = [
            (each.order_id, each.item, each.quantity, each.member_id, each.state, f"{each.asked_at:%Y-%m-%d}")
            for each in page
        ]
        text = columns(("ORDER", "ITEM", "PIECES", "MEMBER", "STATE", "ASKED"), rows, "Nothing waits.")
        emit([asdict(each) for each in page], as_json=json, text=text)


@mall_app.command("ready")
def make_ready(order: Order, json: Json = False) -> None:
    """Goods lie at the store and can be collected.

    Example: laoke mall ready 811
    """
    with ready():
        from laoke.benefits.mall import selectors, services
        from laoke.foundation.access import SYSTEM

        _told(selectors.view(services.ready(SYSTEM, order, at=now())), as_json=json)


@mall_app.command()
def collect(order: Order, json: Json = False) -> None:
    """Goods were handed out.

    Example: laoke mall collect 811
    """
    with ready():
        from laoke.benefits.mall import selectors, services
        from laoke.foundation.access import SYSTEM

        _told(selectors.view(services.collect(SYSTEM, order, at=now())), as_json=json)


@mall_app.command()
def cancel(order: Order, reason: Reason, json: Json = False) -> None:
    """Take an order back: its points go to their lots, its pieces to the stock.

    Example: laoke mall cancel 811 --reason "Broken"
    """
    with ready():
        from laoke.benefits.mall import selectors, services
        from laoke.foundation.access import SYSTEM

        _told(selectors.view(services.cancel(SYSTEM, order, reason=reason, at=now())), as_json=json)


def _told(order: OrderView, *, as_json: bool) -> None:
    emit(asdict(order), as_json=as_json, text=f"Order {order.order_id}: {order.state}.")


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-03-31", param_hint=option) from None


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableCodes(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8'}.") from None
    return [line.strip() for line in text.splitlines() if line.strip()]
