"""What can be filled in: each kind of value knows how its field shows it and how it is read back.

Of every value that `fits`, reading what is shown gives a value that means the same. What does not fit is kept aside by
whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Any, Protocol

from laoke.promotions.documents.offers import Place
from laoke.surfaces.console.offers.shapes import Box, Choice, Fields, Words, one

Body = Mapping[str, Any]


class Input(Protocol):
    """One or several keys of a part of a document, in the form."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys it is for."""
        ...

    def fits(self, body: Body) -> bool:
        """Whether it can show what stands under its keys."""
        ...

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        """The tokens that show it."""
        ...

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        """What was filled in, by key; a key that is left out takes its default."""
        ...


def is_plain(value: Any) -> bool:
    """A number or a text, as a field holds it."""
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def is_line(value: Any) -> bool:
    """A plain value that a field of one line gives back as it is."""
    return (
        is_plain(value) and str(value) == " ".join(str(value).split(" ")).strip() and str(value).isprintable()
    )


def whole(text: str) -> int | str:
    """A whole number; what is none stays as it was typed."""
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 16 and text.isascii() else text


@dataclass(frozen=True)
class Line:
    """One value in one field: text, number, money or percent."""

    key: str
    kind: str
    label: Any
    unit: Any = ""
    required: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key)
        return value is None or (is_line(value) and (self.kind != "text" or isinstance(value, str)))

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        value = body.get(self.key)
        shown = "" if value is None else str(value)
        return (
            Box(
                self.kind,
                f"{path}.{self.key}",
                str(self.label),
                (shown,),
                unit=str(self.unit),
                place=(*place, self.key),
            ),
        )

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        text = one(fields, f"{path}.{self.key}")
        if not text and not self.required:
            return {}
        return {self.key: whole(text) if self.kind == "number" else text}


@dataclass(frozen=True)
class Check:
    """Yes or no; `usual` is what holds when nothing is said."""

    key: str
    label: Any
    usual: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        return isinstance(body.get(self.key, self.usual), bool)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        chosen = Choice("yes", str(self.label), bool(body.get(self.key, self.usual)))
        return (
            Box("check", f"{path}.{self.key}", str(self.label), choices=(chosen,), place=(*place, self.key)),
        )

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        said = one(fields, f"{path}.{self.key}") == "yes"
        return {} if said is self.usual else {self.key: said}


@dataclass(frozen=True)
class Choose:
    """One of some codes. `usual` is what holds when nothing is said; None: nothing holds then."""

    key: str
    label: Any
    choices: tuple[tuple[str, Any], ...]
    usual: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key, "")
        return isinstance(value, str) and is_line(value)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        value = body.get(self.key, self.usual or "")
        return (
            Box(
                "select",
                f"{path}.{self.key}",
                str(self.label),
                (value,),
                select(self.choices, value),
                place=(*place, self.key),
            ),
        )

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        value = one(fields, f"{path}.{self.key}")
        return {self.key: value} if value and value != self.usual else {}


@dataclass(frozen=True)
class Codes:
    """Several codes: ticked where the shop knows them all, else typed with commas between."""

    key: str
    label: Any
    known: Callable[[], Sequence[tuple[str, Any]]] = tuple
    hint: Any = ""
    of_numbers: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key)
        kind = int if self.of_numbers else str
        return value is None or (is_codes(value) and all(isinstance(each, kind) for each in value))

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        box = codes_box(f"{path}.{self.key}", str(self.label), body.get(self.key) or (), self.known())
        return (
            Box(
                box.kind,
                box.name,
                box.label,
                box.values,
                box.choices,
                place=(*place, self.key),
                hint=str(self.hint),
            ),
        )

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        values = codes_of(fields, f"{path}.{self.key}")
        return {self.key: [whole(each) for each in values] if self.of_numbers else values} if values else {}


def is_codes(value: Any) -> bool:
    """Whether a list can be typed with commas between, and read again."""
    return isinstance(value, list | tuple) and all(
        is_line(each) and codes_in(str(each)) == [str(each)] for each in value
    )


def codes_in(text: str) -> list[str]:
    """Codes typed one after the other, each once."""
    for mark in "，、；;\n":
        text = text.replace(mark, ",")
    return list(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))


def codes_of(fields: Fields, name: str) -> list[str]:
    """The codes that were ticked or typed."""
    return list(dict.fromkeys(code for value in fields.get(name, ()) for code in codes_in(value)))


def codes_box(name: str, label: str, values: Sequence[Any], known: Sequence[tuple[str, Any]]) -> Box:
    """A field for codes. What is not known is a choice too, as long as it is chosen."""
    chosen = [str(each) for each in values]
    if not known:
        return Box("text", name, label, (", ".join(chosen),))
    there = {code for code, _ in known}
    choices = [Choice(code, str(text), code in chosen) for code, text in known]
    choices += [Choice(code, code, True) for code in chosen if code not in there]
    return Box("ticks", name, label, tuple(chosen), tuple(choices))


