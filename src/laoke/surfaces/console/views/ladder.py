"""The tier ladder: as it holds, its draft, the trial of that, and the decision of two people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.checkout import programme
from laoke.checkout.programme import Programme
from laoke.checkout.proposing import drafts, selectors
from laoke.checkout.proposing import services as proposing
from laoke.checkout.proposing.drafts import DraftView
from laoke.checkout.proposing.errors import DraftChanged, NoDraft, ProposalWaiting
from laoke.foundation.access import Scope
from laoke.foundation.staff import selectors as staff
from laoke.kernel.errors import LaokeError
from laoke.members.errors import ReasonMissing
from laoke.surfaces.console.forms import Form, digest
from laoke.surfaces.console.ladder_form import RulesForm, TierForm, inserted
from laoke.surfaces.console.notices import services as notices
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.tier_rules import (
    draft_page,
    moves_page,
    proposal_box,
    propose_page,
    seen,
    tiers_page,
    trying,
)
from laoke.tiers import ladder as ladders

HERE = "/tiers"
DRAFT = "/tiers/draft"
READ, ACT = Scope.TIERS_READ, Scope.PROGRAMME_WRITE


class _ProposeForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Why the rules change"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Whoever decides reads it, and it stands in the audit log."),
        error_messages={"required": gettext_lazy("Say why.")},
    )
    preview = forms.IntegerField(widget=forms.HiddenInput)
    error_fields = {ReasonMissing: "reason"}


class _RefuseForm(Form):
    note = forms.CharField(
        label=gettext_lazy("Why not"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Whoever asked reads it."),
        error_messages={"required": gettext_lazy("Say why.")},
    )
    error_fields = {ReasonMissing: "note"}


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form beside nothing else; `proposal` is what it is about, if anything."""

    form: Any
    proposal: Any = None


@dataclass(frozen=True, slots=True)
class _TryingPage:
    trying: Any
    swapped: bool = True


@dataclass(frozen=True, slots=True)
class _BoxPage:
    box: Any


@require_safe
@console_page("tiers", READ)
def show(visit: Visit) -> HttpResponse:
    """Rungs, criteria, dates and versions, and the change that waits."""
    return visit.show("ladder/ladder", tiers_page(visit.actor, visit.caller, visit.at))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("tiers", ACT)
def draft(visit: Visit) -> HttpResponse:
    """The form of the rules: saved as a draft, tried, and on to proposing it."""
    waiting = selectors.newest(visit.actor)
    if waiting is not None and waiting.open:
        return visit.go(
            HERE, said=_("What was proposed is decided on first; then the rules can be changed again.")
        )
    found, held = drafts.current(), programme.current()
    ladder = found.ladder if found else held.ladder
    if visit.request.method != "POST":
        return _shown(visit, RulesForm(ladder), found, held)
    form = RulesForm(ladder, visit.request.POST)
    if form.changed_meanwhile(seen(ladder, found)):
        # What was typed belongs to fields of another ladder.
        raise DraftChanged
    if not form.is_valid():
        return _shown(visit, form, found, held, status=422)
    act = visit.request.POST.get("act", "")
    try:
        saved = drafts.save(
            visit.actor, form.document(), revision=found.revision if found else 0, at=visit.at
        )
        if act == "try":
            drafts.try_it(visit.actor, at=visit.at)
    except (DraftChanged, ProposalWaiting):
        raise
    except LaokeError as error:
        form.refused(error)
        return _shown(visit, form, found, held, status=error.status)
    if act == "propose" and saved.preview is not None:
        return visit.go(f"{DRAFT}/propose")
    if act == "propose":
        return visit.go(
            DRAFT, said=_("Saved. Try the draft first: what it comes to is part of what is proposed.")
        )
    return visit.go(DRAFT, said=_("A worker tries it on everybody.") if act == "try" else _("Draft saved."))


@require_safe
@console_page("tiers", ACT)
def draft_state(visit: Visit) -> HttpResponse:
    """The card of the trial, for the page that waits for it."""
    return visit.part("ladder/_trying", _TryingPage(trying(drafts.current(), programme.current().ladder)))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("tiers", ACT)
def add_tier(visit: Visit) -> HttpResponse:
    """Put a tier between two others of the draft."""
    found = drafts.current()
    ladder = found.ladder if found else programme.current().ladder
    posted = visit.request.method == "POST"
    form = TierForm(ladder, visit.request.POST if posted else None)
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            try:
                drafts.save(
                    visit.actor, form.document(), revision=found.revision if found else 0, at=visit.at
                )
            except LaokeError as error:
                form.refused(error)
                status = error.status
            else:
                return visit.go(DRAFT, said=_("The tier is in the draft."))
    return visit.show("ladder/tier", FormPage(form), status=status)


@require_POST
@console_page("tiers", ACT)
def remove_tier(visit: Visit) -> HttpResponse:
    """Take a tier out of the draft that was put in there."""
    found = drafts.current()
    if found is None:
        raise NoDraft
    code = visit.request.POST.get("code", "")
    document = ladders.to_document(found.ladder)
    if _stale(visit, found) or code not in inserted(programme.current().ladder, found.ladder):
        raise DraftChanged
    document["tiers"] = [tier for tier in document["tiers"] if tier["code"] != code]
    drafts.save(visit.actor, document, revision=found.revision, at=visit.at)
    return visit.go(DRAFT, said=_("The tier is out of the draft."))


