"""Query parameters nobody knows are refused on every route, and the declared ones are not."""

from __future__ import annotations

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from laoke.surfaces.api.main import api
from laoke.surfaces.api.strict import parameters_of
from tests.api_shop import ALL, PHONE, Operation, call, key, operations, send, state

EVERY = list(operations())
IDS = [f"{operation.method} {operation.path}" for operation in EVERY]


@pytest.fixture
def shop(described_shop):
    return described_shop


def declared(operation: Operation) -> set[str]:
    return {each["name"] for each in operation.details["parameters"] if each["in"] == "query"}


def with_query(operation: Operation, query: str, authorization: str | None):
    return send(
        operation.method,
        f"{operation.url}?{query}",
        operation.body,
        authorization,
        **operation.headers,
    )


@pytest.mark.parametrize("operation", EVERY, ids=IDS)
def test_an_unknown_parameter_is_refused_and_named_and_leaves_nothing(operation: Operation, shop):
    authorization = key(operation.scopes)
    before = state()
    for query in (f"phone={PHONE}", "phone=", "LIMIT=1", "%00=1", "limit%5B%5D=1"):
        answer = with_query(operation, query, authorization)
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (422, "/problems/unknown-parameter"), query
        assert problem["parameter"] in problem["detail"] or query == "%00=1"
        assert problem["known"] == sorted(declared(operation))
        assert PHONE not in answer.text
        assert ("/v1/members/lookup" in problem["detail"]) == operation.path.startswith("/v1/members")
    assert problem["parameter"] == "limit[]"
    assert state() == before
    # The key is looked at first: nobody learns from outside what an address takes.
    assert with_query(operation, "phone=1", None).status_code == 401


@pytest.mark.parametrize(
    "operation",
    [each for each in EVERY if declared(each)],
    ids=[f"{each.method} {each.path}" for each in EVERY if declared(each)],
)
def test_every_declared_parameter_is_taken(operation: Operation, shop):
    values = {
        "limit": "2", "status": "given_up", "store": "S001", "order_no": "S001-20260310-0130", "member_id": "1042",
        "from": "2026-03-01T00:00:00Z", "to": "2126-03-01T00:00:00Z",
    }  # fmt: skip
    # Others as the description shows them.
    for parameter in operation.details["parameters"]:
        for example in parameter["schema"].get("examples", ()):
            values.setdefault(parameter["name"], example)
    authorization = key(ALL)
    for name in declared(operation):
        if name != "after":
            answer = with_query(operation, f"{name}={values[name]}", authorization)
            assert answer.status_code == 200, (name, answer.content)


def test_what_operations_declare_is_what_the_description_says():
    """The refusal reads the operations themselves, the test above the description: both are of one mind."""
    said = {f"{each.method} {each.path}": declared(each) for each in EVERY}
    found = {
        f"{method.lower()} /v1{path}": set(parameters_of(operation))
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }
    assert {re.sub(r"\{\w+:(\w+)\}", r"{\1}", name): names for name, names in found.items()} == said


def test_no_route_stands_outside():
    """Every address under /v1 is an operation, or one of the two that describe them."""
    (below,) = [
        each
        for each in get_resolver().url_patterns
        if isinstance(each, URLResolver) and str(each.pattern) == "v1/"
    ]
    routes = {str(each.pattern) for each in below.url_patterns if isinstance(each, URLPattern)}
    described = {re.sub(r"\{(\w+)\}", "", each.path.removeprefix("/v1/")) for each in EVERY}
    plain = {re.sub(r"<[^>]*>", "", route) for route in routes}
    assert plain - described == {"openapi.json", "docs", ""}


def test_the_member_list_does_not_answer_with_everybody(shop):
    answer = send("get", f"/v1/members?phone={PHONE}", None, key({"members:read"}))
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "There is no parameter 'phone'. This address takes after, limit. To find a member send POST "
        "/v1/members/lookup or POST /v1/members/search: what identifies a person travels in the body"
    )
    assert "items" not in answer.json()


def test_a_call_without_parameters_is_as_before(shop):
    (listing,) = [each for each in EVERY if (each.method, each.path) == ("get", "/v1/members")]
    assert call(listing, key({"members:read"})).status_code == 200
