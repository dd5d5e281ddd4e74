"""The trip of an order through the services, as a table a shopkeeper can read."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from django.db import connection

from laoke.checkout import orders, programme, quotes, returns
from laoke.checkout.types import BasketRequest, LineRequest, MemberKey, OrderRequest, ReturnRequest
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput, StoreInput

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_first():
    purchases.save_stores(SYSTEM, [StoreInput("S1", "一店")], at=NOW)
    purchases.save_channels(SYSTEM, {"pos": ("门店", "Till")}, at=NOW)
    purchases.save_products(SYSTEM, [ProductInput("milk", "牛奶", 1250), ProductInput("rice", "大米", 6990)], at=NOW)
    member_id = members.register(caller=SYSTEM, at=NOW, identities=[IdentityInput("phone", "13812345678")])
    basket = BasketRequest("S1", "pos", "CNY", (LineRequest("milk", 2000), LineRequest("rice", 1000)), MemberKey(member_id))
    quote = quotes.quote(SYSTEM, basket, at=NOW)
    print(quote)
    request = OrderRequest("A1", basket, NOW, quote=quote["quote"])
    answer = orders.commit(SYSTEM, request, "k1", b"x", now=NOW)
    print(orjson.loads(answer.body))
    again = orders.commit(SYSTEM, request, "k1", b"x", now=NOW)
    assert again.body == answer.body and not again.first
    back = returns.take_back(SYSTEM, ReturnRequest("R1", orjson.loads(answer.body)["order_id"], NOW), "k2", b"", now=NOW)
    print(orjson.loads(back.body))
    with connection.cursor() as c:
        c.execute("select * from points_posting")
        print(c.fetchall())
        c.execute("select * from points_account")
        print(c.fetchall())
