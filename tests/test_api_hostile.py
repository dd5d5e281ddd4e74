"""Input that no honest caller sends: every refusal is a clear problem, none is a fault, none leaves anything behind."""

# One case is one line: a table is read down its columns.
# ruff: noqa: E501

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from laoke.foundation.access import WHOLE_SHOP
from tests.api_shop import ALL, MEMBER, ORDER, PHONE, Operation, key, operations, send, state

# The items of a bulk request are those of the single one.
BULK = {"/v1/stores", "/v1/channels", "/v1/categories", "/v1/products"}
WITH_BODY = [each for each in operations() if each.body is not None and each.path not in BULK]
IDS = [f"{operation.method} {operation.path}" for operation in WITH_BODY]

SQL = "'); drop table members_member; --"
HTML = "<script>alert(1)</script>"
HOSTILE: list[Any] = [
    None,
    True,
    -1,
    2**63,
    10**400,
    "",
    "a\0b",
    "\ud83d\ude00" * 40,
    "x" * 5000,
    SQL,
    "1e999999999",
    "0001-01-01T00:00:00+14:00",
    [],
    {"a": {"b": None}},
]


@pytest.fixture
def shop(described_shop):
    return described_shop


def variants(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a body, and of its containers."""
    if isinstance(body, dict):
        for name, part in body.items():
            yield (*path, name)
            yield from variants(part, (*path, name))
    elif isinstance(body, list) and body:
        yield (*path, 0)
        yield from variants(body[0], (*path, 0))


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize("operation", WITH_BODY, ids=IDS)
def test_no_value_of_a_field_makes_a_fault(operation: Operation, shop):
    authorization = key(ALL)
    before = state()
    for path in variants(operation.body):
        for value in HOSTILE:
            body = replaced(operation.body, path, value)
            point = transaction.savepoint()
            answer = send(
                operation.method,
                operation.url,
                json.dumps(body).encode(),
                authorization,
                **{**operation.headers, "Idempotency-Key": "hostile"},
            )
            place = (path, str(value)[:60], answer.content[:300])
            assert answer.status_code < 500, place
            assert not connection.needs_rollback, place
            if answer.status_code < 400:
                transaction.savepoint_rollback(point)
            else:
                assert answer["Content-Type"] == "application/problem+json", place
                assert PHONE not in answer.text, place
                transaction.savepoint_commit(point)
    assert state() == before


BASKET = next(each for each in WITH_BODY if each.path == "/v1/quotes").body
SALE = next(each for each in WITH_BODY if each.path == "/v1/orders").body
RETURN = next(each for each in WITH_BODY if each.path.endswith("/returns")).body
STORE = next(each for each in WITH_BODY if each.path == "/v1/stores/{code}").body
PRODUCT = next(each for each in WITH_BODY if each.path == "/v1/products/{sku}").body
PERSON = next(each for each in WITH_BODY if each.path == "/v1/members").body
CONSENT = next(each for each in WITH_BODY if each.path.endswith("/consents")).body


def line(**fields: Any) -> dict[str, Any]:
    return SALE | {"lines": [{"sku": "0103001", **fields}], "tenders": []}


# what, method, address, body, status, type
REFUSED: list[tuple[str, str, str, Any, int, str]] = [
    ("an unknown member", "post", "/v1/orders", SALE | {"member": {"member_id": 999_999}}, 404, "unknown-member"),
    ("a member id beyond all", "post", "/v1/orders", SALE | {"member": {"member_id": 2**63}}, 422, "invalid-request"),
    ("nobody's phone", "post", "/v1/members/lookup", {"kind": "phone", "value": "13000000000"}, 404, "unknown-member"),
    ("no phone at all", "post", "/v1/members/lookup", {"kind": "phone", "value": "110"}, 422, "bad-phone"),
    ("an unknown product", "post", "/v1/orders", line(sku="nope"), 422, "unknown-product"),
    ("an unknown store", "post", "/v1/orders", SALE | {"store": "S999"}, 422, "unknown-store"),
    ("an unknown channel", "post", "/v1/orders", SALE | {"channel": "fax"}, 422, "unknown-channel"),
    ("a negative quantity", "post", "/v1/orders", line(quantity=-1), 422, "bad-basket"),
    ("no quantity", "post", "/v1/orders", line(quantity="0"), 422, "bad-basket"),
    ("an absurd quantity", "post", "/v1/orders", line(quantity="1000001"), 422, "invalid-request"),
    ("four decimals", "post", "/v1/orders", line(quantity="0.0001"), 422, "invalid-request"),
    ("a negative price", "post", "/v1/orders", line(unit_price_minor=-1), 422, "invalid-request"),
    ("an absurd price", "post", "/v1/orders", line(unit_price_minor=10**12 + 1), 422, "invalid-request"),
    ("an absurd amount", "post", "/v1/orders", line(unit_price_minor=10**12, quantity="1000000"), 422, "bad-basket"),
    ("a fraction of a fen", "post", "/v1/orders", line(unit_price_minor=1.5), 422, "invalid-request"),
    ("a discount above the line", "post", "/v1/orders", line(discount_minor=341), 422, "bad-basket"),
    ("another currency", "post", "/v1/orders", SALE | {"currency": "USD"}, 422, "wrong-currency"),
    ("no currency", "post", "/v1/orders", SALE | {"currency": "yuan"}, 422, "invalid-request"),
    ("payments that do not sum", "post", "/v1/orders", SALE | {"tenders": [{"kind": "cash", "amount_minor": 1}]}, 422, "tenders-do-not-sum"),
    ("points nobody has", "post", "/v1/orders", SALE | {"points_to_redeem": 100_000, "tenders": []}, 409, "points-refused"),
    ("a till's clock ahead", "post", "/v1/orders", SALE | {"placed_at": "2126-03-10T12:00:00Z"}, 422, "clock-in-future"),
    ("a till's clock lost", "post", "/v1/orders", SALE | {"placed_at": "1980-01-01T00:00:00Z"}, 422, "clock-in-past"),
    ("no time zone", "post", "/v1/orders", SALE | {"placed_at": "2026-03-10T12:00:00"}, 422, "invalid-request"),
    ("seconds since 1970", "post", "/v1/orders", SALE | {"placed_at": 1773115200}, 422, "invalid-request"),
    ("a field nobody knows", "post", "/v1/orders", SALE | {"plcaed_at": ""}, 422, "invalid-request"),
    ("501 lines", "post", "/v1/quotes", BASKET | {"lines": [{"sku": "0103001"}] * 501}, 422, "too-many-lines"),
    ("a quote made elsewhere", "post", "/v1/orders", SALE | {"quote": "WzJd.aGVsbG8"}, 409, "quote-mismatch"),
    ("more back than bought", "post", f"/v1/orders/{ORDER}/returns", RETURN | {"lines": [{"line_no": 1, "quantity": 3}]}, 422, "return-refused"),
    ("a line that was not bought", "post", f"/v1/orders/{ORDER}/returns", RETURN | {"lines": [{"line_no": 9, "quantity": 1}]}, 422, "return-refused"),
    ("a return before the purchase", "post", f"/v1/orders/{ORDER}/returns", RETURN | {"returned_at": "2026-03-09T00:00:00Z"}, 422, "return-refused"),
    ("a return of no order", "post", "/v1/orders/999999/returns", RETURN, 404, "unknown-order"),
    ("a return of an order beyond all", "post", f"/v1/orders/{2**63}/returns", RETURN, 422, "invalid-request"),
    ("delivery of no order", "post", "/v1/orders/999999/delivery", {"status": "done", "at": "2026-03-11T00:00:00Z"}, 404, "unknown-order"),
    ("delivery before the order", "post", f"/v1/orders/{ORDER}/delivery", {"status": "done", "at": "2026-03-09T00:00:00Z"}, 409, "delivery-refused"),
    ("delivery tomorrow", "post", f"/v1/orders/{ORDER}/delivery", {"status": "done", "at": "2126-03-09T00:00:00Z"}, 422, "clock-in-future"),
    ("a phone somebody has", "post", "/v1/members", PERSON | {"identities": [{"kind": "phone", "value": PHONE}]}, 409, "identity-taken"),
    ("a person without identity", "post", "/v1/members", PERSON | {"identities": []}, 422, "invalid-request"),
    ("a home store nobody knows", "post", "/v1/members", PERSON | {"home_store": "S999"}, 422, "unknown-store"),
    ("a person not yet born", "post", "/v1/members", PERSON | {"birth_date": "2126-01-01"}, 422, "bad-member-field"),
    ("an old version", "patch", f"/v1/members/{MEMBER}", {"version": 7, "name": "王"}, 409, "member-changed"),
    ("a consent of tomorrow", "post", f"/v1/members/{MEMBER}/consents", CONSENT | {"at": "2126-01-01T00:00:00Z"}, 422, "clock-in-future"),
    ("a look without reason", "post", f"/v1/members/{MEMBER}/reveal", {"field": "phone", "reason": "  "}, 422, "reason-missing"),
    ("a merge with oneself", "post", "/v1/members/merges", {"kept_id": MEMBER, "gone_id": MEMBER, "reason": "dup"}, 422, "merge-with-self"),
    ("more points than there are", "post", f"/v1/members/{MEMBER}/points/adjustments", {"points": -1_900, "reason": "correction"}, 409, "insufficient-points"),
    ("an adjustment of nothing", "post", f"/v1/members/{MEMBER}/points/adjustments", {"points": 0, "reason": "correction"}, 422, "bad-adjustment"),
    ("an adjustment for nobody", "post", "/v1/members/999999/points/adjustments", {"points": 1, "reason": "correction"}, 404, "unknown-member"),
    ("an adjustment for a merged member", "post", "/v1/members/1081/points/adjustments", {"points": 1, "reason": "correction"}, 409, "member-merged"),
    ("a store without name", "put", "/v1/stores/S003", STORE | {"name": " "}, 422, "bad-reference"),
    ("a store code with a line break", "put", "/v1/stores/S0%0A3", STORE, 404, "not-found"),
    ("a store code with a blank before", "put", "/v1/stores/%20S003", STORE, 422, "bad-reference"),
    ("a NUL in an address", "get", "/v1/products/a%00b", None, 422, "invalid-request"),
    ("a product nobody knows", "get", "/v1/products/nope", None, 404, "no-such-entry"),
    ("a negative list price", "put", "/v1/products/x", PRODUCT | {"price_minor": -1}, 422, "invalid-request"),
    ("1,001 products", "post", "/v1/products", {"products": [PRODUCT | {"sku": str(i)} for i in range(1001)]}, 422, "invalid-request"),
    ("one product twice", "post", "/v1/products", {"products": [PRODUCT | {"sku": "x"}] * 2}, 422, "bad-reference"),
    ("a category above itself", "put", "/v1/categories/01", {"name": "圈", "parent": "0103"}, 422, "bad-reference"),
    ("a webhook into our own network", "post", "/v1/webhooks", {"name": "x", "url": "http://169.254.169.254/"}, 422, "bad-webhook-url"),
    ("a topic nobody publishes", "post", "/v1/webhooks", {"name": "x", "url": "https://example.com/", "topics": ["order.comitted"]}, 422, "unknown-topics"),
    ("a webhook nobody made", "get", "/v1/webhooks/999", None, 404, "no-such-webhook-endpoint"),
    ("a delivery nobody sent", "post", "/v1/webhooks/3/deliveries/1/redeliver", None, 404, "no-such-webhook-delivery"),
    ("a page mark of another list", "get", "/v1/orders?after=WyJTMDAxIl0", None, 400, "bad-cursor"),
    ("a page mark that is none", "get", "/v1/stores?after=%00", None, 400, "bad-cursor"),
    ("a page of 201", "get", "/v1/stores?limit=201", None, 422, "invalid-request"),
    ("a member beyond all", "get", f"/v1/members/{2**70}", None, 422, "invalid-request"),
    ("a member by name", "get", "/v1/members/li", None, 422, "invalid-request"),
    ("points of nobody", "get", "/v1/members/999999/points", None, 404, "unknown-member"),
    ("the tier of nobody", "get", "/v1/members/999999/tier", None, 404, "unknown-member"),
    ("what nobody is like", "get", "/v1/members/999999/features", None, 404, "unknown-member"),
    ("what is not computed yet", "get", "/v1/members/1077/features", None, 404, "features-not-computed"),
    ("an address that is none", "get", "/v1/nothing", None, 404, "not-found"),
    ("an address one may not delete", "delete", "/v1/stores", None, 405, "method-not-allowed"),
    ("text that is not JSON", "post", "/v1/quotes", b"{", 400, "malformed-body"),
    ("NaN", "post", "/v1/quotes", b'{"lines": NaN}', 400, "malformed-body"),
    ("half a surrogate pair", "post", "/v1/quotes", b'{"store": "\\ud800"}', 400, "malformed-body"),
    ("text that is not UTF-8", "post", "/v1/quotes", b'{"store": "\xff\xfe"}', 400, "malformed-body"),
    ("100,000 brackets", "post", "/v1/quotes", b"[" * 100_000, 400, "malformed-body"),
    ("a list for an object", "post", "/v1/quotes", [BASKET], 422, "invalid-request"),
    ("nothing at all", "post", "/v1/quotes", b"", 422, "invalid-request"),
    ("10 MB", "post", "/v1/orders", b" " * (10 << 20), 413, "body-too-large"),
]  # fmt: skip


@pytest.fixture(scope="module")
def case_names():
    names = [case[0] for case in REFUSED]
    assert len(names) == len(set(names))
    return names


def test_what_cannot_be_is_refused_and_leaves_nothing_behind(shop, case_names):
    authorization = key(ALL)
    before = state()
    wrong = []
    for what, method, url, body, status, code in REFUSED:
        answer = send(method, url, body, authorization, Idempotency_Key="bad")
        found = (answer.status_code, answer.json()["type"].rpartition("/")[2], answer["Content-Type"])
        if found != (status, code, "application/problem+json"):
            wrong.append((what, found, answer.json()["detail"]))
        assert {"type", "title", "status", "detail", "instance"} <= set(answer.json())
        assert PHONE not in answer.text
        if state() != before:
            wrong.append((what, "left something behind"))
    assert wrong == []


def test_a_body_of_another_kind_is_refused(shop):
    authorization = key(ALL)
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=gbk",
        "",
        "multipart/form-data",
    ):
        answer = send("post", "/v1/quotes", BASKET, authorization, Content_Type=kind)
        assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-body"), kind
    assert (
        send(
            "post", "/v1/quotes", BASKET, authorization, Content_Type="application/json; charset=UTF-8"
        ).status_code
        == 200
    )


def test_a_key_stands_for_one_request_only(shop):
    authorization = key(ALL)
    first = send("post", "/v1/orders", SALE, authorization, Idempotency_Key="k1")
    again = send("post", "/v1/orders", SALE, authorization, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    before = state()
    given = {"points": 5, "reason": "goodwill"}
    for url, body in (
        ("/v1/orders", SALE | {"order_no": "another"}),
        (f"/v1/orders/{ORDER}/returns", RETURN),
        (f"/v1/members/{MEMBER}/points/adjustments", given),
        ("/v1/members", PERSON),
    ):
        answer = send("post", url, body, authorization, Idempotency_Key="k1")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/idempotency-key-reused"), url
    for missing in ("", "x" * 129, "schlüssel"):
        answer = send("post", "/v1/orders", SALE, authorization, Idempotency_Key=missing)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/idempotency-key-missing")
    assert state() == before


def test_sql_and_html_in_names_stay_text(shop):
    authorization = key(ALL)
    for number, name in enumerate(
        (SQL, HTML, "Robert'); --", "{{7*7}}", "${jndi:ldap://x}", "名\u202e字", "👨‍👩‍👧")
    ):
        stored = send("put", "/v1/products/odd", PRODUCT | {"name": name, "brand": name[:40]}, authorization)
        assert stored.status_code == 200
        assert send("get", "/v1/products/odd", None, authorization).json()["name"] == name
        order = line(sku="odd") | {"order_no": f"N{number}", "member": None}
        sold = send("post", "/v1/orders", order, authorization, Idempotency_Key=f"n{number}")
        assert sold.json()["lines"][0]["name"] == name
    person = PERSON | {"name": HTML, "identities": [{"kind": "shop_account", "value": SQL, "issuer": "shop"}]}
    made = send("post", "/v1/members", person, authorization).json()["member_id"]
    shown = send("post", f"/v1/members/{made}/reveal", {"field": "name", "reason": "test"}, authorization)
    assert shown.json()["values"] == [HTML]
    found = send(
        "post", "/v1/members/lookup", {"kind": "shop_account", "value": SQL, "issuer": "shop"}, authorization
    )
    assert found.json()["member_id"] == made


def test_a_key_limited_to_stores_stays_within_them(shop):
    with connection.cursor() as cursor:
        cursor.execute("select id from purchases_store where code = 'S002'")
        (other,) = cursor.fetchone()
    elsewhere = key(ALL - WHOLE_SHOP, stores=[other])
    before = state()
    for method, url, body in (
        ("post", "/v1/quotes", BASKET),
        ("post", "/v1/orders", SALE),
        ("get", f"/v1/orders/{ORDER}", None),
        ("post", f"/v1/orders/{ORDER}/returns", RETURN),
        ("post", f"/v1/orders/{ORDER}/delivery", {"status": "done", "at": "2026-03-11T00:00:00Z"}),
        ("put", "/v1/stores/S001", STORE),
        ("put", "/v1/stores/S003", STORE),
        ("post", "/v1/members", PERSON),
        ("patch", f"/v1/members/{MEMBER}", {"version": 1, "home_store": "S001"}),
        ("post", f"/v1/members/{MEMBER}/export", {"reason": "the person asked"}),
    ):
        answer = send(method, url, body, elsewhere, Idempotency_Key="s")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/outside-stores"), url
    assert send("get", "/v1/orders", None, elsewhere).json() == {"orders": [], "after": None}
    assert state() == before
    assert send("put", "/v1/stores/S002", STORE, elsewhere).status_code == 200
    assert len(send("get", "/v1/orders", None, key(ALL)).json()["orders"]) == 1
