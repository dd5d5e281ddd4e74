"""What becomes of the offers of an order when its goods come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings

from laoke.engine.refunds import RefundPolicy, due_back
from laoke.kernel.sharing import share_so_far
from laoke.promotions import counters


class Returned(NamedTuple):
    """A line of an order and what of it has come back, this return included."""

    line_no: int
    quantity_milli: int
    returned_milli: int


class Use(NamedTuple):
    """What an offer gave to an order, and what of it has come back."""

    id: int
    key: str
    amount_minor: int
    lines: Mapping[str, int]
    gifts: Mapping[str, int]
    returned_minor: int
    gifts_back: Mapping[str, int]
    counted: bool
    is_over: bool
    points: Mapping[str, int]


class Still(NamedTuple):
    """What an offer gives to the goods that are kept, priced anew."""

    amount_minor: int
    gifts: Mapping[str, int]
    coupons: Mapping[str, int]


class Back(NamedTuple):
    """What has come back of an order, this return included."""

    policy: RefundPolicy
    lines: Sequence[Returned]
    value_minor: int
    total_minor: int
    # By offer; asked for only where what is kept is priced anew.
    still: Mapping[str, Still] | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is kept."""
        return all(line.returned_milli >= line.quantity_milli for line in self.lines)


class DueGift(NamedTuple):
    """A gift that is no longer earned; an empty SKU is one that was never chosen."""

    key: str
    sku: str
    quantity: int


def uses_of(cursor: psycopg.Cursor[Any], order_id: int) -> list[Use]:
    """What offers gave to an order. Call with the order locked."""
    rows = cursor.execute(
        "select id, key, amount_minor, lines, gifts, returned_minor, gifts_back, counted, undone_at is not null, "
        "points "
        "from promotions_offeruse where order_id = %s order by id",
        (order_id,),
        prepare=True,
    ).fetchall()
    return [
        Use(
            number,
            key,
            amount,
            orjson.loads(lines),
            orjson.loads(gifts),
            back,
            orjson.loads(gifts_back),
            counted,
            is_over,
            orjson.loads(points),
        )
        for number, key, amount, lines, gifts, back, gifts_back, counted, is_over, points in rows
    ]


def take_back(
    cursor: psycopg.Cursor[Any], order_id: int, uses: Iterable[Use], back: Back, at: datetime
) -> list[DueGift]:
    """Give back what offers took off goods that came back: money to budgets, and the use with the last of it.

    Returns the gifts that are due with this return: those of offers that are over, or that what is kept does not earn.
    """
    to_counters: dict[str, tuple[int, int]] = {}
    due: list[DueGift] = []
    for use in uses:
        if use.is_over:
            continue
        so_far, ended = _WORTH[back.policy](use, back)
        # Keeping less may earn an offer anew: what was given back stays given back.
        so_far = max(so_far, use.returned_minor)
        gifts = due_back(use.gifts, {} if ended else _gifts_kept(use, back))
        gifts = {sku: max(pieces, use.gifts_back.get(sku, 0)) for sku, pieces in gifts.items()}
        now = due_back(gifts, use.gifts_back)
        due += [DueGift(use.key, sku, pieces) for sku, pieces in now.items()]
        if so_far == use.returned_minor and not ended and not now:
            continue
        cursor.execute(
            "update promotions_offeruse set returned_minor = %s, gifts_back = %s, undone_at = %s where id = %s",
            (
                so_far,
                orjson.dumps({**use.gifts_back, **gifts}).decode(),
                at if ended else None,
                use.id,
            ),
        )
        if use.counted:
            to_counters[use.key] = (1 if ended else 0, so_far - use.returned_minor)
    today = at.astimezone(settings.LAOKE.zone).date()
    counters.give_back(cursor, order_id, to_counters, today=today)
    return due


def _kept_deal(use: Use, back: Back) -> tuple[int, bool]:
    """Each piece takes along what was off it; an offer that gave a gift or a cheaper delivery goes with the last."""
    by_number = {str(line.line_no): line for line in back.lines}
    touched = [by_number[line_no] for line_no in {**use.lines, **use.points}]
    so_far = sum(
        share_so_far(use.lines.get(str(line.line_no), 0), line.returned_milli, line.quantity_milli)
        for line in touched
    )
    ended = (
        back.everything
        if _is_about_the_whole(use)
        else all(line.returned_milli >= line.quantity_milli for line in touched)
    )
    return (use.amount_minor if ended else so_far), ended


def _is_about_the_whole(use: Use) -> bool:
    """Whether it took something off that is no line, or off none: a delivery, a gift."""
    if not use.lines and use.points:
        return bool(use.gifts)
    return not use.lines or sum(use.lines.values()) < use.amount_minor


def _pro_rata(use: Use, back: Back) -> tuple[int, bool]:
    """Discounts belong to all pieces alike: they come back as the value does."""
    return share_so_far(use.amount_minor, back.value_minor, back.total_minor), back.everything


def _repriced(use: Use, back: Back) -> tuple[int, bool]:
    """What the kept goods no longer get."""
    still = None if back.everything or back.still is None else back.still.get(use.key)
    if still is None:
        return use.amount_minor, True
    return max(0, use.amount_minor - still.amount_minor), False


def _gifts_kept(use: Use, back: Back) -> Mapping[str, int]:
    if back.still is None:
        return use.gifts
    still = back.still.get(use.key)
    return still.gifts if still else {}


_WORTH = {
    RefundPolicy.KEEP_THE_DEAL: _kept_deal,
    RefundPolicy.PRO_RATA: _pro_rata,
    RefundPolicy.REPRICE_KEPT: _repriced,
}
