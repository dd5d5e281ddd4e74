"""The import of members: registered when nobody has one of their identities yet. Known members are left as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction

from laoke.kernel.errors import LaokeError
from laoke.members import selectors
from laoke.members import services as members
from laoke.members.types import BulkOutcome, ConsentInput, IdentityInput, IdentityKey, Registration
from laoke.purchases import bulk
from laoke.purchases import selectors as purchases
from laoke.purchases import services as purchase_services
from laoke.purchases.services import StoreInput
from laoke.surfaces.importing import entries
from laoke.surfaces.importing.entries import Row
from laoke.surfaces.importing.fields import IDENTITIES
from laoke.surfaces.importing.problems import Problem
from laoke.surfaces.importing.setting import Setting
from laoke.surfaces.importing.staging import Stage

# ruff: noqa: S608 (SQL is put together from fixed words and names of fields)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def inspect(stage: Stage) -> None:
    """Find what `run` would not take; changes nothing."""
    _check_consents(stage)
    stores = _known(stage, "home_store", "stores", Problem.UNKNOWN_STORE, bulk.store_ids)
    channels = _known(stage, "channel", "channels", Problem.UNKNOWN_CHANNEL, purchases.channels_by_code)
    seen: set[tuple[str, int]] = set()
    for batch in entries.usable(stage):
        for row in batch:
            if _keys(stage, row, seen):
                try:
                    members.check(_registration(stage, row, stores, channels))
                except LaokeError as error:
                    entries.refuse(stage, row, error)


def run(stage: Stage, setting: Setting) -> None:
    """Register those who are new, in the order of the files."""
    _check_consents(stage)
    stores = _places(
        stage, "home_store", "stores", Problem.UNKNOWN_STORE, bulk.store_ids, _make_stores(setting), setting
    )
    channels = _places(
        stage,
        "channel",
        "channels",
        Problem.UNKNOWN_CHANNEL,
        purchases.channels_by_code,
        _make_channels(setting),
        setting,
    )
    setting.watch.phase("members", entries.count(stage))
    seen: set[tuple[str, int]] = set()
    for batch in entries.usable(stage):
        _register(stage, setting, batch, seen, stores, channels)
        setting.watch.advance(len(batch))
        if setting.watch.stop_requested:
            setting.outcome.interrupted = True
            return


def _check_consents(stage: Stage) -> None:
    for index, consent in enumerate(stage.mapping.consents):
        # An empty cell is no answer and leaves no trace; a cell with something else is a mistake.
        stage.session.execute(
            f"insert into bad select r.file_no, r.row_no, 'consents', {int(Problem.NOT_AN_ANSWER)}, "
            f"'{consent.channel} {consent.purpose}' from row join raw r using (file_no, row_no) "
            f"where granted_{index} is null and {consent.granted.text(stage.aliases)} is not null"
        )


def _register(
    stage: Stage,
    setting: Setting,
    batch: list[Row],
    seen: set[tuple[str, int]],
    stores: dict[str, int],
    channels: dict[str, int],
) -> None:
    keyed = [(row, keys) for row in batch if (keys := _keys(stage, row, seen))]
    owners = selectors.owners_of(key for _, keys in keyed for key in keys)
    new = [row for row, keys in keyed if not any(key in owners for key in keys)]
    outcome = setting.outcome
    outcome.things += len(keyed)
    outcome.known += len(keyed) - len(new)
    rows = [_registration(stage, row, stores, channels) for row in new]
    with transaction.atomic():
        found: BulkOutcome = members.register_many(caller=setting.caller, at=setting.now, rows=rows)
        if setting.dry_run:
            transaction.set_rollback(True)
    for index, error in found.refusals:
        entries.refuse(stage, new[index], error)
    outcome.things -= len(found.refusals)
    if not setting.dry_run:
        outcome.added += len(found.member_ids)


def _keys(stage: Stage, row: Row, seen: set[tuple[str, int]]) -> list[IdentityKey]:
    """Where to look for the row's identities; nothing when the row cannot be used, which is reported then."""
    keys = []
    for kind in IDENTITIES:
        if not row.get(kind):
            continue
        try:
            keys.append(selectors.identity_key(kind, row[kind], stage.mapping.issuers.get(kind, "")))
        except LaokeError as error:
            entries.mark(stage, row, kind, Problem.REFUSED, error.detail)
            return []
    if not keys:
        entries.mark(stage, row, "", Problem.NO_IDENTITY)
        return []
    # Eight bytes of a blind index tell millions apart and fit into a set of them.
    marks = {(key.kind.value, int.from_bytes(key.blind_index[:8])) for key in keys}
    if marks & seen:
        kind = next(iter(marks & seen))[0]
        entries.mark(stage, row, kind, Problem.TWICE_IN_FILE, kind)
        return []
    seen |= marks
    return keys


