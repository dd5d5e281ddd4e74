"""The JSON Schema of a programme file: all its sections."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from laoke.benefits.coupons.documents import TemplateDocument
from laoke.benefits.library.documents import LibraryDocument
from laoke.engine.ledger.terms import OrderOfUse
from laoke.engine.memberships import RefundTerms, Then
from laoke.engine.policy import EarnBasis, Expires, Household, PointsPolicy, Shortfall, Transfers
from laoke.engine.tiering import Basis, Downgrade, Fall, Review, Upgrade
from laoke.kernel.rounding import Rounding
from laoke.points.activities.rules import LONGEST_KIND, MOST_DAYS, MOST_POINTS, ActivityRules
from laoke.points.adjustments.limits import WHO, AdjustmentRules
from laoke.promotions.documents.earning import EarningDocument
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.documents.pricing import PricingDocument
from laoke.promotions.publication import LONGEST_KEY
from laoke.promotions.schema import trees, typed
from laoke.tiers.ladder import MOST_POINTS as MOST_POINTS_OF_TIER
from laoke.tiers.ladder import Counted, Ends, Kept, Whole
from laoke.tiers.memberships import plans

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema, as plain JSON values. It does not depend on the installation."""
    offers: type[BaseModel] = OfferDocument
    pricing: type[BaseModel] = PricingDocument
    coupons: type[BaseModel] = TemplateDocument
    benefits: type[BaseModel] = LibraryDocument
    earning: type[BaseModel] = EarningDocument
    places, made = models_json_schema(
        [(each, "validation") for each in (offers, pricing, coupons, benefits, earning)]
    )
    definitions: dict[str, Any] = typed(made["$defs"])
    # These fields stand in `points.earn` beside the rate.
    beside = definitions.pop("EarningDocument")["properties"]
    return {
        "$schema": DIALECT,
        "title": "Programme of a Laoke installation",
        "description": "Points, tiers, prices, coupons, offers, benefits and more. What is left out stays.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "points": _points(beside),
            "ladder": _LADDER,
            "pricing": places[pricing, "validation"],
            "coupons": _by_key(
                places[coupons, "validation"], "All coupon templates there are to be, by their key"
            ),
            "offers": _by_key(
                places[offers, "validation"], "All offers that are to be in force, by their key"
            ),
            "activities": _ACTIVITIES,
            "adjustments": _ADJUSTMENTS,
            "benefits": places[benefits, "validation"],
            "memberships": _MEMBERSHIPS,
        },
        "$defs": dict(sorted({**definitions, **trees()}.items())),
    }


def text() -> str:
    """The schema as it is published."""
    return orjson.dumps(schema(), option=orjson.OPT_INDENT_2).decode() + "\n"


def _points(beside: dict[str, Any]) -> dict[str, Any]:
    earn = _POINTS["properties"]["earn"]
    earn = earn | {"properties": earn["properties"] | beside}
    return _POINTS | {"properties": _POINTS["properties"] | {"earn": earn}}


def _by_key(each: dict[str, Any], says: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": says,
        "propertyNames": {"pattern": "^[^\\s]+$", "maxLength": LONGEST_KEY},
        "additionalProperties": each,
    }


def _object(says: str, required: list[str] | None = None, **fields: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "description": says,
        "additionalProperties": False,
        "properties": fields,
    }
    return found | ({"required": required} if required else {})


def _whole(says: str, low: int, high: int, default: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high, "description": says}
    return found if default is None else found | {"default": default}


