"""The import of products: added or changed by their SKUs; cells that are empty change nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from laoke.kernel.errors import LaokeError
from laoke.purchases import bulk
from laoke.purchases import services as purchases
from laoke.purchases.services import CategoryInput, ProductInput
from laoke.surfaces.importing import entries
from laoke.surfaces.importing.entries import Row
from laoke.surfaces.importing.saving import save_most
from laoke.surfaces.importing.setting import Setting
from laoke.surfaces.importing.staging import Stage

_LONGEST_CODE = 60
_LONGEST_NAME = 100


def inspect(stage: Stage) -> None:
    """Find what `run` would not take; changes nothing."""
    entries.keep_first(stage, "sku")
    levels = _levels(stage)
    for batch in entries.usable(stage):
        known = bulk.product_entries([row["sku"] for row in batch])
        for row in batch:
            try:
                for category in _path(row, levels):
                    purchases.check_category(category)
                purchases.check_product(_product(row, known.get(row["sku"]), levels))
            except LaokeError as error:
                entries.refuse(stage, row, error)


def run(stage: Stage, setting: Setting) -> None:
    """Save the products that differ from what is known, with the categories they name."""
    entries.keep_first(stage, "sku")
    setting.watch.phase("products", entries.count(stage))
    levels = _levels(stage)
    categories = bulk.category_codes()

    def save(rows: Sequence[tuple[Row, ProductInput]]) -> None:
        new: dict[str, CategoryInput] = {}
        for row, _ in rows:
            new.update((each.code, each) for each in _path(row, levels) if each.code not in categories)
        if new:
            purchases.save_categories(setting.caller, list(new.values()), at=setting.now)
        purchases.save_products(setting.caller, [product for _, product in rows], at=setting.now)

    for batch in entries.usable(stage):
        known = bulk.product_entries([row["sku"] for row in batch])
        changed = []
        for row in batch:
            product = _product(row, known.get(row["sku"]), levels)
            setting.outcome.things += 1
            if product == known.get(product.sku):
                setting.outcome.known += 1
            else:
                changed.append((row, product))
        refused = save_most(changed, save, dry_run=setting.dry_run)
        for (row, _), error in refused:
            entries.refuse(stage, row, error)
        setting.outcome.things -= len(refused)
        if not setting.dry_run:
            setting.outcome.added += len(changed) - len(refused)
            categories = bulk.category_codes()
        setting.watch.advance(len(batch))
        if setting.watch.stop_requested:
            setting.outcome.interrupted = True
            return


def _levels(stage: Stage) -> list[str]:
    return [f"path_{index}" for index in range(len(stage.mapping.path))]


def _product(row: Row, before: ProductInput | None, levels: list[str]) -> ProductInput:
    product = before or ProductInput(row["sku"], row["sku"], 0)
    given: dict[str, Any] = {
        name: row[name]
        for name in ("name", "name_en", "brand", "barcode", "unit", "pack_size", "earns_points", "active")
        if row.get(name) is not None
    }
    for field, column in (("price_minor", "price"), ("cost_minor", "cost")):
        if row.get(column) is not None:
            given[field] = row[column]
    if path := _path(row, levels):
        given["category"] = path[-1].code
    if row.get("tags") is not None:
        given["tags"] = entries.tags(row["tags"])
    return replace(product, **given)


def _path(row: Row, levels: list[str]) -> list[CategoryInput]:
    """Categories from the top down as far as the row names them. The code of each is its whole path."""
    path: list[CategoryInput] = []
    names: list[str] = []
    for level in levels:
        if not row[level]:
            break
        names.append(" ".join(row[level].split()))
        path.append(
            CategoryInput(_code(names), names[-1][:_LONGEST_NAME], parent=path[-1].code if path else None)
        )
    return path


def _code(names: list[str]) -> str:
    code = " > ".join(names)
    if len(code) <= _LONGEST_CODE:
        return code
    # Cut short, but not mixed up with another that begins alike.
    digest = hashlib.sha256(code.encode()).hexdigest()[:12]
    return f"{code[: _LONGEST_CODE - 13].rstrip()}~{digest}"