def _registration(stage: Stage, row: Row, stores: dict[str, int], channels: dict[str, int]) -> Registration:
    registered_at = _EPOCH + timedelta(microseconds=row["registered_at"])
    consents = []
    for index, consent in enumerate(stage.mapping.consents):
        granted, at = row[f"granted_{index}"], row.get(f"granted_at_{index}")
        if granted is not None:
            given_at = _EPOCH + timedelta(microseconds=at) if at is not None else None
            consents.append(ConsentInput(consent.channel, consent.purpose, granted, consent.source, given_at))
    return Registration(
        registered_at=registered_at,
        identities=tuple(
            IdentityInput(kind, row[kind], stage.mapping.issuers.get(kind, ""))
            for kind in IDENTITIES
            if row.get(kind)
        ),
        name=row.get("name"),
        birth_date=row.get("birth_date"),
        gender=row.get("gender") or "",
        language=row.get("language") or "",
        home_store_id=stores.get(row.get("home_store") or ""),
        channel_id=channels.get(row.get("channel") or ""),
        consents=tuple(consents),
        tags=entries.tags(row.get("tags")),
        tag_source="import",
    )


def _places(
    stage: Stage,
    field: str,
    plural: str,
    problem: Problem,
    known: Callable[[], dict[str, int]],
    make: Callable[[Sequence[str]], dict[str, int]],
    setting: Setting,
) -> dict[str, int]:
    """Ids by code of the stores or channels that usable rows name; unknown ones are made, or the rows reported."""
    ids = _known(stage, field, plural, problem, known)
    if field not in stage.mapping.columns or plural not in stage.mapping.create or setting.dry_run:
        return ids
    if missing := [code for code in _named(stage, field) if code not in ids]:
        ids |= make(missing)
        setting.outcome.created[plural] = len(missing)
    return ids


def _known(
    stage: Stage, field: str, plural: str, problem: Problem, known: Callable[[], dict[str, int]]
) -> dict[str, int]:
    """Ids by code; rows with others are reported, unless the mapping has them made."""
    if field not in stage.mapping.columns:
        return {}
    ids = known()
    missing = [code for code in _named(stage, field) if code not in ids]
    if missing and plural not in stage.mapping.create:
        stage.session.execute(
            f"insert into bad select file_no, row_no, '{field}', {int(problem)}, '' from row "
            f"where {field} in (select unnest(?::varchar[]))",
            [missing],
        )
    return ids


def _named(stage: Stage, field: str) -> list[str]:
    rows = stage.session.execute(
        f"select distinct {field} from row where {field} is not null and problem_{field} is null order by 1"
    ).fetchall()
    return [code for (code,) in rows]


def _make_stores(setting: Setting) -> Callable[[Sequence[str]], dict[str, int]]:
    return lambda codes: purchase_services.save_stores(
        setting.caller, [StoreInput(code, code) for code in codes], at=setting.now
    )


def _make_channels(setting: Setting) -> Callable[[Sequence[str]], dict[str, int]]:
    return lambda codes: purchase_services.save_channels(
        setting.caller, {code: (code, code) for code in codes}, at=setting.now
    )
