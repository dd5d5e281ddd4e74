"""The addresses of the console."""

from __future__ import annotations

from django.urls import path

from laoke.surfaces.console.views import kept, ladder, members, overview, rfm, session, shell

urlpatterns = [
    path("", overview.show, name="overview"),
    path("login", session.login, name="login"),
    path("login/code", session.code, name="login-code"),
    path("login/sign-on", session.away, name="sign-on"),
    path("login/sign-on/back", session.back, name="sign-on-back"),
    path("logout", session.logout, name="logout"),
    path("resume", kept.offer, name="resume"),
    path("search", shell.search, name="search"),
    path("place", shell.choose_place, name="place"),
    path("notices", shell.show_notices, name="notices"),
    path("help", shell.show_help, name="help"),
    path("preferences/shortcuts", shell.choose_shortcuts, name="shortcuts"),
    path("members", members.search, name="members"),
    path("members/<int:member_id>", members.show, name="member"),
    path("segments", rfm.show, name="segments"),
    path("tiers", ladder.show, name="tiers"),
]
