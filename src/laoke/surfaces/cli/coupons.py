"""`laoke coupons`: templates, wallets, issuing to one and to many, codes."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laoke.kernel.errors import LaokeError
from laoke.surfaces.cli.output import Json, columns, emit
from laoke.surfaces.cli.session import Exit, now, ready, say

if TYPE_CHECKING:
    from laoke.benefits.coupons.selectors import CouponView

app = typer.Typer(help="Coupons: templates, wallets, issuing, codes.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(metavar="MEMBER", help="Number, card or phone of the member.")]
Key = Annotated[str, typer.Argument(metavar="TEMPLATE", help="Key of the template.")]
Number = Annotated[
    int, typer.Argument(metavar="ISSUE", help="Number of the issue, as `coupons issues` shows it.")
]
Reason = Annotated[str, typer.Option(help="Stands in the audit trail.")]


class UnreadableList(LaokeError):
    """A list of members cannot be read, or names nobody."""

    code, status, title = "unreadable-list", 422, "The list cannot be read"


@app.command("templates")
def show_templates(json: Json = False) -> None:
    """Show the templates in force and how many coupons were issued and used.

    Example: laoke coupons templates
    """
    with ready():
        from laoke.benefits.coupons import documents, selectors

        rows = selectors.template_rows()
        text = columns(
            ("TEMPLATE", "NAME", "KIND", "ISSUED", "USED"),
            [
                (
                    row.key,
                    row.document.name.zh,
                    row.document.kind.value,
                    _counted(row.issued),
                    _counted(row.used),
                )
                for row in rows
            ],
            "No templates yet. They are the section `coupons` of the programme: `laoke programme apply FILE`.",
        )
        plain = [
            {"template": row.key, "issued": row.issued, "used": row.used, **documents.written(row.document)}
            for row in rows
        ]
        emit(plain, as_json=json, text=text)


@app.command("show")
def show(
    code: Annotated[str, typer.Argument(help="A code, however it is written, or with --id a number.")],
    by_id: Annotated[bool, typer.Option("--id", help="It is the number of a coupon.")] = False,
    json: Json = False,
) -> None:
    """Show one coupon and everything that happened to it.

    Example: laoke coupons show WQ3H-8K2N-TRZB-45XD
    """
    with ready():
        from laoke.benefits.coupons import selectors
        from laoke.benefits.coupons.errors import UnknownCoupon

        at = now()
        if by_id and not code.isdigit():
            raise UnknownCoupon
        found = selectors.coupon(int(code), at) if by_id else selectors.with_code(code, at)
        steps = selectors.history(found.coupon_id)
        lines = [f"Coupon {found.coupon_id}, {found.template} ({found.name_zh}), {found.state}"]
        lines.append(f"Code {found.code}, from {_at(found.valid_from)} until before {_at(found.valid_until)}")
        lines += [
            f"  {_at(step.at)}  {step.kind}"
            + (f"  member {step.member_id}" if step.member_id else "")
            + (f"  order {step.order_id}" if step.order_id else "")
            + (f"  {step.note}" if step.note else "")
            for step in steps
        ]
        emit(
            _plain(found) | {"history": [asdict(step) for step in steps]}, as_json=json, text="\n".join(lines)
        )


@app.command("wallet")
def show_wallet(
    member: Who,
    state: Annotated[
        str | None, typer.Option(help="usable, upcoming, held, used, expired or revoked.")
    ] = None,
    json: Json = False,
) -> None:
    """Show the coupons of a member, the newest first; at most 200.

    Example: laoke coupons wallet 13812345678 --state usable
    """
    with ready():
        from laoke.benefits.coupons import selectors
        from laoke.surfaces.cli import account

        if state is not None and state not in selectors.STATES:
            raise typer.BadParameter(f"takes one of {', '.join(selectors.STATES)}", param_hint="--state")
        found, _ = selectors.wallet(account.find(member, None), now(), state=state, limit=200)
        text = columns(
            ("COUPON", "TEMPLATE", "STATE", "CODE", "UNTIL BEFORE"),
            [(each.coupon_id, each.template, each.state, each.code, _at(each.valid_until)) for each in found],
            "No coupons.",
        )
        emit([_plain(each) for each in found], as_json=json, text=text)


@app.command("give")
def give(
    member: Who,
    template: Key,
    quantity: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 1,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Issue coupons to one member. A repeat issues again.

    Example: laoke coupons give 13812345678 thanks-10 --reason "late delivery"
    """
    with ready():
        from laoke.benefits.coupons import issuing
        from laoke.foundation.access import SYSTEM
        from laoke.surfaces.cli import account

        made = issuing.give(SYSTEM, account.find(member, None), template, quantity, reason=reason, at=now())
        plain = [
            {"coupon_id": each.coupon_id, "valid_from": each.valid_from, "valid_until": each.valid_until}
            for each in made
        ]
        text = f"{len(made)} issued, good until before {_at(made[0].valid_until)}."
        emit(plain, as_json=json, text=text)


