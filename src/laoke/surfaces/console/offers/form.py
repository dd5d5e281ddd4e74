"""An offer as a form, and back: nothing is lost on the way.

`show` makes of a document, which may be unfinished, sentences with fields; `read` makes of what a browser sent a
document. What a field does not change stays as it was written, and what no field can show goes along as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext_lazy as _in
from pydantic import TypeAdapter, ValidationError

from laoke.engine.conditions import All, Tree
from laoke.engine.conditions.documents import BadCondition, Language
from laoke.engine.conditions.vocabulary import Subject
from laoke.promotions.documents.effects import Gives
from laoke.promotions.documents.offers import Allowed, Moment, OfferDocument
from laoke.promotions.vocabulary import VOCABULARY
from laoke.surfaces.console.offers import conditions, effects
from laoke.surfaces.console.offers.conditions import Known
from laoke.surfaces.console.offers.inputs import Check, Choose, Codes, Input, Line, When
from laoke.surfaces.console.offers.shapes import Adder, Choice, Fields, Item, Rows, boxes, numbers, sent

GOALS: Mapping[str, Any] = {
    "acquire": _in("goal of an offer", "New customers"),
    "repeat": _in("goal of an offer", "Repeat purchases"),
    "cross_sell": _in("goal of an offer", "Cross-selling"),
}
BEARERS: Mapping[str, Any] = {
    "store": _in("bearer of a cost", "Store"),
    "supplier": _in("bearer of a cost", "Supplier"),
    "head_office": _in("bearer of a cost", "Head office"),
}
STAGES: Mapping[str, Any] = {
    "price": _in("stage of a basket", "Prices of articles"),
    "item": _in("stage of a basket", "Articles among each other"),
    "basket": _in("stage of a basket", "The basket"),
    "coupon": _in("stage of a basket", "Coupons"),
    "tier": _in("stage of a basket", "Tiers, on what is left"),
    "delivery": _in("stage of a basket", "Delivery"),
}


@dataclass(frozen=True)
class Shop:
    """What the shop has: what fields offer to choose from.

    Args:
        known: the codes of an attribute with their names, () where they are typed.
        channels, templates: with their names.
    """

    known: Known = lambda name: ()
    channels: Sequence[tuple[str, Any]] = ()
    templates: Sequence[tuple[str, Any]] = ()

    def kinds(self) -> dict[str, effects.Kind]:
        """The kinds of effects, with these choices."""
        return effects.kinds(self.known, lambda: self.templates, tuple)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form of an offer, section by section. `kept` are parts of the document that no field shows."""

    names: tuple[Any, ...]
    aims: tuple[Any, ...]
    who: Rows
    gives: Rows
    order: tuple[Any, ...]
    budget: tuple[Any, ...]
    time: tuple[Any, ...]
    kept: Rows

    @property
    def sections(self) -> tuple[tuple[Any, ...], ...]:
        """All of it."""
        return (
            self.names,
            self.aims,
            (self.who,),
            (self.gives,),
            self.order,
            self.budget,
            self.time,
            (self.kept,),
        )

    def fields(self) -> dict[str, list[str]]:
        """What a browser sends when nothing is changed."""
        found: dict[str, list[str]] = {}
        for section in self.sections:
            for name, values in sent(section).items():
                found.setdefault(name, []).extend(values)
        return found

    def outline(self) -> list[tuple[str, str]]:
        """The fields there are: another outline is another form."""
        return [(box.kind, box.name) for section in self.sections for box in boxes(section)]


