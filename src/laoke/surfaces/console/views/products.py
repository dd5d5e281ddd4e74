"""Products and categories: looking, adding, changing, switching off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.foundation.access import Scope
from laoke.purchases import entries, services
from laoke.purchases.services import CategoryInput, ProductInput
from laoke.surfaces.console.money_field import MoneyField
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.products import (
    ProductFilter,
    ProductPage,
    category_choices,
    category_tree,
    product_list,
    product_page,
)
from laoke.surfaces.console.selectors.store_pages import NameLine, clean, name_line
from laoke.surfaces.console.templatetags.figures import named
from laoke.surfaces.console.views.entries import EntryForm, EntryPage, Meanwhile, edit, switched, taken
from laoke.surfaces.console.views.stores import NamesForm, NewNamesForm

_MOST_TAGS = 50


@require_safe
@console_page("products", Scope.PRODUCTS_READ)
def show_all(visit: Visit) -> HttpResponse:
    """The list."""
    asked = visit.request.GET

    def choice(name: str) -> str:
        return asked[name] if asked.get(name) in ("yes", "no") else ""

    wanted = ProductFilter(
        clean(asked.get("q", "")),
        clean(asked.get("category", "")),
        clean(asked.get("brand", "")),
        choice("active"),
        choice("earns"),
    )
    page = product_list(visit.caller, wanted, asked.get("after") or None, asked.get("before") or None)
    return visit.show("products/list", page)


@require_safe
@console_page("products", Scope.PRODUCTS_READ)
def show(visit: Visit, product_id: int) -> HttpResponse:
    """One product."""
    return visit.show("products/product", product_page(visit.actor, product_id))


class _TagsField(forms.CharField):
    """Words, separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        """The words in a row; what was typed stays."""
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> tuple[str, ...]:
        """The words, each once."""
        text = super().clean(value).replace("，", ",").replace("、", ",")
        tags = tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
        if len(tags) > _MOST_TAGS or any(len(tag) > 40 for tag in tags):
            raise forms.ValidationError(_("At most 50 words of 40 characters each."))
        return tags


