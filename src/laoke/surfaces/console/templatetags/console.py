"""What forms of the console are made of."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from laoke.surfaces.console.forms import digest

register = template.Library()


@register.simple_tag(takes_context=True)
def form_tokens(context: template.Context) -> SafeString:
    """The hidden fields of every form that acts: the token against forgery, and the one that makes it act once."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="once" value="{}">',
        context["csrf_token"],
        context["frame"].once,
    )


@register.simple_tag
def seen(current: Any) -> SafeString:
    """The hidden field that remembers what was shown, for forms with `Seen`."""
    return format_html('<input type="hidden" name="seen" value="{}">', digest(current))


@register.inclusion_tag("console/kit/field.html")
def field(bound: BoundField, unit: str = "") -> dict[str, Any]:
    """A field with its label, hint and errors. `unit` stands behind the value."""
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        kind = "group"
    elif isinstance(widget, CheckboxInput):
        kind = "check"
    else:
        kind = "line"
        names = (
            ["sel" if widget.input_type == "select" else "inp"] if hasattr(widget, "input_type") else ["inp"]
        )
        widget.attrs.setdefault("class", " ".join(names))
    id = bound.auto_id  # of a group the label has none: its boxes are labelled one by one
    described = []
    if bound.help_text:
        described.append(f"{id}_hint")
    if bound.errors:
        widget.attrs["aria-invalid"] = "true"
        described.append(f"{id}_error")
    if described:
        widget.attrs["aria-describedby"] = " ".join(described)
    return {"bound": bound, "kind": kind, "unit": unit, "id": id}


@register.filter
def holds(group: Any, name: str) -> bool:
    """Whether the page of this name belongs to the group of the navigation."""
    return any(entry.name == name for entry in group.entries)
