"""What the pages of imports show. Rows of files are shown to whoever sent them; everybody else sees counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext_lazy as _in

from laoke.foundation.access import Caller
from laoke.foundation.jobs import selectors as jobs
from laoke.kernel.errors import LaokeError
from laoke.purchases import bulk
from laoke.purchases import selectors as purchases
from laoke.surfaces.importing import mapping as mappings
from laoke.surfaces.importing.errors import BadMapping, UnknownColumn
from laoke.surfaces.importing.fields import IDENTITIES, Kind
from laoke.surfaces.importing.forming import choices as forms
from laoke.surfaces.importing.forming.guessing import FORMATS
from laoke.surfaces.importing.forming.preview import Preview, preview
from laoke.surfaces.importing.glance import SHORTENED, UNSAVED_FORMULAS, UNSURE_ENCODING, Glance
from laoke.surfaces.importing.labels import LABELS, hint, label
from laoke.surfaces.importing.models import FileImport, SavedMapping
from laoke.surfaces.importing.problems import Problem, sentence
from laoke.surfaces.importing.run import until_of
from laoke.surfaces.importing.uploads import folders, services, working
from laoke.surfaces.importing.uploads.errors import MappingNameInUse
from laoke.surfaces.importing.uploads.receiving import MOST_FILES, limit

State = FileImport.State
SHOWN_ROWS = 20
_SHOWN_COLUMNS = 60
_PAGE = 30
_SILENT_SECONDS = 45

KINDS: dict[str, tuple[Any, Any, str]] = {
    "orders": (
        _in("kind of import", "Past orders"),
        _("They get points, tiers and RFM as if they had been live. An owner imports them."),
        "receipt",
    ),
    "members": (
        _in("kind of import", "Members"),
        _("Whoever is known by a card, phone or account already stays as they are."),
        "users",
    ),
    "products": (
        _in("kind of import", "Products"),
        _("Added or changed by SKU; empty cells change nothing."),
        "package",
    ),
    "stores": (
        _in("kind of import", "Stores"),
        _("Added or changed by code; empty cells change nothing."),
        "building-store",
    ),
}
STATES: dict[str, tuple[Any, str]] = {
    "mapping": (_in("state of import", "Columns to assign"), "draft"),
    "check_waits": (_in("state of import", "Trial run waits"), "sched"),
    "checking": (_in("state of import", "Trial run"), "run"),
    "checked": (_in("state of import", "Checked, not imported"), "review"),
    "waits": (_in("state of import", "Waits"), "sched"),
    "running": (_in("state of import", "Importing"), "run"),
    "stopped": (_in("state of import", "Stopped on the way"), "pause"),
    "failed": (_in("state of import", "Could not be done"), "bad"),
    "done": (_in("state of import", "Done"), "end"),
    "discarded": (_in("state of import", "Given up"), "end"),
}
PHASES: dict[str, Any] = {
    "reading": _("Reading the files"),
    "converting": _("Reading every cell"),
    "checking": _("Checking every row"),
    "stores": _("Stores"),
    "products": _("Products"),
    "members": _("Members"),
    "orders": _("Orders, in the order of time"),
    "reviews": _("Reviews of tiers"),
    "expiry": _("Points that expired"),
    "rfm": _("Scores and classes"),
    "figures": _("Figures of the dashboard"),
}
MADE: dict[str, Any] = {
    "members": _in("made by an import", "Members"),
    "products": _in("made by an import", "Products"),
    "stores": _in("made by an import", "Stores"),
    "channels": _in("made by an import", "Channels"),
}
CREATE: dict[str, Any] = {
    "members": _("Register members nobody knows yet"),
    "products": _("Add products nobody knows yet"),
    "stores": _("Add stores nobody knows yet"),
    "channels": _("Add channels nobody knows yet"),
}
_UNKNOWN: dict[str, Callable[[int], str]] = {
    "stores": lambda n: ngettext(
        "%(n)s store of the file is not known. Its %(rows)s rows are left out.",
        "%(n)s stores of the file are not known. Their %(rows)s rows are left out.",
        n,
    ),
    "channels": lambda n: ngettext(
        "%(n)s channel of the file is not known. Its %(rows)s rows are left out.",
        "%(n)s channels of the file are not known. Their %(rows)s rows are left out.",
        n,
    ),
    "products": lambda n: ngettext(
        "%(n)s product of the file is not known. Its %(rows)s rows are left out.",
        "%(n)s products of the file are not known. Their %(rows)s rows are left out.",
        n,
    ),
    "members": lambda n: ngettext(
        "%(n)s member of the file is not known. Their %(rows)s rows are left out.",
        "%(n)s members of the file are not known. Their %(rows)s rows are left out.",
        n,
    ),
}
_ENCODINGS = ("utf-8", "gb18030", "utf-16", "big5", "latin-1", "cp1252")
_DELIMITERS = {",": ",", ";": ";", "\t": "Tab", "|": "|"}
_NOTES = {
    UNSURE_ENCODING: _(
        "The file is neither in UTF-8 nor in GB18030. It is shown as Latin-1: if letters look wrong, choose its "
        "encoding."
    ),
    UNSAVED_FORMULAS: _(
        "Some cells hold formulas whose results are not in the file: they would be read as empty. Open the file in "
        "Excel, save it and send it again."
    ),
    SHORTENED: _("Some cells are long and are shown shortened here. They are read in full."),
}
# Places in a mapping by the names they have in the form.
_PLACES: dict[str, Any] = {
    "time.zone": _("Time zone, where a cell names none"),
    "time.format": _("Dates and times"),
    "time.day_at": _("Time of day, where a cell has only a day"),
    "member.issuer": _("Issued by (accounts and WeChat only)"),
    "file.encoding": _("Encoding"),
    "file.delimiter": _("Between columns"),
    "file.sheet": _("Sheet"),
}
_OFFERED = 200
_LEAD = {"orders": "/members", "members": "/members", "products": "/products", "stores": "/stores"}


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind of file, and whether the account may import it."""

    name: str
    label: str
    about: str
    icon: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form to send files. `refused` says why the last try was not taken."""

    kinds: tuple[KindChoice, ...]
    chosen: str
    most_mb: int
    most_files: int
    keep_days: int
    refused: str


@dataclass(frozen=True, slots=True)
class PastImport:
    """One line of the history."""

    id: int
    kind: str
    icon: str
    name: str
    more_files: int
    who: str
    at: datetime
    state: str
    tone: str
    added: int | None
    mistakes: int | None
    left_out: int | None


@dataclass(frozen=True, slots=True)
class KeptMapping:
    """A mapping under a name."""

    id: int
    kind: str
    name: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Imports, the newest first, and the mappings that were kept."""

    rows: tuple[PastImport, ...]
    after: str
    saved: tuple[KeptMapping, ...]
    may_import: bool


