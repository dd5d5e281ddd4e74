"""What people call a window that is a whole one: this year, since joining."""

from __future__ import annotations

from django.utils.translation import pgettext

from laoke.engine.tiering import Span, Window


def of(window: Window) -> str:
    """The name of a whole window in ladder documents; empty for one of months or days."""
    return "" if window.span in (Span.ROLLING, Span.LAST_DAYS) else window.span.value


def name(span: str) -> str:
    """A whole window in the active language, to stand behind "within"."""
    match Span(span):
        case Span.CALENDAR_MONTH:
            return pgettext("window", "the calendar month")
        case Span.CALENDAR_QUARTER:
            return pgettext("window", "the calendar quarter")
        case Span.CALENDAR_YEAR:
            return pgettext("window", "the calendar year")
        case Span.MEMBERSHIP_YEAR:
            return pgettext("window", "the membership year")
        case Span.LIFETIME:
            return pgettext("window", "the whole membership")
        case Span.PERIOD:
            return pgettext("window", "the period of the tier")
    raise ValueError(f"a ladder names no {span}")
