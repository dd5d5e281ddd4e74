"""How long work is told: durations, sizes, how far it is and how fast it goes."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from laoke.surfaces.console.templatetags.figures import number

register = template.Library()

_MIB = 1 << 20
# Words for what is counted; what is counted in bytes is told in MiB.
_UNITS: dict[str, Any] = {
    "orders": lambda n: ngettext("%(n)s order", "%(n)s orders", n),
    "members": lambda n: ngettext("%(n)s member", "%(n)s members", n),
    "products": lambda n: ngettext("%(n)s product", "%(n)s products", n),
    "stores": lambda n: ngettext("%(n)s store", "%(n)s stores", n),
    "lots": lambda n: ngettext("%(n)s lot of points", "%(n)s lots of points", n),
    "rows": lambda n: ngettext("%(n)s row", "%(n)s rows", n),
    "checks": lambda n: ngettext("%(n)s check", "%(n)s checks", n),
}


@register.filter
def size(value: int) -> str:
    """Bytes as MiB or KiB: 12.3 MiB."""
    return f"{value / _MIB:,.1f} MiB" if value >= _MIB else f"{max(1, round(value / 1024))} KiB"


@register.filter
def duration(seconds: float | None) -> str:
    """A stretch of time for a glance: 40 s, 3 min, 2 h 5 min."""
    if seconds is None:
        return ""
    whole = max(1, round(seconds))
    if whole < 100:
        return _("%(n)s s") % {"n": whole}
    if whole < 5_400:
        return _("%(n)s min") % {"n": round(whole / 60)}
    return _("%(h)s h %(m)s min") % {"h": whole // 3600, "m": whole % 3600 // 60}


@register.simple_tag
def counted(value: int, unit: str) -> str:
    """So much of a unit: 1,204 orders, 12.3 MiB."""
    if unit == "bytes":
        return size(value)
    words = _UNITS.get(unit)
    return words(value) % {"n": number(value)} if words else number(value)


@register.simple_tag
def speed(rate: float, unit: str) -> str:
    """So much a second: 3,200 orders/s."""
    if unit == "bytes":
        return _("%(n)s/s") % {"n": size(int(rate))}
    shown = number(round(rate)) if rate >= 10 else f"{rate:.1f}"
    return _("%(n)s/s") % {"n": shown}
