"""How figures are written: money, points, shares, days and times, and the tracks and bars drawn from them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from laoke.foundation.access import SYSTEM
from laoke.kernel.money import minor_digits, sign_of
from laoke.surfaces.console.labels import UNITS
from laoke.tiers import spans
from laoke.tiers.words import interaction

register = template.Library()

NONE = "--"
# In Chinese big numbers go by ten thousands, in English by thousands.
_CHINESE = ((10**8, "亿"), (10**4, "万"))
_ENGLISH = ((10**9, "B"), (10**6, "M"), (10**3, "K"))


def _in_chinese() -> bool:
    return (get_language() or settings.LANGUAGE_CODE) == "zh-hans"


def currency_sign() -> str:
    """What stands before an amount of the shop's money: ¥, or "THB " where there is no sign."""
    return sign_of(settings.LAOKE.currency)


@register.filter
def money(minor: int | None) -> str:
    """Minor units in full: ¥1,234.50."""
    if minor is None:
        return NONE
    digits = minor_digits(settings.LAOKE.currency)
    whole, part = divmod(abs(minor), 10**digits)
    cents = f".{part:0{digits}d}" if digits else ""
    return f"{'−' if minor < 0 else ''}{currency_sign()}{whole:,}{cents}"


@register.filter
def money_short(minor: int | None) -> str:
    """Minor units for a glance: ¥128.4 万, ¥1.28M, ¥865."""
    if minor is None:
        return NONE
    unit = 10 ** minor_digits(settings.LAOKE.currency)
    return f"{'−' if minor < 0 else ''}{currency_sign()}{_short(abs(minor), unit)}"


@register.filter
def number(value: int | None) -> str:
    """A whole number in full: 12,345."""
    return NONE if value is None else f"{value:,}".replace("-", "−")


@register.filter
def number_short(value: int | None) -> str:
    """A whole number for a glance: 123.4 万, 1.23M; below ten thousand in full."""
    if value is None:
        return NONE
    return f"{'−' if value < 0 else ''}{_short(abs(value), 1)}"


@register.filter
def signed(value: int) -> str:
    """A movement: +120, −80."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{abs(value):,}"


@register.filter
def percent(share: float | None) -> str:
    """A share: 47.6%."""
    return NONE if share is None else f"{share * 100:.1f}%"


@register.filter
def percent_two(share: float | None) -> str:
    """A small share: 1.18%."""
    return NONE if share is None else f"{share * 100:.2f}%"


@register.filter
def percent_whole(share: float | None) -> str:
    """A share without decimals: 72%."""
    return NONE if share is None else f"{share * 100:.0f}%"


@register.filter
def percent_bare(share: float | None) -> str:
    """A share without its sign, for large type: 47.6."""
    return NONE if share is None else f"{share * 100:.1f}"


@register.filter
def change(share: float | None) -> str:
    """A change: 4.2%, without sign; the words around it say up or down."""
    return NONE if share is None else f"{abs(share) * 100:.1f}%"


@register.filter
def day(value: date | None) -> str:
    """A day: 2026-11-18."""
    return NONE if value is None else f"{value:%Y-%m-%d}"


@register.filter
def month(value: date | None) -> str:
    """A month: 2026-11."""
    return NONE if value is None else f"{value:%Y-%m}"


@register.filter
def month_short(value: date) -> str:
    """A month on an axis: 11 月, Nov."""
    return f"{value.month} 月" if _in_chinese() else f"{value:%b}"


@register.filter
def signed_short(value: int) -> str:
    """A movement for a glance: +182.1 万, −1.49M, 0."""
    return number_short(value) if value <= 0 else f"+{number_short(value)}"


@register.filter
def clock(value: datetime | None) -> str:
    """An instant in the shop's zone: 2026-11-18 09:30."""
    return NONE if value is None else f"{value.astimezone(settings.LAOKE.zone):%Y-%m-%d %H:%M}"


