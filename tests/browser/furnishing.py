"""What a shop lacks before every page has something to show, and the ids of what is there.

Works on any shop with two members and an order: the demo that browsers visit, and the small one of tests without
a browser.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from laoke.foundation.access import SYSTEM, Role
from laoke.foundation.staff import services as staff
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.purchases import services as purchases
from laoke.purchases.services import CategoryInput, StoreInput
from tests.browser.site import LIMITED, NAMES, PASSWORD

# Two entries of one person, by phone.
PERSON, PHONES = "欧阳小满", ("13612345678", "13612345679")
# A session that nobody has: addresses of sessions are refused or answered without one.
NO_SESSION = UUID("00000000-0000-4000-8000-000000000000")


def furnish(at: datetime) -> dict[str, Any]:
    """Fill in what is missing; returns ids by the names addresses use.

    Accounts of every role are named after it; one more is limited to the store with the most orders.
    """
    stores = purchases.save_stores(
        SYSTEM, [StoreInput("T1", "试营店", "T", "杭州")], at=at, regions={"T": ("试营区", "Trial")}
    )
    purchases.save_categories(SYSTEM, [CategoryInput("T", "试售", "On trial")], at=at)
    home = _one("select store_id from purchases_order group by 1 order by count(*) desc, 1 limit 1")
    first, second = (
        members.register(
            caller=SYSTEM, at=at, name=PERSON, identities=[IdentityInput("phone", phone)], home_store_id=home
        )
        for phone in PHONES
    )
    people = {
        role: staff.create(SYSTEM, role.value, name, role.value, PASSWORD, at=at)
        for role, name in NAMES.items()
    }
    staff.create(SYSTEM, LIMITED, "钱一店", Role.STORE_MANAGER.value, PASSWORD, at=at, store_ids=[home])
    return {
        "code": "missing-scope",
        "member_id": _one(
            "select member_id from purchases_order where member_id is not null "
            "group by 1 order by count(*) desc, 1 limit 1"
        ),
        "person": first,
        "same_person": second,
        "store_id": home,
        "idle_store": stores["T1"],
        "region_id": _one("select max(id) from purchases_region"),
        "channel_id": _one("select min(id) from purchases_channel"),
        "product_id": _one("select min(id) from purchases_product"),
        "category_id": _one("select max(id) from purchases_category"),
        "staff_id": people[Role.ANALYST].pk,
        "session_id": str(NO_SESSION),
    }


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
