"""Orders follow their member when two are merged, and come back when the merge is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from laoke.kernel.quantity import format_milli
from laoke.purchases.models import Order, OrderLine, OrderReturn


def moved_orders(moved: Mapping[str, Any]) -> list[int]:
    """The orders a merge moved, of what `OrdersFollow.merge` gave."""
    return list(moved.get("orders", ()))


class OrdersFollow:
    """See laoke.members.followers."""

    name = "purchases"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Nothing to prepare: orders come when they are placed."""

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """Orders and returns change their member; which ones is kept for the undo."""
        return {
            "orders": _reassign("purchases_order", "member_id = %s", gone_id, kept_id),
            "returns": _reassign("purchases_orderreturn", "member_id = %s", gone_id, kept_id),
        }

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """The orders that came with the merge go back, with their returns, those made since included."""
        _reassign("purchases_order", "id = any(%s)", moved_orders(moved), gone_id)
        _reassign("purchases_orderreturn", "order_id = any(%s)", moved_orders(moved), gone_id)

    def export(self, member_id: int) -> Mapping[str, object]:
        """Every order with its lines, and every return."""
        orders = list(
            Order.objects.filter(member_id=member_id).select_related("store").order_by("placed_at", "id")
        )
        lines: dict[int, list[dict[str, object]]] = {order.pk: [] for order in orders}
        for line in OrderLine.objects.filter(order__in=orders).select_related("product").order_by("line_no"):
            lines[line.order_id].append(
                {
                    "sku": line.product.sku,
                    "name": line.product.name,
                    "quantity": format_milli(line.quantity_milli),
                    "net_minor": line.net_minor,
                }
            )
        return {
            "orders": [
                {
                    "order_id": order.pk,
                    "order_no": order.order_no,
                    "store": order.store.code,
                    "placed_at": order.placed_at.isoformat(),
                    "currency": order.currency,
                    "total_minor": order.total_minor,
                    "returned_minor": order.returned_minor,
                    "points_earned": order.points_earned,
                    "points_redeemed": order.points_redeemed,
                    "lines": lines[order.pk],
                }
                for order in orders
            ],
            "returns": [
                {
                    "return_no": back.return_no,
                    "order_id": back.order_id,
                    "returned_at": back.returned_at.isoformat(),
                    "returned_minor": back.returned_minor,
                    "refunded_minor": back.refunded_minor,
                }
                for back in OrderReturn.objects.filter(member_id=member_id).order_by("returned_at", "id")
            ],
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """Orders hold only the number of the member: they stay, for the shop's own books."""


def _reassign(table: str, condition: str, value: int | list[int], member_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"update {table} set member_id = %s where {condition} returning id",  # noqa: S608 (fixed words)
            [member_id, value],
        )
        return [row[0] for row in cursor.fetchall()]
