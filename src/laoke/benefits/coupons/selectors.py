"""Reading coupons: templates with their figures, wallets, one coupon with its history, issues and their codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from laoke.benefits.coupons import codes, templates
from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.coupons.errors import UnknownBatch, UnknownCoupon
from laoke.benefits.coupons.templates import Templates
from laoke.benefits.models import Coupon, CouponBatch, CouponEvent, CouponLimit, CouponRecipient, CouponUse
from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor
from laoke.foundation.vault import vault

# Counted exactly up to here; a larger number is "more than so many".
COUNTED = 100_000
STATES = ("usable", "upcoming", "held", "used", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class CouponView:
    """One coupon at an instant. `state` is one of STATES; `code` is its end only, unless it was revealed."""

    coupon_id: int
    template: str
    name_zh: str
    name_en: str
    state: str
    code: str
    shared: bool
    announced: bool
    member_id: int | None
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    issued_by: str
    batch_id: int | None
    order_id: int | None
    offer: str
    used_order_id: int | None
    used_at: datetime | None
    held_store_id: int | None
    held_order_no: str
    held_until: datetime | None
    transferable: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a coupon: issued, used, given_back, transferred, revoked."""

    kind: str
    at: datetime
    actor: str
    order_id: int | None
    member_id: int | None
    amount_minor: int | None
    note: str


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in force with its figures; a number above COUNTED was not counted to its end."""

    key: str
    document: TemplateDocument
    issued: int
    used: int
    most: int | None
    out: int | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """An issue to many. `coupons` is how many it is for in all, 0 while nobody knows."""

    batch_id: int
    template: str
    name: str
    kind: str
    each: int
    state: str
    recipients: int
    position: int
    issued: int
    refused: int
    coupons: int
    asked_at: datetime
    ended_at: datetime | None
    actor: str
    condition: Mapping[str, object] | None

    @property
    def under_way(self) -> bool:
        """Whether a worker has it, or will."""
        return self.state in (CouponBatch.WAITING, CouponBatch.GATHERING, CouponBatch.ISSUING)


def wallet(
    member_id: int, at: datetime, *, state: str | None = None, after: str | None = None, limit: int = 50
) -> tuple[list[CouponView], str | None]:
    """A page of a member's coupons, the newest first, of one state or all.

    Raises:
        BadCursor
    """
    rows = Coupon.objects.filter(member_id=member_id)
    if state is not None:
        rows = rows.filter(_in_state(state, at))
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return _views(page, at), more


def coupon(coupon_id: int, at: datetime) -> CouponView:
    """One coupon.

    Raises:
        UnknownCoupon
    """
    row = Coupon.objects.filter(pk=coupon_id).first()
    if row is None:
        raise UnknownCoupon
    return _views([row], at)[0]


def with_code(text: str, at: datetime) -> CouponView:
    """The coupon of a code, however it is written. Watch the guesses of whoever asks: `guesses.watch`.

    Raises:
        UnknownCoupon
    """
    row = Coupon.objects.filter(code_index=codes.index(vault(), text)).first()
    if row is None:
        raise UnknownCoupon
    return _views([row], at)[0]


def history(coupon_id: int) -> list[Step]:
    """Everything that happened to a coupon, the first thing first."""
    row = Coupon.objects.filter(pk=coupon_id).first()
    if row is None:
        raise UnknownCoupon
    steps = [Step("issued", row.issued_at, row.issued_by, row.order_id, row.issued_to, None, "")]
    last = row.used_at
    steps += [
        Step("used", use.used_at, "", use.order_id, use.member_id, use.amount_minor, "")
        for use in CouponUse.objects.filter(coupon_id=coupon_id).order_by("-id")[:100]
    ]
    steps += [
        Step(each.kind, each.at, each.actor, each.order_id, each.to_member, None, each.note)
        for each in CouponEvent.objects.filter(coupon_id=coupon_id).order_by("id")
    ]
    return sorted(steps, key=lambda step: (step.at, step.kind == "used" and step.at == last))


def uses_of_order(order_id: int) -> list[tuple[int, str, int, bool]]:
    """Coupons used on an order: (coupon, template, what they brought in minor units, came back)."""
    rows = CouponUse.objects.filter(order_id=order_id).order_by("id")
    return [(row.coupon_id, row.template, row.amount_minor, row.undone_at is not None) for row in rows]


def of_order(order_id: int, used: Sequence[int], at: datetime) -> list[CouponView]:
    """The coupons that came with an order, and those of these numbers, in the order of their number."""
    rows = Coupon.objects.filter(Q(order_id=order_id) | Q(pk__in=used)).order_by("pk")
    return _views(list(rows), at)


def reveal(caller: Caller, coupon_id: int, *, reason: str, at: datetime) -> str:
    """The code of a coupon in full; written down in the audit trail.

    Raises:
        MissingScope, UnknownCoupon
    """
    caller.require(Scope.COUPONS_REVEAL)
    row = Coupon.objects.filter(pk=coupon_id).first()
    if row is None:
        raise UnknownCoupon
    audit.record(
        caller,
        "coupon.revealed",
        "coupon",
        coupon_id,
        at=at,
        after={"template": row.template},
        reason=reason,
    )
    return codes.grouped(codes.unseal(vault(), row.code_sealed))


def revealed(caller: Caller, views: Sequence[CouponView]) -> list[str]:
    """The codes of coupons in full, for a program that shows members their own. Not one by one in the audit trail: what
    a member's app shows is no look by a person.

    Raises:
        MissingScope
    """
    caller.require(Scope.COUPONS_REVEAL)
    safe = vault()
    rows = Coupon.objects.filter(pk__in=[view.coupon_id for view in views]).values_list("pk", "code_sealed")
    found = {pk: codes.grouped(codes.unseal(safe, sealed)) for pk, sealed in rows}
    return [found[view.coupon_id] for view in views]


def template_rows(templates_in_force: Templates | None = None) -> list[TemplateRow]:
    """The templates in force, or those given, with how many coupons are out and were used."""
    in_force = (templates_in_force or templates.current()).documents
    limits = {row.template: row for row in CouponLimit.objects.filter(template__in=list(in_force))}
    counts = _counts(list(in_force))
    return [
        TemplateRow(
            key,
            document,
            *counts.get(key, (0, 0)),
            most=limits[key].most if key in limits else None,
            out=limits[key].issued if key in limits else None,
        )
        for key, document in in_force.items()
    ]


def _counts(keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    with hot_cursor() as cursor:
        rows = cursor.execute(
            "select key, issued.n, used.n from unnest(%(keys)s::text[]) key "
            "cross join lateral (select count(*) as n from (select from benefits_coupon c "
            "where c.template = key limit %(most)s::int + 1) x) issued "
            "cross join lateral (select count(*) as n from (select from benefits_couponuse u "
            "where u.template = key and u.undone_at is null limit %(most)s::int + 1) x) used",
            {"keys": list(keys), "most": COUNTED},
        ).fetchall()
    return {key: (issued, used) for key, issued, used in rows}


def batches(
    *, template: str | None = None, after: str | None = None, limit: int = 50
) -> tuple[list[BatchView], str | None]:
    """A page of issues to many, the newest first.

    Raises:
        BadCursor
    """
    rows = CouponBatch.objects.all()
    if template is not None:
        rows = rows.filter(template=template)
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_batch(row) for row in page], more


def batch(batch_id: int) -> BatchView:
    """One issue.

    Raises:
        UnknownBatch
    """
    row = CouponBatch.objects.filter(pk=batch_id).first()
    if row is None:
        raise UnknownBatch
    return _batch(row)


def asked_by(batch_id: int) -> tuple[str, int] | None:
    """Who asked for an issue, by kind and number; None for one that is not there."""
    row = CouponBatch.objects.filter(pk=batch_id).first()
    return None if row is None else (row.actor_kind, row.actor_id)


def refused(batch_id: int, limit: int = 100) -> list[tuple[int, str]]:
    """Members an issue gave nothing, with the reason; the first so many."""
    rows = CouponRecipient.objects.filter(batch_id=batch_id).exclude(refused="").order_by("place")[:limit]
    return [(row.member_id, row.refused) for row in rows]


CodeRow = tuple[int, str, int | None, str, datetime]


def codes_page(
    caller: Caller, batch_id: int, *, after: str | None, limit: int, at: datetime
) -> tuple[list[CodeRow], str | None]:
    """A page of the codes of an issue, as `export` gives all of them; each page goes into the audit trail.

    Raises:
        MissingScope, OutsideStores, UnknownBatch, BadCursor
    """
    mark = paging.read(after, paging.number)
    found = _may_export(caller, batch_id)
    rows = Coupon.objects.filter(batch_id=batch_id, serial__gt=mark[0] if mark else 0).order_by("serial")
    page, more = paging.cut(list(rows[: limit + 1]), limit, lambda row: paging.write(row.serial or 0))
    # Each page: a mark can be made up, and nobody has to begin with the first.
    _note_export(caller, found, len(page), at)
    return [_code_row(row, at) for row in page], more


def export(caller: Caller, batch_id: int, *, at: datetime) -> Iterator[CodeRow]:
    """The codes of an issue, in the order of their number: (coupon, code, member, state, valid until).

    Goes into the audit trail before the first of them leaves.

    Raises:
        MissingScope, OutsideStores, UnknownBatch
    """
    found = _may_export(caller, batch_id)
    _note_export(caller, found, found.issued, at)
    return _codes(batch_id, at)


def _may_export(caller: Caller, batch_id: int) -> BatchView:
    caller.require(Scope.COUPONS_REVEAL)
    caller.require_whole_shop()
    return batch(batch_id)


def _note_export(caller: Caller, found: BatchView, coupons: int, at: datetime) -> None:
    audit.record(
        caller,
        "coupon_batch.exported",
        "coupon_batch",
        found.batch_id,
        at=at,
        after={"template": found.template, "coupons": coupons},
    )


def _codes(batch_id: int, at: datetime) -> Iterator[CodeRow]:
    last = 0
    while True:
        rows = list(Coupon.objects.filter(batch_id=batch_id, serial__gt=last).order_by("serial")[:2000])
        yield from (_code_row(row, at) for row in rows)
        if len(rows) < 2000:
            return
        last = rows[-1].serial or 0


def _code_row(row: Coupon, at: datetime) -> CodeRow:
    code = codes.grouped(codes.unseal(vault(), row.code_sealed))
    return row.pk, code, row.member_id, _state(row, at), row.valid_until


def _batch(row: CouponBatch) -> BatchView:
    return BatchView(
        row.pk,
        row.template,
        row.name,
        row.kind,
        row.each,
        row.state,
        row.recipients,
        row.position,
        row.issued,
        row.refused,
        row.recipients if row.kind == "codes" else row.recipients * row.each,
        row.asked_at,
        row.ended_at,
        row.actor,
        row.source.get("when"),
    )


def _views(rows: Sequence[Coupon], at: datetime) -> list[CouponView]:
    if not rows:
        return []
    in_force = templates.current().documents
    ended = {row.template for row in rows} - in_force.keys()
    known = {**templates.last_of(ended), **in_force} if ended else in_force
    safe = vault()
    found = []
    for row in rows:
        document = known.get(row.template)
        name = None if document is None else document.name
        code = codes.unseal(safe, row.code_sealed)
        found.append(
            CouponView(
                row.pk,
                row.template,
                row.template if name is None else name.zh,
                row.template if name is None else name.en,
                _state(row, at),
                code if row.issued_for_all else codes.masked(code),
                row.shared,
                row.issued_for_all,
                row.member_id,
                row.valid_from,
                row.valid_until,
                row.issued_at,
                row.issued_by,
                row.batch_id,
                row.order_id,
                row.offer,
                row.used_order_id,
                row.used_at,
                row.held_store_id,
                row.held_order_no,
                row.held_until,
                row.template in in_force and in_force[row.template].transferable,
            )
        )
    return found


def _state(row: Coupon, at: datetime) -> str:
    if row.state != Coupon.OPEN:
        return row.state
    if at >= row.valid_until:
        return "expired"
    if at < row.valid_from:
        return "upcoming"
    return "held" if row.held_until is not None and row.held_until > at else "usable"


def _in_state(state: str, at: datetime) -> Q:
    if state in (Coupon.USED, Coupon.REVOKED):
        return Q(state=state)
    still_open = Q(state=Coupon.OPEN)
    if state == "expired":
        return still_open & Q(valid_until__lte=at)
    if state == "upcoming":
        return still_open & Q(valid_until__gt=at, valid_from__gt=at)
    now = still_open & Q(valid_until__gt=at, valid_from__lte=at)
    held = Q(held_until__gt=at)
    return now & held if state == "held" else now & ~held
