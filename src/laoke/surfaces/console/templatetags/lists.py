"""What lists need: addresses of their neighbouring pages, and trees."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def to_page(narrowed: Any, **marks: str) -> str:
    """The query of another page of the same list: what it is narrowed by (a dataclass), and the mark, or
    what is narrowed otherwise."""
    given = asdict(narrowed) | marks
    query = urlencode({name: value for name, value in given.items() if value})
    return f"?{query}" if query else ""


@register.simple_tag
def sentences(*texts: str) -> str:
    """Sentences one after the other: Chinese ones meet without a space."""
    joint = "" if (get_language() or settings.LANGUAGE_CODE).startswith("zh") else " "
    return joint.join(text.strip() for text in texts if text and text.strip())


@register.filter
def times(count: int) -> range:
    """Something as often as `count`."""
    return range(count)
