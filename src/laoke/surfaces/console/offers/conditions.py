"""Conditions as rows of fields, and back.

A tree that says "all of these" is a row for each comparison. What the rows cannot show (`any`, `not`, an unknown
attribute, a value of the wrong kind) is a row of its own, kept as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from laoke.engine.conditions import Op
from laoke.engine.conditions.vocabulary import Attribute, Kind, Subject
from laoke.promotions.documents.offers import Place
from laoke.promotions.vocabulary import VOCABULARY
from laoke.surfaces.console.offers.inputs import (
    codes_box,
    codes_of,
    is_clock,
    is_codes,
    is_day,
    is_line,
    is_plain,
    select,
    whole,
)
from laoke.surfaces.console.offers.shapes import Adder, Box, Choice, Fields, Item, Rows, Words, numbers, one
from laoke.surfaces.console.templatetags.figures import named

# What is known of the codes an attribute can take: the shop's categories, tiers, stores.
Known = Callable[[str], Sequence[tuple[str, Any]]]
LISTS = (Op.IN, Op.NOT_IN, Op.HAS_ALL)
_TYPED = {Kind.NUMBER: "number", Kind.MONEY: "money", Kind.DATE: "date", Kind.TIME: "time", Kind.TEXT: "text"}

OPS: Mapping[Op, Any] = {
    Op.EQ: pgettext_lazy("comparison", "is"),
    Op.NE: pgettext_lazy("comparison", "is not"),
    Op.GT: pgettext_lazy("comparison", "more than"),
    Op.GTE: pgettext_lazy("comparison", "at least"),
    Op.LT: pgettext_lazy("comparison", "less than"),
    Op.LTE: pgettext_lazy("comparison", "at most"),
    Op.IN: pgettext_lazy("comparison", "is one of"),
    Op.NOT_IN: pgettext_lazy("comparison", "is none of"),
    Op.HAS_ALL: pgettext_lazy("comparison", "has all of"),
    Op.EXISTS: pgettext_lazy("comparison", "is known"),
}
OPS_OF_TIME: Mapping[Op, Any] = {
    **OPS,
    Op.GT: pgettext_lazy("comparison of days and times", "after"),
    Op.GTE: pgettext_lazy("comparison of days and times", "from"),
    Op.LT: pgettext_lazy("comparison of days and times", "before"),
    Op.LTE: pgettext_lazy("comparison of days and times", "until"),
}
HOW: Mapping[str, tuple[Any, Mapping[Any, Any]]] = {
    "basis": (
        gettext_lazy("Measured"),
        {
            "original": gettext_lazy("at list prices"),
            "discounted": gettext_lazy("after earlier discounts"),
        },
    ),
    "count_non_discountable": (
        gettext_lazy("Articles without discounts"),
        {False: gettext_lazy("do not count"), True: gettext_lazy("count too")},
    ),
    "include_shipping": (
        gettext_lazy("Delivery"),
        {False: gettext_lazy("does not count"), True: gettext_lazy("counts too")},
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `of` are the rows of what it counts, None where it counts everything."""

    attribute: Attribute
    op: Op
    value: Any
    of: tuple[Row, ...] | None
    how: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that rows cannot show, as it was written."""

    document: Any
    place: Place


def rows_of(document: Any, place: Place, *, lines: bool = False) -> list[Row | Kept]:
    """A condition as rows.

    Args:
        lines: it is about articles only, as targets are.
    """
    if document is None or document == {}:
        return []
    if not isinstance(document, Mapping):
        return [Kept(document, place)]
    found: list[Row | Kept] = []
    for name, said in document.items():
        here = (*place, name)
        if name == "all" and isinstance(said, list | tuple):
            for number, part in enumerate(said):
                found += rows_of(part, (*here, number), lines=lines) or [Kept(part, (*here, number))]
            continue
        leaves = _leaves(name, said, here, lines=lines)
        found += [Kept({name: said}, here)] if leaves is None else leaves
    return found


def _leaves(name: Any, said: Any, place: Place, *, lines: bool) -> list[Row] | None:
    if not isinstance(name, str) or name not in VOCABULARY:
        return None
    attribute = VOCABULARY[name]
    if lines and attribute.subject is not Subject.LINE:
        return None
    if not isinstance(said, Mapping):
        said = {"in": said} if isinstance(said, list | tuple) or attribute.several else {"eq": said}
    of: tuple[Row, ...] | None = None
    how: dict[str, Any] = {}
    compared: list[tuple[Op, Any]] = []
    for word, value in said.items():
        if word == "of" and attribute.narrows:
            inner = rows_of(value, (*place, "of"), lines=True)
            shown = tuple(each for each in inner if isinstance(each, Row))
            if len(shown) < len(inner) or not inner:
                return None
            of = shown
        elif word in attribute.options:
            if value not in attribute.options[word] or not isinstance(value, bool | str):
                return None
            how[word] = value
        elif word in {op.value for op in attribute.ops} and (op := Op(word)) is not None:
            value = [value] if op in LISTS and is_plain(value) else value
            if not _fits(attribute, op, value):
                return None
            compared.append((op, value))
        else:
            return None
    if not compared:
        return None
    return [Row(attribute, op, value, of, how, (*place, op.value)) for op, value in compared]


def _fits(attribute: Attribute, op: Op, value: Any) -> bool:
    if op is Op.EXISTS or attribute.kind is Kind.FLAG:
        return isinstance(value, bool)
    if op in LISTS:
        return is_codes(value) and all(_reads_back(attribute, each) for each in value)
    return is_line(value) and _reads_back(attribute, value)


def _reads_back(attribute: Attribute, value: Any) -> bool:
    """A text of digits is no number to a condition, and a number is no time: these would come back as another one."""
    if attribute.kind is Kind.NUMBER:
        return not isinstance(value, str) or whole(value) == value
    return attribute.kind is not Kind.TIME or isinstance(value, str)


def document_of(rows: Sequence[Row | Kept]) -> Any:
    """Rows as a condition; None when there are none."""
    parts = [_part(row) for row in rows]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"all": parts}


def _part(row: Row | Kept) -> Any:
    if isinstance(row, Kept):
        return row.document
    said: dict[str, Any] = {row.op.value: row.value}
    if row.of is not None:
        said["of"] = document_of(row.of)
    said.update(sorted(row.how.items()))
    return {row.attribute.name: said}


def read(fields: Fields, path: str, *, lines: bool = False) -> list[Row | Kept]:
    """The rows at a path of a form that was sent."""
    found: list[Row | Kept] = []
    for number in numbers(fields, path):
        here = f"{path}.{number}"
        kept = fields.get(f"{here}.kept")
        if kept:
            found.append(Kept(_loaded(kept[-1]), ()))
            continue
        name = one(fields, f"{here}.attribute")
        if name not in VOCABULARY or (lines and VOCABULARY[name].subject is not Subject.LINE):
            continue
        found.append(_row(fields, here, VOCABULARY[name]))
    return found


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _row(fields: Fields, path: str, attribute: Attribute) -> Row:
    word = one(fields, f"{path}.op")
    op = Op(word) if word in {each.value for each in attribute.ops} else usual_op(attribute)
    how = {}
    for name, allowed in attribute.options.items():
        said = one(fields, f"{path}.how.{name}")
        value = next((each for each in allowed if str(each) == said), None)
        if value is not None:
            how[name] = value
    of = read(fields, f"{path}.of", lines=True) if attribute.narrows else []
    return Row(
        attribute,
        op,
        _value(fields, f"{path}.value", attribute, op),
        tuple(each for each in of if isinstance(each, Row)) or None,
        how,
        (),
    )


def _value(fields: Fields, name: str, attribute: Attribute, op: Op) -> Any:
    if op in LISTS:
        codes = codes_of(fields, name)
        return [whole(each) for each in codes] if attribute.kind is Kind.NUMBER else codes
    text = one(fields, name)
    if op is Op.EXISTS or attribute.kind is Kind.FLAG:
        return text != "no"
    return whole(text) if attribute.kind is Kind.NUMBER else text


def usual_op(attribute: Attribute) -> Op:
    """How somebody who adds it most likely compares it."""
    if attribute.kind in (Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.TIME):
        return Op.GTE
    return Op.IN if Op.IN in attribute.ops else Op.EQ


def show(rows: Sequence[Row | Kept], path: str, known: Known) -> tuple[Item, ...]:
    """Rows as fields."""
    return tuple(
        kept_item(f"{path}.{number}", row.document, row.place)
        if isinstance(row, Kept)
        else Item(
            f"{path}.{number}", tuple(_tokens(row, f"{path}.{number}", known)), str(named(row.attribute))
        )
        for number, row in enumerate(rows)
    )


def kept_item(path: str, document: Any, place: Place) -> Item:
    """A row that only says what it keeps."""
    text = json.dumps(document, ensure_ascii=False)
    return Item(
        path,
        (Box("hidden", f"{path}.kept", "", (text,), place=place),),
        _("What this form cannot show"),
        kept=text,
    )


def _tokens(row: Row, path: str, known: Known) -> Iterator[Any]:
    attribute = row.attribute
    label = named(attribute)
    yield Box("hidden", f"{path}.attribute", "", (attribute.name,))
    yield Words(label, strong=True)
    words = OPS_OF_TIME if attribute.kind in (Kind.DATE, Kind.TIME) else OPS
    if len(attribute.ops) > 1:
        yield Box(
            "select",
            f"{path}.op",
            _("How %(what)s is compared") % {"what": label},
            (row.op.value,),
            select([(op.value, words[op]) for op in attribute.ops], row.op.value),
        )
    yield _value_box(row, f"{path}.value", label, known)
    if attribute.unit:
        yield Words(_unit(attribute.unit))
    if attribute.narrows:
        yield Words(_("counting"))
        yield lines(row.of or (), f"{path}.of", known, none=_("every article"))
    for name, allowed in attribute.options.items():
        if name in row.how or name == "basis":
            heading, labels = HOW[name]
            usual = row.how.get(name, "")
            choices = [Choice("", str(labels[allowed[0]]), usual == "")]
            choices += [
                Choice(str(each), str(labels[each]), usual == each and usual != "")
                for each in (allowed if usual == allowed[0] and name in row.how else allowed[1:])
            ]
            if name in row.how and usual == allowed[0]:
                choices = choices[1:]
                choices[0] = Choice(choices[0].value, choices[0].label, True)
            yield Box("select", f"{path}.how.{name}", str(heading), (str(usual),), tuple(choices))


def _value_box(row: Row, name: str, label: str, known: Known) -> Box:
    attribute, op, value = row.attribute, row.op, row.value
    if op is Op.EXISTS or attribute.kind is Kind.FLAG:
        choices = (Choice("yes", _("yes"), value is True), Choice("no", _("no"), value is False))
        return Box("select", name, label, ("yes" if value else "no",), choices, place=row.place)
    codes = known(attribute.name)
    if op in LISTS:
        box = codes_box(name, label, value, codes)
        return Box(box.kind, box.name, box.label, box.values, box.choices, place=row.place)
    if codes:
        return Box("select", name, label, (str(value),), select(codes, str(value)), place=row.place)
    kind = _TYPED[attribute.kind]
    if (kind == "date" and value and not is_day(value)) or (kind == "time" and value and not is_clock(value)):
        kind = "text"
    return Box(kind, name, label, (str(value),), place=row.place)


def _unit(unit: str) -> str:
    return {"piece": _("pieces"), "day": _("days")}.get(unit, unit)


def lines(rows: Sequence[Row | Kept], path: str, known: Known, *, none: str) -> Rows:
    """Rows about articles, with a menu of what else can be said of them."""
    return Rows(show(rows, path, known), adder(path, _("Add a condition on articles"), Subject.LINE), none)


def adder(path: str, label: str, *subjects: Subject) -> Adder:
    """A menu of the attributes that speak of these subjects."""
    return Adder(
        path,
        label,
        tuple(Choice(each.name, named(each)) for each in VOCABULARY if each.subject in subjects),
    )
