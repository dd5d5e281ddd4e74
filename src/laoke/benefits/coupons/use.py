"""Coupons at the till: what entered codes stand for, using them with an order, giving them back with its goods."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import psycopg

from laoke.benefits import events
from laoke.benefits.coupons import codes, limits
from laoke.benefits.coupons.documents import OnReturn
from laoke.benefits.coupons.templates import Templates
from laoke.engine.pricing.board import CouponFact
from laoke.foundation.outbox import services as outbox
from laoke.foundation.vault import vault


class At(NamedTuple):
    """Where and when coupons are presented, and by whom.

    Args:
        member_id: None for an anonymous shopper.
        order_no: of the order they are for, as the store numbers it; None when it is not known yet.
        at: the instant the price is for: validity is judged by it.
        now: the clock: holds end by it.
    """

    member_id: int | None
    store_id: int
    order_no: str | None
    at: datetime
    now: datetime


class Use(NamedTuple):
    """A coupon to be used: the offers it called, and what they gave together."""

    coupon_id: int
    offers: Sequence[str]
    amount_minor: int


class Back(NamedTuple):
    """What became of a coupon when goods came back: given_back, expired, kept_used or revoked."""

    coupon_id: int
    template: str
    became: str


class Usable(NamedTuple):
    """A coupon in a wallet that can be used."""

    coupon_id: int
    template: str
    valid_until: datetime


class _Row(NamedTuple):
    id: int
    template: str
    shared: bool
    member_id: int | None
    state: str
    valid_from: datetime
    valid_until: datetime
    held_store_id: int | None
    held_order_no: str
    held_until: datetime | None


# Of a wallet that is larger, those are looked at whose time is over first.
_MOST_READ = 50
_FIELDS = "id, template, shared, member_id, state, valid_from, valid_until, held_store_id, held_order_no, held_until"


def known(
    cursor: psycopg.Cursor[Any], entered: Iterable[str], in_force: Templates, where: At
) -> dict[str, CouponFact]:
    """The coupons that entered codes stand for, by the code as entered; codes of nothing are left out."""
    safe = vault()
    by_index: dict[bytes, list[str]] = {}
    for text in entered:
        by_index.setdefault(codes.index(safe, text), []).append(text)
    if not by_index:
        return {}
    rows = cursor.execute(
        f"select code_index, {_FIELDS} from benefits_coupon where code_index = any($1)",  # noqa: S608
        (list(by_index),),
        prepare=True,
    ).fetchall()
    found = {}
    for index, *fields in rows:
        row = _Row(*fields)
        fact = CouponFact(row.id, row.template, refusal(row, in_force, where))
        found.update(dict.fromkeys(by_index[bytes(index)], fact))
    return found


def usable(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    of: Collection[str],
    in_force: Templates,
    where: At,
    most: int,
) -> list[Usable]:
    """Coupons in a member's wallet that can be used now: of each of these templates the one whose time is over first,
    at most so many.
    """
    rows = cursor.execute(
        f"select {_FIELDS} from benefits_coupon where member_id = $1 and state = 'open' "  # noqa: S608
        "and template = any($2) and valid_from <= $3 and valid_until > $3 order by valid_until, id limit $4",
        (member_id, list(of), where.at, _MOST_READ),
        prepare=True,
    ).fetchall()
    found: dict[str, Usable] = {}
    for row in (_Row(*fields) for fields in rows):
        if row.template not in found and refusal(row, in_force, where) is None:
            found[row.template] = Usable(row.id, row.template, row.valid_until)
            if len(found) == most:
                break
    return list(found.values())


def refusal(row: _Row, in_force: Templates, where: At) -> str | None:
    """Why a coupon cannot be used, the gravest reason first; None when it can."""
    if row.state == "revoked":
        return "revoked"
    if row.template not in in_force.documents:
        return "template_ended"
    if row.member_id is not None and row.member_id != where.member_id:
        return "not_yours"
    if row.state == "used":
        return "already_used"
    if held_elsewhere(row, where):
        return "held_elsewhere"
    if where.at < row.valid_from:
        return "not_yet_valid"
    if where.at >= row.valid_until:
        return "expired"
    return None


def held_elsewhere(row: _Row, where: At) -> bool:
    """Whether another order holds it at this moment."""
    if row.held_until is None or row.held_until <= where.now:
        return False
    return (row.held_store_id, row.held_order_no) != (where.store_id, where.order_no)


def lock(cursor: psycopg.Cursor[Any], coupon_ids: Iterable[int]) -> list[_Row]:
    """Lock coupons for one use, in the order of their number. Shared ones are not locked: they are for many at once."""
    rows = cursor.execute(
        f"select {_FIELDS} from benefits_coupon where id = any($1::bigint[]) and not shared "  # noqa: S608
        "order by id for update",
        (sorted(coupon_ids),),
        prepare=True,
    ).fetchall()
    return [_Row(*row) for row in rows]


def take(
    cursor: psycopg.Cursor[Any], order_id: int, uses: Sequence[Use], in_force: Templates, where: At
) -> dict[int, str]:
    """Use coupons on an order, in its transaction: all of them, or none and why, by coupon.

    Whoever waited for the lock sees what the one before did: a coupon is used once, at any concurrency.
    """
    if not uses:
        return {}
    wanted = {each.coupon_id: each for each in uses}
    locked = lock(cursor, wanted)
    lost = {row.id: reason for row in locked if (reason := refusal(row, in_force, where)) is not None}
    if lost:
        return lost
    cursor.execute(
        "update benefits_coupon set state = 'used', used_order_id = $2, used_at = $3, held_store_id = null, "
        "held_order_no = '', held_until = null where id = any($1::bigint[])",
        ([row.id for row in locked], order_id, where.at),
        prepare=True,
    )
    cursor.execute(
        "insert into benefits_couponuse "
        "(coupon_id, template, shared, order_id, member_id, offers, amount_minor, used_at) "
        "select c.id, c.template, c.shared, $1::bigint, $2::bigint, used.offers::jsonb, used.amount_minor, $3 "
        "from unnest($4::bigint[], $5::text[], $6::bigint[]) as used (id, offers, amount_minor) "
        "join benefits_coupon c on c.id = used.id "
        "returning coupon_id, template, amount_minor",
        (
            order_id,
            where.member_id,
            where.at,
            list(wanted),
            [orjson.dumps(list(each.offers)).decode() for each in wanted.values()],
            [each.amount_minor for each in wanted.values()],
        ),
        prepare=True,
    )
    outbox.add_many(
        events.USED,
        [
            (
                where.member_id,
                {
                    "coupon_id": coupon_id,
                    "template": template,
                    "member_id": where.member_id,
                    "order_id": order_id,
                    "amount_minor": amount,
                },
            )
            for coupon_id, template, amount in cursor.fetchall()
        ],
        at=where.now,
    )
    return {}


def take_back(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    ended: Collection[str],
    fewer: Mapping[str, Mapping[str, int]],
    in_force: Templates,
    *,
    actor: str,
    at: datetime,
    now: datetime,
) -> list[Back]:
    """Goods of an order came back, and with them the last of what the offers `ended` gave.

    A coupon comes back when all offers it called have ended; one whose time is over gets the days of grace of its
    template. Coupons that came with the order by one of these offers are revoked; those that were used meanwhile will
    be when they come back themselves. Call with the order locked.

    Args:
        fewer: of offers that go on, how many coupons the goods that are kept still earn, by offer and template.
    """
    if not ended and not fewer:
        return []
    limits.begin(cursor)
    _lock_those_of(cursor, order_id)
    revoked: list[tuple[str, int | None]] = []
    found = _give_back(cursor, order_id, set(ended), in_force, actor, at, now, revoked) if ended else []
    found += _revoke_granted(cursor, order_id, ended, fewer, actor, at, now, revoked)
    limits.take_off(cursor, revoked)
    return found


def _lock_those_of(cursor: psycopg.Cursor[Any], order_id: int) -> None:
    """Lock the coupons an order used and those that came with it, in the order of their number."""
    cursor.execute(
        "select from benefits_coupon where order_id = %(order_id)s or (not shared and id in "
        "(select coupon_id from benefits_couponuse where order_id = %(order_id)s and undone_at is null)) "
        "order by id for update",
        {"order_id": order_id},
    )


def _give_back(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    ended: set[str],
    in_force: Templates,
    actor: str,
    at: datetime,
    now: datetime,
    revoked: list[tuple[str, int | None]],
) -> list[Back]:
    rows = cursor.execute(
        "select u.id, u.offers, c.id, c.template, c.shared, c.member_id, c.issued_to, c.valid_until, "
        "c.revoke_when_back "
        "from benefits_couponuse u join benefits_coupon c on c.id = u.coupon_id "
        "where u.order_id = %s and u.undone_at is null order by c.id",
        (order_id,),
    ).fetchall()
    found = []
    for use_id, text, coupon_id, template, shared, member_id, issued_to, valid_until, revoke in rows:
        if not ended.issuperset(orjson.loads(text)):
            continue
        document = in_force.documents.get(template)
        if not shared and document is not None and document.on_return is OnReturn.KEEP_USED:
            found.append(Back(coupon_id, template, "kept_used"))
            continue
        cursor.execute("update benefits_couponuse set undone_at = %s where id = %s", (at, use_id))
        if shared:
            continue
        until = valid_until
        if until <= at and document is not None and document.grace_days:
            until = at + timedelta(days=document.grace_days)
        cursor.execute(
            "update benefits_coupon set state = %s, used_order_id = null, used_at = null, valid_until = %s "
            "where id = %s",
            ("revoked" if revoke else "open", until, coupon_id),
        )
        kind = "revoked" if revoke else "given_back"
        write_event(cursor, coupon_id, kind, actor=actor, at=at, now=now, order_id=order_id)
        if revoke:
            revoked.append((template, issued_to))
        _tell(
            events.REVOKED if revoke else events.GIVEN_BACK,
            coupon_id,
            template,
            member_id,
            order_id,
            until,
            now,
        )
        became = "revoked" if revoke else "given_back" if until > at else "expired"
        found.append(Back(coupon_id, template, became))
    return found


def _revoke_granted(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    ended: Collection[str],
    fewer: Mapping[str, Mapping[str, int]],
    actor: str,
    at: datetime,
    now: datetime,
    revoked: list[tuple[str, int | None]],
) -> list[Back]:
    rows = cursor.execute(
        "select id, template, member_id, issued_to, state, valid_until, offer from benefits_coupon "
        "where order_id = %s and offer = any(%s) and state <> 'revoked' and not revoke_when_back order by id",
        (order_id, [*ended, *fewer]),
    ).fetchall()
    # What is still earned stays, those that were used first.
    stays = {(offer, template): count for offer, some in fewer.items() for template, count in some.items()}
    found = []
    for coupon_id, template, member_id, issued_to, state, until, offer in sorted(rows, key=_used_first):
        if stays.get((offer, template), 0):
            stays[offer, template] -= 1
            continue
        if state == "used":
            cursor.execute("update benefits_coupon set revoke_when_back = true where id = %s", (coupon_id,))
            found.append(Back(coupon_id, template, "kept_used"))
            continue
        cursor.execute(
            "update benefits_coupon set state = 'revoked', held_store_id = null, held_order_no = '', "
            "held_until = null where id = %s",
            (coupon_id,),
        )
        write_event(cursor, coupon_id, "revoked", actor=actor, at=at, now=now, order_id=order_id)
        revoked.append((template, issued_to))
        _tell(events.REVOKED, coupon_id, template, member_id, order_id, until, now)
        found.append(Back(coupon_id, template, "revoked"))
    return found


def _used_first(row: Sequence[Any]) -> tuple[bool, int]:
    coupon_id, state = row[0], row[4]
    return state != "used", coupon_id


def write_event(
    cursor: psycopg.Cursor[Any],
    coupon_id: int,
    kind: str,
    *,
    actor: str,
    at: datetime,
    now: datetime,
    order_id: int | None = None,
    from_member: int | None = None,
    to_member: int | None = None,
    note: str = "",
) -> None:
    """Record what happened to a coupon."""
    cursor.execute(
        "insert into benefits_couponevent "
        "(coupon_id, kind, at, recorded_at, actor, from_member, to_member, order_id, note) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (coupon_id, kind, at, now, actor, from_member, to_member, order_id, note),
    )


def _tell(
    topic: str,
    coupon_id: int,
    template: str,
    member_id: int | None,
    order_id: int,
    until: datetime,
    now: datetime,
) -> None:
    payload: Mapping[str, object] = {
        "coupon_id": coupon_id,
        "template": template,
        "member_id": member_id,
        "order_id": order_id,
        **({"valid_until": until.isoformat()} if topic == events.GIVEN_BACK else {}),
    }
    outbox.add(topic, payload, at=now, member_id=member_id)
