"""What is kept of an order, priced as the order was: for programmes that price it anew when goods come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings

from laoke.checkout.programme import Programme
from laoke.engine.pricing.basket import Basket, Line
from laoke.engine.pricing.pricing import price
from laoke.engine.returning import SoldLine
from laoke.kernel.sharing import share_so_far
from laoke.promotions import facts
from laoke.promotions.services import Still
from laoke.purchases import selectors


class KeptPrice(NamedTuple):
    """What the kept goods cost, and what offers give to them."""

    total_minor: int
    by_offer: Mapping[str, Still]


class Order:
    """An order with everything its price was asked with.

    Articles are asked as the catalogue has them now: their category and tags of then are not kept.
    """

    def __init__(
        self, cursor: psycopg.Cursor[Any], order_id: int, rules: Programme, sold: Sequence[SoldLine]
    ) -> None:
        store, self._channel, self._currency, self._at, document = _order(cursor, order_id)
        self._asked = facts.from_document(orjson.loads(document), self._at, store, settings.LAOKE.zone)
        self._rules = rules
        self._lines = _lines(cursor, order_id, sold)

    def keeping(self, kept: Mapping[int, int]) -> KeptPrice:
        """Price what is kept, in thousandths by line number."""
        programme = self._rules.offers.compiled
        lines = tuple(_part(line, kept[line.line_no]) for line in self._lines if kept[line.line_no] > 0)
        if programme is None or not lines:
            return KeptPrice(sum(line.amount_minor - line.discount_minor for line in lines), {})
        basket = Basket(
            lines,
            codes=self._asked.codes,
            channel=self._channel,
            currency=self._currency,
            gift_choices=self._asked.gift_choices,
            deliveries=self._asked.deliveries,
        )
        found = price(basket, programme, self._asked.facts, self._at)
        return KeptPrice(
            sum(line.net_minor for line in found.lines),
            {deal.ready.offer.key: Still(deal.amount, deal.pieces, deal.granted) for deal in found.given},
        )


def _part(line: Line, kept_milli: int) -> Line:
    """A part of a line, with the part of the shop's own discount that belongs to it."""
    return replace(
        line,
        quantity_milli=kept_milli,
        discount_minor=share_so_far(line.discount_minor, kept_milli, line.quantity_milli),
    )


def _order(cursor: psycopg.Cursor[Any], order_id: int) -> Sequence[Any]:
    row: Sequence[Any] | None = cursor.execute(
        "select s.code, c.code, o.currency, f.priced_at, f.document "
        "from purchases_order o join purchases_store s on s.id = o.store_id "
        "join purchases_channel c on c.id = o.channel_id join promotions_orderfacts f on f.order_id = o.id "
        "where o.id = %s",
        (order_id,),
        prepare=True,
    ).fetchone()
    # Whoever asks has found a use of an offer, and its facts were written with it.
    assert row is not None
    return row


def _lines(cursor: psycopg.Cursor[Any], order_id: int, sold: Sequence[SoldLine]) -> list[Line]:
    """The lines as they were before offers: `amount_minor` of a sold line is what they had left of the list price."""
    rows = cursor.execute(
        "select l.line_no, p.id, l.quantity_milli, l.unit_price_minor, l.gross_minor "
        "from purchases_orderline l join purchases_product p on p.id = l.product_id "
        "where l.order_id = %s order by l.line_no",
        (order_id,),
        prepare=True,
    ).fetchall()
    before_offers = {line.line_no: line.amount_minor for line in sold}
    products = selectors.products_by_id({row[1] for row in rows})
    return [
        Line(
            line_no,
            products[product_id].article,
            quantity,
            unit_price,
            gross - before_offers[line_no],
            cost_minor=products[product_id].cost_minor,
            earns_points=products[product_id].earns_points,
        )
        for line_no, product_id, quantity, unit_price, gross in rows
    ]
