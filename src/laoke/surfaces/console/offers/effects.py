"""What an offer gives, as sentences with fields: one for each kind of effect, declared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext_lazy as _in

from laoke.promotions.documents.offers import Place
from laoke.surfaces.console.offers import conditions
from laoke.surfaces.console.offers.conditions import Known
from laoke.surfaces.console.offers.inputs import (
    Always,
    Body,
    Check,
    Choose,
    Codes,
    Either,
    Input,
    Line,
    Prices,
)
from laoke.surfaces.console.offers.shapes import Adder, Box, Choice, Fields, Item, Rows, Words, numbers, one

EVERY_ARTICLE = _l("every article")


@dataclass(frozen=True)
class Of:
    """Which articles: rows of conditions on them."""

    key: str
    known: Known
    none: Any = EVERY_ARTICLE

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        # A condition without anything in it is not the same as none.
        return body.get(self.key) is None or bool(conditions.rows_of(body[self.key], (), lines=True))

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        rows = conditions.rows_of(body.get(self.key), (*place, self.key), lines=True)
        return (conditions.lines(rows, f"{path}.{self.key}", self.known, none=str(self.none)),)

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        found = conditions.document_of(conditions.read(fields, f"{path}.{self.key}", lines=True))
        return {} if found is None else {self.key: found}


@dataclass(frozen=True)
class Inside:
    """A part with parts of its own; `optional` ones are switched on by a box."""

    key: str
    pattern: Any
    inputs: Mapping[str, Input]
    optional: Any = None

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key)
        return value is None or fits(self.inputs, value)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        here, value = f"{path}.{self.key}", body.get(self.key)
        if self.optional is None:
            return pattern_tokens(self.pattern, self.inputs, here, value or {}, (*place, self.key))
        switch = Check("said", self.optional).show(here, {"said": value is not None}, place)
        if value is None:
            return switch
        return (*switch, *pattern_tokens(self.pattern, self.inputs, here, value, (*place, self.key)))

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        here = f"{path}.{self.key}"
        if self.optional is not None and one(fields, f"{here}.said") != "yes":
            return {}
        return {self.key: read(self.inputs, fields, here)}


@dataclass(frozen=True)
class Listed:
    """Several parts of one kind, each a row."""

    key: str
    label: Any
    add: Any
    pattern: Any
    inputs: Mapping[str, Input]

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key, [])
        return isinstance(value, list | tuple) and all(fits(self.inputs, each) for each in value)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        here = f"{path}.{self.key}"
        items = tuple(
            Item(
                f"{here}.{number}",
                pattern_tokens(
                    self.pattern, self.inputs, f"{here}.{number}", each, (*place, self.key, number)
                ),
                _("%(what)s %(number)d") % {"what": self.label, "number": number + 1},
            )
            for number, each in enumerate(body.get(self.key, []))
        )
        return (Rows(items, Adder(here, str(self.add), (Choice("", str(self.add)),))),)

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        here = f"{path}.{self.key}"
        found = [read(self.inputs, fields, f"{here}.{number}") for number in numbers(fields, here)]
        return {self.key: found} if found else {}


def fits(inputs: Mapping[str, Input], body: Any) -> bool:
    """Whether inputs can show everything that a part says."""
    keys = {key for each in inputs.values() for key in each.keys}
    return (
        isinstance(body, Mapping) and set(body) <= keys and all(each.fits(body) for each in inputs.values())
    )


def read(inputs: Mapping[str, Input], fields: Fields, path: str) -> dict[str, Any]:
    """What was filled into the inputs of a part."""
    found: dict[str, Any] = {}
    for each in inputs.values():
        found.update(each.read(fields, path))
    return found


_HOLE = re.compile(r"\{(\w+)\}")


def pattern_tokens(
    pattern: Any, inputs: Mapping[str, Input], path: str, body: Body, place: Place
) -> tuple[Any, ...]:
    """A sentence with its fields: `{name}` stands for the input of that name."""
    tokens: list[Any] = []
    at = 0
    text = str(pattern)
    for hole in _HOLE.finditer(text):
        if words := text[at : hole.start()].strip():
            tokens.append(Words(words))
        tokens += inputs[hole[1]].show(path, body, place)
        at = hole.end()
    if words := text[at:].strip():
        tokens.append(Words(words))
    return tuple(tokens)


@dataclass(frozen=True)
class Kind:
    """A kind of effect. `seldom` names the inputs that are folded away."""

    label: Any
    pattern: Any
    inputs: Mapping[str, Input]
    seldom: Any = ""
    icon: str = "discount"
    start: Mapping[str, Any] = field(default_factory=dict)


_UNITS = _l("pieces")
_TIMES = _l("times")


def kinds(known: Known, templates: Callable[[], Any], skus: Callable[[], Any]) -> dict[str, Kind]:
    """Every kind of effect, by the key that documents give it.

    Args:
        known: codes of an attribute; `templates` those of coupons; `skus` articles to name, where these are few.
    """
    of = Of("of", known)
    at_most = Line("max_quantity", "number", _l("At most so many pieces"), _UNITS)
    percent = Line("percent", "percent", _l("Percent off"), required=True)
    repeat = Check("repeat", _l("again and again"), usual=True)
    basis = Choose(
        "basis",
        _l("Measured"),
        (("discounted", _l("after earlier discounts")), ("original", _l("at list prices"))),
        "discounted",
    )
    money_off = Line("discount", "money", _l("Amount off"), required=True)
    part: dict[str, Input] = {"quantity": Line("quantity", "number", _l("Pieces"), _UNITS), "of": of}
    pick = (
        ("dearest_first", _l("the dearest first")),
        ("cheapest_first", _l("the cheapest first")),
        ("basket", _l("in the order of the basket")),
    )
    off = Either(
        "off",
        _l("What is off"),
        ((_in("a reduction", "percent off"), percent), (_in("a reduction", "money off"), money_off)),
    )
    per = Inside(
        "per",
        _l("{measure} of {of}"),
        {
            "measure": Either(
                "by",
                _l("For every"),
                (
                    (_l("pieces"), Line("quantity", "number", _l("Pieces"), required=True)),
                    (_l("money spent"), Line("reaching", "money", _l("Amount"), required=True)),
                ),
            ),
            "of": of,
        },
        optional=_l("once for every"),
    )
    most_times = Line("max_times", "number", _l("At most so many times"), _TIMES)
    return {
        "percent": Kind(
            _l("Percent off"),
            _l("take {percent} off {of}"),
            {
                "percent": percent,
                "of": of,
                "max_quantity": at_most,
                "max": Line("max", "money", _l("At most so much off")),
                "allocation": Choose(
                    "allocation",
                    _l("Worked out"),
                    (
                        ("each", _l("for each line")),
                        ("across", _l("for all lines together")),
                        ("once", _l("on the cheapest pieces")),
                    ),
                    "each",
                ),
                "share_max": Choose(
                    "share_max",
                    _l("A maximum is shared"),
                    (("proportional", _l("in proportion")), ("sequential", _l("line by line"))),
                    "proportional",
                ),
                "rounded_per": Choose(
                    "rounded_per",
                    _l("Rounded for each"),
                    (
                        ("", _l("as usual")),
                        ("line", _l("line")),
                        ("unit", _l("piece")),
                        ("order", _l("basket")),
                    ),
                    "",
                ),
            },
            _l("at most {max_quantity} at most {max} {allocation} {share_max} {rounded_per}"),
            "percentage",
        ),
        "amount": Kind(
            _l("Amount off"),
            _l("take {discount} off {of}"),
            {
                "discount": money_off,
                "of": of,
                "allocation": Choose(
                    "allocation",
                    _l("Given"),
                    (
                        ("across", _l("once, shared by the lines")),
                        ("each", _l("on each")),
                        ("once", _l("on the cheapest pieces")),
                    ),
                    "across",
                ),
                "per": Choose("per", _l("Each"), (("unit", _l("piece")), ("line", _l("line"))), "unit"),
                "max_quantity": at_most,
            },
            _l("{allocation} {per} at most {max_quantity}"),
            "cash",
        ),
        "fixed_price": Kind(
            _l("Fixed price"),
            _l("sell {of} at {price} each"),
            {"price": Line("price", "money", _l("Price"), required=True), "of": of, "max_quantity": at_most},
            _l("at most {max_quantity}"),
            "tag",
        ),
        "member_price": Kind(
            _l("Price list"),
            _l("sell these articles at these prices {prices}"),
            {
                "prices": Prices(
                    "prices", _l("Articles and prices"), _l("One on each line: SKU, a space, the price")
                ),
                "max_quantity": at_most,
            },
            _l("at most {max_quantity}"),
            "tags",
        ),
        "tiered": Kind(
            _l("Step reductions"),
            _l("from so much on, so much off: {steps} on {of}"),
            {
                "steps": Listed(
                    "steps",
                    _l("Step"),
                    _l("Add a step"),
                    _l("from {from} take {off}"),
                    {
                        "from": Either(
                            "by",
                            _l("From"),
                            (
                                (
                                    _l("money spent"),
                                    Line("reaching", "money", _l("Amount reached"), required=True),
                                ),
                                (
                                    _l("pieces"),
                                    Line("quantity", "number", _l("Pieces reached"), required=True),
                                ),
                            ),
                        ),
                        "off": Either(
                            "off",
                            _l("What is off"),
                            (
                                (_in("a reduction", "money off"), money_off),
                                (_in("a reduction", "percent off"), percent),
                            ),
                        ),
                    },
                ),
                "of": of,
                "measured": Of("measured", known, _l("the same articles")),
                "basis": basis,
                "per_line": Check("per_line", _l("each line for itself")),
            },
            _l("measured on {measured} {basis} {per_line}"),
            "stairs-up",
            {"steps": [{"reaching": "", "discount": ""}]},
        ),
        "every": Kind(
            _l("So much off every so much"),
            _l("for every {reaching} take {discount} off, on {of}"),
            {
                "reaching": Line("reaching", "money", _l("For every"), required=True),
                "discount": money_off,
                "of": of,
                "max_times": most_times,
                "basis": basis,
            },
            _l("at most {max_times} {basis}"),
            "refresh",
        ),
        "nth": Kind(
            _l("Every n-th piece"),
            _l("every {n} th piece of {of} {percent} off"),
            {
                "n": Line("n", "number", _l("Which piece"), required=True),
                "percent": percent,
                "of": of,
                "order": Choose("order", _l("Pieces are taken"), pick, "dearest_first"),
                "repeat": repeat,
                "by_line": Check("by_line", _l("each line for itself")),
            },
            _l("{order} {repeat} {by_line}"),
            "copy",
        ),
        "buy_get": Kind(
            _l("Buy and get"),
            _l("who buys {buy} gets {get} with {off}"),
            {
                "buy": Inside("buy", "{quantity} {of}", part),
                "get": Inside("get", "{quantity} {of}", part),
                "off": off,
                "repeat": repeat,
                "max_get_units": Line("max_get_units", "number", _l("At most so many pieces"), _UNITS),
                "buy_pick": Choose("buy_pick", _l("What is bought"), pick, "dearest_first"),
                "get_pick": Choose("get_pick", _l("What is got"), pick, "cheapest_first"),
            },
            _l("{repeat} at most {max_get_units} {buy_pick} {get_pick}"),
            "basket-plus",
            {"buy": {"quantity": 1}, "get": {"quantity": 1}, "percent": "100"},
        ),
        "pay_for": Kind(
            _l("Take N, pay for M"),
            _l("take {buy}, pay for {pay}, of {of}"),
            {
                "buy": Line("buy", "number", _l("Pieces taken"), required=True),
                "pay": Line("pay", "number", _l("Pieces paid for"), required=True),
                "of": of,
                "repeat": repeat,
            },
            _l("{repeat}"),
            "package",
        ),
        "bundle": Kind(
            _l("Bundle"),
            _l("together {parts} {off}"),
            {
                "parts": Listed("parts", _l("Part"), _l("Add a part"), "{quantity} {of}", part),
                "off": Either(
                    "off",
                    _l("What it costs"),
                    (
                        (
                            _in("a bundle", "for the price of"),
                            Line("price", "money", _l("Price"), required=True),
                        ),
                        (_in("a bundle", "cheaper by"), money_off),
                    ),
                ),
                "repeat": repeat,
                "pick": Choose("pick", _l("Pieces are taken"), pick, "dearest_first"),
            },
            _l("{repeat} {pick}"),
            "package",
            {"parts": [{"quantity": 1}, {"quantity": 1}]},
        ),
        "gift": Kind(
            _l("Gift"),
            _l("{quantity} of {skus} for nothing {per} at most {max_times}"),
            {
                "quantity": Line("quantity", "number", _l("Pieces"), _UNITS),
                "skus": Codes("skus", _l("Articles, by SKU"), skus, _l("of several the shopper chooses one")),
                "per": per,
                "max_times": most_times,
            },
            icon="gift",
        ),
        "coupon": Kind(
            _in("kind of an effect", "Coupon"),
            _l("{quantity} × the coupon {template} {per} at most {max_times}"),
            {
                "quantity": Line("quantity", "number", _l("How many"), ""),
                "template": _Template("template", _l("Coupon template"), templates),
                "per": per,
                "max_times": most_times,
            },
            icon="ticket",
        ),
        "points": Kind(
            _in("kind of an effect", "Points"),
            _l("members earn {more} on {of}"),
            {
                "more": Either(
                    "more",
                    _l("How many more points"),
                    (
                        (
                            _in("points", "times the points"),
                            Line("factor", "number", _l("How many times"), _TIMES, required=True),
                        ),
                        (
                            _in("points", "points on top"),
                            Line("bonus", "number", _l("Points on top"), required=True),
                        ),
                    ),
                ),
                "of": of,
            },
            icon="coins",
            start={"factor": "2"},
        ),
        "delivery": Kind(
            _l("Delivery"),
            _l("delivery {off}"),
            {
                "off": Either(
                    "off",
                    _l("What is off"),
                    (
                        (_in("a delivery", "for nothing"), Always("free")),
                        (_in("a reduction", "percent off"), percent),
                        (_in("a reduction", "money off"), money_off),
                        (
                            _in("a delivery", "at the price of"),
                            Line("price", "money", _l("Price"), required=True),
                        ),
                    ),
                ),
                "methods": Codes("methods", _l("Only these methods")),
            },
            _l("only {methods}"),
            "truck-delivery",
        ),
    }


@dataclass(frozen=True)
class _Template:
    """One of the coupon templates there are; typed where there are none."""

    key: str
    label: Any
    known: Callable[[], Any]

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        return self._input().fits(body)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        return self._input().show(path, body, place)

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        return self._input().read(fields, path)

    def _input(self) -> Input:
        known = tuple(self.known())
        return Choose(self.key, self.label, known) if known else Line(self.key, "text", self.label)


def show_all(gives: Any, every: Mapping[str, Kind]) -> tuple[Item, ...]:
    """The effects of an offer as rows; those the form cannot show are kept as they were written."""
    items = []
    for number, document in enumerate(gives):
        path, place = f"gives.{number}", ("gives", number)
        name = next(iter(document), "") if isinstance(document, Mapping) and len(document) == 1 else ""
        kind = every.get(name)
        if kind is None or not fits(kind.inputs, document[name]):
            items.append(conditions.kept_item(path, document, place))
            continue
        inner, here = f"{path}.{name}", (*place, name)
        items.append(
            Item(
                path,
                (
                    Box("hidden", f"{path}.kind", "", (name,)),
                    *pattern_tokens(kind.pattern, kind.inputs, inner, document[name], here),
                ),
                str(kind.label),
                more=pattern_tokens(kind.seldom, kind.inputs, inner, document[name], here)
                if kind.seldom
                else (),
                icon=kind.icon,
            )
        )
    return tuple(items)


def read_all(fields: Fields, every: Mapping[str, Kind]) -> list[Any]:
    """The effects that were sent."""
    found: list[Any] = []
    for number in numbers(fields, "gives"):
        path = f"gives.{number}"
        kept = fields.get(f"{path}.kept")
        name = one(fields, f"{path}.kind")
        if kept:
            found.append(_loaded(kept[-1]))
        elif name in every:
            found.append({name: read(every[name].inputs, fields, f"{path}.{name}")})
    return found


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
