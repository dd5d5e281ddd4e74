"""The form of a target: values as people write them, in and out of whole units."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from laoke.insight.metrics.catalogue import Metric, Unit
from laoke.kernel.money import minor_digits
from laoke.review.plans import Plan
from laoke.surfaces.console.forms import Form, Seen


def _digits(metric: Metric) -> int:
    """How many digits behind the point a value has: a share is written in percent and kept in hundredths of one."""
    if metric.unit is Unit.SHARE:
        return 2
    return minor_digits(settings.LAOKE.currency) if metric.unit is Unit.MONEY else 0


def _days() -> forms.DateField:
    return forms.DateField(
        input_formats=["%Y-%m-%d"], widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class TargetForm(Form, Seen):
    """Baseline, target, period and tolerance of one metric."""

    start = _days()
    end = _days()
    tolerance = forms.DecimalField(
        max_digits=4,
        decimal_places=2,
        label=_("Tolerance"),
        help_text=_("How far behind the plan still counts as on plan, in percent of the planned value."),
    )

    def __init__(self, metric: Metric, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        digits = _digits(metric)
        for name, label in (("baseline", _("Baseline")), ("target", _("Target"))):
            self.fields[name] = forms.DecimalField(max_digits=16, decimal_places=digits, label=label)
        self.fields["baseline"].help_text = _(
            "Where the plan starts: the newest value, unless you know better."
        )
        self.fields["start"].label = _("Starts on")
        self.fields["end"].label = _("Ends on")
        self.fields["end"].help_text = _("The last day that counts.")
        for name in ("baseline", "target", "tolerance"):
            self.fields[name].widget = forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": "24"}
            )
        self.order_fields(["baseline", "target", "start", "end", "tolerance"])


def plan_of(metric: Metric, data: dict[str, Any]) -> Plan:
    """What a valid form says."""
    scale = Decimal(10) ** _digits(metric)
    return Plan(
        metric.code,
        int(data["baseline"] * scale),
        int(data["target"] * scale),
        data["start"],
        data["end"],
        int(data["tolerance"] * 100),
    )


def filled(metric: Metric, plan: Plan) -> dict[str, object]:
    """The fields of a form that says this plan."""
    scale = Decimal(10) ** _digits(metric)
    return {
        "baseline": _written(Decimal(plan.baseline) / scale),
        "target": _written(Decimal(plan.target) / scale),
        "start": plan.start,
        "end": plan.end,
        "tolerance": _written(Decimal(plan.tolerance_bp) / 100),
    }


def started(metric: Metric, amount: Fraction | None, first: date) -> dict[str, object]:
    """The fields of a new plan: a year from `first` on, from the value there is; `amount` as `Value.amount`."""
    plan = Plan(metric.code, 0 if amount is None else round(amount), 0, first, first + timedelta(days=364))
    return filled(metric, plan) | {"target": None} | ({"baseline": None} if amount is None else {})


def unit(metric: Metric) -> str:
    """What stands behind a typed value."""
    if metric.unit is Unit.MONEY:
        currency: str = settings.LAOKE.currency
        return gettext("yuan") if currency == "CNY" else currency
    return "%" if metric.unit is Unit.SHARE else ""


def _written(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
