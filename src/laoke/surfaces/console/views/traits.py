"""What hangs on a member: identities, tags, consents, the block. Each act is a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from laoke.foundation.access import Scope
from laoke.foundation.audit import services as audit
from laoke.kernel.errors import LaokeError
from laoke.members import services
from laoke.members.errors import BadExternalId, BadTag, IdentityTaken, ReasonMissing
from laoke.members.services import TagThatWas
from laoke.members.types import IdentityInput
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.labels import CHANNELS, IDENTITIES, PURPOSES
from laoke.surfaces.console.member_fields import SOURCES, taken
from laoke.surfaces.console.pages import Undo, Visit, console_page
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.person import Way, person_of
from laoke.surfaces.console.selectors.member.state import state_of

_REMOVED_TAG = "laoke.console.removed-tag"


class IdentityForm(Form):
    """One more way to recognise the member."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=tuple(IDENTITIES.items()), initial="phone")
    value = forms.CharField(
        label=gettext_lazy("Number or address"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    issuer = forms.CharField(
        required=False,
        label=gettext_lazy("App or shop"),
        help_text=gettext_lazy("Only for WeChat ids and shop accounts: which app or shop gave the id."),
    )

    def refused(self, error: LaokeError) -> None:
        """What is wrong with an identity is wrong with its value."""
        self.add_error("issuer" if isinstance(error, BadExternalId) else "value", error.detail)


class WordForm(Form):
    """One tag."""

    add = forms.CharField(label=gettext_lazy("Tag"), help_text=gettext_lazy("1 to 40 characters."))
    error_fields = {BadTag: "add"}


class ConsentForm(Form):
    """One answer."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=[(code, pair[0]) for code, pair in CHANNELS.items()]
    )
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=tuple(PURPOSES.items()))
    granted = forms.ChoiceField(
        label=gettext_lazy("The member"),
        widget=forms.RadioSelect,
        choices=(("yes", gettext_lazy("agrees")), ("no", gettext_lazy("refuses"))),
        error_messages={"required": gettext_lazy("Choose what the member said.")},
    )
    source = forms.ChoiceField(
        label=gettext_lazy("How this was said"),
        choices=(("", gettext_lazy("Please choose")), *SOURCES),
        error_messages={"required": gettext_lazy("Choose how the member said it.")},
    )


class WhyForm(Form):
    """A reason for the audit trail."""

    reason = forms.CharField(
        required=False,
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
    )
    error_fields = {ReasonMissing: "reason"}


@dataclass(frozen=True, slots=True)
class ActPage:
    """One act on one member: its words, its form, and where it is sent."""

    head: Head
    title: str
    about: str
    form: Form
    button: str
    path: str
    back: str
    grave: bool = False


def _head(visit: Visit, member_id: int) -> Head:
    return head_of(visit.actor, state_of(visit.actor, member_id, visit.at))


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@console_page("members", Scope.MEMBERS_WRITE)
def add_identity(visit: Visit, member_id: int) -> HttpResponse:
    """Give the member one more card, phone or account."""
    head = _head(visit, member_id)
    form = IdentityForm(visit.request.POST or None)
    page = ActPage(
        head,
        _("Add a way to recognise the member"),
        _("At the till and in the search the member is found by it from now on."),
        form,
        _("Add"),
        f"/members/{member_id}/identities",
        f"/members/{member_id}/profile",
    )
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if form.is_valid():
        values = form.cleaned_data
        given = IdentityInput(values["kind"], values["value"], values["issuer"])
        try:
            visit.once(
                "members.identity",
                {"member": member_id, **values},
                lambda: {
                    "id": services.add_identity(
                        caller=visit.actor, member_id=member_id, identity=given, at=visit.at
                    )
                },
            )
        except IdentityTaken as error:
            form.add_error("value", taken(error, visit.actor, visit.at))
        except LaokeError as error:
            form.refused(error)
        else:
            return visit.go(page.back, _("Added."))
    return visit.show("member/act", page, status=422)


@dataclass(frozen=True, slots=True)
class RemovePage:
    """An identity about to go. `way` is None when it is gone already; `last`: it has to stay."""

    head: Head
    way: Way | None
    last: bool


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_WRITE)
def remove_identity(visit: Visit, member_id: int, identity_id: int) -> HttpResponse:
    """Take a card, phone or account from the member. It cannot be put back without being typed again."""
    state = state_of(visit.actor, member_id, visit.at)
    if visit.request.method != "POST":
        ways = person_of(state).ways
        way = next((each for each in ways if each.id == identity_id), None)
        return visit.show(
            "member/remove_identity", RemovePage(head_of(visit.actor, state), way, len(ways) == 1)
        )
    visit.once(
        "members.identity_remove",
        {"member": member_id, "identity": identity_id},
        lambda: {
            "removed": services.remove_identity(
                caller=visit.actor, member_id=member_id, identity_id=identity_id, at=visit.at
            )
        },
    )
    return visit.go(f"/members/{member_id}/profile", _("Removed."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_WRITE)
def tags(visit: Visit, member_id: int) -> HttpResponse:
    """Put a word on the member, or take one off; the toast takes it back."""
    head = _head(visit, member_id)
    path, back = f"/members/{member_id}/tags", f"/members/{member_id}/profile"
    form = WordForm(visit.request.POST if "add" in visit.request.POST else None)
    page = ActPage(head, _("Add a tag"), "", form, _("Add"), path, back)
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if removed := visit.request.POST.get("restore", ""):
        return _restore(visit, member_id, removed, back)
    if word := visit.request.POST.get("remove", "").strip():
        done = visit.once(
            "members.untag", {"member": member_id, "word": word}, lambda: _untag(visit, member_id, word)
        )
        # Signed: nobody writes sources and dates of tags by hand.
        kept = done["was"] and signing.dumps([member_id, *done["was"]], salt=_REMOVED_TAG)
        undo = Undo(path, {"restore": kept}) if kept else None
        return visit.go(back, _("Tag “%(tag)s” removed.") % {"tag": word}, undo=undo)
    if form.is_valid():
        word = form.cleaned_data["add"].strip()
        try:
            done = visit.once(
                "members.tag", {"member": member_id, "word": word}, lambda: _tag(visit, member_id, word)
            )
        except BadTag as error:
            form.refused(error)
        else:
            if not done["changed"]:
                return visit.go(back, _("The member had the tag “%(tag)s” already.") % {"tag": word})
            return visit.go(back, _("Tagged “%(tag)s”.") % {"tag": word}, undo=Undo(path, {"remove": word}))
    return visit.show("member/act", page, status=422)


def _tag(visit: Visit, member_id: int, word: str) -> Mapping[str, Any]:
    new = services.tag(caller=visit.actor, member_id=member_id, tags=[word], at=visit.at)
    if new:
        audit.record(
            visit.actor, "member.tagged", "member", member_id, at=visit.at, after={"tags": list(new)}
        )
    return {"changed": bool(new)}


def _untag(visit: Visit, member_id: int, word: str) -> Mapping[str, Any]:
    _done, were = services.untag_many(caller=visit.actor, member_ids=[member_id], tag=word, at=visit.at)
    if not were:
        return {"was": None}
    (was,) = were
    audit.record(visit.actor, "member.untagged", "member", member_id, at=visit.at, after={"tags": [word]})
    return {"was": [word, was.source, was.added_at.isoformat()]}


def _restore(visit: Visit, member_id: int, removed: str, back: str) -> HttpResponse:
    """Put a tag back as it was, with its source and date."""
    try:
        of, word, source, added_at = signing.loads(removed, salt=_REMOVED_TAG)
    except signing.BadSignature:
        of = None
    if of != member_id:
        return visit.go(back)

    def run() -> Mapping[str, Any]:
        was = TagThatWas(member_id, source, datetime.fromisoformat(added_at))
        done = services.retag_many(caller=visit.actor, tag=word, were=[was], at=visit.at)
        if done.ids:
            audit.record(
                visit.actor, "member.tag_restored", "member", member_id, at=visit.at, after={"tags": [word]}
            )
        return {"changed": bool(done.ids)}

    visit.once("members.retag", {"member": member_id, "removed": removed}, run)
    return visit.go(back, _("Tag “%(tag)s” is back.") % {"tag": word})


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_WRITE)
def consents(visit: Visit, member_id: int) -> HttpResponse:
    """Record what the member said about one channel and purpose."""
    head = _head(visit, member_id)
    asked = visit.request.GET
    initial = {"channel": asked.get("channel", ""), "purpose": asked.get("purpose", "")}
    form = ConsentForm(visit.request.POST or None, initial=initial)
    page = ActPage(
        head,
        _("Record a consent"),
        _("The newest answer holds; earlier ones stay as history."),
        form,
        _("Record"),
        f"/members/{member_id}/consents",
        f"/members/{member_id}/profile",
    )
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if not form.is_valid():
        return visit.show("member/act", page, status=422)
    values = form.cleaned_data
    visit.once(
        "members.consent",
        {"member": member_id, **values},
        lambda: {
            "changed": services.record_consent(
                caller=visit.actor,
                member_id=member_id,
                channel=values["channel"],
                purpose=values["purpose"],
                granted=values["granted"] == "yes",
                at=visit.at,
                source=values["source"],
            )
        },
    )
    return visit.go(page.back, _("Recorded."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_WRITE)
def block(visit: Visit, member_id: int) -> HttpResponse:
    """Keep a member from earning and spending."""
    return _switch(visit, member_id, blocks=True)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_WRITE)
def unblock(visit: Visit, member_id: int) -> HttpResponse:
    """Lift the block."""
    return _switch(visit, member_id, blocks=False)


def _switch(visit: Visit, member_id: int, *, blocks: bool) -> HttpResponse:
    head = _head(visit, member_id)
    form = WhyForm(visit.request.POST or None)
    back, act = f"/members/{member_id}", "block" if blocks else "unblock"
    page = ActPage(
        head,
        _("Block this member?") if blocks else _("Lift the block?"),
        _(
            "At the till the member neither earns nor spends points until the block is lifted. Points and tier stay."
        )
        if blocks
        else _("The member earns and spends again from now on."),
        form,
        _("Block") if blocks else _("Lift the block"),
        f"{back}/{act}",
        back,
        grave=blocks,
    )
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        run = services.block if blocks else services.unblock
        try:
            done = visit.once(
                f"members.{act}",
                {"member": member_id, "reason": reason},
                lambda: {"changed": run(caller=visit.actor, member_id=member_id, reason=reason, at=visit.at)},
            )
        except ReasonMissing as error:
            form.refused(error)
        else:
            undo = None
            if done["changed"]:
                other = "unblock" if blocks else "block"
                undo = Undo(f"{back}/{other}", {"reason": _("Undone at once")})
            said = _("The member is blocked.") if blocks else _("The block is lifted.")
            return visit.go(back, said, undo=undo)
    return visit.show("member/act", page, status=422)
