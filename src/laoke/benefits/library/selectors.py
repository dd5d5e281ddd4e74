"""What was used of benefits, by whom, and what tiers cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Sum

from laoke.benefits.library import budgets, publication
from laoke.benefits.library.entitlements import stock_key
from laoke.benefits.library.errors import UnknownBenefitUse
from laoke.benefits.library.models import BenefitUse, TierBudget
from laoke.benefits.library.publication import Benefit, Library
from laoke.benefits.strategies.kinds import Kind
from laoke.foundation import paging
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members

# More showings than these are not all counted for a page.
COUNTED = 200_000


@dataclass(frozen=True, slots=True)
class UseView:
    """A use of a benefit."""

    use_id: int
    member_id: int
    benefit: str
    units: int
    amount: int
    tier: str
    cost_minor: int
    store_id: int | None
    reference: str
    used_at: datetime
    used_by: str
    undone_at: datetime | None
    undone_why: str
    codes: int


@dataclass(frozen=True, slots=True)
class BenefitRow:
    """A benefit in force and how it goes: pieces taken of its stock, codes of its partner that are left, uses that
    stand since an instant, those who used it, what these cost; members who were ever shown it, an estimate where
    these are many.
    """

    benefit: Benefit
    taken: int | None
    codes: int | None
    uses: int
    users: int
    cost_minor: int
    seen_by: int
    seen_about: bool


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What the benefits of a tier cost in a year; `budget_minor` None: they may cost anything."""

    tier: str
    starts: date
    spent_minor: int
    budget_minor: int | None
    alarm_minor: int | None
    most_minor: int | None


def uses(member_id: int, *, after: str | None = None, limit: int = 50) -> tuple[list[UseView], str | None]:
    """A page of a member's uses, the newest first, undone ones too.

    Raises:
        UnknownMember, BadCursor
    """
    rows = BenefitUse.objects.filter(member_id=members.kept_id(member_id))
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_view(row) for row in page], more


def use(use_id: int) -> UseView:
    """One use.

    Raises:
        UnknownBenefitUse
    """
    row = BenefitUse.objects.filter(pk=use_id).first()
    if row is None:
        raise UnknownBenefitUse
    return _view(row)


def rows(since: datetime, at: datetime, library: Library | None = None) -> list[BenefitRow]:
    """Every benefit in force (or of a library), with what became of it since an instant and is left at another."""
    library = library or publication.in_force()
    keys = list(library.benefits)
    taken, codes, showings = _left(keys, at)
    used, seen, about = _taken_up(keys, since, showings)
    nothing = (0, 0, 0)
    return [
        BenefitRow(
            benefit,
            None if benefit.document.stock is None else taken.get(key, 0),
            codes.get(key, 0) if benefit.document.kind is Kind.PARTNER_CODE else None,
            *used.get(key, nothing),
            seen.get(key, 0),
            about,
        )
        for key, benefit in library.benefits.items()
    ]


def budget_rows(at: datetime, library: Library | None = None) -> list[BudgetRow]:
    """What benefits cost this year, by tier: those with a budget first, in the order of the document."""
    starts = budgets.year_of(at, settings.LAOKE.zone)
    spent = dict(TierBudget.objects.filter(starts=starts).order_by("tier").values_list("tier", "spent_minor"))
    of = (library or publication.in_force()).document.budgets
    return [
        BudgetRow(
            tier,
            starts,
            spent.get(tier, 0),
            of[tier].per_year_minor if tier in of else None,
            of[tier].alarm_minor if tier in of else None,
            of[tier].most_minor if tier in of else None,
        )
        for tier in [*of, *(tier for tier in spent if tier not in of)]
    ]


def cost_of_member(member_id: int, tier: str, since: datetime) -> int:
    """What the benefits cost that a member used with a tier since an instant, in minor units."""
    uses = BenefitUse.objects.filter(member_id=member_id, tier=tier, used_at__gte=since, undone_at=None)
    return uses.aggregate(all=Sum("cost_minor"))["all"] or 0


def _left(keys: list[str], at: datetime) -> tuple[dict[str, int], dict[str, int], float]:
    """Pieces taken by benefit, codes of partners that can be handed out, and how many showings there are, about."""
    with hot_cursor() as cursor:
        found = cursor.execute(
            "select 'taken', substr(key, 9), taken::float from benefits_benefitstock where key = any(%s) "
            "union all select 'codes', benefit, count(*)::float from benefits_partnercode "
            "where state = 'open' and expires_at > %s group by benefit "
            "union all select 'seen', '', reltuples from pg_class where oid = 'benefits_benefitseen'::regclass",
            ([stock_key(key) for key in keys], at),
        ).fetchall()
    taken = {key: int(count) for what, key, count in found if what == "taken"}
    codes = {key: int(count) for what, key, count in found if what == "codes"}
    return taken, codes, next(count for what, _, count in found if what == "seen")


def _taken_up(
    keys: list[str], since: datetime, showings: float
) -> tuple[dict[str, tuple[int, int, int]], dict[str, int], bool]:
    """Uses since an instant, those who used it and what these cost; members who were shown it, counted in a part of the
    table where many were shown many; and whether that is so.
    """
    part = 1.0 if showings <= COUNTED else COUNTED / showings
    with hot_cursor() as cursor:
        found = cursor.execute(
            "select true, benefit, count(*), count(distinct member_id), sum(cost_minor)::bigint "
            "from benefits_benefituse where benefit = any(%(keys)s) and used_at >= %(since)s and undone_at is null "
            "group by benefit "
            "union all select false, benefit, count(*), 0, 0 from benefits_benefitseen tablesample system (%(part)s) "
            "where benefit = any(%(keys)s) group by benefit",
            {"keys": keys, "since": since, "part": part * 100},
        ).fetchall()
    used = {key: (uses, users, cost) for is_use, key, uses, users, cost in found if is_use}
    return used, {key: round(count / part) for is_use, key, count, *_ in found if not is_use}, part < 1


def _view(row: BenefitUse) -> UseView:
    return UseView(
        row.pk,
        row.member_id,
        row.benefit,
        row.units,
        row.amount,
        row.tier,
        row.cost_minor,
        row.store_id,
        row.reference,
        row.used_at,
        row.used_by,
        row.undone_at,
        row.undone_why,
        len(row.outcome.get("codes", ())),
    )
