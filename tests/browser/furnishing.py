"""What a demo shop lacks before every page has something to show, and the ids of what is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from laoke.foundation.access import SYSTEM, Role
from laoke.foundation.staff import services as staff
from tests.browser.site import LIMITED, NAMES, PASSWORD


def furnish(at: datetime) -> dict[str, Any]:
    """Accounts of every role and one that is limited to a store; returns ids by the names addresses use."""
    (store_id,) = _row("select store_id from purchases_order group by 1 order by count(*) desc, 1 limit 1")
    for role, name in NAMES.items():
        staff.create(SYSTEM, role.value, name, role.value, PASSWORD, at=at)
    staff.create(SYSTEM, LIMITED, "钱一店", Role.STORE_MANAGER.value, PASSWORD, at=at, store_ids=[store_id])
    return known(store_id)


def known(store_id: int) -> dict[str, Any]:
    """Ids of the richest examples: the member with most orders, and so on."""
    (member_id,) = _row(
        "select member_id from purchases_order where member_id is not null "
        "group by 1 order by count(*) desc, 1 limit 1"
    )
    return {"member_id": member_id, "store_id": store_id, "code": "missing-scope"}


def _row(statement: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone())
