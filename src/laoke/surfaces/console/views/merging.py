"""Merging two members into one, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.again import once_more
from laoke.kernel.errors import LaokeError
from laoke.members import services
from laoke.members.errors import (
    BlockedUnlike,
    LaterMergeFirst,
    MemberMerged,
    MergeWithSelf,
    ReasonMissing,
    UndoTooLate,
    UnknownMember,
)
from laoke.surfaces.console.pages import Undo, Visit, console_page
from laoke.surfaces.console.selectors import merging
from laoke.surfaces.console.selectors.member.state import State, state_of
from laoke.surfaces.console.selectors.merging import Choice, MergeRow, Preview
from laoke.surfaces.console.templatetags.figures import clock
from laoke.surfaces.console.views.traits import WhyForm

_LONGEST_ID = 19


@dataclass(frozen=True, slots=True)
class Chosen:
    """A member that was chosen, masked."""

    id: int
    name: str
    phone: str
    card: str


@dataclass(frozen=True, slots=True)
class PickPage:
    """Choosing the two. `choices` were searched, `alike` suggested; `mistake` says why a choice cannot be."""

    kept: Chosen | None
    text: str
    choices: tuple[Choice, ...]
    alike: tuple[Choice, ...]
    mistake: str


@dataclass(frozen=True, slots=True)
class MergePage:
    """The two side by side, and what the one that stays would be."""

    kept: Chosen
    gone: Chosen
    preview: Preview
    form: WhyForm
    refused: str
    undo_days: int
    unlike: bool  # both birthdays are known, and are not the same


@dataclass(frozen=True, slots=True)
class UndoPage:
    """A merge about to be undone, and what both would be; or why not, and which merge to undo `first`."""

    row: MergeRow
    preview: Preview
    refused: str
    first: int | None


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("merges", Scope.MEMBERS_MERGE)
def merge(visit: Visit) -> HttpResponse:
    """Choose two, see what comes of it, do it."""
    given = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    kept, wrong_kept = _chosen(visit, given, "kept")
    gone, wrong_gone = _chosen(visit, given, "gone")
    if kept is not None and _done_already(visit, kept, wrong_gone):
        return visit.go(f"/members/{kept.id}")
    wrong = wrong_kept or wrong_gone
    mistake = wrong.detail if wrong else ""
    if kept is not None and gone is not None and kept.id == gone.id:
        gone, mistake = None, MergeWithSelf(kept.id).detail
    if kept is None and gone is not None:
        kept, gone = gone, None
    if kept is None or gone is None:
        return visit.show("member/merge_pick", _pick(visit, kept, given, mistake))
    if visit.request.method != "POST":
        return visit.show("member/merge", _page(visit, kept, gone, WhyForm()))
    form = WhyForm(visit.request.POST)
    form.is_valid()
    reason = form.cleaned_data["reason"]
    sent = {"kept": kept.id, "gone": gone.id, "reason": reason}

    def run() -> Mapping[str, int]:
        merge_id = services.merge(
            caller=visit.actor, kept_id=kept.id, gone_id=gone.id, reason=reason, at=visit.at
        )
        return {"merge_id": merge_id}

    try:
        done = once_more(lambda: visit.once("members.merge", sent, run))
    except ReasonMissing as error:
        form.refused(error)
        return visit.show("member/merge", _page(visit, kept, gone, form), status=422)
    except BlockedUnlike as error:
        return visit.show("member/merge", _page(visit, kept, gone, form), status=error.status)
    undo = Undo(f"/members/merges/{done['merge_id']}/undo", {})
    said = _("Member %(gone)s is merged into %(kept)s.") % {"gone": gone.id, "kept": kept.id}
    return visit.go(f"/members/{kept.id}", said, undo=undo)


@require_safe
@console_page("merges", Scope.MEMBERS_MERGE)
def show_all(visit: Visit) -> HttpResponse:
    """The merges that were made."""
    mark = visit.request.GET.get("after") or None
    return visit.show("member/merges", merging.merge_list(visit.actor, mark, visit.at))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("merges", Scope.MEMBERS_MERGE)
def undo(visit: Visit, merge_id: int) -> HttpResponse:
    """See what comes back, and undo the merge."""
    row = merging.merge_row(visit.actor, merge_id, visit.at)
    if visit.request.method != "POST":
        return visit.show("member/unmerge", _undo_page(visit, row))
    try:
        once_more(
            lambda: visit.once(
                "members.unmerge",
                {"merge": merge_id},
                lambda: {"undone": services.unmerge(caller=visit.actor, merge_id=merge_id, at=visit.at)},
            )
        )
    except (UndoTooLate, LaterMergeFirst) as error:
        return visit.show("member/unmerge", _undo_page(visit, row), status=error.status)
    said = _("The merge is undone: %(kept)s and %(gone)s are two members again.") % {
        "kept": row.kept_id,
        "gone": row.gone_id,
    }
    return visit.go(f"/members/{row.kept_id}", said)


def _done_already(visit: Visit, kept: State, wrong: LaokeError | None) -> bool:
    """Whether this is the second of two clicks: the merge that it asks for was made."""
    merged = isinstance(wrong, MemberMerged) and wrong.extensions["kept_id"] == kept.id
    return merged and visit.request.method == "POST"


def _chosen(visit: Visit, given: Mapping[str, str], name: str) -> tuple[State | None, LaokeError | None]:
    """The member whose number stands in the address, or why there is none."""
    text = given.get(name, "").strip()
    if not text:
        return None, None
    try:
        if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
            raise UnknownMember
        return state_of(visit.actor, int(text), visit.at), None
    except LaokeError as error:
        return None, error


def _pick(visit: Visit, kept: State | None, given: Mapping[str, str], mistake: str) -> PickPage:
    text = given.get("q", "")[:100]
    but = kept.id if kept else None
    return PickPage(
        _short(kept) if kept else None,
        text,
        merging.found(visit.actor, text, but),
        merging.candidates(visit.actor, kept.id) if kept and not text else (),
        mistake,
    )


def _page(visit: Visit, kept: State, gone: State, form: WhyForm) -> MergePage:
    preview = merging.merge_preview(visit.actor, kept, gone, visit.at)
    refused = preview.refused.detail if preview.refused else ""
    days = services.UNDO_DAYS
    unlike = kept.birthday is not None and gone.birthday is not None and kept.birthday != gone.birthday
    return MergePage(_short(kept), _short(gone), preview, form, refused, days, unlike)


def _undo_page(visit: Visit, row: MergeRow) -> UndoPage:
    if row.undone_at is not None:
        said = _("It was undone by %(who)s at %(at)s.") % {"who": row.undone_by, "at": clock(row.undone_at)}
        return UndoPage(row, Preview((), None), said, None)
    preview = merging.unmerge_preview(visit.actor, row, visit.at)
    refused = preview.refused
    first = int(str(refused.extensions["later_merge_id"])) if isinstance(refused, LaterMergeFirst) else None
    return UndoPage(row, preview, _refusal(row, refused) if refused else "", first)


def _refusal(row: MergeRow, error: LaokeError) -> str:
    """Why not, for a person."""
    if isinstance(error, UndoTooLate):
        return _(
            "A merge can be undone for %(days)s days; this one until %(until)s. "
            "Register the other person anew instead."
        ) % {"days": services.UNDO_DAYS, "until": clock(row.undo_until)}
    if isinstance(error, LaterMergeFirst):
        return _("A later merge of the same members stands on this one. Undo that one first.")
    return error.detail


def _short(state: State) -> Chosen:
    return Chosen(state.id, state.name, state.primary("phone"), state.primary("card"))
