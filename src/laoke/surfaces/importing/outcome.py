"""What became of an import, as the command prints it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class MistakeKind:
    """Mistakes of one kind in one field. `problem` is the name of a Problem; `rows` where the first of them stand."""

    field: str
    problem: str
    detail: str
    count: int
    rows: tuple[tuple[int, int], ...]  # number of the file from 0, row as the file counts


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stores, channels, products or members that `rows` rows name and nobody knows: how many, and the most frequent
    codes with their rows."""

    what: str
    count: int
    rows: int
    codes: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class Outcome:
    """Counts of one run. `things` are orders, members, products or stores, by the kind of the import."""

    kind: str
    dry_run: bool = False
    rows: int = 0  # rows of data in the files
    rows_skipped: int = 0  # by `skip` in the mapping, or blank
    rows_bad: int = 0
    things: int = 0  # usable in the files
    known: int = 0  # of these, in the database before
    added: int = 0  # of these, added (or changed) by this run
    left_out: int = 0  # orders with a row that cannot be used
    lines: int = 0  # order lines added
    returns: int = 0
    created: dict[str, int] = field(
        default_factory=dict
    )  # members, products, stores, channels made for the orders
    members_reviewed: int = 0
    points_expired: int = 0
    as_of: date | None = None
    rfm: dict[str, Any] | None = None
    interrupted: bool = False
    report: Path | None = None
    mistakes: int = 0  # entries of the report
    kinds: list[MistakeKind] = field(default_factory=list)  # the most frequent first
    unknown: list[Unknown] = field(default_factory=list)  # left out for it

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "rows_skipped": self.rows_skipped,
            "rows_bad": self.rows_bad,
            self.kind: self.things,
            "known": self.known,
            "added": self.added,
            "left_out": self.left_out,
            "lines": self.lines,
            "returns": self.returns,
            "created": self.created,
            "members_reviewed": self.members_reviewed,
            "points_expired": self.points_expired,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "interrupted": self.interrupted,
            "report": str(self.report) if self.report else None,
            "mistakes": self.mistakes,
            "unknown": [asdict(each) for each in self.unknown],
        }