class _ProductForm(NamesForm):
    name = forms.CharField(max_length=200, label=pgettext_lazy("of a thing", "Name"))
    name_en = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("English name"),
        help_text=gettext_lazy("Shown on English pages; left empty, the name above is."),
    )
    category = forms.ChoiceField(required=False, label=gettext_lazy("Category"))
    brand = forms.CharField(max_length=100, required=False, label=gettext_lazy("Brand"))
    price_minor = MoneyField(
        label=gettext_lazy("List price"),
        help_text=gettext_lazy("Of one unit. Tills price by it from the moment it is saved."),
    )
    cost_minor = MoneyField(
        required=False,
        label=gettext_lazy("Cost"),
        help_text=gettext_lazy("Of one unit; it goes into margins and is shown to nobody at the till."),
    )
    unit = forms.CharField(
        max_length=20, required=False, label=gettext_lazy("Unit"), help_text=gettext_lazy("Piece, kg, box …")
    )
    pack_size = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("Pack size"),
        help_text=gettext_lazy("What one unit holds: 900 g, 12 rolls …"),
    )
    barcode = forms.CharField(max_length=20, required=False, label=gettext_lazy("Barcode"))
    tags = _TagsField(
        required=False,
        label=gettext_lazy("Tags"),
        max_length=2100,
        help_text=gettext_lazy("Words, separated by commas."),
    )
    earns_points = forms.BooleanField(
        required=False,
        label=gettext_lazy("Earns points"),
        initial=True,
        help_text=gettext_lazy("Switch it off for gift cards, tobacco and whatever else may not earn any."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", _("No category")), *category_choices()]  # type: ignore[attr-defined]


class _NewProductForm(_ProductForm):
    sku = forms.CharField(
        max_length=60,
        label=gettext_lazy("SKU"),
        help_text=gettext_lazy("As tills name the product. It cannot be changed later."),
    )
    field_order = ("sku", "name")


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("products", Scope.PRODUCTS_WRITE)
def add(visit: Visit) -> HttpResponse:
    """A new product."""

    def save(values: Mapping[str, Any]) -> object:
        if entries.taken("product", values["sku"]):
            raise taken("sku")
        return services.save_products(visit.actor, [_input(values["sku"], values, active=True)], at=visit.at)

    def page(form: EntryForm, meanwhile: Meanwhile | None) -> EntryPage:
        return EntryPage(
            title=_("Add a product"),
            about=_("Tills may sell it from the moment it is saved."),
            form=form,
            button=_("Add the product"),
            up=(_("Products"), "/products"),
        )

    return edit(
        visit,
        kind="product",
        key="",
        form_class=_NewProductForm,
        read=None,
        page=page,
        save=save,
        done="/products",
        said=_("The product is added."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("products", Scope.PRODUCTS_WRITE)
def change(visit: Visit, product_id: int) -> HttpResponse:
    """Change a product; its SKU stays."""
    found = product_page(visit.actor, product_id)
    path = f"/products/{product_id}"

    def save(values: Mapping[str, Any]) -> object:
        active = product_page(visit.actor, product_id).active
        return services.save_products(visit.actor, [_input(found.sku, values, active=active)], at=visit.at)

    def page(form: EntryForm, meanwhile: Meanwhile | None) -> EntryPage:
        return EntryPage(
            title=_("Edit product %(sku)s") % {"sku": found.sku},
            about="",
            form=form,
            button=_("Save"),
            up=(named(found.name), path),
            meanwhile=meanwhile,
        )

    return edit(
        visit,
        kind="product",
        key=found.sku,
        form_class=_ProductForm,
        read=lambda: _values(product_page(visit.actor, product_id)),
        page=page,
        save=save,
        done=path,
        said=_("The product is saved."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("products", Scope.PRODUCTS_WRITE)
def switch(visit: Visit, product_id: int) -> HttpResponse:
    """Switch a product off, with what that means, or on again."""
    found = product_page(visit.actor, product_id)
    if visit.request.method != "POST":
        return visit.show("products/switch", found)
    active = visit.request.POST.get("active") == "on"

    def save() -> dict[str, Any]:
        entries.lock("product", found.sku)
        values = _values(product_page(visit.actor, product_id))
        services.save_products(visit.actor, [_input(found.sku, values, active=active)], at=visit.at)
        return {"active": active}

    visit.once("product.switch", {"product": product_id, "active": active}, save)
    said = _("The product is switched on.") if active else _("The product is switched off.")
    return switched(visit, f"/products/{product_id}", said, active=active)


@require_safe
@console_page("products", Scope.PRODUCTS_READ)
def show_categories(visit: Visit) -> HttpResponse:
    """The assortment tree."""
    return visit.show("products/categories", category_tree(visit.actor))


class _CategoryForm(NamesForm):
    parent = forms.ChoiceField(required=False, label=gettext_lazy("Parent category"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What stands below a category is not left out: choosing it is refused with the reason.
        self.fields["parent"].choices = [("", _("None: a top-level category")), *category_choices()]  # type: ignore[attr-defined]


class _NewCategoryForm(_CategoryForm):
    code = NewNamesForm.base_fields["code"]
    field_order = ("code", "name", "name_en", "parent")


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("products", Scope.PRODUCTS_WRITE)
def add_category(visit: Visit) -> HttpResponse:
    """A new category."""
    return _category(visit, None)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("products", Scope.PRODUCTS_WRITE)
def change_category(visit: Visit, category_id: int) -> HttpResponse:
    """Rename a category or put it elsewhere in the tree."""
    return _category(visit, name_line("category", category_id))


def _category(visit: Visit, line: NameLine | None) -> HttpResponse:
    entry_id = line.id if line else 0

    def save(values: Mapping[str, Any]) -> object:
        code = line.code if line else values["code"]
        if line is None and entries.taken("category", code):
            raise taken("code")
        entry = CategoryInput(code, values["name"], values["name_en"], values["parent"] or None)
        return services.save_categories(visit.actor, [entry], at=visit.at)

    def page(form: EntryForm, meanwhile: Meanwhile | None) -> EntryPage:
        title = _("Edit category %(code)s") % {"code": line.code} if line else _("Add a category")
        return EntryPage(title, "", form, _("Save"), (_("Categories"), "/products/categories"), meanwhile)

    def read() -> Mapping[str, Any]:
        now = entries.named_one("category", entry_id)
        parent = entries.named_one("category", now.parent_id).code if now.parent_id else ""
        return {"name": now.name, "name_en": now.name_en, "parent": parent}

    return edit(
        visit,
        kind="category",
        key=line.code if line else "",
        form_class=_CategoryForm if line else _NewCategoryForm,
        read=read if line else None,
        page=page,
        save=save,
        done="/products/categories",
        said=_("Saved."),
    )


def _values(found: ProductPage) -> dict[str, Any]:
    return {
        "name": found.name.zh,
        "name_en": found.name_en,
        "category": found.path[-1].code if found.path else "",
        "brand": found.brand,
        "price_minor": found.price_minor,
        "cost_minor": found.cost_minor,
        "unit": found.unit,
        "pack_size": found.pack_size,
        "barcode": found.barcode,
        "tags": found.tags,
        "earns_points": found.earns_points,
    }


def _input(sku: str, values: Mapping[str, Any], *, active: bool) -> ProductInput:
    return ProductInput(
        sku=sku,
        name=values["name"],
        price_minor=values["price_minor"],
        name_en=values["name_en"],
        category=values["category"] or None,
        brand=values["brand"],
        barcode=values["barcode"],
        cost_minor=values["cost_minor"],
        unit=values["unit"],
        pack_size=values["pack_size"],
        earns_points=values["earns_points"],
        active=active,
        tags=values["tags"],
    )