@register.simple_tag
def counted_when(as_of: date, finished_at: datetime) -> str:
    """Which day figures are of, and when they were counted: a day that was not over then is said to be so."""
    said = {"day": day(as_of), "at": clock(finished_at)}
    if finished_at.astimezone(settings.LAOKE.zone).date() > as_of:
        return _("Data to the end of %(day)s, calculated %(at)s.") % said
    return _("Data to %(at)s, when this was calculated; %(day)s was not over yet.") % said


@register.filter
def clock_day(value: datetime | None) -> str:
    """The day of an instant in the shop's zone."""
    return NONE if value is None else f"{value.astimezone(settings.LAOKE.zone):%Y-%m-%d}"


@register.filter
def unit(value: str, quantity: object = 1) -> str:
    """The unit of a product in the language of the page, for so many of it: piece, pieces, 件."""
    return _unit(value.strip(), several=str(quantity) != "1")


@register.filter
def pack(value: str) -> str:
    """What a unit holds, its unit in the language of the page: 12 rolls, 12 卷; "900 g" stays."""
    found = re.fullmatch(r"([\d.,]+)\s*(\S+)", value.strip())
    return value if found is None else f"{found[1]} {_unit(found[2], several=found[1] != '1')}"


def _unit(word: str, *, several: bool) -> str:
    known = next((forms for forms in UNITS if word.casefold() in forms), None)
    if known is None:
        return word
    return known[0] if _in_chinese() else known[2 if several else 1]


@register.filter
def named(value: Any) -> str:
    """The name in the language of the page."""
    name = value.zh if _in_chinese() else value.en
    return str(name) or NONE


@register.filter
def words(value: Any) -> str:
    """A name in the language of the page, or words that are in it already."""
    return named(value) if hasattr(value, "zh") else str(value)


@register.filter
def head_words(head: Any) -> str:
    """What a tier is called, or who joined, or who left."""
    return words(head.name)


@register.simple_tag
def high_tiers(names: Any) -> str:
    """The names of some tiers: 金卡、钻石; Gold and Diamond."""
    if _in_chinese():
        return "、".join(named(name) for name in names)
    return " and ".join(named(name) for name in names)


