"""Pages for addresses without a page, forged or outdated forms, and our own faults.

They ask the database for nothing, but for whose an outdated form is that is surely ours.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from laoke.surfaces.console import resume


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    return render(request, "console/not_found.html", status=404)


def fault(request: HttpRequest) -> HttpResponse:
    """500: says nothing but the number to look for in the log."""
    request_id = str(getattr(request, "request_id", ""))
    return render(request, "console/fault.html", {"request_id": request_id}, status=500)


def outdated_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without its token, usually one that was open since before the last sign-in."""
    return resume.outdated(request) or render(request, "console/outdated_form.html", status=403)
