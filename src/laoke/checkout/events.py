"""What the till's trip announces through the outbox. Payloads hold ids, codes and amounts, never personal data."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

COMMITTED = declare(
    "order.committed",
    "A purchase was recorded. Imports announce nothing.",
    order_id="the order",
    order_no="the till's number",
    member_id="the member; null when the purchase was anonymous",
    store="code of the store",
    channel="code of the channel",
    placed_at="when it was placed",
    total_minor="amount due",
    paid_minor="part settled with money",
    points_redeemed="points the member spent",
    points_earned="points the member earned",
)
RETURNED = declare(
    "order.returned",
    "Goods of an order were brought back.",
    return_id="the return",
    return_no="the till's number of the return",
    order_id="the order",
    order_no="the till's number of the order",
    store="code of the store that took them back",
    member_id="the member; null when the purchase was anonymous",
    returned_minor="value of the goods, of the order's total",
    refunded_minor="money given back",
    points_restored="points given back",
    points_clawed_back="points taken back",
)
