"""The addresses of the console."""

from __future__ import annotations

from django.urls import path

from laoke.surfaces.console.views import members, overview, session

urlpatterns = [
    path("", overview.show, name="overview"),
    path("login", session.login, name="login"),
    path("logout", session.logout, name="logout"),
    path("members", members.search, name="members"),
    path("members/<int:member_id>", members.show, name="member"),
]
