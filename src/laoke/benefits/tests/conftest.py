"""What the tests of coupons share: a published programme with some templates, and members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from tests import shop as shops
from tests.shop import OPENING, Shop

NAME = {"zh": "券", "en": "Coupon"}


def template(**more: Any) -> dict[str, Any]:
    """The document of a template."""
    return {"name": NAME, "valid": {"days": 7}, **more}


def publish(**templates: dict[str, Any]) -> None:
    """Put exactly these templates in force, each with an offer of 20 off."""
    documents = {key.replace("_", "-"): document for key, document in templates.items()}
    offers = {
        f"of-{key}": {
            "name": NAME,
            "goal": "repeat",
            "stage": "coupon",
            "coupons": [key],
            "gives": [{"amount": {"discount": 20}}],
        }
        for key in documents
    }
    programme.apply(SYSTEM, {"coupons": documents, "offers": offers}, at=OPENING)


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    """An open shop that is gone after the test."""
    yield shops.open_shop()
    shops.forget()


@pytest.fixture
def committed_shop(transactional_db: None) -> Iterator[Shop]:
    """An open shop that other connections see too."""
    yield shops.open_shop()
    shops.forget()
