"""Whom coupons are issued to: a condition as it is written, read and turned into a query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from laoke.benefits.coupons.batches import Query
from laoke.engine.conditions.documents import Language
from laoke.engine.conditions.vocabulary import Vocabulary
from laoke.segments.attributes import MEMBER
from laoke.segments.audience import audience

VOCABULARY = Vocabulary(MEMBER)


def query(condition: Mapping[str, Any], at: datetime) -> Query:
    """Active members for whom a condition holds.

    Raises:
        BadCondition, NotAboutMembers
    """
    tree = Language(VOCABULARY, settings.LAOKE.currency).read(condition)
    found = audience(tree, at, settings.LAOKE.zone)
    return Query(found.text, found.values)
