"""Reading a mapping file: strict, and with the place of every mistake. Its manual: docs/reference/import-mapping.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml
from django.utils.translation import gettext as _

from laoke.surfaces.importing.errors import BadMapping, UnknownColumn
from laoke.surfaces.importing.expressions import (
    Cases,
    CellIs,
    Column,
    Condition,
    Expression,
    Join,
    Named,
    Scaled,
    Sum,
    Value,
)
from laoke.surfaces.importing.fields import FIELDS, IDENTITIES, Kind, Takes

VERSION = 1
_LARGEST_FILE = 512 * 1024
_CREATABLE = {
    Kind.ORDERS: ("members", "products", "stores", "channels"),
    Kind.MEMBERS: ("stores", "channels"),
    Kind.PRODUCTS: (),
    Kind.STORES: (),
}
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "gb2312", "big5", "latin-1", "cp1252")
# What a mapping may hold besides `columns`, by kind.
_COMMON = {"laoke-mapping", "kind", "about", "file", "numbers", "columns", "skip"}
_MONEY = {"currency", "money"}
_KEYS = {
    Kind.ORDERS: _COMMON
    | _MONEY
    | {"time", "headers", "each_row_is_an_order", "member", "unknown", "returns"},
    Kind.MEMBERS: _COMMON | {"time", "issuers", "consents", "words", "unknown"},
    Kind.PRODUCTS: _COMMON | _MONEY | {"words"},
    Kind.STORES: _COMMON | {"time", "words"},
}


@dataclass(frozen=True, slots=True)
class FileForm:
    """How a file is written. Empty: found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How instants are written. `zone` holds where a cell names no offset, `day_at` where it names no time."""

    zone: str = ""
    format: str = ""
    day_at: time | None = None


@dataclass(frozen=True, slots=True)
class ConsentColumn:
    """A column that answers whether a member may be contacted or analysed."""

    channel: str
    purpose: str
    granted: Expression
    source: str
    at: Expression | None


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A mapping as read. `columns` holds an expression by field; a list for a category's path."""

    kind: Kind
    columns: dict[str, Expression]
    path: tuple[Expression, ...] = ()
    file: FileForm = FileForm()
    time: TimeForm = TimeForm()
    currency: str = ""
    money_unit: str = "major"
    thousands: str = ""
    decimal: str = "."
    skip: tuple[Condition, ...] = ()
    first_header_wins: bool = False
    row_is_order: bool = False
    member_kind: str = "card"
    member_issuer: str = ""
    issuers: dict[str, str] = field(default_factory=dict)
    consents: tuple[ConsentColumn, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    create: frozenset[str] = frozenset()
    returns: bool = False

    def named(self) -> Iterator[Named]:
        """Every column the mapping reads, as often as it does."""
        for expression in (*self.columns.values(), *self.path):
            yield from expression.named()
        for condition in self.skip:
            yield from condition.named()
        for consent in self.consents:
            yield from consent.granted.named()
            if consent.at:
                yield from consent.at.named()


def require(path: Path, columns: Sequence[str], wanted: Mapping[str, Named]) -> None:
    """See that a file has what a mapping names, and has it once.

    Raises:
        UnknownColumn, BadMapping
    """
    for name, named in wanted.items():
        if name not in columns:
            raise UnknownColumn(named.place, name, path, columns)
        if list(columns).count(name) > 1:
            raise BadMapping(
                named.place,
                _("%(file)s has several columns %(column)r; rename all but one")
                % {"file": path.name, "column": name[:60]},
            )


def extra(mapping: ImportMapping) -> dict[str, tuple[Expression, Takes]]:
    """What is read besides the fields: levels of a category, answers to whether a member may be contacted."""
    found = {f"path_{index}": (part, Takes.TEXT) for index, part in enumerate(mapping.path)}
    for index, consent in enumerate(mapping.consents):
        found[f"granted_{index}"] = (consent.granted, Takes.YES_NO)
        if consent.at:
            found[f"granted_at_{index}"] = (consent.at, Takes.INSTANT)
    return found


def shipped() -> list[str]:
    """Names of the mappings that come with Laoke."""
    folder = resources.files("laoke.surfaces.importing").joinpath("mappings")
    return sorted(
        entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")
    )


def shipped_text(name: str) -> str:
    """The text of a mapping that comes with Laoke."""
    folder = resources.files("laoke.surfaces.importing").joinpath("mappings")
    return folder.joinpath(f"{name}.yaml").read_text("utf-8")


def load(name: str, kind: Kind) -> ImportMapping:
    """Read the mapping file `name`, or the shipped one of that name.

    Raises:
        BadMapping: with the place within the file.
    """
    path = Path(name)
    if not path.exists() and name in shipped():
        return parse(shipped_text(name), kind)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadMapping(path.name, _("is larger than any mapping. Was a data file given instead?"))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        known = ", ".join(shipped())
        raise BadMapping(
            path.name,
            _("cannot be opened (%(reason)s). Mappings that come with Laoke: %(known)s")
            % {"reason": error.strerror, "known": known},
        ) from None
    except UnicodeDecodeError:
        raise BadMapping(path.name, _("is not a text in UTF-8")) from None
    return parse(text, kind)


def parse(text: str, kind: Kind) -> ImportMapping:
    """Read a mapping.

    Args:
        kind: what the command imports; the mapping must be for the same.
    Raises:
        BadMapping: with the place within the mapping.
    """
    if len(text) > _LARGEST_FILE:
        raise BadMapping("", _("is larger than any mapping. Was a data file given instead?"))
    try:
        # A subclass of SafeLoader: it makes plain values only.
        document = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = _("line %(line)s") % {"line": mark.line + 1} if mark else ""
        reason = getattr(error, "problem", None) or "unreadable"
        raise BadMapping(place, _("is not valid YAML: %(reason)s") % {"reason": reason}) from None
    except RecursionError:
        raise BadMapping("", _("is nested too deeply")) from None
    top = _Node(document, "")
    top.mapping()
    if top.value.get("laoke-mapping") != VERSION:
        raise BadMapping(
            "laoke-mapping",
            _("has to be %(version)s, the version of mappings that this Laoke reads") % {"version": VERSION},
        )
    found = top.at("kind").choice([each.value for each in Kind])
    if found != kind.value:
        raise BadMapping(
            "kind",
            _("is %(found)s, but %(wanted)s are to be imported") % {"found": found, "wanted": kind.value},
        )
    top.only(_KEYS[kind])
    return _Parser(top, kind).mapping()


class _Parser:
    """The keys of a mapping, one method each where it takes more than a line."""

    def __init__(self, top: _Node, kind: Kind) -> None:
        self.top = top
        self.kind = kind

    def mapping(self) -> ImportMapping:
        top, kind = self.top, self.kind
        columns, path = self._columns()
        member = top.get("member").mapping({"kind", "issuer"})
        numbers = top.get("numbers").mapping({"thousands", "decimal"})
        parsed = ImportMapping(
            kind=kind,
            columns=columns,
            path=path,
            file=self._file(),
            time=self._time(),
            currency=self._currency(),
            money_unit=top.get("money").choice(["major", "minor"], "major"),
            thousands=numbers.get("thousands").choice(["", ",", ".", " ", "'"], ""),
            decimal=numbers.get("decimal").choice([".", ","], "."),
            skip=tuple(_condition(node) for node in top.get("skip").items()),
            first_header_wins=top.get("headers").choice(["agree", "first"], "agree") == "first",
            row_is_order=top.get("each_row_is_an_order").yes_no(False),
            member_kind=member.get("kind").choice(IDENTITIES, "card"),
            member_issuer=member.get("issuer").text(""),
            issuers={name: node.text() for name, node in top.get("issuers").pairs(IDENTITIES)},
            consents=tuple(_consent(node) for node in top.get("consents").items()),
            words={name: node.text() for name, node in top.get("words").pairs()},
            create=self._create(),
            returns=top.get("returns").choice(["none", "negative_quantity"], "none") != "none",
        )
        self._check(parsed)
        return parsed

    def _columns(self) -> tuple[dict[str, Expression], tuple[Expression, ...]]:
        node = self.top.at("columns")
        columns: dict[str, Expression] = {}
        path: tuple[Expression, ...] = ()
        for name, entry in node.pairs(each.name for each in FIELDS[self.kind]):
            if name == "category":
                items = entry.items() if isinstance(entry.value, list) else [entry]
                path = tuple(_expression(item) for item in items)
            elif isinstance(entry.value, list):
                columns[name] = Join(tuple(_expression(item) for item in entry.items()), "-")
            else:
                columns[name] = _expression(entry)
        for each in FIELDS[self.kind]:
            if each.required and each.name not in columns:
                raise BadMapping(
                    f"columns.{each.name}", _("is missing: %(about)s") % {"about": _(each.about)}
                )
        return columns, path

    def _file(self) -> FileForm:
        node = self.top.get("file").mapping({"encoding", "delimiter", "sheet"})
        delimiter = node.get("delimiter").text("")
        if delimiter == "tab":
            delimiter = "\t"
        if len(delimiter) > 1 or delimiter in {"\n", "\r", '"'}:
            raise BadMapping("file.delimiter", _("takes one character, or the word tab"))
        return FileForm(node.get("encoding").choice(_ENCODINGS, ""), delimiter, node.get("sheet").text(""))

    def _time(self) -> TimeForm:
        node = self.top.get("time").mapping({"zone", "format", "day_at"})
        zone = node.get("zone").text("")
        if zone and zone not in available_timezones():
            raise BadMapping(
                "time.zone", _("%(zone)r is not a time zone. An example: Asia/Shanghai") % {"zone": zone[:60]}
            )
        day_at = node.get("day_at").text("")
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", day_at)
        if day_at and not match:
            raise BadMapping("time.day_at", _('takes a time of day in quotes, such as "12:00"'))
        form = node.get("format").text("")
        if form and form not in {"epoch_s", "epoch_ms"} and not re.search(r"%[YycxsF]", form):
            raise BadMapping("time.format", _('takes codes such as "%Y-%m-%d %H:%M", or epoch_s or epoch_ms'))
        if match:
            return TimeForm(zone, form, time(int(match[1]), int(match[2])))
        # An order has a time of day that somebody has to declare; a member joins on a day.
        return TimeForm(zone, form, None if self.kind is Kind.ORDERS else time())

    def _currency(self) -> str:
        if "currency" not in _KEYS[self.kind]:
            return ""
        if self.kind is Kind.PRODUCTS and not {"price", "cost"} & set(self.top.at("columns").value):
            return self.top.get("currency").text("")
        currency = self.top.at("currency").text()
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise BadMapping("currency", _("takes an ISO 4217 code, such as CNY"))
        return currency

    def _create(self) -> frozenset[str]:
        pairs = self.top.get("unknown").pairs(_CREATABLE[self.kind])
        return frozenset(name for name, node in pairs if node.choice(["create", "reject"]) == "create")

    def _check(self, parsed: ImportMapping) -> None:
        columns = parsed.columns
        if self.kind is Kind.ORDERS:
            if not {"paid", "gross"} & set(columns):
                raise BadMapping("columns", _("need paid or gross: what the lines are worth"))
            if parsed.returns and "original_order" not in columns:
                raise BadMapping(
                    "columns.original_order", _("is missing: a return names the order it belongs to")
                )
        if self.kind is Kind.MEMBERS and not set(IDENTITIES) & set(columns):
            raise BadMapping("columns", _("need one of %(names)s") % {"names": ", ".join(IDENTITIES)})
        if self.kind is Kind.STORES and {"region_name"} & set(columns) and "region" not in columns:
            raise BadMapping("columns.region", _("is missing: a region is known by its code"))


def _expression(node: _Node) -> Expression:
    if isinstance(node.value, str):
        return Column(Named(node.value, node.place))
    node.mapping()
    forms = [name for name in ("column", "value", "join", "plus", "cases") if name in node.value]
    if len(forms) != 1:
        raise BadMapping(
            node.place, _("takes the name of a column, or one of column, value, join, plus, cases")
        )
    (form,) = forms
    bounds = {"times", "divided_by", "at_least", "at_most"}
    if form == "value":
        node.only({"value"})
        return Value(node.at("value").text())
    if form == "join":
        node.only({"join", "by"})
        return Join(tuple(_expression(item) for item in node.at("join").items()), node.get("by").text("-"))
    if form == "cases":
        node.only({"cases", "otherwise"})
        cases = []
        for case in node.at("cases").items():
            case.mapping({"when", "use"})
            cases.append((_condition(case.at("when")), _expression(case.at("use"))))
        return Cases(tuple(cases), _expression(node.at("otherwise")))
    inner: Expression
    if form == "column":
        node.only({"column", "empty", *bounds})
        empty = node.get("empty")
        inner = Column(
            Named(node.at("column").text(), f"{node.place}.column"), empty.text() if empty else None
        )
    else:
        node.only({"plus", "minus", *bounds})
        inner = Sum(
            tuple(_expression(item) for item in node.at("plus").items()),
            tuple(_expression(item) for item in node.get("minus").items()),
        )
    if not bounds & set(node.value):
        return inner
    return Scaled(
        inner,
        times=node.get("times").number(Decimal(1)),
        divided_by=node.get("divided_by").number(Decimal(1), zero=False),
        at_least=node.get("at_least").number(None),
        at_most=node.get("at_most").number(None),
    )


def _condition(node: _Node) -> Condition:
    tests = []
    for name, entry in node.pairs():
        column = Named(name, entry.place)
        if isinstance(entry.value, dict):
            entry.only({"less_than", "more_than", "empty"})
            tests.append(
                CellIs(
                    column,
                    empty=entry.get("empty").yes_no(False),
                    less_than=entry.get("less_than").number(None),
                    more_than=entry.get("more_than").number(None),
                )
            )
            continue
        values = entry.items() if isinstance(entry.value, list) else [entry]
        tests.append(
            CellIs(
                column,
                texts=tuple(item.text() for item in values if isinstance(item.value, str)),
                numbers=tuple(item.number() for item in values if not isinstance(item.value, str)),
            )
        )
    if not tests:
        raise BadMapping(node.place, _("takes columns with what they have to be"))
    return Condition(tuple(tests))


def _consent(node: _Node) -> ConsentColumn:
    node.mapping({"channel", "purpose", "granted", "source", "at"})
    return ConsentColumn(
        channel=node.at("channel").text(),
        purpose=node.at("purpose").text(),
        granted=_expression(node.at("granted")),
        source=node.get("source").text("import"),
        at=_expression(node.at("at")) if node.get("at") else None,
    )


_MISSING: Any = object()


class _Node:
    """A value of the document and where it stands."""

    def __init__(self, value: Any, place: str) -> None:
        self.value = value
        self.place = place

    def __bool__(self) -> bool:
        return self.value is not _MISSING

    def at(self, name: str) -> _Node:
        """A part that has to be there."""
        part = self.get(name)
        if not part:
            raise BadMapping(part.place, _("is missing"))
        return part

    def get(self, name: str) -> _Node:
        """A part that may be missing."""
        value = self.value.get(name, _MISSING) if self else _MISSING
        return _Node(value, f"{self.place}.{name}".lstrip("."))

    def mapping(self, known: Iterable[str] | None = None) -> _Node:
        if self and not isinstance(self.value, dict):
            raise BadMapping(self.place, _("takes keys with values"))
        if self and known is not None:
            self.only(known)
        return self

    def only(self, known: Iterable[str]) -> None:
        names = list(known)
        for name in self.value:
            if name not in names:
                place = f"{self.place}.{name}".lstrip(".")[:80]
                raise BadMapping(
                    place,
                    _("there is no such key. Known are %(known)s") % {"known": ", ".join(sorted(names))},
                )

    def items(self) -> list[_Node]:
        if not self:
            return []
        if not isinstance(self.value, list) or not self.value:
            raise BadMapping(self.place, _("takes a list"))
        return [_Node(item, f"{self.place}[{index}]") for index, item in enumerate(self.value)]

    def pairs(self, known: Iterable[str] | None = None) -> list[tuple[str, _Node]]:
        self.mapping(known)
        return [(name, self.get(name)) for name in self.value] if self else []

    def text(self, default: str | None = None) -> str:
        if not self and default is not None:
            return default
        if type(self.value) in (int, Decimal):
            return str(self.value)
        if not isinstance(self.value, str):
            raise BadMapping(self.place, _("takes a text; put it in quotes"))
        return self.value

    def choice(self, choices: Iterable[str], default: str | None = None) -> str:
        if not self and default is not None:
            return default
        text, known = self.text(), list(choices)
        if text not in known:
            words = ", ".join(repr(word) if not word.strip() else word for word in known)
            raise BadMapping(
                self.place, _("takes one of %(words)s; got %(text)r") % {"words": words, "text": text[:60]}
            )
        return text

    def yes_no(self, default: bool) -> bool:
        if not self:
            return default
        if not isinstance(self.value, bool):
            raise BadMapping(self.place, _("takes true or false"))
        return self.value

    def number(self, default: Any = _MISSING, *, zero: bool = True) -> Any:
        if not self and default is not _MISSING:
            return default
        if (
            type(self.value) not in (int, Decimal)
            or abs(self.value) >= 10**9
            or (not zero and not self.value)
        ):
            raise BadMapping(
                self.place,
                _("takes a number below 1,000,000,000")
                if zero
                else _("takes a number below 1,000,000,000, other than zero"),
            )
        return Decimal(self.value)


class _Loader(yaml.SafeLoader):
    """Plain values only: no aliases (they can make a small file huge), no key twice, no dates, exact decimals."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not taken", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value[:60]!r} stands there twice", key.start_mark
                )
            seen.add(key.value)
        return {str(name): value for name, value in super().construct_mapping(node, deep=True).items()}


def _exact(loader: _Loader, node: Any) -> object:
    text = loader.construct_scalar(node)
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _plain(loader: _Loader, node: Any) -> object:
    return loader.construct_scalar(node)


# Only true and false are truth values: no, yes, on and y are names of columns in real files.
_Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))
_Loader.add_constructor("tag:yaml.org,2002:float", _exact)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _plain)