def _inputs(shop: Shop) -> dict[str, Input]:
    return {
        "name": effects.Inside(
            "name",
            _l("{zh} in English {en}"),
            {
                "zh": Line("zh", "text", _l("Chinese name"), required=True),
                "en": Line("en", "text", _l("English name"), required=True),
            },
        ),
        "goal": Choose("goal", _l("Goal"), tuple(GOALS.items())),
        "bearer": Choose("bearer", _l("Cost borne by"), tuple(BEARERS.items()), "store"),
        "stage": Choose("stage", _l("Stage"), tuple(STAGES.items())),
        "priority": Line("priority", "number", _l("Priority")),
        "group": Line("group", "text", _l("Group")),
        "exclusive_set": Line("exclusive_set", "text", _l("Exclusive set")),
        "exclusive": Check("exclusive", _l("nothing else applies beside it")),
        "once_per_line": Check("once_per_line", _l("only lines no other such offer took from")),
        "codes": Codes("codes", _l("Codes entered at the till")),
        "coupons": Codes("coupons", _l("Coupon templates"), lambda: shop.templates),
        "channels": Codes("channels", _l("Channels"), lambda: shop.channels),
        "starts": When("starts", _l("First day"), _l("Time it starts"), lambda: settings.LAOKE.zone),
        "ends": When("ends", _l("Last day"), _l("Time it ends"), lambda: settings.LAOKE.zone),
        "limits": effects.Inside(
            "limits",
            _l(
                "budget {budget} goes out {pacing}, tell at {alarm_at} percent of it; what the budget does not cover: "
                "{on_exceed} in total {in_total} each member {per_member} each member a day {per_member_a_day} "
                "{members_only}"
            ),
            {
                "budget": Line("budget", "money", _l("Budget")),
                "pacing": Choose(
                    "pacing",
                    _l("How the budget goes out"),
                    (
                        ("none", _in("pace of a budget", "as it is asked for")),
                        ("even", _in("pace of a budget", "evenly over the days")),
                    ),
                    "none",
                ),
                "alarm_at": Codes("alarm_at", _l("Tell at so many percent"), of_numbers=True),
                "on_exceed": Choose(
                    "on_exceed",
                    _l("What the budget does not cover"),
                    (
                        ("refuse", _in("over the budget", "give nothing")),
                        ("clip", _in("over the budget", "give what is left")),
                    ),
                    "refuse",
                ),
                "in_total": Line("in_total", "number", _l("Uses in total"), _l("times")),
                "per_member": Line("per_member", "number", _l("Uses of each member"), _l("times")),
                "per_member_a_day": Line(
                    "per_member_a_day", "number", _l("Uses of each member a day"), _l("times")
                ),
                "members_only": Check("members_only", _l("members only")),
            },
        ),
    }


_ROWS = ("when", "gives")


def show(document: Mapping[str, Any], shop: Shop) -> Sheet:
    """A document as a form."""
    inputs, kinds = _inputs(shop), shop.kinds()
    kept = {name: value for name, value in document.items() if not _shows(name, value, inputs)}
    body = {name: value for name, value in document.items() if name not in kept}

    def shown(*names: str) -> tuple[Any, ...]:
        return tuple(
            token for name in names if name not in kept for token in inputs[name].show("offer", body, ())
        )

    rows = conditions.rows_of(body.get("when"), ("when",))
    return Sheet(
        shown("name"),
        shown("goal", "bearer"),
        Rows(
            conditions.show(rows, "when", shop.known),
            conditions.adder(
                "when", _("Add a condition"), Subject.MEMBER, Subject.BASKET, Subject.STORE, Subject.MOMENT
            ),
            _("Everybody, whatever is bought."),
        ),
        Rows(
            effects.show_all(body.get("gives", ()), kinds),
            Adder(
                "gives",
                _("Add an effect"),
                tuple(Choice(name, str(kind.label)) for name, kind in kinds.items()),
            ),
            _("No effect yet."),
        ),
        shown("stage", "priority", "group", "exclusive_set", "exclusive", "once_per_line"),
        shown("limits"),
        shown("starts", "ends", "channels", "codes", "coupons"),
        Rows(tuple(_kept(name, value) for name, value in kept.items())),
    )


def _shows(name: str, value: Any, inputs: Mapping[str, Input]) -> bool:
    if name == "when":
        return value is None or bool(conditions.rows_of(value, ()))
    if name == "gives":
        return isinstance(value, list | tuple)
    return name in inputs and inputs[name].fits({name: value})


def _kept(name: str, value: Any) -> Item:
    item = conditions.kept_item(f"kept.{name}", value, (name,))
    return Item(item.path, item.tokens, name, kept=item.kept)


def read(
    fields: Fields, before: Mapping[str, Any], language: Language, shop: Shop | None = None
) -> dict[str, Any]:
    """What a form says.

    Args:
        before: the document it showed: what means the same stays as it was written there.
    """
    shop = shop or Shop()
    found: dict[str, Any] = {}
    for each in _inputs(shop).values():
        found.update(each.read(fields, "offer"))
    when = conditions.document_of(conditions.read(fields, "when"))
    if when is not None:
        found["when"] = when
    gives = effects.read_all(fields, shop.kinds())
    if gives:
        found["gives"] = gives
    for name in fields:
        if name.startswith("kept.") and name.endswith(".kept"):
            found[name.removeprefix("kept.").removesuffix(".kept")] = json.loads(fields[name][-1])
    return _settled({name: value for name, value in found.items() if value != {}}, before, language)


