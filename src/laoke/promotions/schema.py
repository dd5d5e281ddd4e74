"""The JSON Schema of offers and pricing: what programme files may hold, so that editors complete and check them.

Made from the documents themselves and from the vocabulary. What depends on several fields at once (steps that ascend,
one of two fields) is for the readers alone: whatever the schema refuses they refuse too.
"""

from __future__ import annotations

from typing import Any

from laoke.engine.conditions import Op
from laoke.engine.conditions.vocabulary import Attribute, Kind, Subject, Vocabulary
from laoke.promotions.documents.values import CONDITION, LINES
from laoke.promotions.vocabulary import VOCABULARY

REF = "#/$defs/"
TREES = {CONDITION: f"{REF}condition", LINES: f"{REF}lines"}

_SCALARS: dict[Kind, dict[str, Any]] = {
    Kind.NUMBER: {"type": "integer"},
    Kind.MONEY: {"type": ["number", "string"]},
    Kind.TEXT: {"type": ["string", "integer"]},
    Kind.FLAG: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIME: {"type": ["string", "integer"]},
}
_SAYS = {
    Op.EQ: "equal to",
    Op.NE: "another than",
    Op.GT: "above",
    Op.GTE: "at least",
    Op.LT: "below",
    Op.LTE: "at most",
    Op.IN: "one of",
    Op.NOT_IN: "none of",
    Op.HAS_ALL: "every one of",
    Op.EXISTS: "known at all",
}

# What fields of offers say, by model and field; models themselves are described by their docstrings.
FIELDS: dict[str, dict[str, str]] = {
    "OfferDocument": {
        "name": "What it is called on screen and receipt",
        "goal": "What it is for",
        "bearer": "Who bears the cost",
        "stage": "When it runs; each stage sees what the ones before left",
        "priority": "Within a stage the larger goes first",
        "starts": "Included; a date alone is the whole day",
        "ends": "Included; a date alone is the whole day",
        "channels": "Only there: codes of channels",
        "codes": "Only with one of these, entered at the till",
        "coupons": "Only with a coupon of one of these templates",
        "when": "What has to hold",
        "gives": "What it does",
        "group": "Of a group one offer stays in each stage: the one that gives most",
        "exclusive_set": "Of a set one offer stays in the whole basket",
        "exclusive": "Nothing else applies beside it",
        "once_per_line": "Takes from no line that another such offer took from",
        "limits": "How often and for how much",
        "paused": "Takes no part until it is set going again",
    },
    "Allowed": {
        "in_total": "Uses by everybody together",
        "per_member": "Uses by one member",
        "per_member_a_day": "Uses by one member on one day",
        "members_only": "Not for anonymous shoppers",
        "budget": "Money it may give",
        "on_exceed": "When the rest of the budget does not reach: refuse, or give the rest",
        "pacing": "Whether the budget goes out evenly over the days",
        "alarm_at": "Percent of the budget at which somebody is told",
    },
    "PricingDocument": {
        "preset": "Policies that belong together, by name",
        "policies": "What differs from the preset",
        "guards": "What offers must leave, whatever their stage",
        "refunds": "What happens to discounts when a part of an order comes back",
        "checks": "Checks of the law of price promotions before an offer starts",
        "four_eyes_above": "Offers that may cost more are approved by somebody else than their author",
    },
    "EarningDocument": {
        "without": "Articles that earn nothing, such as gift cards",
        "without_tenders": "Means of payment: what is paid with them earns nothing",
        "round_each": "What is rounded: the whole order, or each line by itself",
        "tiers": "By tier, how many times the points count; others count once",
        "rules": "What else purchases earn, in this order",
        "caps": "The most a member earns with purchases",
    },
    "RuleDocument": {
        "key": "Names it in answers and explanations",
        "name": "What it is called on receipt and screen",
        "when": "What has to hold",
        "of": "For these articles only",
        "factor": "So many times what these lines earned by then",
        "with_bonuses": "The factor counts for bonuses too",
        "bonus": "So many points, once an order",
        "per_unit": "So many points for every unit",
        "per_amount": "So many points for every amount",
        "stop": "Where it holds, no later rule is asked",
    },
    "CapsDocument": {
        "order": "With one order",
        "day": "With the orders of a day",
        "month": "With the orders of a calendar month",
    },
    "GuardsDocument": {
        "line_share": "Percent of a line that offers may take together",
        "basket_share": "Percent of a basket that offers may take together",
        "price_floors": "By category, percent of the list price that must be left",
        "margins": "By category, percent of the net price that must be left over the cost",
    },
}


def typed(schema: Any) -> Any:
    """A schema with its trees typed by the vocabulary and its fields described; generated titles go."""
    if isinstance(schema, list):
        return [typed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    title = schema.get("title")
    if title in TREES and schema.get("type") == "object" and "properties" not in schema:
        return {"$ref": TREES[title]}
    found = {
        name: _properties(value, str(title)) if name == "properties" else typed(value)
        for name, value in schema.items()
        if name != "title" or isinstance(value, dict)
    }
    if found.get("default", ...) is None:
        del found["default"]
    return found


def trees() -> dict[str, Any]:
    """The definitions of conditions, and of trees that choose articles."""
    return {
        "condition": _tree(VOCABULARY, "condition", "What has to hold: attributes, or all, any, not"),
        "lines": _tree(
            VOCABULARY.about(Subject.LINE), "lines", "Which articles: attributes, or all, any, not"
        ),
    }


def _properties(properties: dict[str, Any], model: str) -> dict[str, Any]:
    said = FIELDS.get(model, {})
    return {
        name: typed(each) | ({"description": said[name]} if name in said else {})
        for name, each in properties.items()
    }


def _tree(vocabulary: Vocabulary, name: str, says: str) -> dict[str, Any]:
    some = {"type": "array", "items": {"$ref": REF + name}}
    return {
        "type": "object",
        "description": says,
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            **{attribute.name: _attribute(attribute) for attribute in vocabulary},
            "all": some | {"description": "Every one of these holds"},
            "any": some | {"description": "One of these holds"},
            "not": {"$ref": REF + name, "description": "This does not hold"},
        },
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    scalar = dict(_SCALARS[attribute.kind])
    if attribute.choices:
        scalar = {"enum": list(attribute.choices)}
    several = {"type": "array", "minItems": 1, "items": scalar}
    compared: dict[str, Any] = {}
    for op in attribute.ops:
        if op is Op.EXISTS:
            value: dict[str, Any] = {"type": "boolean"}
        elif op in (Op.IN, Op.NOT_IN, Op.HAS_ALL):
            value = {"anyOf": [several, scalar]}
        else:
            value = scalar
        compared[op.value] = value | {"description": _SAYS[op]}
    if attribute.narrows:
        compared["of"] = {"$ref": f"{REF}lines", "description": "Of these articles only"}
    for option, values in attribute.options.items():
        compared[option] = {"enum": list(values)}
    ways: list[dict[str, Any]] = [
        {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": compared}
    ]
    if Op.EQ in attribute.ops or attribute.several:
        ways.insert(0, scalar)
    if Op.IN in attribute.ops:
        ways.insert(-1, several)
    return {"description": f"{attribute.en} {attribute.zh}", "anyOf": ways}
