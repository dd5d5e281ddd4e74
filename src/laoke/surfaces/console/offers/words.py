"""Offers in words: states, stages, what they ask and give, what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext_lazy as _in
from pydantic import TypeAdapter, ValidationError

from laoke.engine.conditions import All, Tree
from laoke.engine.conditions.documents import BadCondition
from laoke.kernel.money import parse_minor, shown_minor
from laoke.promotions import saying
from laoke.promotions.differences import Difference, difference
from laoke.promotions.documents.effects import Gives
from laoke.promotions.language import language
from laoke.promotions.telling import Says
from laoke.promotions.words import Telling
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.offers import form
from laoke.surfaces.console.offers.form import Sheet, Shop
from laoke.surfaces.console.offers.shapes import Box, Item, Rows, Words
from laoke.surfaces.console.templatetags.figures import currency_sign, named

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


def told(document: Mapping[str, Any], shop: Shop, telling: Telling, tiers: Sequence[str] = ()) -> Told:
    """What a document says: conditions and effects as a retailer announces them; what is not finished as its form says
    it.

    Args:
        tiers: of the programme, from the lowest on.
    """
    sheet = form.show(document, shop)
    tree, gives = _conditions(document.get("when")), _gives(document.get("gives"))
    reached = saying.threshold(tree)
    if reached is not None and not (gives and all(each and saying.says_with(each) for each in gives)):
        reached = None
    parts = () if tree is None else tree.parts if isinstance(tree, All) else (tree,)
    who = tuple(_says(saying.condition(part, telling, tiers)) for part in parts if part is not reached)
    if not who and reached is None:
        who = tuple(_item(each) for each in sheet.who.items)
    return Told(
        who,
        tuple(
            _item(item)
            if effect is None
            else _says(saying.effect(effect, telling, reached=reached, again=document.get("stage") == "tier"))
            for item, effect in zip(sheet.gives.items, gives, strict=True)
        ),
        _limits(document),
        _order(sheet),
        tuple(f"{each.label}{_colon()}{each.kept}" for each in sheet.kept.items),
    )


def _says(said: Says) -> str:
    text = named(Named(*said))
    return text[:1].upper() + text[1:]


def _conditions(when: Any) -> Tree | None:
    """None where there are none, or they cannot be read yet."""
    if when is None:
        return None
    try:
        return language().read(when)
    except BadCondition:
        return None


_EFFECT: TypeAdapter[Gives] = TypeAdapter(Gives)


def _gives(documents: Any) -> list[Gives | None]:
    """The effects that are finished; None for each of the others."""
    found: list[Gives | None] = []
    for each in documents if isinstance(documents, list | tuple) else ():
        try:
            found.append(_EFFECT.validate_python(each, context=language()))
        except ValidationError:
            found.append(None)
    return found


def _colon() -> str:
    return "：" if _chinese() else ": "


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _item(item: Item) -> str:
    return item.kept or sentence(item.tokens)


def sentence(tokens: Iterable[Any]) -> str:
    """Fields read aloud. Between Chinese words there is no space."""
    told = ""
    for text in (_said(token) for token in tokens):
        apart = told and text and not (_is_chinese(told[-1]) and _is_chinese(text[0]))
        told += f" {text}" if apart else text
    return told


def _is_chinese(letter: str) -> bool:
    return letter > "\u2e7f"


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
        currency = settings.LAOKE.currency
        return shown_minor(parse_minor(str(value), currency), currency)
    except ValueError:
        return f"{currency_sign()}{value}"


def _order(sheet: Sheet) -> str:
    parts = []
    for box in (token for token in sheet.order if isinstance(token, Box)):
        value = ", ".join(each.label for each in box.chosen) if box.choices else box.value
        if value:
            parts.append(value if box.kind == "check" else f"{box.label}{_colon()}{value}")
    return ("；" if _chinese() else "; ").join(parts)
