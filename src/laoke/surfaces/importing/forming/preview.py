"""How the first rows of a file read through a mapping, by the machinery of the import itself. Changes nothing."""

# ruff: noqa: S608 (SQL is put together from names of fields)

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

from laoke.kernel.money import minor_digits
from laoke.surfaces.importing.fields import Kind, Takes
from laoke.surfaces.importing.glance import Glance
from laoke.surfaces.importing.mapping import ImportMapping, extra
from laoke.surfaces.importing.problems import sentence

# Where each kind looks at rows without importing them.
_INSPECTORS = {
    Kind.ORDERS: "orders.checking",
    Kind.MEMBERS: "members",
    Kind.PRODUCTS: "products",
    Kind.STORES: "stores",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One row as it reads. `cells` go with the fields of the preview; `mistakes` are (field, sentence)."""

    row: int
    cells: tuple[str, ...]
    mistakes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they read. `bad` counts rows with mistakes among all of the `looked_at`."""

    fields: tuple[str, ...]
    rows: tuple[Reading, ...]
    bad: int
    looked_at: int


def preview(
    mapping: ImportMapping,
    look: Glance,
    *,
    shown: int,
    zone: str,
    currency: str,
    until: datetime,
) -> Preview:
    """Read the first rows of a file through a mapping whose columns are all there, and check them as the import does.

    Money is shown in whole units, instants in the zone.

    Args:
        until: later instants are in the future.
    """
    # Only here: a web process that never sees an import does without.
    import duckdb
    import pyarrow as pa

    from laoke.surfaces.importing.sources.opening import Source, WrongWidth, clean
    from laoke.surfaces.importing.staging import Stage

    names = list(dict.fromkeys(named.name for named in mapping.named()))
    places = [look.columns.index(name) for name in names]
    table = pa.table(
        {"row_no": pa.array(look.numbers, pa.int64())}
        | {
            f"c{number}": pa.array([row[place] for row in look.rows], pa.string())
            for number, place in enumerate(places)
        }
    )
    with duckdb.connect(config={"memory_limit": "96MiB", "threads": 1}) as session:
        session.execute("set TimeZone = 'UTC'")
        session.register("sample", table)
        cells = {name: clean(f"c{number}") for number, name in enumerate(names)}
        wrong_widths = [WrongWidth(*each) for each in look.wrong]
        source = Source(Path("sample"), "sample", "row_no", cells, wrong_widths)
        stage = Stage(
            session, [source], mapping, zone=zone, currency=currency, until=until, extra=extra(mapping)
        )
        import_module(f"laoke.surfaces.importing.{_INSPECTORS[mapping.kind]}").inspect(stage)
        cells_read = ", ".join(_shown(each.name, each.takes) for each in stage.fields)
        read = session.execute(
            f"select row_no, {cells_read} from row order by row_no limit {shown}"
        ).fetchall()
        wrong: dict[int, list[tuple[str, str]]] = {}
        found = session.execute("select row_no, field, problem, detail from bad order by row_no, field")
        for row_no, field, problem, detail in found.fetchall():
            wrong.setdefault(row_no, []).append((field, sentence(problem, detail or "")))
    at = ZoneInfo(mapping.time.zone or zone)
    takes = [each.takes for each in stage.fields]
    digits = minor_digits(currency)
    readings = [
        Reading(
            row_no,
            tuple(_cell(value, kind, at, digits) for value, kind in zip(values, takes, strict=True)),
            tuple(wrong.get(row_no, ())),
        )
        for row_no, *values in read
    ]
    # What has too many or too few cells has none that could be trusted.
    readings += [Reading(each[0], ("",) * len(takes), tuple(wrong.get(each[0], ()))) for each in look.wrong]
    readings.sort(key=lambda reading: reading.row)
    return Preview(
        tuple(each.name for each in stage.fields),
        tuple(readings[:shown]),
        len(wrong),
        len(look.rows) + len(look.wrong),
    )


def _shown(name: str, takes: Takes) -> str:
    return f"epoch_us({name})" if takes is Takes.INSTANT else name


def _cell(value: object, takes: Takes, zone: ZoneInfo, digits: int) -> str:
    if value is None:
        return ""
    if takes is Takes.INSTANT:
        assert isinstance(value, int)
        return f"{datetime.fromtimestamp(value / 1_000_000, UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if takes is Takes.MONEY:
        assert isinstance(value, int)
        return f"{value / 10**digits:,.{digits}f}"
    if takes is Takes.QUANTITY:
        assert isinstance(value, int)
        return f"{value / 1000:,.3f}".rstrip("0").rstrip(".")
    if takes is Takes.YES_NO:
        return "✓" if value else "✗"
    return str(value)
