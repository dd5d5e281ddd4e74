"""What a new offer can begin with: the usual mechanics, with numbers to be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Start:
    """A beginning: what it is called, and the document without name and goal."""

    label: Any
    document: Mapping[str, Any]


STARTS: Mapping[str, Start] = {
    "reach": Start(
        _("Amount off from a threshold on"),
        {
            "stage": "basket",
            "when": {"basket.subtotal": {"gte": "199", "basis": "discounted"}},
            "gives": [{"amount": {"discount": "25"}}],
        },
    ),
    "steps": Start(
        _("Steps"),
        {
            "stage": "basket",
            "gives": [
                {
                    "tiered": {
                        "steps": [
                            {"reaching": "100", "discount": "10"},
                            {"reaching": "200", "discount": "30"},
                        ]
                    }
                }
            ],
        },
    ),
    "every": Start(
        _("So much off every so much"),
        {"stage": "basket", "gives": [{"every": {"reaching": "100", "discount": "10", "max_times": 5}}]},
    ),
    "nth": Start(
        _("Second piece at half price"),
        {"stage": "item", "gives": [{"nth": {"n": 2, "percent": "50"}}]},
    ),
    "get": Start(
        _("Buy X, get Y"),
        {
            "stage": "item",
            "gives": [{"buy_get": {"buy": {"quantity": 5}, "get": {"quantity": 1}, "percent": "100"}}],
        },
    ),
    "bundle": Start(
        _("Bundle price"),
        {
            "stage": "item",
            "gives": [{"bundle": {"parts": [{"quantity": 1}, {"quantity": 1}], "discount": "5"}}],
        },
    ),
    "gift": Start(
        _("Gift from a threshold on"),
        {
            "stage": "basket",
            "when": {"basket.subtotal": {"gte": "99", "basis": "discounted"}},
            "gives": [{"gift": {"skus": []}}],
        },
    ),
    "day": Start(
        _("Percent off on one day of the week"),
        {
            "stage": "item",
            "when": {"moment.weekday": {"in": ["mon"]}},
            "gives": [{"percent": {"percent": "12"}}],
        },
    ),
    "tier": Start(
        _("Another discount for a tier"),
        {
            "stage": "tier",
            "when": {"member.tier": {"in": []}},
            "gives": [{"percent": {"percent": "10"}}],
        },
    ),
    "nothing": Start(_("An empty sheet"), {"stage": "basket", "gives": []}),
}
