"""The SQL reading of a condition tree: all members for whom it holds.

It says the same as the Python reading: what is not known matches nothing except `exists: false`, and `not` turns yes
into no and no into yes, with nothing in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from laoke.engine.conditions import All, AnyOf, Is, Not, Op, Tree, leaves
from laoke.foundation.sql import hot_cursor
from laoke.kernel.errors import LaokeError
from laoke.segments import birthdays
from laoke.segments.attributes import HOMES, JOINS, Home

_COMPARED = {Op.EQ: "=", Op.NE: "<>", Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}


class NotAboutMembers(LaokeError):
    """A condition for choosing members asks for something else: the basket, the store, the moment."""

    code, status, title = "not-about-members", 422, "The condition does not speak of members"


class Audience(NamedTuple):
    """Active members for whom a tree holds, as a query that gives their ids; to be joined or inserted from.

    `text` has named parameters, `values` their values.
    """

    text: str
    values: dict[str, Any]


def audience(tree: Tree, at: datetime, zone: tzinfo) -> Audience:
    """Who they are at an instant; `zone` is the programme's.

    Raises:
        NotAboutMembers
    """
    asked = [leaf.attribute for leaf in leaves(tree)]
    for name in asked:
        if name not in HOMES:
            raise NotAboutMembers(f"{name} is not known of a member who is not at the till", attribute=name)
    values: dict[str, Any] = moment(at, zone)
    joins = dict.fromkeys(join for name in asked for join in HOMES[name].needs)
    held = _reading(tree, values)
    text = (
        f"select m.id from members_member m {' '.join(JOINS[join].of_all for join in joins)} "  # noqa: S608 -- our own words
        f"where m.status = 'active' and {held}"
    )
    return Audience(text, values)


def count(tree: Tree, at: datetime, zone: tzinfo) -> int:
    """How many they are.

    Raises:
        NotAboutMembers
    """
    found = audience(tree, at, zone)
    with hot_cursor() as cursor:
        row = cursor.execute(f"select count(*) from ({found.text}) them", found.values).fetchone()  # noqa: S608
    assert row is not None
    return int(row[0])


def about_members(tree: Tree) -> Tree:
    """The part of a tree that alone says who may take part: the parts of `all` that speak only of members."""
    parts = [part for part in _parts(tree) if all(leaf.attribute in HOMES for leaf in leaves(part))]
    return All(tuple(parts))


def moment(at: datetime, zone: tzinfo) -> dict[str, Any]:
    """The parameters of an instant that the attributes ask for."""
    today = at.astimezone(zone).date()
    return {"at": at, "today": today, "birthdays": birthdays.of_week(today)}


def _parts(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, All):
        for part in tree.parts:
            yield from _parts(part)
    else:
        yield tree


def _reading(tree: Tree, values: dict[str, Any]) -> str:
    match tree:
        case Not(part):
            return f"not {_reading(part, values)}"
        case All(parts):
            return "(" + " and ".join(_reading(part, values) for part in parts) + ")" if parts else "true"
        case AnyOf(parts):
            return "(" + " or ".join(_reading(part, values) for part in parts) + ")" if parts else "false"
        case Is():
            return _leaf(tree, HOMES[tree.attribute], values)


def _leaf(leaf: Is, home: Home, values: dict[str, Any]) -> str:
    """One comparison: always true or false, never null."""
    if leaf.op is Op.EXISTS:
        known = f"({home.sql}) <> '{{}}'" if home.attribute.several else f"({home.sql}) is not null"
        return known if leaf.value else f"not ({known})"
    name = f"v{len(values)}"
    values[name] = sorted(leaf.value) if isinstance(leaf.value, frozenset) else leaf.value
    asked = _SEVERAL if home.attribute.several else _SINGLE
    return f"coalesce({asked[leaf.op](home, name)}, false)"


def _compared(sign: str) -> Callable[[Home, str], str]:
    return lambda home, name: f"({home.sql}) {sign} %({name})s::{home.type}"


_SINGLE: dict[Op, Callable[[Home, str], str]] = {
    **{op: _compared(sign) for op, sign in _COMPARED.items()},
    Op.IN: lambda home, name: f"({home.sql}) = any(%({name})s::{home.type}[])",
    Op.NOT_IN: lambda home, name: f"({home.sql}) <> all(%({name})s::{home.type}[])",
}
_SEVERAL: dict[Op, Callable[[Home, str], str]] = {
    Op.IN: lambda home, name: f"({home.sql}) && %({name})s::{home.type}[]",
    Op.NOT_IN: lambda home, name: f"not (({home.sql}) && %({name})s::{home.type}[])",
    Op.HAS_ALL: lambda home, name: f"({home.sql}) @> %({name})s::{home.type}[]",
}