@app.command("issue")
def issue(
    template: Key,
    members: Annotated[
        Path | None, typer.Option(help="A list of members, one a line; see --by. - is stdin.")
    ] = None,
    by: Annotated[str, typer.Option(help="What the list holds: number, card or phone.")] = "number",
    when: Annotated[
        str | None,
        typer.Option(help="All members for whom this condition holds, as offers write it, in YAML."),
    ] = None,
    codes: Annotated[int | None, typer.Option(min=1, help="So many codes in nobody's wallet.")] = None,
    each: Annotated[int, typer.Option(min=1, max=100, help="Coupons for each member.")] = 1,
    name: Annotated[str, typer.Option(help="What the issue is called.")] = "",
    json: Json = False,
) -> None:
    """Issue coupons to many, here and now, with progress. Stopped or killed, `coupons resume` goes on: nobody gets
    theirs twice.

    Example: laoke coupons issue birthday --when "member.birthday_week: true"
    """
    with ready():
        from laoke.benefits.coupons import batches
        from laoke.benefits.coupons.lists import BY
        from laoke.foundation.access import SYSTEM

        if sum(way is not None for way in (members, when, codes)) != 1:
            raise typer.BadParameter("takes exactly one of --members, --when and --codes")
        if by not in BY:
            raise typer.BadParameter(f"takes one of {', '.join(BY)}", param_hint="--by")
        at = now()
        if members is not None:
            wanted = _listed(members, by)
            batch = batches.to_members(SYSTEM, template, wanted, each=each, name=name, at=at, later=_nobody)
        elif when is not None:
            condition = _condition(when)
            batch = batches.to_audience(
                SYSTEM, template, condition, each=each, name=name, at=at, later=_nobody
            )
        else:
            batch = batches.of_codes(SYSTEM, template, codes or 0, name=name, at=at, later=_nobody)
        say(f"Issue {batch.pk}")
        _run(batch.pk, json)


@app.command("resume")
def resume(issue: Number, json: Json = False) -> None:
    """Go on with an issue that was stopped or killed, here and now.

    Example: laoke coupons resume 12
    """
    with ready():
        from laoke.benefits.coupons import batches
        from laoke.foundation.access import SYSTEM

        batches.resume(SYSTEM, issue, at=now(), later=_nobody)
        _run(issue, json)


@app.command("stop")
def stop(issue: Number) -> None:
    """End an issue before its end. What was issued stays.

    Example: laoke coupons stop 12
    """
    with ready():
        from laoke.benefits.coupons import batches
        from laoke.foundation.access import SYSTEM

        batch = batches.stop(SYSTEM, issue, at=now())
        say(f"Stopped. {batch.issued} coupons were issued.")


