"""The REST API: every module's endpoints under /v1."""

from __future__ import annotations

from laoke.benefits.api import router as coupons
from laoke.benefits.library.api import router as benefits
from laoke.benefits.mall.api import router as mall
from laoke.checkout.api import router as checkout
from laoke.foundation.web.api import JsonParser, JsonRenderer, KeyAuth, answer_problems
from laoke.foundation.web.docs import Docs
from laoke.foundation.web.openapi import Api
from laoke.foundation.webhooks.api import router as webhooks
from laoke.members.api import router as members
from laoke.points.activities.api import router as activities
from laoke.points.adjustments.api import router as adjustments
from laoke.points.api import router as points
from laoke.points.liability.api import router as liability
from laoke.promotions.api import router as offers
from laoke.purchases.api import order_router as orders
from laoke.purchases.api import router as purchases
from laoke.segments.api import router as segments
from laoke.surfaces.api.strict import known_parameters_only
from laoke.tiers.api import router as tiers
from laoke.tiers.memberships.api import router as memberships

DESCRIPTION = """
The API of Laoke. Amounts are integers of minor units (fen), points are integers, instants carry their time zone.
Every refusal is a problem response (RFC 9457) whose `type` leads to its explanation. Commands that are not safe to
repeat by nature take an `Idempotency-Key`. A field of a body or a query parameter that an operation does not have is
refused. Long lists come in pages: send the mark `after` of one page to get the next.
"""

# In the order of the docs page.
TAGS = {
    "till": "What a till says: price, sell, take back, deliver.",
    "members": "Who the members are. Personal data travels in bodies only and comes back masked.",
    "points": "What members hold, and giving or taking points by hand.",
    "events": "What members do beside buying, and what it earns.",
    "coupons": "Templates, wallets, holds, and issuing to one or to many. Codes travel in bodies only.",
    "benefits": "What members may use, uses and their undoing, grants, codes of partners.",
    "mall": "What there is for points, reserving and handing it out, donations.",
    "tiers": "The ladder, and where members stand on it.",
    "memberships": "What members pay for: plans, begun, renewed, upgraded, cancelled, refunded.",
    "segments": "What is computed about members overnight.",
    "programme": "The rules in force.",
    "offers": "What is announced, where it stands, and the switch that stops it.",
    "orders": "Purchases as they were recorded.",
    "products": "What is sold.",
    "stores": "Where it is sold.",
    "webhooks": "Who is told of what happens.",
}

api = Api(
    title="Laoke",
    version="1",
    description=DESCRIPTION,
    auth=KeyAuth(),
    parser=JsonParser(),
    renderer=JsonRenderer(),
    openapi_url="/openapi.json",
    docs_url="/docs",
    docs=Docs(),
    urls_namespace="v1",
    openapi_extra={"tags": [{"name": name, "description": about} for name, about in TAGS.items()]},
)
answer_problems(api)
api.add_decorator(known_parameters_only, mode="view")
for router in (
    checkout,
    orders,
    purchases,
    members,
    points,
    adjustments,
    activities,
    liability,
    coupons,
    benefits,
    mall,
    tiers,
    memberships,
    segments,
    offers,
    webhooks,
):
    api.add_router("", router)
