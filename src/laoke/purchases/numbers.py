"""The numbers people know orders and returns by."""

from __future__ import annotations

from collections.abc import Iterable

from laoke.purchases.models import Order, OrderReturn


def order_numbers(ids: Iterable[int]) -> dict[int, str]:
    """The tills' numbers of orders, by id."""
    return dict(Order.objects.filter(pk__in=list(ids)).values_list("id", "order_no"))


def return_numbers(ids: Iterable[int]) -> dict[int, str]:
    """The tills' numbers of returns, by id."""
    return dict(OrderReturn.objects.filter(pk__in=list(ids)).values_list("id", "return_no"))
