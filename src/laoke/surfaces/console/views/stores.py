"""Stores, regions and channels: looking, adding, changing, switching off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.foundation.access import OutsideStores, Scope
from laoke.purchases import entries, services
from laoke.purchases.services import StoreInput
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.store_pages import (
    NameLine,
    StoreFilter,
    StoreLine,
    channel_list,
    clean,
    name_line,
    region_choices,
    region_list,
    store_line,
    store_list,
    store_page,
)
from laoke.surfaces.console.templatetags.figures import named
from laoke.surfaces.console.views.entries import EntryForm, EntryPage, Meanwhile, edit, switched, taken


@require_safe
@console_page("stores", Scope.STORES_READ)
def show_all(visit: Visit) -> HttpResponse:
    """The list."""
    asked = visit.request.GET
    wanted = StoreFilter(
        clean(asked.get("q", "")),
        clean(asked.get("region", "")),
        clean(asked.get("city", "")),
        asked.get("active", "") if asked.get("active") in ("yes", "no") else "",
    )
    page = store_list(
        visit.caller, wanted, asked.get("after") or None, asked.get("before") or None, account=visit.actor
    )
    return visit.show("stores/list", page)


@require_safe
@console_page("stores", Scope.STORES_READ)
def show(visit: Visit, store_id: int) -> HttpResponse:
    """One store."""
    return visit.show("stores/store", store_page(visit.actor, store_id, visit.at))


class NamesForm(EntryForm):
    """What every entry has: a name in both languages."""

    name = forms.CharField(max_length=100, label=pgettext_lazy("of a thing", "Name"))
    name_en = forms.CharField(
        max_length=100,
        required=False,
        label=gettext_lazy("English name"),
        help_text=gettext_lazy("Shown on English pages; left empty, the name above is."),
    )


class NewNamesForm(NamesForm):
    """A new entry by its code."""

    code = forms.CharField(
        max_length=40,
        label=pgettext_lazy("of an entry", "Code"),
        help_text=gettext_lazy("As tills and imports name it. It cannot be changed later."),
    )
    field_order = ("code", "name", "name_en")


class _StoreForm(NamesForm):
    region = forms.ChoiceField(required=False, label=gettext_lazy("Region"))
    city = forms.CharField(max_length=60, required=False, label=gettext_lazy("City"))
    opened_date = forms.DateField(
        required=False,
        label=gettext_lazy("Opened"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Year, month, day, such as 2021-06-18."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", _("No region")), *region_choices()]  # type: ignore[attr-defined]


class _NewStoreForm(_StoreForm):
    code = NewNamesForm.base_fields["code"]
    field_order = ("code", "name", "name_en", "region", "city", "opened_date")


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def add(visit: Visit) -> HttpResponse:
    """A new store. An account that is limited to stores adds none."""
    if visit.actor.stores is not None:
        raise OutsideStores(_("a new one"))

    def save(values: Mapping[str, Any]) -> object:
        if entries.taken("store", values["code"]):
            raise taken("code")
        return services.save_stores(visit.actor, [_input(values["code"], values, active=True)], at=visit.at)

    def page(form: EntryForm, meanwhile: Meanwhile | None) -> EntryPage:
        return EntryPage(
            title=_("Add a store"),
            about=_("Orders of tills that name its code are taken from now on."),
            form=form,
            button=_("Add the store"),
            up=(_("Stores"), "/stores"),
        )

    return edit(
        visit,
        kind="store",
        key="",
        form_class=_NewStoreForm,
        read=None,
        page=page,
        save=save,
        done="/stores",
        said=_("The store is added."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def change(visit: Visit, store_id: int) -> HttpResponse:
    """Change a store; its code stays."""
    line = store_line(visit.actor, store_id)
    path = f"/stores/{store_id}"

    def save(values: Mapping[str, Any]) -> object:
        active = store_line(visit.actor, store_id).active
        return services.save_stores(visit.actor, [_input(line.code, values, active=active)], at=visit.at)

    def page(form: EntryForm, meanwhile: Meanwhile | None) -> EntryPage:
        return EntryPage(
            title=_("Edit store %(code)s") % {"code": line.code},
            about="",
            form=form,
            button=_("Save"),
            up=(named(line.name), path),
            meanwhile=meanwhile,
        )

    return edit(
        visit,
        kind="store",
        key=line.code,
        form_class=_StoreForm,
        read=lambda: _store_values(store_line(visit.actor, store_id)),
        page=page,
        save=save,
        done=path,
        said=_("The store is saved."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def switch(visit: Visit, store_id: int) -> HttpResponse:
    """Switch a store off, with what that means, or on again."""
    line = store_line(visit.actor, store_id)
    if visit.request.method != "POST":
        return visit.show("stores/switch", store_page(visit.actor, store_id, visit.at))
    active = visit.request.POST.get("active") == "on"

    def save() -> dict[str, Any]:
        entries.lock("store", line.code)
        values = _store_values(store_line(visit.actor, store_id))
        services.save_stores(visit.actor, [_input(line.code, values, active=active)], at=visit.at)
        return {"active": active}

    visit.once("store.switch", {"store": store_id, "active": active}, save)
    said = _("The store is switched on.") if active else _("The store is switched off.")
    return switched(visit, f"/stores/{store_id}", said, active=active)


def _store_values(line: StoreLine) -> dict[str, Any]:
    return {
        "name": line.name.zh,
        "name_en": line.name.en,
        "region": line.region_code,
        "city": line.city,
        "opened_date": line.opened_date,
    }


def _input(code: str, values: Mapping[str, Any], *, active: bool) -> StoreInput:
    return StoreInput(
        code,
        values["name"],
        values["region"] or None,
        values["city"],
        values["name_en"],
        active,
        values["opened_date"],
    )


@require_safe
@console_page("stores", Scope.STORES_READ)
def show_regions(visit: Visit) -> HttpResponse:
    """All regions."""
    return visit.show("stores/names", region_list(visit.actor))


@require_safe
@console_page("stores", Scope.STORES_READ)
def show_channels(visit: Visit) -> HttpResponse:
    """All channels."""
    return visit.show("stores/names", channel_list(visit.actor))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def add_region(visit: Visit) -> HttpResponse:
    """A new region."""
    return _name(visit, "region", None)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def change_region(visit: Visit, region_id: int) -> HttpResponse:
    """Rename a region."""
    return _name(visit, "region", name_line("region", region_id))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def add_channel(visit: Visit) -> HttpResponse:
    """A new channel."""
    return _name(visit, "channel", None)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("stores", Scope.STORES_WRITE)
def change_channel(visit: Visit, channel_id: int) -> HttpResponse:
    """Rename a channel."""
    return _name(visit, "channel", name_line("channel", channel_id))


def _name(visit: Visit, kind: str, line: NameLine | None) -> HttpResponse:
    """Add or rename a region or a channel: both belong to the whole shop, so limited accounts leave them alone."""
    visit.actor.require_whole_shop()
    region, entry_id = kind == "region", line.id if line else 0
    up = (_("Regions"), "/stores/regions") if region else (_("Channels"), "/stores/channels")

    def save(values: Mapping[str, Any]) -> object:
        code = line.code if line else values["code"]
        if line is None and entries.taken(kind, code):
            raise taken("code")
        write = services.save_regions if region else services.save_channels
        return write(visit.actor, {code: (values["name"], values["name_en"])}, at=visit.at)

    def page(form: EntryForm, meanwhile: Meanwhile | None) -> EntryPage:
        if line is None:
            title = _("Add a region") if region else _("Add a channel")
        else:
            title = (_("Rename region %(code)s") if region else _("Rename channel %(code)s")) % {
                "code": line.code
            }
        return EntryPage(title, "", form, _("Save"), up, meanwhile)

    def read() -> Mapping[str, Any]:
        now = name_line(kind, entry_id)
        return {"name": now.name.zh, "name_en": now.name.en}

    return edit(
        visit,
        kind=kind,
        key=line.code if line else "",
        form_class=NamesForm if line else NewNamesForm,
        read=read if line else None,
        page=page,
        save=save,
        done=up[1],
        said=_("Saved."),
    )
