"""How metrics are written: values, differences, and the numbers behind a chart."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from laoke.insight.metrics.catalogue import Metric, Unit
from laoke.kernel.money import minor_digits
from laoke.review.plans import BASIS
from laoke.surfaces.console.templatetags.figures import (
    NONE,
    day,
    money,
    money_short,
    named,
    number,
    number_short,
)

register = template.Library()


@register.filter
def worth(amount: Fraction | int | None, metric: Metric) -> str:
    """A value at a glance, a share without its sign: 47.6, 12.3 万, ¥128.4 万."""
    if amount is None:
        return NONE
    if metric.unit is Unit.SHARE:
        return f"{float(amount) / 100:.1f}"
    return money_short(int(amount)) if metric.unit is Unit.MONEY else number_short(int(amount))


@register.filter
def worth_signed(amount: Fraction | int | None, metric: Metric) -> str:
    """The same with the sign of a share: 47.6%."""
    return worth(amount, metric) + ("%" if amount is not None and metric.unit is Unit.SHARE else "")


@register.filter
def worth_full(amount: Fraction | int | None, metric: Metric) -> str:
    """A value in full: 47.6%, 104,286, ¥1,284,302.50."""
    if amount is None:
        return NONE
    if metric.unit is Unit.SHARE:
        return f"{float(amount) / 100:.1f}%"
    return money(round(amount)) if metric.unit is Unit.MONEY else number(round(amount))


@register.filter
def apart(amount: Fraction | None, metric: Metric) -> str:
    """A difference without its sign: 0.7 pp, 1,200, ¥3.4 万."""
    if amount is None:
        return NONE
    if metric.unit is Unit.SHARE:
        return _("%(points)s pp") % {"points": f"{float(abs(amount)) / 100:.1f}"}
    return money_short(round(abs(amount))) if metric.unit is Unit.MONEY else number(round(abs(amount)))


@register.filter
def apart_signed(amount: Fraction | None, metric: Metric) -> str:
    """A difference with its sign: +0.7 pp, −1,200."""
    if amount is None:
        return NONE
    written = apart(amount, metric)
    nothing = not any(letter in "123456789" for letter in written)
    return written if nothing else f"{'+' if amount > 0 else '−'}{written}"


@register.filter
def counted(amount: int | None, metric: Metric) -> str:
    """What a share was counted from: members in full, money at a glance."""
    return money_short(amount) if metric.in_money else number(amount)


@register.filter
def basis_points(value: int) -> str:
    """Hundredths of a percent: 5%, 2.5%."""
    return f"{value / 100:.2f}".rstrip("0").rstrip(".") + "%"


@register.simple_tag
def drawing(chart: Any, name: str) -> SafeString:
    """The numbers of a chart for static/console/charts.js, with every word in it, as data beside the page."""
    metric: Metric = chart.metric
    rows = [row for row in reversed(chart.rows) if row.amount is not None]
    plan = chart.plan
    told: dict[str, Any] = {
        "unit": str(metric.unit),
        "language": "zh" if (get_language() or "").startswith("zh") else "en",
        "points": [[row.day.isoformat(), _plain(row.amount, metric)] for row in rows],
        "plan": None,
        "words": {"actual": _("Actual"), "plan": _("Plan")},
        "last": worth_signed(rows[-1].amount, metric) if rows else "",
        "first_day": chart.first.isoformat(),
        "last_day": chart.last.isoformat(),
        "sign": money(0)[: -len("0.00")]
        if metric.unit is Unit.MONEY and minor_digits(_currency()) == 2
        else "",
        "summary": "",
    }
    if rows:
        told["summary"] = _(
            "%(name)s: %(first)s on %(from)s, %(last)s on %(to)s. The table has every value."
        ) % {
            "name": named(metric.name),
            "first": worth_full(rows[0].amount, metric),
            "from": day(rows[0].day),
            "last": worth_full(rows[-1].amount, metric),
            "to": day(rows[-1].day),
        }
    if plan is not None:
        told["plan"] = {
            "start": [plan.start.isoformat(), _plain(Fraction(plan.baseline), metric)],
            "end": [plan.end.isoformat(), _plain(Fraction(plan.target), metric)],
            "tolerance": plan.tolerance_bp / BASIS,
            "short": worth_signed(plan.target, metric),
            "label": _("Target %(value)s") % {"value": worth_signed(plan.target, metric)},
        }
    return json_script(told, name)


def _plain(amount: Fraction, metric: Metric) -> float:
    """For drawing only: percent, units of money, members."""
    if metric.unit is Unit.SHARE:
        return round(float(amount) / 100, 3)
    return float(amount) / 10 ** minor_digits(_currency()) if metric.unit is Unit.MONEY else float(amount)


def _currency() -> str:
    currency: str = settings.LAOKE.currency
    return currency
