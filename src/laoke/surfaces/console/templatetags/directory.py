"""How the member list writes counts and days gone by."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from laoke.surfaces.console.directory.counting import Count
from laoke.surfaces.console.templatetags.figures import number

register = template.Library()


@register.filter
def counted(count: Count | None) -> str:
    """A count; an estimate says that it is one: about 123,000."""
    if count is None:
        return ""
    figure: str = number(count.members)
    return figure if count.exact else _("about %(n)s") % {"n": figure}


@register.filter
def ago(days: int | None) -> str:
    """Days gone by: today, 30 days ago."""
    if days is None:
        return ""
    if days <= 0:
        return _("today")
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": number(days)}


@register.filter
def mmdd(birthday: tuple[int, int] | None) -> str:
    """A birthday without its year: 08-22."""
    return "--" if birthday is None else f"{birthday[0]:02}-{birthday[1]:02}"


@register.filter
def size(count: int) -> str:
    """A file's size: 12 KB, 3.4 MB."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000)):,} KB"
    return f"{count / 1_000_000:,.1f} MB"
