"""What every page behind the sign-in shares: who looks, the frame around it, and refusals that stay in the frame."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from laoke.foundation.access import ROLE_LABELS, SCOPE_LABELS, Caller, MissingScope, Role, Scope
from laoke.foundation.idempotency import services as idempotency
from laoke.foundation.idempotency.errors import IdempotencyKeyReused
from laoke.foundation.idempotency.services import Command
from laoke.foundation.staff import selectors as accounts
from laoke.foundation.staff import services as staff
from laoke.foundation.web.api import received_at
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console import resume, scoping
from laoke.surfaces.console.errors import SentAlready
from laoke.surfaces.console.selectors.stores import stores_of_regions
from laoke.surfaces.console.selectors.surroundings import Surroundings, surroundings

# Asked with by static/console/shell.js, and answered with so that it can tell a dialog from a whole page.
DIALOG_HEADER = "X-Laoke-Dialog"
GO_HEADER = "X-Laoke-Go"
ONCE = "once"
# Where a password is chosen in place of one that somebody else knows; until then there is no other page.
CHOOSE_FIRST = "first-password"
CHOOSE_FIRST_PATH = "/account/password/first"
SHORTCUTS_COOKIE = "laoke_shortcuts"
_SAID = "said"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation. Only what works stands here."""

    name: str
    path: str
    label: Any  # translated when shown
    icon: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that belong together. A group nobody may see an entry of is not shown."""

    label: Any
    icon: str
    entries: tuple[Entry, ...]


NAVIGATION = (
    Group(
        _("Overview"),
        "layout-dashboard",
        (Entry("overview", "/", _("Dashboard"), "layout-dashboard", Scope.INSIGHT_READ),),
    ),
    Group(
        _("Members"),
        "users",
        (
            Entry("members", "/members", _("All members"), "users", Scope.MEMBERS_READ),
            Entry("segments", "/segments", _("Segments and RFM"), "table", Scope.INSIGHT_READ),
            Entry("imports", "/imports", _("Imports"), "file-import", Scope.STORES_WRITE),
            Entry("merges", "/members/merges", _("Merges"), "git-merge", Scope.MEMBERS_MERGE),
        ),
    ),
    Group(
        _("Points"),
        "coins",
        (
            Entry(
                "points-rules", "/points/rules", _("Earning and spending"), "percentage", Scope.PROGRAMME_READ
            ),
            Entry("movements", "/points/movements", _("Movements"), "list", Scope.POINTS_READ),
            Entry("mall", "/mall", _("Points mall"), "package", Scope.BENEFITS_READ),
            Entry("adjustments", "/points/adjustments", _("Adjustments"), "shield-check", Scope.POINTS_READ),
            Entry("liability", "/points/liability", _("Liability"), "coins", Scope.POINTS_LIABILITY),
        ),
    ),
    Group(
        _("Tiers"),
        "award",
        (
            Entry("tiers", "/tiers", _("Tier rules"), "award", Scope.TIERS_READ),
            Entry("tier-movement", "/tiers/movement", _("Tier movement"), "route", Scope.TIERS_READ),
            Entry("memberships", "/memberships", _("Paid membership"), "cash", Scope.TIERS_READ),
            Entry("benefits", "/benefits", _("Benefit library"), "gift", Scope.BENEFITS_READ),
        ),
    ),
    Group(
        _("Promotions"),
        "discount",
        (
            Entry("offers", "/promotions", _("Offers"), "discount", Scope.PROGRAMME_READ),
            Entry(
                "offer-calendar",
                "/promotions/calendar",
                _("Offer calendar"),
                "calendar",
                Scope.PROGRAMME_READ,
            ),
            Entry("coupons", "/coupons", _("Coupons"), "ticket", Scope.COUPONS_READ),
        ),
    ),
    Group(
        _("Stores and products"),
        "building-store",
        (
            Entry("stores", "/stores", _("Stores"), "building-store", Scope.STORES_READ),
            Entry("products", "/products", _("Products"), "tag", Scope.PRODUCTS_READ),
        ),
    ),
    Group(
        _("Settings"),
        "settings",
        (
            Entry("staff", "/settings/staff", _("Staff and roles"), "shield-lock", Scope.STAFF),
            Entry("keys", "/settings/keys", _("API keys"), "key", Scope.API_KEYS),
            Entry("webhooks", "/settings/webhooks", _("Webhooks"), "webhook", Scope.WEBHOOKS),
            Entry("audit", "/settings/audit", _("Audit log"), "history", Scope.AUDIT_READ),
            Entry("jobs", "/jobs", _("Jobs"), "activity", Scope.PROGRAMME_READ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take back what was just done: where to post which fields."""

    path: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about what was just done, and how to take it back where that is possible."""

    text: str
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The page around a page."""

    base: str  # the template a page extends: the whole frame, or the dialog it was asked for in
    navigation: tuple[tuple[Group, tuple[Entry, ...]], ...]
    here: str
    name: str
    initial: str
    role: str
    stores: int | None  # how many the account is limited to; None: all of them
    home: str
    may_search: bool
    once: str
    said: Said | None
    surroundings: Surroundings | None  # None in a dialog, which has none
    shortcuts: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a page is not shown, in the words of the problem type. `right` is the permission that is missing, if one is;
    `owners` are the names of those who can give it."""

    title: str
    detail: str
    code: str
    status: int
    right: str
    owners: tuple[str, ...]


class Visit:
    """One request of somebody who is signed in.

    `actor` is the account as it is; `caller` is the account narrowed to the store chosen in the top bar. Pages read
    as the caller and act as the actor.
    """

    def __init__(self, request: HttpRequest, here: str) -> None:
        self.request = request
        self.actor: Caller = staff.caller_for(request.user, stores_of_regions)  # type: ignore[arg-type]
        self.caller: Caller = scoping.narrowed(self.actor, request)
        self.at: datetime = received_at(request)
        self.here = here

    @property
    def in_dialog(self) -> bool:
        """Whether the answer will stand in a dialog over the page that asked."""
        return DIALOG_HEADER in self.request.headers

    @property
    def wants_part(self) -> bool:
        """Whether the page that asked replaces a part of itself."""
        headers = self.request.headers
        restoring = "HX-History-Restore-Request" in headers
        return "HX-Request" in headers and not self.in_dialog and not restoring

    def show(self, template: str, page: object, *, status: int = 200) -> HttpResponse:
        """The page within its frame. Its values are plain: nothing in a template can start a query."""
        context = {"page": page, "frame": self._frame()}
        response = render(self.request, f"console/{template}.html", context, status=status)
        if self.in_dialog:
            response[DIALOG_HEADER] = "1"
        return response

    def part(self, template: str, page: object, *, status: int = 200) -> HttpResponse:
        """A part of a page, without the frame."""
        context = {"page": page, "frame": self._frame(bare=True)}
        return render(self.request, f"console/{template}.html", context, status=status)

    def go(self, path: str, said: object = "", *, undo: Undo | None = None) -> HttpResponse:
        """After an act: on to a page, which says what was done and offers to take it back.

        Dialogs and parts of pages are told where to go instead of being redirected, so that the whole page follows.
        """
        if said:
            toast: dict[str, Any] = {"text": str(said)}
            if undo is not None:
                toast |= {"path": undo.path, "fields": dict(undo.fields)}
            self.request.session[_SAID] = toast
        # Headers take no letters but those of ASCII; a redirect sees to that itself.
        if self.in_dialog:
            return HttpResponse(status=204, headers={GO_HEADER: iri_to_uri(path)})
        if self.wants_part:
            return HttpResponse(status=204, headers={"HX-Redirect": iri_to_uri(path)})
        return HttpResponseRedirect(path, status=303)

    def once(
        self, name: str, fields: Mapping[str, object], run: Callable[[], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Run a command once for each form shown: a double click and the back button get the first answer.

        Args:
            name: of the command, "members.adjust".
            fields: what was asked for, plain values. The same form sent again with others is refused.
            run: gives an answer of plain JSON values without personal data; what it raises leaves nothing behind.
        Raises:
            SentAlready, and whatever `run` raises.
        """
        token = self.request.POST.get(ONCE, "")[:64] or secrets.token_urlsafe(12)
        told = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS, default=str)
        command = Command(f"console:{name}:{token}", (name.encode(), told))
        try:
            answer = idempotency.once(self.actor, command, run, at=self.at)
        except IdempotencyKeyReused:
            raise SentAlready from None
        found: dict[str, Any] = orjson.loads(answer.body)
        return found

    def refuse(self, error: LaokeError) -> HttpResponse:
        """Say what was refused; where a permission is missing, which one and who can give it."""
        right = (
            str(SCOPE_LABELS[Scope(str(error.extensions["scope"]))])
            if isinstance(error, MissingScope)
            else ""
        )
        owners = tuple(accounts.owner_names()) if right else ()
        page = Refusal(gettext(error.title), error.detail, error.code, error.status, right, owners)
        return self.show("refusal", page, status=error.status)

    def _frame(self, *, bare: bool = False) -> Frame:
        person: Any = self.request.user
        alone = bare or self.in_dialog
        return Frame(
            base="console/dialog.html" if self.in_dialog else "console/frame.html",
            navigation=() if alone else _navigation(self.actor),
            here=self.here,
            name=person.name,
            initial=person.name[:1],
            role=str(ROLE_LABELS[Role(person.role)]),
            stores=None if self.actor.stores is None else len(self.actor.stores),
            home=home(self.actor),
            may_search=Scope.MEMBERS_READ in self.actor.scopes,
            once=self.request.POST.get(ONCE, "")[:64] or secrets.token_urlsafe(12),
            said=None if alone else self._said(),
            surroundings=None if alone else surroundings(self.actor, scoping.chosen(self.request), self.at),
            shortcuts=self.request.COOKIES.get(SHORTCUTS_COOKIE) != "off",
        )

    def _said(self) -> Said | None:
        toast = self.request.session.pop(_SAID, None)
        if not toast:
            return None
        undo = Undo(toast["path"], toast["fields"]) if "path" in toast else None
        return Said(toast["text"], undo)