@require_POST
@console_page("tiers", ACT)
def discard(visit: Visit) -> HttpResponse:
    """Forget the draft."""
    found = drafts.current()
    if found is not None and _stale(visit, found):
        raise DraftChanged
    drafts.discard(visit.actor, revision=found.revision if found else None, at=visit.at)
    return visit.go(HERE, said=_("Draft discarded."))


@require_POST
@console_page("tiers", ACT)
def restore(visit: Visit) -> HttpResponse:
    """Take a version that was published once as the draft."""
    wanted = visit.request.POST.get("version", "")
    version = next((each for each in ladders.published(1_000) if str(each.number) == wanted), None)
    if version is None:
        raise NoDraft
    # A draft of somebody is not thrown away by this.
    drafts.save(visit.actor, ladders.to_document(version.ladder), revision=0, at=visit.at)
    return visit.go(DRAFT, said=_("Version %(n)s is the draft now.") % {"n": version.number})


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("tiers", ACT)
def propose(visit: Visit) -> HttpResponse:
    """Propose the draft as it was tried."""
    found = drafts.current()
    posted = visit.request.method == "POST"
    form = (
        _ProposeForm(visit.request.POST)
        if posted
        else _ProposeForm(initial={"preview": found and found.preview})
    )
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                visit.once("tiers.propose", values, lambda: _propose(visit, values))
            except LaokeError as error:
                form.refused(error)
                status = error.status
            else:
                return visit.go(HERE, said=_("Proposed. Somebody else has to decide."))
    page = propose_page(visit.actor, form, found)
    if page is None:
        return visit.go(DRAFT, said=_("Try the draft first: what it comes to is part of what is proposed."))
    return visit.show("ladder/propose", page, status=status)


@require_safe
@console_page("tiers", READ)
def proposal_state(visit: Visit) -> HttpResponse:
    """The box of the proposal, for the page that waits for it. Once it is done the whole page is shown anew."""
    box = proposal_box(visit.actor, programme.current().ladder)
    if box is None or not box.working:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return visit.part("ladder/_box", _BoxPage(box))


@require_POST
@console_page("tiers", ACT)
def approve(visit: Visit, proposal_id: int) -> HttpResponse:
    """Let a proposal pass."""
    visit.once("tiers.approve", {"proposal": proposal_id}, lambda: _approve(visit, proposal_id))
    return visit.go(HERE, said=_("Let pass. It is being applied now."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("tiers", ACT)
def refuse(visit: Visit, proposal_id: int) -> HttpResponse:
    """Do not let a proposal pass, and say why."""
    found = selectors.one(visit.actor, proposal_id)
    posted = visit.request.method == "POST"
    form = _RefuseForm(visit.request.POST if posted else None)
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            try:
                row = proposing.refuse(visit.actor, proposal_id, form.cleaned_data["note"], at=visit.at)
            except LaokeError as error:
                form.refused(error)
                status = error.status
            else:
                if row.asked_kind == "staff":
                    told = {"by": row.decided_by, "note": row.note}
                    notices.tell(row.asked_id, "ladder.refused", told, visit.at, path=HERE)
                return visit.go(HERE, said=_("Refused."))
    return visit.show("ladder/refuse", FormPage(form, found), status=status)


@require_POST
@console_page("tiers", ACT)
def withdraw(visit: Visit, proposal_id: int) -> HttpResponse:
    """Take one's own proposal back."""
    proposing.withdraw(visit.actor, proposal_id, at=visit.at)
    return visit.go(DRAFT, said=_("Taken back. The draft can be changed again."))


@require_safe
@console_page("tiers", READ)
def moves(visit: Visit, preview: int) -> HttpResponse:
    """Who would move under a ladder that was tried."""
    asked = visit.request.GET
    page = moves_page(visit.caller, preview, asked.get("move", ""), asked.get("after") or None)
    return visit.show("ladder/moves", page)


def _shown(
    visit: Visit, form: RulesForm, found: DraftView | None, held: Programme, *, status: int = 200
) -> HttpResponse:
    page = draft_page(visit.caller, form, found, held, visit.at)
    return visit.show("ladder/draft", page, status=status)


def _stale(visit: Visit, found: DraftView) -> bool:
    shown = visit.request.POST.get("seen", "")
    return bool(shown) and shown != digest(seen(found.ladder, found))


def _propose(visit: Visit, values: dict[str, Any]) -> dict[str, Any]:
    row = drafts.propose_it(visit.actor, values["reason"], preview=values["preview"], at=visit.at)
    others = [each for each in staff.holders(ACT) if each != visit.actor.id]
    notices.tell_all(others, "ladder.asked", {"by": row.asked_by}, visit.at, path=HERE)
    return {"proposal": row.pk}


def _approve(visit: Visit, proposal_id: int) -> dict[str, Any]:
    row = proposing.approve(visit.actor, proposal_id, at=visit.at)
    if row.asked_kind == "staff":
        notices.tell(row.asked_id, "ladder.approved", {"by": row.decided_by}, visit.at, path=HERE)
    return {"proposal": row.pk}
