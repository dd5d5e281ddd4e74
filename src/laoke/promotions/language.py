"""The language offers and their rules are written in here."""

from __future__ import annotations

from django.conf import settings

from laoke.engine.conditions.documents import Language
from laoke.promotions.vocabulary import VOCABULARY


def language() -> Language:
    """The vocabulary of offers, with money in the currency of the programme."""
    return Language(VOCABULARY, settings.LAOKE.currency)
