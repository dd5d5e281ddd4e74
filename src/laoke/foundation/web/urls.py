"""Addresses for whoever watches over the processes, and the explanations of problem types."""

from __future__ import annotations

from django.urls import path

from laoke.foundation.web import appearance, health, problems

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("preferences", appearance.choose, name="preferences"),
    path("problems/", problems.index, name="problems"),
    path("problems/<slug:code>", problems.page, name="problem"),
]
