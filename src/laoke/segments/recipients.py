"""Whom coupons and benefits are for: a condition as it is written, read, turned into a query or asked of one member."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from laoke.benefits.coupons.batches import Query
from laoke.engine.conditions import Tree, leaves
from laoke.engine.conditions.documents import Language
from laoke.engine.conditions.vocabulary import Vocabulary
from laoke.foundation.sql import raw_cursor
from laoke.segments import one
from laoke.segments.attributes import HOMES, MEMBER
from laoke.segments.audience import NotAboutMembers, audience

VOCABULARY = Vocabulary(MEMBER)


def query(condition: Mapping[str, Any], at: datetime) -> Query:
    """Active members for whom a condition holds.

    Raises:
        BadCondition, NotAboutMembers
    """
    tree = Language(VOCABULARY, settings.LAOKE.currency).read(condition)
    found = audience(tree, at, settings.LAOKE.zone)
    return Query(found.text, found.values)


def condition(document: Mapping[str, Any]) -> Tree:
    """A condition on a member, as written.

    Raises:
        BadCondition, NotAboutMembers
    """
    tree = Language(VOCABULARY, settings.LAOKE.currency).read(document)
    for leaf in leaves(tree):
        if leaf.attribute not in HOMES:
            raise NotAboutMembers(f"{leaf.attribute} is not known of a member", attribute=leaf.attribute)
    return tree


def known(member_id: int, names: frozenset[str], at: datetime) -> Mapping[str, Any]:
    """Attributes of a member by name; what is not known is left out. One statement."""
    with raw_cursor() as cursor:
        return one.known(cursor, member_id, names, at, settings.LAOKE.zone)