@register.simple_tag
def quarter_end(day: date) -> str:
    """The end of a quarter: 2026 Q2 末, end of 2026 Q2."""
    return _("end of %(year)s Q%(quarter)s") % {"year": day.year, "quarter": (day.month + 2) // 3}


@register.filter
def actor(label: str) -> str:
    """Who acted, by the label the records have: the system itself in the language of the page."""
    return _("System") if label == SYSTEM.label else label


@register.filter
def amount(value: int | None, is_money: bool) -> str:
    """A value that is money or a count."""
    return money(value).removesuffix(".00") if is_money else number(value)


@register.simple_tag
def window(months: int, days: int, span: str = "") -> str:
    """The stretch of time a criterion counts: months, days, or the name of a whole one."""
    if span:
        return spans.name(span)
    if months:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


@register.simple_tag
def bound(reason: Any) -> str:
    """What a measure was held against: ≥ 4, ≤ 30, 3 – 5."""
    low, high = (
        None if value is None else amount(value, reason.money) for value in (reason.at_least, reason.at_most)
    )
    if low is None:
        return f"≤ {high}"
    return f"≥ {low}" if high is None else low if low == high else f"{low} – {high}"


@register.simple_tag
def orders_span(low: int | None, high: int | None) -> str:
    """Numbers of orders: 3–4 orders, 12+ orders; -- where there is none."""
    if low is None:
        return NONE
    if high is None:
        return _("%(n)s+ orders") % {"n": number(low)}
    return _("%(n)s orders") % {"n": _range(low, high)}


@register.simple_tag
def days_span(low: int | None, high: int | None) -> str:
    """Numbers of days: 0–14 days, 120+ days; -- where there is none."""
    if low is None:
        return NONE
    if high is None:
        return _("%(n)s+ days") % {"n": number(low)}
    return _("%(n)s days") % {"n": _range(low, high)}


@register.simple_tag
def needs_sentence(needs: Any) -> str:
    """What a tier asks for: 3 purchases and ¥2,000 paid within 3 months."""
    windows: dict[tuple[int, int, str], list[str]] = {}
    others = []
    for need in needs:
        if hasattr(need, "ways"):
            ways = [needs_sentence(way) for way in need.ways]
            others.append(_("(%(alternatives)s)") % {"alternatives": _(" or ").join(ways)})
        else:
            windows.setdefault((need.months, need.days, need.span), []).append(_needed(need))
    both = _(" and ")
    outright = (
        _("%(what)s within %(window)s") % {"what": both.join(what), "window": window(*key)}
        for key, what in windows.items()
    )
    return both.join([*outright, *others])


@register.filter
def needed(need: Any) -> str:
    """One criterion with its window."""
    return needs_sentence((need,))


def _needed(need: Any) -> str:
    if need.money:
        return _("%(amount)s paid") % {"amount": amount(need.at_least, True)}
    if need.metric == "interactions":
        told = {"n": number(need.at_least), "name": named(interaction(need.kind))}
        return ngettext("%(n)s time %(name)s", "%(n)s times %(name)s", need.at_least) % told
    if need.metric == "points_earned":
        found = ngettext("%(n)s point earned", "%(n)s points earned", need.at_least)
        return found % {"n": number(need.at_least)}
    return ngettext("%(n)s purchase", "%(n)s purchases", need.at_least) % {"n": number(need.at_least)}


@register.simple_tag
def score_span(span: Any) -> str:
    """The values that give a score: 0–14 days, 12+ orders, ¥600–¥2,000; -- where nobody can have it."""
    if span.unit == "days":
        return days_span(span.low, span.high)
    if span.unit == "orders":
        return orders_span(span.low, span.high)
    if span.low is None:
        return NONE
    if span.high is None:
        return _("%(amount)s and more") % {"amount": money_short(span.low)}
    # The edge of the score above is shown: "below ¥2,000" says more than "¥1,999.99".
    if not span.low:
        return _("below %(amount)s") % {"amount": money_short(span.high + 1)}
    return f"{money_short(span.low)}–{money_short(span.high + 1)}"


@register.simple_tag
def track(
    value: float | None, goal: float | None = 1, notch: float | None = None, tone: str = ""
) -> SafeString:
    """The way from nothing to a goal, with a mark on it. Decoration: the figures stand beside it in words."""
    way = _part(value, goal)
    mark: SafeString | str = ""
    if notch is not None:
        mark = format_html(
            '<rect class="notch" x="{}%" y="0" width="3" height="14" rx="1.5" transform="translate(-1.5)"/>',
            _part(notch, goal),
        )
    return format_html(
        '<svg class="track {}" aria-hidden="true" focusable="false">'
        '<rect class="bed" y="4" width="100%" height="6" rx="3"/>'
        '<rect class="way" y="4" width="{}%" height="6" rx="3"/>{}</svg>',
        tone,
        way,
        mark,
    )


@register.simple_tag
def bar(value: float | None, most: float | None = 1, tone: str = "") -> SafeString:
    """A length to compare with its neighbours."""
    return format_html(
        '<svg class="bar {}" aria-hidden="true" focusable="false"><rect class="bed" width="100%" height="8" rx="2"/>'
        '<rect class="way" width="{}%" height="8" rx="2"/></svg>',
        tone,
        _part(value, most),
    )


def _range(low: int, high: int) -> str:
    return number(low) if low == high else f"{number(low)}–{number(high)}"


def _part(value: float | None, whole: float | None) -> str:
    share = value / whole if value and whole else 0.0
    return f"{max(0.0, min(1.0, share)) * 100:.1f}"


def _short(value: int, unit: int) -> str:
    """`value` counts `unit`s of a hundredth or so; the answer has four digits at most, besides full small numbers."""
    whole = value / unit
    for size, word in _CHINESE if _in_chinese() else _ENGLISH:
        # Numbers below ten thousand are read at a glance in full.
        if whole >= max(size, 10_000):
            scaled = whole / size
            digits = 2 if scaled < 10 else 1 if scaled < 1000 else 0
            gap = " " if _in_chinese() else ""
            return f"{scaled:,.{digits}f}{gap}{word}"
    return f"{whole:,.0f}"
