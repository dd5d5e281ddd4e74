"""Every address of the web process."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from laoke.surfaces.api.main import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", api.urls),
    path("", include("laoke.foundation.web.urls")),
    path("", include("laoke.surfaces.console.urls")),
]
handler404 = "laoke.surfaces.console.views.refusals.not_found"
handler500 = "laoke.surfaces.console.views.refusals.fault"
