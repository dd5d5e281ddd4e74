"""Who lives with a member: put somebody into the household, take the member out, share points with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members import selectors, services
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Undo, Visit, console_page
from laoke.surfaces.console.selectors.member.head import head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.views.traits import ActPage


class OtherForm(Form):
    """Somebody the member lives with."""

    other = forms.CharField(
        label=gettext_lazy("The other member"),
        help_text=gettext_lazy("Phone, card or member number."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def refused(self, error: LaokeError) -> None:
        """Whatever is refused is refused for the member who was named."""
        self.add_error("other", error.detail)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@console_page("members", Scope.MEMBERS_WRITE)
def household(visit: Visit, member_id: int) -> HttpResponse:
    """Show the form for one more, and do what was pressed."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    back = f"/members/{member_id}/profile"
    path = f"/members/{member_id}/household"
    match visit.request.POST.get("act", ""):
        case "leave":
            return _leave(visit, member_id, back, path)
        case "share" | "keep" as act:
            return _share(visit, member_id, back, path, shares=act == "share")
        case "return":
            return _return(visit, member_id, back)
    form = OtherForm(visit.request.POST or None)
    page = ActPage(
        head,
        _("Add somebody to the household"),
        _("Whoever lives in no household yet joins the other’s; points are shared only by those who say so."),
        form,
        _("Add"),
        path,
        back,
    )
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if form.is_valid() and (other := _meant(form)) is not None:
        try:
            visit.once(
                "members.household",
                {"member": member_id, "other": other},
                lambda: {"household": _together(visit, member_id, other)},
            )
        except LaokeError as error:
            form.refused(error)
        else:
            return visit.go(back, _("They live in one household now."))
    return visit.show("member/act", page, status=422)


def _meant(form: OtherForm) -> int | None:
    """The one member a text means; None, and said on the form, when there are several or nobody."""
    rows = selectors.search(form.cleaned_data["other"], limit=2).rows
    if len(rows) == 1:
        return rows[0].id
    form.add_error(
        "other",
        _("Several members match. Type the whole phone number, the card or the member number.")
        if rows
        else _("No member is found by this. Check it, or register the person first."),
    )
    return None


def _together(visit: Visit, member_id: int, other: int) -> int:
    """Whoever lives somewhere stays there, and the other one joins."""
    mine, theirs = selectors.household(member_id), selectors.household(other)
    if mine is None and theirs is None:
        return services.form_household(caller=visit.actor, member_ids=[member_id, other], at=visit.at)
    home, newcomer = (theirs, member_id) if mine is None and theirs is not None else (mine, other)
    assert home is not None
    services.join_household(caller=visit.actor, household_id=home.id, member_id=newcomer, at=visit.at)
    return home.id


def _leave(visit: Visit, member_id: int, back: str, path: str) -> HttpResponse:
    def run() -> Mapping[str, Any]:
        view = selectors.household(member_id)
        left = services.leave_household(caller=visit.actor, member_id=member_id, at=visit.at)
        return {"was": view.id if view and left and len(view.people) > 1 else None}

    done = visit.once("members.household_leave", {"member": member_id}, run)
    undo = Undo(path, {"act": "return", "household": str(done["was"])}) if done["was"] else None
    return visit.go(back, _("The member has left the household."), undo=undo)


def _return(visit: Visit, member_id: int, back: str) -> HttpResponse:
    asked = visit.request.POST.get("household", "")
    if not asked.isdecimal():
        return visit.go(back)
    visit.once(
        "members.household_return",
        {"member": member_id, "household": asked},
        lambda: {
            "changed": services.join_household(
                caller=visit.actor, household_id=int(asked), member_id=member_id, at=visit.at
            )
        },
    )
    return visit.go(back, _("They live in one household now."))


def _share(visit: Visit, member_id: int, back: str, path: str, *, shares: bool) -> HttpResponse:
    visit.once(
        "members.household_sharing",
        {"member": member_id, "shares": shares},
        lambda: {
            "changed": services.share_points(
                caller=visit.actor, member_id=member_id, shares=shares, at=visit.at
            )
        },
    )
    return visit.go(
        back,
        _("The others of the household may spend the member’s points.")
        if shares
        else _("The member’s points are the member’s alone."),
        undo=Undo(path, {"act": "keep" if shares else "share"}),
    )
