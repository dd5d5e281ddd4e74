"""What every page behind the sign-in shares: who looks, the frame around it, and refusals that stay in the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from laoke.foundation.access import ROLE_LABELS, Caller, MissingScope, Role, Scope
from laoke.foundation.staff import services as staff
from laoke.foundation.web.api import received_at
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console.selectors.stores import stores_of_regions


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation. Only what works stands here."""

    name: str
    path: str
    label: Any  # translated when shown
    icon: str
    scope: Scope


NAVIGATION = (
    Entry("overview", "/", _("Overview"), "layout-dashboard", Scope.INSIGHT_READ),
    Entry("members", "/members", _("Members"), "users", Scope.MEMBERS_READ),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The page around a page."""

    navigation: tuple[Entry, ...]
    here: str
    name: str
    initial: str
    role: str
    stores: int | None  # how many the account is limited to; None: all of them
    home: str
    may_search: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a page is not shown, in the words of the problem type."""

    title: str
    detail: str
    code: str
    status: int
    scope: str


class Visit:
    """One request of somebody who is signed in."""

    def __init__(self, request: HttpRequest, here: str) -> None:
        self.request = request
        self.caller: Caller = staff.caller_for(request.user, stores_of_regions)  # type: ignore[arg-type]
        self.at: datetime = received_at(request)
        self.here = here

    def show(self, template: str, page: object, *, status: int = 200) -> HttpResponse:
        """The page within its frame. Its values are plain: nothing in a template can start a query."""
        context = {"page": page, "frame": self._frame()}
        return render(self.request, f"console/{template}.html", context, status=status)

    def refuse(self, error: LaokeError) -> HttpResponse:
        """Say what was refused, and which scope is missing where that is why."""
        scope = str(error.extensions.get("scope", "")) if isinstance(error, MissingScope) else ""
        page = Refusal(gettext(error.title), error.detail, error.code, error.status, scope)
        return self.show("refusal", page, status=error.status)

    def _frame(self) -> Frame:
        person: Any = self.request.user
        caller = self.caller
        return Frame(
            navigation=tuple(entry for entry in NAVIGATION if entry.scope in caller.scopes),
            here=self.here,
            name=person.name,
            initial=person.name[:1],
            role=str(ROLE_LABELS[Role(person.role)]),
            stores=None if caller.stores is None else len(caller.stores),
            home=home(caller),
            may_search=Scope.MEMBERS_READ in caller.scopes,
        )


def home(caller: Caller) -> str:
    """The first page the caller may see."""
    return next((entry.path for entry in NAVIGATION if entry.scope in caller.scopes), "/")


PageView = Callable[..., HttpResponse]


def console_page(here: str, scope: Scope | None = None) -> Callable[[PageView], PageView]:
    """Declare a page for signed-in staff, who must hold `scope` if one is named. The view is given a Visit.

    Refusals (LaokeError) become a page with their status. Nothing of it may be kept by browsers or proxies.
    """

    def declare(view: PageView) -> PageView:
        @wraps(view)
        def shown(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                wanted = request.get_full_path()
                return HttpResponseRedirect(
                    "/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}"
                )
            visit = Visit(request, here)
            try:
                if scope is not None:
                    visit.caller.require(scope)
                response = view(visit, **arguments)
            except LaokeError as error:
                response = visit.refuse(error)
            response["Cache-Control"] = "private, no-store"
            return response

        return shown

    return declare
