"""Writing an offer: sentences with fields that are kept as they are filled in, with a basket priced beside them.

Everything works without script: every button sends the whole form, which is kept before anything else is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml
from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.checkout import programme
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import ReasonMissing
from laoke.promotions import drafts
from laoke.promotions import selectors as promotions
from laoke.promotions.documents.files import NotYaml, read_file
from laoke.promotions.documents.offers import Fault
from laoke.promotions.errors import DraftChanged, UnknownDraft
from laoke.promotions.language import language
from laoke.promotions.selectors import Draft
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.offers import choices, faults, form
from laoke.surfaces.console.offers.form import Sheet, Shop
from laoke.surfaces.console.offers.preview import Preview, preview
from laoke.surfaces.console.offers.shapes import Box, Item, Rows, boxes
from laoke.surfaces.console.offers.words import FIELDS, differences
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.offers import (
    Head,
    OfferLine,
    Review,
    head,
    history,
    line,
    published_text,
    review,
)
from laoke.surfaces.console.views.offers import path_of


@dataclass(frozen=True, slots=True)
class FaultLine:
    """What is still to be done: where it stands in words, the field it leads to ("" for none), what is wrong."""

    where: str
    field: str
    says: str


@dataclass(frozen=True, slots=True)
class Editor:
    """The editor of a draft.

    Args:
        changes: how many places differ from what is published.
        conflict: somebody else changed the draft meanwhile; what was typed stands in the form.
        reshaped: the form has other fields than the one that was sent.
    """

    offer: Head
    draft: Draft
    sheet: Sheet
    faults: tuple[FaultLine, ...]
    preview: Preview
    changes: int
    open: bool
    may_write: bool
    conflict: str = ""
    reshaped: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_READ)
def edit(visit: Visit, key: str) -> HttpResponse:
    """The editor. A form that is sent is kept; then what its button says is done."""
    draft = promotions.draft(key)
    if draft is None:
        promotions.offer(key, visit.at)
        return visit.go(path_of(key))
    if visit.request.method != "POST":
        return visit.show("offers/editor", _editor(visit, draft))
    visit.actor.require(Scope.PROGRAMME_WRITE)
    return _sent(visit, draft)


def _sent(visit: Visit, draft: Draft) -> HttpResponse:
    rules = programme.current()
    shop = choices.shop(rules)
    fields = {name: [str(each) for each in values] for name, values in visit.request.POST.lists()}
    deed, _colon, path = fields.get("do", ["save"])[-1].partition(":")
    changed = _changed(fields, deed, path, shop)
    document = form.read(changed, draft.document, language(), shop)
    try:
        if deed in ("undo", "redo"):
            draft = getattr(drafts, deed)(visit.actor, draft.key, at=visit.at, revision=_revision(fields))
        elif draft.state != "review":
            draft = drafts.save(visit.actor, draft.key, document, revision=_revision(fields), at=visit.at)
        if deed == "submit":
            draft = drafts.submit(visit.actor, draft.key, at=visit.at, revision=draft.revision)
            return visit.go(f"{path_of(draft.key)}/edit", _("Submitted for review."))
        if deed == "withdraw":
            draft = drafts.withdraw(visit.actor, draft.key, at=visit.at)
            return visit.go(f"{path_of(draft.key)}/edit", _("Taken back from review."))
    except DraftChanged as error:
        now = promotions.draft(draft.key)
        if now is None:
            raise UnknownDraft(draft.key) from None
        page = _editor(visit, replace(now, document=document), shop=shop, sent=fields)
        return _answer(visit, replace(page, conflict=error.detail, reshaped=True), status=409)
    except Fault:
        page = _editor(visit, promotions.draft(draft.key) or draft, shop=shop, sent=fields)
        return _answer(visit, page, status=422)
    if visit.wants_part:
        return _answer(visit, _editor(visit, draft, shop=shop, sent=fields))
    more = f"#{_anchor(deed, path)}" if deed in ("add", "up", "down") else ""
    said = _("Draft saved.") if deed == "save" else ""
    return visit.go(f"{path_of(draft.key)}/edit{more}", said)


def _answer(visit: Visit, page: Editor, status: int = 200) -> HttpResponse:
    if visit.wants_part:
        return visit.part("offers/_live", page, status=status)
    return visit.show("offers/editor", page, status=status)


def _changed(fields: Mapping[str, list[str]], deed: str, path: str, shop: Shop) -> Mapping[str, list[str]]:
    if deed == "add":
        where, _at, what = path.partition("@")
        return form.add(fields, where, what, shop)
    if deed == "remove":
        return form.remove(fields, path)
    if deed in ("up", "down"):
        return form.move(fields, path, -1 if deed == "up" else 1)
    return fields


def _anchor(deed: str, path: str) -> str:
    return path.partition("@")[0].partition(".")[0] if deed == "add" else path.partition(".")[0]


def _revision(fields: Mapping[str, list[str]]) -> int:
    text = fields.get("revision", ["0"])[-1]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _editor(
    visit: Visit, draft: Draft, *, shop: Shop | None = None, sent: Mapping[str, list[str]] | None = None
) -> Editor:
    rules = programme.current()
    shop = shop or choices.shop(rules)
    asked = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    sheet = form.show(draft.document, shop)
    found = [(place, faults.said(says)) for place, says in drafts.faults(draft.key, draft.document)]
    sheet = _with_faults(sheet, found)
    number = asked.get("basket", "0")
    before = published_text(rules, draft.key)
    return Editor(
        head(rules, draft, visit.at),
        draft,
        sheet,
        tuple(_fault_line(place, says, sheet) for place, says in found),
        preview(
            visit.caller,
            rules,
            draft.key,
            draft.document,
            at=visit.at,
            who=asked.get("who", ""),
            number=int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0,
        ),
        len(differences(before, draft.document)) if before is not None else 0,
        draft.state != "review" and Scope.PROGRAMME_WRITE in visit.actor.scopes,
        Scope.PROGRAMME_WRITE in visit.actor.scopes,
        reshaped=sent is not None and not _same_shape(sheet, sent),
    )


def _same_shape(sheet: Sheet, sent: Mapping[str, list[str]]) -> bool:
    """Whether the form that was sent has the fields of this one, and shows the same in them."""
    wanted = sheet.fields()
    shown = {name for _kind, name in sheet.outline() if not name.endswith(".said")}
    there = {name for name in sent if name.partition(".")[0] in ("offer", "when", "gives", "kept")}
    silent = {name for kind, name in sheet.outline() if kind in ("ticks", "check")}
    return (
        there <= shown | set(wanted)
        and shown - silent <= there
        and all(
            sorted(values) == sorted(each.strip() for each in sent.get(name, []))
            for name, values in wanted.items()
        )
    )


def _with_faults(sheet: Sheet, found: list[tuple[Any, str]]) -> Sheet:
    def mended(token: Any) -> Any:
        if isinstance(token, Box) and token.place:
            says = next((text for place, text in found if _is_at(place, token.place)), "")
            return replace(token, fault=says) if says else token
        if isinstance(token, Rows):
            return replace(token, items=tuple(mended(each) for each in token.items))
        if isinstance(token, Item):
            return replace(
                token,
                tokens=tuple(mended(each) for each in token.tokens),
                more=tuple(mended(each) for each in token.more),
            )
        return token

    marked: dict[str, Any] = {}
    for name in Sheet.__slots__:
        value = getattr(sheet, name)
        marked[name] = tuple(mended(token) for token in value) if isinstance(value, tuple) else mended(value)
    return Sheet(**marked)


def _is_at(place: tuple[Any, ...], box: tuple[Any, ...]) -> bool:
    return tuple(map(str, place))[: len(box)] == tuple(map(str, box))


def _fault_line(place: tuple[Any, ...], says: str, sheet: Sheet) -> FaultLine:
    found = [
        box
        for section in sheet.sections
        for box in boxes(section)
        if box.place and box.kind != "hidden" and _is_at(place, box.place)
    ]
    first = str(place[0]) if place else ""
    where = str(FIELDS.get(first, first))
    if first in ("gives", "when") and len(place) > 1 and str(place[1]).isdigit():
        where = f"{where} {int(place[1]) + 1}"
    if found:
        label = found[0].label
        where = f"{where} · {label}" if label and label != where else where
    return FaultLine(where, found[0].name if found else "", says)


class _TextForm(Form):
    error_fields = {NotYaml: "text", Fault: "text", DraftChanged: "text"}
    text = forms.CharField(
        max_length=drafts.LARGEST,
        label=gettext_lazy("The offer as text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "class": "inp mono", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "YAML, as in programme files. What the sentences cannot show is written here."
        ),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


@dataclass(frozen=True, slots=True)
class TextPage:
    """The draft as text."""

    offer: OfferLine
    form: _TextForm
    text: str
    open: bool


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_READ)
def text(visit: Visit, key: str) -> HttpResponse:
    """The draft as the text of a programme file."""
    draft = promotions.draft(key)
    if draft is None:
        raise UnknownDraft(key)
    offer = line(promotions.offer(key, visit.at))
    may = Scope.PROGRAMME_WRITE in visit.actor.scopes and draft.state != "review"
    if visit.request.method != "POST":
        written = yaml.safe_dump(dict(draft.document), allow_unicode=True, sort_keys=False, width=100)
        return visit.show(
            "offers/text",
            TextPage(offer, _TextForm(initial={"text": written, "revision": draft.revision}), written, may),
        )
    visit.actor.require(Scope.PROGRAMME_WRITE)
    filled = _TextForm(visit.request.POST)
    page = TextPage(offer, filled, "", True)
    if not filled.is_valid():
        return visit.show("offers/text", page, status=422)
    try:
        found = read_file(filled.cleaned_data["text"]).document
        drafts.save(visit.actor, key, found or {}, revision=filled.cleaned_data["revision"], at=visit.at)
    except (NotYaml, Fault, DraftChanged) as error:
        filled.refused(error)
        return visit.show("offers/text", page, status=error.status)
    return visit.go(f"{path_of(key)}/edit", _("Draft saved."))


@require_safe
@console_page("offers", Scope.PROGRAMME_READ)
def show_history(visit: Visit, key: str) -> HttpResponse:
    """Who changed what: the texts of the draft, and what was published."""
    return visit.show("offers/history", history(visit.caller, key, visit.at))


@require_http_methods(["POST"])
@console_page("offers", Scope.PROGRAMME_WRITE)
def restore(visit: Visit, key: str) -> HttpResponse:
    """Take a text of before, or what was published in a version, as the draft."""
    draft = promotions.draft(key)
    if draft is None:
        drafts.begin(visit.actor, key, at=visit.at)
        draft = promotions.draft(key)
    assert draft is not None
    wanted, version = visit.request.POST.get("revision", ""), visit.request.POST.get("version", "")
    document = next(
        (each.document for each in promotions.draft_texts(key) if str(each.revision) == wanted),
        next((each.document for each in promotions.versions(key) if str(each.version) == version), None),
    )
    if document is None:
        raise UnknownDraft(key)
    drafts.save(visit.actor, key, document, revision=draft.revision, at=visit.at)
    return visit.go(f"{path_of(key)}/edit", _("The draft says what it said then."))


class _NoteForm(Form):
    error_fields = {ReasonMissing: "note"}
    note = forms.CharField(
        max_length=drafts.LONGEST_NOTE,
        required=False,
        label=pgettext_lazy("to whoever wrote a draft", "What is to change"),
        help_text=gettext_lazy("Needed to send it back."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A draft under review, and the form to decide with."""

    found: Review
    form: _NoteForm
    mine: bool


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_READ)
def decide(visit: Visit, key: str) -> HttpResponse:
    """What a draft would change; approve it, or send it back."""
    found = review(visit.caller, key, visit.at)
    if found is None:
        return visit.go(path_of(key))
    filled = _NoteForm(visit.request.POST if visit.request.method == "POST" else None)
    page = ReviewPage(found, filled, found.draft.submitted_by == visit.actor.label)
    if visit.request.method != "POST":
        return visit.show("offers/review", page)
    visit.actor.require(Scope.PROGRAMME_WRITE)
    deed = "reject" if visit.request.POST.get("do") == "reject" else "approve"
    if not filled.is_valid():
        return visit.show("offers/review", page, status=422)
    note = filled.cleaned_data["note"]
    revision = _revision({"revision": [visit.request.POST.get("revision", "0")]})

    def run() -> dict[str, Any]:
        if deed == "reject":
            drafts.reject(visit.actor, key, note, at=visit.at)
            return {"rejected": True}
        return {"version": drafts.approve(visit.actor, key, at=visit.at, revision=revision)}

    try:
        visit.once(f"offer.{deed}", {"key": key, "note": note, "revision": revision}, run)
    except LaokeError as error:
        filled.refused(error)
        return visit.show("offers/review", page, status=error.status)
    if deed == "reject":
        return visit.go(f"{path_of(key)}/edit", _("Sent back to whoever wrote it."))
    return visit.go(path_of(key), _("Published: every till has it with its next quote."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_WRITE)
def discard(visit: Visit, key: str) -> HttpResponse:
    """Give a draft up."""
    draft = promotions.draft(key)
    if draft is None:
        raise UnknownDraft(key)
    offer = line(promotions.offer(key, visit.at))
    if visit.request.method != "POST":
        return visit.show("offers/discard", offer)

    def run() -> dict[str, Any]:
        drafts.discard(visit.actor, key, at=visit.at)
        return {"discarded": True}

    visit.once("offer.discard", {"key": key}, run)
    return visit.go("/promotions" if offer.row.version is None else path_of(key), _("The draft is given up."))