def _navigation(caller: Caller) -> tuple[tuple[Group, tuple[Entry, ...]], ...]:
    shown = (
        (group, tuple(entry for entry in group.entries if entry.scope in caller.scopes))
        for group in NAVIGATION
    )
    return tuple((group, entries) for group, entries in shown if entries)


def _choose_password_first(visit: Visit) -> HttpResponse:
    """Whatever was asked for waits until the person has a password that nobody else knows."""
    request = visit.request
    whole = request.method in ("GET", "HEAD") and not visit.in_dialog and not visit.wants_part
    wanted = request.get_full_path() if whole else "/"
    more = "" if wanted == "/" else f"?{urlencode({'next': wanted})}"
    response = visit.go(CHOOSE_FIRST_PATH + more)
    response["Cache-Control"] = "private, no-store"
    return response


def home(caller: Caller) -> str:
    """The first page the caller may see."""
    return next((entry.path for _group, entries in _navigation(caller) for entry in entries), "/account")


PageView = Callable[..., HttpResponse]


def console_page(here: str, scope: Scope | None = None) -> Callable[[PageView], PageView]:
    """Declare a page for signed-in staff, who must hold `scope` if one is named. The view is given a Visit.

    Refusals (LaokeError) become a page with their status. Nothing of it may be kept by browsers or proxies.
    """

    def declare(view: PageView) -> PageView:
        @wraps(view)
        def shown(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return resume.sign_in_first(request)
            visit = Visit(request, here)
            if request.user.password_given and here != CHOOSE_FIRST:
                return _choose_password_first(visit)
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
