"""Booked orders priced again with what their prices were asked with: they come to what was booked, to the minor unit.

Where one does not, the reason is said: an article has been given another category since, nothing was kept with the
order, or the engine counts otherwise than it did.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.promotions import facts, publication
from laoke.promotions.backtest.parallel import Advance, Stopped, processors, replaying
from laoke.promotions.backtest.past import Past
from laoke.promotions.backtest.reading import Period, Reader, Slice, selected, slices
from laoke.promotions.backtest.running import FEW, SIZE

# More differences than anybody reads; the rest is counted.
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """An offer that a replayed order has otherwise than it was booked; None: not given.

    `why`: "lines" the same amount on other lines, "gifts" other gifts, "amount" another amount, "no_facts" nothing was
    kept with the order, else why the engine refuses the offer now, or "given_now".
    """

    order_id: int
    offer: str
    booked_minor: int | None
    replayed_minor: int | None
    why: str


@dataclass(slots=True)
class Compared:
    """Orders that were compared, in minor units; `differing` holds the first differences."""

    orders: int = 0
    equal: int = 0
    booked_minor: int = 0
    replayed_minor: int = 0
    without_facts: int = 0
    differences: int = 0
    differing: list[Difference] = field(default_factory=list)

    def add(self, other: Compared) -> None:
        """Take in other orders."""
        for name in (
            "orders",
            "equal",
            "booked_minor",
            "replayed_minor",
            "without_facts",
            "differences",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.differing += other.differing[: MOST_LISTED - len(self.differing)]

    def note(self, found: list[Difference]) -> None:
        """Count what differs of one order."""
        self.orders += 1
        self.equal += not found
        self.differences += len(found)
        self.differing += found[: MOST_LISTED - len(self.differing)]


@dataclass(frozen=True, slots=True)
class Booked:
    """What an offer gave to an order: off which lines, and gifts."""

    minor: int
    lines: Mapping[int, int]
    gifts: Mapping[str, int]


def compare(
    period: Period,
    *,
    now: datetime,
    processes: int | None = None,
    advance: Advance = lambda done, whole: True,
) -> tuple[Compared, float]:
    """Price every order of a period again that was priced with offers; the result, and the seconds it took.

    Raises:
        Stopped: `advance` said so.
    """
    begun = time.perf_counter()
    parts = slices(period, SIZE)
    whole = sum(part.orders for part in parts)
    result, done = Compared(), 0
    at_once = processes or (processors() if whole > FEW else 1)
    with replaying(worker(now), f"{__name__}:worker", {"now": now}, at_once) as replay:
        for part, found in zip(parts, replay(parts), strict=True):
            result.add(found)
            done += part.orders
            if not advance(done, whole):
                raise Stopped
    return result, time.perf_counter() - begun


class LiveWorker:
    """Compares parts in one process."""

    def __init__(self, now: datetime) -> None:
        # What the prices were asked with is kept with the orders: nothing else has to be found out.
        self._reader = Reader(frozenset(), now)
        self._programmes: dict[int, Programme | None] = {}

    def replay(self, part: Slice) -> Compared:
        """Compare the orders of a part."""
        result = Compared()
        orders = list(self._reader.read(part))
        ids = [past.order_id for past in orders]
        booked: dict[int, dict[str, Booked]] = {}
        for order_id, key, minor, lines, gifts in selected("uses", orders=ids):
            each = Booked(
                minor,
                {int(line_no): part for line_no, part in orjson.loads(lines).items()},
                orjson.loads(gifts),
            )
            booked.setdefault(order_id, {})[key] = each
        asked = {row[0]: row[1:] for row in selected("asked", orders=ids)}
        for past in orders:
            given = booked.get(past.order_id, {})
            if past.order_id in asked:
                self._compare(past, given, asked[past.order_id], result)
            elif given:
                result.without_facts += 1
                result.booked_minor += sum(each.minor for each in given.values())
                result.note(
                    [
                        Difference(past.order_id, key, each.minor, None, "no_facts")
                        for key, each in given.items()
                    ]
                )
        return result

    def _compare(
        self, past: Past, given: dict[str, Booked], asked: tuple[Any, ...], result: Compared
    ) -> None:
        priced_at, version, text = asked
        programme = self._programme(version)
        result.booked_minor += sum(each.minor for each in given.values())
        priced = _priced(past, programme, priced_at, orjson.loads(text)) if programme else None
        result.replayed_minor += sum(deal.amount for deal in priced.given) if priced else 0
        result.note(_differences(past.order_id, given, priced))

    def _programme(self, version: int) -> Programme | None:
        if version not in self._programmes:
            self._programmes[version] = publication.at_version(version).compiled
        return self._programmes[version]


def worker(now: datetime) -> LiveWorker:
    """What compares orders in a process."""
    return LiveWorker(now)


def _priced(past: Past, programme: Programme, at: datetime, document: Mapping[str, Any]) -> Priced:
    asked = facts.from_document(document, at, past.facts.known.get("store.code", ""), settings.LAOKE.zone)
    basket = Basket(
        past.basket.lines,
        deliveries=asked.deliveries,
        codes=asked.codes,
        channel=past.basket.channel,
        currency=past.basket.currency,
        gift_choices=asked.gift_choices,
    )
    return price(basket, programme, asked.facts, at)


def _differences(order_id: int, given: dict[str, Booked], priced: Priced | None) -> list[Difference]:
    now: dict[str, Booked] = {}
    refused: dict[str, str] = {}
    if priced is not None:
        refused = {each.ready.offer.key: each.code for each in priced.refused}
        for deal in priced.given:
            lines = {line.line_no: part for line, part in zip(priced.lines, deal.lines, strict=True) if part}
            now[deal.ready.offer.key] = Booked(deal.amount, lines, deal.pieces)
    found = []
    for key in [*given, *(key for key in now if key not in given)]:
        then, again = given.get(key), now.get(key)
        if then == again:
            continue
        if then is None or again is None:
            why = "given_now" if then is None else refused.get(key, "not_concerned")
        elif then.minor != again.minor:
            why = "amount"
        else:
            why = "lines" if then.lines != again.lines else "gifts"
        found.append(
            Difference(order_id, key, then.minor if then else None, again.minor if again else None, why)
        )
    return found
