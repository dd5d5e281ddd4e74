"""Accounts of the staff: who there is, what they may do and see, and letting them in or not."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation import vault
from laoke.foundation.access import ROLE_LABELS, ROLE_SCOPES, SCOPE_LABELS, Role, Scope
from laoke.foundation.staff import codes, selectors, sessions, sign_on
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.errors import (
    BadStaffName,
    BadUsername,
    LastOwner,
    OwnerSeesAll,
    UsernameTaken,
    WeakPassword,
)
from laoke.foundation.staff.selectors import Account, LastChange
from laoke.foundation.staff.sessions import Session
from laoke.surfaces.console import door
from laoke.surfaces.console.forms import Form, Seen
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.pages import ONCE, Undo, Visit, console_page
from laoke.surfaces.console.selectors.stores import Place, places
from laoke.surfaces.console.templatetags.figures import named

LIST = "/settings/staff"
# Without what is read as something else: 0 o, 1 l i.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class LimitsForm(Form):
    """Role, stores and regions."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    reach = forms.ChoiceField(
        label=gettext_lazy("Stores they can see"),
        choices=[
            ("all", gettext_lazy("All stores")),
            ("some", gettext_lazy("Only the stores and regions below")),
        ],
        widget=forms.RadioSelect,
        initial="all",
    )
    regions = forms.MultipleChoiceField(
        label=gettext_lazy("Regions, with all their stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    stores = forms.MultipleChoiceField(
        label=gettext_lazy("Stores"), required=False, widget=forms.CheckboxSelectMultiple
    )
    error_fields = {BadStaffName: "name", LastOwner: "role", OwnerSeesAll: "role"}

    def __init__(self, known: tuple[Place, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        roles = [(role.value, ROLE_LABELS[role]) for role in Role]
        self.fields["role"].choices = [("", gettext_lazy("Choose a role")), *roles]  # type: ignore[attr-defined]
        for field in ("regions", "stores"):
            self.fields[field].choices = [  # type: ignore[attr-defined]
                (place.key, f"{named(place.name)} · {place.code}")
                for place in known
                if place.key.startswith(field[:-1])
            ]

    def clean(self) -> dict[str, Any]:
        """Limited to nothing would be an account that sees nothing."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("reach") == "some" and not values.get("stores") and not values.get("regions"):
            self.add_error("stores", _("Choose at least one store or region, or “All stores”."))
        return values

    def ids(self, kind: str, before: tuple[int, ...] | None = None) -> list[int] | None:
        """The chosen stores or regions; None: no limit. What was set `before` and is not offered here stays."""
        if self.cleaned_data["reach"] == "all":
            return None
        offered = {_id(place.key) for place in self.known if place.key.startswith(kind)}
        chosen = {_id(key) for key in self.cleaned_data[f"{kind}s"]}
        return sorted(chosen | (set(before or ()) - offered))


class NewForm(LimitsForm):
    """A new account."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=64,
        help_text=gettext_lazy("To sign in with. It cannot be changed later."),
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[("zh-hans", "中文"), ("en", "English")]
    )
    means = forms.ChoiceField(
        label=gettext_lazy("First password"),
        help_text=gettext_lazy("They choose their own when they first sign in."),
        widget=forms.RadioSelect,
        initial="made",
    )
    password = forms.CharField(
        label=gettext_lazy("Password of your choice"),
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    error_fields = {
        **LimitsForm.error_fields,
        UsernameTaken: "username",
        BadUsername: "username",
        WeakPassword: "password",
    }

    def __init__(self, known: tuple[Place, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(known, *args, **kwargs)
        self.fields["means"].choices = _means()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A chosen password has to be there."""
        values = super().clean()
        _need_password(self, values)
        return values


class EditForm(Seen, LimitsForm):
    """What can be changed about an account."""


class PasswordForm(Form):
    """Another password for somebody else."""

    means = forms.ChoiceField(
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("They choose their own when they next sign in."),
        widget=forms.RadioSelect,
        initial="made",
    )
    password = forms.CharField(
        label=gettext_lazy("Password of your choice"),
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    error_fields = {WeakPassword: "password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["means"].choices = _means()[:2]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A chosen password has to be there."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        _need_password(self, values)
        return values


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One account in the list. `places` None: it sees all stores."""

    id: int
    username: str
    name: str
    role: str
    places: tuple[Named, ...] | None
    last_login: datetime | None
    codes: bool
    active: bool
    given: bool
    me: bool


@dataclass(frozen=True, slots=True)
class ListPage:
    """All accounts."""

    rows: tuple[StaffRow, ...]
    active: int


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form for a new account."""

    form: NewForm


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else made of an account while the form was open. `places` None: all stores."""

    by: LastChange | None
    name: str
    role: str
    places: tuple[Named, ...] | None


@dataclass(frozen=True, slots=True)
class OnePage:
    """One account."""

    account: Account
    me: bool
    form: EditForm
    current: dict[str, object]
    meanwhile: Meanwhile | None
    sessions: tuple[Session, ...]
    sign_on: str


@dataclass(frozen=True, slots=True)
class ConsequencePage:
    """Before something is done to an account: what it brings about."""

    account: Account
    sessions: int


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """The form for another password."""

    account: Account
    form: PasswordForm


@dataclass(frozen=True, slots=True)
class GivenPage:
    """A password that was made up, shown this once. `address` is where to sign in."""

    account: Account
    password: str
    address: str
    new: bool


@dataclass(frozen=True, slots=True)
class RolesPage:
    """What each role may do: the roles across, one row for each permission with a yes or no for each of them."""

    roles: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[bool, ...]], ...]


@require_safe
@console_page("staff", Scope.STAFF)
def show_all(visit: Visit) -> HttpResponse:
    """All accounts."""
    names = {place.key: place.name for place in places(visit.actor)}
    rows = tuple(
        StaffRow(
            account.id,
            account.username,
            account.name,
            str(ROLE_LABELS[account.role]),
            _places(account, names),
            account.last_login,
            account.codes,
            account.active,
            account.given,
            account.id == visit.actor.id,
        )
        for account in selectors.accounts(visit.actor)
    )
    return visit.show("staff/list", ListPage(rows, sum(row.active for row in rows)))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@console_page("staff", Scope.STAFF)
def create(visit: Visit) -> HttpResponse:
    """A new account."""
    request = visit.request
    language = request.LANGUAGE_CODE if request.LANGUAGE_CODE in ("zh-hans", "en") else "zh-hans"
    known = places(visit.actor)
    form = NewForm(known, request.POST if request.method == "POST" else None, initial={"language": language})
    if form.is_valid():
        values = form.cleaned_data
        password = _password(visit, values, values["username"])

        def run() -> dict[str, Any]:
            made = staff.create(
                visit.actor,
                values["username"],
                values["name"],
                values["role"],
                password,
                at=visit.at,
                language=values["language"],
                store_ids=form.ids("store"),
                region_ids=form.ids("region"),
                given=True,
            )
            return {"id": made.pk}

        asked = values | {"password": _blinded(password)}
        try:
            made = visit.once("staff.create", asked, run)
        except (BadUsername, BadStaffName, OwnerSeesAll, UsernameTaken, WeakPassword) as error:
            form.refused(error)
        else:
            if values["means"] == "made":
                return _given(visit, made["id"], password or "", new=True)
            return visit.go(LIST, _("%(name)s has an account now.") % {"name": values["name"]})
    return visit.show("staff/new", NewPage(form), status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("staff", Scope.STAFF)
def show(visit: Visit, staff_id: int) -> HttpResponse:
    """One account: what it may do and see, and where it is signed in."""
    request = visit.request
    account, known = selectors.account(visit.actor, staff_id), places(visit.actor)
    current = _current(account)
    initial = {
        "name": account.name,
        "role": account.role.value,
        "reach": "all" if account.store_ids is None and account.region_ids is None else "some",
        "stores": [f"store:{key}" for key in account.store_ids or ()],
        "regions": [f"region:{key}" for key in account.region_ids or ()],
    }
    form = EditForm(known, request.POST if request.method == "POST" else None, initial=initial)
    meanwhile = None
    if form.is_valid():
        if form.changed_meanwhile(current):
            meanwhile = Meanwhile(
                selectors.last_change(visit.actor, account.username),
                account.name,
                str(ROLE_LABELS[account.role]),
                _places(account, {place.key: place.name for place in known}),
            )
        else:
            try:
                staff.edit(
                    visit.actor,
                    account.username,
                    name=form.cleaned_data["name"],
                    role=form.cleaned_data["role"],
                    store_ids=form.ids("store", account.store_ids),
                    region_ids=form.ids("region", account.region_ids),
                    at=visit.at,
                )
            except (LastOwner, OwnerSeesAll, BadStaffName) as error:
                form.refused(error)
            else:
                return visit.go(LIST, _("Saved. It holds from the next page they open."))
    page = OnePage(
        account=account,
        me=account.id == visit.actor.id,
        form=form,
        current=current,
        meanwhile=meanwhile,
        sessions=tuple(sessions.of(visit.actor, staff_id, request.session.session_key, at=visit.at)),
        sign_on=door.sign_on_name() if account.sign_on else "",
    )
    status = 409 if meanwhile else 422 if form.errors else 200
    return visit.show("staff/one", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("staff", Scope.STAFF)
def disable(visit: Visit, staff_id: int) -> HttpResponse:
    """Shut an account out, after saying what that means."""
    account = selectors.account(visit.actor, staff_id)
    if visit.request.method == "POST":
        staff.disable(visit.actor, account.username, at=visit.at)
        said = _("%(name)s can no longer sign in.") % {"name": account.name}
        return visit.go(LIST, said, undo=Undo(f"{LIST}/{staff_id}/enable", {}))
    count = sessions.counts([staff_id], at=visit.at).get(staff_id, 0)
    return visit.show("staff/disable", ConsequencePage(account, count))


@require_POST
@console_page("staff", Scope.STAFF)
def enable(visit: Visit, staff_id: int) -> HttpResponse:
    """Let an account in again."""
    account = selectors.account(visit.actor, staff_id)
    staff.enable(visit.actor, account.username, at=visit.at)
    return visit.go(LIST, _("%(name)s may sign in again.") % {"name": account.name})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@console_page("staff", Scope.STAFF)
def set_password(visit: Visit, staff_id: int) -> HttpResponse:
    """Give somebody another password; their browsers are signed out. One's own takes the old one."""
    request = visit.request
    if staff_id == visit.actor.id:
        return visit.go("/account/password")
    account = selectors.account(visit.actor, staff_id)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        password = _password(visit, form.cleaned_data, account.username) or ""

        def run() -> dict[str, Any]:
            staff.set_password(visit.actor, account.username, password, at=visit.at)
            return {}

        asked = {"staff": staff_id, "means": form.cleaned_data["means"], "password": _blinded(password)}
        try:
            visit.once("staff.password", asked, run)
        except WeakPassword as error:
            form.refused(error)
        else:
            if form.cleaned_data["means"] == "made":
                return _given(visit, staff_id, password, new=False)
            return visit.go(f"{LIST}/{staff_id}", _("The password is set."))
    return visit.show("staff/password", PasswordPage(account, form), status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("staff", Scope.STAFF)
def reset_codes(visit: Visit, staff_id: int) -> HttpResponse:
    """Ask somebody who lost their phone for no codes any more. For one's own it takes password and code."""
    if staff_id == visit.actor.id:
        return visit.go("/account/codes/off")
    account = selectors.account(visit.actor, staff_id)
    if visit.request.method == "POST":
        codes.reset(visit.actor, account.username, at=visit.at)
        return visit.go(f"{LIST}/{staff_id}", _("Codes are off for %(name)s.") % {"name": account.name})
    return visit.show("staff/codes", ConsequencePage(account, 0))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("staff", Scope.STAFF)
def unlink(visit: Visit, staff_id: int) -> HttpResponse:
    """Untie an account from the person it belongs to at the identity provider."""
    account = selectors.account(visit.actor, staff_id)
    if visit.request.method == "POST":
        sign_on.unlink(visit.actor, account.username, at=visit.at)
        return visit.go(f"{LIST}/{staff_id}", _("The account is untied."))
    return visit.show("staff/unlink", ConsequencePage(account, 0))


@require_POST
@console_page("staff", Scope.STAFF)
def end_session(visit: Visit, staff_id: int, session_id: UUID) -> HttpResponse:
    """Sign one of somebody's browsers out."""
    sessions.end(visit.actor, staff_id, session_id, at=visit.at)
    return visit.go(f"{LIST}/{staff_id}", _("This browser is signed out."))


@require_POST
@console_page("staff", Scope.STAFF)
def end_sessions(visit: Visit, staff_id: int) -> HttpResponse:
    """Sign all of somebody's browsers out; one's own stays."""
    account = selectors.account(visit.actor, staff_id)
    gone = sessions.end_all(visit.actor, staff_id, at=visit.at, but=visit.request.session.session_key)
    said = ngettext("%(n)d browser is signed out.", "%(n)d browsers are signed out.", gone) % {"n": gone}
    return visit.go(f"{LIST}/{account.id}", said)


@require_safe
@console_page("roles")
def show_roles(visit: Visit) -> HttpResponse:
    """What each role may do."""
    rows = tuple(
        (str(SCOPE_LABELS[scope]), scope.value, tuple(scope in ROLE_SCOPES[role] for role in Role))
        for scope in Scope
    )
    return visit.show("staff/roles", RolesPage(tuple(str(ROLE_LABELS[role]) for role in Role), rows))


def _given(visit: Visit, staff_id: int, password: str, *, new: bool) -> HttpResponse:
    account = selectors.account(visit.actor, staff_id)
    address = visit.request.build_absolute_uri("/login")
    return visit.show("staff/given", GivenPage(account, password, address, new))


def _password(visit: Visit, values: dict[str, Any], username: str) -> str | None:
    """The password that was chosen, or one made up; None for an account without one.

    A made-up one follows from the token of the form: sent twice, the same form shows the same password, and it need
    not be kept anywhere for that. 79 bits.
    """
    if values["means"] == "own":
        return str(values["password"])
    if values["means"] == "none":
        return None
    token = visit.request.POST.get(ONCE, "") or secrets.token_hex()
    seed = vault.blind(f"{token}\0{username}", "staff.made-password")
    number, letters = int.from_bytes(seed, "big"), []
    for _place in range(16):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "-".join("".join(letters[i : i + 4]) for i in range(0, 16, 4))


def _blinded(password: str | None) -> str:
    """A password as the record of the form may know it: another one is another form."""
    return "" if password is None else vault.blind(password, "staff.password-sent").hex()


def _means() -> list[tuple[str, Any]]:
    choices = [
        ("made", gettext_lazy("Make one up and show it once")),
        ("own", gettext_lazy("Take the one below")),
    ]
    if settings.LAOKE.oidc_issuer:
        choices.append(("none", gettext_lazy("None: they sign in through the sign-in service")))
    return choices


def _need_password(form: Form, values: dict[str, Any]) -> None:
    if values.get("means") == "own" and not values.get("password"):
        form.add_error("password", _("Enter a password, or have one made up."))


def _current(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "role": account.role.value,
        "stores": account.store_ids,
        "regions": account.region_ids,
    }


def _places(account: Account, names: dict[str, Named]) -> tuple[Named, ...] | None:
    if account.store_ids is None and account.region_ids is None:
        return None
    keys = [f"region:{key}" for key in account.region_ids or ()]
    keys += [f"store:{key}" for key in account.store_ids or ()]
    return tuple(names.get(key, Named(f"#{_id(key)}", f"#{_id(key)}")) for key in keys)


def _id(key: str) -> int:
    return int(key.partition(":")[2])