def may_import_any(caller: Caller) -> bool:
    """Whether there is a kind of file the account may import."""
    return any(services.may_import(caller, kind) for kind in Kind)


def new_page(caller: Caller, chosen: str = "", refused: str = "") -> NewPage:
    """The form to send files."""
    kinds = tuple(
        KindChoice(name, str(label), str(about), icon, services.may_import(caller, Kind(name)))
        for name, (label, about, icon) in KINDS.items()
    )
    allowed = [kind.name for kind in kinds if kind.allowed]
    if chosen not in allowed:
        chosen = allowed[0] if allowed else ""
    return NewPage(kinds, chosen, limit() >> 20, MOST_FILES, folders.KEEP.days, refused)


def history(caller: Caller, after: str = "") -> HistoryPage:
    """Imports of the kinds the account may import, by keyset of their numbers."""
    allowed = [kind.value for kind in Kind if services.may_import(caller, kind)]
    rows = FileImport.objects.filter(kind__in=allowed)
    if after.isdecimal():
        rows = rows.filter(pk__lt=int(after[:18]))
    found = list(rows.order_by("-pk")[: _PAGE + 1])
    saved = SavedMapping.objects.filter(kind__in=allowed).order_by("kind", "name")[:100]
    return HistoryPage(
        tuple(_past(row) for row in found[:_PAGE]),
        str(found[_PAGE - 1].pk) if len(found) > _PAGE else "",
        tuple(
            KeptMapping(row.pk, str(KINDS[row.kind][0]), row.name, row.saved_by, row.saved_at)
            for row in saved
        ),
        bool(allowed),
    )


