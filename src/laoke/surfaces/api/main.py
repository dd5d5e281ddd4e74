"""The REST API: every module's endpoints under /v1."""

from __future__ import annotations

from ninja import NinjaAPI

from laoke.checkout.api import router as checkout
from laoke.foundation.web.api import JsonParser, JsonRenderer, KeyAuth, answer_problems

DESCRIPTION = """
The API of Laoke. Amounts are integers of minor units (fen), points are integers, instants carry their time zone.
Every refusal is a problem response (RFC 9457) whose `type` leads to its explanation. Commands take an
`Idempotency-Key` and can be repeated.
"""

api = NinjaAPI(
    title="Laoke",
    version="1",
    description=DESCRIPTION,
    auth=KeyAuth(),
    parser=JsonParser(),
    renderer=JsonRenderer(),
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="v1",
)
answer_problems(api)
api.add_router("", checkout)
