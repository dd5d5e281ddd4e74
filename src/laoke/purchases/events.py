"""What this module announces through the outbox. Payloads hold ids, codes and amounts, never personal data."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

DELIVERY = declare(
    "order.delivery",
    "An order took a step on its way: packed, shipped, delivered, done or cancelled.",
    order_id="the order",
    order_no="the till's number",
    member_id="the member; null when the purchase was anonymous",
    store="code of the store",
    status="where it stands now",
    previous_status="where it stood before",
    at="when it took the step",
)