def _past(row: FileImport) -> PastImport:
    told = row.outcome or {}
    state, tone = STATES[row.state]
    return PastImport(
        row.pk,
        str(KINDS[row.kind][0]),
        KINDS[row.kind][2],
        row.files[0]["name"],
        len(row.files) - 1,
        row.staff_name,
        row.created_at,
        str(state),
        tone,
        working.gone_in(row.check_outcome or {}, told) if told else None,
        told.get("rows_bad"),
        told.get("left_out"),
    )


@dataclass(frozen=True, slots=True)
class ColumnOption:
    """A column of the file to choose from."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of Laoke and the column chosen for it. `fixed` is the same value for every row."""

    name: str
    label: str
    about: str
    required: bool
    column: str
    fixed: str
    fixable: bool
    sample: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A box to tick."""

    name: str
    label: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class ReadCell:
    """One cell as it reads, with what is wrong with it."""

    text: str
    mistakes: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row as it reads; `mistakes` are those of no shown field."""

    row: int
    cells: tuple[ReadCell, ...]
    mistakes: str


@dataclass(frozen=True, slots=True)
class ReadPage:
    """How the first rows read, or why they do not. `bad` of the `looked_at` rows have mistakes."""

    id: int
    heads: tuple[str, ...]
    rows: tuple[ReadRow, ...]
    bad: int
    looked_at: int
    refused: str
    yaml: str


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """Assigning columns to fields, with the first rows of the file and how they read."""

    id: int
    kind: str
    kind_label: str
    files: tuple[str, ...]
    notes: tuple[str, ...]
    width: int
    columns: tuple[ColumnOption, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    more_columns: int
    written: bool  # the mapping is text, not a form
    fields: tuple[FieldRow, ...]
    more_fields: tuple[FieldRow, ...]
    encodings: tuple[Choice, ...]
    delimiters: tuple[Choice, ...]
    sheets: tuple[Choice, ...]
    formats: tuple[Choice, ...]
    zone: str
    zones: tuple[str, ...]
    day_at: str
    moneys: tuple[Choice, ...]
    decimals: tuple[Choice, ...]
    thousands: tuple[Choice, ...]
    member_kinds: tuple[Choice, ...]
    member_issuer: str
    issuers: tuple[FieldRow, ...]
    consents: tuple[FieldRow, ...]
    create: tuple[Tick, ...]
    ticks: tuple[Tick, ...]
    as_of: date | None
    sources: tuple[Choice, ...]
    fits: tuple[Choice, ...]
    reading: ReadPage
    stores: tuple[str, ...]  # codes to choose from where every row has the same
    channels: tuple[str, ...]
    refused: str
    field: str
    taken: str  # the name under which the person keeps other assignments already


def columns_page(
    row: FileImport, now: datetime, *, refused: LaokeError | None = None, name: str = ""
) -> ColumnsPage:
    """The page of one import of one's own.

    Args:
        refused: why what was sent was not taken, and `name` the name that was to be kept.
    Raises:
        FilesGone
    """
    looks = services.looks(row)
    look = looks[0]
    kind = Kind(row.kind)
    chosen = forms.from_json(row.choices) if row.choices else forms.Choices(kind)
    places = {name: str(place) for place, name in enumerate(look.columns)}
    rows = _fields(chosen, look, places)
    required = (
        {"paid", "gross"} if kind is Kind.ORDERS else set(IDENTITIES) if kind is Kind.MEMBERS else set()
    )
    first = tuple(
        each
        for each in rows
        if each.required or each.column or each.fixed or each.name in required | {"member"}
    )
    sources, fits = _sources(row, look)
    fixable = {each.name for each in rows if each.fixable}
    return ColumnsPage(
        id=row.pk,
        kind=kind.value,
        kind_label=str(KINDS[row.kind][0]),
        files=tuple(file["name"] for file in row.files),
        notes=tuple(str(_NOTES[note]) for note in look.notes),
        width=len(look.columns),
        columns=tuple(
            ColumnOption(str(place), _short(name)) for place, name in enumerate(look.columns) if name
        ),
        heads=tuple(_short(name) for name in look.columns[:_SHOWN_COLUMNS]),
        rows=tuple(
            (number, tuple(_short(cell) for cell in line[:_SHOWN_COLUMNS]))
            for number, line in zip(look.numbers[:SHOWN_ROWS], look.rows[:SHOWN_ROWS], strict=True)
        ),
        more_columns=max(0, len(look.columns) - _SHOWN_COLUMNS),
        written=row.choices is None,
        fields=first,
        more_fields=tuple(each for each in rows if each not in first),
        encodings=_encodings(chosen, look),
        delimiters=_delimiters(chosen, look),
        sheets=tuple(
            Choice(name, _short(name), name == (chosen.sheet or look.sheets[0])) for name in look.sheets
        ),
        formats=_formats(chosen),
        zone=chosen.zone,
        zones=_zones(),
        day_at=chosen.day_at,
        moneys=_pick(chosen.money, {"major": _t("whole units, such as yuan"), "minor": _t("cents (fen)")}),
        decimals=_pick(chosen.decimal, {".": _t("point: 12.50"), ",": _t("comma: 12,50")}),
        thousands=_pick(
            chosen.thousands,
            {"": _t("none: 1234"), ",": "1,234", ".": "1.234", " ": "1 234", "'": "1'234"},
        ),
        member_kinds=_pick(chosen.member_kind, {name: str(LABELS[name]) for name in IDENTITIES}),
        member_issuer=chosen.member_issuer,
        issuers=tuple(
            FieldRow(name, str(LABELS[name]), "", False, "", chosen.issuers.get(name, ""), True, "")
            for name in forms.ISSUED
            if kind is Kind.MEMBERS
        ),
        consents=_consents(chosen, look, places) if kind is Kind.MEMBERS else (),
        create=tuple(Tick(name, str(CREATE[name]), name in chosen.create) for name in forms.CREATABLE[kind]),
        ticks=_ticks(chosen),
        as_of=row.as_of,
        sources=sources,
        fits=fits,
        reading=read_page(row, now, looks=looks),
        stores=tuple(sorted(bulk.store_ids())[:_OFFERED]) if {"store", "home_store"} & fixable else (),
        channels=tuple(sorted(purchases.channels_by_code())[:_OFFERED]) if "channel" in fixable else (),
        refused=_said(row, refused) if refused else "",
        field=str(refused.extensions.get("field", "")) if refused else "",
        taken=name if isinstance(refused, MappingNameInUse) else "",
    )


def _said(row: FileImport, error: LaokeError) -> str:
    """Why an assignment cannot be used, by the names of the form where it was made with the form."""
    if not isinstance(error, BadMapping) or row.choices is None:
        return error.detail
    place = str(error.extensions["place"])
    if place == "columns" and row.kind == Kind.ORDERS:
        return _t("Choose a column for what was paid, or for the value before reductions.")
    if place == "columns":
        return _t("Choose a column for at least one of: card number, phone number, e-mail address, account.")
    name = place.removeprefix("columns.")
    known = {each.name for each in forms.shown_fields(Kind(row.kind))}
    if name in known and not forms.from_json(row.choices).columns.get(name):
        return _t("Choose a column for: %(field)s") % {"field": _label(Kind(row.kind), name)}
    called = _PLACES.get(place) or (_label(Kind(row.kind), name) if name in known else "")
    return f"{called}: {error.mend}" if called else error.detail


def read_page(row: FileImport, now: datetime, *, looks: list[Glance] | None = None) -> ReadPage:
    """How the first rows read through the mapping as it is kept.

    Raises:
        FilesGone
    """
    looks = looks or services.looks(row)
    look = looks[0]
    try:
        mapping = services.readable(row, looks)
    except (BadMapping, UnknownColumn) as error:
        return ReadPage(row.pk, (), (), 0, 0, _said(row, error), row.mapping)
    found = preview(
        mapping,
        look,
        shown=SHOWN_ROWS,
        zone=settings.LAOKE.time_zone,
        currency=settings.LAOKE.currency,
        until=until_of(row.as_of, now),
    )
    return ReadPage(
        row.pk,
        tuple(_label(mapping.kind, name) for name in found.fields),
        tuple(_read_rows(found)),
        found.bad,
        found.looked_at,
        "",
        row.mapping,
    )


def _read_rows(found: Preview) -> list[ReadRow]:
    rows = []
    for each in found.rows:
        wrong: dict[str, str] = {}
        for field, reason in each.mistakes:
            wrong[field] = f"{wrong[field]}; {reason}" if field in wrong else reason
        cells = tuple(
            ReadCell(_short(cell), wrong.pop(name, ""))
            for name, cell in zip(found.fields, each.cells, strict=True)
        )
        rows.append(ReadRow(each.row, cells, "; ".join(wrong.values())))
    return rows


def _fields(chosen: forms.Choices, look: Glance, places: Mapping[str, str]) -> tuple[FieldRow, ...]:
    return tuple(
        FieldRow(
            each.name,
            _label(chosen.kind, each.name),
            hint(chosen.kind, each.name),
            each.required,
            places.get(chosen.columns.get(each.name, ""), ""),
            chosen.values.get(each.name, ""),
            forms.may_be_fixed(each),
            _sample(look, chosen.columns.get(each.name, "")),
        )
        for each in forms.shown_fields(chosen.kind)
    )


def _label(kind: Kind, field: str) -> str:
    """A field in words; some are called otherwise for another kind of file."""
    return label(kind, field)


def _sample(look: Glance, column: str) -> str:
    """The first cell of a column that holds something."""
    if column not in look.columns:
        return ""
    place = look.columns.index(column)
    return next((_short(row[place].strip()) for row in look.rows if row[place].strip()), "")


def _consents(chosen: forms.Choices, look: Glance, places: Mapping[str, str]) -> tuple[FieldRow, ...]:
    labels = {"sms": _t("Text message"), "email": _t("E-mail"), "wechat": _t("WeChat")}
    return tuple(
        FieldRow(
            name,
            label,
            "",
            False,
            places.get(chosen.consents.get(name, ""), ""),
            "",
            False,
            _sample(look, chosen.consents.get(name, "")),
        )
        for name, label in labels.items()
    )


def _encodings(chosen: forms.Choices, look: Glance) -> tuple[Choice, ...]:
    if look.form != "csv":
        return ()
    found = _t("found out: %(name)s") % {"name": look.encoding.upper()}
    return _pick(chosen.encoding, {"": found} | {name: name.upper() for name in _ENCODINGS})


def _delimiters(chosen: forms.Choices, look: Glance) -> tuple[Choice, ...]:
    if look.form != "csv":
        return ()
    found = _t("found out: %(name)s") % {"name": _DELIMITERS.get(look.delimiter, look.delimiter)}
    return _pick(chosen.delimiter, {"": found} | _DELIMITERS)


def _formats(chosen: forms.Choices) -> tuple[Choice, ...]:
    example = datetime(2026, 3, 9, 18, 5, 30)  # noqa: DTZ001 (only its digits are shown)
    labels = {"": _t("as 2026-03-09 18:05:30")}
    labels |= {form: example.strftime(form) for form in FORMATS if form.startswith("%")}
    labels |= {"epoch_s": _t("seconds since 1970"), "epoch_ms": _t("milliseconds since 1970")}
    if chosen.time_format not in labels:
        labels[chosen.time_format] = chosen.time_format
    return _pick(chosen.time_format, labels)


def _zones() -> tuple[str, ...]:
    own = settings.LAOKE.time_zone
    usual = ("Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "UTC", "America/New_York")
    return tuple(dict.fromkeys((own, *usual)))


def _ticks(chosen: forms.Choices) -> tuple[Tick, ...]:
    if chosen.kind is not Kind.ORDERS:
        return ()
    return (
        Tick("row_is_order", _t("Every row is an order of its own"), chosen.row_is_order),
        Tick(
            "first_header_wins",
            _t("Where rows of one order differ, the first row counts"),
            chosen.first_header_wins,
        ),
        Tick("returns", _t("Quantities below zero are returns"), chosen.returns),
    )


def _sources(row: FileImport, look: Glance) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    """Mappings to take over, and those among them that find all their columns in the file."""
    kind = Kind(row.kind)
    found: list[Choice] = []
    fits: list[Choice] = []
    saved = SavedMapping.objects.filter(kind=row.kind).order_by("name")[:100]
    for each in saved:
        try:
            mapping = mappings.parse(each.text, kind)
        except BadMapping:
            continue
        choice = Choice(f"saved:{each.pk}", each.name, False)
        found.append(choice)
        if all(named.name in look.columns for named in mapping.named()) and each.text != row.mapping:
            fits.append(choice)
    return tuple(found), tuple(fits[:3])


def _pick(chosen: str, labels: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(value, label, value == chosen) for value, label in labels.items())


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def read_form(kind: Kind, look: Glance, sent: Mapping[str, str], ticked: Sequence[str]) -> forms.Choices:
    """The choices of a sent form. Columns are sent as their places; what is none is left out."""
    sent = {name: "".join(filter(str.isprintable, value)) for name, value in sent.items()}

    def column(name: str) -> str:
        place = sent.get(name, "")
        return look.columns[int(place)] if place.isdecimal() and int(place[:6]) < len(look.columns) else ""

    fields = forms.shown_fields(kind)
    columns = {each.name: name for each in fields if (name := column(f"column-{each.name}"))}
    values = {
        each.name: value
        for each in fields
        if forms.may_be_fixed(each)
        and each.name not in columns
        and (value := sent.get(f"value-{each.name}", "").strip()[:200])
    }
    member_kind = sent.get("member_kind", "card")
    return forms.Choices(
        kind=kind,
        columns=columns,
        values=values,
        zone=sent.get("zone", "").strip()[:60],
        time_format=sent.get("time_format", "").strip()[:60],
        day_at=sent.get("day_at", "").strip()[:5],
        money="minor" if sent.get("money") == "minor" else "major",
        thousands=sent.get("thousands", "") if sent.get("thousands", "") in {",", ".", " ", "'"} else "",
        decimal="," if sent.get("decimal") == "," else ".",
        member_kind=member_kind if member_kind in IDENTITIES else "card",
        member_issuer=sent.get("member_issuer", "").strip()[:60],
        issuers={
            name: value for name in forms.ISSUED if (value := sent.get(f"issuer-{name}", "").strip()[:60])
        },
        consents={name: value for name in forms.CONSENTS if (value := column(f"consent-{name}"))},
        create=tuple(name for name in forms.CREATABLE[kind] if f"create-{name}" in ticked),
        row_is_order="row_is_order" in ticked,
        first_header_wins="first_header_wins" in ticked,
        returns="returns" in ticked,
    )


@dataclass(frozen=True, slots=True)
class MistakeLine:
    """One kind of mistake. `examples` are places: a file (where there are several) and a row."""

    field: str
    reason: str
    count: int
    examples: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UnknownLine:
    """Stores (or channels, products, members) that rows name and nobody knows. `codes` are the most frequent ones with
    their rows, for whoever sent the file; `more` counts the others. `may_add`: they can be made by the import."""

    what: str
    said: str
    codes: tuple[tuple[str, int], ...]
    more: int
    may_add: bool
    add: str
    first: str  # kind of file that would bring them


@dataclass(frozen=True, slots=True)
class Counted:
    """What a trial run or an import came to."""

    rows: int
    skipped: int
    bad: int
    things: int
    known: int
    added: int
    left_out: int
    lines: int
    returns: int
    made: tuple[tuple[str, int], ...]
    reviewed: int
    expired: int
    scored: int | None
    mistakes: int
    kinds: tuple[MistakeLine, ...]
    has_report: bool


@dataclass(frozen=True, slots=True)
class Moving:
    """How far the work is. `seconds_left` is None when nobody knows; `silent` when the worker was not heard of."""

    phase: str
    step: int
    steps: int
    done: int
    total: int
    unit: str
    rate: float
    seconds_left: float | None
    silent: bool


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One import where it stands."""

    id: int
    kind: str
    kind_label: str
    files: tuple[tuple[str, int], ...]
    who: str
    at: datetime
    as_of: date | None
    mine: bool
    state: str
    label: str
    tone: str
    under_way: bool
    waits_for: str
    stopping: bool
    failure: str
    moving: Moving | None
    check: Counted | None
    result: Counted | None
    unknown: tuple[UnknownLine, ...]
    files_there: bool
    forgotten_at: datetime
    lead: str
    can_see_lead: bool


def import_page(caller: Caller, import_id: int, seen: Sequence[str]) -> ImportPage:
    """One import of a kind the account may import.

    Args:
        seen: paths of pages the account may open, for the link to what came in.
    Raises:
        UnknownImport, NotYourImport.
    """
    row = services.known(caller, import_id)
    label, tone = STATES[row.state]
    under_way = row.state in services.UNDER_WAY
    return ImportPage(
        id=row.pk,
        kind=row.kind,
        kind_label=str(KINDS[row.kind][0]),
        files=tuple((file["name"], file["size"]) for file in row.files),
        who=row.staff_name,
        at=row.created_at,
        as_of=row.as_of,
        mine=row.staff_id == caller.id,
        state=row.state,
        label=str(label),
        tone=tone,
        under_way=under_way,
        waits_for=_waits_for(row),
        stopping=row.stop_requested,
        failure=row.failure,
        moving=_moving(row) if row.state in (State.CHECKING, State.RUNNING) else None,
        check=_counted(row, row.check_outcome, folders.CHECK_REPORT),
        result=_counted(row, row.outcome, folders.REPORT),
        unknown=tuple(_unknown(caller, row)) if row.state == State.CHECKED else (),
        files_there=row.files_gone_at is None,
        forgotten_at=row.created_at + folders.KEEP,
        lead=_LEAD[row.kind],
        can_see_lead=_LEAD[row.kind] in seen,
    )


def _waits_for(row: FileImport) -> str:
    if row.state not in (State.CHECK_WAITS, State.WAITS):
        return ""
    if row.another_runs:
        return _t("Another import runs from the command line. This one begins when that has ended.")
    ahead = (
        FileImport.objects.filter(state__in=services.UNDER_WAY)
        .exclude(pk=row.pk)
        .filter(started_at__lte=row.started_at)
        .count()
    )
    if ahead:
        return _t("One import at a time: %(n)s before this one.") % {"n": ahead}
    return _t("It begins in a moment.")


def _moving(row: FileImport) -> Moving | None:
    found = jobs.of(services.TASK, str(row.pk))
    if found is None:
        return None
    phase = str(found.detail.get("phase", ""))
    steps = _steps(row)
    return Moving(
        str(PHASES.get(phase, phase)),
        steps.index(phase) + 1 if phase in steps else 0,
        len(steps),
        found.done,
        found.total,
        found.unit,
        found.rate,
        found.seconds_left,
        (timezone.now() - found.updated_at).total_seconds() > _SILENT_SECONDS
        and phase not in {"rfm", "figures"},
    )


def _steps(row: FileImport) -> list[str]:
    steps = ["reading", "converting"]
    if row.kind == Kind.ORDERS:
        steps.append("checking")
        if row.state == State.RUNNING:
            steps += ["products", "members", "orders", "reviews", "expiry", "rfm", "figures"]
        return steps
    return [*steps, row.kind]


def _counted(row: FileImport, told: dict[str, Any] | None, report: str) -> Counted | None:
    if told is None:
        return None
    final = told is row.outcome
    added = working.gone_in(row.check_outcome or {}, told) if final else told["things"] - told["known"]
    known = told["known"] - (added - told["added"]) if final else told["known"]
    names = [file["name"] for file in row.files]
    return Counted(
        rows=told["rows"],
        skipped=told["rows_skipped"],
        bad=told["rows_bad"],
        things=told["things"],
        known=known,
        added=added,
        left_out=told["left_out"],
        lines=told["lines"],
        returns=told["returns"],
        made=tuple((str(MADE[name]), count) for name, count in told["created"].items() if count),
        reviewed=told["members_reviewed"],
        expired=told["points_expired"],
        scored=told["rfm_members"],
        mistakes=told["mistakes"],
        kinds=tuple(
            MistakeLine(
                _label(Kind(row.kind), kind["field"]),
                _reason(kind),
                kind["count"],
                tuple((names[file] if len(names) > 1 else "", line) for file, line in kind["rows"]),
            )
            for kind in told["kinds"]
        ),
        has_report=bool(row.folder) and folders.place(row.folder, report).exists(),
    )


def _unknown(caller: Caller, row: FileImport) -> Iterator[UnknownLine]:
    mine = row.staff_id == caller.id and row.files_gone_at is None
    codes = (
        {each.what: each.codes for each in folders.kept_unknown(row.folder)} if mine and row.folder else {}
    )
    kind = Kind(row.kind)
    for told in (row.check_outcome or {}).get("unknown", ()):
        what, count = told["what"], told["count"]
        shown = codes.get(what, ())
        yield UnknownLine(
            what,
            _UNKNOWN[what](count) % {"n": f"{count:,}", "rows": f"{told['rows']:,}"},
            shown,
            count - len(shown) if shown else 0,
            mine and row.choices is not None and what in forms.CREATABLE[kind],
            str(CREATE[what]),
            what if what in set(Kind) and services.may_import(caller, Kind(what)) else "",
        )


def _reason(kind: Mapping[str, Any]) -> str:
    problem = Problem[kind["problem"]]
    return sentence(problem, kind["detail"])
