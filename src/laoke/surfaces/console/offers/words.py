"""Offers in words: states, stages, what they ask and give, what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext_lazy as _in

from laoke.engine.conditions import All
from laoke.engine.conditions.documents import BadCondition
from laoke.kernel.money import parse_minor
from laoke.promotions.differences import Difference, difference
from laoke.promotions.language import language
from laoke.promotions.telling import tell
from laoke.promotions.words import Telling
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.offers import form
from laoke.surfaces.console.offers.form import Sheet, Shop
from laoke.surfaces.console.offers.shapes import Box, Item, Rows, Words
from laoke.surfaces.console.templatetags.figures import currency_sign, money, named

# What a state is called, and the form of its pill.
STATES: Mapping[str, tuple[Any, str]] = {
    "draft": (_in("state of an offer", "Draft"), "draft"),
    "review": (_in("state of an offer", "In review"), "review"),
    "rejected": (_in("state of an offer", "Sent back"), "bad"),
    "scheduled": (_in("state of an offer", "Scheduled"), "sched"),
    "live": (_in("state of an offer", "Live"), "run"),
    "paused": (_in("state of an offer", "Paused"), "pause"),
    "stopped": (_in("state of an offer", "Stopped in an emergency"), "bad"),
    "ended": (_in("state of an offer", "Ended"), "end"),
}
FIELDS: Mapping[str, Any] = {
    "name": _in("part of an offer", "Name"),
    "goal": _l("Goal"),
    "bearer": _l("Cost borne by"),
    "stage": _l("Stage"),
    "priority": _l("Priority"),
    "starts": _l("First day"),
    "ends": _l("Last day"),
    "channels": _l("Channels"),
    "codes": _l("Codes entered at the till"),
    "coupons": _l("Coupon templates"),
    "when": _l("Conditions"),
    "gives": _in("part of an offer", "Gives"),
    "group": _l("Group"),
    "exclusive_set": _l("Exclusive set"),
    "exclusive": _l("Exclusive"),
    "once_per_line": _l("Once per line"),
    "limits": _l("Limits"),
    "paused": _in("state of an offer", "Paused"),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """One value that is another one: the field it belongs to, where exactly, and both as text ("" for none)."""

    field: str
    place: str
    before: str
    after: str


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Changed, ...]:
    """What differs between two documents."""
    return tuple(_changed(each) for each in difference(before, after))


def _changed(each: Difference) -> Changed:
    first, _dot, rest = each.place.partition(".")
    return Changed(str(FIELDS.get(first, first)), rest, _text(each.before), _text(each.after))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


@dataclass(frozen=True, slots=True)
class Told:
    """An offer in sentences."""

    who: tuple[str, ...]
    gives: tuple[str, ...]
    budget: str
    order: str
    kept: tuple[str, ...]


def told(document: Mapping[str, Any], shop: Shop, telling: Telling) -> Told:
    """What a document says: conditions in the words a till has for them, the rest as its form would."""
    sheet = form.show(document, shop)
    return Told(
        _conditions(document.get("when"), telling) or tuple(_item(each) for each in sheet.who.items),
        tuple(f"{each.label}{_colon()}{_item(each)}" for each in sheet.gives.items),
        _limits(document),
        _order(sheet),
        tuple(f"{each.label}{_colon()}{each.kept}" for each in sheet.kept.items),
    )


def _conditions(when: Any, telling: Telling) -> tuple[str, ...]:
    """None where they cannot be read yet."""
    if when is None:
        return ()
    try:
        tree = language().read(when)
    except BadCondition:
        return ()
    parts = tree.parts if isinstance(tree, All) else (tree,)
    return tuple(named(Named(*tell(part, telling.names, telling.currency))) for part in parts)


def _colon() -> str:
    return "：" if _chinese() else ": "


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _item(item: Item) -> str:
    return item.kept or sentence(item.tokens)


def sentence(tokens: Iterable[Any]) -> str:
    """Fields read aloud."""
    return " ".join(text for token in tokens if (text := _said(token)))


def _said(token: Any) -> str:
    if isinstance(token, Words):
        return token.text
    if isinstance(token, Rows):
        joint = "、" if _chinese() else ", "
        return joint.join(_item(each) for each in token.items) or token.none
    if isinstance(token, Box):
        return _value(token)
    return ""


def _value(box: Box) -> str:
    if box.kind == "hidden":
        return ""
    if box.kind in ("select", "ticks", "check"):
        return ("、" if _chinese() else ", ").join(each.label.strip() for each in box.chosen)
    if not box.value:
        return "" if box.kind == "time" else "…"
    if box.kind == "money":
        return _amount(box.value)
    if box.kind == "percent":
        return f"{box.value}%"
    return f"{box.value} {box.unit}".strip()


def _limits(document: Mapping[str, Any]) -> str:
    limits = document.get("limits")
    if not isinstance(limits, Mapping):
        return ""
    words = {
        "in_total": _("%(n)s uses in total"),
        "per_member": _("%(n)s for each member"),
        "per_member_a_day": _("%(n)s for each member a day"),
    }
    said = [text % {"n": limits[name]} for name, text in words.items() if name in limits]
    if "budget" in limits:
        said.insert(0, _("budget %(amount)s") % {"amount": _amount(limits["budget"])})
    if limits.get("pacing") == "even":
        said.append(_("the budget goes out evenly"))
    if limits.get("members_only"):
        said.append(_("members only"))
    return ("，" if _chinese() else ", ").join(said)


def _amount(value: Any) -> str:
    """Money as pages write it; what is no amount yet as it was typed."""
    try:
        return money(parse_minor(str(value), settings.LAOKE.currency)).removesuffix(".00")
    except ValueError:
        return f"{currency_sign()}{value}"


def _order(sheet: Sheet) -> str:
    parts = []
    for box in (token for token in sheet.order if isinstance(token, Box)):
        value = ", ".join(each.label for each in box.chosen) if box.choices else box.value
        if value:
            parts.append(value if box.kind == "check" else f"{box.label}{_colon()}{value}")
    return ("；" if _chinese() else "; ").join(parts)
