"""Doing one thing to many members, and looking at how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.web.redirects import own_path
from laoke.members.errors import BadTag, ReasonMissing
from laoke.surfaces.console.directory import bulk, counting
from laoke.surfaces.console.directory.bulk import ActView, NobodySelected, Target
from laoke.surfaces.console.directory.counting import Count
from laoke.surfaces.console.directory.deeds import TITLES
from laoke.surfaces.console.directory.filters import Filter
from laoke.surfaces.console.directory.models import BulkAct
from laoke.surfaces.console.directory.page import PATH, Asked, asked
from laoke.surfaces.console.directory.tasks import BULK, go_on_with_bulk
from laoke.surfaces.console.directory.vocabulary import tags
from laoke.surfaces.console.directory.words import sentence
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Undo, Visit, console_page

_MOST_IDS = 500
_COUNT_MS = 100


class TagForm(Form):
    """The word."""

    word = forms.CharField(label=gettext_lazy("Tag"), required=False)
    error_fields = {BadTag: "word"}


class ReasonForm(Form):
    """The reason."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
    )
    error_fields = {ReasonMissing: "reason"}


@dataclass(frozen=True, slots=True)
class BulkPage:
    """What is about to be done, to how many. `kept`: the selection as hidden fields; `words`: tags to choose from."""

    kind: str
    title: str
    form: Form
    count: Count
    sentence: str
    by_filter: bool
    in_background: bool
    kept: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    back: str


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_WRITE)
def ask(visit: Visit) -> HttpResponse:
    """Ask for the tag or the reason, with the number of members it is about; then do it."""
    posted = visit.request.method == "POST"
    given = visit.request.POST if posted else visit.request.GET
    kind = given.get("action", "")
    if kind not in bulk.KINDS:
        kind = "tag"
    # Conditions that cannot be read must not widen what is done: the question is held against the whole filter.
    question = asked(visit.caller, QueryDict(given.get("of", "")), visit.at)
    target = _target(given, question)
    form_of = TagForm if kind in bulk.TAGGING else ReasonForm
    if not posted:
        return visit.show("members/bulk", _page(visit, kind, form_of(), question, target))
    form = form_of(visit.request.POST)
    if form.is_valid():
        told = {"word": form.cleaned_data.get("word", ""), "reason": form.cleaned_data.get("reason", "")}
        try:
            done = _do(visit, kind, question, target, told)
        except (BadTag, ReasonMissing) as error:
            form.refused(error)
        else:
            return _after(visit, kind, done, question)
    return visit.show("members/bulk", _page(visit, kind, form, question, target), status=422)


def _do(visit: Visit, kind: str, question: Asked, target: Target, told: Mapping[str, str]) -> dict[str, Any]:
    def run() -> Mapping[str, Any]:
        act = bulk.start(
            visit.actor,
            kind,
            target,
            stores=question.setting.scene.stores,
            words=question.words,
            scene=question.setting.scene,
            later=_later,
            **told,
        )
        return {"act": act.pk, "state": act.state, "changed": act.changed, "failed": act.failed}

    asked_for = {"kind": kind, "ids": target.ids, "of": question.query, **told}
    return visit.once("members.bulk", asked_for, run)


def _later(act_id: int, at: Any) -> None:
    go_on_with_bulk.defer(at, act_id=act_id)


def _after(visit: Visit, kind: str, done: Mapping[str, Any], question: Asked) -> HttpResponse:
    page = f"/members/bulk/{done['act']}"
    if done["state"] == BulkAct.WAITING or done["failed"]:
        return visit.go(page)
    said = _said(kind, done["changed"])
    back = f"{PATH}?{question.query}" if question.query else PATH
    undo = None
    if kind in bulk.TAGGING and done["changed"]:
        undo = Undo(f"{page}/undo", {"back": back})
    return visit.go(back, said, undo=undo)


def _said(kind: str, n: int) -> str:
    if kind == "tag":
        text = ngettext("%(n)s member tagged.", "%(n)s members tagged.", n)
    elif kind == "untag":
        text = ngettext("Tag removed from %(n)s member.", "Tag removed from %(n)s members.", n)
    elif kind == "block":
        text = ngettext("%(n)s member blocked.", "%(n)s members blocked.", n)
    else:
        text = ngettext("Block of %(n)s member lifted.", "Block of %(n)s members lifted.", n)
    return text % {"n": f"{n:,}"}


