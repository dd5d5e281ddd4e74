"""Coupons for the shop of the tests: templates, the offers they are for, and codes."""

from __future__ import annotations

from typing import Any

from laoke.benefits.coupons import batches, issuing, selectors
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from tests.shop import OPENING

NAME = {"zh": "券", "en": "Coupon"}


def template(**more: Any) -> dict[str, Any]:
    """The document of a template."""
    return {"name": NAME, "valid": {"days": 7}, **more}


def offer(*gives: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The document of an offer."""
    return {"name": NAME, "goal": "repeat", "stage": "coupon", "gives": list(gives), **more}


LESS_20 = offer({"amount": {"discount": 20}}, coupons=["less-20"], when={"basket.subtotal": {"gte": 50}})


def publish(templates: dict[str, Any] | None = None, **offers: dict[str, Any]) -> None:
    """Put templates and offers in force; without any, 20 off from 50."""
    documents = {key.replace("_", "-"): document for key, document in offers.items()} or {"less": LESS_20}
    section = {"less-20": template()} if templates is None else templates
    programme.apply(SYSTEM, {"coupons": section, "offers": documents}, at=OPENING)


def publish_templates(**templates: dict[str, Any]) -> None:
    """Put exactly these templates in force, each with an offer of 20 off."""
    documents = {key.replace("_", "-"): document for key, document in templates.items()}
    offers = {f"of-{key}": offer({"amount": {"discount": 20}}, coupons=[key]) for key in documents}
    programme.apply(SYSTEM, {"coupons": documents, "offers": offers}, at=OPENING)


def give(member: int, key: str = "less-20") -> str:
    """A coupon by hand; its code."""
    (made,) = issuing.give(SYSTEM, member, key, at=OPENING)
    return made.code


def code_of_nobody(key: str = "less-20", count: int = 1) -> list[str]:
    """Codes in nobody's wallet."""
    batch = batches.of_codes(SYSTEM, key, count, at=OPENING, later=lambda _: None)
    batches.run(batch.pk, lambda: OPENING, lambda _: True)
    return [code for _, code, *_ in selectors.export(SYSTEM, batch.pk, at=OPENING)]
