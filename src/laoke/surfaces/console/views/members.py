"""Looking at one member."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from laoke.foundation.access import Scope
from laoke.members import selectors as members
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.member import member_page


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def show(visit: Visit, member_id: int) -> HttpResponse:
    """One member; the number of a merged one leads to the one it was merged into."""
    page = member_page(visit.caller, member_id, visit.at)
    if page.person.status == "merged":
        return HttpResponseRedirect(f"/members/{members.kept_id(member_id)}")
    return visit.show("member", page)
