"""The columns of the member list, and how each account wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from laoke.foundation.access import Caller, Scope
from laoke.surfaces.console.directory.models import ListPreference

DENSITIES = ("normal", "tight")
ROWS = (20, 50, 100)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, the scope it takes, the order it can be sorted by ("" for none), numbers to the right."""

    name: str
    label: Any
    scope: Scope = Scope.MEMBERS_READ
    sort: str = ""
    right: bool = False
    nightly: bool = False


COLUMNS = (
    Column("tier", _("Tier"), Scope.TIERS_READ),
    Column("points", _("Points"), Scope.POINTS_READ, sort="points", right=True),
    Column("rfm", _("RFM"), Scope.INSIGHT_READ, nightly=True),
    Column("spend", _("Spend in a year"), Scope.ORDERS_READ, sort="spend", right=True, nightly=True),
    Column("last", _("Last purchase"), Scope.ORDERS_READ, sort="last"),
    Column("class", _("RFM class"), Scope.INSIGHT_READ, nightly=True),
    Column("value", _("Value class"), Scope.INSIGHT_READ, nightly=True),
    Column("tags", _("Tags")),
    Column("store", _("Home store")),
    Column("joined", _("Registered"), sort="joined"),
    Column("phone", _("Phone")),
    Column("card", _("Card")),
    Column("birthday", _("Birthday")),
    Column("language", _("Language")),
    Column("status", _("Status")),
)
BY_NAME = {column.name: column for column in COLUMNS}
DEFAULT = ("tier", "points", "rfm", "spend", "last", "tags", "store", "joined")


@dataclass(frozen=True, slots=True)
class Layout:
    """How an account wants the list. Columns are those its role may see, in the order it wants them."""

    columns: tuple[Column, ...]
    density: str
    rows: int

    def has(self, name: str) -> bool:
        """Whether a column is shown."""
        return any(column.name == name for column in self.columns)


def allowed(caller: Caller) -> tuple[Column, ...]:
    """The columns the role may see."""
    return tuple(column for column in COLUMNS if column.scope in caller.scopes)


def shown(names: Iterable[str], caller: Caller) -> tuple[Column, ...]:
    """The columns of these names that the role may see, each once, in the order of the names."""
    known = {column.name: column for column in allowed(caller)}
    return tuple(known[name] for name in dict.fromkeys(names) if name in known)


def offered(names: Iterable[str], caller: Caller) -> tuple[Column, ...]:
    """Every column the role may see: those of these names first, in that order, then the rest in the usual one."""
    return shown((*names, *BY_NAME), caller)


def moved(names: Sequence[str], name: str, step: int) -> list[str]:
    """The names with one of them a step further down, or up where `step` is negative; at either end it stays."""
    order = list(names)
    if name in order:
        at = order.index(name)
        order.insert(min(max(at + step, 0), len(order) - 1), order.pop(at))
    return order


def layout_of(caller: Caller, kept: Sequence[Any] | None) -> Layout:
    """The account's choice, given as its columns, density and rows, or the usual one."""
    if kept is None:
        return Layout(shown(DEFAULT, caller), DENSITIES[0], 50)
    names, density, rows = kept
    return Layout(shown(names, caller), density, rows)


def keep_layout(caller: Caller, names: Iterable[str], density: str, rows: int) -> Layout:
    """Remember a choice; what is no choice becomes the usual."""
    columns = shown(names, caller)
    layout = Layout(columns, density if density in DENSITIES else DENSITIES[0], rows if rows in ROWS else 50)
    ListPreference.objects.update_or_create(
        pk=caller.id,
        defaults={
            "columns": [column.name for column in columns],
            "density": layout.density,
            "rows": layout.rows,
        },
    )
    return layout
