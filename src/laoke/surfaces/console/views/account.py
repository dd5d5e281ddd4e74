"""One's own account: password, codes, and the browsers one is signed in with."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import segno
from django import forms
from django.contrib import auth
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation import vault
from laoke.foundation.access import ROLE_LABELS
from laoke.foundation.staff import codes, selectors, sessions
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.codes import Setup
from laoke.foundation.staff.errors import CodesAlreadyOn, CodesNotOn, WeakPassword, WrongCode, WrongPassword
from laoke.foundation.staff.sessions import Session
from laoke.foundation.vault import SealedDataDamaged, SealedWithOtherKey
from laoke.foundation.web.redirects import own_path
from laoke.surfaces.console import door, throttle
from laoke.surfaces.console.errors import CodesNotKept
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.pages import CHOOSE_FIRST, Visit, console_page
from laoke.surfaces.console.selectors.stores import places
from laoke.surfaces.console.throttle import TooManyAttempts

# How long the page with fresh recovery codes can be turned into a file.
_FILE_HOLDS = timedelta(hours=1)
_FILE = "console.recovery-codes"


class PasswordForm(Form):
    """One's own password. The old one is not asked for where there is none."""

    old_password = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("At least ten characters. A sentence that only you know is easy to remember."),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again_password = forms.CharField(
        label=gettext_lazy("New password once more"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    error_fields = {
        WrongPassword: "old_password",
        TooManyAttempts: "old_password",
        WeakPassword: "new_password",
    }

    def clean_again_password(self) -> str:
        """The second time has to be like the first."""
        again: str = self.cleaned_data["again_password"]
        if self.cleaned_data.get("new_password", again) != again:
            raise forms.ValidationError(_("This is not the same as above."))
        return again


class FirstPasswordForm(PasswordForm):
    """One's own password in place of a given one, which is not asked for again."""

    old_password = None  # type: ignore[assignment]


class CodeForm(Form):
    """A code from the phone."""

    one_time_code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    error_fields = {WrongCode: door.CODE, TooManyAttempts: door.CODE}


class SetupForm(CodeForm):
    """The code that shows that the phone has the secret, which the form carries sealed."""

    setup = forms.CharField(max_length=1000, widget=forms.HiddenInput)


class CodesOffForm(CodeForm):
    """Password and code: a browser left open is not enough to switch codes off."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_fields = {**CodeForm.error_fields, WrongPassword: "password"}
    field_order = ("password", door.CODE)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One's own account. `stores` and `regions` None: all of them; `codes_left` counts recovery codes."""

    username: str
    name: str
    role: str
    stores: tuple[Named, ...] | None
    has_password: bool
    sign_on: str
    codes: bool
    codes_left: int
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class FormPage:
    """A page with one form."""

    form: Form


@dataclass(frozen=True, slots=True)
class FirstPasswordPage:
    """Choosing a password in place of the given one. `next` is the page to go on to."""

    form: Form
    username: str
    next: str


@dataclass(frozen=True, slots=True)
class SetupPage:
    """Setting up codes: the QR picture as a data address, and the secret to type instead."""

    form: Form
    picture: str
    secret: str
    setup: str


@dataclass(frozen=True, slots=True)
class RecoveryPage:
    """The recovery codes, shown this once. `sealed` carries them to the file: nobody keeps them."""

    codes: tuple[str, ...]
    first: bool
    sealed: str


@require_safe
@console_page("account")
def show(visit: Visit) -> HttpResponse:
    """One's own account."""
    me = selectors.account(visit.actor, visit.actor.id)
    limited = me.store_ids is not None or me.region_ids is not None
    wanted = {f"store:{key}" for key in me.store_ids or ()} | {f"region:{key}" for key in me.region_ids or ()}
    stores = tuple(place.name for place in places(visit.actor) if place.key in wanted) if limited else None
    page = AccountPage(
        username=me.username,
        name=me.name,
        role=str(ROLE_LABELS[me.role]),
        stores=stores,
        has_password=me.password,
        sign_on=door.sign_on_name() if me.sign_on else "",
        codes=me.codes,
        codes_left=codes.recovery_codes_left(me.id) if me.codes else 0,
        sessions=tuple(
            sessions.of(visit.actor, me.id, visit.request.session.session_key, at=visit.at),
        ),
    )
    return visit.show("account/account", page)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@console_page("account")
def password(visit: Visit) -> HttpResponse:
    """Change one's own password; the other browsers are signed out."""
    request = visit.request
    me = selectors.account(visit.actor, visit.actor.id)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if not me.password:
        del form.fields["old_password"]
    if form.is_valid():
        try:
            _slowly(visit)
            changed = staff.change_own_password(
                visit.actor,
                form.cleaned_data.get("old_password", ""),
                form.cleaned_data["new_password"],
                at=visit.at,
                keep=request.session.session_key,
            )
        except (WrongPassword, WeakPassword, TooManyAttempts) as error:
            form.refused(error)
        else:
            throttle.forget(visit.actor.label, "", kind="own")
            auth.update_session_auth_hash(request, changed)
            return visit.go("/account", _("The password is changed. Other browsers are signed out."))
    return visit.show("account/password", FormPage(form), status=422 if form.errors else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@console_page(CHOOSE_FIRST)
def first_password(visit: Visit) -> HttpResponse:
    """Choose one's own password in place of one that somebody else knows. No other page opens before that."""
    request = visit.request
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""), "/")
    if not request.user.password_given:  # type: ignore[union-attr]
        return visit.go(wanted)
    form = FirstPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            changed = staff.replace_given_password(
                visit.actor,
                form.cleaned_data["new_password"],
                at=visit.at,
                keep=request.session.session_key,
            )
        except WrongPassword:
            return visit.go(wanted)  # the same form, sent twice
        except WeakPassword as error:
            form.refused(error)
        else:
            auth.update_session_auth_hash(request, changed)
            return visit.go(wanted, _("From now on you sign in with the password you have chosen."))
    page = FirstPasswordPage(form, visit.actor.label, "" if wanted == "/" else wanted)
    return visit.show("account/first_password", page, status=422 if form.errors else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@console_page("account")
def codes_on(visit: Visit) -> HttpResponse:
    """Set up a phone that makes codes, and try it; then the recovery codes."""
    request = visit.request
    if selectors.account(visit.actor, visit.actor.id).codes:
        raise CodesAlreadyOn
    if request.method != "POST":
        return _setup(visit, codes.propose(visit.actor, visit.at), SetupForm(), 200)
    form = SetupForm(request.POST)
    setup = codes.proposed(visit.actor, request.POST.get("setup", ""), at=visit.at)
    if form.is_valid():
        try:
            fresh = codes.turn_on(visit.actor, setup.token, form.cleaned_data[door.CODE], at=visit.at)
        except WrongCode as error:
            form.refused(error)
        else:
            return visit.show("account/recovery", _recovery(visit, fresh, first=True))
    return _setup(visit, setup, form, 422)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@console_page("account")
def codes_off(visit: Visit) -> HttpResponse:
    """Switch the codes off."""
    request = visit.request
    me = selectors.account(visit.actor, visit.actor.id)
    if not me.codes:
        raise CodesNotOn
    form = CodesOffForm(request.POST if request.method == "POST" else None)
    if not me.password:
        del form.fields["password"]
    if form.is_valid():
        try:
            _slowly(visit)
            codes.turn_off(
                visit.actor, form.cleaned_data.get("password", ""), form.cleaned_data[door.CODE], at=visit.at
            )
        except (WrongPassword, WrongCode, TooManyAttempts) as error:
            form.refused(error)
        else:
            throttle.forget(visit.actor.label, "", kind="own")
            return visit.go("/account", _("Codes are off. The password alone lets you in now."))
    return visit.show("account/codes_off", FormPage(form), status=422 if form.errors else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@console_page("account")
def renew_recovery_codes(visit: Visit) -> HttpResponse:
    """Ten new recovery codes in place of the old ones."""
    request = visit.request
    if not selectors.account(visit.actor, visit.actor.id).codes:
        raise CodesNotOn
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _slowly(visit)
            fresh = codes.renew_recovery_codes(visit.actor, form.cleaned_data[door.CODE], at=visit.at)
        except (WrongCode, TooManyAttempts) as error:
            form.refused(error)
        else:
            throttle.forget(visit.actor.label, "", kind="own")
            return visit.show("account/recovery", _recovery(visit, fresh, first=False))
    return visit.show("account/renew", FormPage(form), status=422 if form.errors else 200)


@sensitive_post_parameters()
@require_POST
@console_page("account")
def recovery_file(visit: Visit) -> HttpResponse:
    """The recovery codes that were just shown, as a text file: they come back with the form, sealed."""
    codes_shown = _unsealed(visit, visit.request.POST.get("secret_codes", ""))
    lines = [
        _("Recovery codes of %(name)s for %(host)s")
        % {"name": visit.actor.label, "host": visit.request.get_host()},
        _("Each works once, in place of the phone. New ones make these invalid."),
        "",
        *codes_shown,
        "",
    ]
    # Editors on Windows take a file without the mark for one of the local code page.
    answer = HttpResponse("\ufeff" + "\r\n".join(lines), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="laoke-recovery-codes.txt"'
    return answer


@require_POST
@console_page("account")
def end_session(visit: Visit, session_id: UUID) -> HttpResponse:
    """Sign one of one's own browsers out."""
    sessions.end(visit.actor, visit.actor.id, session_id, at=visit.at)
    return visit.go("/account", _("This browser is signed out."))


@require_POST
@console_page("account")
def end_others(visit: Visit) -> HttpResponse:
    """Sign all of one's own browsers out but this one."""
    key = visit.request.session.session_key
    gone = sessions.end_all(visit.actor, visit.actor.id, at=visit.at, but=key)
    said = ngettext("%(n)d browser is signed out.", "%(n)d browsers are signed out.", gone) % {"n": gone}
    return visit.go("/account", said if gone else _("No other browser was signed in."))


def _setup(visit: Visit, setup: Setup, form: SetupForm, status: int) -> HttpResponse:
    picture = segno.make(setup.uri, error="m", micro=False).svg_data_uri(scale=4, border=3, light="white")
    return visit.show("account/codes_on", SetupPage(form, picture, setup.secret, setup.token), status=status)


def _recovery(visit: Visit, fresh: list[str], *, first: bool) -> RecoveryPage:
    told = {"staff": visit.actor.id, "until": visit.at + _FILE_HOLDS, "codes": fresh}
    sealed = base64.urlsafe_b64encode(vault.seal(orjson.dumps(told).decode(), _FILE)).decode()
    return RecoveryPage(tuple(fresh), first, sealed)


def _unsealed(visit: Visit, text: str) -> list[str]:
    """The codes a form carries.

    Raises:
        CodesNotKept: too late, of another account, or no such form at all.
    """
    try:
        told = orjson.loads(vault.unseal(base64.urlsafe_b64decode(text[:4000].encode()), _FILE))
    except (binascii.Error, ValueError, SealedDataDamaged, SealedWithOtherKey):
        raise CodesNotKept from None
    if told["staff"] != visit.actor.id or visit.at >= datetime.fromisoformat(told["until"]):
        raise CodesNotKept
    return list(told["codes"])


def _slowly(visit: Visit) -> None:
    """Count an attempt: whoever finds a browser open should not get to guess the password in peace."""
    throttle.begin(visit.actor.label, "", visit.at, kind="own")
