"""The lake: the Parquet files that the export writes and all analytics read, as declared relations.

One folder a relation, one or more `*.parquet` files in it; a relation without rows is one file without rows.
Instants are UTC; `biz_date` and `biz_hour` stand in the shop's zone, because engines disagree on hours.
Money is int64 minor units, quantities are int64 thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from laoke.insight.errors import LakeNotFound, LakeSchemaMismatch


@dataclass(frozen=True)
class Relation:
    """The name (and folder) of one relation, its grain in words, and the type of each column."""

    name: str
    grain: str
    columns: Mapping[str, dt.DataType]

    def checked(self, table: ir.Table) -> ir.Table:
        """`table` cut down to the declared columns, in their order.

        Raises:
            LakeSchemaMismatch: names every missing column and every column of another type.
        """
        found = table.schema()
        faults = [
            f"{column} is {found.get(column, 'missing')}, expected {wanted}"
            for column, wanted in self.columns.items()
            if column not in found or not _same_kind(found[column], wanted)
        ]
        if faults:
            raise LakeSchemaMismatch(
                f"The relation {self.name}: {'; '.join(faults)}. Export the lake again with this version.",
                relation=self.name,
            )
        return table.select(*self.columns)


ORDERS = Relation(
    "orders",
    "one row per order",
    {
        "order_id": dt.int64,
        "member_id": dt.int64,  # NULL: an anonymous order
        "store_id": dt.int64,
        "channel_id": dt.int64,
        "placed_at": dt.timestamp,
        "biz_date": dt.date,
        "biz_hour": dt.int16,
        "currency": dt.string,
        "total_minor": dt.int64,  # paid
        "net_minor": dt.int64,  # paid less what was returned so far; 0 is no purchase
        "status": dt.string,
    },
)
LINES = Relation(
    "lines",
    "one row per order and line number",
    {
        "order_id": dt.int64,
        "line_no": dt.int64,
        "member_id": dt.int64,
        "product_id": dt.int64,
        "category_id": dt.int64,
        "biz_date": dt.date,
        "quantity_milli": dt.int64,
        "net_minor": dt.int64,
        "returned_milli": dt.int64,
        "returned_minor": dt.int64,
    },
)
MEMBERS = Relation(
    "members",
    "one row per member",
    {"member_id": dt.int64, "registered_date": dt.date, "status": dt.string, "home_store_id": dt.int64},
)
INTERACTIONS = Relation(
    "interactions",
    "one row per interaction of a member that is not a purchase (check-in, review, survey); optional",
    {"member_id": dt.int64, "biz_date": dt.date, "kind": dt.string},
)
TIER_MOVES = Relation(
    "tier_moves",
    "one row per move of a member on the ladder; move_id in the order they happened",
    {"member_id": dt.int64, "move_id": dt.int64, "biz_date": dt.date, "to_tier": dt.string},
)
LOTS = Relation(
    "lots",
    "one row per lot of points with something left; expires_date is the first day it cannot be spent any more",
    {"member_id": dt.int64, "expires_date": dt.date, "remaining": dt.int64},
)
CLASSES = Relation(
    "classes",
    "one row per member with classes, as computed last",
    {"member_id": dt.int64, "class_rfm": dt.string, "class_value": dt.string},
)
RELATIONS = (ORDERS, LINES, MEMBERS, INTERACTIONS, TIER_MOVES, LOTS, CLASSES)


@dataclass(frozen=True)
class Lake:
    """The relations under one folder, read lazily (only the columns a result needs), checked when opened."""

    session: ibis.BaseBackend
    root: Path

    def orders(self) -> ir.Table:
        """See ORDERS. Raises LakeNotFound, LakeSchemaMismatch."""
        return self._open(ORDERS)

    def lines(self) -> ir.Table:
        """See LINES. Raises LakeNotFound, LakeSchemaMismatch."""
        return self._open(LINES)

    def members(self) -> ir.Table:
        """See MEMBERS. Raises LakeNotFound, LakeSchemaMismatch."""
        return self._open(MEMBERS)

    def tier_moves(self) -> ir.Table:
        """See TIER_MOVES. Raises LakeNotFound, LakeSchemaMismatch."""
        return self._open(TIER_MOVES)

    def lots(self) -> ir.Table:
        """See LOTS. Raises LakeNotFound, LakeSchemaMismatch."""
        return self._open(LOTS)

    def classes(self) -> ir.Table:
        """See CLASSES. Raises LakeNotFound, LakeSchemaMismatch."""
        return self._open(CLASSES)

    def interactions(self) -> ir.Table | None:
        """See INTERACTIONS; None when this lake has none. Raises LakeSchemaMismatch."""
        return self._open(INTERACTIONS) if self._has(INTERACTIONS) else None

    def _has(self, relation: Relation) -> bool:
        return any((self.root / relation.name).glob("*.parquet"))

    def _open(self, relation: Relation) -> ir.Table:
        if not self._has(relation):
            raise LakeNotFound(
                f"No file {relation.name}/*.parquet in the lake. Run the lake export first; "
                "a relation without rows is one file without rows.",
                relation=relation.name,
            )
        return relation.checked(self.session.read_parquet(str(self.root / relation.name / "*.parquet")))


def _same_kind(found: dt.DataType, wanted: dt.DataType) -> bool:
    # Writers differ in the unit of an instant and in whether UTC is said or meant; both read the same.
    if wanted.is_timestamp():
        return bool(found.is_timestamp())
    return type(found) is type(wanted)
