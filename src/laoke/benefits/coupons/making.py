"""Writing new coupons, one or many, with their codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from laoke.benefits.coupons import codes
from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.coupons.errors import CannotIssue
from laoke.foundation.vault import vault


class Wanted(NamedTuple):
    """A coupon to be made: for whom, and what it comes with."""

    member_id: int | None = None
    batch_id: int | None = None
    serial: int | None = None
    order_id: int | None = None
    offer: str = ""
    nth: int = 1


class Made(NamedTuple):
    """A new coupon. `code` is for whoever may see it; it is kept sealed only."""

    coupon_id: int
    code: str
    valid_from: datetime
    valid_until: datetime


_COLUMNS = (
    "id, template, programme_version, shared, issued_for_all, code_index, code_sealed, member_id, issued_to, state, "
    "valid_from, valid_until, issued_at, issued_by, batch_id, serial, order_id, offer, nth, revoke_when_back, "
    "held_order_no"
)


def issuable(document: TemplateDocument, at: datetime) -> None:
    """Refuse what nobody could use.

    Raises:
        CannotIssue: template_closed, template_over, announced.
    """
    if document.closed:
        raise CannotIssue("template_closed")
    if document.announced:
        raise CannotIssue("announced")
    since, until = document.valid.window(at, settings.LAOKE.zone)
    if until <= max(since, at):
        raise CannotIssue("template_over")


def make(
    cursor: psycopg.Cursor[Any],
    template: str,
    document: TemplateDocument,
    version: int,
    wanted: Iterable[Wanted],
    *,
    by: str,
    at: datetime,
) -> list[Made]:
    """Write new coupons, in the order they are wanted. Limits are not looked at here: see `limits`."""
    rows = list(wanted)
    if not rows:
        return []
    safe = vault()
    since, until = document.valid.window(at, settings.LAOKE.zone)
    numbers = cursor.execute(
        "select nextval('benefits_coupon_id_seq') from generate_series(1, %s::int)", (len(rows),)
    ).fetchall()
    form = document.code
    made = []
    with cursor.copy(f"copy benefits_coupon ({_COLUMNS}) from stdin") as copy:
        for (number,), each in zip(numbers, rows, strict=True):
            code = codes.make(form.prefix, form.length)
            copy.write_row(
                (
                    number,
                    template,
                    version,
                    document.shared,
                    False,
                    codes.index(safe, code),
                    codes.seal(safe, code),
                    each.member_id,
                    each.member_id,
                    "open",
                    since,
                    until,
                    at,
                    by,
                    each.batch_id,
                    each.serial,
                    each.order_id,
                    each.offer,
                    each.nth,
                    False,
                    "",
                )
            )
            made.append(Made(number, code, since, until))
    return made
