"""Requests drawn from the API's own description, against the whole application: what it declares it does."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from laoke.project.wsgi import application
from tests import api_shop

SCHEMA = schemathesis.openapi.from_wsgi("/v1/openapi.json", application)


@pytest.fixture
def till(described_shop):
    # A real server closes connections between requests; here the test's transaction is open in it.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield api_shop.key(api_shop.ALL)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@SCHEMA.parametrize()
@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_answers_as_it_declares(case, till):
    point = transaction.savepoint()
    case.call_and_validate(headers={"Authorization": till}, excluded_checks=[positive_data_acceptance])
    transaction.savepoint_rollback(point)
