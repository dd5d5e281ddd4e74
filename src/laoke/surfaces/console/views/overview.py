"""The first page, and the targets set on it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from io import StringIO

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.insight.metrics import catalogue
from laoke.insight.metrics.catalogue import BY_CODE, METRICS, Metric
from laoke.review import selectors as review
from laoke.review import targets as plans
from laoke.review.errors import BadTarget, TargetChanged
from laoke.review.selectors import Target
from laoke.review.tasks import compute_figures
from laoke.surfaces.console.pages import NAVIGATION, Undo, Visit, console_page, home
from laoke.surfaces.console.selectors.overview import chart, may_plan, overview, span_of
from laoke.surfaces.console.target_forms import TargetForm, filled, plan_of, started, unit
from laoke.surfaces.console.templatetags.figures import day, named
from laoke.surfaces.console.templatetags.metrics import apart_signed, worth_full


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A metric that can have a target, with what it is now and what is planned."""

    metric: Metric
    amount: Fraction | None
    target: Target | None


@dataclass(frozen=True, slots=True)
class TargetsPage:
    """All targets."""

    lines: tuple[TargetLine, ...]
    as_of: date | None
    may_change: bool


@dataclass(frozen=True, slots=True)
class TargetPage:
    """One target to set. `newer`: what somebody else set while the form was open."""

    metric: Metric
    form: TargetForm
    version: int
    now: Fraction | None
    as_of: date | None
    newer: Target | None
    unit: str


@require_safe
@console_page("overview")
def show(visit: Visit) -> HttpResponse:
    """The shop at a glance; who may not see its figures goes on to the first page they may."""
    start = home(visit.caller)
    if start != "/":
        return HttpResponseRedirect(start)
    visit.caller.require(Scope.INSIGHT_READ)
    asked = visit.request.GET
    page = overview(
        visit.caller, visit.at, _metric_asked(visit), asked.dict(), _opener(visit), account=visit.actor
    )
    return visit.show("overview/overview", page)


@require_safe
@console_page("overview", Scope.INSIGHT_READ)
def download(visit: Visit) -> HttpResponse:
    """The table behind the chart as CSV, the oldest day first."""
    metric = _metric_asked(visit)
    run = review.last_run()
    targets = review.targets() if visit.caller.stores is None else {}
    span = span_of(visit.request.GET.dict(), visit.at, metric, run, targets)
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [_("Day"), named(metric.name), _("Numerator"), _("Denominator"), _("Plan"), _("Difference")]
    )
    if run is not None:
        drawn = chart(review.stores_of(visit.caller), metric, span, run, targets)
        for row in reversed(drawn.rows):
            writer.writerow(
                [
                    day(row.day),
                    worth_full(row.amount, metric),
                    row.above,
                    "" if row.below is None else row.below,
                    "" if row.planned is None else worth_full(row.planned, metric),
                    "" if row.ahead is None else apart_signed(row.ahead, metric),
                ]
            )
    # Spreadsheets take a file for UTF-8 only when it begins with the mark.
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="{metric.code}-{day(span.first)}-{day(span.last)}.csv"'
    )
    return response


@require_POST
@console_page("overview", Scope.PROGRAMME_WRITE)
def count_now(visit: Visit) -> HttpResponse:
    """Have the figures counted now instead of tonight."""
    queued = compute_figures.defer(visit.at)
    said = _("The figures are being counted. Reload the page in a minute.")
    return visit.go("/", said=said if queued else _("The figures are waiting to be counted already."))


@require_safe
@console_page("overview", Scope.INSIGHT_READ)
def show_targets(visit: Visit) -> HttpResponse:
    """Every metric that can have a target."""
    _whole_shop_only(visit)
    run, targets = review.last_run(), review.targets()
    now = review.values([review.WHOLE_SHOP], [run.as_of]) if run else {}
    lines = []
    for metric in METRICS:
        if metric.may_have_target:
            value = now.get((metric.code, "", run.as_of)) if run else None
            amount = None if value is None else value.amount(metric)
            lines.append(TargetLine(metric, amount, targets.get(metric.code)))
    return visit.show(
        "overview/targets", TargetsPage(tuple(lines), run.as_of if run else None, may_plan(visit.actor))
    )