def select(choices: Sequence[tuple[str, Any]], value: str) -> tuple[Choice, ...]:
    """Choices of which one is chosen; a value that is none of them, nothing included, is one too."""
    found = [Choice(code, str(label), code == value) for code, label in choices]
    if not any(each.chosen for each in found):
        found.insert(0, Choice(value, value or "…", True))
    return tuple(found)


@dataclass(frozen=True)
class Either:
    """One of several keys, with its value: so much money off, or so many percent."""

    name: str
    label: Any
    ways: tuple[tuple[Any, Any], ...]  # what to call it, and its input

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for _, way in self.ways for key in way.keys)

    def fits(self, body: Body) -> bool:
        there = [way for _, way in self.ways if any(body.get(key) is not None for key in way.keys)]
        return len(there) <= 1 and all(way.fits(body) for way in there)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        chosen = next(
            (way for _, way in self.ways if any(body.get(key) is not None for key in way.keys)), None
        )
        chosen = chosen or self.ways[0][1]
        which = Box(
            "select",
            f"{path}.{self.name}",
            str(self.label),
            (chosen.keys[0],),
            tuple(Choice(way.keys[0], str(label), way is chosen) for label, way in self.ways),
        )
        return (which, *_as(chosen.show(path, body, place), f"{path}.{self.name}.value"))

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        which = one(fields, f"{path}.{self.name}")
        way = next((way for _, way in self.ways if way.keys[0] == which), self.ways[0][1])
        # Its value has one field, whichever is chosen: choosing another keeps the number.
        renamed = {f"{path}.{way.keys[0]}": fields.get(f"{path}.{self.name}.value", ())}
        found: dict[str, Any] = way.read(renamed, path)
        return found


def _as(tokens: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    return tuple(
        Box(each.kind, name, each.label, each.values, each.choices, each.unit, each.place)
        if isinstance(each, Box)
        else each
        for each in tokens
    )


@dataclass(frozen=True)
class Always:
    """A key that is simply true when its way is chosen."""

    key: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        return body.get(self.key) is True

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        return ()

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        return {self.key: True}


@dataclass(frozen=True)
class When:
    """A day, or an instant of it: two fields. An instant is shown in the shop's zone, to the minute."""

    key: str
    label: Any
    time_label: Any
    zone: Callable[[], tzinfo]

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key)
        return value is None or (isinstance(value, str) and self._parts(value) is not None)

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        day, clock = self._parts(body.get(self.key) or "") or ("", "")
        here = (*place, self.key)
        return (
            Box(
                "date" if not day or is_day(day) else "text",
                f"{path}.{self.key}",
                str(self.label),
                (day,),
                place=here,
            ),
            Box("time", f"{path}.{self.key}.time", str(self.time_label), (clock,), place=here),
        )

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        day, clock = one(fields, f"{path}.{self.key}"), one(fields, f"{path}.{self.key}.time")
        if not day:
            return {}
        try:
            found = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), tzinfo=self.zone())
        except ValueError:
            return {self.key: day if not clock else f"{day} {clock}"}
        return {self.key: found.isoformat()}

    def _parts(self, value: str) -> tuple[str, str] | None:
        """Day and time for the fields; what is half typed stays in the field of the day."""
        if not value or is_day(value):
            return value, ""
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return (value, "") if is_line(value) and " " not in value else None
        if found.tzinfo is None:
            return None
        here = found.astimezone(self.zone())
        if here.second or here.microsecond:
            return None
        return here.date().isoformat(), f"{here:%H:%M}"


def is_day(value: str) -> bool:
    """A day as a field for days holds it."""
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def is_clock(value: str) -> bool:
    """A time as a field for times holds it: 18:30."""
    hours, colon, minutes = value.partition(":")
    return (
        bool(colon)
        and len(hours) == len(minutes) == 2
        and hours.isdecimal()
        and minutes.isdecimal()
        and hours < "24"
        and minutes < "60"
    )


@dataclass(frozen=True)
class Prices:
    """A price for each of some articles: one line each, the article first."""

    key: str
    label: Any
    hint: Any

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def fits(self, body: Body) -> bool:
        value = body.get(self.key)
        if value is None:
            return True
        return isinstance(value, Mapping) and all(
            isinstance(sku, str)
            and sku
            and is_line(price)
            and len(f"x{sku} {price} x".split()) == 2 + bool(str(price))
            for sku, price in value.items()
        )

    def show(self, path: str, body: Body, place: Place) -> tuple[Any, ...]:
        text = "\n".join(f"{sku} {price}".rstrip() for sku, price in (body.get(self.key) or {}).items())
        return (
            Box(
                "area",
                f"{path}.{self.key}",
                str(self.label),
                (text,),
                place=(*place, self.key),
                hint=str(self.hint),
            ),
        )

    def read(self, fields: Fields, path: str) -> dict[str, Any]:
        found = {}
        for line in one(fields, f"{path}.{self.key}").splitlines():
            sku, _, price = line.strip().partition(" ")
            if sku:
                found[sku] = price.strip()
        return {self.key: found} if found else {}


def words(text: str) -> Words:
    """Words between fields."""
    return Words(text)
