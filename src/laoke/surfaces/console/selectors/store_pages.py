"""Stores, regions and channels as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings

from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.staff.models import Staff
from laoke.purchases import entries
from laoke.review import storemonths
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.stores import limit_of
from laoke.surfaces.console.templatetags.figures import named

_PACKAGE = "laoke.surfaces.console"
PAGE = 50
_LONGEST = 100
# Of more orders in thirty days, all stores together, the night's counts are taken and only today's are added.
_QUICK_ORDERS = 20_000


@dataclass(frozen=True, slots=True)
class StoreFilter:
    """What the list is narrowed by; empty: nothing. `active` "": both, "yes", "no"."""

    q: str = ""
    region: str = ""
    city: str = ""
    active: str = ""

    def __bool__(self) -> bool:
        return bool(self.q or self.region or self.city or self.active)


@dataclass(frozen=True, slots=True)
class StoreLine:
    """One store of the list. `region` is None where it has none."""

    id: int
    code: str
    name: Named
    city: str
    active: bool
    opened_date: date | None
    region_code: str
    region: Named | None


@dataclass(frozen=True, slots=True)
class StoreList:
    """A page of stores. `before` and `after` are the marks of the neighbouring pages."""

    filter: StoreFilter
    rows: tuple[StoreLine, ...]
    regions: tuple[tuple[str, Named], ...]
    cities: tuple[str, ...]
    before: str | None
    after: str | None
    may_write: bool
    may_add: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose account is limited to a store, or to its region."""

    id: int
    name: str
    username: str
    role: str
    by_region: bool


@dataclass(frozen=True, slots=True)
class StorePage:
    """One store. Figures are of 30 days, today included; `people` None: not for the viewer's eyes.

    `night` is the day up to which they were counted last night, with today's purchases added; None: all counted now.
    """

    store: StoreLine
    members: int
    orders: int
    buyers: int
    net_minor: int
    member_net_minor: int
    night: date | None
    people: tuple[Person, ...] | None
    may_write: bool

    @property
    def mean_minor(self) -> int | None:
        """Sales per order."""
        return self.net_minor // self.orders if self.orders else None

    @property
    def member_share(self) -> float | None:
        """Sales to members, of all."""
        return self.member_net_minor / self.net_minor if self.net_minor else None


@dataclass(frozen=True, slots=True)
class NameLine:
    """A region, channel or category: `uses` counts what hangs on it."""

    id: int
    code: str
    name: Named
    uses: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class NameList:
    """All regions, or all channels."""

    kind: str
    rows: tuple[NameLine, ...]
    may_write: bool


def store_list(
    caller: Caller, asked: StoreFilter, after: str | None, before: str | None, *, account: Caller
) -> StoreList:
    """Stores by code, those of the caller; `account` is the caller before a store was chosen.

    Raises:
        BadCursor
    """
    limits = limit_of(caller)
    back = before is not None
    mark = paging.read(before or after, paging.text)
    values: dict[str, Any] = {
        "stores": limits,
        "text": asked.q,
        "like": like(asked.q),
        "region": asked.region,
        "city": asked.city,
        "active": {"yes": True, "no": False}.get(asked.active),
        "mark": mark[0] if mark else None,
        "limit": PAGE + 1,
    }
    with hot_cursor() as cursor:
        found = cursor.execute(directed("store_list", back=back), values).fetchall()
        cities = cursor.execute(
            "select distinct city from purchases_store where city <> '' "
            "and (%(stores)s::bigint[] is null or id = any(%(stores)s::bigint[])) order by city",
            {"stores": limits},
        ).fetchall()
        regions = cursor.execute("select code, name, name_en from purchases_region order by code").fetchall()
    rows, earlier, later = turned(found, PAGE, back=back, started=mark is not None)
    lines = tuple(_line(row) for row in rows)
    writes = Scope.STORES_WRITE in caller.scopes
    return StoreList(
        filter=asked,
        rows=lines,
        regions=tuple((code, Named(name, name_en or name)) for code, name, name_en in regions),
        cities=tuple(city for (city,) in cities),
        before=paging.write(lines[0].code) if earlier and lines else None,
        after=paging.write(lines[-1].code) if later and lines else None,
        may_write=writes,
        may_add=writes and account.stores is None,
    )