def _settled(found: Mapping[str, Any], before: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """What means the same as before, in the words of before."""
    settled: dict[str, Any] = {}
    for name in [*before, *(name for name in found if name not in before)]:
        was, now = before.get(name), found.get(name)
        if name == "gives" and was == [] and now is None:
            settled[name] = was
        elif name == "gives" and isinstance(was, list) and isinstance(now, list):
            settled[name] = [
                next((each for each in was if _same("gives.", each, effect, language)), effect)
                for effect in now
            ]
        elif name in before and _same(name, was, now, language):
            settled[name] = was
        elif name in found:
            settled[name] = now
    return settled


def _same(name: str, was: Any, now: Any, language: Language) -> bool:
    if was == now:
        return True
    means = _MEANINGS.get(name)
    if means is None:
        default = OfferDocument.model_fields[name].default if name in OfferDocument.model_fields else ...
        return now is None and was == default
    try:
        return bool(means(was, language) == means(now, language))
    except (ValidationError, BadCondition):
        return False


def _condition(document: Any, language: Language) -> Any:
    return () if document is None else tuple(_flat(language.read(document)))


def _flat(tree: Tree) -> Any:
    if isinstance(tree, All):
        for part in tree.parts:
            yield from _flat(part)
    else:
        yield tree


def _read_as(kind: Any, default: Any) -> Callable[[Any, Language], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def means(value: Any, language: Language) -> Any:
        found = adapter.validate_python(default if value is None else value, context=language)
        return adapter.dump_python(found, mode="json", context=language)

    return means


_MEANINGS: Mapping[str, Callable[[Any, Language], Any]] = {
    "when": _condition,
    "gives.": _read_as(Gives, {}),
    "limits": _read_as(Allowed, {}),
    "starts": _read_as(Moment | None, None),
    "ends": _read_as(Moment | None, None),
    "priority": _read_as(int, 0),
    "codes": lambda value, language: tuple(value or ()),
    "coupons": lambda value, language: tuple(value or ()),
    "channels": lambda value, language: None if value is None else tuple(value),
}


def add(fields: Fields, path: str, what: str, shop: Shop | None = None) -> dict[str, list[str]]:
    """The form with one row more at `path`: a condition on `what`, an effect of the kind `what`, a step, a part."""
    there = 1 + max(numbers(fields, path), default=-1)
    new = f"{path}.{there}"
    grown = {name: list(values) for name, values in fields.items()}
    if path == "gives":
        kinds = (shop or Shop()).kinds()
        if what in kinds:
            start = Rows(effects.show_all([{what: dict(kinds[what].start)}], kinds))
            for name, values in sent((start,)).items():
                grown[f"{new}{name.removeprefix('gives.0')}"] = values
    elif what:
        if what in VOCABULARY:
            grown[f"{new}.attribute"] = [what]
            grown[f"{new}.op"] = [conditions.usual_op(VOCABULARY[what]).value]
    else:
        grown[f"{new}.added"] = ["yes"]
    return grown


def remove(fields: Fields, path: str) -> dict[str, list[str]]:
    """The form without what stands at `path`."""
    return {
        name: list(values)
        for name, values in fields.items()
        if name != path and not name.startswith(f"{path}.")
    }


def move(fields: Fields, path: str, by: int) -> dict[str, list[str]]:
    """The form with the row at `path` moved one place up (-1) or down (1)."""
    parent, _dot, number = path.rpartition(".")
    places = numbers(fields, parent)
    if not number.isdigit() or int(number) not in places:
        return {name: list(values) for name, values in fields.items()}
    other = places.index(int(number)) + by
    if not 0 <= other < len(places):
        return {name: list(values) for name, values in fields.items()}
    swap = {path: f"{parent}.{places[other]}", f"{parent}.{places[other]}": path}
    moved = {}
    for name, values in fields.items():
        start = next((each for each in swap if name.startswith(f"{each}.")), None)
        moved[name if start is None else swap[start] + name[len(start) :]] = list(values)
    return moved