def _target(given: QueryDict, question: Asked) -> Target:
    """Raises NobodySelected for a selection of nobody, or for all of a filter that cannot be read whole."""
    if given.get("all") == "1":
        if question.misread:
            raise NobodySelected
        return Target(question.wanted)
    ids = {int(raw) for raw in given.getlist("ids") if raw.isascii() and raw.isdigit() and len(raw) < 19}
    if not ids or len(ids) > _MOST_IDS:
        raise NobodySelected
    return Target(Filter(), tuple(sorted(ids)))


def _page(visit: Visit, kind: str, form: Form, question: Asked, target: Target) -> BulkPage:
    by_filter = target.ids is None
    if target.ids is None:
        count = _counted(visit, question, target)
        kept = [("all", "1")]
    else:
        count = Count(len(target.ids), exact=True)
        kept = [("ids", str(one)) for one in target.ids]
    return BulkPage(
        kind=kind,
        title=str(TITLES[kind]),
        form=form,
        count=count,
        sentence=sentence(question.wanted, question.words) if by_filter else "",
        by_filter=by_filter,
        in_background=by_filter and (not count.exact or count.members > bulk.AT_ONCE),
        kept=(("action", kind), ("of", question.query), *kept),
        words=tags() if kind in bulk.TAGGING else (),
        back=f"{PATH}?{question.query}" if question.query else PATH,
    )


def _counted(visit: Visit, question: Asked, target: Target) -> Count:
    """The count as the list says it: exact up to 100,000, beyond that an estimate. The act itself counts exactly."""
    key = counting.key_of(question.wanted, question.setting.scene)
    found = target.where(question.words, question.setting.scene)
    count = counting.quick(found, counting.remembered([key], visit.at).get(key))
    if count.pending and count.members <= counting.EXACT_UP_TO:
        # Nobody looked at the list of these before. What is done to people is worth a moment for their number.
        count = counting.thorough(found, _COUNT_MS)
        if count.exact:
            counting.keep(key, count, visit.at)
    return count


@dataclass(frozen=True, slots=True)
class ActPage:
    """An act with its progress; `done` counts members looked at so far."""

    act: ActView
    title: str
    done: int


@require_safe
@console_page("members", Scope.MEMBERS_WRITE)
def show(visit: Visit, act_id: int) -> HttpResponse:
    """How far an act is, what became of it, and why some members could not be changed."""
    act = bulk.view(visit.actor, act_id, visit.at)
    under_way = jobs.of(BULK, str(act_id)) if act.waiting else None
    page = ActPage(act, str(TITLES[act.kind]), under_way.done if under_way else act.changed + act.failed)
    if visit.wants_part:
        return visit.part("members/_act", page)
    return visit.show("members/act", page)


@require_POST
@console_page("members", Scope.MEMBERS_WRITE)
def stop(visit: Visit, act_id: int) -> HttpResponse:
    """End a run early; what was done stays."""
    bulk.stop(visit.actor, act_id, visit.at)
    return visit.go(f"/members/bulk/{act_id}", _("It ends after the members it is at."))


@require_POST
@console_page("members", Scope.MEMBERS_WRITE)
def resume(visit: Visit, act_id: int) -> HttpResponse:
    """Go on with what broke off."""
    bulk.resume(visit.actor, act_id, visit.at, _later)
    return visit.go(f"/members/bulk/{act_id}", _("It goes on in a moment."))


@require_POST
@console_page("members", Scope.MEMBERS_WRITE)
def undo(visit: Visit, act_id: int) -> HttpResponse:
    """Take tags back."""
    act = bulk.undo(visit.actor, act_id, visit.at, _later)
    if act.state == BulkAct.UNDONE:
        back = own_path(visit.request.POST.get("back", ""), f"/members/bulk/{act_id}")
        return visit.go(back, _("Taken back."))
    return visit.go(f"/members/bulk/{act_id}")