def store_page(caller: Caller, store_id: int, at: datetime) -> StorePage:
    """One store with its figures.

    Raises:
        NoSuchEntry; OutsideStores: the account is limited to others.
    """
    line = store_line(caller, store_id)
    today = at.astimezone(settings.LAOKE.zone).date()
    yesterday = today - timedelta(days=1)
    values = {
        "store": store_id,
        "at": at,
        "start": storemonths.start_of(today),
        "today": datetime.combine(today, time.min, settings.LAOKE.zone),
        "yesterday": yesterday,
    }
    with hot_cursor() as cursor:
        # How many orders lie between two instants hangs on them: a plan for any is a bad one.
        known = cursor.execute(load(_PACKAGE, "store_month"), values, prepare=False).fetchone()
        by_night = known is not None and known[5] > _QUICK_ORDERS
        if not by_night:
            known = cursor.execute(load(_PACKAGE, "store_figures"), values, prepare=False).fetchone()
    assert known is not None
    members, orders, buyers, net_minor, member_net_minor = known[:5]
    return StorePage(
        store=line,
        members=members,
        orders=orders,
        buyers=buyers,
        net_minor=net_minor,
        member_net_minor=member_net_minor,
        night=yesterday if by_night else None,
        people=_people(store_id) if Scope.STAFF in caller.scopes else None,
        may_write=Scope.STORES_WRITE in caller.scopes,
    )


def store_line(caller: Caller, store_id: int) -> StoreLine:
    """One store.

    Raises:
        NoSuchEntry; OutsideStores: the account is limited to others.
    """
    found = entries.store(store_id)
    store, region = found.store, found.region
    caller.require_store(found.id, store.code)
    return StoreLine(
        found.id,
        store.code,
        Named(store.name, store.name_en),
        store.city,
        store.active,
        store.opened_date,
        region.code if region else "",
        Named(region.name, region.name_en or region.name) if region else None,
    )


def region_list(caller: Caller) -> NameList:
    """All regions with their stores counted."""
    with hot_cursor() as cursor:
        uses = dict(
            cursor.execute("select region_id, count(*) from purchases_store group by region_id").fetchall()
        )
    return _names(caller, "region", uses)


def channel_list(caller: Caller) -> NameList:
    """All channels."""
    return _names(caller, "channel", {})


def name_line(kind: str, entry_id: int) -> NameLine:
    """One region, channel or category.

    Raises:
        NoSuchEntry
    """
    row = entries.named_one(kind, entry_id)
    return NameLine(row.id, row.code, Named(row.name, row.name_en), 0)


def region_choices() -> list[tuple[str, str]]:
    """Codes and names of all regions."""
    return [
        (row.code, f"{row.code} {named(Named(row.name, row.name_en or row.name))}")
        for row in entries.named("region")
    ]


def directed(name: str, *, back: bool, conditions: Sequence[str] = ()) -> str:
    """The statement of a list, walked forwards or backwards from its mark."""
    text = load(_PACKAGE, name).replace("/*beyond*/", "<" if back else ">")
    text = text.replace("/*way*/", "desc" if back else "asc")
    return text.replace("/*conditions*/", " and ".join(conditions) or "true")


def turned(found: list[Any], limit: int, *, back: bool, started: bool) -> tuple[list[Any], bool, bool]:
    """A page out of `limit + 1` rows read from a mark: the rows in order, and whether others lie before and after."""
    more = len(found) > limit
    rows = found[:limit]
    if back:
        return rows[::-1], more, True
    return rows, started, more


def like(text: str) -> str:
    """A pattern for `ilike` that finds the text itself anywhere."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def clean(text: str) -> str:
    """A search text as a database can take it."""
    return " ".join(text.encode("utf-8", "ignore").decode().replace("\0", "").split())[:_LONGEST]


def _line(row: tuple[Any, ...]) -> StoreLine:
    (store_id, code, name, name_en, city, active, opened, region_code, region, region_en) = row
    return StoreLine(
        store_id,
        code,
        Named(name, name_en or name),
        city,
        active,
        opened,
        region_code or "",
        Named(region, region_en or region) if region_code else None,
    )


def _names(caller: Caller, kind: str, uses: Mapping[int, int]) -> NameList:
    return NameList(
        kind,
        tuple(
            NameLine(row.id, row.code, Named(row.name, row.name_en or row.name), uses.get(row.id, 0))
            for row in entries.named(kind)
        ),
        Scope.STORES_WRITE in caller.scopes and caller.stores is None,
    )


def _people(store_id: int) -> tuple[Person, ...]:
    found = entries.store(store_id).region
    region = found.id if found else None
    rows = Staff.objects.filter(is_active=True).exclude(store_ids=None, region_ids=None).order_by("username")
    return tuple(
        Person(row.pk, row.name, row.username, row.role, store_id not in (row.store_ids or ()))
        for row in rows
        if store_id in (row.store_ids or ()) or region in (row.region_ids or ())
    )
