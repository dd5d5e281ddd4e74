"""Saving many entries of which a few may be refused: the good ones go in, the refused ones are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import transaction

from laoke.kernel.errors import LaokeError

Entry = TypeVar("Entry")


def save_most(
    entries: Sequence[Entry], save: Callable[[Sequence[Entry]], object], *, dry_run: bool
) -> list[tuple[Entry, LaokeError]]:
    """Save what can be saved; returns what cannot, and why.

    Args:
        save: all or nothing, raising a LaokeError when one entry cannot be used.
        dry_run: do everything and keep nothing.
    """
    if not entries:
        return []
    try:
        with transaction.atomic():
            save(entries)
            if dry_run:
                transaction.set_rollback(True)
    except LaokeError as error:
        if len(entries) == 1:
            return [(entries[0], error)]
        middle = len(entries) // 2
        return save_most(entries[:middle], save, dry_run=dry_run) + save_most(
            entries[middle:], save, dry_run=dry_run
        )
    return []