@app.command("issues")
def show_issues(json: Json = False) -> None:
    """Show the issues to many, the newest first; at most 50.

    Example: laoke coupons issues
    """
    with ready():
        from laoke.benefits.coupons import selectors

        found, _ = selectors.batches()
        text = columns(
            ("ISSUE", "TEMPLATE", "NAME", "STATE", "DONE", "OF", "ISSUED", "REFUSED"),
            [
                (
                    each.batch_id,
                    each.template,
                    each.name,
                    each.state,
                    each.position,
                    each.recipients,
                    each.issued,
                    each.refused,
                )
                for each in found
            ],
            "No issues yet.",
        )
        emit([asdict(each) for each in found], as_json=json, text=text)


@app.command("export")
def export(
    issue: Number,
    file: Annotated[Path, typer.Argument(help="The CSV file to write; it must not exist. - is stdout.")],
) -> None:
    """Write the codes of an issue in full. Goes into the audit trail; nobody else can read the file.

    Example: laoke coupons export 12 codes.csv
    """
    with ready():
        from laoke.benefits.coupons import selectors
        from laoke.foundation.access import SYSTEM

        rows = selectors.export(SYSTEM, issue, at=now())
        if str(file) == "-":
            _write_codes(sys.stdout, rows)
            return
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UnreadableList(f"{file}: {error.strerror}.") from None
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as opened:
            count = _write_codes(opened, rows)
        say(f"{count} codes in {file}")


@app.command("revoke")
def revoke(
    coupon: Annotated[int, typer.Argument(metavar="COUPON", help="Number of the coupon.")],
    reason: Reason,
) -> None:
    """Take a coupon out of use for good.

    Example: laoke coupons revoke 5501 --reason "issued by mistake"
    """
    with ready():
        from laoke.benefits.coupons import wallet
        from laoke.foundation.access import SYSTEM

        changed = wallet.revoke(SYSTEM, coupon, reason=reason, at=now())
        say("Revoked." if changed else "It was revoked before.")


def _run(batch_id: int, json: bool) -> None:
    from laoke.benefits.coupons import batches, selectors
    from laoke.surfaces.cli.progress import shown

    before = selectors.batch(batch_id)
    with shown("issuing", before.recipients - before.position or None, "places", stoppable=True) as work:
        batches.run(batch_id, now, work.advance)
    found = selectors.batch(batch_id)
    text = f"Issue {batch_id}: {found.state}, {found.issued} coupons issued, {found.refused} refused."
    emit(asdict(found), as_json=json, text=text)
    if work.stop_requested and found.under_way:
        say(f"Stopped. `laoke coupons resume {batch_id}` goes on.")
        sys.exit(Exit.STOPPED)


def _listed(file: Path, by: str) -> list[int]:
    from laoke.benefits.coupons import lists

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableList(
            f"{file}: {getattr(error, 'strerror', None) or 'it is not text in UTF-8'}."
        ) from None
    found = lists.read(text.splitlines(), by)
    if found.unknown:
        shown = ", ".join(map(str, found.unknown[:10])) + (" …" if len(found.unknown) > 10 else "")
        say(f"{len(found.unknown)} lines name nobody: {shown}")
    if not found.members:
        raise UnreadableList(f"{file}: no line names a member. --by says what the lines hold.")
    return found.members


def _condition(text: str) -> Mapping[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, Mapping):
        raise UnreadableList('--when takes a condition like "member.tag: vip".')
    return found


def _write_codes(file: Any, rows: Iterator[tuple[int, str, int | None, str, datetime]]) -> int:
    written = csv.writer(file)
    written.writerow(("coupon", "code", "member", "state", "until_before"))
    count = 0
    for number, code, member, state, until in rows:
        written.writerow((number, code, member or "", state, until.isoformat()))
        count += 1
    return count


def _plain(view: CouponView) -> dict[str, Any]:
    return asdict(view)


def _counted(number: int) -> str:
    from laoke.benefits.coupons.selectors import COUNTED

    return f"{number:,}" if number <= COUNTED else f"more than {COUNTED:,}"


def _at(instant: datetime) -> str:
    from django.conf import settings

    return f"{instant.astimezone(settings.LAOKE.zone):%Y-%m-%d %H:%M}"


def _nobody(_: int) -> None:
    """The work is done here."""