def _count(says: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": says}


def _one_of(says: str, kind: type[StrEnum], default: StrEnum | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"enum": [each.value for each in kind], "description": says}
    return found if default is None else found | {"default": default.value}


_STANDARD = PointsPolicy()
_POINTS = _object(
    "How points are earned and spent, and how long they last",
    earn=_object(
        "What a purchase earns",
        points=_whole("So many points", 0, 1_000_000, _STANDARD.earn.points),
        per_minor=_whole("for so many minor units (fen)", 1, 10**9, _STANDARD.earn.per_minor),
        rounding=_one_of("of the points of a purchase", Rounding, _STANDARD.earn.rounding),
        basis=_one_of(
            "What earns: what is paid with money, or what points pay too", EarnBasis, EarnBasis.PAID
        ),
    ),
    spend=_object(
        "What points pay",
        points=_whole("So many points", 1, 1_000_000, _STANDARD.spend.points),
        worth_minor=_whole("pay so many minor units (fen)", 1, 10**9, _STANDARD.spend.worth_minor),
        step=_whole("Points are used in multiples of this", 1, 1_000_000, _STANDARD.spend.step),
        max_percent=_whole("The most of a basket that points pay", 0, 100, _STANDARD.spend.max_percent),
    ),
    expires=_one_of("When points end", Expires, _STANDARD.expires),
    valid_months=_whole(
        "Months through which rolling points can be used, or points without a purchase",
        1,
        240,
        _STANDARD.valid_months,
    ),
    order_of_use=_one_of(
        "Which points are used first: those that end soonest, or the oldest",
        OrderOfUse,
        _STANDARD.order_of_use,
    ),
    pending_days=_whole("Days after which points of a purchase can be used", 0, 365, _STANDARD.pending_days),
    shortfall=_one_of("Points to be taken back that were spent", Shortfall, _STANDARD.shortfall),
    debt_limit=_whole("The most a member can owe, with a floor", 0, 10**9, _STANDARD.debt_limit),
    grace_days=_whole("Days of points that come back to an expired lot", 1, 3650, _STANDARD.grace_days),
    transfers=_one_of(
        "Whether members give points to each other, and how long these last", Transfers, _STANDARD.transfers
    ),
    transfers_per_day=_whole(
        "The most points a member can give away on a day; 0: all", 0, 10**9, _STANDARD.transfers_per_day
    ),
    household=_one_of(
        "Whether members also spend points of those they live with who share theirs",
        Household,
        _STANDARD.household,
    ),
)
_CRITERION = _object(
    "A criterion",
    ["metric", "at_least"],
    metric=_one_of("What is counted", Counted),
    kind={
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KIND,
        "description": "Of interactions, the kind of events that count; left out: all kinds",
    },
    months=_count("in so many months"),
    days=_count("or days,"),
    window=_one_of("or in a whole one", Whole),
    at_least=_count("Minor units, or a number"),
)


def _alternatives(criterion: dict[str, Any]) -> dict[str, Any]:
    together = _object("All of these", ["all"], all={"type": "array", "minItems": 1, "items": criterion})
    return _object(
        "Alternatives: one is enough, a criterion or several that are needed together",
        ["any"],
        any={"type": "array", "minItems": 1, "items": {"anyOf": [criterion, together]}},
    )


_KEEPING = _CRITERION | {
    "properties": _CRITERION["properties"]
    | {"window": _one_of("or in a whole one, or in the period of the tier", Kept)}
}
_KEEPS = {"type": "array", "minItems": 1, "items": {"anyOf": [_KEEPING, _alternatives(_KEEPING)]}}
_VALIDITY = _object(
    "How long the tier lasts; left out: until something takes it",
    months=_count("So many months"),
    days=_count("or days,"),
    ends=_one_of("or until the end of a year", Ends),
    grace_days=_whole("Days after its last day until it is judged", 0, 3650, 0),
    basis=_one_of(
        "By what its end is judged: the windows, or what was done in the period", Basis, Basis.WINDOW
    ),
    keep=_KEEPS | {"description": "What keeps it; left out: what reaches it"},
    extension=_object(
        "Who does so much has it longer, once in each period",
        ["months", "needs"],
        months=_count("So many months"),
        needs=_KEEPS | {"description": "All have to hold"},
    ),
)
_LADDER = _object(
    "The tiers and how members move between them",
    ["tiers"],
    tiers={
        "type": "array",
        "minItems": 1,
        "description": "The lowest first",
        "items": _object(
            "A tier",
            ["code"],
            code={"type": "string", "pattern": "^[A-Za-z0-9_]{1,20}$"},
            name_zh={"type": "string"},
            name_en={"type": "string"},
            needs={
                "type": "array",
                "description": "All have to hold; none for the lowest",
                "items": {"anyOf": [_CRITERION, _alternatives(_CRITERION)]},
            },
            validity=_VALIDITY,
            price=_object(
                "What it can be bought for, and how long it then lasts; left out: not for sale",
                ["points"],
                points=_whole("So many points", 1, MOST_POINTS_OF_TIER),
                months=_count("for so many months"),
                days=_count("or days"),
            ),
            inactive_days=_whole("Days without a purchase after which it is lost; 0: never", 0, 36_500, 0),
        ),
    },
    review=_one_of("When members are judged for a downgrade", Review, Review.QUARTERLY),
    downgrade=_one_of("How far they fall", Downgrade, Downgrade.TO_QUALIFIED),
    upgrade=_one_of("When they rise", Upgrade, Upgrade.AT_ONCE),
    fall=_one_of("When they fall", Fall, Fall.AT_REVIEW),
)
_LIMIT = _object(
    "Points one person gives or takes alone; left out: any number",
    each=_whole("at once", 0, 10**9),
    per_day=_whole("on a day, given and taken summed", 0, 10**9),
)
_ADJUSTMENTS = _object(
    "Who may give or take points by hand; above the limit a second person decides",
    limits=_object(
        "By role, `apikey` for programs; roles left out have no limit", None, **dict.fromkeys(WHO, _LIMIT)
    ),
    open_days=_whole("Days that a request waits for a decision", 1, 90, AdjustmentRules().open_days),
)
_SHORT = {"type": "string", "minLength": 1, "maxLength": 60}
_OFTEN = {"type": "integer", "minimum": 1, "maximum": 100_000}
_ACTIVITIES = _object(
    "What members earn beside buying",
    kinds={
        "type": "object",
        "description": "By kind: check_in, app_activity, share, survey, referral, ugc, or one of your own with a name",
        "propertyNames": {"pattern": "^_*[A-Za-z0-9][A-Za-z0-9_]*$", "maxLength": LONGEST_KIND},
        "additionalProperties": _object(
            "What an event pays",
            ["points"],
            name=_object("What it is called", ["zh", "en"], zh=_SHORT, en=_SHORT),
            points=_whole("Points each time", 0, MOST_POINTS),
            times=_object(
                "How often it pays one member",
                day=_OFTEN | {"description": "on a day"},
                week=_OFTEN | {"description": "in a week from Monday on"},
                total=_OFTEN | {"description": "in all"},
            ),
            once_per_subject={"type": "boolean", "description": "Only the first about the same subject pays"},
            streak=_object(
                "More points for days in a row",
                ["days", "bonus"],
                days=_whole("Each time so many days are full", 2, MOST_DAYS),
                bonus=_whole("so many points", 1, MOST_POINTS),
            ),
            friend_points=_whole("Of referrals: what the friend gets", 0, MOST_POINTS),
            least_order_minor=_whole("Of referrals: what the friend has to have paid with money", 1, 10**9),
        ),
    },
    late_days=_whole("Days after which an event is not taken any more", 0, 90, ActivityRules().late_days),
)
_REFUND = RefundTerms()
_NAME = {"type": "string", "minLength": 1, "maxLength": plans.LONGEST_NAME}
_MEMBERSHIPS = _object(
    "What members can pay for",
    plans={
        "type": "object",
        "description": "All plans there are to be, by their code",
        "propertyNames": {"pattern": "^[-_]*[A-Za-z0-9][A-Za-z0-9_-]*$", "maxLength": plans.LONGEST_CODE},
        "additionalProperties": _object(
            "A plan",
            ["name", "tier", "price_minor"],
            name=_object("What it is called", ["zh", "en"], zh=_NAME, en=_NAME),
            tier={
                "type": "string",
                "minLength": 1,
                "maxLength": 20,
                "description": "The tier it gives beside what is earned: not the lowest",
            },
            price_minor=_whole("What a term costs, in minor units (fen)", 0, plans.MOST_MINOR),
            months=_whole("A term has so many months", 1, plans.MOST_MONTHS),
            days=_whole("or days", 1, plans.MOST_DAYS),
            on_sale={
                "type": "boolean",
                "default": True,
                "description": "False: nobody begins it any more; who has it can renew it",
            },
            trial=_object(
                "Some days to try it, once for each member; left out: none",
                ["days"],
                days=_whole("So many", 1, plans.MOST_TRIAL_DAYS),
                price_minor=_whole("for so much", 0, plans.MOST_MINOR, 0),
            ),
            grace_days=_whole(
                "Days after the last one paid on which it can be renewed as if in time; the tier stays",
                0,
                plans.MOST_GRACE_DAYS,
                0,
            ),
            refund=_object(
                "What comes back of one that is given up",
                full_days=_whole(
                    "Within so many days of a payment all of it, once for each member and plan",
                    0,
                    plans.MOST_TRIAL_DAYS,
                    _REFUND.full_days,
                ),
                then=_one_of("and after that", Then, _REFUND.then),
                rounding=_one_of("of a part of a payment", Rounding, _REFUND.rounding),
                less_benefits={
                    "type": "boolean",
                    "default": _REFUND.less_benefits,
                    "description": "Less what the benefits used in the term cost the shop",
                },
            ),
        ),
    },
)
