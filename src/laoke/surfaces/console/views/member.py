"""Looking at one member, tab by tab, and at one order."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from laoke.foundation.access import Scope
from laoke.members.errors import MemberMerged
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.member.changes import change_list
from laoke.surfaces.console.selectors.member.orders import order_list
from laoke.surfaces.console.selectors.member.overview import overview
from laoke.surfaces.console.selectors.member.profile import profile_page
from laoke.surfaces.console.selectors.member.statement import statement_page
from laoke.surfaces.console.selectors.order import order_page


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show(visit: Visit, member_id: int) -> HttpResponse:
    """Everything at a glance."""
    kind = visit.request.GET.get("show", "")
    return _tab(visit, "", lambda: overview(visit.actor, member_id, visit.at, kind), "member/overview")


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show_timeline(visit: Visit, member_id: int) -> HttpResponse:
    """The events of one kind; without script the whole page with them."""
    kind = visit.request.GET.get("show", "")
    if not visit.wants_part:
        return HttpResponseRedirect(f"/members/{member_id}?show={kind if kind.isalpha() else ''}#timeline")
    return visit.part("member/_timeline", overview(visit.actor, member_id, visit.at, kind).timeline)


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show_orders(visit: Visit, member_id: int) -> HttpResponse:
    """What the member bought."""
    mark = visit.request.GET.get("after") or None
    return _tab(visit, "/orders", lambda: order_list(visit.actor, member_id, mark, visit.at), "member/orders")


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show_statement(visit: Visit, member_id: int) -> HttpResponse:
    """The account of points."""
    mark = visit.request.GET.get("after") or None
    return _tab(
        visit,
        "/statement",
        lambda: statement_page(visit.actor, member_id, mark, visit.at),
        "member/statement",
    )


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show_profile(visit: Visit, member_id: int) -> HttpResponse:
    """Identities, tags and consents."""
    return _tab(visit, "/profile", lambda: profile_page(visit.actor, member_id, visit.at), "member/profile")


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show_changes(visit: Visit, member_id: int) -> HttpResponse:
    """Who changed what."""
    mark = visit.request.GET.get("after") or None
    return _tab(
        visit, "/changes", lambda: change_list(visit.actor, member_id, mark, visit.at), "member/changes"
    )


@require_safe
@console_page("members", Scope.ORDERS_READ)
def show_order(visit: Visit, order_id: int) -> HttpResponse:
    """One order."""
    return visit.show("member/order", order_page(visit.actor, order_id, visit.at))


def _tab(visit: Visit, tab: str, read: Callable[[], object], template: str) -> HttpResponse:
    """A tab; that of a merged member is on the page of the one it was merged into."""
    try:
        page = read()
    except MemberMerged as merged:
        return HttpResponseRedirect(f"/members/{merged.extensions['kept_id']}{tab}")
    return visit.show(template, page)
