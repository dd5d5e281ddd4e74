"""What works in the background: long work, the schedule, the queue."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.jobs import services
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import jobs as pages

# To look: owners, operations, analysts, finance, auditors. To act: owners and operations.
_HERE = "jobs"
_ACT = Scope.PROGRAMME_WRITE


@require_safe
@console_page(_HERE, Scope.PROGRAMME_READ)
def show(visit: Visit) -> HttpResponse:
    """Everything; asked for again and again while something moves."""
    page = pages.jobs_page(visit.caller, visit.at, timezone.now())
    return visit.part("jobs/_jobs", page) if visit.wants_part else visit.show("jobs/jobs", page)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, _ACT)
def run_now(visit: Visit, name: str) -> HttpResponse:
    """Say what running a nightly task now would do; a POST queues it."""
    page = pages.run_now_page(name)
    if page is None:
        raise Http404
    if visit.request.method != "POST":
        return visit.show("jobs/run_now", page)
    told = visit.once(
        "jobs.run",
        {"name": name},
        lambda: {"queued": services.run_now(visit.actor, name, at=visit.at)},
    )
    said = _("“%(name)s” begins in a moment.") if told["queued"] else _("“%(name)s” waits already.")
    return visit.go("/jobs", said % {"name": page.label})


@require_POST
@console_page(_HERE, _ACT)
def retry(visit: Visit, job_id: int) -> HttpResponse:
    """Try a run once more that was given up."""
    told = visit.once(
        "jobs.retry", {"id": job_id}, lambda: {"name": services.retry(visit.actor, job_id, at=visit.at)}
    )
    return visit.go("/jobs", _("“%(name)s” is tried again.") % {"name": pages.label(told["name"])})


@require_POST
@console_page(_HERE, _ACT)
def stop(visit: Visit) -> HttpResponse:
    """End long work after the batch in hand."""
    name, key = (
        visit.request.POST.get(field, "").replace("\0", "")[:most]
        for field, most in (("name", 60), ("key", 200))
    )
    services.stop(visit.actor, name, key, at=visit.at)
    return visit.go("/jobs", _("It stops after the batch in hand."))
