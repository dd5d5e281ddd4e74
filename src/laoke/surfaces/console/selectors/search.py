"""The search over everything: pages by name, members by what identifies them, orders by their number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.members import selectors as members
from laoke.surfaces.console import places
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.places import Place
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
MOST = 8


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A member, masked."""

    id: int
    name: str
    phone: str
    card: str


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order whose number is the text."""

    id: int
    order_no: str
    store: Named
    placed_at: datetime
    total_minor: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a text may mean. `more_members` says that there are members beyond the ones shown."""

    text: str
    pages: tuple[Place, ...]
    acts: tuple[Place, ...]
    members: tuple[FoundPerson, ...]
    more_members: bool
    orders: tuple[FoundOrder, ...]

    @property
    def nothing(self) -> bool:
        """Whether nothing was found."""
        return not (self.pages or self.acts or self.members or self.orders)


def found(caller: Caller, actor: Caller, text: str) -> Found:
    """What the caller may see of what the text may mean; pages and acts alone while the text is empty.

    Args:
        actor: the account as it is, which decides over pages and acts.
    """
    # No text of ours holds a zero byte, and the database takes none.
    text = text.replace("\0", "").strip()
    pages, acts = places.pages(actor, text), places.acts(actor, text)
    if not text:
        return Found(text, pages, acts, (), False, ())
    people: tuple[FoundPerson, ...] = ()
    more = False
    if Scope.MEMBERS_READ in caller.scopes:
        people, more = _people(caller, text)
    orders = _orders(caller, text) if Scope.ORDERS_READ in caller.scopes else ()
    return Found(text, pages, acts, people, more, orders)


def _people(caller: Caller, text: str) -> tuple[tuple[FoundPerson, ...], bool]:
    limits = limit_of(caller)
    # Whom a limited account may see is known only beside the matches.
    page = members.search(text, limit=MOST if limits is None else 100)
    rows = list(page.rows)
    if limits is not None and rows:
        with hot_cursor() as cursor:
            values = {"stores": limits, "ids": [row.id for row in rows]}
            seen = {row[0] for row in cursor.execute(load(_PACKAGE, "search_visible"), values)}
        rows = [row for row in rows if row.id in seen]
    people = tuple(
        FoundPerson(
            row.id,
            row.name_masked,
            row.phones_masked[0] if row.phones_masked else "",
            row.cards_masked[0] if row.cards_masked else "",
        )
        for row in rows[:MOST]
    )
    return people, page.after is not None or len(rows) > MOST


def _orders(caller: Caller, text: str) -> tuple[FoundOrder, ...]:
    with hot_cursor() as cursor:
        values = {"stores": limit_of(caller), "order_no": text, "most": MOST}
        rows = cursor.execute(load(_PACKAGE, "search_orders"), values).fetchall()
    return tuple(
        FoundOrder(order_id, order_no, Named(store, store_en or store), placed_at, total)
        for order_id, order_no, store, store_en, placed_at, total in rows
    )
