"""The import of stores: added or changed by their codes; cells that are empty change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from laoke.kernel.errors import LaokeError
from laoke.purchases import bulk
from laoke.purchases import services as purchases
from laoke.purchases.services import StoreInput
from laoke.surfaces.importing import entries
from laoke.surfaces.importing.entries import Row
from laoke.surfaces.importing.saving import save_most
from laoke.surfaces.importing.setting import Setting
from laoke.surfaces.importing.staging import Stage


def inspect(stage: Stage) -> None:
    """Find what `run` would not take; changes nothing."""
    entries.keep_first(stage, "code")
    known = bulk.store_entries()
    for batch in entries.usable(stage):
        for row in batch:
            try:
                purchases.check_store(_store(row, known.get(row["code"])))
            except LaokeError as error:
                entries.refuse(stage, row, error)


def run(stage: Stage, setting: Setting) -> None:
    """Save the stores that differ from what is known."""
    entries.keep_first(stage, "code")
    setting.watch.phase("stores", entries.count(stage))
    known = bulk.store_entries()
    region_names: dict[str, tuple[str, str]] = {}

    def save(rows: Sequence[tuple[Row, StoreInput]]) -> None:
        purchases.save_stores(
            setting.caller, [store for _, store in rows], at=setting.now, regions=region_names
        )

    for batch in entries.usable(stage):
        changed = []
        for row in batch:
            store = _store(row, known.get(row["code"]))
            setting.outcome.things += 1
            if row.get("region") and row.get("region_name"):
                region_names[row["region"]] = (row["region_name"], "")
            if store == known.get(store.code):
                setting.outcome.known += 1
            else:
                changed.append((row, store))
        refused = save_most(changed, save, dry_run=setting.dry_run)
        for (row, _), error in refused:
            entries.refuse(stage, row, error)
        setting.outcome.things -= len(refused)
        if not setting.dry_run:
            setting.outcome.added += len(changed) - len(refused)
        setting.watch.advance(len(batch))
        if setting.watch.stop_requested:
            setting.outcome.interrupted = True
            return


def _store(row: Row, before: StoreInput | None) -> StoreInput:
    store = before or StoreInput(row["code"], row["code"])
    given = {
        name: row[name]
        for name in ("name", "region", "city", "active", "opened_date")
        if row.get(name) is not None
    }
    return replace(store, **given)