@require_http_methods(["GET", "POST"])
@console_page("overview", Scope.PROGRAMME_WRITE)
def set_target(visit: Visit, code: str) -> HttpResponse:
    """Set or change the target of one metric."""
    _whole_shop_only(visit)
    metric = BY_CODE.get(code)
    if metric is None or not metric.may_have_target:
        raise Http404
    current = review.targets().get(code)
    run = review.last_run()
    now = review.values([review.WHOLE_SHOP], [run.as_of]).get((code, "", run.as_of)) if run else None
    amount = None if now is None else now.amount(metric)
    version = current.version if current else 0
    today = visit.at.astimezone(settings.LAOKE.zone).date()
    initial = filled(metric, current.plan) if current else started(metric, amount, today)
    form = TargetForm(metric, visit.request.POST or None, initial=initial)
    newer = None
    status = 200
    if visit.request.method == "POST":
        status = 422
        if form.changed_meanwhile(version):
            newer, status = current, 409
            form.add_error(None, TargetChanged(code).detail)
        elif form.is_valid():
            plan = plan_of(metric, form.cleaned_data)
            try:
                visit.once(
                    "overview.target",
                    {"metric": code, **{name: str(each) for name, each in form.cleaned_data.items()}},
                    lambda: {"version": plans.set_target(visit.actor, plan, at=visit.at, seen=version)},
                )
            except (BadTarget, TargetChanged) as error:
                form.refused(error)
            else:
                return visit.go("/overview/targets", said=_("The target is set."))
    page = TargetPage(metric, form, version, amount, run.as_of if run else None, newer, unit(metric))
    return visit.show("overview/target", page, status=status)


@require_POST
@console_page("overview", Scope.PROGRAMME_WRITE)
def remove_target(visit: Visit, code: str) -> HttpResponse:
    """Take a target away; a click brings it back."""
    _whole_shop_only(visit)
    seen = visit.request.POST.get("version", "")
    done = visit.once(
        "overview.target-removed",
        {"metric": code, "seen": seen},
        lambda: {
            "version": plans.remove_target(
                visit.actor,
                code,
                at=visit.at,
                seen=int(seen) if seen.isdecimal() and len(seen) < 18 else None,
            )
        },
    )
    undo = Undo(f"/overview/targets/{code}/restore", {"version": str(done["version"])})
    return visit.go("/overview/targets", said=_("The target is removed."), undo=undo)


@require_POST
@console_page("overview", Scope.PROGRAMME_WRITE)
def restore_target(visit: Visit, code: str) -> HttpResponse:
    """Bring a removed target back."""
    _whole_shop_only(visit)
    version = visit.request.POST.get("version", "")
    plans.restore_target(
        visit.actor, code, int(version) if version.isdecimal() and len(version) < 18 else 0, at=visit.at
    )
    return visit.go("/overview/targets", said=_("The target is back."))


def _metric_asked(visit: Visit) -> Metric:
    asked = BY_CODE.get(visit.request.GET.get("metric", ""))
    return asked if asked is not None and asked.may_have_target else catalogue.REPURCHASE_90


def _opener(visit: Visit) -> Callable[[str], bool]:
    """Tells whether the caller may open the page of an address: only what is in the navigation can be linked to."""
    paths = {
        entry.path: entry.scope in visit.caller.scopes for group in NAVIGATION for entry in group.entries
    }
    return lambda address: paths.get(address, False)


def _whole_shop_only(visit: Visit) -> None:
    if visit.actor.stores is not None:
        raise BadTarget("", _("Targets are for the whole shop; your account is limited to some stores."))
