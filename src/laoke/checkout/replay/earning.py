"""Rules of earning over a history: each sale is asked as of its own time, as the till asks as of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

from laoke.checkout.earning import COUNTED
from laoke.checkout.replay.events import GiveBackEvent, Sale, SaleLine
from laoke.checkout.replay.state import MemberState
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Article, Basket, Line
from laoke.engine.pricing.board import Facts
from laoke.engine.pricing.plain import Settlement
from laoke.engine.pricing.purchase import Earned
from laoke.foundation import sql
from laoke.foundation.sql import raw_cursor
from laoke.promotions.backtest.trial import DATED
from laoke.promotions.earning import Earning
from laoke.purchases import selectors as purchases
from laoke.segments import birthdays, one

PERSONS = sql.statement("laoke.checkout", "persons")
EVER = datetime(1, 1, 2, tzinfo=UTC)
# More members than a batch has.
_REMEMBERED = 100_000


class Person(NamedTuple):
    """What does not change from sale to sale; `known` is as it is now."""

    registered: date
    birthday: int | None
    known: dict[str, Any]


class PastEarning:
    """What the rules give to sales of a history.

    Args:
        now: what is not kept with its dates (tags, classes, the home store) is taken as of then.
    """

    def __init__(self, earning: Earning, zone: tzinfo, currency: str, now: datetime) -> None:
        self._rules = earning.rules
        self._zone = zone
        self._currency = currency
        self._now = now
        self._still = frozenset(name for name in earning.asks if name not in DATED)
        self._counts = bool(earning.asks & COUNTED)
        self._channels = {number: code for code, number in purchases.channels_by_code().items()}
        self._stores = {store.id: store for store in purchases.stores_by_code().values()}
        self._articles: dict[int, Article] = {}
        self._people: dict[int, Person] = {}

    def reach(self, at: datetime) -> datetime:
        """Purchases from here on are asked about when something is bought at `at`."""
        if self._counts:
            return EVER
        if self._rules.terms.caps.over_time:
            day = at.astimezone(self._zone).date().replace(day=1)
            return datetime(day.year, day.month, 1, tzinfo=self._zone)
        return at

    def prepare(self, events: Sequence[Sale | GiveBackEvent]) -> None:
        """Read what the sales of a batch will be asked about."""
        sales = [event for event in events if isinstance(event, Sale)]
        wanted = {line.product_id for sale in sales for line in sale.lines} - self._articles.keys()
        if wanted:
            found = purchases.products_by_id(wanted)
            self._articles.update({number: product.article for number, product in found.items()})
        members = {sale.member_id for sale in sales if sale.member_id} - self._people.keys()
        if members:
            if len(self._people) > _REMEMBERED:
                self._people.clear()
                members = {sale.member_id for sale in sales if sale.member_id}
            self._people.update(self._read(members))

    def _read(self, members: Iterable[int]) -> dict[int, Person]:
        ids = sorted(members)
        with raw_cursor() as cursor:
            known = one.known_of_many(cursor, ids, self._still, self._now, self._zone)
            PERSONS.run(cursor, {"members": ids})
            return {row[0]: Person(row[1], row[2], known.get(row[0], {})) for row in cursor.fetchall()}

    def earns(self, line: SaleLine) -> bool:
        """Whether a line earns at all."""
        return line.earns_points and self._rules.earns(self._articles[line.product_id])

    def unearning(self, sale: Sale, paid_minor: int) -> int:
        """What of a sale is paid with means of payment that earn nothing."""
        return paid_minor if sale.tender in self._rules.terms.tenders else 0

    def earned(self, sale: Sale, state: MemberState, settled: Settlement) -> Earned:
        """What a sale earns."""
        basket = Basket(
            tuple(
                Line(
                    number,
                    self._articles[line.product_id],
                    line.quantity_milli,
                    line.unit_price_minor,
                    line.discount_minor,
                    earns_points=line.earns_points,
                )
                for number, line in enumerate(sale.lines, start=1)
            ),
            channel=self._channels.get(sale.channel_id),
            currency=self._currency,
        )
        facts = Facts(self._known(sale, state), is_member=True)
        taken = [line.discount_minor for line in sale.lines]
        left = self._left(sale.placed_at, state)
        return self._rules.earned(basket, facts, taken, settled.bases, (), left)

    def _known(self, sale: Sale, state: MemberState) -> dict[str, Any]:
        at = sale.placed_at
        today = at.astimezone(self._zone).date()
        known: dict[str, Any] = moment_facts(at, self._zone)
        store = self._stores.get(sale.store_id)
        if store is not None:
            told = (("store.code", store.code), ("store.region", store.region), ("store.city", store.city))
            known |= {name: value for name, value in told if value is not None}
        known["member.tier"] = state.tier
        if self._counts:
            placed = [each.at for each in state.purchases if each.at <= at and each.left_minor > 0]
            known["member.orders"] = len(placed)
            if placed:
                last = max(placed).astimezone(self._zone).date()
                known["member.days_since_last_order"] = (today - last).days
        assert sale.member_id is not None
        person = self._people[sale.member_id]
        known["member.days_since_registration"] = (today - person.registered).days
        if person.birthday is not None:
            known["member.birthday_week"] = birthdays.in_week(person.birthday, today)
        return known | person.known

    def _left(self, at: datetime, state: MemberState) -> int | None:
        caps = self._rules.terms.caps
        if not caps.over_time:
            return None
        day = at.astimezone(self._zone).date()
        days = [(each.at.astimezone(self._zone).date(), each.points) for each in state.purchases]
        return caps.left(
            sum(points for when, points in days if when == day),
            sum(points for when, points in days if (when.year, when.month) == (day.year, day.month)),
        )
