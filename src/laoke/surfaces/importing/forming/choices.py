"""What a person chose in the form, and the mapping it stands for. The form makes a mapping and nothing else:
whatever it can say, a YAML file for the command line says the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import yaml

from laoke.surfaces.importing.fields import FIELDS, IDENTITIES, Field, Kind, Takes

# Levels of a category, from the top; a field of the form each.
CATEGORY_LEVELS = ("category", "category_2", "category_3")
ISSUED = ("wechat_openid", "shop_account")
CONSENTS = ("sms", "email", "wechat")
CREATABLE = {
    Kind.ORDERS: ("members", "products", "stores", "channels"),
    Kind.MEMBERS: ("stores", "channels"),
    Kind.PRODUCTS: (),
    Kind.STORES: (),
}
# What is made without asking. A place that nobody knows is a typing error more often than a new one.
CREATED_UNASKED = ("members", "products")
GENDERS = {
    "男": "m", "女": "f", "男性": "m", "女性": "f", "先生": "m", "女士": "f", "M": "m", "F": "f", "male": "m",
    "female": "f", "Male": "m", "Female": "f", "MALE": "m", "FEMALE": "f", "未知": "", "保密": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """A filled form. `columns` holds columns by field, `values` what is the same for every row."""

    kind: Kind
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    zone: str = ""
    time_format: str = ""
    day_at: str = ""
    money: str = "major"
    thousands: str = ""
    decimal: str = "."
    member_kind: str = "card"
    member_issuer: str = ""
    issuers: Mapping[str, str] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)
    create: tuple[str, ...] = ()
    row_is_order: bool = False
    first_header_wins: bool = False
    returns: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def from_json(told: Mapping[str, Any]) -> Choices:
    """The choices kept as `as_json` gave them."""
    known = {each.name for each in fields(Choices)}
    values: dict[str, Any] = {name: value for name, value in told.items() if name in known}
    return Choices(**(values | {"kind": Kind(told["kind"]), "create": tuple(told.get("create", ()))}))


def shown_fields(kind: Kind) -> list[Field]:
    """The fields of the form; a category has a field for each of its levels."""
    found = []
    for each in FIELDS[kind]:
        if each.name == "category":
            found += [Field(name, each.takes, each.about, longest=each.longest) for name in CATEGORY_LEVELS]
        elif each.name != "currency":  # the programme counts in one
            found.append(each)
    return found


def may_be_fixed(each: Field) -> bool:
    """Whether it makes sense that a field is the same in every row."""
    return not each.personal and each.takes in {Takes.CODE, Takes.TEXT, Takes.QUANTITY, Takes.YES_NO}


def compose(choices: Choices, currency: str) -> str:
    """The mapping as YAML. It may lack what is needed: `mapping.parse` says so."""
    kind = choices.kind
    document: dict[str, Any] = {"laoke-mapping": 1, "kind": kind.value}
    if form := _given(encoding=choices.encoding, delimiter=choices.delimiter, sheet=choices.sheet):
        document["file"] = form | ({"delimiter": "tab"} if choices.delimiter == "\t" else {})
    if kind is Kind.ORDERS or (kind is Kind.PRODUCTS and {"price", "cost"} & set(choices.columns)):
        document |= {"currency": currency, "money": choices.money}
    if kind is not Kind.PRODUCTS and (
        time := _given(zone=choices.zone, format=choices.time_format, day_at=choices.day_at)
    ):
        document["time"] = time
    if choices.thousands or choices.decimal != ".":
        document["numbers"] = {"thousands": choices.thousands, "decimal": choices.decimal}
    document |= _of_kind(choices)
    document["columns"] = _columns(choices)
    create = {name: "create" for name in CREATABLE[kind] if name in choices.create}
    if create:
        document["unknown"] = create
    text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    return text


def _of_kind(choices: Choices) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if choices.kind is Kind.ORDERS:
        if choices.row_is_order:
            more["each_row_is_an_order"] = True
        if choices.first_header_wins:
            more["headers"] = "first"
        if choices.returns:
            more["returns"] = "negative_quantity"
        if "member" in choices.columns:
            more["member"] = _given(kind=choices.member_kind, issuer=choices.member_issuer)
    if choices.kind is Kind.MEMBERS:
        if "gender" in choices.columns:
            more["words"] = GENDERS
        issuers = {name: value for name, value in choices.issuers.items() if value and name in IDENTITIES}
        if issuers:
            more["issuers"] = issuers
        consents = [
            {"channel": channel, "purpose": "marketing", "granted": choices.consents[channel]}
            for channel in CONSENTS
            if choices.consents.get(channel)
        ]
        if consents:
            more["consents"] = consents
    return more


def _columns(choices: Choices) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for each in FIELDS[choices.kind]:
        if each.name == "category":
            if path := [choices.columns[name] for name in CATEGORY_LEVELS if choices.columns.get(name)]:
                columns["category"] = path
        elif choices.columns.get(each.name):
            columns[each.name] = choices.columns[each.name]
        elif choices.values.get(each.name):
            columns[each.name] = {"value": choices.values[each.name]}
    return columns


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
