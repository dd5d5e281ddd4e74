"""Who has which paid membership, what was paid, and how plans go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from laoke.foundation import paging
from laoke.kernel.calendar import add_months, start_of_day
from laoke.members import selectors as members
from laoke.tiers.memberships import plans
from laoke.tiers.memberships.errors import UnknownMembership
from laoke.tiers.memberships.models import Membership, Payment, Refund
from laoke.tiers.memberships.plans import Plan

STATES = tuple(Membership.State.values)
SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class PaymentView:
    """Days that were paid, or came over from another membership."""

    kind: str
    first: date
    last: date
    minor: int
    credit_minor: int
    reference: str | None
    paid_at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that came back."""

    minor: int
    unused_days: int
    benefits_minor: int
    reference: str
    reason: str
    refunded_at: datetime


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A paid membership. `until` is the last day paid, `through` that of the tier: with the days of grace."""

    membership_id: int
    member_id: int
    plan: str
    tier: str
    state: str
    trial: bool
    renews: bool
    started_on: date
    until: date
    through: date
    paid_minor: int
    refunded_minor: int
    cancelled_at: datetime | None
    ended_at: datetime | None
    payments: tuple[PaymentView, ...] = ()
    refund: RefundView | None = None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan and how it goes: memberships that run, trials among them, those that end within 30 days, those given up
    in the last 30 days; what was paid and what came back in all. `plan` is None for one the programme has no more.
    """

    code: str
    plan: Plan | None
    running: int
    trials: int
    ending: int
    given_up: int
    paid_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class MonthRow:
    """What came in and went back in a calendar month."""

    month: date
    paid_minor: int
    refunded_minor: int


def of_member(member_id: int) -> list[MembershipView]:
    """A member's memberships with their payments, the newest first.

    Raises:
        UnknownMember
    """
    rows = Membership.objects.filter(member_id=members.kept_id(member_id)).order_by("-id")
    return _views(list(rows))


def running(member_id: int) -> MembershipView | None:
    """The one that runs, by a member's own number; None: there is none."""
    row = Membership.objects.filter(member_id=member_id, state=Membership.State.RUNNING).first()
    return None if row is None else _view(row)


def one(membership_id: int) -> MembershipView:
    """One of them with its payments.

    Raises:
        UnknownMembership
    """
    row = Membership.objects.filter(pk=membership_id).first()
    if row is None:
        raise UnknownMembership
    return _views([row])[0]


def page(
    *, plan: str = "", state: str = "", after: str | None = None, limit: int = 50
) -> tuple[list[MembershipView], str | None]:
    """A page of all memberships, the newest first; of one plan or in one state only.

    Raises:
        BadCursor
    """
    rows = Membership.objects.all()
    if plan:
        rows = rows.filter(plan=plan)
    if state:
        rows = rows.filter(state=state)
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    found, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_view(row) for row in found], more


def plan_rows(at: datetime) -> list[PlanRow]:
    """Every plan in force, then those that somebody had before."""
    today, since = at.astimezone(settings.LAOKE.zone).date(), at - timedelta(days=SOON_DAYS)
    runs = Q(state=Membership.State.RUNNING)
    counted = {
        code: sums
        for code, *sums in Membership.objects.values_list("plan").annotate(
            running=Count("id", filter=runs),
            trials=Count("id", filter=runs & Q(trial=True)),
            ending=Count("id", filter=runs & Q(until__lte=today + timedelta(days=SOON_DAYS))),
            given_up=Count("id", filter=Q(state=Membership.State.REFUNDED, ended_at__gte=since)),
            paid=Sum("paid_minor"),
            back=Sum("refunded_minor"),
        )
    }
    found = plans.in_force().plans
    return [
        PlanRow(code, found.get(code), *counted.get(code, [0] * 6))
        for code in [*found, *sorted(set(counted) - set(found))]
    ]


def months(at: datetime, count: int = 12) -> list[MonthRow]:
    """What came in and went back in the last calendar months, this one last."""
    zone = settings.LAOKE.zone
    this = at.astimezone(zone).date().replace(day=1)
    days = [add_months(this, back - count + 1) for back in range(count)]
    since = start_of_day(days[0], zone)
    paid = _by_month(Payment.objects.filter(paid_at__gte=since, undone_at=None), "paid_at")
    back = _by_month(Refund.objects.filter(refunded_at__gte=since), "refunded_at")
    return [MonthRow(day, paid.get(day, 0), back.get(day, 0)) for day in days]


def began_on_trial(member_id: int, at: datetime) -> bool:
    """Whether a trial of this member began at just this instant."""
    return Payment.objects.filter(
        membership__member_id=member_id, kind=Payment.Kind.TRIAL, recorded_at=at
    ).exists()


def as_json(found: MembershipView) -> dict[str, Any]:
    """In plain values, for the person to read."""
    return {
        "plan": found.plan,
        "state": found.state,
        "from": found.started_on.isoformat(),
        "until": found.until.isoformat(),
        "paid": [
            {"at": each.paid_at.isoformat(), "minor": each.minor, "reference": each.reference}
            for each in found.payments
        ],
        "refunded_minor": found.refunded_minor,
    }


def _by_month(rows: Any, name: str) -> dict[date, int]:
    summed = rows.annotate(month=TruncMonth(name, tzinfo=settings.LAOKE.zone)).values("month")
    return {row["month"].date(): row["sum"] for row in summed.annotate(sum=Sum("minor"))}


def _views(rows: Sequence[Membership]) -> list[MembershipView]:
    numbers = [row.pk for row in rows]
    payments: dict[int, list[PaymentView]] = {}
    for each in Payment.objects.filter(membership__in=numbers).order_by("first", "id"):
        payments.setdefault(each.membership_id, []).append(
            PaymentView(
                each.kind,
                each.first,
                each.last,
                each.minor,
                each.credit_minor,
                each.reference or None,
                each.paid_at,
                each.undone_at is not None,
            )
        )
    refunds = {
        each.membership_id: RefundView(
            each.minor,
            each.unused_days,
            each.benefits_minor,
            each.reference,
            each.reason,
            each.refunded_at,
        )
        for each in Refund.objects.filter(membership__in=numbers)
    }
    return [_view(row, tuple(payments.get(row.pk, ())), refunds.get(row.pk)) for row in rows]


def _view(
    row: Membership, payments: tuple[PaymentView, ...] = (), refund: RefundView | None = None
) -> MembershipView:
    return MembershipView(
        row.pk,
        row.member_id,
        row.plan,
        row.tier,
        row.state,
        row.trial,
        row.renews,
        row.started_on,
        row.until,
        row.through,
        row.paid_minor,
        row.refunded_minor,
        row.cancelled_at,
        row.ended_at,
        payments,
        refund,
    )
