"""The API keeps to its own description: every operation, its example, its scopes, its refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from laoke.foundation.web.fields import In
from tests.api_shop import ALL, Operation, call, description, key, operations, state

EVERY = list(operations())
IDS = [f"{operation.method} {operation.path}" for operation in EVERY]
DOCUMENT = description()


def validator(schema: dict[str, Any]) -> Any:
    """Of one schema within the document."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


@pytest.fixture
def shop(described_shop):
    return described_shop


@pytest.mark.parametrize("operation", EVERY, ids=IDS)
class TestEveryOperation:
    def test_its_examples_have_the_declared_form(self, operation: Operation):
        assert operation.details["summary"]
        assert operation.details["description"]
        bodies = [operation.details.get("requestBody", {}), *operation.details["responses"].values()]
        contents = [content for body in bodies for content in body.get("content", {}).values()]
        assert contents
        for content in contents:
            validator(content["schema"]).validate(content["example"])

    def test_its_example_is_answered_with_just_its_scopes_and_refused_without(self, operation, shop):
        sufficient = key(operation.scopes)
        lacking = {scope: key(ALL - {scope}) for scope in operation.scopes}
        before = state()
        for authorization in (None, "Bearer lk_unknown0000_secret", "Basic eDp5", "Bearer "):
            answer = call(operation, authorization)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
        for scope, authorization in lacking.items():
            answer = call(operation, authorization)
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/missing-scope")
            assert answer.json()["scope"] == scope
        assert state() == before

        answer = call(operation, sufficient)
        (success,) = [status for status in operation.details["responses"] if status.startswith("2")]
        assert answer.status_code == int(success), answer.content
        schema = operation.details["responses"][success]["content"]["application/json"]["schema"]
        validator(schema).validate(answer.json())
        if not operation.changes:
            assert state() == before


def test_every_operation_names_its_scopes():
    assert [operation.path for operation in EVERY if not operation.scopes] == []


def test_operations_have_names_of_their_own():
    names = [operation.details["operationId"] for operation in EVERY]
    assert len(names) == len(set(names)) == len(EVERY)


def test_no_address_takes_personal_data():
    taken = {
        parameter["name"]
        for operation in EVERY
        for parameter in operation.details["parameters"]
        if parameter["in"] in ("path", "query")
    }
    assert taken == {
        "member_id", "order_id", "merge_id", "identity_id", "endpoint_id", "delivery_id", "code", "sku",
        "store", "order_no", "from", "to", "status", "after", "limit", "offer", "state", "coupon_id", "batch_id",
        "template", "month", "ahead", "valid_months", "earn_percent", "worth_minor", "household_id", "hold_id",
        "adjustment_id", "transfer_id", "event_id", "which", "benefit", "use_id",
        "grant_id", "sale_id", "membership_id", "plan",
    }  # fmt: skip


def test_every_operation_stands_under_one_of_the_tags_the_page_explains():
    declared = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in EVERY for tag in operation.details["tags"]} == declared


class TestDescription:
    def test_it_is_openapi_3_1_and_needs_no_key(self):
        answer = Client().get("/v1/openapi.json")
        assert answer.status_code == 200
        assert answer.json() == DOCUMENT
        assert DOCUMENT["openapi"] == "3.1.0"

    def test_the_docs_page_draws_itself_from_our_own_files(self):
        page = Client().get("/v1/docs")
        assert page.status_code == 200
        policy = page["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(files) >= 4
        for file in files:
            assert file.startswith("/static/ninja/")
            asset = Client().get(file)
            assert asset.status_code == 200, file
            assert len(b"".join(asset.streaming_content)) > 100
        assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", page.text)


def bodies(model: type[In]) -> Iterator[type[In]]:
    """Every form of a body."""
    for below in model.__subclasses__():
        yield below
        yield from bodies(below)


def test_a_yes_or_no_takes_nothing_else():
    loose = [
        f"{model.__name__}.{name}"
        for model in bodies(In)
        for name, field in model.model_fields.items()
        if field.annotation is bool and not any(getattr(each, "strict", False) for each in field.metadata)
    ]
    assert not loose
